"""The dock panel does what the algorithms do, shows it, and says what is wrong; merely opened it starts nothing."""

from __future__ import annotations

import gc
import os
import time

import numpy as np
import pytest
from main_window import MainWindow
from qgis.core import QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import QCoreApplication, QEvent, QEventLoop, QRectF
from qgis.PyQt.QtGui import QColor, QIcon, QImage, QPainter
from qgis.PyQt.QtWidgets import QDialog
from small_world import DAYS, readings_of


@pytest.fixture(autouse=True)
def windows_go_where_they_were_made():
    """What is left of the windows of the test before is destroyed in this thread, and not by Python's collector in that of an algorithm."""
    QCoreApplication.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()


@pytest.fixture
def windows(plugin):
    """What the plugin adds to the window; the panel is closed."""
    from ctm_reanalysis.plugin.windows import Windows

    made = Windows(MainWindow(), QIcon())
    made.window = made._iface
    yield made
    made.remove()
    QgsProject.instance().clear()


@pytest.fixture
def panel(windows, make_stations, tiny_model):
    """The opened panel over three days of stations."""
    QgsProject.instance().addMapLayer(make_stations(DAYS[:3]))
    windows.window.window.show()
    windows.action.trigger()
    panel = windows.dock.panel
    panel.form.model.setCurrentText(tiny_model)
    wait_until_drawn(windows.window.canvas)
    return panel


def wait_until_drawn(canvas, seconds=30):
    """QGIS crashed now and then on a busy machine as a run began; whether the first drawing of the map had a part in it is not known."""
    deadline = time.monotonic() + seconds
    for _ in range(5):  # the drawing begins with an event
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
    while canvas.isDrawing() and time.monotonic() < deadline:
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
    assert not canvas.isDrawing()


def wait_for(panel, seconds=120):
    deadline = time.monotonic() + seconds
    while panel.run is not None and time.monotonic() < deadline:
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
    assert panel.run is None, panel.log.toPlainText()


def run_to_the_end(panel):
    panel.start()
    wait_for(panel)


def message(windows) -> str:
    item = windows.window.bar.currentItem()
    return item.text() if item else ""


def test_it_opens_with_what_is_found_and_starts_nothing(engine, tiny_model, request):
    engine.stop()
    started = engine.started
    panel = request.getfixturevalue("panel")
    assert engine.started == started and engine.pid is None and panel.engine.state == "ready" and not panel.engine.button.isVisible()
    assert panel.form.field.currentField() == "pm25" and panel.form.day.date().toString("yyyy-MM-dd") == str(DAYS[2])
    assert panel.form.parameters()["DATE"] == str(DAYS[2]) and "VALUE" not in panel.form.parameters()
    assert {"bundled", "paper"} <= {panel.form.model.itemText(n) for n in range(panel.form.model.count())}
    assert not panel.pick_button.isEnabled() and "No result" in panel.result.numbers.text()


def test_a_closed_panel_is_empty(windows):
    assert windows.dock.panel is None and not windows.dock.isVisible()
    assert windows.action in windows.window.toolbar.actions() and windows.menu._menu.actions()[0] is windows.action


def test_a_day_by_the_panel_is_that_of_the_algorithm(panel, run, read_raster, tiny_model, tmp_path):
    run_to_the_end(panel)
    field = panel.result.layer()
    expected = run("reanalyse", **{**panel.form.parameters(), "OUTPUT": str(tmp_path / "out.tif"), "READINGS": None, "REPORT": None})
    values = read_raster(expected["OUTPUT"])
    assert np.array_equal(read_raster(field.source()), values)
    for words in (f"mean {values.mean():.1f}", f"highest {values.max():.1f}", "60 readings used, 0 dropped", str(DAYS[2])):
        assert words in panel.result.numbers.text()
    assert "Open the report" in panel.result.report.text() and panel.result.slider.maximum() == 0
    assert any("readings" in layer.name() for layer in QgsProject.instance().mapLayers().values())


