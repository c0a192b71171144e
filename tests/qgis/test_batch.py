"""The batch dialog: a row a day, one warm engine, files named by the date, and the rasters of the period in one run."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from qgis.core import QgsApplication, QgsProject, QgsVectorFileWriter, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication, QDate, QDateTime, QEventLoop, QTime
from small_world import FIRST_DAY, SMALL_GRID

DAYS = [FIRST_DAY + timedelta(days=n) for n in range(40)]


@pytest.fixture
def layer(make_stations, tmp_path):
    """Forty days in a GeoPackage, in the project."""
    options = QgsVectorFileWriter.SaveVectorOptions()
    path = str(tmp_path / "days.gpkg")
    QgsVectorFileWriter.writeAsVectorFormatV3(make_stations(DAYS), path, QgsProject.instance().transformContext(), options)
    layer = QgsVectorLayer(path, "forty days", "ogr")
    QgsProject.instance().addMapLayer(layer)
    yield layer
    QgsProject.instance().clear()


@pytest.fixture
def batch(plugin, qgis_iface):
    """Run rows of an algorithm in QGIS's own batch dialog, as its Run button does."""
    from processing.gui.BatchAlgorithmDialog import BatchAlgorithmDialog

    def batch(name: str, rows: list[dict], seconds: float = 300):
        dialog = BatchAlgorithmDialog(QgsApplication.processingRegistry().createAlgorithmById(f"ctm_reanalysis:{name}"))
        dialog.show()  # one that nobody sees deletes itself when it is done
        deadline = time.monotonic() + seconds
        dialog.execute(rows)
        while not dialog.runButton().isEnabled() and time.monotonic() < deadline:
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
        done = dialog.runButton().isEnabled()
        dialog.close()
        assert done, f"the batch took more than {seconds:.0f} s"

    return batch


def test_forty_days_by_the_batch_dialog_are_those_of_the_period(batch, run, layer, tiny_model, engine, read_raster, tmp_path):
    common = {"STATIONS": layer.id(), "VALUE": "pm25", "TIME": "day", "GRID": SMALL_GRID, "MODEL": tiny_model, "DEVICE": "cpu"}
    run("reanalyseperiod", **common, FOLDER=str(tmp_path / "period"))
    started = engine.started
    batch(
        "reanalyse",
        [
            {**common, "DATE": QDateTime(QDate(day.year, day.month, day.day), QTime(0, 0)), "OUTPUT": str(tmp_path / f"pm25_{day}.tif")}
            for day in DAYS
        ],
    )
    assert engine.started == started
    for day in DAYS:
        name = f"pm25_{day}.tif"
        assert np.array_equal(read_raster(str(tmp_path / name)), read_raster(str(tmp_path / "period" / name))), day
    assert len({read_raster(str(tmp_path / f"pm25_{day}.tif")).mean() for day in DAYS}) > 30  # the plume leaves the grid at last
    assert not list(Path(tmp_path).glob(".*partial"))
