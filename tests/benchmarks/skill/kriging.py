"""Kriging of the left-out stations of a fold, on values and on logs, ordinary or with external drift: the bar that the model has to clear.

The same as the baselines of `crossvalidate` (`model_core.validation.baselines.kriging`, by PyKrige), to 0.1 % of the RMSE and with
their variogram, but with one Cholesky factorisation for all that is asked: some ten times as fast, which counts over
hundreds of folds. Answers are kept on disk by what they were made of, so that judging another model repeats none of it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Callable, Mapping

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.spatial.distance import cdist

from model_core.validation.baselines.external_drift import krige_with_drift
from model_core.validation.baselines.kriging import LOG_OFFSET
from model_core.validation.baselines.variogram import fit_exponential
from model_core.validation.distributions import Distribution, Gaussian, LogNormal

_VERSION = 3  # of what is computed: a new one empties the cache
_AT_ONCE = 4096  # places: bounds the memory
Variogram = Mapping[str, float]


def krige_left_out(
    position: np.ndarray,
    value: np.ndarray,
    fold: np.ndarray,
    kind: str,
    cache: Path | None = None,
    variogram: Variogram | None = None,
    maps: np.ndarray | None = None,
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
    maps : float (stations, maps), external drift, as `crossvalidate` has it (`krige_with_drift`); None for ordinary kriging

    Returns
    -------
    Distribution
        Of shape (stations,), in the unit of the values; its spread is that of a reading, the nugget included.
    """

    def left_out() -> tuple[np.ndarray, np.ndarray]:
        mean, sd = np.empty((2, len(value)))
        for number in np.unique(fold):
            out = fold == number
            given = position[~out], as_kriged(value[~out], kind), position[out]
            mean[out], sd[out] = _krige(*given, variogram) if maps is None else krige_with_drift(*given, maps[~out], maps[out], variogram)
        return mean, sd

    words, arrays = (kind, variogram and dict(variogram)), (position, value, fold)
    if maps is not None:
        words, arrays = (*words, "drift"), (*arrays, maps)
    return _said(kind, *once(left_out, cache, words, *arrays))


def krige_field(position: np.ndarray, value: np.ndarray, at: np.ndarray, kind: str, cache: Path | None = None) -> Distribution:
    """What all stations say of other places, float (places, 2) in km; the rest as for `krige_left_out`."""
    return _said(kind, *once(lambda: _krige(position, as_kriged(value, kind), at, None), cache, (kind, "field"), position, value, at))


def as_kriged(value: np.ndarray, kind: str) -> np.ndarray:
    """The values, or their logs."""
    return value if kind == "values" else np.log(value + LOG_OFFSET)


def _said(kind: str, mean: np.ndarray, sd: np.ndarray) -> Distribution:
    if kind == "values":
        return Gaussian(mean, sd)
    back = np.exp(mean + sd**2 / 2)
    return LogNormal(back - LOG_OFFSET, back * np.sqrt(np.expm1(sd**2)), LOG_OFFSET)


def once(answer: Callable[[], tuple[np.ndarray, ...]], cache: Path | None, words: tuple, *arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    """The answer, arrays of one shape, from the cache where it was given before to the same words and arrays."""
    key = hashlib.sha256(repr((_VERSION, LOG_OFFSET, words)).encode())
    for array in arrays:
        key.update(np.round(np.ascontiguousarray(array), 6).tobytes())
    kept = cache / f"{key.hexdigest()[:16]}.npy" if cache else None
    if kept and kept.exists():
        return tuple(np.load(kept))
    found = answer()
    if kept:
        _keep(kept, np.stack(found))
    return found


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
    parts = []
    for some in np.array_split(at, range(_AT_ONCE, len(at), _AT_ONCE)):
        near = sill * np.exp(-cdist(place, some) / reach)
        solved = cho_solve(factor, near)
        variance = nugget + sill - (near * solved).sum(0) + (1 - ones @ near) ** 2 / ones.sum()
        parts.append((level + (mean - level) @ solved, np.sqrt(np.maximum(variance, 0))))
    return tuple(np.concatenate(part) for part in zip(*parts))


def _keep(file: Path, answer: np.ndarray) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial.npy")
    np.save(partial, answer)
    partial.replace(file)
