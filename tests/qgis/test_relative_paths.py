"""Relative paths count from where QGIS was started, as on any command line."""

import pytest
from small_world import FIRST_DAY, SMALL_GRID


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_results_are_written_below_the_current_folder(here, run, stations):
    run("gridstations", STATIONS=stations, VALUE="pm25", TIME="time", DATE=str(FIRST_DAY), GRID=SMALL_GRID, OUTPUT="gridded.tif")
    assert (here / "gridded.tif").exists()


def test_tables_are_read_from_the_current_folder(here, run):
    (here / "table.csv").write_text("lon,lat,day,pm25,id\n110,35,2019-01-01,30,a\n111,35,2019-01-01,40,b\n", encoding="utf-8")
    run("readstations", FILE="table.csv", VALUE="pm25", TIME="day", ID="id", OUTPUT="readings.gpkg")
    assert (here / "readings.gpkg").exists()


def test_a_raster_is_found_from_the_current_folder(here, run, stations):
    """`qgis_process` makes a layer of it, whose source stays relative."""
    from ctm_reanalysis.plugin.algorithms.field_parameters import layer_source
    from qgis.core import QgsRasterLayer

    run("gridstations", STATIONS=stations, VALUE="pm25", TIME="time", DATE=str(FIRST_DAY), GRID=SMALL_GRID, OUTPUT="people.tif")
    assert layer_source(QgsRasterLayer("people.tif", "people"))[0] == str(here / "people.tif")


def test_fields_are_found_from_the_current_folder(here, plugin):
    from ctm_reanalysis.plugin.algorithms.relative_paths import made_absolute
    from qgis.core import QgsApplication

    (here / "a.nc").touch()
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("ctm_reanalysis:exposure")
    for value in ("a.nc;layer_of_the_project", ["a.nc", "layer_of_the_project"]):
        assert made_absolute(algorithm, {"FIELDS": value})["FIELDS"] == [str(here / "a.nc"), "layer_of_the_project"]


@pytest.mark.parametrize(
    "name, value, kept",
    [
        ("OUTPUT", "TEMPORARY_OUTPUT", True),
        ("OUTPUT", "postgres://dbname=air table=readings", True),
        ("OUTPUT", "/a/b.tif", True),
        ("OUTPUT", "b.tif", False),
        ("MAP", "b.png", False),
        ("VALUE", "pm25.raw", True),
    ],
)
def test_only_paths_of_files_are_made_absolute(here, plugin, name, value, kept):
    from ctm_reanalysis.plugin.algorithms.relative_paths import made_absolute
    from qgis.core import QgsApplication

    algorithm = QgsApplication.processingRegistry().createAlgorithmById("ctm_reanalysis:reanalyse")
    assert made_absolute(algorithm, {name: value}) == {name: value if kept else str(here / value)}
