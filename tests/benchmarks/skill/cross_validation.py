"""A model against kriging on the same left-out stations: one row of scores for each day, scheme and method."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Mapping

import numpy as np
from kriging import krige_left_out

from model_core.grid import Grid
from model_core.prediction import Predictor
from model_core.scores import scores
from model_core.stations.gridding import grid_observations, locate_cells
from model_core.stations.observations import Observations
from model_core.validation.distributions import Distribution, LogNormal, interval_scores
from model_core.validation.folds import deal
from model_core.validation.places import at_stations, plane_km, station_names

ROOT = Path(__file__).resolve().parents[3]
OUT = ROOT / ".build" / "benchmarks" / "skill"
KRIGING_CACHE = OUT / "kriging"
FOLDS, SEED = 10, 0


def on_grid(observations: Observations, grid: Grid) -> Observations:
    """The readings whose cell is on the grid."""
    return observations.select(locate_cells(observations, grid)[1])


def folds(key: np.ndarray, seed: int = SEED) -> np.ndarray:
    """The fold of each station; stations with one key, such as a city, stay together; int (stations,)."""
    return deal(key, FOLDS, seed)


def schemes_of(observations: Observations) -> dict[str, np.ndarray]:
    """What stays together in each scheme: a station (LSCV), and a city where the table names them (LCCV)."""
    alone = {"LSCV": station_names(observations)}
    return alone if observations.group is None else alone | {"LCCV": observations.group}


def predict_left_out(
    predictor: Predictor, observations: Observations, fold: np.ndarray, scale: float = 1.0, others: Mapping[str, Any] | None = None
) -> LogNormal:
    """What the model says of every station from the stations of the other folds; `sd` is NaN where the model has no uncertainty."""
    target, numbers = predictor.model.configuration.target, np.unique(fold)
    given = replace(observations, value=observations.value * scale)
    days = [{**(others or {}), target: grid_observations(given.select(fold != k), predictor.grid)} for k in numbers]
    mean, sd = np.empty(len(observations)), np.full(len(observations), np.nan)
    for number, result in zip(numbers, predictor.predict(days)):
        out = fold == number
        left_out = observations.select(out)
        mean[out] = at_stations(result.field, left_out, predictor.grid) / scale
        if result.sd is not None:
            sd[out] = at_stations(result.sd, left_out, predictor.grid) / scale
    return LogNormal(mean, sd)


def compare(
    predictor: Predictor,
    observations: Observations,
    day: str,
    schemes: Mapping[str, np.ndarray] | None = None,
    scale: float = 1.0,
    others: Mapping[str, Any] | None = None,
    seed: int = SEED,
) -> list[dict[str, Any]]:
    """Rows (day, scheme, method, n, rmse, r2_det, ..., coverage_90, crps, ratio) of the model and of kriging on values and logs,
    ordinary and with the model's maps as external drift.

    `ratio` is a method's RMSE over that of the best kriging, `crps_ratio` likewise.

    Parameters
    ----------
    observations : all on the grid
    schemes : name -> key of each station; stations of one key are left out together. Default: stations, and their groups
    scale : readings are multiplied by it before they are given to the model, and its answers divided by it: how a model of
        one species serves another
    others : further gridded readings of the day, such as RH and wind
    seed : of the folds
    """
    rows = []
    for scheme, key in (schemes or schemes_of(observations)).items():
        fold = folds(key, seed)
        answers = krige_all(observations, predictor, fold)
        answers["model"] = predict_left_out(predictor, observations, fold, scale, others)
        rows += judge_all(answers, observations.value, {"day": day, "scheme": scheme})
    return rows


def krige_both(observations: Observations, grid: Grid, fold: np.ndarray) -> dict[str, Distribution]:
    """What kriging of values and of logs say of left-out stations."""
    position = plane_km(observations, grid)
    return {f"kriging of {kind}": krige_left_out(position, observations.value, fold, kind, KRIGING_CACHE) for kind in ("values", "logs")}


def krige_all(observations: Observations, predictor: Predictor, fold: np.ndarray) -> dict[str, Distribution]:
    """Those, and kriging with the model's maps as external drift where they are known on the grid."""
    answers, grid = krige_both(observations, predictor.grid, fold), predictor.grid
    known = [at_stations(field, observations, grid) for field in predictor.maps.values() if np.isfinite(field).any()]
    if known:
        about, drift = (plane_km(observations, grid), observations.value, fold), np.stack(known, axis=1)
        for kind in ("values", "logs"):
            answers[f"kriging of {kind} with drift"] = krige_left_out(*about, kind, KRIGING_CACHE, maps=drift)
    return answers


def judge_all(answers: Mapping[str, Distribution], observed: np.ndarray, labels: dict[str, Any]) -> list[dict[str, Any]]:
    """A row for each method, with its ratios to the best kriging."""
    # A concentration is not negative: no kriging shall look worse than its user would leave it.
    made = [
        {**labels, "method": name, **scores(np.maximum(said.mean, 0), observed), **interval_scores(said, observed)}
        for name, said in answers.items()
    ]
    best = {key: min(row[key] for row in made if row["method"].startswith("kriging")) for key in ("rmse", "crps")}
    return [row | {"ratio": row["rmse"] / best["rmse"], "crps_ratio": row["crps"] / best["crps"]} for row in made]
