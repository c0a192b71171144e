"""Tables with a column for each hour of a day, turned into a row for each reading."""

from __future__ import annotations

from typing import Sequence

import numpy as np
import pandas as pd

from model_core.errors import InputError

HourColumns = Sequence[tuple[str, int]]


def to_long(
    table: pd.DataFrame,
    date: str,
    hours: HourColumns,
    flags: HourColumns = (),
    value: str = "value",
    time: str = "time",
    flag: str = "flag",
) -> pd.DataFrame:
    """A row for each hour of each row.

    Parameters
    ----------
    table : a row per station and day (and species), shape (rows, columns)
    date : column of the days; several are joined with ``+`` and come joined with a blank
    hours : (column, number of the hour) as `Form.options` finds them; hour 24 is 24:00, the end of the day
    flags : the same for columns that say of each hour whether it is valid
    value, time, flag : names of the columns that come in

    Returns
    -------
    DataFrame of rows x hours rows, the hours of a row following each other: the other columns, repeated; `time`, the day
    as it is written and the hour as ``HH:00``; `value`, as it stands in the hour's column; `flag` where there are flags.
    The index repeats the table's, so that a reading can be traced to its row.

    Raises
    ------
    InputError
        If a column is missing, an hour comes twice, or is not from 0 to 24.
    """
    dates = date.split("+")
    names = [name for name, _ in (*hours, *flags)]
    missing = [name for name in (*dates, *names) if name not in table]
    if missing:
        raise InputError(f"the table has no column {', '.join(missing)}; it has {', '.join(map(str, table.columns))}")
    numbers = [number for _, number in hours]
    if not hours or len(set(numbers)) != len(numbers) or not all(0 <= number <= 24 for number in numbers):
        raise InputError(f"the columns of hours must be of different hours from 0 to 24; they are of {numbers}")
    by_hour = {number: name for name, number in flags}
    if flags and set(by_hour) != set(numbers):
        raise InputError(f"there are readings of the hours {sorted(numbers)}, but flags of the hours {sorted(by_hour)}")

    rest = table.drop(columns=names)
    long = rest.loc[rest.index.repeat(len(hours))] if rest.index.is_unique else rest.iloc[np.repeat(np.arange(len(rest)), len(hours))]
    long = long.copy()
    long[time] = np.repeat(_day_texts(table, dates), len(hours)) + np.tile([f" {number:02d}:00" for number in numbers], len(table))
    long[value] = table[[name for name, _ in hours]].to_numpy(dtype=object).ravel()
    if flags:
        long[flag] = table[[by_hour[number] for number in numbers]].to_numpy(dtype=object).ravel()
    return long


def _day_texts(table: pd.DataFrame, dates: Sequence[str]) -> np.ndarray:
    """The days as text, without a midnight that a file may write behind them; object array, shape (rows,)."""
    parts = []
    for name in dates:
        column = table[name]
        if pd.api.types.is_datetime64_any_dtype(column):
            column = column.dt.strftime("%Y-%m-%d")
        parts.append(column.astype(str).str.strip().str.replace(r"[T ]0{1,2}:00(:00(\.0+)?)?Z?$", "", regex=True))
    joined = parts[0]
    for part in parts[1:]:
        joined = joined + " " + part
    return joined.to_numpy(dtype=object)
