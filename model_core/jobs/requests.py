"""What several jobs read from their requests in the same way."""

from __future__ import annotations

from datetime import date as Date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator, Mapping

import numpy as np
from affine import Affine

from model_core.analysis_choices import CHOICES
from model_core.days import parse_day
from model_core.errors import InputError
from model_core.grid import Grid, parse_crs, parse_grid
from model_core.grid_auto import AUTO, choose_grid
from model_core.jobs.sources import further_inputs, requested_source
from model_core.progress import Progress
from model_core.stations.daily import HOURS, daily_means, not_below_zero, require_days
from model_core.stations.gridding import GriddedReadings, better_exchanged, grid_observations
from model_core.stations.observations import Observations, observations_of
from model_core.stations.reading_report import ReadingReport
from model_core.stations.source import Source
from model_core.stations.suspicion import suspicions
from model_core.variables import get_variable

if TYPE_CHECKING:
    from model_core.model_file import Model

DEFAULT_GRID = "china12km"
BUNDLED = "bundled"
_FEW = 5  # places with readings below which a field of them is a guess


def requested_analysis(request: Mapping[str, Any]) -> str:
    """The choice of the analysis step; off where nothing is said."""
    choice = request.get("analysis") or "off"
    if choice not in CHOICES:
        raise InputError(f"unknown choice of analysis '{choice}'; known are {', '.join(CHOICES)}")
    return choice


def requested_report(request: Mapping[str, Any]) -> Path | None:
    """Where a report is asked for, or None; its name and the style are looked at before anything is computed."""
    if not request.get("report"):
        return None
    from model_core.report.colours import CONTINUOUS, check_style
    from model_core.report.page import check_report

    path = Path(request["report"])
    check_report(path)
    check_style(request.get("style") or CONTINUOUS)
    return path


def required(request: Mapping[str, Any], key: str) -> Any:
    """A value that the job can't do without."""
    value = request.get(key)
    if value in (None, "", []):
        raise InputError(f"'{key}' is missing")
    return value


def requested_grid(request: Mapping[str, Any]) -> Grid:
    """The grid of the request, or the preset; also one that `provenance.record.exact` took down."""
    asked = request.get("grid") or DEFAULT_GRID
    if not isinstance(asked, Mapping):
        return parse_grid(asked)
    try:
        return Grid(parse_crs(asked["wkt"]), Affine(*map(float, asked["transform"])), tuple(map(int, asked["shape"])))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"the grid lacks its CRS, transform or shape, or they are no numbers ({error}); name a grid") from error


def grid_for(
    request: Mapping[str, Any], model_grid: Grid, x: np.ndarray, y: np.ndarray, crs: Any, progress: Progress, earlier: Grid | None = None
) -> Grid:
    """The grid of the request; with ``auto``, or where none is named, the one that suits the stations (`grid_auto.choose_grid`)."""
    if not is_auto(request):
        return requested_grid(request)
    chosen = choose_grid(x, y, crs, model_grid, earlier)
    progress.log(chosen.explanation)
    if chosen.warning:
        progress.warn(chosen.warning)
    return chosen.grid


def is_auto(request: Mapping[str, Any]) -> bool:
    """Whether the stations choose the grid."""
    return (request.get("grid") or AUTO) == AUTO


def requested_observations(request: Mapping[str, Any], species: str, progress: Progress) -> tuple[Observations, Date | None]:
    """The readings of the main variable, and their day where it is known.

    A date picks a day by the time column, in the request's time zone. Without such a column the date is taken for the day
    of all readings, with a warning. Hourly readings become daily means (`daily.daily_means`). With `several_days` ``last`` the last
    of several days is taken where no date picks one, with a warning.

    Raises
    ------
    InputError
        As `observations_of`, and if the table holds several days and none was chosen.
    """
    day = parse_day(request["date"]) if request.get("date") else None
    observations = read_source(requested_source(request, species), day, progress)
    observations = as_daily_means(observations, requested_hours(request), progress)
    if day and observations.time is None:
        progress.warn(f"no time column was named: all readings are taken to be of {day}")
        return observations, day
    dates = observations.dates
    if len(dates) > 1 and request.get("several_days") == "last":
        progress.warn(f"the readings are of {len(dates)} days, {dates[0]} to {dates[-1]}; the last is taken, choose another with --date")
        return observations.on_day(dates[-1]), dates[-1]
    if len(dates) > 1:
        raise InputError(f"the readings are of {len(dates)} days, {dates[0]} to {dates[-1]}; choose one with --date")
    return observations, dates[0] if dates else None


def tell_errors(request: Mapping[str, Any], model: Model, progress: Progress) -> None:
    """Warn where errors of readings are told to a model that can't use all of them."""
    if request.get("error") and not model.configuration.kriging:
        progress.warn(f"model '{model.name}' does not krige: the errors of readings weigh them within a cell, and do no more")


def read_source(source: Source, day: Date | None, progress: Progress) -> Observations:
    """The readings of a source, of one day where one is given and they have times; what was assumed is logged."""
    observations = observations_of(source, day)
    tell_notes(observations.report, progress)
    return observations


