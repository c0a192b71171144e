"""The parameters that name station readings, the same in every algorithm that takes them."""

from __future__ import annotations

import re
from pathlib import Path

from qgis.core import (
    Qgis, QgsProcessingException, QgsProcessingOutputNumber, QgsProcessingParameterDateTime,
    QgsProcessingParameterFeatureSource, QgsProcessingParameterField, QgsProcessingParameterString,
)
from qgis.PyQt.QtCore import QDate

from ..readings_by_day import identity
from ..stations import X, Y, column_name, crs_text, missing_field, no_position, readings_crs, text_only, write_readings
from ..translate import tr
from .base import EngineAlgorithm, day_text

STATIONS, VALUE, UNIT, TIME, DATE, ID, GROUP = "STATIONS", "VALUE", "UNIT", "TIME", "DATE", "ID", "GROUP"
COUNT_USED, COUNT_DROPPED, CELLS = "COUNT_USED", "COUNT_DROPPED", "CELLS_WITH_READINGS"
MIN, MEAN, MAX = "MIN", "MEAN", "MAX"

CONCENTRATION_UNITS = ("µg/m³", "mg/m³", "ng/m³")
_CONCENTRATION = re.compile(r"(k|m|u|n|µ|μ|kilo|milli|micro|nano)?(g|grams?)\W*(per|/)?\W*(cubic)?\W*(m|l|dm|cm)\w*.*", re.I)


def add_station_parameters(
    algorithm: EngineAlgorithm, *, one_day: bool = True, required: bool = True, groups: bool = True, group_advanced: bool = True,
) -> None:
    """Stations, value and unit, time and, for `one_day`, the day; station id and, where there are `groups`, the group.

    With `required` false the readings may come from elsewhere.
    """
    algorithm.add(QgsProcessingParameterFeatureSource(
        STATIONS, tr("Stations"), [Qgis.ProcessingSourceType.VectorPoint], optional=not required),
        tr("Point layer of station readings, in any CRS; a selection and a filter are respected."))
    algorithm.add(QgsProcessingParameterField(
        VALUE, tr("PM2.5 reading"), parentLayerParameterName=STATIONS, optional=not required),
        tr("Field with the reading. Numbers written as text are read; gaps and marks such as '-' are counted, "
           "reported and not used."))
    algorithm.add(unit_parameter(UNIT, tr("Unit of the reading"), CONCENTRATION_UNITS),
        tr("Unit of the field; the result is in µg/m³."))
    algorithm.add(QgsProcessingParameterField(
        TIME, tr("Time of the reading"), parentLayerParameterName=STATIONS, optional=True),
        tr("Field with the date or time; needed where the layer holds more than one day."))
    if one_day:
        algorithm.add(QgsProcessingParameterDateTime(
            DATE, tr("Day"), Qgis.ProcessingDateTimeParameterDataType.Date, optional=True),
            tr("The day to use, by the field with the time; it also dates the result. Without that field all readings are "
               "taken to be of this day. Empty: the only day in the layer."))
    algorithm.add(QgsProcessingParameterField(
        ID, tr("Station code"), parentLayerParameterName=STATIONS, optional=True),
        tr("Field that tells stations apart; a station that reports twice is counted once."), advanced=True)
    if groups:
        algorithm.add(QgsProcessingParameterField(
            GROUP, tr("City or other group"), parentLayerParameterName=STATIONS, optional=True),
            tr("Field that groups stations, such as the city."), advanced=group_advanced)


def add_reading_outputs(algorithm: EngineAlgorithm) -> None:
    """Counts of readings and the statistics of the result."""
    for name, label in (
        (COUNT_USED, tr("Readings used")), (COUNT_DROPPED, tr("Readings dropped")),
        (CELLS, tr("Cells with readings")), (MIN, tr("Minimum")), (MEAN, tr("Mean")), (MAX, tr("Maximum")),
    ):
        algorithm.addOutput(QgsProcessingOutputNumber(name, label))


def unit_parameter(name: str, label: str, units: tuple[str, ...]) -> QgsProcessingParameterString:
    """A unit: offered as a list in the dialog, free text elsewhere."""
    parameter = QgsProcessingParameterString(name, label, units[0])
    parameter.setMetadata({"widget_wrapper": {"value_hints": list(units)}})
    return parameter


