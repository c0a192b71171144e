"""Stations left out by turns and predicted from the others, by a model and by baselines, on the same splits."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date as Date
from typing import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from model_core.analysis import analyse
from model_core.analysis_choices import CHOICES
from model_core.background.given import with_background
from model_core.errors import InputError
from model_core.grid import Grid
from model_core.prediction import Predictor
from model_core.progress import Progress
from model_core.stations.gridding import GriddedReadings, grid_observations, locate_cells
from model_core.stations.readings import Observations
from model_core.transformers import transformer
from model_core.trust_choice import Choice, choose_trust, sample_of
from model_core.validation.baselines import GAUSSIAN, LOGS, NEED_MAPS, check_baselines, predict_baselines
from model_core.validation.baselines.kriging import LOG_OFFSET
from model_core.validation.distributions import Distribution, Gaussian, LogNormal
from model_core.validation.places import at_stations, plane_km, station_names
from model_core.validation.splits import Scheme, Split, split, ungrouped

MODEL = "model"
PROBABILITIES = (0.05, 0.5, 0.95)
_SHARE_OF_CHOICE = 0.6  # of the time, where the readings choose


@dataclass(frozen=True)
class Day:
    """What is known of a day.

    Attributes
    ----------
    observations : readings of the target, one for each station; those outside the grid are not used
    further : readings of other variables that the model knows, by key; they are there in every fold
    date : None where the day is not known
    ctm : gives the CTM's field of the target, float (rows, columns) on the grid, when the day's turn comes; None on a day without
    background : likewise the field that the model is given as background (`background.given`)
    """

    observations: Observations
    further: Mapping[str, Observations] = field(default_factory=dict)
    date: Date | None = None
    ctm: Callable[[], np.ndarray] | None = None
    background: Callable[[], np.ndarray] | None = None


@dataclass(frozen=True)
class CrossValidation:
    """What every method says of every reading that it was not given.

    Attributes
    ----------
    table : DataFrame, a row for each station and day; in a thinned network for each of its draws too
        `id`, `group` ("" where there is none), `fold` (from 0; of a thinned network the draw), `x`, `y` (as given, in `crs`), `lon`,
        `lat`, `time` (the day, None where unknown), `observed`; of the model `predicted`, and where it tells its uncertainty `sd`,
        `q05`, `q50`, `q95`, and where it was given a background `background_share`, how much of it was taken; for each baseline a column of its name, for the krigings also `ok_sd` and so on; `near_km`, the distance
        to the nearest station that was given; a column for each of `maps`; of a thinned network `given`, how many groups it has.
    methods : tuple of str
        "model" (if there was one) and the baselines.
    scheme : as asked for
    maps : names of the maps whose values at the stations are in the table
    species, crs : of the readings
    missing_inputs, notes : what the model lacked on some day, and what a user should know
    warnings : days and stations that could not take part
    choices : what was chosen for each split, in words, where the readings chose (`model_core.trust_choice`)
    """

    table: pd.DataFrame
    methods: tuple[str, ...]
    scheme: Scheme
    maps: tuple[str, ...]
    species: str
    crs: object
    missing_inputs: list[str]
    notes: list[str]
    warnings: list[str]
    choices: Mapping[int, str] = field(default_factory=dict)

    def prediction(self, method: str) -> np.ndarray:
        """The values of a method, float (rows of the table,)."""
        return self.table["predicted" if method == MODEL else method].to_numpy(float)

    def distribution(self, method: str) -> Distribution | None:
        """What a method says of each reading: kriging of values a Gaussian, the others a log-normal; None of those that say nothing."""
        name = "sd" if method == MODEL else f"{method}_sd"
        if name not in self.table:
            return None
        mean, sd = self.prediction(method), self.table[name].to_numpy(float)
        return Gaussian(mean, sd) if method in GAUSSIAN else LogNormal(mean, sd, LOG_OFFSET if method in LOGS else 0.0)


def cross_validate(
    days: Sequence[Day],
    grid: Grid,
    predictor: Predictor | None,
    scheme: Scheme | str = "stations",
    folds: int = 10,
    seed: int = 0,
    baselines: Sequence[str] = ("idw", "ok", "oklog"),
    progress: Progress | None = None,
    analysis: str = "off",
    maps: Mapping[str, np.ndarray] | None = None,
) -> CrossValidation:
    """Leave stations out by turns, and predict them from the others of the same day.

    The readings left out are taken away before gridding; those of other variables stay. Splits are the same on all days. The
    model's field is read at the stations by bilinear interpolation; all splits of a day go through the model at once.

    Parameters
    ----------
    predictor : the model on `grid`; None for baselines only
    scheme, folds, seed : a `Scheme`, or the name, folds and seed of one
    baselines : of `baselines.BASELINES`; those that need maps are left out, with a warning, where there are none
    analysis : of `model_core.analysis_choices.CHOICES`. What is chosen is chosen anew for each split from the readings that it gives (nested), once for
        all of its days.
    maps : name -> float (rows, columns) on the grid, NaN where unknown: external drift of `ked` and `kedlog`

    Raises
    ------
    InputError
        If the scheme, the choice of analysis or a baseline is unknown, groups are missing, there are fewer units than folds, no reading lies on the
        grid, or no day has both readings that are given and others that are asked for.
    Cancelled
        By `progress`.
    """
    progress = progress or Progress()
    scheme = scheme if isinstance(scheme, Scheme) else Scheme(scheme, folds, seed)
    if analysis not in CHOICES:
        raise InputError(f"unknown choice of analysis '{analysis}'; known are {', '.join(CHOICES)}")
    maps = {name: field for name, field in (maps or {}).items() if np.isfinite(field).any()}
    baselines, warnings = _possible(check_baselines(tuple(baselines), any(day.ctm is not None for day in days)), maps)
    days = [_on_grid(day, grid) for day in days]
    if not any(len(day.observations) for day in days):
        raise InputError("no reading lies on the grid; check the CRS and the x and y columns of the stations, or choose another grid")
    splits, notes_of_splits = split([day.observations for day in days], grid, scheme)
    usable = [number for number in range(len(days)) if any(_splits(one.asked[number]) for one in splits)]
    warnings += notes_of_splits + _left_out(days, usable, scheme.name)
    if not usable:
        raise InputError(f"on no day do the readings fall into two folds by {scheme.name}; take another scheme, or more stations")
    tables, missing, notes = [], {}, {}
    begin, trusts = 0.0, {}
    if predictor and analysis == "auto" and predictor.corrects_kriging:
        begin = _SHARE_OF_CHOICE
        trusts = _choices(days, splits, grid, predictor, progress.part(0.0, begin))
    for step, number in enumerate(usable):
        share = progress.part(*(begin + (1 - begin) * (step + part) / len(usable) for part in (0, 1)))
        of_day = [(one, one.asked[number]) for one in splits if _splits(one.asked[number])]
        table, lacking, said = _of_day(days[number], of_day, grid, predictor, baselines, analysis, trusts, maps, share)
        tables.append(table)
        missing |= dict.fromkeys(lacking)
        notes |= dict.fromkeys(said)
    progress.step(1.0, "")
    first = days[usable[0]].observations
    return CrossValidation(
        pd.concat(tables, ignore_index=True),
        ((MODEL,) if predictor else ()) + baselines,
        scheme,
        tuple(maps),
        first.species,
        first.crs,
        list(missing),
        list(notes),
        warnings,
        {number: choice.in_words() for number, choice in trusts.items()},
    )


def _possible(baselines: tuple[str, ...], maps: Mapping[str, np.ndarray]) -> tuple[tuple[str, ...], list[str]]:
    """The baselines without those that lack their maps, and a warning that says so."""
    lacking = [name for name in baselines if name in NEED_MAPS and not maps]
    if not lacking:
        return baselines, []
    return tuple(name for name in baselines if name not in lacking), [
        f"{' and '.join(lacking)} left out: kriging with external drift needs maps such as elevation, and neither the model nor a file "
        "of covariates has any on this grid"
    ]


def _splits(asked: np.ndarray) -> bool:
    """Whether a day has readings that are given and others that are asked for."""
    return bool(asked.any() and not asked.all())


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


def _left_out(days: Sequence[Day], usable: list[int], scheme: str) -> list[str]:
    warnings = []
    if len(usable) < len(days):
        first = next(day.date for number, day in enumerate(days) if number not in usable)
        warnings.append(f"{len(days) - len(usable)} day(s) with stations in fewer than two folds are left out, the first {first}")
    grouped = [days[number].observations for number in usable if days[number].observations.group is not None]
    alone = {name for one in grouped for name in ungrouped(one)} if scheme in ("groups", "thin") else set()
    if alone:
        warnings.append(f"{len(alone)} station(s) without a group count as groups of their own, the first {min(alone)}")
    return warnings


def _of_day(
    day: Day,
    splits: list[tuple[Split, np.ndarray]],
    grid: Grid,
    predictor: Predictor | None,
    baselines: tuple[str, ...],
    analysis: str,
    trusts: Mapping[int, Choice],
    maps: Mapping[str, np.ndarray],
    progress: Progress,
) -> tuple[pd.DataFrame, list[str], list[str]]:
    """The table of a day, with what the model lacked and what it has to say."""
    observations, name = day.observations, f"{day.date}: " if day.date else ""
    progress.step(
        0.0, f"{name}predicting {len(splits)} folds" if splits[0][0].given is None else f"{name}predicting {len(splits)} networks"
    )
    predicted, missing, notes = _by_model(day, splits, grid, predictor, analysis, trusts) if predictor else ([], [], [])
    position, of_stations = plane_km(observations, grid), table_of_stations(observations, day.date, grid, maps)
    modelled = None if day.ctm is None else at_stations(day.ctm(), observations, grid)
    at_maps = of_stations[list(maps)].to_numpy(float) if maps else None
    tables = []
    for step, (one, asked) in enumerate(splits):
        if baselines:
            progress.step(0.3 + 0.7 * step / len(splits), f"{name}baselines, fold {step + 1} of {len(splits)}")
        found = predict_baselines(
            baselines,
            position[~asked],
            observations.value[~asked],
            position[asked],
            *_given_and_asked(modelled, asked),
            *_given_and_asked(at_maps, asked),
        )
        columns = {"fold": one.number} | (predicted[step] if predictor else {})
        for key, baseline in found.items():
            columns[key] = baseline.mean
            if baseline.distribution is not None:
                columns[f"{key}_sd"] = baseline.distribution.sd
        columns["near_km"] = cKDTree(position[~asked]).query(position[asked])[0]
        tables.append(of_stations[asked].assign(**columns, **({} if one.given is None else {"given": one.given})))
    table = pd.concat(tables)
    return (table.sort_index() if splits[0][0].given is None else table), missing, notes


def _given_and_asked(known: np.ndarray | None, asked: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
    return (None, None) if known is None else (known[~asked], known[asked])


def table_of_stations(observations: Observations, date: Date | None, grid: Grid, maps: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """The columns of the table that do not depend on what is left out; its index are the numbers of the readings."""
    lon, lat = transformer(observations.crs, "EPSG:4326").transform(observations.x, observations.y)
    group = np.full(len(observations), "", dtype=object) if observations.group is None else observations.group
    return pd.DataFrame(
        {
            "id": station_names(observations),
            "group": group,
            "x": observations.x,
            "y": observations.y,
            "lon": lon,
            "lat": lat,
            "time": np.full(len(observations), date, dtype=object),
            "observed": observations.value,
            **{name: at_stations(field, observations, grid) for name, field in maps.items()},
        }
    )


def _choices(days: Sequence[Day], splits: Sequence[Split], grid: Grid, predictor: Predictor, progress: Progress) -> dict[int, Choice]:
    """Of each split what the readings that it gives choose, on a sample of its days."""
    found = {}
    for step, one in enumerate(splits):
        progress.step(step / len(splits), f"choosing from the readings given, {step + 1} of {len(splits)}")
        usable = [number for number, asked in enumerate(one.asked) if _splits(asked)]
        given = [_gridded(days[number], one.asked[number], grid, predictor) for number in sample_of(usable)]
        found[one.number] = choose_trust(predictor, given)
    return found


def _gridded(day: Day, asked: np.ndarray, grid: Grid, predictor: Predictor) -> dict[str, GriddedReadings]:
    """A day's readings by variable, the target's without those that are asked for."""
    further = {key: grid_observations(readings, grid) for key, readings in day.further.items()}
    return {**further, predictor.model.configuration.target: grid_observations(day.observations.select(~asked), grid)}


def _by_model(
    day: Day, splits: list[tuple[Split, np.ndarray]], grid: Grid, predictor: Predictor, analysis: str, trusts: Mapping[int, Choice]
) -> tuple[list[dict[str, np.ndarray]], list[str], list[str]]:
    """The model's columns of each split, from the field that was made without what is asked; what it lacked; what it has to say."""
    target = predictor.model.configuration.target
    readings = [_gridded(day, asked, grid, predictor) for _, asked in splits]
    if day.background is not None:
        field = day.background()
        readings = [{**one, target: with_background(one[target], field, predictor)[0]} for one in readings]
    if analysis == "off":  # at once, so that the device is full
        fields = predictor.predict(readings)
    else:
        fields = [analyse(predictor, given, analysis, trust=trusts.get(one.number)).reanalysis for given, (one, _) in zip(readings, splits)]
    found, missing, notes = [], {}, []
    for (_, asked), given, reanalysis in zip(splits, readings, fields):
        left_out = day.observations.select(asked)
        columns = {"predicted": at_stations(reanalysis.field, left_out, grid)}
        if reanalysis.sd is not None:
            columns["sd"] = at_stations(reanalysis.sd, left_out, grid)
            quantiles = LogNormal(columns["predicted"], columns["sd"]).quantiles(PROBABILITIES)
            columns |= {f"q{round(100 * p):02d}": values for p, values in zip(PROBABILITIES, quantiles)}
        if given[target].background is not None:
            columns["background_share"] = given[target].background.share
        found.append(columns)
        missing |= dict.fromkeys(reanalysis.missing_inputs)
        notes = reanalysis.notes
    return found, list(missing), notes
