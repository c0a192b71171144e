"""The periods that days are put together in: months, seasons, years, all of them, and the same months or seasons of several years."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model_core.errors import InputError
from model_core.output.cf import TimeAxis

BY = ("period", "month", "season", "year", "monthly-climatology", "seasonal-climatology")
SEASONS = ("DJF", "MAM", "JJA", "SON")
SEASON_NAMES = {"DJF": "December–February", "MAM": "March–May", "JJA": "June–August", "SON": "September–November"}
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")


@dataclass(frozen=True)
class Period:
    """Days that are put together.

    Attributes
    ----------
    label : such as "2019-01", "DJF 2019", "2019", "January", "MAM", or first and last day
    start, end : datetime64[D], from the first day to before `end`; of a climatology, from the first month to after the last
    expected : how many days it has, those without a field too
    days : datetime64[D] of the days that have a field, in order
    climatological : whether it is the same part of several years
    """

    label: str
    start: np.datetime64
    end: np.datetime64
    expected: int
    days: np.ndarray
    climatological: bool = False

    @property
    def interval(self) -> str:
        """ISO 8601, its end excluded: 2019-01-01/2019-02-01."""
        return f"{self.start}/{self.end}"


@dataclass(frozen=True)
class PeriodAxis(TimeAxis):
    """A time axis of periods of any length; `starts` and `ends` are datetime64[s], their values days."""

    ends: np.ndarray = None
    climatological: bool = False

    @classmethod
    def of(cls, periods: list[Period], zone: str) -> "PeriodAxis":
        """The axis of periods in order of their starts."""
        starts, ends = (np.array([getattr(period, name) for period in periods]).astype("datetime64[s]") for name in ("start", "end"))
        return cls(starts, "day", zone, ends, periods[0].climatological)

    @property
    def bounds(self) -> np.ndarray:
        """int32 (periods, 2): first day, and the day after the last."""
        origin = self.starts[0].astype("datetime64[D]")
        ends = (self.ends.astype("datetime64[D]") - origin).astype(np.int32)
        return np.stack([self.values, ends], axis=1)

    @property
    def attributes(self) -> dict[str, str]:
        """Of the variable `time`; the bounds of a climatology are said as CF 7.4 has it."""
        found = {**super().attributes, "long_name": "first day of the period"}
        if self.climatological:
            found["climatology"] = found.pop("bounds")
        return found


def periods_of(days: np.ndarray, by: str) -> list[Period]:
    """The periods that have days, in order of their start.

    Months, seasons and years are those of the calendar, and are expected to be complete. A season is named after the year of its last
    month: December belongs to the winter (DJF) of the next year. `period` and the climatologies are expected to have the days between
    the first and the last day at hand; a climatology has the same months or seasons of all years in one.

    Parameters
    ----------
    days : datetime64[D], without repeats
    by : one of `BY`

    Raises
    ------
    InputError
        If `by` is none of these.
    """
    if by not in BY:
        raise InputError(f"periods by '{by}' are unknown; choose {', '.join(BY)}")
    days = np.sort(days)
    if by == "period":
        first, after = days[0], days[-1] + 1
        label = str(first) if len(days) == 1 else f"{first} to {days[-1]}"
        return [Period(label, first, after, int((after - first).astype(int)), days)]
    key = _keys(days, by)
    if by.endswith("climatology"):
        return _climatology(days, key, by)
    return [_calendar_period(days[key == one], int(one), by) for one in np.unique(key)]


def _keys(days: np.ndarray, by: str) -> np.ndarray:
    """A whole number for the month, season or year of each day, counted from 1970."""
    months = days.astype("datetime64[M]").astype(int)
    if by.startswith("month"):
        return months
    return (months + 1) // 3 if by.startswith("season") else months // 12


def _first_month(key: int, by: str) -> int:
    """The month, counted from January 1970, in which a period begins."""
    return key if by.startswith("month") else 3 * key - 1 if by.startswith("season") else 12 * key


def _calendar_period(days: np.ndarray, key: int, by: str) -> Period:
    start, end = (np.datetime64(_first_month(one, by), "M").astype("datetime64[D]") for one in (key, key + 1))
    year = 1970 + key // 4
    label = str(start)[:7] if by == "month" else f"{SEASONS[key % 4]} {year}" if by == "season" else str(1970 + key)
    return Period(label, start, end, int((end - start).astype(int)), days)


def _climatology(days: np.ndarray, key: np.ndarray, by: str) -> list[Period]:
    names = MONTHS if by.startswith("month") else SEASONS
    span = np.arange(days[0], days[-1] + 1)
    of_span = _keys(span, by) % len(names)
    found = []
    for part in np.unique(key % len(names)):
        inside = key % len(names) == part
        first, last = int(key[inside].min()), int(key[inside].max())
        start, end = (np.datetime64(_first_month(one, by), "M").astype("datetime64[D]") for one in (first, last + 1))
        found.append(Period(names[part], start, end, int((of_span == part).sum()), days[inside], True))
    return sorted(found, key=lambda period: period.start)
