"""Daily means: fields gathered by day, hourly ones averaged where enough of the day is there."""

from __future__ import annotations

from datetime import date as Date

import numpy as np

from model_core.errors import InputError
from model_core.progress import Progress

_ENOUGH = 0.75  # of a day: more than 18 of 24 hourly values


class DailyMeans:
    """Gathers fields of several variables and files, each float32 of shape (rows, columns).

    Parameters
    ----------
    utc_offset_hours : float
        What hourly times are shifted by before they are given to a day.
    """

    def __init__(self, utc_offset_hours: float = 0):
        self._offset = np.timedelta64(round(utc_offset_hours * 3600), "s")
        self._days: dict[str, dict[np.datetime64, np.ndarray]] = {}
        self._sums: dict[str, dict[np.datetime64, list[np.ndarray]]] = {}  # sum and count
        self._times: dict[str, dict[np.datetime64, str]] = {}  # time -> file it came from

    def add_day(self, key: str, day: np.datetime64, values: np.ndarray, source: str) -> None:
        """A field that is a daily mean already; `InputError` if that day is there."""
        self._once(key, day.astype("datetime64[s]"), f"day {day}", source)
        self._days.setdefault(key, {})[day] = values

    def add_hour(self, key: str, time: np.datetime64, values: np.ndarray, source: str) -> None:
        """A field of one time in UTC; `InputError` if that time is there."""
        self._once(key, time, f"time {time}", source)
        day = (time + self._offset).astype("datetime64[D]")
        valid = np.isfinite(values)
        total, count = self._sums.setdefault(key, {}).setdefault(
            day, [np.zeros(values.shape, np.float32), np.zeros(values.shape, np.int16)]
        )
        total += np.where(valid, values, 0)
        count += valid

    def finish(self, progress: Progress) -> tuple[list[Date], dict[str, np.ndarray]]:
        """(days that all variables have, variable key -> float32 of shape (days, rows, columns)).

        Raises
        ------
        InputError
            If hourly fields give no whole day, or the variables have no day in common.
        """
        for key in list(self._sums):
            self._average(key, progress)
        if not self._days:
            return [], {}
        common = set.intersection(*(set(days) for days in self._days.values()))
        if not common:
            spans = ", ".join(f"{key} {min(days)} to {max(days)}" for key, days in self._days.items())
            raise InputError(f"the variables have no day in common: {spans}")
        every = set.union(*(set(days) for days in self._days.values()))
        if len(every) > len(common):
            progress.warn(f"{len(every) - len(common)} of {len(every)} days left out, because a variable lacks them")
        order = sorted(common)
        return [day.item() for day in order], {
            key: np.stack([days[day] for day in order]) for key, days in self._days.items()
        }

    def _once(self, key: str, time: np.datetime64, what: str, source: str) -> None:
        seen = self._times.setdefault(key, {})
        if time in seen:
            raise InputError(f"{what} of {key} comes twice, from '{seen[time]}' and '{source}'; name each day once")
        seen[time] = source

    def _average(self, key: str, progress: Progress) -> None:
        """Turn the sums of a variable into daily means."""
        times = np.array(sorted(self._times[key]))
        if len(times) < 2:
            raise InputError(
                f"{key} in '{self._times[key][times[0]]}' has the single time {times[0]} without time bounds, so it can't be told "
                "whether it is a daily mean; add time bounds, or name the files of the other hours too"
            )
        step = float(np.diff(times).min() / np.timedelta64(1, "h"))
        needed = _ENOUGH * 24 / step
        incomplete = 0
        for day, (total, count) in self._sums.pop(key).items():
            enough = count > needed
            if not enough.any():
                incomplete += 1
                continue
            self._days.setdefault(key, {})[day] = np.divide(
                total, count, out=np.full(total.shape, np.nan, np.float32), where=enough
            )
        if key not in self._days:
            raise InputError(
                f"{key}: no day is complete; there are {len(times)} times from {times[0]} to {times[-1]}, "
                f"and a day needs more than {needed:g} of them"
            )
        if incomplete:
            progress.warn(f"{key}: {incomplete} incomplete day(s) left out; a day needs more than {needed:g} times")
