"""Exposure of people in the toolbox: layers of the project in, a coloured layer of polygons out."""

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
    QgsProcessingOutputLayerDefinition,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)
from small_world import LAMBERT

KM = 1000.0


@pytest.fixture
def field(tmp_path):
    """A field in ug m-3 on the small grid that rises from west to east: 10 in the first column, 11 in the next."""
    path = str(tmp_path / "field.tif")
    file = gdal.GetDriverByName("GTiff").Create(path, 64, 48, 1, gdal.GDT_Float32)
    file.SetGeoTransform([0, 12_000, 0, 576_000, 0, -12_000])
    crs = osr.SpatialReference()
    crs.ImportFromProj4(LAMBERT)
    file.SetProjection(crs.ExportToWkt())
    file.SetMetadataItem("species", "pm25")
    band = file.GetRasterBand(1)
    band.SetDescription("PM2.5")
    band.SetUnitType("ug m-3")
    band.WriteArray(np.tile(np.arange(10, 74, dtype=np.float32), (48, 1)))
    band = file = None  # closes it
    return path


@pytest.fixture
def population(tmp_path):
    """Evenly spread people, 100 in each pixel of the field's projection, 4 km wide; the CRS is left to the user."""
    path = str(tmp_path / "population.tif")
    file = gdal.GetDriverByName("GTiff").Create(path, 192, 144, 1, gdal.GDT_Float32)
    file.SetGeoTransform([0, 4_000, 0, 576_000, 0, -4_000])
    file.GetRasterBand(1).WriteArray(np.full((144, 192), 100, np.float32))
    file = None  # closes it
    layer = QgsRasterLayer(path, "population")
    layer.setCrs(QgsCoordinateReferenceSystem.fromProj(LAMBERT))
    QgsProject.instance().addMapLayer(layer)
    yield layer
    QgsProject.instance().removeMapLayer(layer.id())


@pytest.fixture
def districts(small_crs):
    """Three squares of 120 km, one of them a bow tie that crosses itself, and one outside the filter."""
    layer = QgsVectorLayer("Polygon?field=code:integer&field=district:string", "districts", "memory")
    layer.setCrs(small_crs)
    squares = {
        "west": f"POLYGON(({0} {0},{120 * KM} 0,{120 * KM} {120 * KM},0 {120 * KM},0 0))",
        "bow": f"POLYGON(({240 * KM} 0,{360 * KM} {120 * KM},{360 * KM} 0,{240 * KM} {120 * KM},{240 * KM} 0))",
        "far": f"POLYGON(({700 * KM} 0,{820 * KM} 0,{820 * KM} {120 * KM},{700 * KM} {120 * KM},{700 * KM} 0))",
        "left out": f"POLYGON(({500 * KM} 0,{600 * KM} 0,{600 * KM} {50 * KM},{500 * KM} 0))",
    }
    features = []
    for code, (name, wkt) in enumerate(squares.items()):
        feature = QgsFeature(layer.fields())
        feature.setGeometry(QgsGeometry.fromWkt(wkt))
        feature.setAttributes([code, name])
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    layer.setSubsetString("code < 3")
    return layer


def test_each_polygon_has_the_mean_of_its_people(run, log, field, population, districts, tmp_path):
    result = run(
        "exposure",
        FIELDS=[field],
        POPULATION=population,
        POPULATION_IS="counts",
        POLYGONS=districts,
        NAME_FIELD="district",
        LIMIT="15, 100",
        OUTPUT=str(tmp_path / "out.gpkg"),
        CHART=str(tmp_path / "chart.png"),
    )
    layer = QgsVectorLayer(result["OUTPUT"], "out", "ogr")
    rows = {feature["name"]: feature for feature in layer.getFeatures()}
    assert set(rows) == {"all", "west", "bow", "far"}
    assert (rows["west"]["people"], rows["west"]["mean"]) == pytest.approx((90_000, 14.5), rel=1e-4)
    assert (rows["west"]["above_15"], rows["west"]["share_above_100"]) == pytest.approx((36_000, 0), rel=1e-4)
    assert rows["bow"]["people"] == pytest.approx(45_000, rel=1e-3)
    assert "1 polygons had an invalid geometry and were mended: bow" in log.text
    assert rows["far"]["people"] == pytest.approx(100 * 17 * 30, rel=1e-3)  # the raster ends there
    assert result["PEOPLE"] == pytest.approx(sum(rows[name]["people"] for name in ("west", "bow", "far")))
    assert (result["PEOPLE"], result["MEAN"]) == pytest.approx((rows["all"]["people"], rows["all"]["mean"]))
    assert "population-weighted mean" in log.text and "above 15" in log.text
    assert rows["west"].geometry().area() == pytest.approx((120 * KM) ** 2, rel=1e-6)
    assert open(result["CHART"], "rb").read(4) == b"\x89PNG"


