"""*Help > Plugins > CTM Reanalysis*: the pages of the documentation in a window of their own, without a network."""

from __future__ import annotations

from pathlib import Path

from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtGui import QImage, QTextDocument
from qgis.PyQt.QtWidgets import QAction, QDialog, QHBoxLayout, QPushButton, QTextBrowser, QVBoxLayout

from .translate import tr

DOCS = Path(__file__).resolve().parent.parent / "docs"
FIRST_PAGE = "index.md"


class Pages(QTextBrowser):
    """Shows pages in Markdown. Pictures are not part of the plugin, and pages that are made when the site is built are told."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self.setOpenExternalLinks(True)
        self.setSource(QUrl.fromLocalFile(str(DOCS / FIRST_PAGE)))

    def loadResource(self, kind: int, url: QUrl):
        """A file of the plugin, or what stands in its place."""
        if kind == QTextDocument.ResourceType.ImageResource:
            return QImage(url.toLocalFile()) if Path(url.toLocalFile()).exists() else QImage(1, 1, QImage.Format.Format_Mono)
        file = Path(url.toLocalFile() or str(DOCS / url.path()))
        if file.exists():
            return super().loadResource(kind, url)
        return tr(
            "# Not part of the plugin\n\nThis page is made when the documentation is built. Every dialog shows the same help beside its "
            "parameters."
        )


class HelpEntry:
    """The entry in QGIS's help menu, from when it is made until `remove`."""

    def __init__(self, iface):
        self._iface, self._window = iface, None
        self._action = QAction(tr("CTM Reanalysis"), iface.mainWindow())
        self._action.triggered.connect(self.open)
        iface.pluginHelpMenu().addAction(self._action)

    def open(self, *_) -> None:
        """Open the window with the first page, or bring it to the front."""
        if self._window is None:
            self._window = _window(self._iface.mainWindow())
        self._window.show()
        self._window.raise_()

    def remove(self) -> None:
        """Take entry and window away."""
        self._iface.pluginHelpMenu().removeAction(self._action)
        for thing in (self._action, self._window):
            if thing is not None:
                thing.deleteLater()


def _window(parent) -> QDialog:
    window = QDialog(parent)
    window.setWindowTitle(tr("CTM Reanalysis"))
    window.resize(860, 700)
    pages, back, home = Pages(window), QPushButton(tr("Back"), window), QPushButton(tr("First page"), window)
    back.clicked.connect(pages.backward)
    home.clicked.connect(lambda: pages.setSource(QUrl.fromLocalFile(str(DOCS / FIRST_PAGE))))
    buttons = QHBoxLayout()
    for button in (back, home):
        button.setAutoDefault(False)
        buttons.addWidget(button)
    buttons.addStretch()
    layout = QVBoxLayout(window)
    layout.addLayout(buttons)
    layout.addWidget(pages)
    return window
