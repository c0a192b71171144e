"""Station readings of one variable, with an account of every reading that was not used."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date as Date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pyproj import CRS

from model_core.days import parse_day, parse_times
from model_core.errors import InputError
from model_core.grid import parse_crs
from model_core.station_tables import EMPTY_TEXTS, column, read_table
from model_core.units import convert
from model_core.variables import get_variable

# What networks and models write for "no reading"; anything of 1e20 and above is a netCDF or GRIB fill value.
SENTINELS = (-99.0, -99.9, -99.99, -999.0, -999.9, -999.99, -9999.0, -9999.9, -99999.0, -999999.0,
             9999.0, 9999.9, 99999.0, 99999.9, 999999.0, -32768.0, 32767.0)


@dataclass(frozen=True)
class ReadingReport:
    """How many rows there were, how many are used, and why the others are not.

    `rows == used + sum(dropped.values())`; `first` names the first row (from 1) of each reason with what stood there.
    """

    rows: int
    used: int
    dropped: dict[str, int] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)

    def without(self, count: int, reason: str) -> "ReadingReport":
        """The report after `count` more readings were dropped."""
        if not count:
            return self
        dropped = {**self.dropped, reason: self.dropped.get(reason, 0) + count}
        return replace(self, used=self.used - count, dropped=dropped)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"rows": self.rows, "used": self.used, "dropped": dict(self.dropped)}

    def __str__(self) -> str:
        reasons = ", ".join(
            f"{count} {reason}" + (f" ({self.first[reason]})" if reason in self.first else "")
            for reason, count in self.dropped.items()
        )
        return f"{self.used} of {self.rows} readings used" + (f"; dropped: {reasons}" if reasons else "")


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
        As it stands in the table, without time zone.
    id, group : str arrays or None
        Station id; and what the stations are grouped by in cross-validation, such as the city.
    report : ReadingReport
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

    def select(self, keep: np.ndarray, report: ReadingReport | None = None) -> "Observations":
        """The readings at a boolean mask or index array; `report` stays unless one is given."""
        arrays = {name: getattr(self, name) for name in ("x", "y", "value", "time", "id", "group")}
        picked = {name: None if array is None else array[keep] for name, array in arrays.items()}
        return replace(self, report=report or self.report, **picked)


def read_observations(
    path: str | Path, value: str, species: str = "pm25", unit: str | None = None, x: str | None = None,
    y: str | None = None, crs: Any = None, time: str | None = None, date: Date | str | None = None,
    id: str | None = None, group: str | None = None,
) -> Observations:
    """Readings from a CSV or vector file; see `station_tables.read_table` for the files and `from_arrays` for the rules.

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
        optional(group), where=f"field '{value}'",
    )


def from_arrays(
    x: Any, y: Any, value: Any, crs: Any = "EPSG:4326", species: str = "pm25", unit: str | None = None,
    time: Any = None, date: Date | str | None = None, id: Any = None, group: Any = None, where: str = "the values",
) -> Observations:
    """Readings from sequences of one length; numbers may come as text.

    Not used, counted by the first reason that applies: ``other day`` (when `date` is given), ``no time``, ``empty``,
    ``text``, ``sentinel`` (-999 and its like), ``negative``, ``implausible`` (outside the variable's limits),
    ``bad coordinates`` (not finite, or not degrees in a geographic CRS), ``duplicate`` (same station and time, or without
    station id same place, time and value: the first stays). Zero is a reading.

    Parameters
    ----------
    unit : str, optional
        Of the values; default: the variable's canonical unit.
    date : optional
        Keeps one day, by the date as it stands in `time`.
    where : str
        What the values are called in messages.

    Raises
    ------
    InputError
        If no number or no valid reading is left, or a time, unit, CRS or species is not understood.
    """
    variable, crs = get_variable(species), parse_crs(crs)
    raw = _series(value)
    rows = len(raw)
    numbers, empty = _numbers(raw)
    text = numbers.isna().to_numpy() & ~empty
    _require_numbers(raw, numbers, text, empty, where)
    as_written = numbers.to_numpy(float)
    converted = convert(as_written, unit or variable.unit, variable.unit, where)
    times = None if time is None else parse_times(time, rows)
    day = None if date is None else parse_day(date)
    if day is not None and times is None:
        raise InputError(f"day {day} is asked for, but no time column is named; name it, or leave the day out")
    xs, ys = (_numbers(_series(c))[0].to_numpy(float) for c in (x, y))
    ids, groups = _labels(id), _labels(group)

    low, high = variable.limits
    drop = _Sieve(raw)
    if times is not None:
        missing_time = np.isnat(times)
        if day is not None:
            drop("other day", ~missing_time & (times.astype("datetime64[D]") != np.datetime64(day, "D")), what=times)
        drop("no time", missing_time)
    drop("empty", empty)
    drop("text", text)
    drop("sentinel", np.isin(as_written, SENTINELS) | (np.abs(as_written) >= 1e20))
    drop("negative", (converted < 0) & (low >= 0))
    drop("implausible", ~((converted >= low) & (converted <= high)))
    drop("bad coordinates", ~_on_earth(xs, ys, crs), what=[f"{a:g}, {b:g}" for a, b in zip(xs, ys)])
    drop("duplicate", _duplicates(xs, ys, converted, times, ids, drop.kept))
    report = drop.report()
    if not report.used:
        raise InputError(_nothing_left(report, where, crs, day, times))
    observations = Observations(xs, ys, converted, crs, species, report, times, ids, groups)
    return observations.select(drop.kept, report)


