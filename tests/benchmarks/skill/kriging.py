"""Ordinary kriging of the left-out stations of a fold, on values and on logs: the bar that the model has to clear.

The same as the baselines of `crossvalidate` (`model_core.validation.baselines.kriging`, by PyKrige), to 0.1 % of the RMSE and with
their variogram, but with one Cholesky factorisation for all that is asked: some ten times as fast, which counts over
hundreds of folds. Answers are kept on disk by what they were made of, so that judging another model repeats none of it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Mapping

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.spatial.distance import cdist

from model_core.validation.baselines.kriging import LOG_OFFSET
from model_core.validation.baselines.variogram import fit_exponential
from model_core.validation.distributions import Distribution, Gaussian, LogNormal

_VERSION = 2  # of what is computed: a new one empties the cache
Variogram = Mapping[str, float]


def krige_left_out(
    position: np.ndarray, value: np.ndarray, fold: np.ndarray, kind: str, cache: Path | None = None, variogram: Variogram | None = None
) -> Distribution:
    """What the stations of the other folds say of every station.

    Parameters
    ----------
    position : float (stations, 2), km
    value : float (stations,)
    fold : int (stations,)
    kind : "values", or "logs": of value + `LOG_OFFSET`, and back by the mean of the log-normal
    cache : folder for answers, or None
    variogram : as `fit_exponential` gives it; by default fitted for each fold

    Returns
    -------
    Distribution
        Of shape (stations,), in the unit of the values; its spread is that of a reading, the nugget included.
    """
    key = hashlib.sha256(repr((_VERSION, kind, LOG_OFFSET, variogram and dict(variogram))).encode())
    for array in (position, value, fold):
        key.update(np.ascontiguousarray(array).tobytes())
    kept = cache / f"{key.hexdigest()[:16]}.npy" if cache else None
    if kept and kept.exists():
        mean, sd = np.load(kept)
    else:
        mean, sd = np.empty((2, len(value)))
        given = value if kind == "values" else np.log(value + LOG_OFFSET)
        for number in np.unique(fold):
            out = fold == number
            mean[out], sd[out] = _krige(position[~out], given[~out], position[out], variogram)
        if kept:
            _keep(kept, np.stack([mean, sd]))
    if kind == "values":
        return Gaussian(mean, sd)
    back = np.exp(mean + sd**2 / 2)
    return LogNormal(back - LOG_OFFSET, back * np.sqrt(np.expm1(sd**2)), LOG_OFFSET)


def _krige(position: np.ndarray, value: np.ndarray, at: np.ndarray, variogram: Variogram | None) -> tuple[np.ndarray, np.ndarray]:
    """Mean and sd of ordinary kriging at `at`, in the covariance form (Chiles and Delfiner 2012, sect. 3.4)."""
    place, station, count = np.unique(position, axis=0, return_inverse=True, return_counts=True)
    mean = np.bincount(station.ravel(), value) / count
    fitted = variogram or fit_exponential(place, mean)
    nugget, sill, reach = fitted["nugget"], fitted["psill"], fitted["range"] / 3
    covariance = sill * np.exp(-cdist(place, place) / reach)
    covariance[np.diag_indices_from(covariance)] += nugget
    factor = cho_factor(covariance, lower=True, overwrite_a=True)
    ones = cho_solve(factor, np.ones(len(mean)))
    level = ones @ mean / ones.sum()
    near = sill * np.exp(-cdist(at, place) / reach)
    solved = cho_solve(factor, near.T)
    variance = nugget + sill - (near.T * solved).sum(0) + (1 - ones @ near.T) ** 2 / ones.sum()
    return level + (mean - level) @ solved, np.sqrt(np.maximum(variance, 0))


def _keep(file: Path, answer: np.ndarray) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial.npy")
    np.save(partial, answer)
    partial.replace(file)
