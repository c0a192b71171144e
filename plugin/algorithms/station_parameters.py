"""The parameters that name station readings of a layer, the same in every algorithm that takes them."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    Qgis, QgsProcessingException, QgsProcessingParameterDateTime, QgsProcessingParameterFeatureSource, QgsProcessingParameterField,
)

from .. import forms
from ..stations import Days, column_name, write_readings
from ..translate import tr
from .base import EngineAlgorithm, day_text
from .choices import chosen_word
from .layer_readings import check_readings, field_names, layer_identity, places, unit_parameter
from .table_parameters import (
    FORM, NETWORK, SITES, add_error, add_form, add_reading_options, add_species, error_lines, reading_options,
)

STATIONS, VALUE, UNIT, TIME, DATE, ID, GROUP = "STATIONS", "VALUE", "UNIT", "TIME", "DATE", "ID", "GROUP"
TIME_OF_DAY, UNIT_FIELD = "TIME_OF_DAY", "UNIT_FIELD"
# Parameters that name fields of the layer, by the key of what they are in the engine's request.
FIELDS = {"value": (VALUE,), "time": (TIME, TIME_OF_DAY), "id": (ID,), "group": (GROUP,), "unit_column": (UNIT_FIELD,),
          "network": (NETWORK,)}
CONCENTRATION_UNITS = ("", "µg/m³", "mg/m³", "ng/m³", "ppb", "ppm")


def add_station_parameters(
    algorithm: EngineAlgorithm, *, one_day: bool = True, required: bool = True, groups: bool = True, group_advanced: bool = True,
    species: bool = False,
) -> None:
    """Stations, value and unit, time and, for `one_day`, the day; station id and, where there are `groups`, the group.

    With `required` false the readings may come from elsewhere; with `species` the user says what is read, else the model does.
    """
    algorithm.add(QgsProcessingParameterFeatureSource(
        STATIONS, tr("Stations"), [Qgis.ProcessingSourceType.VectorPoint], optional=not required),
        tr("Point layer of station readings, in any CRS; a selection and a filter are respected."))
    if species:
        add_species(algorithm)
    _add_field(algorithm, VALUE, tr("Reading"), tr(
        "Field with the reading. Numbers written as text are read, with decimal point or comma; gaps and marks such as '-' are counted, "
        "reported and not used. Empty: by the form of the table, if it is a published one."))
    algorithm.add(unit_parameter(UNIT, tr("Unit of the reading"), CONCENTRATION_UNITS),
        tr("Unit of the field; the result is in µg/m³. Empty: as the form or a field says, else µg/m³."))
    _add_field(algorithm, TIME, tr("Time of the reading"), tr(
        "Field with the date or time; needed where the layer holds more than one day."))
    if one_day:
        algorithm.add(QgsProcessingParameterDateTime(
            DATE, tr("Day"), Qgis.ProcessingDateTimeParameterDataType.Date, optional=True),
            tr("The day to use, by the field with the time; it also dates the result. Without that field all readings are "
               "taken to be of this day. Empty: the only day in the layer."))
    _add_field(algorithm, TIME_OF_DAY, tr("Hour of the reading"), tr(
        "Field with the hour, where the field with the time holds the date alone."), advanced=True)
    algorithm.add(QgsProcessingParameterField(
        ID, tr("Station code"), parentLayerParameterName=STATIONS, allowMultiple=True, optional=True),
        tr("Field that tells stations apart, or several that do so together, such as state, county and site."), advanced=True)
    if groups:
        _add_field(algorithm, GROUP, tr("City or other group"), tr("Field that groups stations, such as the city."), group_advanced)
    _add_field(algorithm, UNIT_FIELD, tr("Field with the unit"), tr("Where the unit changes from row to row."), advanced=True)
    add_error(algorithm)
    _add_field(algorithm, NETWORK, tr("Network of the reading"), tr(
        "Field that says whose reading it is, for errors that are told network by network."), advanced=True)
    add_form(algorithm)
    add_reading_options(algorithm)


def _add_field(algorithm: EngineAlgorithm, name: str, label: str, help_text: str, advanced: bool = False) -> None:
    algorithm.add(QgsProcessingParameterField(name, label, parentLayerParameterName=STATIONS, optional=True), help_text, advanced=advanced)


def check_stations(algorithm: EngineAlgorithm, parameters: dict, context, timed: bool = False) -> str:
    """What is wrong with the station parameters, or ''; `timed` readings need a field with the time."""
    sites = bool(algorithm.parameterAsFile(parameters, SITES, context))
    others = [name for names in FIELDS.values() for name in names if name != VALUE]
    message = check_readings(algorithm, parameters, context, STATIONS, [VALUE], others, sites)
    if message:
        return message
    by_form = _by_form(algorithm, parameters, context, algorithm.parameterAsSource(parameters, STATIONS, context))
    for name, what in ((VALUE, tr("reading")), (TIME, tr("time"))):
        needed = name == VALUE or timed or field_names(algorithm, parameters, context, TIME_OF_DAY)
        if needed and not by_form and not field_names(algorithm, parameters, context, name):
            return tr("Choose the field with the {}.").format(what)
    return ""


def station_request(
    algorithm: EngineAlgorithm, parameters: dict, context, folder: Path, feedback, also: tuple[str, ...] = (), near: Days | None = None,
) -> dict:
    """Write the readings into the job folder and return the part of the request that names them.

    `also` names further fields to write into the same table; `near` as for `write_readings`. All fields are written where the
    layer may be of a published form, which the engine then tells by them.
    """
    source = algorithm.parameterAsSource(parameters, STATIONS, context)
    if source is None:
        raise QgsProcessingException(algorithm.invalidSourceError(parameters, STATIONS))
    fields = {key: field_names(algorithm, parameters, context, *names) for key, names in FIELDS.items()}
    by_form = _by_form(algorithm, parameters, context, source)
    errors = error_lines(algorithm, parameters, context)
    told = [line.rstrip("%").strip() for line in errors]
    also = (*also, *(field for field in told if field in source.fields().names()))
    written = [field for names in fields.values() for field in names] + list(also) + (source.fields().names() if by_form else [])
    path = folder / "stations.csv"
    key = layer_identity(algorithm, parameters, STATIONS, context)
    rows = write_readings(source, written, path, feedback, near, key)
    feedback.pushInfo(tr("{} features read from layer '{}'.").format(rows, source.sourceName()))
    request = {"stations": str(path), "layers": {"stations": source.sourceName()}, "unit": algorithm.parameterAsString(parameters, UNIT, context),
               **reading_options(algorithm, parameters, context), **places(source)}
    request["error"] = [
        column_name(field) + "%" * line.endswith("%") if field in source.fields().names() else line for line, field in zip(errors, told)
    ]
    if not by_form:
        request["from"] = forms.NONE
    request.update({key: [column_name(field) for field in names] if key in ("time", "id") else column_name(names[0])
                    for key, names in fields.items() if names})
    if algorithm.parameterDefinition(DATE) is not None:
        request["date"] = day_text(algorithm, parameters, DATE, context)
    return request


def _by_form(algorithm: EngineAlgorithm, parameters: dict, context, source) -> bool:
    """Whether a published form may say what the fields of the layer mean."""
    form = chosen_word(algorithm, parameters, FORM, context)
    return forms.may_be_known(source.fields().names()) if form == forms.AUTO else form != forms.NONE


def days_of(algorithm: EngineAlgorithm, parameters: dict, context, first, last) -> Days | None:
    """The days by the layer's field with the time, where all are given; with an hour beside it, which may count for the day before."""
    field = algorithm.parameterAsString(parameters, TIME, context)
    if not field or not first.isValid() or not last.isValid():
        return None
    return Days(field, first, last, 1 if field_names(algorithm, parameters, context, TIME_OF_DAY) else None)


def chosen_day(algorithm: EngineAlgorithm, parameters: dict, context) -> Days | None:
    """The day that was chosen, if one was, and the field with the time."""
    day = algorithm.parameterAsDateTime(parameters, DATE, context).date()
    return days_of(algorithm, parameters, context, day, day)
