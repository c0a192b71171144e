"""The parameters that say a period and, instead of a layer, the files with its readings."""

from __future__ import annotations

from qgis.core import Qgis, QgsProcessingParameterDateTime, QgsProcessingParameterString
from qgis.PyQt.QtCore import QDate

from ..translate import tr
from .base import EngineAlgorithm, day_text
from .choices import Choice
from .day_parameters import add_day_parameters, day_request
from .station_parameters import TIME, UNIT

START, END, STEP = "START", "END", "STEP"
STEPS = ("day", "hour")
FILES = "FILES"
# Columns of the files, by the keys of the engine's request.
COLUMNS = {
    "value": ("FILES_VALUE", tr("Column with the reading")), "time": ("FILES_TIME", tr("Column with the time")),
    "x": ("FILES_X", tr("Column with x or longitude")), "y": ("FILES_Y", tr("Column with y or latitude")),
    "id": ("FILES_ID", tr("Column with the station code")), "crs": ("FILES_CRS", tr("CRS of the files")),
    "rh": ("FILES_RH", tr("Column with relative humidity")), "wind": ("FILES_WIND", tr("Column with wind speed")),
}
_HELP = {
    "time": tr("Empty: the date in the names of the files counts."), "crs": tr("Such as EPSG:4326. Empty: longitude and latitude."),
    "x": tr("Empty: found by its name."), "y": tr("Empty: found by its name."),
}


def add_period_parameters(algorithm: EngineAlgorithm) -> None:
    """First and last step, their length, and what a day is."""
    for name, label, help_text in (
        (START, tr("First day"), tr("Empty: that of the first reading.")),
        (END, tr("Last day"), tr("Empty: that of the last reading.")),
    ):
        algorithm.add(QgsProcessingParameterDateTime(
            name, label, Qgis.ProcessingDateTimeParameterDataType.Date, optional=True), help_text)
    algorithm.add(Choice(STEP, tr("Step"), STEPS),
        tr("A field for each day, or for each hour. Hourly readings become daily means where a day has enough of them."))
    add_day_parameters(algorithm, zone_advanced=False)


def add_file_parameters(algorithm: EngineAlgorithm) -> None:
    """Files of readings instead of a layer; all advanced."""
    algorithm.add(QgsProcessingParameterString(FILES, tr("Files of readings"), optional=True),
        tr("Instead of a layer: a table, a folder, or a pattern such as DIR/{date:%Y%m%d}.csv with a file for each day or hour."),
        advanced=True)
    for key, (name, label) in COLUMNS.items():
        algorithm.add(QgsProcessingParameterString(name, label, optional=True),
            _HELP.get(key) or tr("As the files name it."), advanced=True)


def period_request(algorithm: EngineAlgorithm, parameters: dict, context) -> dict:
    """The engine's words for the period."""
    return {
        "step": algorithm.parameterAsEnumString(parameters, STEP, context),
        **day_request(algorithm, parameters, context),
        "start": day_text(algorithm, parameters, START, context), "end": day_text(algorithm, parameters, END, context),
    }


def period_days(algorithm: EngineAlgorithm, parameters: dict, context) -> tuple[str, QDate, QDate] | None:
    """The field with the time and the first and last day, where all are given: what to spare the layer's provider."""
    first, last = (algorithm.parameterAsDateTime(parameters, name, context).date() for name in (START, END))
    field = algorithm.parameterAsString(parameters, TIME, context)
    return (field, first, last) if field and first.isValid() and last.isValid() else None


def files_request(algorithm: EngineAlgorithm, parameters: dict, context) -> dict:
    """The part of the request that names the files and their columns."""
    request = {key: algorithm.parameterAsString(parameters, name, context).strip() for key, (name, _) in COLUMNS.items()}
    request["stations"] = files = algorithm.parameterAsString(parameters, FILES, context).strip()
    request["unit"] = algorithm.parameterAsString(parameters, UNIT, context)
    for key in ("rh", "wind"):
        column = request.pop(key)
        if column:
            request.update({key: f"{files}:{column}", f"{key}_unit": algorithm.parameterAsString(parameters, f"{key.upper()}_UNIT", context)})
    return request


def check_period(algorithm: EngineAlgorithm, parameters: dict, context) -> str:
    """What is wrong with the period, or ''."""
    first, last = (algorithm.parameterAsDateTime(parameters, name, context).date() for name in (START, END))
    if first.isValid() and last.isValid() and last < first:
        return tr("The last day is before the first.")
    return ""
