"""The days of a cross-validation, from what a request names: readings of the target, of other variables, and CTM fields."""

from __future__ import annotations

from datetime import date as Date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Sequence

import numpy as np

from model_core.days import parse_day
from model_core.errors import InputError
from model_core.grid import Grid
from model_core.jobs.background import requested_background
from model_core.jobs.requests import as_daily_means, known_weather, read_source, requested_hours, tell_readings
from model_core.jobs.sources import requested_source
from model_core.model_file import Model
from model_core.progress import Progress
from model_core.stations.gridding import all_outside, locate_cells
from model_core.stations.readings import Observations
from model_core.stations.source import Source
from model_core.validation.cross_validation import Day
from model_core.variables import get_variable

if TYPE_CHECKING:
    from model_core.background.reading import BackgroundDays


def requested_days(request: dict[str, Any], model: Model, grid: Grid, folder: Path, progress: Progress) -> list[Day]:
    """Every day that the table holds (only `date`, where one is named); without a time column all readings are one day.

    `folder` keeps the daily fields of the CTM, where there is one.

    Raises
    ------
    InputError
        As `observations_of`; if the model does not know the days' species; if the CTM has none of the days.
    """
    target = get_variable(model.configuration.target)
    observations = _read(request, requested_source(request, target.key), progress)
    tell_readings(observations.report, target.key, progress, observations.seen, observations.stations)
    dates: list[Date | None] = list(observations.dates) or [parse_day(request["date"]) if request.get("date") else None]
    progress.step(0.3, "reading further inputs")
    further = _further(request, model, dates, grid, progress)
    background = _backgrounds(request, model, dates, grid, progress)
    ctm = _ctm_fields(request, target.key, dates, grid, folder, progress.part(0.3, 1.0)) if request.get("ctm") else background
    return [
        Day(
            observations if observations.time is None else observations.on_day(date),
            further.get(date, {}),
            date,
            ctm.get(date),
            background.get(date),
        )
        for date in dates
    ]


def values_used(days: Sequence[Day], grid: Grid, target: str) -> dict[str, np.ndarray]:
    """All readings of each variable that lie in the grid, in canonical units."""
    found: dict[str, list[np.ndarray]] = {}
    for day in days:
        for name, observations in {target: day.observations, **day.further}.items():
            found.setdefault(name, []).append(observations.value[locate_cells(observations, grid)[1]])
    return {name: np.concatenate(values) for name, values in found.items()}


def _read(request: dict[str, Any], source: Source, progress: Progress) -> Observations:
    day = parse_day(request["date"]) if request.get("date") else None
    return as_daily_means(read_source(source, day, progress), requested_hours(request), progress)


def _further(
    request: dict[str, Any], model: Model, dates: list[Date | None], grid: Grid, progress: Progress
) -> dict[Date | None, dict[str, Observations]]:
    """Readings of the other variables that the model knows, by day; a day without any of one lacks it."""
    found: dict[Date | None, dict[str, Observations]] = {date: {} for date in dates}
    for key, source in known_weather(request, model, progress):
        observations = _read(request, source, progress)
        if not locate_cells(observations, grid)[1].any():
            raise InputError(f"{get_variable(key).long_name}: {all_outside(observations, grid)}")
        have = set(dates if observations.time is None else observations.dates)
        for date in dates:
            if date in have:
                found[date][key] = observations if observations.time is None else observations.on_day(date)
        lacking = len(set(dates) - have)
        if lacking:
            progress.warn(f"{get_variable(key).long_name}: no reading on {lacking} of {len(dates)} day(s)")
    return found


def _backgrounds(
    request: dict[str, Any], model: Model, dates: list[Date | None], grid: Grid, progress: Progress
) -> dict[Date | None, Callable[[], np.ndarray]]:
    """What gives the background of each day, where its files have the day; `InputError` if they have none."""
    days = requested_background(request, model, grid, progress)
    if days is None:
        return {}
    if dates == [None]:
        return {None: partial(_field_of, days, None, progress)}
    found: dict[Date | None, Callable[[], Any]] = {
        date: partial(_field_of, days, date, progress) for date in dates if date in set(days.days)
    }
    if not found:
        raise InputError(
            f"the background's files hold {days.days[0]} to {days.days[-1]}, none of the days of the readings ({dates[0]} to {dates[-1]})"
        )
    if len(found) < len(dates):
        lacking = [str(date) for date in dates if date not in found]
        progress.warn(f"the background lacks {len(lacking)} of {len(dates)} days, the first {lacking[0]}: they are predicted without it")
    return found


def _field_of(days: BackgroundDays, date: Date | None, progress: Progress) -> np.ndarray:
    from model_core.background.reading import background_of

    return background_of(days, date, progress)


def _ctm_fields(
    request: dict[str, Any], species: str, dates: list[Date | None], grid: Grid, folder: Path, progress: Progress
) -> dict[Date | None, Callable[[], np.ndarray]]:
    """What gives the CTM's field of each day on the grid, where its files have the day; prepared once and kept in `folder`."""
    from model_core.jobs.ctm_days import common_days, open_ctm  # brings all that reads CTM files

    store = open_ctm(request, species, grid, folder, progress)
    days = common_days(store, dates, progress, "on those the baselines that need one say nothing")
    return {date: partial(store.field, species, number) for date, number in days.items()}
