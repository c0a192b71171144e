"""A batch of days passes over a layer once, and gets what a filter for each day would give."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingFeatureSourceDefinition,
    QgsProject,
    QgsVectorFileWriter,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDate
from small_world import DAYS, SMALL_GRID


@pytest.fixture(params=["gpkg", "csv"])
def layer(request, make_stations, tmp_path):
    """Ten days in a file."""
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = {"gpkg": "GPKG", "csv": "CSV"}[request.param]
    options.layerOptions = ["GEOMETRY=AS_XY"] if request.param == "csv" else []
    path = tmp_path / f"days.{request.param}"
    memory = make_stations(DAYS)
    error = QgsVectorFileWriter.writeAsVectorFormatV3(memory, str(path), QgsProject.instance().transformContext(), options)
    assert error[0] == QgsVectorFileWriter.WriterError.NoError, error
    if request.param == "gpkg":
        return QgsVectorLayer(str(path), "days", "ogr")
    return QgsVectorLayer(
        f"file://{path}?type=csv&xField=X&yField=Y&crs=WKT:{memory.crs().toWkt()}&detectTypes=yes", "days", "delimitedtext"
    )


@pytest.fixture
def write(plugin, tmp_path):
    """The table of a day, as text; with a key it may come from what is kept."""
    from ctm_reanalysis.plugin import readings_by_day
    from ctm_reanalysis.plugin.stations import write_readings

    readings_by_day.forget_readings()

    def write(layer, number, field="day", key=None):
        day = QDate(DAYS[number].year, DAYS[number].month, DAYS[number].day)
        source = QgsProcessingFeatureSource(layer, QgsProcessingContext())
        rows = write_readings(source, ["pm25", field, "code"], tmp_path / "table.csv", near=(field, day, day), key=key)
        text = (tmp_path / "table.csv").read_text(encoding="utf-8")
        assert rows == len(text.splitlines()) - 1
        return sorted(text.splitlines())

    yield write
    readings_by_day.forget_readings()


@pytest.mark.parametrize("field", ["day", "time"])
def test_what_is_kept_is_what_a_filter_gives(write, layer, field):
    from ctm_reanalysis.plugin.readings_by_day import _kept, identity

    filtered = [write(layer, number, field) for number in range(len(DAYS))]
    key = identity(layer.id(), layer)
    assert [write(layer, number, field, key) for number in range(len(DAYS))] == filtered
    assert len(_kept) == 1 and list(_kept.values())[0] is not None
    assert len(filtered[0]) == 1 + (60 if field == "day" else 120)  # of times the next day comes along


def test_a_file_that_changed_is_read_again(write, layer):
    from ctm_reanalysis.plugin.readings_by_day import _kept, identity

    first = identity(layer.id(), layer)
    for _ in range(2):
        write(layer, 0, key=first)
    path = layer.source().split("|")[0] if layer.providerType() == "ogr" else layer.source()[len("file://") :].split("?")[0]
    time = Path(path).stat().st_mtime + 10
    os.utime(path, (time, time))
    second = identity(layer.id(), layer)
    assert second != first and write(layer, 0, key=second) and list(_kept.values())[-1] is None


def test_a_part_of_a_layer_an_edited_and_a_memory_layer_are_not_kept(layer, make_stations):
    from ctm_reanalysis.plugin.readings_by_day import identity

    assert identity(layer.id(), layer) is not None
    assert identity(QgsProcessingFeatureSourceDefinition(layer.id(), selectedFeaturesOnly=True), layer) is None
    assert identity("memory", make_stations()) is None and identity("nothing", None) is None
    before = identity(layer.id(), layer)
    assert layer.setSubsetString("pm25 > 50") and identity(layer.id(), layer) != before
    if layer.startEditing():
        assert identity(layer.id(), layer) is None
        layer.rollBack()


def test_a_day_that_is_not_there_is_said(write, layer, plugin):
    from ctm_reanalysis.plugin.readings_by_day import identity
    from ctm_reanalysis.plugin.stations import write_readings
    from qgis.core import QgsProcessingException

    key = identity(layer.id(), layer)
    for _ in range(2):
        write(layer, 0, key=key)
    source, day = QgsProcessingFeatureSource(layer, QgsProcessingContext()), QDate(1999, 1, 1)
    with pytest.raises(QgsProcessingException, match="no reading on 1999-01-01"):
        write_readings(source, ["pm25", "day", "code"], Path(os.devnull), near=("day", day, day), key=key)


def test_runs_of_a_batch_give_what_single_runs_gave(run, layer, tiny_model, read_raster, tmp_path):
    QgsProject.instance().addMapLayer(layer)

    def means():
        return [
            run(
                "reanalyse",
                STATIONS=layer.id(),
                VALUE="pm25",
                TIME="day",
                DATE=str(day),
                GRID=SMALL_GRID,
                MODEL=tiny_model,
                DEVICE="cpu",
                OUTPUT=str(tmp_path / f"{day}.tif"),
            )["MEAN"]
            for day in DAYS[:3]
        ]

    assert means() == means() and len(set(means())) == 3
    QgsProject.instance().clear()
