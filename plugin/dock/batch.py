"""QGIS's own batch dialog with a row for each day of a layer."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication, QDate, QDateTime, QEventLoop, Qt, QTime
from qgis.PyQt.QtWidgets import QProgressDialog

from ..translate import tr

_AT_ONCE = 5  # rows between two looks at Cancel


def open_batch(name: str, common: dict, days: list[QDate], folder: Path, species: str, parent=None):
    """Open the batch dialog of an algorithm, a row a day; the dialog, or None where the user cancelled the filling.

    Parameters
    ----------
    name : of the algorithm
    common : parameters that all rows have
    folder : for the rasters, which are named by species and day
    """
    from processing.gui.BatchAlgorithmDialog import BatchAlgorithmDialog

    dialog = BatchAlgorithmDialog(QgsApplication.processingRegistry().createAlgorithmById(f"ctm_reanalysis:{name}"), parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    panel, context = dialog.mainWidget(), dialog.processingContext()
    panel.clear()
    told = QProgressDialog(tr("Filling the batch dialog: a row for each of {} days").format(len(days)), tr("Cancel"), 0, len(days), parent)
    told.setWindowModality(Qt.WindowModality.WindowModal)
    panel.tblParameters.setUpdatesEnabled(False)
    for row, day in enumerate(days):
        panel.addRow()
        panel.tblParameters.setUpdatesEnabled(False)  # adding a row turns them on
        values = {**common, "DATE": QDateTime(day, QTime(0, 0))}
        for parameter, value in values.items():
            panel.wrappers[row][panel.parameter_to_column[parameter]].setParameterValue(value, context)
        output = folder / f"{species}_{day.toString('yyyy-MM-dd')}.tif"
        panel.tblParameters.cellWidget(row + 1, panel.parameter_to_column["OUTPUT"]).setValue(str(output))
        if row % _AT_ONCE == 0:
            told.setValue(row)
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 5)
            if told.wasCanceled():
                dialog.close()
                return None
    panel.tblParameters.setUpdatesEnabled(True)
    told.setValue(len(days))
    dialog.show()
    return dialog
