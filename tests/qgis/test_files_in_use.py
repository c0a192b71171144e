"""An output that QGIS itself shows: on Windows it could not be replaced, and that is said before the run."""

from __future__ import annotations

import pytest
from qgis.core import QgsCoordinateTransformContext, QgsProject, QgsRasterLayer, QgsVectorFileWriter, QgsVectorLayer
from small_world import SMALL_GRID


@pytest.fixture
def shown(run, stations, tmp_path):
    """A field that a layer of the project shows; the layer is gone afterwards."""
    from ctm_reanalysis.plugin.layers.description import describe

    project = QgsProject.instance()
    project.clear()

    def show(name: str) -> str:
        path = str(tmp_path / name)
        run("gridstations", STATIONS=stations, VALUE="pm25", GRID=SMALL_GRID, OUTPUT=path)
        layer = QgsRasterLayer(describe(path).source, "yesterday's field", "gdal")
        assert layer.isValid() and project.addMapLayer(layer)
        return path

    yield show
    project.clear()


@pytest.mark.parametrize("name", ["field.tif", "field.nc"])
def test_on_windows_an_output_that_a_layer_shows_is_refused_by_the_layers_name(shown, refusal, stations, tmp_path, monkeypatch, name):
    from ctm_reanalysis.plugin.engine import process

    values = {"STATIONS": stations, "VALUE": "pm25", "GRID": SMALL_GRID}
    path = shown(name)
    assert refusal("gridstations", **values, OUTPUT=path) == "", "elsewhere files can be replaced while they are shown"
    monkeypatch.setattr(process, "WINDOWS", True)
    assert "shown by the layer 'yesterday's field'" in refusal("gridstations", **values, OUTPUT=path)
    assert refusal("gridstations", **values, OUTPUT=str(tmp_path / "other.tif")) == ""


def test_on_windows_hatched_areas_that_a_layer_shows_are_refused_before_the_run(refusal, stations, tmp_path, monkeypatch, project):
    from ctm_reanalysis.plugin.engine import process

    path = str(tmp_path / "field_uncertain.gpkg")
    QgsVectorFileWriter.writeAsVectorFormatV3(stations, path, QgsCoordinateTransformContext(), QgsVectorFileWriter.SaveVectorOptions())
    project.addMapLayer(QgsVectorLayer(path, "yesterday's hatching", "ogr"))
    values = {"STATIONS": stations, "VALUE": "pm25", "GRID": SMALL_GRID, "UNCERTAINTY": "sd", "OUTPUT": str(tmp_path / "field.tif")}
    monkeypatch.setattr(process, "WINDOWS", True)
    assert "shown by the layer 'yesterday's hatching'" in refusal("reanalyse", **values, HATCH=True)
    assert refusal("reanalyse", **values, HATCH=False) == ""
