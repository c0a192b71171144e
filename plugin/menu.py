"""The menu *Plugins > CTM Reanalysis*: the main dialogs, in the order in which they are used."""

from __future__ import annotations

from functools import partial

from qgis.core import QgsApplication
from qgis.PyQt.QtWidgets import QAction, QMenu

from .pages import HelpEntry
from .translate import tr

# Names of algorithms; None stands for a line between them.
ENTRIES = (
    "readstations",
    "reanalyse",
    "reanalyseperiod",
    None,
    "restyle",
    "animate",
    "loadreanalysis",
    None,
    "crossvalidate",
    "reproducectm",
    "trainmodel",
    None,
    "setupengine",
    "checkengine",
)


class Menu:
    """The menu and its entries, from when it is made until `remove`."""

    def __init__(self, iface, panel: QAction):
        """`panel` opens and closes the dock panel; it is the first entry."""
        self._iface = iface
        self._menu = QMenu(tr("CTM Reanalysis"), iface.mainWindow())
        provider = QgsApplication.processingRegistry().providerById("ctm_reanalysis")
        self._menu.setIcon(provider.icon())
        self._menu.addAction(panel)
        self._menu.addSeparator()
        for name in ENTRIES:
            algorithm = provider.algorithm(name) if name else None
            if algorithm is None:
                self._menu.addSeparator()
                continue
            action = QAction(algorithm.icon(), tr("{}…").format(algorithm.displayName()), self._menu)
            action.setToolTip(algorithm.shortDescription())
            action.triggered.connect(partial(open_dialog, name))
            self._menu.addAction(action)
        iface.pluginMenu().addMenu(self._menu)
        self._help = HelpEntry(iface)

    def remove(self) -> None:
        """Take the menu away."""
        self._iface.pluginMenu().removeAction(self._menu.menuAction())
        self._menu.deleteLater()
        self._help.remove()


def open_dialog(name: str, *_) -> None:
    """Open the dialog of an algorithm."""
    import processing

    processing.execAlgorithmDialog(f"ctm_reanalysis:{name}")
