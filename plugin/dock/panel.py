"""The panel: its parts, and what leads from one to the other."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from qgis.core import Qgis, QgsApplication, QgsProject
from qgis.gui import QgsCollapsibleGroupBox, QgsDockWidget, QgsMapToolIdentifyFeature
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QFileDialog, QHBoxLayout, QPlainTextEdit, QProgressBar, QPushButton, QScrollArea, QVBoxLayout, QWidget

from ..layers.tree import FIELD, STATIONS, arrange
from ..menu import open_dialog
from ..reading_fields import target_of
from ..translate import tr
from .batch import open_batch
from .days import all_days
from .engine_line import EngineLine
from .form import Form
from .result import ResultView, reanalysis_in
from .running import Run
from .station_chart import StationChart
from .station_series import station_series


class ReanalysisDock(QgsDockWidget):
    """The dock widget; it is filled when it is first seen."""

    def __init__(self, iface, parent=None):
        super().__init__(tr("CTM Reanalysis"), parent)
        self.setObjectName("CTMReanalysisDock")  # by which QGIS remembers its place
        self._iface, self.panel = iface, None
        self.opened.connect(self._fill)

    def showEvent(self, event) -> None:
        self._fill()
        super().showEvent(event)

    def close_panel(self) -> None:
        """Let go of the map and of a run, before the plugin goes."""
        if self.panel is not None:
            self.panel.let_go()

    def _fill(self) -> None:
        if self.panel is None:
            self.panel = Panel(self._iface)
            area = QScrollArea()
            area.setWidgetResizable(True)
            area.setFrameShape(QScrollArea.Shape.NoFrame)
            area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            area.setMinimumWidth(self.panel.minimumSizeHint().width() + area.verticalScrollBar().sizeHint().width())
            area.setWidget(self.panel)
            self.setWidget(area)
        self.panel.engine.look()


class Panel(QWidget):
    """What is in the dock: state of the engine, form, Run, result, chart, log."""

    def __init__(self, iface, parent=None):
        super().__init__(parent)
        self._iface, self._canvas = iface, iface.mapCanvas() if iface is not None else None
        self.run: Run | None = None
        self.engine, self.form = EngineLine(open_dialog), Form()
        self.result = ResultView(self._canvas.temporalController() if self._canvas is not None else None)
        self.run_button, self.cancel_button = QPushButton(tr("Run")), QPushButton(tr("Cancel"))
        self.more_button, self.batch_button = QPushButton(tr("More options…")), QPushButton(tr("Batch…"))
        self.batch_button.setToolTip(
            tr(
                "QGIS's batch dialog with a row for each day of the layer, and a GeoTIFF for each in a folder. For a long period 'until' is "
                "faster."
            )
        )
        self.pick_button = QPushButton(tr("Choose a station"))
        self.progress, self.log, self.chart = QProgressBar(), QPlainTextEdit(), StationChart()
        self.pick_button.setCheckable(True)
        self.log.setReadOnly(True)
        self.log.setMaximumBlockCount(5000)
        self._tool = QgsMapToolIdentifyFeature(self._canvas) if self._canvas is not None else None
        self._lay_out()
        self._connect()
        self._running(False)
        self._may_pick()

    def let_go(self) -> None:
        """End a run and give the map's tool back."""
        if self.run is not None:
            self.run.cancel()
        if self._tool is not None:
            self._canvas.unsetMapTool(self._tool)

    def start(self) -> None:
        """Run what the form asks for."""
        algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"ctm_reanalysis:{self.form.algorithm()}")
        self.log.clear()
        self.run = run = Run(algorithm, self.form.parameters(), self)
        run.progressed.connect(lambda percent: self.progress.setValue(round(percent)))
        run.stepped.connect(self.progress.setFormat)
        run.said.connect(self.log.appendPlainText)
        run.done.connect(self._done)
        run.failed.connect(self._failed)
        self._running(True)
        run.start()

    def stop(self) -> None:
        """Cancel the run, if there is one."""
        if self.run is not None:
            self.run.cancel()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        for button in (self.run_button, self.more_button, self.batch_button):
            buttons.addWidget(button)
        buttons.addStretch()
        under_way = QHBoxLayout()  # beside the bar: a fourth button above would be wider than the panel
        under_way.addWidget(self.progress, 1)
        under_way.addWidget(self.cancel_button)
        box = QgsCollapsibleGroupBox(tr("Log"))
        QVBoxLayout(box).addWidget(self.log)
        box.setCollapsed(True)
        layout = QVBoxLayout(self)
        for part in (self.engine, self.form, buttons, under_way, self.result, self.pick_button, self.chart, box):
            (layout.addLayout if part in (buttons, under_way) else layout.addWidget)(part)
        layout.setStretchFactor(self.chart, 1)

    def _connect(self) -> None:
        self.run_button.clicked.connect(self.start)
        self.cancel_button.clicked.connect(self.stop)
        self.more_button.clicked.connect(self._more)
        self.batch_button.clicked.connect(self._batch)
        self.form.changed.connect(self._may_pick)
        self.result.shown.connect(self._may_pick)
        self.pick_button.toggled.connect(self._pick)
        QgsProject.instance().layersRemoved.connect(self._removed)
        if self._tool is not None:
            self._tool.featureIdentified[("QgsFeature")].connect(self.show_station)
            self._tool.deactivated.connect(lambda: self.pick_button.setChecked(False))
        if self._iface is not None:
            self._iface.currentLayerChanged.connect(self._selected)

    def _running(self, running: bool) -> None:
        self.run_button.setEnabled(not running)
        self.cancel_button.setVisible(running)
        self.progress.setVisible(running)
        self.progress.setValue(0)
        self.progress.setFormat("%p %")

    def _done(self, results: dict) -> None:
        self._running(False)
        self.engine.look()
        source = results.get("OUTPUT")
        for layer in QgsProject.instance().mapLayers().values():
            if layer.source() == source:
                self.result.show_layer(layer, results)
        warnings = self.run.feedback.warnings
        if warnings:
            more = tr("{} (and {} more, in the panel's log)").format(warnings[0], len(warnings) - 1)
            self._say(warnings[0] if len(warnings) == 1 else more, Qgis.MessageLevel.Warning)
        self.run = None

    def _failed(self, reason: str) -> None:
        self._running(False)
        self.engine.look()
        self.log.appendPlainText(reason)
        self._say(reason or tr("Cancelled."), Qgis.MessageLevel.Critical if reason else Qgis.MessageLevel.Info)
        self.run = None

    def _say(self, text: str, level) -> None:
        """A line in QGIS's message bar; where the engine is what is missing, with the button that sets it up."""
        bar = self._iface.messageBar()
        item = bar.createMessage(tr("CTM Reanalysis"), text)
        if level == Qgis.MessageLevel.Critical and self.engine.state != "ready":
            button = QPushButton(tr("Set up"), item)
            button.clicked.connect(partial(open_dialog, "setupengine"))
            item.layout().addWidget(button)
        bar.pushWidget(item, level, 0 if level == Qgis.MessageLevel.Critical else 10)

    def _more(self) -> None:
        """The algorithm's own dialog, with what the panel says filled in."""
        import processing

        processing.execAlgorithmDialog(f"ctm_reanalysis:{self.form.algorithm()}", self.form.parameters())

    def _batch(self) -> None:
        """The batch dialog, filled: the user only says where the rasters go."""
        folder = QFileDialog.getExistingDirectory(self, tr("Folder for a GeoTIFF of each day"))
        if folder:
            self.open_batch(Path(folder))

    def open_batch(self, folder: Path):
        """See `batch.open_batch`."""
        layer = self.form.stations()
        model, parent = self.form.model.currentText().strip(), self._iface.mainWindow()
        return open_batch(
            "reanalyse",
            {"STATIONS": layer.id(), "MODEL": model, **self.form.fields()},
            all_days(layer, self.form.found.time),
            folder,
            target_of(model),
            parent,
        )

    def _selected(self, layer) -> None:
        """A reanalysis that is chosen in the layer tree is what the panel shows."""
        if self.run is None and reanalysis_in(layer) is not None:
            self.result.show_layer(layer)

    def _removed(self, ids) -> None:
        if self.result.layer() is None:
            self.result.clear()
            self.chart.show_series(None)

    def _may_pick(self) -> None:
        self.batch_button.setEnabled(self.form.day.isEnabled())
        self.pick_button.setEnabled(self._tool is not None and self.result.layer() is not None and self.form.stations() is not None)

    def _pick(self, on: bool) -> None:
        if on:
            stations, field = self.form.stations(), self.result.layer()
            arrange({stations.id(): STATIONS, field.id(): FIELD})  # what is clicked on must be seen
            self._tool.setLayer(stations)
            self._canvas.setMapTool(self._tool)
        else:
            self._canvas.unsetMapTool(self._tool)

    def show_station(self, feature) -> None:
        """Draw the station that a feature of the form's layer is a reading of."""
        self.chart.show_series(station_series(self.form.stations(), feature, self.form.found_as_chosen(), self.result.layer()))
