"""Days become dated layers that the temporal controller steps through."""

from __future__ import annotations

from pathlib import Path

import pytest
from qgis.core import (
    Qgis,
    QgsApplication,
    QgsDateTimeRange,
    QgsInterval,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputLayerDefinition,
    QgsRasterLayer,
    QgsTemporalNavigationObject,
)
from qgis.PyQt.QtCore import QDate, QDateTime, QEventLoop, Qt, QTime, QTimer
from small_world import DAYS, FIRST_DAY, SMALL_GRID


@pytest.fixture
def parameters(make_stations, tiny_model, tmp_path):
    """Parameters of a run on one day of a layer with ten."""
    layer = make_stations(DAYS, "ten days")

    def parameters(day, output=None):
        return {
            "STATIONS": layer,
            "VALUE": "pm25",
            "TIME": "day",
            "DATE": str(day),
            "GRID": SMALL_GRID,
            "MODEL": tiny_model,
            "DEVICE": "cpu",
            "OUTPUT": str(tmp_path / (output or f"pm25_{day}.tif")),
        }

    return parameters


@pytest.fixture
def ten_files(run, parameters):
    """The batch of ten days, as the batch dialog runs it: one run after the other."""
    results = [run("reanalyse", **parameters(day)) for day in DAYS]
    assert [result["DATE"] for result in results] == [str(day) for day in DAYS]
    assert len({result["MEAN"] for result in results}) == len(DAYS)
    return [result["OUTPUT"] for result in results]


def frames(layers: list[QgsRasterLayer]) -> list[list[str]]:
    """The names of the layers that QGIS shows in each daily frame of the ten days."""

    def midnight(day):
        return QDateTime(QDate(day.year, day.month, day.day), QTime(0, 0), Qt.TimeSpec.UTC)

    controller = QgsTemporalNavigationObject()
    controller.setTemporalExtents(QgsDateTimeRange(midnight(DAYS[0]), midnight(DAYS[-1]).addDays(1), True, False))
    controller.setFrameDuration(QgsInterval(1, Qgis.TemporalUnit.Days))
    assert controller.totalFrameCount() >= len(DAYS)
    return [
        [
            layer.name()
            for layer in layers
            if layer.temporalProperties().isVisibleInTemporalRange(controller.dateTimeRangeForFrameNumber(frame))
        ]
        for frame in range(len(DAYS))
    ]


def test_the_temporal_controller_shows_one_day_at_a_time(ten_files, run, project):
    result = run("loadreanalysis", FILES=ten_files)
    assert result["COUNT"] == 10
    assert frames(result["OUTPUT"]) == [[f"PM2.5 reanalysis {day} (µg m⁻³)"] for day in DAYS]


def test_dates_survive_saving_the_project(ten_files, run, project, tmp_path):
    from ctm_reanalysis.plugin.layers.load import load_layer

    project.addMapLayers([load_layer(Path(file)) for file in ten_files])
    assert project.write(str(tmp_path / "project.qgz"))
    project.clear()
    assert project.read(str(tmp_path / "project.qgz"))
    shown = frames(list(project.mapLayers().values()))
    assert shown == [[f"PM2.5 reanalysis {day} (µg m⁻³)"] for day in DAYS]


def test_a_folder_loads_into_one_group(ten_files, plugin, project):
    """As the toolbox does it: results are loaded into the project when the run is complete."""
    from processing.gui.Postprocessing import handleAlgorithmResults

    algorithm = QgsApplication.processingRegistry().createAlgorithmById("ctm_reanalysis:loadreanalysis")
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
    context.setProject(project)
    results, ok = algorithm.run({"FOLDER": str(Path(ten_files[0]).parent), "LAYER_GROUP": "February"}, context, feedback)
    assert ok and handleAlgorithmResults(algorithm, context, feedback, parameters={})
    group = project.layerTreeRoot().findGroup("February")
    assert [node.name() for node in group.findLayers()] == [f"PM2.5 reanalysis {day} (µg m⁻³)" for day in DAYS]


@pytest.mark.parametrize("output", ["day.tif", "day.nc"])
def test_a_threaded_run_loads_a_dressed_layer(parameters, project, output, tmp_path):
    """As the toolbox does it: the algorithm in a task's thread, the layer in the main thread."""
    from processing.gui.Postprocessing import handleAlgorithmResults

    algorithm = QgsApplication.processingRegistry().createAlgorithmById("ctm_reanalysis:reanalyse")
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
    context.setProject(project)
    values = parameters(FIRST_DAY, output)
    values["OUTPUT"] = QgsProcessingOutputLayerDefinition(values["OUTPUT"], project)
    values["MAP"] = str(tmp_path / "map.png")  # drawn in the task's thread as well
    project.addMapLayer(values["STATIONS"])
    assert algorithm.checkParameterValues(values, context) == (True, "")
    task, loop, done = QgsProcessingAlgRunnerTask(algorithm, values, context, feedback), QEventLoop(), []
    task.executed.connect(lambda ok, results: (done.append((ok, results)), loop.quit()))
    QgsApplication.taskManager().addTask(task)
    QTimer.singleShot(60_000, loop.quit)
    loop.exec()
    assert done and done[0][0], feedback.textLog()
    assert handleAlgorithmResults(algorithm, context, feedback, parameters=values)
    assert (tmp_path / "map.png").stat().st_size > 20_000
    (layer,) = [layer for layer in project.mapLayers().values() if isinstance(layer, QgsRasterLayer)]
    assert layer.isValid() and layer.name() == f"PM2.5 reanalysis {FIRST_DAY} (µg m⁻³)"
    assert layer.renderer().type() == "singlebandpseudocolor"
    assert layer.renderer().shader().rasterShaderFunction().colorRampItemList()[-1].label == "500 + µg m⁻³"
    assert layer.temporalProperties().isActive()
    assert layer.temporalProperties().fixedTemporalRange().begin().date() == QDate(2018, 2, 16)


def test_a_netcdf_of_several_days_has_a_day_per_band(ctm_file, run, project):
    from ctm_reanalysis.plugin.layers.load import load_layer

    layer = load_layer(Path(ctm_file))
    ranges = layer.temporalProperties().fixedRangePerBand()
    assert layer.name() == "PM2.5 2018-01-05 – 2018-01-10 (µg m⁻³)"
    assert [ranges[band].begin().date().day() for band in sorted(ranges)] == [5, 6, 7, 8, 9, 10]
