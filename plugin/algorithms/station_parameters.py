"""The parameters that name station readings of a layer, the same in every algorithm that takes them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from qgis.core import (
    Qgis,
    QgsProcessingException,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
)

from .. import forms
from ..field_names import is_station_table, unit_of
from ..reading_fields import found_fields, target_of, told
from ..stations import Days, column_name, write_readings
from ..translate import tr
from .base import EngineAlgorithm, day_text
from .choices import chosen_word
from .found_field import show_what_is_found
from .layer_readings import check_readings, field_names, layer_identity, layer_named, places, unit_parameter
from .model_parameters import MODEL
from .preselected import preselect
from .table_parameters import (
    FORM,
    NETWORK,
    SITES,
    SPECIES,
    add_error,
    add_form,
    add_reading_options,
    add_species,
    error_lines,
    reading_options,
)

STATIONS, VALUE, UNIT, TIME, DATE, ID, GROUP = "STATIONS", "VALUE", "UNIT", "TIME", "DATE", "ID", "GROUP"
TIME_OF_DAY, UNIT_FIELD = "TIME_OF_DAY", "UNIT_FIELD"
# No parameters of the dialog: the rows to keep where readings of several species share a field, and what is found of a layer that
# may be of a published form, for the case that it is not.
FOUND_WHERE, OTHERWISE = "FOUND_WHERE", "OTHERWISE"
# Parameters that name fields of the layer, by the key of what they are in the engine's request.
FIELDS = {
    "value": (VALUE,),
    "time": (TIME, TIME_OF_DAY),
    "id": (ID,),
    "group": (GROUP,),
    "unit_column": (UNIT_FIELD,),
    "network": (NETWORK,),
}
# Parameters that `StationAlgorithm` fills, by what `reading_fields.Found` calls it.
FOUND = {VALUE: "value", TIME: "time", UNIT_FIELD: "unit_field", UNIT: "unit", "RH_FIELD": "rh", "WIND_FIELD": "wind", "RH_UNIT": "rh_unit"}
# Fields of a layer that 'Read station table' has made, whose names alone say too little: parameter -> field.
CODES = {ID: "station", GROUP: "group"}
CONCENTRATION_UNITS = ("", "µg/m³", "mg/m³", "ng/m³", "ppb", "ppm")


class StationAlgorithm(EngineAlgorithm):
    """An algorithm that takes a layer of readings: where its field of readings is empty, the fields are found."""

    def completed(self, parameters, context):
        source = self.parameterAsSource(parameters, STATIONS, context)
        if source is None:
            return parameters, []
        value = field_names(self, parameters, context, VALUE)
        if value:  # the user says what is what; the unit alone may still be in the field's name
            return self._completed_by_hand(parameters, context, source, value[0])
        found = found_fields(source, self.species(parameters, context))
        filled = {name: getattr(found, what) for name, what in FOUND.items() if getattr(found, what) and self._are_empty(parameters, name)}
        for name in ("RH", "WIND"):
            if not self._are_empty(parameters, f"{name}_STATIONS") or f"{name}_FIELD" not in filled:
                filled = {key: value for key, value in filled.items() if key not in (f"{name}_FIELD", f"{name}_UNIT")}
        if found.where:
            filled[FOUND_WHERE] = found.where
        if is_station_table(source.fields().names()):
            filled.update(
                {
                    name: field
                    for name, field in CODES.items()
                    if self.parameterDefinition(name) is not None and parameters.get(name) in (None, "", [])
                }
            )
        if _by_form(self, parameters, context, source):
            names = (VALUE, TIME, UNIT, UNIT_FIELD, FOUND_WHERE)
            otherwise = {name: filled.pop(name) for name in names if name in filled}
            if found.value:
                filled[OTHERWISE] = otherwise
        codes = (
            [(False, tr("Field '{field}' is taken for the {what}.").format(field="station", what=tr("station code")))]
            if ID in filled
            else []
        )
        told_of = replace(
            found,
            **{what: filled.get(name, "") for name, what in FOUND.items()},
            where=filled.get(FOUND_WHERE, ""),
            times=found.times if self._are_empty(parameters, TIME) else (),
        )
        return {**parameters, **filled}, told(told_of, source.sourceName()) + codes

    def _completed_by_hand(self, parameters: dict, context, source, value: str) -> tuple[dict, list[tuple[bool, str]]]:
        """As `completed`, where the user has named the field of the reading."""
        notes = []
        unit = unit_of(value) if self._are_empty(parameters, UNIT, UNIT_FIELD) else ""
        if unit:
            parameters = {**parameters, UNIT: unit}
            notes.append((False, tr("The unit is taken to be {unit}, by the name of field '{field}'.").format(unit=unit, field=value)))
        no_unit = not unit and self._are_empty(parameters, UNIT, UNIT_FIELD, FORM) and not is_station_table(source.fields().names())
        if (no_unit or self._are_empty(parameters, TIME)) and not _by_form(self, parameters, context, source):
            found = found_fields(source, self.species(parameters, context))
            if no_unit and found.other_unit:
                parameters = {**parameters, UNIT_FIELD: found.unit_field}
                notes.append((False, tr("Field '{field}' is taken for the {what}.").format(field=found.unit_field, what=tr("unit"))))
            if self._are_empty(parameters, TIME) and (time := found.time):
                notes.append(
                    (
                        True,
                        tr(
                            "No time of the reading was chosen: all readings count as of one day. Field '{field}' seems to hold "
                            "their times."
                        ).format(field=time),
                    )
                )
        return parameters, notes

    def species(self, parameters: dict, context) -> str:
        """Key of what is read: as chosen, else what the model predicts."""
        if self.parameterDefinition(SPECIES) is not None:
            return chosen_word(self, parameters, SPECIES, context)
        return target_of(self.parameterAsString(parameters, MODEL, context).strip())

    def _are_empty(self, parameters: dict, *names: str) -> bool:
        """Whether the algorithm has these parameters, and the user has left them as they were."""
        definitions = {name: self.parameterDefinition(name) for name in names}
        return all(one is not None and parameters.get(name) in (None, "", one.defaultValue()) for name, one in definitions.items())


def add_station_parameters(
    algorithm: EngineAlgorithm,
    *,
    one_day: bool = True,
    required: bool = True,
    groups: bool = True,
    group_advanced: bool = True,
    species: bool = False,
    instead: str = "",
) -> None:
    """Stations, value and unit, time and, for `one_day`, the day; station id and, where there are `groups`, the group.

    With `required` false there may be none, or `instead` names the parameter that says where else they come from; with `species` the
    user says what is read, else the model does.
    """
    stations = QgsProcessingParameterFeatureSource(STATIONS, tr("Stations"), [Qgis.ProcessingSourceType.VectorPoint], optional=not required)
    if required or instead:
        preselect(stations, instead)
    algorithm.add(stations, tr("Point layer of station readings, in any CRS; a selection and a filter are respected."))
    if species:
        add_species(algorithm)
    _add_field(
        algorithm,
        VALUE,
        tr("Reading"),
        tr(
            "Field with the reading. Numbers written as text are read, with decimal point or comma; gaps and marks such as '-' are counted, "
            "reported and not used. Empty: by the form of the table, if it is a published one, else found by names, units and values; the log "
            "says which field it is."
        ),
    )
    algorithm.add(
        unit_parameter(UNIT, tr("Unit of the reading"), CONCENTRATION_UNITS),
        tr("Unit of the field; the result is in µg/m³. Empty: as the form or a field says, else µg/m³."),
    )
    _add_field(
        algorithm,
        TIME,
        tr("Time of the reading"),
        tr("Field with the date or time; needed where the layer holds more than one day. Found, where the reading is found."),
    )
    if one_day:
        algorithm.add(
            QgsProcessingParameterDateTime(DATE, tr("Day"), Qgis.ProcessingDateTimeParameterDataType.Date, optional=True),
            tr(
                "The day to use, by the field with the time; it also dates the result. Without that field all readings are "
                "taken to be of this day. Empty: the only day in the layer, or the last of several, which a warning then says."
            ),
        )
    _add_field(
        algorithm,
        TIME_OF_DAY,
        tr("Hour of the reading"),
        tr("Field with the hour, where the field with the time holds the date alone."),
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterField(ID, tr("Station code"), parentLayerParameterName=STATIONS, allowMultiple=True, optional=True),
        tr("Field that tells stations apart, or several that do so together, such as state, county and site."),
        advanced=True,
    )
    if groups:
        _add_field(algorithm, GROUP, tr("City or other group"), tr("Field that groups stations, such as the city."), group_advanced)
    _add_field(algorithm, UNIT_FIELD, tr("Field with the unit"), tr("Where the unit changes from row to row."), advanced=True)
    add_error(algorithm)
    _add_field(
        algorithm,
        NETWORK,
        tr("Network of the reading"),
        tr("Field that says whose reading it is, for errors that are told network by network."),
        advanced=True,
    )
    add_form(algorithm)
    add_reading_options(algorithm)


def _add_field(algorithm: EngineAlgorithm, name: str, label: str, help_text: str, advanced: bool = False) -> None:
    parameter = QgsProcessingParameterField(name, label, parentLayerParameterName=STATIONS, optional=True)
    if name in FOUND:
        show_what_is_found(parameter, FOUND[name])
    algorithm.add(parameter, help_text, advanced=advanced)


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
    algorithm: EngineAlgorithm, parameters: dict, context, folder: Path, feedback, also: tuple[str, ...] = (), near: Days | None = None
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
    if parameters.get(FOUND_WHERE):
        also = (*also, parameters[FOUND_WHERE].partition("=")[0])
    errors = error_lines(algorithm, parameters, context)
    told_errors = [line.rstrip("%").strip() for line in errors]
    also = (*also, *(field for field in told_errors if field in source.fields().names()))
    written = [field for names in fields.values() for field in names] + list(also) + (source.fields().names() if by_form else [])
    path = folder / "stations.csv"
    key = layer_identity(algorithm, parameters, STATIONS, context)
    rows = write_readings(source, written, path, feedback, near, key)
    feedback.pushInfo(tr("{} features read from layer '{}'.").format(rows, source.sourceName()))
    request = {
        "stations": str(path),
        "layers": {"stations": layer_named(algorithm, parameters, STATIONS, context)},
        "unit": algorithm.parameterAsString(parameters, UNIT, context),
        **reading_options(algorithm, parameters, context),
        **places(source),
    }
    request["error"] = [
        column_name(field) + "%" * line.endswith("%") if field in source.fields().names() else line
        for line, field in zip(errors, told_errors)
    ]
    if not by_form:
        request["from"] = forms.NONE
    if parameters.get(FOUND_WHERE):
        request["where"] = [parameters[FOUND_WHERE]]
    if parameters.get(OTHERWISE):
        words = {VALUE: "value", TIME: "time", UNIT: "unit", UNIT_FIELD: "unit_column", FOUND_WHERE: "where"}
        request["otherwise"] = {
            words[name]: column_name(text) if name in (VALUE, TIME, UNIT_FIELD) else text for name, text in parameters[OTHERWISE].items()
        }
    request.update(
        {
            key: [column_name(field) for field in names] if key in ("time", "id") else column_name(names[0])
            for key, names in fields.items()
            if names
        }
    )
    if algorithm.parameterDefinition(DATE) is not None:
        request.update(date=day_text(algorithm, parameters, DATE, context), several_days="last")
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
