"""Ordinary kriging of the left-out stations of a fold, on values and on logs: the bar that the model has to clear.

All stations that are left take part, with an exponential variogram and a nugget fitted to them. Answers are kept on disk by
what they were made of, so that judging another model repeats none of it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import least_squares
from scipy.spatial.distance import cdist

_VERSION = 1  # of what is computed: a new one empties the cache
_LOG_OFFSET = 1.0  # ug m-3; keeps readings of zero
_LAGS = 40
_FARTHEST_LAG = 2000.0  # km; beyond it the pairs say more about the country than about the field


def krige_left_out(
    position: np.ndarray, value: np.ndarray, fold: np.ndarray, kind: str, cache: Path | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation at every station from the stations of the other folds.

    Parameters
    ----------
    position : float (stations, 2), km
    value : float (stations,)
    fold : int (stations,)
    kind : "values", or "logs": log(value + 1), and back by the mean of the log-normal
    cache : folder for answers, or None

    Returns
    -------
    mean, sd : float (stations,)
        In the unit of the values; `sd` is that of a reading, the nugget included.
    """
    key = hashlib.sha256(repr((_VERSION, kind, _LOG_OFFSET, _LAGS, _FARTHEST_LAG)).encode())
    for array in (position, value, fold):
        key.update(np.ascontiguousarray(array).tobytes())
    kept = cache / f"{key.hexdigest()[:16]}.npy" if cache else None
    if kept and kept.exists():
        return tuple(np.load(kept))
    result = np.empty((2, len(value)))
    for number in np.unique(fold):
        out = fold == number
        known, at = position[~out], position[out]
        if kind == "values":
            result[:, out] = _krige(known, value[~out], at)
        else:
            result[:, out] = _from_logs(*_krige(known, np.log(value[~out] + _LOG_OFFSET), at))
    result[0] = np.maximum(result[0], 0)
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(".partial.npy")
        np.save(partial, result)
        partial.replace(kept)
    return result[0], result[1]


def _krige(position: np.ndarray, value: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and sd of ordinary kriging at `at`, in the covariance form (Chiles and Delfiner 2012, sect. 3.4)."""
    nugget, sill, reach = fit_variogram(position, value)
    covariance = sill * np.exp(-cdist(position, position) / reach)
    covariance[np.diag_indices_from(covariance)] += nugget + 1e-9 * (sill + nugget)
    factor = cho_factor(covariance, lower=True, overwrite_a=True)
    ones = cho_solve(factor, np.ones(len(value)))
    level = ones @ value / ones.sum()
    near = sill * np.exp(-cdist(at, position) / reach)
    solved = cho_solve(factor, near.T)
    mean = level + (value - level) @ solved
    variance = nugget + sill - (near.T * solved).sum(0) + (1 - ones @ near.T) ** 2 / ones.sum()
    return mean, np.sqrt(np.maximum(variance, 0))


def fit_variogram(position: np.ndarray, value: np.ndarray) -> tuple[float, float, float]:
    """Nugget, sill (above the nugget) and reach (km) of an exponential variogram, by least squares over lag means.

    Lags are equally filled, so that the short ones, which decide, have as much to say as the long ones.
    """
    first, second = np.triu_indices(len(value), 1)
    distance = np.hypot(*(position[first] - position[second]).T)
    near = distance < _FARTHEST_LAG
    distance, half_square = distance[near], (value[first[near]] - value[second[near]]) ** 2 / 2
    edges = np.unique(np.concatenate([[0], np.geomspace(5, _FARTHEST_LAG, _LAGS)]))
    lag = np.digitize(distance, edges) - 1
    pairs = np.bincount(lag, minlength=len(edges) - 1)
    used = pairs > 10
    centre = (np.bincount(lag, distance, len(edges) - 1)[used]) / pairs[used]
    gamma = (np.bincount(lag, half_square, len(edges) - 1)[used]) / pairs[used]
    scale = max(float(np.var(value)), 1e-12)

    def misfit(log_parameters: np.ndarray) -> np.ndarray:
        nugget, sill, reach = np.exp(log_parameters)
        model = nugget + sill * (1 - np.exp(-centre / reach))
        return (model * scale - gamma) / (gamma + 0.05 * scale)

    fitted = least_squares(misfit, np.log([0.05, 1.0, 300.0]), bounds=(np.log([1e-4, 1e-3, 5.0]), np.log([2.0, 30.0, 2e4])))
    nugget, sill, reach = np.exp(fitted.x)
    return nugget * scale, sill * scale, reach


def _from_logs(mean: np.ndarray, sd: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and sd of the log-normal."""
    back = np.exp(mean + sd**2 / 2)
    return back - _LOG_OFFSET, back * np.sqrt(np.expm1(sd**2))
