"""The page itself: each field is an option of the engine, kept when the dialog is accepted."""

from __future__ import annotations

from qgis.core import QgsSettings
from qgis.gui import QgsFileWidget, QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QLabel, QPushButton, QSpinBox, QVBoxLayout

from ..algorithms.base import DEVICES
from ..engine.options import EngineOptions, engine_options, save_options
from ..engine.qgis_side import SETTING, engine_setting
from ..translate import tr
from .cache import clear, megabytes


class OptionsFactory(QgsOptionsWidgetFactory):
    """Makes the page whenever QGIS opens its options."""

    def __init__(self, icon: QIcon):
        super().__init__(tr("CTM Reanalysis"), icon)
        self._icon = icon

    def icon(self) -> QIcon:
        return self._icon

    def createWidget(self, parent) -> "OptionsPage":
        return OptionsPage(parent)


class OptionsPage(QgsOptionsPageWidget):
    """Interpreter, device, threads, memory, idle time, folder of models, cache."""

    def __init__(self, parent=None):
        super().__init__(parent)
        options = engine_options()
        self.python = _path(QgsFileWidget.StorageMode.GetFile, engine_setting(), tr("Found or set up by the plugin"))
        self.device = QComboBox()
        self.device.addItems(DEVICES)
        self.device.setCurrentText(options.device)
        self.threads = _number(options.threads, 1024, tr("as many as there are"))
        self.memory = _number(options.memory, 10_000_000, tr("as it needs"), tr(" MB"), 500)
        self.idle_minutes = _number(options.idle_minutes, 24 * 60, "", tr(" minutes"))
        self.idle_minutes.setMinimum(1)
        self.models = _path(QgsFileWidget.StorageMode.GetDirectory, options.models, tr("Only the models that come with the plugin"))
        self.cache = _path(QgsFileWidget.StorageMode.GetDirectory, options.cache, tr("Beside each output"))
        self.size, self.clear_button = QLabel(), QPushButton(tr("Clear"))
        self.cache.fileChanged.connect(self._tell_size)
        self.clear_button.clicked.connect(self._clear)
        self._lay_out()
        self._tell_size()

    def options(self) -> EngineOptions:
        """What the page says."""
        return EngineOptions(
            self.device.currentText(),
            self.threads.value(),
            self.memory.value(),
            self.idle_minutes.value(),
            self.models.filePath().strip(),
            self.cache.filePath().strip(),
        )

    def apply(self) -> None:
        """Called by QGIS when the dialog is accepted."""
        save_options(self.options())
        python = self.python.filePath().strip()
        if python:
            QgsSettings().setValue(SETTING, python)
        else:
            QgsSettings().remove(SETTING)

    def _lay_out(self) -> None:
        form = QFormLayout()
        for label, widget, tip in (
            (
                tr("Engine Python"),
                self.python,
                tr("Interpreter that has the engine's libraries. Empty: the one that 'Set up engine' made."),
            ),
            (tr("Device"), self.device, tr("Where the network runs, where an algorithm leaves it at 'auto'.")),
            (tr("Threads"), self.threads, tr("How many processors the engine may keep busy.")),
            (tr("Memory of a prediction"), self.memory, tr("Larger grids are computed in tiles. An algorithm's own value goes first.")),
            (tr("End the engine when idle for"), self.idle_minutes, tr("The next run starts it again, which takes some seconds.")),
            (tr("Folder of models"), self.models, tr("Model files (.safetensors) in it are known by their names.")),
            (
                tr("Prepared CTM days (cache)"),
                self.cache,
                tr("Training and evaluation read CTM files once and keep the daily fields there. An algorithm's own folder goes first."),
            ),
        ):
            widget.setToolTip(tip)
            form.addRow(label, widget)
        row = QHBoxLayout()
        row.addWidget(self.size, 1)
        row.addWidget(self.clear_button)
        form.addRow("", row)
        note = QLabel(tr("Changes hold from the next run on. 'Check engine' says what the engine makes of them."))
        note.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        layout.addWidget(note)
        layout.addStretch()

    def _tell_size(self, *_) -> None:
        folder = self.cache.filePath().strip()
        size = megabytes(folder)
        nothing = tr("No common cache: nothing is kept outside the outputs")
        self.size.setText(tr("{:.1f} MB of prepared days").format(size) if folder else nothing)
        self.clear_button.setEnabled(size > 0)

    def _clear(self) -> None:
        kept = clear(self.cache.filePath().strip())
        self._tell_size()
        if kept:
            self.size.setText(tr("{} is in use and was kept").format(kept[0].name))


def _path(mode, path: str, placeholder: str) -> QgsFileWidget:
    widget = QgsFileWidget()
    widget.setStorageMode(mode)
    widget.setFilePath(path)
    widget.lineEdit().setPlaceholderText(placeholder)
    return widget


def _number(value: int, largest: int, nothing: str, unit: str = "", step: int = 1) -> QSpinBox:
    """A whole number; 0 shows as the text `nothing`."""
    widget = QSpinBox()
    widget.setRange(0, largest)
    widget.setSingleStep(step)
    widget.setSuffix(unit)
    widget.setSpecialValueText(nothing)
    widget.setValue(value)
    return widget
