"""What several jobs read from their requests in the same way."""

from __future__ import annotations

from datetime import date as Date
from pathlib import Path
from typing import Any, Iterator, Mapping

import numpy as np

from model_core.analysis import CHOICES
from model_core.days import parse_day
from model_core.errors import InputError
from model_core.grid import Grid, parse_grid
from model_core.model_file import Model
from model_core.progress import Progress
from model_core.stations.daily import HOURS, daily_means, require_days
from model_core.stations.gridding import GriddedReadings, grid_observations
from model_core.stations.observations import Observations, read_observations
from model_core.time_zones import Clock

DEFAULT_GRID = "china12km"
BUNDLED = "bundled"
# Station variables beside the target that a request can name as FILE:COLUMN.
WEATHER = ("rh", "wind")


def requested_analysis(request: Mapping[str, Any]) -> str:
    """The choice of the analysis step; off where nothing is said."""
    choice = request.get("analysis") or "off"
    if choice not in CHOICES:
        raise InputError(f"unknown choice of analysis '{choice}'; known are {', '.join(CHOICES)}")
    return choice


def required(request: Mapping[str, Any], key: str) -> Any:
    """A value that the job can't do without."""
    value = request.get(key)
    if value in (None, "", []):
        raise InputError(f"'{key}' is missing")
    return value


def requested_grid(request: Mapping[str, Any]) -> Grid:
    """The grid of the request, or the preset."""
    return parse_grid(request.get("grid") or DEFAULT_GRID)


def requested_observations(
    request: Mapping[str, Any], species: str, progress: Progress
) -> tuple[Observations, Date | None]:
    """The readings of the main variable, and their day where it is known.

    A date picks a day by the time column, in the request's time zone. Without such a column the date is taken for the day
    of all readings, with a warning. Hourly readings become daily means (`daily.daily_means`).

    Raises
    ------
    InputError
        As `read_observations`, and if the table holds several days and none was chosen.
    """
    time, day = request.get("time"), parse_day(request["date"]) if request.get("date") else None
    observations = read_observations(
        required(request, "stations"), required(request, "value"), species=species, unit=request.get("unit") or None,
        date=day if time else None, **_table_options(request, request.get("crs")),
        **{key: request.get(key) or None for key in ("id", "group")},
    )
    observations = as_daily_means(observations, requested_hours(request), progress)
    if day and not time:
        progress.warn(f"no time column was named: all readings are taken to be of {day}")
        return observations, day
    dates = observations.dates
    if len(dates) > 1:
        raise InputError(
            f"the readings are of {len(dates)} days, {dates[0]} to {dates[-1]}; choose one with the date"
        )
    return observations, dates[0] if dates else None


def known_weather(request: Mapping[str, Any], model: Model, progress: Progress) -> Iterator[tuple[str, tuple[str, str]]]:
    """(variable, (file, column)) of each further variable that the request names and the model knows; others with a warning."""
    for key in WEATHER:
        source = file_and_column(request, key)
        if source is None:
            continue
        if key in model.configuration.station_variables:
            yield key, source
        else:
            progress.warn(f"the model does not know {key}; its readings are not used")


def requested_weather(
    request: Mapping[str, Any], key: str, source: tuple[str, str], day: Date | None, progress: Progress
) -> Observations:
    """Readings of a further variable from its file and column."""
    options = _table_options(request, request.get(f"{key}_crs") or request.get("crs"))
    observations = read_observations(
        *source, species=key, unit=request.get(f"{key}_unit") or None,
        date=day if options["time"] else None, id=request.get("id") or None, **options,
    )
    return as_daily_means(observations, requested_hours(request), progress)


def file_and_column(request: Mapping[str, Any], key: str) -> tuple[str, str] | None:
    """What ``FILE:COLUMN`` names, or None where the request names nothing."""
    source = request.get(key)
    if not source:
        return None
    file, colon, column = str(source).rpartition(":")
    if not colon or not file or not column:
        raise InputError(f"{key} '{source}': write FILE:COLUMN")
    return file, column


def requested_hours(request: Mapping[str, Any]) -> int:
    """Valid hours that a daily mean needs."""
    hours = request.get("hours")
    hours = HOURS if hours in (None, "") else int(hours)
    if not 1 <= hours <= 24:
        raise InputError(f"a day has 1 to 24 hours; a daily mean can't need {hours} of them")
    return hours


def requested_clock(request: Mapping[str, Any]) -> Clock | None:
    """Whose days count, and in which zone the table is written; None where no time zone is named."""
    return Clock.named(request.get("time_zone"), request.get("times_in"))


def requested_covariates(
    request: dict[str, Any], model: Model, grid: Grid, progress: Progress
) -> dict[str, np.ndarray]:
    """Maps of the user's file that the model knows, on the grid; they overrule the model's own."""
    if not request.get("covariates"):
        return {}
    from model_core.covariates import read_covariates  # brings all that reads CTM files, which most runs can do without

    file = Path(request["covariates"])
    maps = read_covariates(file, grid)
    known = model.configuration.covariates
    used = {key: values for key, values in maps.items() if key in known and np.isfinite(values).any()}
    for key, values in used.items():
        progress.log(f"{key} from {file.name}, for {np.isfinite(values).mean():.1%} of the cells")
    if not used:
        progress.warn(
            f"nothing of {file.name} is used: the model knows {', '.join(known) or 'no map'}, the file holds {', '.join(maps)}"
        )
    return used


def gridded(observations: Observations, grid: Grid, progress: Progress, name: str) -> GriddedReadings:
    """Cell means, with an account of the readings in the log and a warning where many were dropped."""
    readings = grid_observations(observations, grid)
    report = readings.report
    text = f"{name}: {report}; {readings.cells} cells hold readings"
    unused = sum(count for reason, count in report.dropped.items() if reason != "other day")
    if unused > 0.2 * (unused + report.used):
        progress.warn(text)
    else:
        progress.log(text)
    return readings


def reading_account(readings: GriddedReadings) -> dict[str, Any]:
    """How many readings were used and dropped, for a result."""
    return {**readings.report.to_dict(), "cells": readings.cells}


def field_statistics(field: np.ndarray) -> dict[str, float]:
    """Smallest, mean and largest finite value."""
    return {
        "min": float(np.nanmin(field)), "mean": float(np.nanmean(field, dtype=float)), "max": float(np.nanmax(field)),
    }


def as_daily_means(observations: Observations, hours: int, progress: Progress) -> Observations:
    """Daily means where the table has hours; other readings count as they are."""
    if not observations.hourly:
        return observations
    daily = daily_means(observations, hours)
    require_days(daily, observations, hours)
    progress.log(f"{observations.species}: hourly readings to {len(daily)} daily means of at least {hours} hours")
    return daily


def _table_options(request: Mapping[str, Any], crs: Any) -> dict[str, Any]:
    return {
        "crs": crs or None, "clock": requested_clock(request) if request.get("time") else None,
        **{key: request.get(key) or None for key in ("x", "y", "time")},
    }
