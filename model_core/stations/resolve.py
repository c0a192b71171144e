"""What a source means for one table: its own options, then the form's, then what the header says by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Mapping, Sequence

import pandas as pd

from model_core.errors import InputError
from model_core.stations import forms
from model_core.stations.source import AUTO, NONE, Source, joined_columns
from model_core.stations.usual_names import usual_columns, usual_time, usual_unit
from model_core.time_zones import parse_time_zone
from model_core.variables import get_variable

_FILLED = ("value", "time", "stamp", "id", "x", "y", "crs", "group", "encoding", "decimal")


@dataclass(frozen=True)
class Meaning:
    """A source as it applies to one table.

    Attributes
    ----------
    source : with what the form and the header add
    form : the form, or None
    extra : further options of the form (`Form.options`), such as layout, station_columns, time_pattern, instrument
    notes : what was assumed, for the log
    """

    source: Source
    form: "forms.Form | None"
    extra: dict[str, Any]
    notes: tuple[str, ...]


def meaning_of(source: Source, columns: Sequence[str], sample: pd.DataFrame | None, has_points: bool = False) -> Meaning:
    """Apply form and header; every option that the source names itself stays.

    Parameters
    ----------
    columns : names in the header
    sample : the first rows as text
    has_points : whether the table has a geometry, which then gives the places

    Raises
    ------
    InputError
        If the form is unknown, or the table is not of the form that is named.
    """
    form = _form(source, columns, sample)
    options: dict[str, Any] = {}
    notes: list[str] = []
    if form is not None:
        options = _options(form, columns, source)
        notes.append(("recognised as " if source.form == AUTO else "read as ") + f"{form.title}{_told(options, source)}")
        notes += options.get("notes", ())
        if not options.get("species_stated", True):
            notes.append(f"the table does not say what it measures: its readings are taken for {get_variable(source.species).long_name}")
    elif otherwise := source.otherwise or _by_names(source, columns):
        options = {key: value for key, value in otherwise.items() if value}
        options["where"] = tuple(filter(None, [options.get("where")]))
        notes.append(f"of no form that is known; by the names of its columns{_told(options, source)}")
    source = _as_the_target(source, columns)
    filled = {field: options[field] for field in _FILLED if getattr(source, field) is None and options.get(field)}
    if {"x", "y"} & set(filled) and ("x" not in filled or "y" not in filled or has_points or source.sites):
        filled = {field: value for field, value in filled.items() if field not in ("x", "y")}
    if source.unit is None and source.unit_column is None:
        filled |= {field: options[field] for field in ("unit", "unit_column") if options.get(field)}
        if form is None and not {"unit", "unit_column"} & set(filled):
            guessed = None if source.form == NONE else sample
            said, note = usual_unit(columns, guessed, source.species, source.value or filled.get("value"))
            filled |= said
            notes += [note] if note else []
    if source.date_order == AUTO and options.get("date_order"):
        filled["date_order"] = options["date_order"]
    if source.wide == AUTO:
        filled["wide"] = "yes" if options.get("layout") == "stations" else AUTO
    if options.get("where"):
        filled["where"] = (*source.where, *_unsaid(options["where"], source.where))
    zone = options.get("times_in")
    if zone and source.times_in is None:
        if source.clock is not None:
            filled["clock"] = replace(source.clock, written=parse_time_zone(zone))
        elif "time" in filled or source.time:
            notes.append(f"its times are in {zone}, and count as they stand; with --time-zone the days of a zone count")
    source = replace(source, **filled)
    if source.like is not None and source.time is None:
        source = replace(source, time=usual_time(columns))
    return Meaning(source, form, options, tuple(notes))


def _form(source: Source, columns: Sequence[str], sample: pd.DataFrame | None) -> "forms.Form | None":
    if source.form == NONE:
        return None
    return forms.recognise(list(columns), sample) if source.form == AUTO else forms.get(source.form)


def _by_names(source: Source, columns: Sequence[str]) -> Mapping[str, str]:
    """What the names of the columns tell, where the user leaves it to them and names no reading."""
    told = source.form != AUTO or source.value or source.like or source.wide == "yes"
    return {} if told else usual_columns(columns, source.species)


def _options(form: "forms.Form", columns: Sequence[str], source: Source) -> dict[str, Any]:
    """What the form says; of a variable that it does not hold, only where and when the readings are."""
    if source.species in form.species:
        try:
            return form.options(columns, source.species, source.value)
        except InputError:
            if source.form != AUTO or not source.value:
                raise
    elif source.value is None or source.like is None and source.form != AUTO:
        return form.options(columns, source.species, source.value)  # which says what the form holds
    for species in form.species:
        try:
            options = form.options(columns, species)
        except InputError:
            continue
        return {
            key: options[key]
            for key in ("time", "date_order", "stamp", "id", "x", "y", "crs", "group", "times_in", "time_pattern")
            if key in options
        }
    return {}


def _as_the_target(source: Source, columns: Sequence[str]) -> Source:
    """The source of a further variable with the column names of the target's, where this table has them."""
    if source.like is None:
        return source
    found = {}
    for field in ("time", "id", "group", "x", "y"):
        name = getattr(source.like, field)
        if getattr(source, field) is None and name and all(part in columns for part in joined_columns(name, columns)):
            found[field] = name
    if ("x" in found) != ("y" in found) or source.sites:
        found = {field: name for field, name in found.items() if field not in ("x", "y")}
    return replace(source, **found)


def _unsaid(of_form: Sequence[str], own: Sequence[str]) -> list[str]:
    """The form's conditions on columns that the user set none for."""
    return [text for text in of_form if not any(condition.startswith(_column(text)) for condition in own)]


def _column(condition: str) -> str:
    return condition[: min(place for place in (condition.find(sign) for sign in "=!<>") if place >= 0)].strip()


def _told(options: dict[str, Any], source: Source) -> str:
    """The options that the form sets, in words."""
    said = []
    for key, name in (("value", "value"), ("unit_column", "unit_column"), ("time", "time"), ("id", "id")):
        if options.get(key) and getattr(source, name) is None:
            said.append(f"{key.replace('_', ' ')} '{options[key]}'")
    if options.get("where"):
        said.append("rows with " + " and ".join(_unsaid(options["where"], source.where)))
    if options.get("stamp") == "end" and source.stamp is None:
        said.append("times at the end of their hour")
    return f": {', '.join(said)}" if said else ""
