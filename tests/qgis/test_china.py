"""A real station day on the real grid with the bundled model."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import QgsPointXY, QgsRasterLayer, QgsVectorLayer


@pytest.fixture(scope="module")
def china(plugin, cnemc_day, bundled_model, tmp_path_factory):
    """Reanalysis and gridded readings of the day: their paths and the numbers."""
    import processing

    folder = tmp_path_factory.mktemp("china")
    uri = f"file://{cnemc_day}?type=csv&xField=lon&yField=lat&crs=EPSG:4326"
    values = {
        "STATIONS": QgsVectorLayer(uri, "2018-02-20", "delimitedtext"),
        "VALUE": "pm2_5_24h",
        "TIME": "timepoint",
        "DATE": "2018-02-20",
        "ID": "station_code",
        "GRID": "china12km",
    }
    field = processing.run(
        "ctm_reanalysis:reanalyse", {**values, "MODEL": bundled_model, "OUTPUT": str(folder / "field.tif"), "MAP": str(folder / "map.png")}
    )
    readings = processing.run("ctm_reanalysis:gridstations", {**values, "OUTPUT": str(folder / "readings.tif")})
    return field, readings


def test_grid_and_crs_are_the_models(china):
    dataset = gdal.Open(china[0]["OUTPUT"])
    assert (dataset.RasterYSize, dataset.RasterXSize) == (372, 426)
    assert dataset.GetGeoTransform() == (-3144000, 12000, 0, 2352000, 0, -12000)  # north up
    assert dataset.GetSpatialRef().GetSemiMajor() == dataset.GetSpatialRef().GetSemiMinor() == 6_370_000


def test_the_field_is_complete_and_believable(china, read_raster):
    field = read_raster(china[0]["OUTPUT"])
    assert np.isfinite(field).all()
    assert 0 <= field.min() and 20 < field.mean() < 120 and 150 < field.max() < 600


def test_the_field_follows_the_readings(china, read_raster):
    field, readings = (read_raster(result["OUTPUT"]).astype(float) for result in china)
    at = np.isfinite(readings)
    assert at.sum() == china[0]["CELLS_WITH_READINGS"] > 800
    r2_pearson = np.corrcoef(field[at], readings[at])[0, 1] ** 2
    r2_det = 1 - ((field[at] - readings[at]) ** 2).sum() / ((readings[at] - readings[at].mean()) ** 2).sum()
    assert r2_pearson > 0.8 and r2_det > 0.8


def test_readings_are_accounted_for(china, cnemc_day):
    with open(cnemc_day, encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert china[0]["COUNT_USED"] + china[0]["COUNT_DROPPED"] == len(rows) == 1495
    assert china[0]["COUNT_USED"] > 1400 and china[0]["DATE"] == "2018-02-20"


def test_gdal_and_qgis_agree(china, read_raster):
    layer, field = QgsRasterLayer(china[0]["OUTPUT"]), read_raster(china[0]["OUTPUT"])
    extent = layer.extent()
    assert (layer.width(), layer.height(), extent.xMinimum(), extent.yMaximum()) == (426, 372, -3144000, 2352000)
    assert "+R=6370000" in layer.crs().toProj()
    for row, column in ((0, 0), (371, 425), (200, 300), (100, 50)):
        point = QgsPointXY(-3144000 + 12000 * (column + 0.5), 2352000 - 12000 * (row + 0.5))
        assert layer.dataProvider().sample(point, 1) == (pytest.approx(field[row, column]), True)
