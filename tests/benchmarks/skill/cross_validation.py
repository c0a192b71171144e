"""A model against ordinary kriging on the same left-out stations: one row of scores for each day, scheme and method."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Sequence

import numpy as np
from kriging import krige_left_out
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
SCHEMES = {"LSCV": "stations", "LCCV": "groups"}


def on_grid(observations: Observations, grid: Grid) -> Observations:
    """The readings at stations whose cell is on the grid, in a CRS of any kind."""
    row, column = grid.locate(observations.x, observations.y, observations.crs)
    rows, columns = grid.shape
    with np.errstate(invalid="ignore"):
        return observations.select((row >= 0) & (row < rows) & (column >= 0) & (column < columns))


def folds(observations: Observations, scheme: str) -> np.ndarray:
    """The fold of each station, seeded: stations, or whole groups such as cities, dealt out at random; int (stations,)."""
    if scheme == "LSCV":
        key = np.arange(len(observations))
    else:
        key = np.unique(observations.group.astype(str), return_inverse=True)[1]
    fold_of_key = np.empty(key.max() + 1, int)
    fold_of_key[np.random.default_rng(SEED).permutation(len(fold_of_key))] = np.arange(len(fold_of_key)) % FOLDS
    return fold_of_key[key]


def kilometres(observations: Observations, grid: Grid) -> np.ndarray:
    """Positions on the grid's projection, float (stations, 2)."""
    row, column = grid.locate(observations.x, observations.y, observations.crs)
    return np.stack([row, column], axis=1) * grid.cell_size_km


def at_stations(field: np.ndarray, observations: Observations, grid: Grid) -> np.ndarray:
    """A field read at the stations, bilinear between cell centres."""
    row, column = grid.locate(observations.x, observations.y, observations.crs)
    return map_coordinates(field.astype(float), [row - 0.5, column - 0.5], order=1, mode="nearest")


def predict_left_out(
    predictor: Predictor, observations: Observations, fold: np.ndarray, others: dict[str, Any] | None = None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Mean and standard deviation that the model gives at every station from the stations of the other folds.

    Parameters
    ----------
    others : further gridded readings of the day, such as RH and wind, which stay as they are

    Returns
    -------
    mean : float (stations,);  sd : the same, or None where the model has no uncertainty
    """
    target = predictor.model.configuration.target
    numbers = np.unique(fold)
    days = [{**(others or {}), target: grid_observations(observations.select(fold != k), predictor.grid)} for k in numbers]
    mean, sd = np.empty(len(observations)), np.full(len(observations), np.nan)
    for number, result in zip(numbers, predictor.predict(days)):
        out = fold == number
        left_out = observations.select(out)
        mean[out] = at_stations(result.field, left_out, predictor.grid)
        if result.sd is not None:
            sd[out] = at_stations(result.sd, left_out, predictor.grid)
    return mean, sd if np.isfinite(sd).all() else None


def compare(
    predictor: Predictor, observations: Observations, day: str, schemes: Sequence[str] = tuple(SCHEMES), scale: float = 1.0
) -> list[dict[str, Any]]:
    """Rows (day, scheme, method, n, rmse, r2_det, ..., coverage90, crps, ratio) of the model and of kriging on values and logs.

    `ratio` is a method's RMSE over that of the better kriging, `crps_ratio` likewise.

    Parameters
    ----------
    observations : all on the grid
    scale : readings are multiplied by it before they are given to the model, and its answers divided by it: how a model of
        one species serves another
    """
    rows = []
    for scheme in schemes:
        fold = folds(observations, scheme)
        answers = {
            f"kriging of {kind}": krige_left_out(kilometres(observations, predictor.grid), observations.value, fold, kind, KRIGING_CACHE)
            for kind in ("values", "logs")
        }
        answers["model"] = _scaled(predictor, observations, fold, scale)
        made = [
            {"day": day, "scheme": scheme, "method": name, **judge(mean, sd, observations.value, name == "kriging of values")}
            for name, (mean, sd) in answers.items()
        ]
        best = {key: min(row[key] for row in made if row["method"] != "model") for key in ("rmse", "crps")}
        rows += [row | {"ratio": row["rmse"] / best["rmse"], "crps_ratio": row["crps"] / best["crps"]} for row in made]
    return rows


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


def _scaled(predictor: Predictor, observations: Observations, fold: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray | None]:
    from dataclasses import replace

    mean, sd = predict_left_out(predictor, replace(observations, value=observations.value * scale), fold)
    return mean / scale, None if sd is None else sd / scale