def tell_notes(report: ReadingReport, progress: Progress) -> None:
    """What was assumed of a file goes to the log, what the user should check is a warning."""
    for kind, note in report.notes.items():
        (progress.log if kind.startswith("file") else progress.warn)(note)


def known_weather(request: Mapping[str, Any], model: Model, progress: Progress) -> Iterator[tuple[str, Source]]:
    """(variable, source) of each further variable that the request names and the model knows; others with a warning."""
    for key, _ in further_inputs(request):
        if key in model.configuration.station_variables:
            yield key, requested_source(request, key, f"{key}_")
        else:
            progress.warn(f"the model does not know {key}; its readings are not used")


def requested_weather(request: Mapping[str, Any], source: Source, day: Date | None, progress: Progress) -> Observations:
    """Readings of a further variable, of the day of the main one."""
    observations = read_source(source, day, progress)
    if observations.time is None and day is not None:
        progress.warn(f"{get_variable(source.species).long_name}: no time column is named: all readings are taken to be of {day}")
    if day is None and len(observations.dates) > 1:
        raise InputError(
            f"the readings of {source.species} are of {len(observations.dates)} days, {observations.dates[0]} to {observations.dates[-1]}, "
            "and those of the main variable of none that is known; choose one with the date, and name the main variable's time column"
        )
    return as_daily_means(observations, requested_hours(request), progress)


def requested_hours(request: Mapping[str, Any]) -> int:
    """Valid hours that a daily mean needs."""
    hours = request.get("hours")
    hours = HOURS if hours in (None, "") else int(hours)
    if not 1 <= hours <= 24:
        raise InputError(f"a day has 1 to 24 hours; a daily mean can't need {hours} of them")
    return hours


def requested_covariates(request: dict[str, Any], model: Model, grid: Grid, progress: Progress) -> dict[str, np.ndarray]:
    """Maps of the user's file that the model knows, on the grid; they overrule the model's own."""
    if not request.get("covariates"):
        return {}
    from model_core.covariates import read_covariates  # brings all that reads CTM files, which most runs can do without

    file = Path(request["covariates"])
    maps = read_covariates(file, grid)
    known = model.configuration.maps
    used = {key: values for key, values in maps.items() if key in known and np.isfinite(values).any()}
    for key, values in used.items():
        progress.log(f"{key} from {file.name}, for {np.isfinite(values).mean():.1%} of the cells")
    if not used:
        progress.warn(f"nothing of {file.name} is used: the model knows {', '.join(known) or 'no map'}, the file holds {', '.join(maps)}")
    return used


def gridded(observations: Observations, grid: Grid, progress: Progress, name: str) -> GriddedReadings:
    """Cell means, with an account of the readings in the log and a warning where many were dropped."""
    readings = grid_observations(observations, grid)
    tell_readings(
        readings.report, observations.species, progress, observations.seen, observations.stations, f"; {readings.cells} cells hold readings"
    )
    swapped = better_exchanged(observations, grid)
    if swapped:
        progress.warn(f"{name}: {swapped}")
    return readings


def tell_few(places: int, grid: Grid, progress: Progress) -> None:
    """Warn where so few places have readings that a field of them is a guess."""
    if 0 < places < _FEW:
        progress.warn(
            f"readings at {places} place(s) only, for a field of {grid.shape[0] * grid.shape[1]} cells: away from them it is a guess; "
            "add stations, choose a smaller grid, and look at the standard deviation (--uncertainty sd)"
        )


def tell_readings(
    report: ReadingReport, species: str, progress: Progress, seen: int | None, used: int | None, more: str = "", not_lost: str = "other day"
) -> None:
    """The account of the readings: in the log, or a warning where many were dropped; what was used; and what is suspicious.

    Parameters
    ----------
    seen, used : stations in the table, and stations of which a reading is used
    not_lost : reason for which rows are left out on purpose, beside ``filtered``
    """
    variable = get_variable(species)
    text = f"{variable.long_name}: {report}{more}"
    unused = sum(count for reason, count in report.dropped.items() if reason not in (not_lost, "filtered"))
    (progress.warn if unused > 0.2 * (unused + report.used) else progress.log)(text)
    what = report.what_was_used(variable.unit)
    if what:
        progress.log(f"{variable.long_name}, used: {what}")
    for suspicion in suspicions(report, species, seen, used):
        progress.warn(suspicion)


def reading_account(readings: GriddedReadings) -> dict[str, Any]:
    """How many readings were used and dropped, their range and examples, for a result."""
    return {**readings.report.to_dict(), "cells": readings.cells}


def field_statistics(field: np.ndarray) -> dict[str, float]:
    """Smallest, mean and largest finite value."""
    return {"min": float(np.nanmin(field)), "mean": float(np.nanmean(field, dtype=float)), "max": float(np.nanmax(field))}


def as_daily_means(observations: Observations, hours: int, progress: Progress) -> Observations:
    """Daily means where the table has hours; other readings count as they are, those below zero as zero."""
    if not observations.hourly:
        return not_below_zero(observations)
    daily = daily_means(observations, hours)
    require_days(daily, observations, hours)
    progress.log(f"{observations.species}: hourly readings to {len(daily)} daily means of at least {hours} hours")
    return daily
