"""The parameters that say a period and, instead of a layer, the files with its readings."""

from __future__ import annotations

from qgis.core import (
    Qgis, QgsProcessingParameterDateTime, QgsProcessingParameterEnum, QgsProcessingParameterNumber, QgsProcessingParameterString,
)
from qgis.PyQt.QtCore import QDate

from ..translate import tr
from .base import EngineAlgorithm
from .station_parameters import TIME, UNIT

START, END, STEP, TIME_ZONE, HOURS = "START", "END", "STEP", "TIME_ZONE", "HOURS"
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
        (START, tr("Begin"), tr("First day or hour. Empty: that of the first reading.")),
        (END, tr("End"), tr("Last day or hour. Empty: that of the last reading.")),
    ):
        algorithm.add(QgsProcessingParameterDateTime(
            name, label, Qgis.ProcessingDateTimeParameterDataType.DateTime, optional=True), help_text)
    algorithm.add(QgsProcessingParameterEnum(STEP, tr("Step"), STEPS, defaultValue=STEPS[0], usesStaticStrings=True),
        tr("A field for each day, or for each hour. Hourly readings become daily means where a day has enough of them."))
    algorithm.add(QgsProcessingParameterString(TIME_ZONE, tr("Time zone"), "UTC"),
        tr("Whose days they are, such as Asia/Shanghai. Times that name a zone are brought to it, others count as local."))
    algorithm.add(QgsProcessingParameterNumber(
        HOURS, tr("Hours of a valid day"), Qgis.ProcessingNumberParameterType.Integer, defaultValue=19, minValue=1, maxValue=24),
        tr("Fewest valid hours for a daily mean of hourly readings."), advanced=True)


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
    step = algorithm.parameterAsEnumString(parameters, STEP, context)
    form = "yyyy-MM-dd" if step == "day" else "yyyy-MM-ddTHH:mm"
    request = {
        "step": step, "hours": algorithm.parameterAsInt(parameters, HOURS, context),
        "time_zone": algorithm.parameterAsString(parameters, TIME_ZONE, context).strip() or "UTC",
    }
    for name in (START, END):
        moment = algorithm.parameterAsDateTime(parameters, name, context)
        request[name.lower()] = moment.toString(form) if moment.isValid() else ""
    return request


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
    first, last = (algorithm.parameterAsDateTime(parameters, name, context) for name in (START, END))
    if first.isValid() and last.isValid() and last < first:
        return tr("The end is before the beginning.")
    return ""