def test_a_period_has_a_slider_that_moves_the_map_and_a_chart_of_its_stations(panel, windows):
    panel.form.period.setChecked(True)
    run_to_the_end(panel)
    assert panel.result.slider.maximum() == 2 and "3 days computed" in panel.result.numbers.text()
    controller, canvas = windows.window.canvas.temporalController(), windows.window.canvas
    for number in (2, 0, 1):
        panel.result.slider.setValue(number)
        assert (
            canvas.temporalController().dateTimeRangeForFrameNumber(controller.currentFrameNumber()).begin().date().toPyDate()
            == DAYS[number]
        )
        mean = panel.result.layer().dataProvider().bandStatistics(number + 1).mean
        assert f"{DAYS[number]}: mean {mean:.1f}" in panel.result.numbers.text()
    controller.setCurrentFrameNumber(2)  # as its own panel does when it plays
    assert panel.result.slider.value() == 2
    # The chart of a station that is clicked on.
    feature = next(one for one in panel.form.stations().getFeatures() if one["code"] == "S7")
    panel.show_station(feature)
    series = panel.chart.series
    assert series.title == "S7" and series.unit == "µg m⁻³" and not series.note
    assert [value for _, value in series.readings] == [readings_of(day)[7][2] for day in DAYS[:3]]
    point = feature.geometry().asPoint()
    provider = panel.result.layer().dataProvider()
    assert [value for _, _, value in series.steps] == [provider.sample(point, band)[0] for band in (1, 2, 3)]
    assert [begin.date().toPyDate() for begin, _, _ in series.steps] == DAYS[:3]


def test_the_batch_dialog_is_filled_with_the_days_and_makes_a_raster_for_each(panel, tmp_path, read_raster):
    dialog = panel.open_batch(tmp_path)
    rows = dialog.mainWidget()
    found = [rows.parametersForRow(row, dialog.processingContext())[0] for row in range(rows.batchRowCount())]
    assert [str(one["DATE"].toPyDate()) for one in found] == [str(day) for day in DAYS[:3]]
    assert {one["STATIONS"] for one in found} == {panel.form.stations().id()} and not any(one["VALUE"] for one in found)
    deadline = time.monotonic() + 120
    dialog.runButton().click()
    while not dialog.runButton().isEnabled() and time.monotonic() < deadline:
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
    dialog.close()
    means = {float(read_raster(str(tmp_path / f"pm25_{day}.tif")).mean()) for day in DAYS[:3]}
    assert len(means) == 3


def test_a_result_that_is_selected_or_removed_is_shown_or_forgotten(panel, windows, run, tmp_path):
    run_to_the_end(panel)
    layer = panel.result.layer()
    panel.result.clear()
    windows.window.currentLayerChanged.emit(layer)
    assert panel.result.layer() is layer and "mean" in panel.result.numbers.text()
    # A mean of days, which the same model has made, is no field of its first day.
    run("aggregate", FIELDS=[layer.source()], OUTPUT=str(tmp_path / "mean.nc"))
    mean = QgsRasterLayer(f'NETCDF:"{tmp_path / "mean.nc"}":pm25', "mean")
    QgsProject.instance().addMapLayer(mean)
    windows.window.currentLayerChanged.emit(mean)
    assert mean.isValid() and panel.result.layer() is layer
    QgsProject.instance().removeMapLayer(layer.id())
    assert panel.result.layer() is None and "No result" in panel.result.numbers.text()


def test_what_is_wrong_stands_in_the_message_bar_with_the_remedy(panel, windows):
    panel.form.field.setField("note")
    run_to_the_end(panel)
    assert "holds text, such as 'fine'" in message(windows) and "choose the field with the readings" in message(windows)
    assert panel.run_button.isEnabled()


def test_without_an_engine_it_says_so_and_offers_the_set_up(panel, windows, monkeypatch, tmp_path):
    from ctm_reanalysis.plugin.engine import locate

    monkeypatch.delenv(locate.VARIABLE)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(locate, "own_interpreters", list)
    locate.forget()
    try:
        run_to_the_end(panel)
        assert panel.engine.state == "missing" and panel.engine.button.isVisible()
        assert "Set up engine" in message(windows)
        monkeypatch.setenv(locate.VARIABLE, str(tmp_path / "gone"))
        panel.engine.look()
        assert panel.engine.state == "wrong" and "gone" in panel.engine.text.toolTip()
    finally:
        locate.forget()


