"""Runs inside QGIS, started by take.sh: installs the plugin's zip as a user does, opens dialogs, follows the tutorial, takes pictures."""

from __future__ import annotations

import os
import time
import traceback
from pathlib import Path

from qgis.core import QgsApplication, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtWidgets import QApplication, QDockWidget, QScrollArea
from qgis.utils import iface

WORK = Path(os.environ["PICTURES_WORK"])
TAKEN, RESULTS = WORK / "taken", WORK / "tutorial"
PROVIDER = "ctm_reanalysis"
WIDTH, TALLEST = 900, 1250


def wait(until, seconds: float = 300) -> None:
    """Let QGIS go on until a condition holds."""
    end = time.monotonic() + seconds
    while not until():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds} s for {until.__name__}")
        QApplication.processEvents()
        time.sleep(0.02)


def settle(seconds: float = 0.5) -> None:
    """Let QGIS draw."""
    end = time.monotonic() + seconds
    wait(lambda: time.monotonic() > end)


def take(widget, name: str) -> None:
    """A picture of a widget."""
    settle()
    target = TAKEN / f"{name}.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    assert widget.grab().save(str(target)), target


def install(zip_file: str):
    """What *Install from ZIP* does; returns the installed folder."""
    import pyplugin_installer

    pyplugin_installer.initPluginInstaller()
    pyplugin_installer.instance().installFromZipFile(zip_file)
    wait(lambda: QgsApplication.processingRegistry().providerById(PROVIDER) is not None)
    return Path(QgsApplication.qgisSettingsDirPath()) / "python" / "plugins" / PROVIDER


def open_dialog(name: str, parameters: dict):
    """The dialog of an algorithm as the toolbox opens it, large enough for all of its plain parameters."""
    import processing

    dialog = processing.createAlgorithmDialog(f"{PROVIDER}:{name}", parameters)
    dialog.resize(WIDTH, 600)
    dialog.show()
    settle()
    panel = dialog.mainWidget()
    area = panel if isinstance(panel, QScrollArea) else panel.findChild(QScrollArea)
    if area is not None and area.widget() is not None:
        wanted = dialog.height() - area.viewport().height() + area.widget().sizeHint().height() + 8
        dialog.resize(WIDTH, min(max(wanted, 420), TALLEST))
    return dialog


def run(name: str, parameters: dict, files: dict, picture: str = "") -> dict:
    """Open a dialog with parameters, take a picture of it, set the files, press Run, wait until it has run, and close it.

    The files are set after the picture, which thus shows no folder of this computer. Returns the results.
    """
    dialog = open_dialog(name, parameters)
    if picture:
        take(dialog, picture)
    dialog.setParameters(files)
    finished = []
    dialog.algorithmFinished.connect(lambda successful, results: finished.append((successful, results)))
    QTimer.singleShot(0, dialog.runButton().click)  # a refusal opens a window that waits
    wait(lambda: finished or QApplication.activeModalWidget(), 300)
    if not finished:
        take(QApplication.activeModalWidget(), f"refused/{name}")
        raise AssertionError(f"{name} was refused; see refused/{name}.png")
    successful, results = finished[0]
    dialog.close()
    assert successful, f"{name} failed; its log is in {WORK / 'qgis.log'}"
    return results


def dialogs(plugin: Path) -> None:
    """Every dialog, with the sample as the layer of the project."""
    sample = plugin / "resources" / "sample" / "stations.csv"
    layer = QgsVectorLayer(f"file://{sample}?type=csv&xField=lon&yField=lat&crs=EPSG:4326", "stations", "delimitedtext")
    QgsProject.instance().addMapLayer(layer)
    settle(1)
    for algorithm in QgsApplication.processingRegistry().providerById(PROVIDER).algorithms():
        dialog = open_dialog(algorithm.name(), {})
        take(dialog, f"dialogs/{algorithm.name()}")
        dialog.close()
    QgsProject.instance().clear()


def tutorial(plugin: Path) -> None:
    """docs/tutorial.md, step by step."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    window = iface.mainWindow()
    window.resize(1200, 700)
    QgsProject.instance().clear()
    show_toolbox(window)
    run("checkengine", {}, {})
    sample = plugin / "resources" / "sample" / "stations.csv"
    run(
        "readstations",
        {"FILE": "stations.csv", "VALUE": "pm25", "TIME": "date", "ID": "station"},
        {"FILE": str(sample), "OUTPUT": str(RESULTS / "readings.gpkg")},
        "tutorial/read_station_table",
    )
    show(window, "tutorial/readings")
    run("reanalyse", {}, {"OUTPUT": str(RESULTS / "pm25.tif"), "REPORT": str(RESULTS / "report.html")}, "tutorial/reanalyse")
    show(window, "tutorial/field")
    run("reanalyseperiod", {}, {"OUTPUT": str(RESULTS / "days.nc"), "REPORT": str(RESULTS / "days.html")}, "tutorial/period")
    show(window, "tutorial/days")
    run("animate", {}, {"SERIES": str(RESULTS / "days.nc"), "OUTPUT": str(RESULTS / "days.gif")})
    run(
        "crossvalidate",
        {"FOLDS": 5, "BASELINES": ["idw"]},
        {"OUTPUT": str(RESULTS / "scores"), "REPORT": str(RESULTS / "scores.html")},
        "tutorial/crossvalidate",
    )
    QgsProject.instance().clear()


def show_toolbox(window) -> None:
    """The toolbox with the groups of the plugin open."""
    toolbox = next(dock for dock in window.findChildren(QDockWidget) if dock.objectName() == "ProcessingToolbox")
    toolbox.show()
    toolbox.setFloating(True)
    toolbox.resize(430, 640)
    settle()
    tree = toolbox.algorithmTree
    model = tree.model()
    tree.collapseAll()
    for row in range(model.rowCount()):
        index = model.index(row, 0)
        if model.data(index) == "CTM Reanalysis":
            tree.setExpanded(index, True)
            for inner in range(model.rowCount(index)):
                tree.setExpanded(model.index(inner, 0, index), True)
            tree.scrollTo(index, tree.PositionAtTop)
    take(toolbox, "tutorial/toolbox")
    toolbox.setFloating(False)
    toolbox.hide()


def show(window, picture: str) -> None:
    """The main window with the layers and the map, without what QGIS itself has to say."""
    layers = None
    for dock in window.findChildren(QDockWidget):
        if dock.objectName() == "Layers":
            layers = dock
        else:
            dock.hide()
    window.resizeDocks([layers], [480], Qt.Orientation.Horizontal)
    iface.messageBar().clearWidgets()
    settle(1)
    wait(lambda: not iface.mapCanvas().isDrawing())
    take(window, picture)


def main() -> None:
    try:
        iface.messageBar().clearWidgets()
        plugin = install(os.environ["PICTURES_ZIP"])
        iface.messageBar().clearWidgets()
        for part in os.environ["PICTURES_PARTS"].split():
            {"dialogs": dialogs, "tutorial": tutorial}[part](plugin)
    except BaseException:
        (WORK / "error.txt").write_text(traceback.format_exc(), encoding="utf-8")
    os._exit(0)  # QGIS may fall over its own threads when it is asked to quit at once


QTimer.singleShot(3000, main)
