"""Wide tables: one column per station, a row per time and, where there are several, per variable."""

from __future__ import annotations

import re
from typing import Sequence

import numpy as np
import pandas as pd

from model_core.errors import InputError
from model_core.variables import get_variable

# Columns that say which variable a row is of.
TYPE_NAMES = ("type", "parameter", "pollutant", "variable", "species", "item")
_TIME_NAMES = ("date", "hour", "time", "datetime", "timestamp", "day", "日期", "时间", "小时")
# A table is taken for a wide one only where it has so many columns that are called like stations.
FEWEST_STATIONS = 3
# Codes as networks write them: 1001A, DEBE010, 06-037-1103, 1103
_CODE = re.compile(r"(?=.*\d)[A-Z0-9]+([_.-][A-Z0-9]+)*", re.IGNORECASE)
_SPELLINGS = {"pm25": ("pm2.5", "pm25", "pm2_5", "pm2p5"), "o3": ("o3", "ozone")}


def looks_wide(columns: Sequence[str]) -> bool:
    """Whether the header is that of a wide table: times, perhaps a type, and otherwise nothing but codes of stations."""
    others = station_columns(columns, ())
    codes = [name for name in others if _CODE.fullmatch(name)]
    has_time = any(name.lower() in _TIME_NAMES for name in columns)
    return has_time and len(codes) == len(others) >= FEWEST_STATIONS


def station_columns(columns: Sequence[str], others: Sequence[str]) -> list[str]:
    """The columns that are stations: all but those of times and types, and `others`."""
    known = {name.lower() for name in (*TYPE_NAMES, *_TIME_NAMES)} | {name.lower() for name in others}
    return [name for name in columns if name.lower() not in known]


def time_columns(columns: Sequence[str]) -> list[str]:
    """The columns of a wide table that say its times, in the order that they are joined in."""
    return [name for known in _TIME_NAMES for name in columns if name.lower() == known]


def type_column(columns: Sequence[str]) -> str | None:
    """The column that says which variable a row is of, where there is one."""
    return next((name for name in columns if name.lower() in TYPE_NAMES), None)


def type_of(species: str, value: str | None, there: Sequence[str]) -> str:
    """What the variable is called in the column of types.

    Raises
    ------
    InputError
        If neither the name that is asked for nor a usual one of the species is there; it lists what is.
    """
    by_lower = {str(name).strip().lower(): str(name).strip() for name in there}
    for name in (value,) if value else _SPELLINGS.get(species, (species,)):
        if name.strip().lower() in by_lower:
            return by_lower[name.strip().lower()]
    asked = f"'{value}'" if value else get_variable(species).long_name
    raise InputError(f"the column of types holds no {asked}; it holds {', '.join(list(by_lower.values())[:20])}: name one as the value")


def melted(table: pd.DataFrame, stations: Sequence[str]) -> pd.DataFrame:
    """One row per time and station.

    Returns
    -------
    The columns that are no stations, and `id` and `value`, in the order of the rows and then of the stations; the index keeps the
    number of the row in the file, so that it occurs once for each station.
    """
    kept = [name for name in table.columns if name not in set(stations)]
    rows, count = len(table), len(stations)
    long = {name: np.repeat(table[name].to_numpy(), count) for name in kept}
    cells = table[list(stations)].to_numpy(object).reshape(-1)
    return pd.DataFrame(
        {**long, "id": np.tile(np.array(stations, object), rows), "value": pd.Series(cells, dtype=object).to_numpy()},
        index=np.repeat(table.index.to_numpy(), count),
    )
