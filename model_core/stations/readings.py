"""Readings of one variable that may be used, each with its place, and where they are known its time and station."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date as Date

import numpy as np
from pyproj import CRS

from model_core.errors import InputError
from model_core.stations.identity import stations_of
from model_core.stations.reading_report import ReadingReport

# Remarks on readings, as bits of `Observations.flags`, and in words.
NEGATIVE, AVERAGED, ZEROED, DAILY_VALUE, RUNNING = 1, 2, 4, 8, 16
FLAGS = {
    NEGATIVE: "negative within noise",
    AVERAGED: "mean of several readings at one time",
    ZEROED: "mean below zero set to zero",
    DAILY_VALUE: "daily value among hourly stations",
    RUNNING: "running mean of 24 hours",
}


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
    flags : uint8 array or None
        Remarks, bits of `FLAGS`; None where there are none.
    hours : int array or None
        Valid hours that each daily mean was made of; None where readings are as they stand in the table.
    error : float64 array or None
        Standard deviation of each reading about the truth, in the unit of the values; None where nothing is said of it.
    seen : int or None
        How many stations the table holds, also where nothing of them is used; of the day, where one was asked for.
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
    flags: np.ndarray | None = None
    hours: np.ndarray | None = None
    seen: int | None = None
    error: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.value)

    @property
    def stations(self) -> int:
        """How many stations have a reading."""
        return stations_of(self.x, self.y, self.id, self.crs).count

    @property
    def dates(self) -> list[Date]:
        """The days that have readings, in order; empty where no time is known."""
        return [] if self.time is None else np.unique(self.time.astype("datetime64[D]")).tolist()

    def on_day(self, day: Date) -> "Observations":
        """The readings of one day; the others count as of another day."""
        if self.time is None:
            raise InputError("the readings have no time; name the time column to pick a day")
        of_day = self.time.astype("datetime64[D]") == np.datetime64(day, "D")
        report = self.report.without(self.rows_in(~of_day), "other day")
        if not of_day.any():
            raise InputError(f"no reading on {day}; there are readings from {self.dates[0]} to {self.dates[-1]}")
        values = report.values and report.values.narrowed_to(self.value[of_day])
        examples = tuple(one for one in report.examples if one.time.startswith(str(day)))
        return self.select(of_day, replace(report, values=values, examples=examples))

    def rows_in(self, which: np.ndarray) -> int:
        """Rows of the table that the readings at a boolean mask stand for."""
        return int(np.count_nonzero(which) if self.rows is None else self.rows[which].sum())

    def select(self, keep: np.ndarray, report: ReadingReport | None = None) -> "Observations":
        """The readings at a boolean mask or index array; `report` stays unless one is given."""
        arrays = {name: getattr(self, name) for name in ("x", "y", "value", "time", "id", "group", "rows", "flags", "hours", "error")}
        picked = {name: None if array is None else array[keep] for name, array in arrays.items()}
        return replace(self, report=report or self.report, **picked)

    def with_flag(self, flag: int, which: np.ndarray) -> "Observations":
        """The same readings, with a remark on those at a boolean mask."""
        if not which.any():
            return self
        flags = np.zeros(len(self), np.uint8) if self.flags is None else self.flags.copy()
        flags[which] |= np.uint8(flag)
        return replace(self, flags=flags)

    def has_flag(self, flag: int) -> np.ndarray:
        """Which readings carry a remark, a bool array."""
        return np.zeros(len(self), bool) if self.flags is None else (self.flags & flag) > 0
