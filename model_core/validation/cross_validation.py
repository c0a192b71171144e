"""Stations left out by turns and predicted from the others, by a model and by baselines, on the same folds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date as Date
from typing import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from model_core.analysis import CHOICES, analyse
from model_core.errors import InputError
from model_core.grid import Grid
from model_core.prediction import Predictor
from model_core.progress import Progress
from model_core.stations.gridding import grid_observations, locate_cells
from model_core.stations.readings import Observations
from model_core.validation.baselines import check_baselines, predict_baselines
from model_core.validation.baselines.kriging import LOG_OFFSET
from model_core.validation.distributions import Distribution, Gaussian, LogNormal
from model_core.validation.folds import SCHEMES, deal
from model_core.validation.places import at_stations, block_names, cell_numbers, plane_km, station_names

MODEL = "model"
BLOCK_KM = 200.0
PROBABILITIES = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Day:
    """What is known of a day.

    Attributes
    ----------
    observations : readings of the target, one for each station; those outside the grid are not used
    further : readings of other variables that the model knows, by key; they are there in every fold
    date : None where the day is not known
    ctm : gives the CTM's field of the target, float (rows, columns) on the grid, when the day's turn comes; None on a day without
    """

    observations: Observations
    further: Mapping[str, Observations] = field(default_factory=dict)
    date: Date | None = None
    ctm: Callable[[], np.ndarray] | None = None


@dataclass(frozen=True)
class CrossValidation:
    """What every method says of every reading that it was not given.

    Attributes
    ----------
    table : DataFrame, a row for each station and day
        `id`, `group` ("" where there is none), `fold` (from 0), `x`, `y` (as given, in `crs`), `lon`, `lat`, `time` (the day,
        None where unknown), `observed`; of the model `predicted`, and where it tells its uncertainty `sd`, `q05`, `q50`, `q95`;
        for each baseline a column of its name, for the krigings also `ok_sd`, `oklog_sd`.
    methods : tuple of str
        "model" (if there was one) and the baselines.
    scheme, folds, seed : as asked for
    species, crs : of the readings
    missing_inputs, notes : what the model lacked on some day, and what a user should know
    warnings : days and stations that could not take part
    """

    table: pd.DataFrame
    methods: tuple[str, ...]
    scheme: str
    folds: int
    seed: int
    species: str
    crs: object
    missing_inputs: list[str]
    notes: list[str]
    warnings: list[str]

    def prediction(self, method: str) -> np.ndarray:
        """The values of a method, float (rows of the table,)."""
        return self.table["predicted" if method == MODEL else method].to_numpy(float)

    def distribution(self, method: str) -> Distribution | None:
        """What a method says of each reading: the model and oklog a log-normal, ok a Gaussian; None of those that say nothing."""
        name = "sd" if method == MODEL else f"{method}_sd"
        if name not in self.table:
            return None
        mean, sd = self.prediction(method), self.table[name].to_numpy(float)
        return Gaussian(mean, sd) if method == "ok" else LogNormal(mean, sd, LOG_OFFSET if method == "oklog" else 0.0)


def cross_validate(
    days: Sequence[Day], grid: Grid, predictor: Predictor | None, scheme: str = "stations", folds: int = 10, seed: int = 0,
    baselines: Sequence[str] = ("idw", "ok", "oklog"), block_km: float = BLOCK_KM, progress: Progress | None = None,
    analysis: str = "off",
) -> CrossValidation:
    """Leave stations out by turns, and predict them from the others of the same day.

    The readings left out are taken away before gridding; those of other variables stay. Folds are the same on all days. The
    model's field is read at the stations by bilinear interpolation; all folds of a day go through the model at once.

    Parameters
    ----------
    predictor : the model on `grid`; None for baselines only
    scheme : "stations"; "groups" (the readings' group, such as the city); "cells" (of the grid); "blocks" (squares of `block_km`)
    baselines : of `baselines.BASELINES`
    analysis : "off", "auto" or "on": the analysis step after each prediction, which sees what the prediction sees (`model_core.analysis`)

    Raises
    ------
    InputError
        If the scheme, the choice of analysis or a baseline is unknown, groups are missing, there are fewer units than folds, no reading lies on the
        grid, or no day has stations in two folds.
    Cancelled
        By `progress`.
    """
    progress = progress or Progress()
    if scheme not in SCHEMES:
        raise InputError(f"unknown scheme '{scheme}'; known are {', '.join(SCHEMES)}")
    if analysis not in CHOICES:
        raise InputError(f"unknown choice of analysis '{analysis}'; known are {', '.join(CHOICES)}")
    baselines = check_baselines(tuple(baselines), any(day.ctm is not None for day in days))
    days = [_on_grid(day, grid) for day in days]
    if not any(len(day.observations) for day in days):
        raise InputError("no reading lies on the grid; check the CRS and the x and y columns of the stations, or choose another grid")
    fold_of_day = _folds(days, grid, scheme, folds, seed, block_km)
    usable = [number for number, fold in enumerate(fold_of_day) if len(np.unique(fold)) > 1]
    warnings = _left_out(days, usable, scheme)
    if not usable:
        raise InputError(f"on no day do the readings fall into two folds by {scheme}; take another scheme, or more stations")
    tables, missing, notes = [], {}, {}
    for step, number in enumerate(usable):
        share = progress.part(step / len(usable), (step + 1) / len(usable))
        table, lacking, said = _of_day(days[number], fold_of_day[number], grid, predictor, baselines, analysis, share)
        tables.append(table)
        missing |= dict.fromkeys(lacking)
        notes |= dict.fromkeys(said)
    progress.step(1.0, "")
    first = days[usable[0]].observations
    return CrossValidation(
        pd.concat(tables, ignore_index=True), ((MODEL,) if predictor else ()) + baselines, scheme, folds, seed,
        first.species, first.crs, list(missing), list(notes), warnings,
    )


def _on_grid(day: Day, grid: Grid) -> Day:
    """The day without readings off the grid; a variable that has no other is not there."""
    observations, further = day.observations.select(_inside(day.observations, grid)), {}
    for key, readings in day.further.items():
        inside = _inside(readings, grid)
        if inside.any():
            further[key] = readings.select(inside)
    return replace(day, observations=observations, further=further)


def _inside(observations: Observations, grid: Grid) -> np.ndarray:
    return locate_cells(observations, grid)[1]


def _folds(days: Sequence[Day], grid: Grid, scheme: str, folds: int, seed: int, block_km: float) -> list[np.ndarray]:
    """The fold of each reading, by day."""
    units = [_units(day.observations, grid, scheme, block_km) for day in days]
    dealt = deal(np.concatenate(units), folds, seed, scheme)
    return np.split(dealt, np.cumsum([len(unit) for unit in units])[:-1])


def _units(observations: Observations, grid: Grid, scheme: str, block_km: float) -> np.ndarray:
    """What each reading is left out with."""
    if scheme == "stations":
        return station_names(observations)
    if scheme == "cells":
        return cell_numbers(observations, grid)
    if scheme == "blocks":
        if block_km <= 0:
            raise InputError(f"blocks of {block_km:g} km: give a positive side")
        return block_names(plane_km(observations, grid), block_km)
    if observations.group is None:
        raise InputError("scheme 'groups' leaves out whole groups; name the column that says the group, such as the city")
    # A station without a group is one of its own; the prefix keeps it from meeting a group of that name.
    own = np.char.add("station without group ", station_names(observations))
    return np.where(observations.group == "", own, observations.group)


def _left_out(days: Sequence[Day], usable: list[int], scheme: str) -> list[str]:
    warnings = []
    if len(usable) < len(days):
        first = next(day.date for number, day in enumerate(days) if number not in usable)
        warnings.append(f"{len(days) - len(usable)} day(s) with stations in fewer than two folds are left out, the first {first}")
    ungrouped = {name for number in usable for name in _ungrouped(days[number].observations)} if scheme == "groups" else set()
    if ungrouped:
        warnings.append(f"{len(ungrouped)} station(s) without a group count as groups of their own, the first {min(ungrouped)}")
    return warnings


def _ungrouped(observations: Observations) -> np.ndarray:
    return station_names(observations)[observations.group == ""]


def _of_day(
    day: Day, fold: np.ndarray, grid: Grid, predictor: Predictor | None, baselines: tuple[str, ...], analysis: str, progress: Progress
) -> tuple[pd.DataFrame, list[str], list[str]]:
    """The table of a day, with what the model lacked and what it has to say."""
    observations, name = day.observations, f"{day.date}: " if day.date else ""
    lonlat = _lonlat(observations)
    columns = {
        "id": station_names(observations), "group": _text(observations.group, len(fold)), "fold": fold,
        "x": observations.x, "y": observations.y, "lon": lonlat[0], "lat": lonlat[1],
        "time": np.full(len(fold), day.date, dtype=object), "observed": observations.value,
    }
    progress.step(0.0, f"{name}predicting {len(np.unique(fold))} folds")
    predicted, missing, notes = _by_model(day, fold, grid, predictor, analysis) if predictor else ({}, [], [])
    columns |= predicted
    position = plane_km(observations, grid)
    modelled = None if day.ctm is None else at_stations(day.ctm(), observations, grid)
    out_of = np.unique(fold)
    for number, this in enumerate(out_of if baselines else ()):
        progress.step(0.3 + 0.7 * number / len(out_of), f"{name}baselines, fold {number + 1} of {len(out_of)}")
        out = fold == this
        found = predict_baselines(
            baselines, position[~out], observations.value[~out], position[out],
            *(None, None) if modelled is None else (modelled[~out], modelled[out]),
        )
        for key, baseline in found.items():
            columns.setdefault(key, np.full(len(fold), np.nan))[out] = baseline.mean
            if baseline.distribution is not None:
                columns.setdefault(f"{key}_sd", np.full(len(fold), np.nan))[out] = baseline.distribution.sd
    return pd.DataFrame(columns), missing, notes


def _by_model(
    day: Day, fold: np.ndarray, grid: Grid, predictor: Predictor, analysis: str
) -> tuple[dict[str, np.ndarray], list[str], list[str]]:
    """The model's columns: every reading from the field that was made without its fold."""
    target = predictor.model.configuration.target
    out_of = np.unique(fold)
    further = {key: grid_observations(readings, grid) for key, readings in day.further.items()}
    readings = [{**further, target: grid_observations(day.observations.select(fold != this), grid)} for this in out_of]
    # At once where the step is off, so that the device is full.
    fields = predictor.predict(readings) if analysis == "off" else [analyse(predictor, one, analysis).reanalysis for one in readings]
    columns: dict[str, np.ndarray] = {"predicted": np.full(len(fold), np.nan)}
    missing: dict[str, None] = {}
    for this, reanalysis in zip(out_of, fields):
        out = fold == this
        left_out = day.observations.select(out)
        columns["predicted"][out] = at_stations(reanalysis.field, left_out, grid)
        if reanalysis.sd is not None:
            columns.setdefault("sd", np.full(len(fold), np.nan))[out] = at_stations(reanalysis.sd, left_out, grid)
        missing |= dict.fromkeys(reanalysis.missing_inputs)
        notes = reanalysis.notes
    if "sd" in columns:
        quantiles = LogNormal(columns["predicted"], columns["sd"]).quantiles(PROBABILITIES)
        columns |= {f"q{round(100 * p):02d}": values for p, values in zip(PROBABILITIES, quantiles)}
    return columns, list(missing), notes


def _lonlat(observations: Observations) -> tuple[np.ndarray, np.ndarray]:
    from pyproj import Transformer

    return Transformer.from_crs(observations.crs, "EPSG:4326", always_xy=True).transform(observations.x, observations.y)


def _text(labels: np.ndarray | None, count: int) -> np.ndarray:
    return np.full(count, "", dtype=object) if labels is None else labels