class _Sieve:
    """Drops rows reason by reason; a row counts under the first reason that applies."""

    def __init__(self, raw: pd.Series):
        self.kept = np.ones(len(raw), bool)
        self._raw, self._dropped, self._first = raw, {}, {}

    def __call__(self, reason: str, bad: np.ndarray, what: Any = None) -> None:
        hit = np.flatnonzero(self.kept & bad)
        if hit.size:
            self._dropped[reason] = int(hit.size)
            shown = self._raw if what is None else what
            self._first[reason] = f"first: row {hit[0] + 1}, '{shown[hit[0]]}'"
            self.kept[hit] = False

    def report(self) -> ReadingReport:
        return ReadingReport(len(self.kept), int(self.kept.sum()), self._dropped, self._first)


def _series(values: Any) -> pd.Series:
    return pd.Series(values).reset_index(drop=True)


def _numbers(raw: pd.Series) -> tuple[pd.Series, np.ndarray]:
    """(numbers with NaN where there is none, which rows are empty)."""
    if pd.api.types.is_numeric_dtype(raw) and not pd.api.types.is_bool_dtype(raw):
        return raw.astype(float), raw.isna().to_numpy()
    as_text = raw.astype(str).str.strip()
    empty = (raw.isna() | as_text.str.lower().isin(EMPTY_TEXTS)).to_numpy()
    # Booleans are no readings; pandas would take them for 0 and 1.
    text_only = as_text.mask(raw.map(lambda v: isinstance(v, (bool, np.bool_))), "boolean")
    return pd.to_numeric(text_only.mask(empty), errors="coerce"), empty


def _require_numbers(raw: pd.Series, numbers: pd.Series, text: np.ndarray, empty: np.ndarray, where: str) -> None:
    if numbers.notna().any():
        return
    if not len(raw):
        raise InputError(f"{where} has no rows")
    if not text.any():
        raise InputError(f"{where} is empty in all {len(raw)} rows")
    first = int(np.flatnonzero(text)[0])
    rest = f", and is empty in {int(empty.sum())}" if empty.any() else ""
    raise InputError(
        f"{where} holds text in {int(text.sum())} of {len(raw)} rows (first: row {first + 1}, '{raw[first]}'){rest}; "
        "it has no number: pick the field with the readings"
    )


def _labels(labels: Any) -> np.ndarray | None:
    """Labels as text; 1001.0 and 1001 are one label, and missing ones are ''."""
    if labels is None:
        return None
    series = _series(labels).astype(object)
    text = series.astype(str).str.strip().str.replace(r"^(\d+)\.0$", r"\1", regex=True)
    return text.mask(series.isna() | text.str.lower().isin(EMPTY_TEXTS), "").to_numpy(str)


def _on_earth(x: np.ndarray, y: np.ndarray, crs: CRS) -> np.ndarray:
    finite = np.isfinite(x) & np.isfinite(y)
    if not crs.is_geographic:
        return finite
    return finite & (x >= -180) & (x <= 360) & (np.abs(y) <= 90)


def _duplicates(
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


def _nothing_left(report: ReadingReport, where: str, crs: CRS, day: Date | None, times: np.ndarray | None) -> str:
    message = f"{where}: no valid reading, {report}"
    if day is not None and report.dropped.get("other day") == report.rows:
        days = times[~np.isnat(times)].astype("datetime64[D]")
        message += f"; the table holds {days.min()} to {days.max()}"
    if crs.is_geographic and report.dropped.get("bad coordinates"):
        message += f"; coordinates in {crs.name} are degrees: name the CRS of the coordinates, or the right columns"
    return message
