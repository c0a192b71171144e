"""Days and daily means: which local day a time belongs to, and a mean where enough of the day is there."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from model_core.errors import InputError

_ENOUGH = 0.75  # of a day: more than 18 of 24 hourly values


def parse_time_zone(name: str) -> tzinfo:
    """The time zone of a name such as Asia/Shanghai or UTC; `InputError` if there is none of that name."""
    if str(name).upper() == "UTC":
        return timezone.utc
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InputError(f"unknown time zone '{name}'; give a name such as UTC, Asia/Shanghai, America/New_York or Etc/GMT-8") from error


def local_days(times: np.ndarray, zone: tzinfo) -> np.ndarray:
    """The day, datetime64[D], in a time zone of each time, datetime64[s] in UTC; summer time is respected."""
    if zone is timezone.utc or not len(times):
        return times.astype("datetime64[D]")
    hours, place = np.unique(times.astype("datetime64[h]"), return_inverse=True)  # offsets change at most hourly
    offsets = [_offset(hour.item(), zone) for hour in hours]
    return (times + np.array(offsets, "timedelta64[s]")[place]).astype("datetime64[D]")


def needed_count(step_hours: float) -> float:
    """A day's mean needs more values than this: 18 of hourly ones."""
    return _ENOUGH * 24 / step_hours


class DailyMean:
    """The mean of a day's fields, taken in one block after the other.

    Only a sum and a count are held, each (rows, columns).
    """

    def __init__(self, shape: tuple[int, int]):
        self._total = np.zeros(shape, np.float64)
        self._count = np.zeros(shape, np.int32)

    def add(self, fields: np.ndarray) -> None:
        """Fields (times, rows, columns), NaN where there is no value."""
        valid = np.isfinite(fields)
        self._total += np.where(valid, fields, 0).sum(0, dtype=np.float64)
        self._count += valid.sum(0, dtype=np.int32)

    def result(self, needed: float) -> np.ndarray:
        """float32 (rows, columns), NaN in cells with no more than `needed` values."""
        enough = self._count > needed
        mean = np.divide(self._total, self._count, out=np.full(self._total.shape, np.nan), where=enough)
        return mean.astype(np.float32)


def _offset(moment: datetime, zone: tzinfo) -> int:
    try:
        return int(moment.replace(tzinfo=timezone.utc).astimezone(zone).utcoffset() / timedelta(seconds=1))
    except OverflowError as error:
        raise InputError(f"time {moment} is beyond what calendars with time zones know") from error