def check_stations(algorithm: EngineAlgorithm, parameters: dict, context) -> str:
    """What is wrong with the station parameters, or ''."""
    unit = algorithm.parameterAsString(parameters, UNIT, context)
    if not _CONCENTRATION.fullmatch(unit.strip()):
        return tr("Unit '{}' is not a mass concentration; write for example {}.").format(
            unit, ", ".join(CONCENTRATION_UNITS))
    return check_readings(algorithm, parameters, context, STATIONS, [VALUE], [TIME, ID, GROUP])


def check_readings(
    algorithm: EngineAlgorithm, parameters: dict, context, layer: str, values: list[str], others: list[str] = (),
) -> str:
    """What is wrong with a layer of readings and its fields (names of parameters), or ''."""
    source = algorithm.parameterAsSource(parameters, layer, context)
    if source is None:
        return algorithm.invalidSourceError(parameters, layer)
    if no_position(source):
        return no_position(source)
    if source.featureCount() == 0:
        return tr("Layer '{}' has no features; check its filter and selection.").format(source.sourceName())
    for name in (*values, *others):
        field = algorithm.parameterAsString(parameters, name, context)
        if field and source.fields().lookupField(field) < 0:
            return missing_field(source, field)
        text = text_only(source, field) if field and name in values else ""
        if text:
            return tr("Field '{field}' of layer '{layer}' holds text, such as '{text}', and no number; "
                      "choose the field with the readings.").format(field=field, layer=source.sourceName(), text=text)
    return ""


def station_request(
    algorithm: EngineAlgorithm, parameters: dict, context, folder: Path, feedback, also: tuple[str, ...] = (),
    near: tuple[str, QDate, QDate] | None = None,
) -> dict:
    """Write the readings into the job folder and return the part of the request that names them.

    `also` names further fields to write into the same table; `near` as for `write_readings`.
    """
    source = algorithm.parameterAsSource(parameters, STATIONS, context)
    if source is None:
        raise QgsProcessingException(algorithm.invalidSourceError(parameters, STATIONS))
    fields = {key: algorithm.parameterAsString(parameters, name, context)
              for key, name in (("value", VALUE), ("time", TIME), ("id", ID), ("group", GROUP))}
    fields = {key: field for key, field in fields.items() if field}
    path = folder / "stations.csv"
    key = layer_identity(algorithm, parameters, STATIONS, context)
    rows = write_readings(source, [*fields.values(), *also], path, feedback, near, key)
    feedback.pushInfo(tr("{} features read from layer '{}'.").format(rows, source.sourceName()))
    request = {"stations": str(path), "x": X, "y": Y, "crs": crs_text(readings_crs(source)),
               "unit": algorithm.parameterAsString(parameters, UNIT, context)}
    request.update({key: column_name(field) for key, field in fields.items()})
    if algorithm.parameterDefinition(DATE) is not None:
        request["date"] = day_text(algorithm, parameters, DATE, context)
    return request


def layer_identity(algorithm: EngineAlgorithm, parameters: dict, name: str, context) -> tuple | None:
    """See `readings_by_day.identity`."""
    return identity(parameters.get(name), algorithm.parameterAsVectorLayer(parameters, name, context))


def chosen_day(algorithm: EngineAlgorithm, parameters: dict, context) -> tuple[str, QDate, QDate] | None:
    """The field with the time and, twice, the day that was chosen by it, if one was."""
    day = algorithm.parameterAsDateTime(parameters, DATE, context).date()
    field = algorithm.parameterAsString(parameters, TIME, context)
    return (field, day, day) if field and day.isValid() else None


def reading_results(result: dict, feedback) -> dict:
    """Log what became of the readings; return the outputs of `add_reading_outputs`."""
    readings, statistics = result["readings"], result["statistics"]
    dropped = sorted(readings["dropped"].items(), key=lambda entry: -entry[1])
    table = [(tr("readings"), readings["rows"]), (tr("used"), readings["used"]), *dropped]
    for what, count in table:
        feedback.pushInfo(f"{count:>8}  {what}")
    # A reading of another day is not a bad one.
    bad = sum(count for reason, count in dropped if reason != "other day")
    return {COUNT_USED: readings["used"], COUNT_DROPPED: bad, CELLS: readings["cells"],
            MIN: statistics["min"], MEAN: statistics["mean"], MAX: statistics["max"]}
