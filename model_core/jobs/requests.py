"""What several jobs read from their requests in the same way."""

from __future__ import annotations

from datetime import date as Date
from typing import Any, Mapping

import numpy as np

from model_core.days import parse_day
from model_core.errors import InputError
from model_core.grid import Grid, parse_grid
from model_core.progress import Progress
from model_core.stations.gridding import GriddedReadings, grid_observations
from model_core.stations.observations import Observations, read_observations

DEFAULT_GRID = "china12km"


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

    A date picks a day by the time column. Without such a column the date is taken for the day of all readings,
    with a warning.

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
    if day and not time:
        progress.warn(f"no time column was named: all readings are taken to be of {day}")
        return observations, day
    dates = observations.dates
    if len(dates) > 1:
        raise InputError(
            f"the readings are of {len(dates)} days, {dates[0]} to {dates[-1]}; choose one with the date"
        )
    return observations, dates[0] if dates else None


def requested_weather(request: Mapping[str, Any], key: str, species: str, day: Date | None) -> Observations | None:
    """Readings of a further variable from ``FILE:COLUMN``, or None where the request names none."""
    source = request.get(key)
    if not source:
        return None
    file, colon, column = str(source).rpartition(":")
    if not colon or not file or not column:
        raise InputError(f"{key} '{source}': write FILE:COLUMN")
    options = _table_options(request, request.get(f"{key}_crs") or request.get("crs"))
    return read_observations(
        file, column, species=species, unit=request.get(f"{key}_unit") or None,
        date=day if options["time"] else None, id=request.get("id") or None, **options,
    )


def gridded(observations: Observations, grid: Grid, progress: Progress, name: str) -> GriddedReadings:
    """Cell means, with an account of the readings in the log and a warning where many were dropped."""
    hours = 0 if observations.time is None else len(np.unique(observations.time))
    if hours > 1:
        progress.warn(
            f"{name}: readings of {hours} times of the day are averaged as they are, also where a station has few; "
            "give daily means"
        )
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


def _table_options(request: Mapping[str, Any], crs: Any) -> dict[str, Any]:
    return {"crs": crs or None, **{key: request.get(key) or None for key in ("x", "y", "time")}}
