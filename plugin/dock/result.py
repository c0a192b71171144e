"""What the panel shows of a result: its numbers, a slider over its days, and the way to its report."""

from __future__ import annotations

from qgis.core import QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import Qt, QUrl, pyqtSignal
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from ..layers.description import FieldDescription, UnreadableFile, describe
from ..layers.dress import layer_title
from ..layers.intervals import periods_in, step_range, steps_in
from ..layers.playing import step_through
from ..styling.ramps import pretty_unit
from ..translate import tr


def reanalysis_in(layer) -> FieldDescription | None:
    """What a layer's file says, if it is a reanalysis; else None."""
    if not isinstance(layer, QgsRasterLayer) or not layer.isValid() or layer.providerType() != "gdal":
        return None
    try:
        description = describe(layer.source())
    except UnreadableFile:
        return None
    is_field = description.kind == "reanalysis" and description.days and not description.statistic
    return description if is_field and not periods_in(layer.source()) else None  # a mean of many days is of none of them


class ResultView(QWidget):
    """Numbers, slider and link; shows one layer at a time, and `shown` says that it is another."""

    shown = pyqtSignal()

    def __init__(self, controller=None, parent=None):
        """`controller` is the temporal controller of the map; without one the slider changes the numbers alone."""
        super().__init__(parent)
        self._controller, self._layer_id, self._description, self._counts = controller, "", None, ""
        self.numbers, self.slider, self.day, self.report = QLabel(), QSlider(Qt.Orientation.Horizontal), QLabel(), QLabel()
        self.numbers.setWordWrap(True)
        self.numbers.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.report.linkActivated.connect(lambda link: QDesktopServices.openUrl(QUrl(link)))
        row = QHBoxLayout()
        row.addWidget(self.slider, 1)
        row.addWidget(self.day)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.numbers)
        layout.addLayout(row)
        layout.addWidget(self.report)
        self.slider.valueChanged.connect(self._step)
        if controller is not None:
            controller.updateTemporalRange.connect(self._follow)
        self.clear()

    def layer(self) -> QgsRasterLayer | None:
        """The layer that is shown, if it is still in the project."""
        return QgsProject.instance().mapLayer(self._layer_id)

    def clear(self) -> None:
        """Show nothing."""
        self._layer_id, self._description = "", None
        self.numbers.setText(tr("No result yet."))
        self.report.clear()
        self._show_slider()
        self.shown.emit()

    def show_layer(self, layer: QgsRasterLayer, results: dict | None = None) -> None:
        """Show a layer with a reanalysis; `results` are those of the run that made it, where that was just now."""
        description = reanalysis_in(layer)
        if description is None or layer.id() == self._layer_id and results is None:
            return
        self._layer_id, self._description, results = layer.id(), description, results or {}
        known = [
            (tr("{} readings used"), "COUNT_USED"),
            (tr("{} dropped"), "COUNT_DROPPED"),
            (tr("{} days computed"), "COMPUTED"),
            (tr("{} kept from earlier runs"), "KEPT"),
            (tr("{} without readings"), "MISSING"),
        ]
        told = [(text, results.get(name)) for text, name in known if results.get(name) or name in results and name.startswith("COUNT")]
        self._counts = ", ".join(text.format(int(number)) for text, number in told)
        report = results.get("REPORT")
        self.report.setText(f'<a href="{QUrl.fromLocalFile(report).toString()}">{tr("Open the report")}</a>' if report else "")
        self._show_slider()
        if len(description.days) > 1 and self._controller is not None:
            step_through(self._controller, steps_in(layer.source(), description.days))
        self._step(0)
        self.shown.emit()

    def _show_slider(self) -> None:
        steps = len(self._description.days) if self._description else 0
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, steps - 1))
        self.slider.setValue(0)
        self.slider.blockSignals(False)
        for widget in (self.slider, self.day):
            widget.setVisible(steps > 1)

    def _step(self, number: int) -> None:
        """Show a day: in the numbers, and on the map."""
        layer = self.layer()
        if layer is None or self._description is None:
            return
        statistics = layer.dataProvider().bandStatistics(number + 1)
        day, unit = self._description.days[number], pretty_unit(self._description.unit)
        text = tr("no readings, no field")
        if statistics.minimumValue <= statistics.maximumValue:
            text = tr("mean {mean:.1f}, highest {max:.1f} {unit}").format(mean=statistics.mean, max=statistics.maximumValue, unit=unit)
        self.numbers.setText(
            f"<b>{layer_title(self._description)}</b><br>"
            + (f"{day}: " if len(self._description.days) > 1 else "")
            + text
            + (f"<br>{self._counts}" if self._counts else "")
        )
        self.day.setText(str(day))
        if self._controller is not None and len(self._description.days) > 1:
            frame = self._controller.findBestFrameNumberForFrameStart(step_range(day).begin())
            if frame != self._controller.currentFrameNumber():
                self._controller.setCurrentFrameNumber(frame)

    def _follow(self, span) -> None:
        """The temporal controller has moved: move the slider with it."""
        days = self._description.days if self._description else ()
        for number, day in enumerate(days if len(days) > 1 else ()):
            if step_range(day).contains(span.begin()):
                self.slider.setValue(number)
                return