def test_it_sees_an_engine_that_was_set_up_in_a_dialog(panel, windows, monkeypatch, tmp_path):
    from ctm_reanalysis.plugin.engine import locate

    ready = os.environ[locate.VARIABLE]
    monkeypatch.setenv(locate.VARIABLE, str(tmp_path / "gone"))
    panel.engine.look()
    assert panel.engine.state == "wrong"
    dialog = QDialog(windows.window.window)
    dialog.show()
    dialog.activateWindow()
    QCoreApplication.processEvents()
    monkeypatch.setenv(locate.VARIABLE, ready)
    dialog.close()
    windows.window.window.activateWindow()
    QCoreApplication.processEvents()
    assert panel.engine.state == "ready" and not panel.engine.button.isVisible()


def test_cancel_leaves_the_panel_ready_and_no_layer(panel, windows):
    before, width = set(QgsProject.instance().mapLayers()), panel.minimumSizeHint().width()
    panel.start()
    assert panel.cancel_button.isVisible() and panel.minimumSizeHint().width() == width  # what runs does not widen the panel
    panel.cancel_button.click()
    wait_for(panel)
    assert message(windows) == "Cancelled." and set(QgsProject.instance().mapLayers()) == before
    assert panel.run_button.isEnabled() and not panel.cancel_button.isVisible()


def test_the_chart_draws_dots_and_line_at_their_values():
    from ctm_reanalysis.plugin.dock import station_chart
    from ctm_reanalysis.plugin.dock.station_series import StationSeries
    from qgis.PyQt.QtCore import QDateTime, Qt

    start = QDateTime.fromString("2018-02-16T00:00:00Z", Qt.DateFormat.ISODate)
    series = StationSeries("S1", "µg m⁻³", [(start.addSecs(43200), 80.0)], [(start, start.addSecs(86399), 40.0)])
    image = QImage(400, 240, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    station_chart.draw(painter, QRectF(0, 0, 400, 240), series)
    painter.end()
    low, high, _ = station_chart.scale(0.0, 80.0)
    height = 240 - station_chart.TOP - station_chart.BOTTOM
    middle = (station_chart.LEFT + 400 - station_chart.RIGHT) // 2

    def row(value):
        return round(station_chart.TOP + height * (high - value) / (high - low))

    assert image.pixelColor(middle, row(80)).name() == station_chart.READINGS.name()
    line = image.pixelColor(middle + 60, row(40))
    assert abs(line.red() - station_chart.FIELD.red()) < 60 and line.blue() > line.red()


@pytest.mark.parametrize("low, high", [(0.0, 0.0), (0.0, 3e-5), (-4.0, 500.0), (0.0, 80.0), (12.0, 13.0)])
def test_an_axis_is_round_and_holds_its_values(low, high):
    from ctm_reanalysis.plugin.dock.station_chart import scale

    bottom, top, step = scale(low, high)
    assert bottom <= low and high <= top and 1 <= (top - bottom) / step <= 9


def test_a_reading_in_ppb_is_not_drawn_beside_micrograms(panel, make_stations):
    from dataclasses import replace

    from ctm_reanalysis.plugin.dock.station_series import station_series

    run_to_the_end(panel)
    stations, feature = panel.form.stations(), next(panel.form.stations().getFeatures())
    milligrams = station_series(stations, feature, replace(panel.form.found, unit="mg/m³"), panel.result.layer())
    ppb = station_series(stations, feature, replace(panel.form.found, unit="ppb"), panel.result.layer())
    assert milligrams.readings[0][1] == pytest.approx(1000 * readings_of(DAYS[2])[0][2]) and not ppb.readings and "ppb" in ppb.note
    assert isinstance(panel.result.layer(), QgsRasterLayer)
