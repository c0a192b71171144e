"""What a run shows: stations on top, the field, its uncertainty folded; colours that are asked for, and others afterwards."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from main_window import MainWindow
from qgis.core import (
    Qgis,
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputLayerDefinition,
    QgsProject,
    QgsVectorLayer,
)
from qgis.PyQt.QtGui import QColor, QIcon, QImage
from small_world import DAYS, FIRST_DAY, SMALL_GRID, TINY_CONFIGURATION


@pytest.fixture(scope="module")
def doubting_model(plugin, ctm_file, tmp_path_factory):
    """A tiny model with a head for its uncertainty."""
    import processing

    folder = tmp_path_factory.mktemp("doubting")
    (folder / "tiny.toml").write_text(TINY_CONFIGURATION.replace("[network.transforms]", "uncertainty = true\n\n[network.transforms]", 1))
    processing.run(
        "ctm_reanalysis:trainmodel",
        {
            "CTM": [ctm_file],
            "CONFIG": "file",
            "CONFIG_FILE": str(folder / "tiny.toml"),
            "DEVICE": "cpu",
            "SEED": 1,
            "OUTPUT": str(folder / "doubting.safetensors"),
        },
    )
    return str(folder / "doubting.safetensors")


@pytest.fixture
def project(stations, doubting_model, tmp_path):
    """The project after a run as the dialog makes it, with hatching, the classes of China, a picture and a report."""
    from processing.gui.Postprocessing import handleAlgorithmResults

    project = QgsProject.instance()
    project.clear()
    project.addMapLayer(stations.clone())
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("ctm_reanalysis:reanalyse")
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
    context.setProject(project)
    values = {
        "STATIONS": next(iter(project.mapLayers())),
        "GRID": SMALL_GRID,
        "MODEL": doubting_model,
        "DEVICE": "cpu",
        "UNCERTAINTY": "sd",
        "STYLE": "china",
        "HATCH": True,
        "MAP": str(tmp_path / "map.png"),
        "REPORT": str(tmp_path / "report.html"),
        "OUTPUT": QgsProcessingOutputLayerDefinition(str(tmp_path / "out.tif"), project),
        "READINGS": QgsProcessingOutputLayerDefinition(str(tmp_path / "readings.gpkg"), project),
    }
    results, ok = algorithm.run(values, context, feedback)
    assert ok and handleAlgorithmResults(algorithm, context, feedback, parameters=values), feedback.textLog()
    project.results = results
    yield project
    project.clear()


def colours_of(layer) -> list[str]:
    return [item.color.name() for item in layer.renderer().shader().rasterShaderFunction().colorRampItemList()]


def test_a_run_shows_what_people_look_at_and_restyle_changes_it(project, run, tmp_path):
    from ctm_reanalysis.plugin.layers.intervals import step_range

    nodes = project.layerTreeRoot().findLayers()
    names = [node.layer().name() for node in nodes]
    assert [name.split(" 2018")[0].split(":")[0] for name in names] == [
        "PM2.5 readings",
        "Uncertain",
        "PM2.5 reanalysis",
        "PM2.5 reanalysis, standard deviation",
        "stations",
    ]
    readings, areas, field, sd = (node.layer() for node in nodes[:4])
    assert nodes[2].isExpanded() and not nodes[3].isExpanded() and not nodes[3].itemVisibilityChecked()
    # The project opens on the field.
    assert project.viewSettings().defaultViewExtent().intersects(field.extent())
    # Stations and field have the classes of China in the same colours.
    china = ["#00e400", "#ffff00", "#ff7e00", "#ff0000", "#99004c", "#7e0023"]
    assert colours_of(field) == china == [one.symbol().color().name() for one in readings.renderer().ranges()]
    labels = [item.label for item in field.renderer().shader().rasterShaderFunction().colorRampItemList()]
    assert labels[1] == "35 – 75 µg m⁻³: good" and labels[-1] == "> 250 µg m⁻³: severe pollution"
    assert readings.renderer().classAttribute() == "value" and readings.featureCount() == 60
    for feature in readings.getFeatures():
        assert feature["difference"] == pytest.approx(feature["field"] - feature["value"], abs=2e-3)
    # The uncertain areas are where they are said to be.
    mean, doubt = (layer.dataProvider().block(1, layer.extent(), 64, 48) for layer in (field, sd))
    large = sum(doubt.value(row, column) > 0.5 * mean.value(row, column) for row in range(48) for column in range(64))
    assert sum(feature.geometry().area() for feature in areas.getFeatures()) / 12_000**2 == pytest.approx(large, abs=0.01)
    # On another day they are not on the map, as the field is not.
    day, before = step_range(FIRST_DAY), step_range(FIRST_DAY - timedelta(days=1))
    for layer in (field, areas):
        assert layer.temporalProperties().isVisibleInTemporalRange(day) and not layer.temporalProperties().isVisibleInTemporalRange(before)
    # Other colours afterwards; layers of others stay as they are.
    result = run("restyle", LAYERS=[readings, field, sd, project.mapLayersByName("stations")[0]], STYLE="eu")
    assert result["COUNT"] == 3
    eu = ["#50f0e6", "#50ccaa", "#f0e641", "#ff5050", "#960032", "#7d2181"]
    assert colours_of(field) == eu == [one.symbol().color().name() for one in readings.renderer().ranges()]
    assert colours_of(sd)[0] == "#f6f6f2"
    with pytest.raises(QgsProcessingException, match="None of the layers"):
        run("restyle", LAYERS=[project.mapLayersByName("stations")[0]], STYLE="eu")
    # Picture and report of the same run.
    image = QImage(project.results["MAP"])
    shown = {image.pixelColor(x, y).name() for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}
    assert {"#00e400", "#7e0023"} <= shown
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert project.results["REPORT"] == str(tmp_path / "report.html") and "HJ 633-2012" in report and "<script" not in report


def test_results_are_put_in_their_order_wherever_qgis_has_inserted_them(plugin):
    """Above a selected layer QGIS inserts them the other way round."""
    from ctm_reanalysis.plugin.layers.tree import arrange

    project = QgsProject.instance()
    project.clear()
    layers = {name: QgsVectorLayer("Point?crs=EPSG:4326", name, "memory") for name in ("other", "sd", "field", "stations", "last")}
    for layer in reversed(list(layers.values())):
        project.addMapLayer(layer)
    project.layerTreeRoot().findLayer(layers["sd"]).setItemVisibilityChecked(False)
    arrange({layers[name].id(): place for name, place in (("sd", 1), ("field", 2), ("stations", 3))})
    assert [node.name() for node in project.layerTreeRoot().findLayers()] == ["other", "stations", "field", "sd", "last"]
    assert len(project.mapLayers()) == 5 and not project.layerTreeRoot().findLayer(layers["sd"]).itemVisibilityChecked()
    project.clear()


def test_hatching_needs_the_standard_deviation(refusal, stations):
    assert "choose 'sd' under 'Uncertainty'" in refusal("reanalyse", STATIONS=stations, HATCH=True, OUTPUT="TEMPORARY_OUTPUT")


@pytest.mark.parametrize(
    "variable, look, day, words",
    [
        ("pm25", "china", date(2026, 3, 1), "HJ 633-2026"),
        ("pm25", "china", date(2026, 2, 28), "HJ 633-2012"),
        ("pm25", "us", None, "AQI 2024"),
        ("o3", "us", None, "limits for 8 h means"),
        ("no2", "eu", FIRST_DAY, "EEA 2024"),
    ],
)
def test_an_index_is_the_one_of_the_day_and_says_what_its_limits_are_for(plugin, variable, look, day, words):
    from ctm_reanalysis.plugin.styling.ramps import ramp_for

    ramp, note = ramp_for(variable, look, day)
    assert words in ramp.title and len(ramp.classes) == len(ramp.colours) == 6
    assert bool(note) == ("24 h" not in ramp.title)


def test_an_index_without_limits_shows_the_continuous_ramp_and_says_so(plugin):
    from ctm_reanalysis.plugin.styling.ramps import RAMPS, ramp_for

    ramp, note = ramp_for("co", "eu")
    assert ramp is RAMPS["co"] and "has no limits for co" in note
    assert ramp_for("rh", "china") == (RAMPS["rh"], "")


def test_continuous_ramps_darken_steadily(plugin):
    """So they read in print, and to eyes that do not tell red from green."""
    from ctm_reanalysis.plugin.styling.ramps import RAMPS

    for ramp in RAMPS.values():
        lightness = [
            0.2126 * QColor(colour).redF() + 0.7152 * QColor(colour).greenF() + 0.0722 * QColor(colour).blueF() for colour in ramp.colours
        ]
        assert (np.diff(lightness) < 0).all() and list(ramp.breaks) == sorted(set(ramp.breaks))


def test_each_group_has_an_icon_of_its_own(plugin):
    algorithms = plugin.provider.algorithms()
    groups = {algorithm.groupId(): algorithm for algorithm in algorithms}
    assert set(groups) <= {"stations", "reanalysis", "after", "evaluate", "training", "engine"} and len(groups) == 6
    assert len({algorithm.svgIconPath() for algorithm in groups.values()}) == 6
    for algorithm in algorithms:
        picture = QIcon(algorithm.svgIconPath()).pixmap(32, 32).toImage()
        assert picture.width() and picture.pixelColor(16, 3) != picture.pixelColor(0, 0)


def test_the_menu_comes_and_goes(plugin):
    from ctm_reanalysis.plugin.menu import ENTRIES, Menu
    from qgis.PyQt.QtWidgets import QAction

    windows = MainWindow()
    panel = QAction("panel", windows.window)
    menu = Menu(windows, panel)
    (entry,) = windows.plugins.actions()
    assert entry.text() == "CTM Reanalysis" and len(entry.menu().actions()) == len(ENTRIES) + 2 and entry.menu().actions()[0] is panel
    assert "Reanalyse station readings…" in [action.text() for action in entry.menu().actions()]
    menu.remove()
    assert windows.plugins.actions() == []


def test_a_series_is_ready_to_play_where_the_user_has_set_nothing_else(plugin, monkeypatch):
    from ctm_reanalysis.plugin.layers.intervals import step_range
    from ctm_reanalysis.plugin.layers.playing import make_ready_to_play

    steps = [step_range(day) for day in DAYS]
    windows = MainWindow()
    monkeypatch.setattr("qgis.utils.iface", windows)
    controller = windows.canvas.temporalController()
    make_ready_to_play(steps[:1])
    assert controller.navigationMode() == Qgis.TemporalNavigationMode.Disabled  # a single day plays nothing
    make_ready_to_play(steps[:3])
    assert controller.navigationMode() == Qgis.TemporalNavigationMode.Animated and controller.totalFrameCount() == 3
    assert controller.dateTimeRangeForFrameNumber(2).begin().date().toPyDate() == DAYS[2]
    controller.setNavigationMode(Qgis.TemporalNavigationMode.FixedRange)
    make_ready_to_play(steps)
    assert controller.navigationMode() == Qgis.TemporalNavigationMode.FixedRange


def test_a_new_layer_is_seen_although_the_controller_stood_on_another_time(plugin, monkeypatch):
    """It moves where it can reach the layer, else it steps through the layer's days, and for a single day it is turned off; each is said."""
    from ctm_reanalysis.plugin.layers.intervals import step_range
    from ctm_reanalysis.plugin.layers.playing import make_ready_to_play, step_through

    windows = MainWindow()
    monkeypatch.setattr("qgis.utils.iface", windows)
    controller, bar = windows.canvas.temporalController(), windows.messageBar()
    days = [step_range(FIRST_DAY + timedelta(number)) for number in range(6)]

    def stand(steps, frame):
        step_through(controller, steps)
        controller.setCurrentFrameNumber(frame)
        windows.canvas.setTemporalRange(steps[frame])
        bar.clearWidgets()

    stand(days[:3], 1)
    make_ready_to_play([days[1]])
    make_ready_to_play(days[:3])
    assert controller.currentFrameNumber() == 1 and not bar.items()  # it is seen as it is
    make_ready_to_play([days[2]])
    assert controller.currentFrameNumber() == 2 and "first step" in bar.items()[0].text()
    stand(days[:3], 1)
    make_ready_to_play(days[3:])
    assert controller.totalFrameCount() == 3 and controller.dateTimeRangeForFrameNumber(0).begin() == days[3].begin()
    assert "now steps through that layer" in bar.items()[0].text()
    stand(days[:3], 1)
    make_ready_to_play([days[5]])
    assert controller.navigationMode() == Qgis.TemporalNavigationMode.Disabled and "turned off" in bar.items()[0].text()
    assert f"{FIRST_DAY + timedelta(1)} 00:00" in bar.items()[0].text()
