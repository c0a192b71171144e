"""Columns that are known by their names alone, in a table of no published form."""

from __future__ import annotations

import re
from typing import Sequence

import pandas as pd

from model_core.units import is_amount_in_air
from model_core.variables import get_variable

_TIMES = ("time", "datetime", "date_time", "date time", "timestamp", "date", "day", "time_utc", "valid", "时间", "日期")
_STATIONS = {"station", "stationcode", "stationid", "siteid", "sitecode"}
_UNITS = {"unit", "units", "unitofmeasure", "unitsofmeasure", "unitofmeasurement", "einheit", "unidad", "单位"}
_UNIT_BEHIND = re.compile(r"(?P<name>.*?)\s*[(\[](?P<unit>[^()\[\]]+)[)\]]\s*")  # such as PM2.5 (µg/m³)


def usual_time(columns: Sequence[str]) -> str | None:
    """The column that is named as times usually are, if there is one."""
    by_lower = {name.strip().lower(): name for name in reversed(list(columns))}
    return next((by_lower[name] for name in _TIMES if name in by_lower), None)


def usual_columns(columns: Sequence[str], species: str) -> dict[str, str]:
    """The column that is named like the species, with the unit that its name tells, and those of the time and the station code.

    Returns
    -------
    dict
        `value`, and where they are told `unit`, `time` and `id`; empty where no column, or more than one, is named like the species.
    """
    variable = get_variable(species)
    names = {_letters(name) for name in (variable.key, variable.long_name, *variable.aliases)}
    found = {}
    for column in columns:
        name, unit = _name_and_unit(column)
        if _letters(name) in names:
            found[column] = unit
    if len(found) != 1:
        return {}
    ((column, unit),) = found.items()
    codes = [name for name in columns if _letters(name) in _STATIONS]
    options = {"value": column, "unit": unit, "time": usual_time(columns) or "", "id": codes[0] if len(codes) == 1 else ""}
    return {key: option for key, option in options.items() if option}


def usual_unit(columns: Sequence[str], sample: pd.DataFrame | None, species: str, value: str | None) -> tuple[dict[str, str], str]:
    """What a table says of the unit of its readings, and a line for the log: in the name of their column, or in a column called `unit`.

    A column of that name counts where one of its first texts is an amount in air, since it may number instruments; `sample` holds
    these texts, or is None where no column may be guessed.
    """
    wanted = get_variable(species).unit
    unit = _name_and_unit(value)[1] if value else ""
    if unit and unit != wanted:
        return {"unit": unit}, f"unit '{unit}' from the name of column '{value}'"
    named = [name for name in columns if _letters(name) in _UNITS]
    if unit or len(named) != 1 or named[0] == value or sample is None or named[0] not in sample:
        return {}, ""
    texts = {str(text).strip() for text in sample[named[0]].dropna()}
    if not any(text == wanted or re.search(r"[^\W\d_]", text) and is_amount_in_air(text) for text in texts):
        return {}, ""
    return {"unit_column": named[0]}, f"unit of each row from column '{named[0]}'"


def _name_and_unit(column: str) -> tuple[str, str]:
    """A column's name without the unit behind it, and that unit; "" where it tells none of an amount in air."""
    told = _UNIT_BEHIND.fullmatch(column)
    return (told["name"], told["unit"]) if told and is_amount_in_air(told["unit"]) else (column, "")


def _letters(name: str) -> str:
    """Letters and digits alone, so that PM2.5, pm2_5 and PM25 are one name."""
    return re.sub(r"[\W_]", "", name).lower()
