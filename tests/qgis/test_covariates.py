"""Maps for a grid, made in QGIS from layers of any CRS, and used by the main algorithm."""

from __future__ import annotations

import math

import numpy as np
import pytest
from osgeo import gdal, osr
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputLayerDefinition,
    QgsProject,
    QgsRasterLayer,
)
from small_world import SMALL_GRID


@pytest.fixture
def make_raster(tmp_path):
    """A raster in degrees over the small grid: a function of longitude and latitude."""

    def make(name, value_of, kind=gdal.GDT_Float32, crs=True):
        west, north, pixel, columns, rows = 108.0, 41.0, 0.05, 240, 160
        path = str(tmp_path / name)
        file = gdal.GetDriverByName("GTiff").Create(path, columns, rows, 1, kind)
        file.SetGeoTransform([west, pixel, 0, north, 0, -pixel])
        if crs:
            lonlat = osr.SpatialReference()
            lonlat.ImportFromEPSG(4326)
            file.SetProjection(lonlat.ExportToWkt())
        lon, lat = np.meshgrid(west + (np.arange(columns) + 0.5) * pixel, north - (np.arange(rows) + 0.5) * pixel)
        file.GetRasterBand(1).WriteArray(value_of(lon, lat))
        file.FlushCache()
        return path

    return make


@pytest.fixture
def dem(make_raster):
    return make_raster("dem.tif", lambda lon, lat: 100 * (lat - 30))


@pytest.fixture
def cover(make_raster):
    return make_raster("cover.tif", lambda lon, lat: np.where(lon > 114, 17, 13).astype(np.uint8), gdal.GDT_Byte)


@pytest.mark.parametrize("output", ["maps.tif", "maps.nc"])
def test_maps_of_rasters_in_another_crs(run, log, dem, cover, read_raster, tmp_path, output):
    path = str(tmp_path / output)
    result = run("covariates", GRID=SMALL_GRID, DEM=dem, LANDCOVER=cover, URBAN_CLASSES="13", WATER_CLASSES="17; 0", OUTPUT=path)
    assert "elevation_spread" in log.text and "no water class 0" in log.text

    def values(band, key):
        return read_raster(path, band) if output.endswith(".tif") else read_raster(f'NETCDF:"{path}":{key}')

    elevation, spread, urban, land = (values(band, key) for band, key in enumerate(("elevation", "elevation_spread", "urban", "land"), 1))
    assert elevation.shape == (48, 64)
    # The grid's south-western corner is 34 N 110 E; a cell in the middle of its western edge lies 288 km to the north.
    assert elevation[24, 0] == pytest.approx(100 * (4 + 282 / (math.pi * 6370 / 180)), abs=5)
    # Heights step by 5 m from pixel to pixel, which adds its part to the spread of a slope.
    rise = 100 * 12 / (math.pi * 6370 / 180)
    assert np.median(spread) == pytest.approx(math.hypot(rise, 5) / math.sqrt(12), rel=0.05)
    assert np.allclose(urban, land, atol=1e-6) and urban[40, 0] == 1 and urban[40, 63] == 0
    layer = QgsRasterLayer(result["OUTPUT"])
    assert layer.isValid() and layer.width() == 64


def test_the_crs_that_the_user_has_set_counts(run, make_raster, read_raster, tmp_path):
    layer = QgsRasterLayer(make_raster("plain.tif", lambda lon, lat: 100 * (lat - 30), crs=False), "plain")
    layer.setCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
    QgsProject.instance().addMapLayer(layer)
    try:
        run("covariates", GRID=SMALL_GRID, DEM=layer, OUTPUT=str(tmp_path / "maps.tif"))
    finally:
        QgsProject.instance().removeMapLayer(layer)
    assert 380 < read_raster(str(tmp_path / "maps.tif"))[40, 0] < 500


def test_the_result_loads_dressed(plugin, project, dem, cover, tmp_path):
    """Four bands of numbers are no picture in red, green and blue."""
    from processing.gui.Postprocessing import handleAlgorithmResults

    algorithm = QgsApplication.processingRegistry().createAlgorithmById("ctm_reanalysis:covariates")
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
    context.setProject(project)
    output = QgsProcessingOutputLayerDefinition(str(tmp_path / "maps.tif"), project)
    parameters = {"GRID": SMALL_GRID, "DEM": dem, "LANDCOVER": cover, "URBAN_CLASSES": "13", "WATER_CLASSES": "17", "OUTPUT": output}
    _, ok = algorithm.run(parameters, context, feedback)
    assert ok and handleAlgorithmResults(algorithm, context, feedback, parameters={})
    (layer,) = project.mapLayers().values()
    assert layer.name() == "Elevation (m)" and layer.renderer().type() == "singlebandpseudocolor"


@pytest.mark.parametrize(
    "parameters, message",
    [
        ({}, "Choose a DEM"),
        ({"LANDCOVER": "cover"}, "belong together"),
        ({"DEM": "dem", "URBAN_CLASSES": "13"}, "belong together"),
        ({"LANDCOVER": "cover", "URBAN_CLASSES": "towns"}, "as numbers"),
        ({"DEM": "plain"}, "has no CRS"),
        ({"DEM": "dem", "GRID": "china13km"}, "Grid 'china13km'"),
    ],
)
def test_what_does_not_fit_is_refused_beforehand(refusal, make_raster, dem, cover, tmp_path, parameters, message):
    plain = make_raster("plain.tif", lambda lon, lat: lat, crs=False)
    files = {"dem": dem, "cover": cover, "plain": plain}
    parameters = {"GRID": SMALL_GRID, "OUTPUT": str(tmp_path / "f.tif"), **{k: files.get(v, v) for k, v in parameters.items()}}
    assert message in refusal("covariates", **parameters)


def test_a_height_that_is_none_is_the_engines_message(run, make_raster, tmp_path):
    wrong = make_raster("wrong.tif", lambda lon, lat: np.full(lon.shape, 99999.0))
    with pytest.raises(Exception, match="holds heights from 99999"):
        run("covariates", GRID=SMALL_GRID, DEM=wrong, OUTPUT=str(tmp_path / "f.tif"))
    assert not (tmp_path / "f.tif").exists()


def test_reanalyse_takes_the_maps(run, log, stations, tiny_model, make_raster, dem, read_raster, tmp_path):
    covariates = str(tmp_path / "maps.nc")
    high = make_raster("high.tif", lambda lon, lat: np.full(lon.shape, 5000.0))
    run("covariates", GRID=SMALL_GRID, DEM=high, OUTPUT=covariates)
    request = {"STATIONS": stations, "VALUE": "pm25", "GRID": SMALL_GRID, "MODEL": tiny_model, "DEVICE": "cpu"}
    own = run("reanalyse", **request, OUTPUT=str(tmp_path / "own.tif"))
    other = run("reanalyse", **request, COVARIATES=covariates, OUTPUT=str(tmp_path / "other.tif"))
    assert "elevation from maps.nc, for 100.0% of the cells" in log.text
    assert not np.array_equal(read_raster(own["OUTPUT"]), read_raster(other["OUTPUT"]))
