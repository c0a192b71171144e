"""What the plugin adds to QGIS's windows: menu, toolbar button, dock panel, options page."""

from __future__ import annotations

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QAction

from .dock.panel import ReanalysisDock
from .menu import Menu
from .options.page import OptionsFactory
from .translate import tr


class Windows:
    """All of them, from when it is made until `remove`."""

    def __init__(self, iface, icon: QIcon):
        self._iface = iface
        self.action = QAction(icon, tr("CTM Reanalysis panel"), iface.mainWindow())
        self.action.setToolTip(tr("Open the panel of CTM Reanalysis"))
        self.action.setCheckable(True)
        self.dock = ReanalysisDock(iface, iface.mainWindow())
        self.dock.setToggleVisibilityAction(self.action)
        iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.dock)
        self.dock.hide()  # QGIS shows it again where it was open when QGIS was closed
        iface.addToolBarIcon(self.action)
        self.menu = Menu(iface, self.action)
        self.options = OptionsFactory(icon)
        iface.registerOptionsWidgetFactory(self.options)

    def remove(self) -> None:
        """Take all of it away."""
        self._iface.unregisterOptionsWidgetFactory(self.options)
        self.menu.remove()
        self._iface.removeToolBarIcon(self.action)
        self.dock.close_panel()
        self._iface.removeDockWidget(self.dock)
        self.dock.deleteLater()
        self.action.deleteLater()
