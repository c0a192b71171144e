"""Time zones: which local time, and so which day, a moment belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any, Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from model_core.errors import InputError


def parse_time_zone(name: str) -> tzinfo:
    """The time zone of a name such as Asia/Shanghai or UTC; `InputError` if there is none of that name."""
    if str(name).upper() == "UTC":
        return timezone.utc
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InputError(f"unknown time zone '{name}'; give a name such as UTC, Asia/Shanghai, America/New_York or Etc/GMT-8") from error


def local_times(times: np.ndarray, zone: tzinfo) -> np.ndarray:
    """Local times, datetime64[s], of times in UTC; summer time is respected, NaT stays."""
    if zone is timezone.utc or not len(times):
        return times.astype("datetime64[s]")
    return times.astype("datetime64[s]") + _offsets(times, lambda moment: moment.replace(tzinfo=timezone.utc).astimezone(zone))


def local_days(times: np.ndarray, zone: tzinfo) -> np.ndarray:
    """The day, datetime64[D], in a time zone of each time, datetime64[s] in UTC; summer time is respected."""
    return local_times(times, zone).astype("datetime64[D]")


def utc_times(times: np.ndarray, zone: tzinfo) -> np.ndarray:
    """Times in UTC, datetime64[s], of local times; of an hour that a clock shows twice, the first."""
    if zone is timezone.utc or not len(times):
        return times.astype("datetime64[s]")
    return times.astype("datetime64[s]") - _offsets(times, lambda moment: moment.replace(tzinfo=zone))


def same_offset(first: np.datetime64, last: np.datetime64, zone: tzinfo) -> bool:
    """Whether clocks of the zone are never changed between two UTC times."""
    hours = np.arange(first.astype("datetime64[D]"), last.astype("datetime64[D]") + 2).astype("datetime64[s]")
    return len(np.unique(local_times(hours, zone) - hours)) == 1


@dataclass(frozen=True)
class Clock:
    """Whose days and hours count.

    Attributes
    ----------
    zone : the zone of the days and hours
    written : the zone of times in a table that carry no offset; times that carry one need none
    """

    zone: tzinfo
    written: tzinfo

    @classmethod
    def named(cls, zone: str | None, written: str | None = None) -> "Clock | None":
        """The clock of two zone names, `written` being `zone` by default; None where no zone is named: times count as they stand."""
        if not zone:
            if written:
                raise InputError(f"the times are said to be in '{written}', but not whose days count; give the time zone too")
            return None
        return cls(parse_time_zone(zone), parse_time_zone(written or zone))

    def local(self, times: np.ndarray, offsets: np.ndarray) -> np.ndarray:
        """Local times of `zone`, datetime64[s].

        Parameters
        ----------
        times : datetime64[s], as written
        offsets : timedelta64[s] from UTC that each time carries; NaT where it carries none
        """
        carried = ~np.isnat(offsets)
        times, written = times.astype("datetime64[s]").copy(), times.astype("datetime64[s]")
        times[carried] = local_times(written[carried] - offsets[carried], self.zone)
        if self.written != self.zone:
            times[~carried] = local_times(utc_times(written[~carried], self.written), self.zone)
        return times

    def offset_of(self, name: str, year: int) -> np.timedelta64:
        """timedelta64[s] from UTC that a name such as CET or EDT means in the zone `written` in a year; NaT where it has no such name."""
        for month in range(1, 13):
            moment = datetime(year, month, 1, 12, tzinfo=self.written)
            if moment.tzname() == name:
                return np.timedelta64(int(moment.utcoffset() / timedelta(seconds=1)), "s")
        return np.timedelta64("NaT", "s")


def _offsets(times: np.ndarray, aware: Callable[[datetime], datetime]) -> np.ndarray:
    """timedelta64[s] of each time; `aware` gives a datetime its zone. Clocks are changed on a quarter of an hour."""
    offsets = np.zeros(len(times), "timedelta64[s]")
    known = ~np.isnat(times)
    quarters, place = np.unique(times[known].astype("datetime64[s]").astype(np.int64) // 900, return_inverse=True)
    moments = (quarters * 900).astype("datetime64[s]")
    offsets[known] = np.array([_offset(moment.item(), aware) for moment in moments], "timedelta64[s]")[place]
    return offsets


def _offset(moment: Any, aware: Callable[[datetime], datetime]) -> int:
    try:
        return int(aware(moment).utcoffset() / timedelta(seconds=1))
    except (OverflowError, AttributeError) as error:  # numpy gives years beyond Python's calendar as plain numbers
        raise InputError(f"time {moment} is beyond what calendars with time zones know") from error
