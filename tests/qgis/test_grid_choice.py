"""The grid is chosen, not typed: by the stations, by name, from a file, a layer or an extent."""

from __future__ import annotations

import pytest
from osgeo import gdal
from qgis.core import QgsRasterLayer
from small_world import LAMBERT, SMALL_GRID


@pytest.fixture
def shape_of(run, stations, tmp_path):
    """(rows, columns) of the readings on the grid that the parameters give."""

    def shape_of(**parameters):
        result = run("gridstations", STATIONS=stations, VALUE="pm25", OUTPUT=str(tmp_path / "g.tif"), **parameters)
        dataset = gdal.Open(result["OUTPUT"])
        return dataset.RasterYSize, dataset.RasterXSize

    return shape_of


@pytest.fixture
def template(run, stations, tmp_path):
    return run("gridstations", STATIONS=stations, VALUE="pm25", GRID=SMALL_GRID, OUTPUT=str(tmp_path / "template.tif"))["OUTPUT"]


def test_stations_in_china_choose_the_models_grid_and_the_log_says_so(shape_of, log):
    assert shape_of() == (372, 426) and "grid: that of the model, on which" in log.text
    assert shape_of(GRID="auto") == shape_of(GRID=0) == shape_of(GRID="china12km") == (372, 426)
    assert shape_of(
        GRID="conus12km: contiguous United States; 12 km", EXTENT="0,768000,0,576000", CRS=f"PROJ:{LAMBERT}", CELL_SIZE=12000
    ) == (48, 64)


def test_a_file_a_layer_and_an_extent_go_before_the_choice(shape_of, template):
    assert shape_of(GRID_FILE=template) == (48, 64)
    assert shape_of(GRID="file", GRID_FILE=template) == (48, 64)
    assert shape_of(TEMPLATE=QgsRasterLayer(template, "t", "gdal")) == (48, 64)
    assert shape_of(GRID="extent", EXTENT="0,768000,0,576000", CRS=f"PROJ:{LAMBERT}", CELL_SIZE=24000, GRID_FILE=template) == (24, 32)


def test_scripts_may_write_a_grid_as_the_command_line_does(shape_of, template):
    assert shape_of(GRID=SMALL_GRID) == shape_of(GRID=template) == (48, 64)


@pytest.mark.parametrize(
    "parameters, words",
    [
        ({"GRID": "file"}, "Choose 'Grid of a file' under Advanced Parameters"),
        ({"GRID": "layer"}, "Choose 'Grid of a raster layer' under Advanced Parameters"),
        ({"GRID": "extent"}, "Choose 'Extent of the grid' under Advanced Parameters"),
        ({"GRID": "moon12km"}, "Grid 'moon12km' is neither auto, china12km, conus12km"),
        ({"GRID_FILE": "/nowhere.nc"}, "/nowhere.nc"),
        ({"EXTENT": "0,1,0,1 [EPSG:4326]"}, "cell size above zero"),
    ],
)
def test_what_is_missing_is_named(refusal, stations, parameters, words):
    assert words in refusal("gridstations", STATIONS=stations, VALUE="pm25", OUTPUT="TEMPORARY_OUTPUT", **parameters)


def test_without_stations_there_is_no_auto(refusal):
    assert "neither china12km" in refusal("simulatectm", GRID="auto", OUTPUT="TEMPORARY_OUTPUT")
