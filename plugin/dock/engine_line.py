"""The engine's state in one line, with the button that mends it; looking at it starts nothing."""

from __future__ import annotations

from qgis.PyQt.QtCore import QEvent, Qt
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from ..engine.locate import engine_state
from ..translate import tr

_COLOURS = {"ready": "#2e7d32", "missing": "#b26a00", "wrong": "#b3261e"}


class EngineLine(QWidget):
    """State and *Set up*; `open_dialog` opens the dialog of an algorithm by its name."""

    def __init__(self, open_dialog, parent=None):
        super().__init__(parent)
        self.state, self.text, self.button = "", QLabel(), QPushButton(tr("Set up"))
        self.text.setTextFormat(Qt.TextFormat.RichText)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.button)
        self.button.clicked.connect(lambda: (open_dialog("setupengine"), self.look()))
        self.look()

    def event(self, event) -> bool:
        """Look again when QGIS's window comes back to the front: a dialog may have set up the engine, or the options named another."""
        if event.type() == QEvent.Type.WindowActivate:
            self.look()
        return super().event(event)

    def look(self) -> None:
        """Look again, as after a set-up."""
        self.state, told = engine_state()
        words = {"ready": tr("Engine: ready"), "missing": tr("Engine: not set up"), "wrong": tr("Engine: wrong")}
        self.text.setText(f'<span style="color:{_COLOURS[self.state]}">●</span> {words[self.state]}')
        self.text.setToolTip(told)
        self.button.setVisible(self.state != "ready")
