"""Which days or hours a period has."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Mapping

import numpy as np

from model_core.days import parse_day
from model_core.errors import InputError
from model_core.output.cf import TimeAxis
from model_core.period.step_readings import STEPS, GriddedSeries
from model_core.time_zones import parse_time_zone, same_offset


def requested_period(request: Mapping[str, Any]) -> tuple[np.datetime64 | None, np.datetime64 | None]:
    """Start of the first day and end of the last, datetime64[s]; None where the readings decide."""
    first, last = (parse_day(request[key]) if request.get(key) else None for key in ("start", "end"))
    if first and last and first > last:
        raise InputError(f"the period ends on {last}, before it starts on {first}")
    after = None if last is None else last + timedelta(days=1)
    return tuple(None if day is None else np.datetime64(day, "s") for day in (first, after))


def time_axis(series: GriddedSeries, step: str, start: np.datetime64 | None, end: np.datetime64 | None, zone: str) -> TimeAxis:
    """Every step from `start` to before `end`, or from the first reading to the last.

    Raises
    ------
    InputError
        If there is no reading, or an hour comes twice because clocks are changed within the period.
    """
    span = series.span
    if span is None and (start is None or end is None):
        raise InputError(series.nothing())
    one = np.timedelta64(1, STEPS[step])
    first = start if start is not None else span[0]
    after = end if end is not None else span[1] + one
    if first >= after:
        raise InputError(f"no reading in the period: the readings are of {span[0]} to {span[1]}")
    times = TimeAxis(np.arange(first, after, one).astype("datetime64[s]"), step, zone)
    _require_steady_hours(times)
    return times


def _require_steady_hours(times: TimeAxis) -> None:
    """Hours that a clock shows twice can't be told apart on an axis of local times."""
    if times.step == "hour" and times.zone and not same_offset(times.starts[0], times.starts[-1], parse_time_zone(times.zone)):
        raise InputError(
            f"clocks of {times.zone} are changed within the period, and an hour comes twice; "
            "choose UTC, a zone without summer time such as Etc/GMT+5, or a shorter period"
        )


def step_text(moment: np.datetime64, step: str) -> str:
    """A step as people write it: its day, or its day and hour."""
    return str(moment.astype(f"datetime64[{STEPS[step]}]"))
