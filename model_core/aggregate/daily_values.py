"""Hours to the value of a day: the mean, the largest 8-hour mean, or the largest hour."""

from __future__ import annotations

import numpy as np

from model_core.errors import InputError

MEAN, MAX_8H, MAX_1H = "mean", "max8h", "max1h"
DAILY = (MEAN, MAX_8H, MAX_1H)
DAILY_WORDS = {MEAN: "daily means", MAX_8H: "daily maximum 8-hour means", MAX_1H: "daily maximum 1-hour values"}
# Directive 2008/50/EC, annex VII A and XI: 6 of the 8 hours, 18 of the 24 running means, 75 % of a day's hours.
_HOURS_OF_8, _MEANS_OF_24, _HOURS_OF_24 = 6, 18, 18
_DAY = np.timedelta64(1, "D")


class DailyValues:
    """Makes the value of each day of hours that come day after day.

    A running 8-hour mean belongs to the day in which it ends, so that the first of a day takes seven hours of the day before.

    Parameters
    ----------
    daily : one of `DAILY`
    needed : valid hours that a daily mean needs; the largest 8-hour mean needs 18 running means of 6 hours each, the largest hour 18 hours
    """

    def __init__(self, daily: str, needed: int):
        if daily not in DAILY:
            raise InputError(f"unknown value of a day '{daily}'; choose {', '.join(DAILY)}")
        self._daily, self._needed = daily, needed
        self._day: np.datetime64 | None = None
        self._evening: np.ndarray | None = None  # the last seven hours of the day before

    def of(self, day: np.datetime64, hours: np.ndarray, fields: np.ndarray) -> np.ndarray:
        """The value of a day, float32 (rows, columns), NaN where too few hours are valid.

        Parameters
        ----------
        day : datetime64[D]; days come in order
        hours : int, hour of the day of each field, in order; of an hour that the clock shows twice the second counts in 8-hour means
        fields : float32 (hours, rows, columns), NaN where there is no value
        """
        if self._daily == MEAN:
            return _mean(fields, self._needed)
        if self._daily == MAX_1H:
            return _largest(fields, _HOURS_OF_24)
        whole = np.full((31, *fields.shape[1:]), np.nan, np.float32)
        whole[7 + np.asarray(hours)] = fields
        if self._day is not None and day - self._day == _DAY:
            whole[:7] = self._evening
        self._day, self._evening = day, whole[-7:].copy()
        return _largest(_running_means(whole, 8, _HOURS_OF_8), _MEANS_OF_24)


def _mean(fields: np.ndarray, needed: int) -> np.ndarray:
    valid = np.isfinite(fields)
    count = valid.sum(0, dtype=np.int32)
    total = np.where(valid, fields, 0).sum(0, dtype=np.float64)
    return np.where(count >= needed, total / np.maximum(count, 1), np.nan).astype(np.float32)


def _largest(fields: np.ndarray, needed: int) -> np.ndarray:
    valid = np.isfinite(fields)
    largest = np.where(valid, fields, -np.inf).max(0)
    return np.where(valid.sum(0) >= needed, largest, np.nan).astype(np.float32)


def _running_means(fields: np.ndarray, length: int, needed: int) -> np.ndarray:
    """Means of `length` fields in a row, float32 (fields - length + 1, rows, columns), NaN where fewer than `needed` are valid."""
    valid = np.isfinite(fields)
    total = _window_sums(np.where(valid, fields, 0).astype(np.float64), length)
    count = _window_sums(valid.astype(np.int32), length)
    return np.where(count >= needed, total / np.maximum(count, 1), np.nan).astype(np.float32)


def _window_sums(values: np.ndarray, length: int) -> np.ndarray:
    sums = np.cumsum(values, axis=0)
    sums[length:] = sums[length:] - sums[:-length]
    return sums[length - 1 :]
