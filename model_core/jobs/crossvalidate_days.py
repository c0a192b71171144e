"""The days of a cross-validation, from what a request names: readings of the target, of other variables, and CTM fields."""

from __future__ import annotations

from datetime import date as Date
from typing import Any

import numpy as np

from model_core.days import parse_day
from model_core.errors import InputError
from model_core.grid import Grid
from model_core.jobs.requests import WEATHER, file_and_column, requested_clock, requested_hours, required
from model_core.model_file import Model
from model_core.progress import Progress
from model_core.stations.daily import daily_means, require_days
from model_core.stations.gridding import GriddedReadings, grid_observations, locate_cells
from model_core.stations.observations import Observations, read_observations
from model_core.validation.cross_validation import Day
from model_core.variables import get_variable
from model_core.warping import warp


def requested_days(request: dict[str, Any], model: Model, grid: Grid, progress: Progress) -> list[Day]:
    """Every day that the table holds (only `date`, where one is named); without a time column all readings are one day.

    Raises
    ------
    InputError
        As `read_observations`; if the model does not know the days' species; if the CTM has none of the days.
    """
    target = get_variable(model.configuration.target)
    source = (required(request, "stations"), required(request, "value"))
    observations = _read(request, source, target.key, request.get("unit"), request.get("crs"), progress)
    progress.log(f"{target.long_name}: {observations.report}")
    dates: list[Date | None] = list(observations.dates) or [parse_day(request["date"]) if request.get("date") else None]
    progress.step(0.3, "reading further inputs")
    further = _further(request, model, dates, grid, progress)
    ctm = _ctm_fields(request, target.key, dates, grid, progress.part(0.3, 1.0))
    return [
        Day(observations if observations.time is None else observations.on_day(date), further.get(date, {}), date, ctm.get(date))
        for date in dates
    ]


def _read(
    request: dict[str, Any], source: tuple[str, str], species: str, unit: str | None, crs: Any, progress: Progress
) -> Observations:
    time = request.get("time") or None
    observations = read_observations(
        *source, species=species, unit=unit or None, crs=crs or None, time=time,
        date=request.get("date") or None if time else None, clock=requested_clock(request) if time else None,
        **{key: request.get(key) or None for key in ("x", "y", "id")},
        group=request.get("group") or None if species not in WEATHER else None,
    )
    if not observations.hourly:
        return observations
    hours = requested_hours(request)
    daily = daily_means(observations, hours)
    require_days(daily, observations, hours)
    progress.log(f"{species}: hourly readings to {len(daily)} daily means of at least {hours} hours")
    return daily


def _further(
    request: dict[str, Any], model: Model, dates: list[Date | None], grid: Grid, progress: Progress
) -> dict[Date | None, dict[str, GriddedReadings]]:
    """Gridded readings of the other variables that the model knows, by day; a day without any of one lacks it."""
    found: dict[Date | None, dict[str, GriddedReadings]] = {date: {} for date in dates}
    for key in WEATHER:
        source = file_and_column(request, key)
        if source is None:
            continue
        if key not in model.configuration.station_variables:
            progress.warn(f"the model does not know {key}; its readings are not used")
            continue
        observations = _read(request, source, key, request.get(f"{key}_unit"), request.get(f"{key}_crs") or request.get("crs"), progress)
        for date in dates:
            of_day = observations if observations.time is None or date not in observations.dates else observations.on_day(date)
            if observations.time is not None and date not in observations.dates:
                continue
            if locate_cells(of_day, grid)[1].any():
                found[date][key] = grid_observations(of_day, grid)
        lacking = sum(key not in readings for readings in found.values())
        if lacking:
            progress.warn(f"{get_variable(key).long_name}: no reading on the grid on {lacking} of {len(dates)} day(s)")
    return found


def _ctm_fields(
    request: dict[str, Any], species: str, dates: list[Date | None], grid: Grid, progress: Progress
) -> dict[Date | None, np.ndarray]:
    """The CTM's field of each day on the grid, where its files have the day."""
    if not request.get("ctm"):
        return {}
    from model_core.ctm.fields import read_ctm

    files = request["ctm"]
    ctm = read_ctm(files, [species], progress, **({"time_zone": request["time_zone"]} if request.get("time_zone") else {}))
    if species not in ctm.fields:
        raise InputError(f"the CTM files hold no {get_variable(species).long_name}")
    if dates == [None] and len(ctm.times) == 1:
        progress.log(f"the readings have no day: they are compared with the only one of the CTM, {ctm.times[0]}")
        return {None: warp(ctm.fields[species][0], ctm.grid, grid)}
    found = {date: warp(ctm.fields[species][ctm.times.index(date)], ctm.grid, grid) for date in dates if date in ctm.times}
    if not found:
        have = f"{ctm.times[0]} to {ctm.times[-1]}" if ctm.times else "no day"
        raise InputError(f"the CTM files hold {have}, none of the days of the readings ({dates[0]} to {dates[-1]}); name the time column, or other files")
    if len(found) < len(dates):
        progress.warn(f"the CTM files lack {len(dates) - len(found)} of {len(dates)} days; on those avna and evna say nothing")
    return found
