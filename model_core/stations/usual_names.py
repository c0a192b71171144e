"""Columns that are known by their names alone, in a table of no published form."""

from __future__ import annotations

import re
from typing import Sequence

from model_core.units import is_amount_in_air
from model_core.variables import get_variable

_TIMES = ("time", "datetime", "date_time", "date time", "timestamp", "date", "day", "time_utc", "valid", "时间", "日期")
_STATIONS = {"station", "stationcode", "stationid", "siteid", "sitecode"}
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
        told = _UNIT_BEHIND.fullmatch(column)
        told = told if told and is_amount_in_air(told["unit"]) else None
        if _letters(told["name"] if told else column) in names:
            found[column] = told["unit"] if told else ""
    if len(found) != 1:
        return {}
    ((column, unit),) = found.items()
    codes = [name for name in columns if _letters(name) in _STATIONS]
    options = {"value": column, "unit": unit, "time": usual_time(columns) or "", "id": codes[0] if len(codes) == 1 else ""}
    return {key: option for key, option in options.items() if option}


def _letters(name: str) -> str:
    """Letters and digits alone, so that PM2.5, pm2_5 and PM25 are one name."""
    return re.sub(r"[\W_]", "", name).lower()
