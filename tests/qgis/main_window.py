"""The parts of QGIS's window that the plugin adds to, made of QGIS's own widgets."""

from __future__ import annotations

from qgis.core import QgsLayerTreeModel, QgsProject
from qgis.gui import QgsLayerTreeView, QgsMapCanvas, QgsMessageBar
from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtWidgets import QMainWindow, QMenu, QToolBar


class MainWindow(QObject):
    """Stands where QGIS's `iface` stands."""

    currentLayerChanged = pyqtSignal(object)

    def __init__(self):
        from qgis.core import QgsTemporalNavigationObject

        super().__init__()
        self.window, self.plugins, self.help, self.toolbar, self.pages = QMainWindow(), QMenu(), QMenu(), QToolBar(), []
        self.canvas, self.bar = QgsMapCanvas(self.window), QgsMessageBar(self.window)
        self.canvas.setTemporalController(QgsTemporalNavigationObject(self.canvas))
        self.canvas.setDestinationCrs(QgsProject.instance().crs())
        self.layers = QgsLayerTreeView(self.window)
        self.layers.setModel(QgsLayerTreeModel(QgsProject.instance().layerTreeRoot(), self.layers))

    def mainWindow(self):
        return self.window

    def pluginMenu(self):
        return self.plugins

    def pluginHelpMenu(self):
        return self.help

    def mapCanvas(self):
        return self.canvas

    def layerTreeView(self):
        return self.layers

    def setActiveLayer(self, layer):
        self.layers.setCurrentLayer(layer)

    def messageBar(self):
        return self.bar

    def addToolBarIcon(self, action):
        self.toolbar.addAction(action)

    def removeToolBarIcon(self, action):
        self.toolbar.removeAction(action)

    def addDockWidget(self, area, dock):
        self.window.addDockWidget(area, dock)

    def removeDockWidget(self, dock):
        self.window.removeDockWidget(dock)

    def registerOptionsWidgetFactory(self, factory):
        self.pages.append(factory)

    def unregisterOptionsWidgetFactory(self, factory):
        self.pages.remove(factory)
