"""The days of a cross-validation, from what a request names: readings of the target, of other variables, and CTM fields."""

from __future__ import annotations

from datetime import date as Date
from functools import partial
from pathlib import Path
from typing import Any, Callable

import numpy as np

from model_core.days import parse_day
from model_core.errors import InputError
from model_core.grid import Grid
from model_core.jobs.requests import as_daily_means, known_weather, read_source, requested_hours, tell_readings
from model_core.jobs.sources import requested_source
from model_core.model_file import Model
from model_core.progress import Progress
from model_core.stations.gridding import all_outside, locate_cells
from model_core.stations.readings import Observations
from model_core.stations.source import Source
from model_core.validation.cross_validation import Day
from model_core.variables import get_variable


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
    ctm = _ctm_fields(request, target.key, dates, grid, folder, progress.part(0.3, 1.0))
    return [
        Day(observations if observations.time is None else observations.on_day(date), further.get(date, {}), date, ctm.get(date))
        for date in dates
    ]


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


def _ctm_fields(
    request: dict[str, Any], species: str, dates: list[Date | None], grid: Grid, folder: Path, progress: Progress
) -> dict[Date | None, Callable[[], np.ndarray]]:
    """What gives the CTM's field of each day on the grid, where its files have the day; prepared once and kept in `folder`."""
    if not request.get("ctm"):
        return {}
    from model_core.ctm.daily_store import CACHE_FOLDER, open_store
    from model_core.training.series import find_files

    cache = folder / CACHE_FOLDER
    cache.mkdir(exist_ok=True)
    store = open_store(
        find_files(request["ctm"]), [species], grid, cache, progress, request.get("time_zone") or "UTC",
    )
    if species not in store.variables:
        raise InputError(f"the CTM files hold no {get_variable(species).long_name}")
    if dates == [None] and len(store.times) == 1:
        progress.log(f"the readings have no day: they are compared with the only one of the CTM, {store.times[0]}")
        return {None: partial(store.field, species, 0)}
    found = {date: partial(store.field, species, number) for number, date in enumerate(store.times) if date in dates}
    if not found:
        remedy = "name the day or the time column" if dates == [None] else "choose other files"
        raise InputError(
            f"the CTM files hold {store.times[0]} to {store.times[-1]}, none of the days of the readings ({dates[0]} to {dates[-1]}); {remedy}"
        )
    if len(found) < len(dates):
        progress.warn(f"the CTM files lack {len(dates) - len(found)} of {len(dates)} days; on those avna and evna say nothing")
    return found