def test_without_polygons_the_whole_is_told(run, field, population, tmp_path):
    result = run("exposure", FIELDS=[field], POPULATION=population, POPULATION_IS=0, OUTPUT=str(tmp_path / "out.csv"))
    assert (result["PEOPLE"], result["OUTSIDE"], result["MEAN"]) == pytest.approx((100 * 144 * 192, 0, 41.5))


def test_the_layer_loads_in_the_colours_of_the_field(plugin, project, field, population, districts, tmp_path):
    from processing.gui.Postprocessing import handleAlgorithmResults

    algorithm = QgsApplication.processingRegistry().createAlgorithmById("ctm_reanalysis:exposure")
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
    context.setProject(project)
    output = QgsProcessingOutputLayerDefinition(str(tmp_path / "out.gpkg"), project)
    parameters = {"FIELDS": [field], "POPULATION": population, "POPULATION_IS": "counts", "POLYGONS": districts, "OUTPUT": output}
    _, ok = algorithm.run(parameters, context, feedback)
    assert ok and handleAlgorithmResults(algorithm, context, feedback, parameters={})
    (layer,) = project.mapLayersByName("Exposure to PM2.5 (µg m⁻³)")
    renderer = layer.renderer()
    assert renderer.type() == "graduatedSymbol" and renderer.classAttribute() == "mean"
    assert layer.featureCount() == 4


@pytest.mark.parametrize(
    "parameters, message",
    [
        ({"FIELDS": []}, "Choose at least one file"),
        ({"LIMIT": "much"}, "Write 'Limits' as numbers"),
        ({"OUTPUT": "out.shp"}, "must end in .gpkg"),
        ({"CHART": "missing/c.png"}, "does not exist"),
    ],
)
def test_what_does_not_fit_is_refused_beforehand(refusal, field, population, tmp_path, parameters, message):
    parameters = {"FIELDS": [field], "POPULATION": population, "OUTPUT": "o.gpkg", **parameters}
    parameters.update({name: str(tmp_path / parameters[name]) for name in ("OUTPUT", "CHART") if name in parameters})
    assert message in refusal("exposure", **parameters)


def test_a_raster_that_does_not_tell_what_it_holds_is_the_engines_message(run, field, population, tmp_path):
    with pytest.raises(Exception, match="'The population raster holds' counts or 'The population raster holds' density"):
        run("exposure", FIELDS=[field], POPULATION=population, OUTPUT=str(tmp_path / "o.gpkg"))
    assert not (tmp_path / "o.gpkg").exists()


def test_concentrations_are_not_counted_as_people(refusal, field, ctm_file, tmp_path):
    humidity, wind = (f'NETCDF:"{ctm_file}":{name}' for name in ("RH", "WSPD10"))
    for fields, population in (([str(tmp_path / "." / "field.tif")], field), ([wind, humidity], humidity)):
        assert "is one of the fields" in refusal("exposure", FIELDS=fields, POPULATION=population, OUTPUT=str(tmp_path / "o.gpkg"))
    assert not refusal("exposure", FIELDS=[wind], POPULATION=humidity, POPULATION_IS="counts", OUTPUT=str(tmp_path / "o.gpkg"))
