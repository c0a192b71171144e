"""A model against ordinary kriging on the same left-out stations: one row of scores for each day, scheme and method."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Mapping

import numpy as np
from kriging import krige_left_out
from pyproj import Transformer
from scipy.ndimage import map_coordinates
from scipy.special import ndtr, ndtri

from model_core.grid import Grid
from model_core.prediction import Predictor
from model_core.scores import scores
from model_core.stations.gridding import grid_observations
from model_core.stations.observations import Observations
from model_core.uncertainty import crps, quantiles

ROOT = Path(__file__).resolve().parents[3]
OUT = ROOT / ".build" / "benchmarks" / "skill"
KRIGING_CACHE = OUT / "kriging"
FOLDS, SEED = 10, 0


def on_grid(observations: Observations, grid: Grid) -> Observations:
    """The readings at stations whose cell is on the grid, in a CRS of any kind."""
    row, column = grid.locate(observations.x, observations.y, observations.crs)
    rows, columns = grid.shape
    with np.errstate(invalid="ignore"):
        return observations.select((row >= 0) & (row < rows) & (column >= 0) & (column < columns))


def folds(key: np.ndarray, seed: int = SEED) -> np.ndarray:
    """Folds dealt out at random: stations with one key, such as a city, stay together; int (stations,)."""
    number = np.unique(key.astype(str), return_inverse=True)[1] if key.dtype.kind not in "iu" else key
    fold_of_key = np.empty(number.max() + 1, int)
    fold_of_key[np.random.default_rng(seed).permutation(len(fold_of_key))] = np.arange(len(fold_of_key)) % FOLDS
    return fold_of_key[number]


def schemes_of(observations: Observations) -> dict[str, np.ndarray]:
    """What stays together in each scheme: a station (LSCV), and a city where the table names them (LCCV)."""
    alone = {"LSCV": np.arange(len(observations))}
    return alone if observations.group is None else alone | {"LCCV": observations.group}


def kilometres(observations: Observations, grid: Grid) -> np.ndarray:
    """Positions on the grid's projection, float (stations, 2)."""
    to_grid = Transformer.from_crs(observations.crs, grid.crs, always_xy=True)
    return np.stack(to_grid.transform(observations.x, observations.y), axis=1) / 1000


def at_stations(field: np.ndarray, observations: Observations, grid: Grid) -> np.ndarray:
    """A field read at the stations, bilinear between cell centres."""
    row, column = grid.locate(observations.x, observations.y, observations.crs)
    return map_coordinates(field.astype(float), [row - 0.5, column - 0.5], order=1, mode="nearest")


def predict_left_out(
    predictor: Predictor, observations: Observations, fold: np.ndarray, scale: float = 1.0, others: Mapping[str, Any] | None = None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Mean and standard deviation that the model gives at every station from the stations of the other folds.

    Returns
    -------
    mean : float (stations,);  sd : the same, or None where the model has no uncertainty
    """
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
    return mean, sd if np.isfinite(sd).all() else None


def compare(
    predictor: Predictor, observations: Observations, day: str, schemes: Mapping[str, np.ndarray] | None = None,
    scale: float = 1.0, others: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Rows (day, scheme, method, n, rmse, r2_det, ..., coverage90, crps, ratio) of the model and of kriging on values and logs.

    `ratio` is a method's RMSE over that of the better kriging, `crps_ratio` likewise.

    Parameters
    ----------
    observations : all on the grid
    schemes : name -> key of each station; stations of one key are left out together. Default: stations, and their groups
    scale : readings are multiplied by it before they are given to the model, and its answers divided by it: how a model of
        one species serves another
    others : further gridded readings of the day, such as RH and wind
    """
    rows = []
    for scheme, key in (schemes or schemes_of(observations)).items():
        fold = folds(key)
        answers = krige_both(observations, predictor.grid, fold)
        answers["model"] = predict_left_out(predictor, observations, fold, scale, others)
        rows += judge_all(answers, observations.value, {"day": day, "scheme": scheme})
    return rows


def krige_both(observations: Observations, grid: Grid, fold: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Mean and sd at left-out stations by kriging of values and of logs."""
    position = kilometres(observations, grid)
    return {f"kriging of {kind}": krige_left_out(position, observations.value, fold, kind, KRIGING_CACHE) for kind in ("values", "logs")}


def judge_all(
    answers: Mapping[str, tuple[np.ndarray, np.ndarray | None]], observed: np.ndarray, labels: dict[str, Any]
) -> list[dict[str, Any]]:
    """A row for each method, with its ratios to the better kriging."""
    made = [{**labels, "method": name, **judge(mean, sd, observed, name == "kriging of values")} for name, (mean, sd) in answers.items()]
    best = {key: min(row[key] for row in made if row["method"].startswith("kriging")) for key in ("rmse", "crps")}
    return [row | {"ratio": row["rmse"] / best["rmse"], "crps_ratio": row["crps"] / best["crps"]} for row in made]


def judge(mean: np.ndarray, sd: np.ndarray | None, observed: np.ndarray, normal: bool = False) -> dict[str, float]:
    """Scores of predictions at stations, with coverage and width of the 90 % interval and CRPS where there is an `sd`.

    Parameters
    ----------
    normal : the predictive distribution is normal (kriging of values); else log-normal
    """
    values = scores(mean, observed) | dict.fromkeys(("coverage90", "width90", "crps"), float("nan"))
    if sd is None:
        return values
    if normal:
        low, high = mean + sd * ndtri(0.05), mean + sd * ndtri(0.95)
        z = (observed - mean) / sd
        # Gneiting and Raftery (2007), eq. 21.
        score = sd * (z * (2 * ndtr(z) - 1) + 2 * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) - 1 / np.sqrt(np.pi))
    else:
        low, high = quantiles(mean, sd, (0.05, 0.95))
        score = crps(mean, sd, observed)
    inside = (observed >= low) & (observed <= high)
    return values | {"coverage90": float(inside.mean()), "width90": float((high - low).mean()), "crps": float(score.mean())}
