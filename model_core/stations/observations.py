"""Station readings of one variable, with an account of every reading that was not used."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date as Date
from pathlib import Path
from typing import Any, Sequence

import numpy as np
import pandas as pd
from pyproj import CRS

from model_core.days import has_hours, parse_day, parse_times
from model_core.errors import InputError
from model_core.grid import parse_crs
from model_core.stations.reading_report import ReadingReport
from model_core.stations.tables import EMPTY_TEXTS, column, read_table
from model_core.time_zones import Clock
from model_core.units import convert
from model_core.variables import get_variable

# What networks and models write for "no reading"; anything of 1e20 and above is a netCDF or GRIB fill value.
SENTINELS = (-99.0, -99.9, -99.99, -999.0, -999.9, -999.99, -9999.0, -9999.9, -99999.0, -999999.0,
             9999.0, 9999.9, 99999.0, 99999.9, 999999.0, -32768.0, 32767.0)


@dataclass(frozen=True)
class Observations:
    """Readings of one variable at stations; only readings that may be used, each array of shape (used,).

    Attributes
    ----------
    x, y : float64, in `crs`
    value : float64, in the variable's canonical unit
    crs : pyproj.CRS
    species : str
        Key of `variables.VARIABLES`.
    time : datetime64[s] or None
        As it stands in the table, without time zone; or the local time of the clock that it was read with.
    id, group : str arrays or None
        Station id; and what the stations are grouped by in cross-validation, such as the city.
    report : ReadingReport
    hourly : bool
        Whether the table has several hours of a day, also where those rows are not used.
    rows : int array or None
        How many rows of the table each reading is the mean of; None where each is a row.
    """

    x: np.ndarray
    y: np.ndarray
    value: np.ndarray
    crs: CRS
    species: str
    report: ReadingReport
    time: np.ndarray | None = None
    id: np.ndarray | None = None
    group: np.ndarray | None = None
    hourly: bool = False
    rows: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.value)

    @property
    def dates(self) -> list[Date]:
        """The days that have readings, in order; empty where no time is known."""
        return [] if self.time is None else np.unique(self.time.astype("datetime64[D]")).tolist()

    def on_day(self, day: Date) -> "Observations":
        """The readings of one day; the others count as of another day."""
        if self.time is None:
            raise InputError("the readings have no time; name the time column to pick a day")
        of_day = self.time.astype("datetime64[D]") == np.datetime64(day, "D")
        report = self.report.without(int((~of_day).sum()), "other day")
        if not of_day.any():
            raise InputError(f"no reading on {day}; there are readings from {self.dates[0]} to {self.dates[-1]}")
        return self.select(of_day, report)

    def rows_in(self, which: np.ndarray) -> int:
        """Rows of the table that the readings at a boolean mask stand for."""
        return int(np.count_nonzero(which) if self.rows is None else self.rows[which].sum())

    def select(self, keep: np.ndarray, report: ReadingReport | None = None) -> "Observations":
        """The readings at a boolean mask or index array; `report` stays unless one is given."""
        arrays = {name: getattr(self, name) for name in ("x", "y", "value", "time", "id", "group", "rows")}
        picked = {name: None if array is None else array[keep] for name, array in arrays.items()}
        return replace(self, report=report or self.report, **picked)


def read_observations(
    path: str | Path, value: str, species: str = "pm25", unit: str | None = None, x: str | None = None,
    y: str | None = None, crs: Any = None, time: str | None = None, date: Date | str | None = None,
    id: str | None = None, group: str | None = None, clock: Clock | None = None,
) -> Observations:
    """Readings from a CSV or vector file; see `tables.read_table` for the files and `from_arrays` for the rules.

    `value`, `x`, `y`, `time`, `id` and `group` are column names.

    Raises
    ------
    InputError
        If the file, a column, the unit or the day is not there, or no valid reading is left.
    """
    table, xs, ys, table_crs = read_table(path, x, y, crs)

    def optional(name: str | None) -> pd.Series | None:
        return None if name is None else column(table, name, path)

    return from_arrays(
        xs, ys, column(table, value, path), table_crs, species, unit, optional(time), date, optional(id),
        optional(group), where=f"field '{value}'", clock=clock,
    )


def from_arrays(
    x: Any, y: Any, value: Any, crs: Any = "EPSG:4326", species: str = "pm25", unit: str | None = None,
    time: Any = None, date: Date | str | None = None, id: Any = None, group: Any = None, where: str = "the values",
    clock: Clock | None = None,
) -> Observations:
    """Readings from sequences of one length; numbers may come as text. What may be used is said at `screen`.

    Parameters
    ----------
    unit : str, optional
        Of the values; default: the variable's canonical unit.
    date : optional
        Keeps one day, by the date as it stands in `time` or in the clock's zone; the others count as ``other day``.
    where : str
        What the values are called in messages.
    clock : whose days count; default: times count as they stand

    Raises
    ------
    InputError
        If no number or no valid reading is left, or a time, unit, CRS or species is not understood.
    """
    crs = parse_crs(crs)
    table = _table({"x": x, "y": y, "value": value, "time": time, "id": id, "group": group})
    if "time" in table:
        table["time"] = parse_times(table["time"], clock)
    hourly = "time" in table and has_hours(table["time"].to_numpy())
    table, report = _of_day(table, date)
    _require_numbers(table["value"], *_numbers(table["value"]), where)
    observations = screen(table, report, crs, species, unit, where)
    if not len(observations):
        raise InputError(_nothing_left(observations.report, where, crs))
    return replace(observations, hourly=hourly)


def screen(
    table: pd.DataFrame, report: ReadingReport, crs: CRS, species: str, unit: str | None = None, where: str = "the values"
) -> Observations:
    """The readings that may be used, which may be none.

    Not used, counted by the first reason that applies: ``no time``, ``empty``, ``text``, ``sentinel`` (-999 and its like),
    ``negative``, ``implausible`` (outside the variable's limits), ``bad coordinates`` (not finite, or not degrees in a
    geographic CRS), ``duplicate`` (same station and time, or without station id same place, time and value: the first
    stays). Zero is a reading.

    Parameters
    ----------
    table : columns x, y, value, and where they are known time (datetime64), id, group; its index are row numbers from 0
    report : of the rows up to now

    Raises
    ------
    InputError
        If the unit or species is not known.
    """
    variable = get_variable(species)
    numbers, empty = _numbers(table["value"])
    converted = convert(numbers, unit or variable.unit, variable.unit, where)
    xs, ys = (_numbers(table[axis])[0] for axis in "xy")
    times = table["time"].to_numpy("datetime64[s]") if "time" in table else None
    ids, groups = (_labels(table[name]) if name in table else None for name in ("id", "group"))

    low, high = variable.limits
    drop = _Sieve(table, report)
    if times is not None:
        drop("no time", np.isnat(times))
    drop("empty", empty)
    drop("text", np.isnan(numbers) & ~empty)
    drop("sentinel", np.isin(numbers, SENTINELS) | (np.abs(numbers) >= 1e20))
    drop("negative", (converted < 0) & (low >= 0))
    drop("implausible", ~((converted >= low) & (converted <= high)))
    drop("bad coordinates", ~_on_earth(xs, ys, crs), show=["x", "y"])
    drop("duplicate", duplicates(xs, ys, converted, times, ids, drop.kept))
    return Observations(xs, ys, converted, crs, species, drop.report, times, ids, groups).select(drop.kept)


def _table(columns: dict[str, Any]) -> pd.DataFrame:
    series = {name: pd.Series(c).reset_index(drop=True) for name, c in columns.items() if c is not None}
    if len({len(c) for c in series.values()}) > 1:
        raise ValueError(f"columns differ in length: { {name: len(c) for name, c in series.items()} }")
    return pd.DataFrame(series)


class _Sieve:
    """Drops rows reason by reason; a row counts under the first reason that applies.

    Attributes
    ----------
    kept : bool, shape (rows of the table,)
    report : ReadingReport, up to now
    """

    def __init__(self, table: pd.DataFrame, report: ReadingReport):
        self.kept = np.ones(len(table), bool)
        self.report = report
        self._table = table

    def __call__(self, reason: str, bad: np.ndarray, show: Sequence[str] = ("value",)) -> None:
        hit = np.flatnonzero(self.kept & bad)
        if hit.size:
            self.kept[hit] = False
            row = self._table.index[hit[0]]
            shown = ", ".join(str(self._table.at[row, name]) for name in show)
            self.report = self.report.without(int(hit.size), reason, f"first: row {row + 1}, '{shown}'")


def _of_day(table: pd.DataFrame, date: Date | str | None) -> tuple[pd.DataFrame, ReadingReport]:
    """The rows of the day (all, if none is asked for), and the report with the others dropped."""
    report = ReadingReport(len(table), len(table))
    day = None if date is None else parse_day(date)
    if day is None:
        return table, report
    if "time" not in table:
        raise InputError(f"day {day} is asked for, but no time column is named; name it, or leave the day out")
    days = table["time"].to_numpy("datetime64[D]")
    keep = np.isnat(days) | (days == np.datetime64(day, "D"))
    if not keep.any():
        raise InputError(f"no reading on {day}; the table holds {days.min()} to {days.max()}")
    return table[keep], report.without(int((~keep).sum()), "other day")


def _numbers(raw: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """(float64 numbers with NaN where there is none, which rows are empty)."""
    if pd.api.types.is_numeric_dtype(raw) and not pd.api.types.is_bool_dtype(raw):
        return raw.to_numpy(float, na_value=np.nan), raw.isna().to_numpy()
    text = raw.astype(str).str.strip()
    empty = (raw.isna() | text.str.lower().isin(EMPTY_TEXTS)).to_numpy()
    # pandas reads True as 1; in text it would be no number either.
    return pd.to_numeric(text.mask(empty | text.isin(["True", "False"])), errors="coerce").to_numpy(float), empty


def _require_numbers(raw: pd.Series, numbers: np.ndarray, empty: np.ndarray, where: str) -> None:
    if np.isfinite(numbers).any():
        return
    if not len(raw):
        raise InputError(f"{where} has no rows")
    text = ~empty
    if not text.any():
        raise InputError(f"{where} is empty in all {len(raw)} rows")
    row = raw.index[np.flatnonzero(text)[0]]
    rest = f", and is empty in {int(empty.sum())}" if empty.any() else ""
    raise InputError(
        f"{where} holds text in {int(text.sum())} of {len(raw)} rows (first: row {row + 1}, '{raw[row]}'){rest}; "
        "it has no number: pick the field with the readings"
    )


def _labels(labels: pd.Series) -> np.ndarray:
    """Labels as text; 1001.0 and 1001 are one label, and missing ones are ''."""
    codes, distinct = pd.factorize(labels.astype(object))
    text = pd.Series(distinct, dtype=object).astype(str).str.strip().str.replace(r"^(\d+)\.0$", r"\1", regex=True)
    text = text.mask(text.str.lower().isin(EMPTY_TEXTS), "")
    return np.append(text.to_numpy(str), "")[codes]  # code -1, for missing, is the last


def _on_earth(x: np.ndarray, y: np.ndarray, crs: CRS) -> np.ndarray:
    finite = np.isfinite(x) & np.isfinite(y)
    if not crs.is_geographic:
        return finite
    return finite & (x >= -180) & (x <= 360) & (np.abs(y) <= 90)


def duplicates(
    x: np.ndarray, y: np.ndarray, value: np.ndarray, times: np.ndarray | None, ids: np.ndarray | None, kept: np.ndarray
) -> np.ndarray:
    """Which kept rows repeat an earlier kept one."""
    by_place = pd.DataFrame({"x": x, "y": y, "value": value, "time": 0 if times is None else times})
    by_id = None if ids is None else pd.DataFrame({"id": ids, "time": by_place["time"]})
    found = np.zeros(len(kept), bool)
    named = np.zeros(len(kept), bool) if ids is None else ids != ""
    for keys, rows in ((by_id, kept & named), (by_place, kept & ~named)):
        if rows.any():
            found[rows] = keys[rows].duplicated().to_numpy()
    return found


def _nothing_left(report: ReadingReport, where: str, crs: CRS) -> str:
    message = f"{where}: no valid reading, {report}"
    if crs.is_geographic and report.dropped.get("bad coordinates"):
        message += f"; coordinates in {crs.name} are degrees: name the CRS of the coordinates, or the right columns"
    return message
