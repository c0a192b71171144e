"""The tutorial's commands do what the page says, in an empty profile into which the zip was installed."""

import shlex
import shutil

import pytest
from shipping import ROOT

PAGE = ROOT / "docs" / "tutorial.md"
COMMANDS = [shlex.split(line)[1:] for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("qgis_process run ")]


@pytest.fixture(scope="module")
def folder(qgis, plugin_folder, tmp_path_factory):
    """Where the first two commands of the page were run: the table becomes a layer, the layer a field."""
    folder = tmp_path_factory.mktemp("tutorial")
    shutil.copy(plugin_folder / "resources" / "sample" / "stations.csv", folder)
    said = [qgis(*command, cwd=folder) for command in COMMANDS[:2]]
    return folder, said


def test_the_log_counts_the_rows_as_the_page_says(folder):
    _, (read, _) = folder
    assert "8896 of 9090" in read and "194 empty" in read
    assert "8896 of 9090 are used, and 194 are empty" in PAGE.read_text(encoding="utf-8")


def test_the_last_of_the_ten_days_is_taken(folder):
    _, (_, reanalysed) = folder
    assert "2019-01-19" in reanalysed


@pytest.mark.parametrize(
    "name, begins", [("pm25.tif", b"II*\x00"), ("report.html", b"<!DOCTYPE html>"), ("readings.gpkg", b"SQLite format 3")]
)
def test_layer_field_and_report_are_there(folder, name, begins):
    with open(folder[0] / name, "rb") as file:
        assert file.read(len(begins)).upper() == begins.upper()
