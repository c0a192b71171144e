"""Comparison with a raster in the toolbox: raster layers in, scores, figures and a coloured difference out."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import gdal, osr
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)
from small_world import LAMBERT

KM = 1000.0


@pytest.fixture
def make_raster(tmp_path):
    """Write values on the small grid's extent; with or without CRS and unit."""

    def make(name, values, unit="ug m-3", crs=True, species=""):
        path, (rows, columns) = str(tmp_path / name), values.shape
        file = gdal.GetDriverByName("GTiff").Create(path, columns, rows, 1, gdal.GDT_Float32)
        file.SetGeoTransform([0, 768_000 / columns, 0, 576_000, 0, -576_000 / rows])
        if crs:
            reference = osr.SpatialReference()
            reference.ImportFromProj4(LAMBERT)
            file.SetProjection(reference.ExportToWkt())
        if species:
            file.SetMetadataItem("species", species)
        band = file.GetRasterBand(1)
        band.SetUnitType(unit)
        band.WriteArray(values.astype(np.float32))
        band = file = None  # closes it
        return path

    return make


@pytest.fixture
def field(make_raster):
    rows, columns = np.indices((48, 64))
    return make_raster("field.tif", 40 + rows + 20 * np.sin(columns / 9), species="pm25")


@pytest.fixture
def finer(make_raster):
    """The same on pixels of 3 km, two units too low, in a layer whose CRS the user has set."""
    rows, columns = np.indices((192, 256))
    path = make_raster("finer.tif", 38 + (rows - 1.5) / 4 + 20 * np.sin((columns - 1.5) / 36), crs=False)
    layer = QgsRasterLayer(path, "finer")
    layer.setCrs(QgsCoordinateReferenceSystem.fromProj(LAMBERT))
    QgsProject.instance().addMapLayer(layer)
    yield layer
    QgsProject.instance().removeMapLayer(layer.id())


@pytest.fixture
def south(small_crs):
    """The southern half of the grid."""
    layer = QgsVectorLayer("Polygon", "south", "memory")
    layer.setCrs(small_crs)
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromWkt(f"POLYGON((0 0,{768 * KM} 0,{768 * KM} {288 * KM},0 {288 * KM},0 0))"))
    layer.dataProvider().addFeature(feature)
    return layer


def test_scores_figures_and_a_coloured_difference(plugin, project, field, finer, south, read_raster, tmp_path):
    from processing.gui.Postprocessing import handleAlgorithmResults

    algorithm = QgsApplication.processingRegistry().createAlgorithmById("ctm_reanalysis:compareraster")
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
    context.setProject(project)
    parameters = {"FIELDS": [field], "OTHER": [finer], "OTHER_NAME": "satellite", "MASK": south, "OUTPUT": str(tmp_path / "out")}
    result, ok = algorithm.run(parameters, context, feedback)
    assert ok, feedback.textLog()
    assert result["N"] == 24 * 64 and result["R2_PEARSON"] > 0.999 and result["SPEARMAN"] > 0.99
    assert result["BIAS"] == pytest.approx(2, abs=0.02) and result["NMB"] == pytest.approx(2 / 80, rel=0.5)
    assert "mean by area, 4 x 4 pixels in a cell" in feedback.textLog()
    apart = read_raster(result["DIFFERENCE"])
    assert np.isnan(apart[:24]).all() and np.nanmean(apart) == pytest.approx(2, abs=0.02)
    assert open(result["MAPS_PNG"], "rb").read(4) == open(result["SCATTER_PNG"], "rb").read(4) == b"\x89PNG"
    assert handleAlgorithmResults(algorithm, context, feedback, parameters={})
    (layer,) = project.mapLayersByName("Difference (µg m⁻³)")
    assert layer.renderer().type() == "singlebandpseudocolor"
    assert layer.renderer().classificationMin() == -layer.renderer().classificationMax() < 0


def test_another_quantity_has_no_bias(run, log, field, make_raster, tmp_path):
    rows, columns = np.indices((48, 64))
    aod = make_raster("aod.tif", 0.4 + 0.01 * rows + 0.2 * np.sin(columns / 9), unit="1")
    result = run("compareraster", FIELDS=[field], OTHER=[aod], OUTPUT=str(tmp_path / "out"))
    assert result["R2_PEARSON"] == pytest.approx(1) and result["BIAS"] is None and result["R2_DET"] is None
    assert "scores that need a common unit are left out" in log.text


@pytest.mark.parametrize(
    "parameters, message",
    [({"FIELDS": []}, "Choose at least one file"), ({"OTHER": []}, "Choose a raster layer"), ({"MIN_VALID": 2}, "MIN_VALID")],
)
def test_what_does_not_fit_is_refused_beforehand(refusal, field, tmp_path, parameters, message):
    assert message in refusal("compareraster", **{"FIELDS": [field], "OTHER": [field], "OUTPUT": str(tmp_path / "o"), **parameters})


def test_of_a_layer_that_shows_a_variable_of_a_netcdf_that_variable_counts(run, ctm_file, tmp_path):
    source = f'NETCDF:"{ctm_file}":RH'
    layer = QgsRasterLayer(source, "humidity")
    assert layer.isValid()
    result = run("compareraster", FIELDS=[source], OTHER=layer, OUTPUT=str(tmp_path / "comparison"))
    assert result["BIAS"] == 0 and result["SPEARMAN"] == pytest.approx(1)
