"""The parameters that say a period and, instead of a layer, the files with its readings."""

from __future__ import annotations

from qgis.core import Qgis, QgsProcessingParameterDateTime, QgsProcessingParameterString

from ..stations import Days
from ..translate import tr
from .base import EngineAlgorithm, day_text
from .choices import Choice
from .day_parameters import add_day_parameters, day_request
from .station_parameters import UNIT, days_of
from .table_parameters import COLUMNS, add_file_options, file_options, reading_options

START, END, STEP = "START", "END", "STEP"
STEPS = ("day", "hour")
FILES = "FILES"
_PREFIX = "FILES_"
_COLUMNS = tuple(column for column in COLUMNS if column.name != "GROUP")
# Columns of the files beside the readings.
_WEATHER = {"rh": ("FILES_RH", tr("Column with relative humidity")), "wind": ("FILES_WIND", tr("Column with wind speed"))}


def add_period_parameters(algorithm: EngineAlgorithm) -> None:
    """First and last step, their length, and what a day is."""
    for name, label, help_text in (
        (START, tr("First day"), tr("Empty: that of the first reading.")),
        (END, tr("Last day"), tr("Empty: that of the last reading.")),
    ):
        algorithm.add(QgsProcessingParameterDateTime(name, label, Qgis.ProcessingDateTimeParameterDataType.Date, optional=True), help_text)
    algorithm.add(
        Choice(STEP, tr("Step"), STEPS),
        tr("A field for each day, or for each hour. Hourly readings become daily means where a day has enough of them."),
    )
    add_day_parameters(algorithm, zone_advanced=False)


def add_file_parameters(algorithm: EngineAlgorithm) -> None:
    """Files of readings instead of a layer; all advanced."""
    algorithm.add(
        QgsProcessingParameterString(FILES, tr("Files of readings"), optional=True),
        tr("Instead of a layer: a table, a folder, or a pattern such as DIR/{date:%Y%m%d}.csv with a file for each day or hour."),
        advanced=True,
    )
    add_file_options(algorithm, _PREFIX, _COLUMNS)
    for name, label in _WEATHER.values():
        algorithm.add(QgsProcessingParameterString(name, label, optional=True), tr("As the files name it."), advanced=True)


def period_request(algorithm: EngineAlgorithm, parameters: dict, context) -> dict:
    """The engine's words for the period."""
    return {
        "step": algorithm.parameterAsEnumString(parameters, STEP, context),
        **day_request(algorithm, parameters, context),
        "start": day_text(algorithm, parameters, START, context),
        "end": day_text(algorithm, parameters, END, context),
    }


def period_days(algorithm: EngineAlgorithm, parameters: dict, context) -> Days | None:
    """The first and last day by the field with the time, where all are given: what to spare the layer's provider."""
    first, last = (algorithm.parameterAsDateTime(parameters, name, context).date() for name in (START, END))
    return days_of(algorithm, parameters, context, first, last)


def files_request(algorithm: EngineAlgorithm, parameters: dict, context) -> dict:
    """The part of the request that names the files and their columns."""
    files = algorithm.parameterAsString(parameters, FILES, context).strip()
    request = {
        "stations": files,
        "unit": algorithm.parameterAsString(parameters, UNIT, context),
        **file_options(algorithm, parameters, context, _PREFIX, _COLUMNS),
        **reading_options(algorithm, parameters, context),
    }
    for key, (name, _) in _WEATHER.items():
        column = algorithm.parameterAsString(parameters, name, context).strip()
        if column:
            unit = algorithm.parameterAsString(parameters, f"{key.upper()}_UNIT", context)
            request.update({key: f"{files}:{column}", f"{key}_unit": unit})
    return request


def check_period(algorithm: EngineAlgorithm, parameters: dict, context) -> str:
    """What is wrong with the period, or ''."""
    first, last = (algorithm.parameterAsDateTime(parameters, name, context).date() for name in (START, END))
    if first.isValid() and last.isValid() and last < first:
        return tr("The last day is before the first.")
    return ""
