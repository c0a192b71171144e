"""Hourly readings to daily means: a station counts on days with enough valid hours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model_core.errors import InputError
from model_core.stations.identity import stations_of
from model_core.stations.readings import DAILY_VALUE, FLAGS, RUNNING, ZEROED, Observations
from model_core.variables import get_variable

# "More than 18 valid hours", as the paper has it.
HOURS = 19


def daily_means(observations: Observations, needed: int = HOURS) -> Observations:
    """Mean of each station's day, where it has at least `needed` valid hours; hours are weighed alike.

    A station is as `identity.stations_of` has it. Of running means of 24 hours (`RUNNING`) the last of a day is the day's. Readings
    that are daily values among hourly ones (`DAILY_VALUE`) count as they are. The other readings are dropped as ``too few hours``. A mean below zero is set to zero. The result may be empty; it has one
    reading a station and day, in the order of days, at the start of the day.
    """
    return not_below_zero(_means(_last_running(observations), "D", needed))


def hourly_means(observations: Observations) -> Observations:
    """Mean of each station's readings in each hour, at the start of the hour; daily values among them are dropped."""
    daily = observations.has_flag(DAILY_VALUE)
    if daily.any():
        observations = observations.select(~daily, observations.report.without(observations.rows_in(daily), "daily value"))
    return not_below_zero(_means(observations, "h", 1))


def not_below_zero(observations: Observations) -> Observations:
    """The readings with those below zero, which noise of the instrument explains, set to zero, where the variable can't be negative."""
    below = observations.value < 0
    if get_variable(observations.species).limits[0] < 0 or not below.any():
        return observations
    report = observations.report.flagged(int(below.sum()), FLAGS[ZEROED])
    return replace(observations.with_flag(ZEROED, below), value=np.maximum(observations.value, 0.0), report=report)


def require_days(daily: Observations, hourly: Observations, needed: int) -> None:
    """Raise `InputError`, with the most hours that there are, if no daily mean could be made."""
    if not len(daily):
        hours = _hours(hourly)[2].max() if len(hourly) else 0
        raise InputError(
            f"no station has {needed} valid hours on a day, the most is {hours}: a daily mean needs more than 18 hours; "
            "ask for fewer hours if that is meant, or give daily means"
        )


def _last_running(observations: Observations) -> Observations:
    """The readings without those running means that a later one of the same station and day covers."""
    running = observations.has_flag(RUNNING)
    if not running.any() or observations.time is None:
        return observations
    at = np.flatnonzero(running)
    picked = observations.select(at)
    station = stations_of(picked.x, picked.y, picked.id, picked.crs)
    order = np.lexsort((picked.value, picked.time, station.number))
    of, day = station.number[order], picked.time[order].astype("datetime64[D]")
    last = np.append((of[1:] != of[:-1]) | (day[1:] != day[:-1]), True)
    keep = ~running
    keep[at[order[last]]] = True
    report = observations.report.without(observations.rows_in(~keep), "earlier running mean")
    return observations.with_flag(DAILY_VALUE, running).select(keep, report)


def _hours(observations: Observations, period: str = "D") -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(rows in order of period, station, hour and value; first row of each station's period, as a position in that order;
    hours in each of them; mean of each of them)."""
    station = stations_of(observations.x, observations.y, observations.id, observations.crs).number
    station = 2 * station + observations.has_flag(DAILY_VALUE)
    hour = observations.time.astype("datetime64[h]").astype(np.int64)
    whole = observations.time.astype(f"datetime64[{period}]").astype(np.int64)
    # In a fixed order, sums don't depend on the order of the rows, not even in the last bit.
    order = np.lexsort((observations.value, hour, station, whole))
    station, hour, whole, value = station[order], hour[order], whole[order], observations.value[order]
    new_hour = np.append(True, (np.diff(hour) != 0) | (np.diff(station) != 0))
    new_whole = np.append(True, (np.diff(whole) != 0) | (np.diff(station) != 0))
    of_hour, of_whole = np.cumsum(new_hour) - 1, (np.cumsum(new_whole) - 1)[new_hour]
    means = np.bincount(of_hour, value) / np.bincount(of_hour)
    count = np.bincount(of_whole)
    return order, np.flatnonzero(new_whole), count, np.bincount(of_whole, means) / count


def _means(observations: Observations, period: str, needed: int) -> Observations:
    if observations.time is None:
        raise InputError("the readings have no time; name the time column to average them over days")
    if not len(observations):
        return observations
    order, starts, hours, means = _hours(observations, period)
    enough = (hours >= needed) | observations.has_flag(DAILY_VALUE)[order[starts]]
    rows = np.add.reduceat(np.ones(len(order), np.int64) if observations.rows is None else observations.rows[order], starts)
    flags = None if observations.flags is None else np.bitwise_or.reduceat(observations.flags[order], starts)[enough]
    report = observations.report.without(int(rows[~enough].sum()), "too few hours")
    picked = observations.select(order[starts[enough]], report)
    start = picked.time.astype(f"datetime64[{period}]").astype("datetime64[s]")
    errors = None if observations.error is None else _mean_errors(observations.error[order], starts)[enough]
    return replace(picked, value=means[enough], time=start, hourly=False, rows=rows[enough], flags=flags, hours=hours[enough], error=errors)


def _mean_errors(errors: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Errors of means: as large as those of their readings are in the mean, see `errors`."""
    return np.add.reduceat(errors, starts) / np.diff(np.append(starts, len(errors)))
