"""Interpolators to compare with, on the same folds: each knows the stations that are left, and answers at those left out.

`idw`, `ok` and `oklog` (ordinary kriging of values, and of their logs) need the readings only; `vna` (Voronoi neighbour
averaging) too; `ked` and `kedlog` (kriging with external drift) also maps; `ctm`, `avna`, `evna`, `rk` and `rklog`
(regression kriging) a CTM field of the day.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from model_core.errors import InputError
from model_core.validation.baselines.external_drift import krige_drift_logs, krige_drift_values
from model_core.validation.baselines.kriging import LOG_OFFSET, krige_logs, krige_values
from model_core.validation.baselines.neighbours import avna, evna, idw, vna, vna_weights
from model_core.validation.distributions import Distribution

# Name -> what it is, for legends and reports.
BASELINES = {
    "idw": "inverse distance weighting, 12 nearest stations, power 2",
    "ok": "ordinary kriging, exponential variogram with nugget",
    "oklog": "ordinary kriging of logs, exponential variogram with nugget, mean of the log-normal",
    "vna": "Voronoi neighbour averaging, inverse square of the distance",
    "avna": "CTM + Voronoi neighbour average of the stations' departures from it",
    "evna": "CTM x Voronoi neighbour average of the stations' ratios to it",
    "ked": "kriging with external drift, exponential variogram of the residuals with nugget",
    "kedlog": "kriging of logs with external drift, exponential variogram of the residuals with nugget, mean of the log-normal",
    "ctm": "CTM as it is, without the readings",
    "rk": "regression kriging on the CTM: it is the external drift",
    "rklog": "regression kriging of logs on the log of the CTM, mean of the log-normal",
}
NEED_CTM = ("ctm", "avna", "evna", "rk", "rklog")
NEED_MAPS = ("ked", "kedlog")
# Those that tell a distribution: of values a Gaussian, of logs a log-normal.
GAUSSIAN, LOGS = ("ok", "ked", "rk"), ("oklog", "kedlog", "rklog")
# What a model has to beat that was not given the CTM's field of the day either.
KRIGING = ("ok", "oklog", "ked", "kedlog")


@dataclass(frozen=True)
class Baseline:
    """What one says at the places left out: `mean` (places,), NaN where it can't tell; a `distribution` where it has one."""

    mean: np.ndarray
    distribution: Distribution | None = None


def check_baselines(names: list[str] | tuple[str, ...], has_ctm: bool) -> tuple[str, ...]:
    """The names without repetition; `InputError` if one is unknown or lacks its CTM field."""
    for name in names:
        if name not in BASELINES:
            raise InputError(f"unknown baseline '{name}'; known are {', '.join(BASELINES)}")
        if name in NEED_CTM and not has_ctm:
            raise InputError(f"baseline '{name}' needs a CTM field of the days; name its file, or leave the baseline out")
    return tuple(dict.fromkeys(names))


def predict_baselines(
    names: tuple[str, ...],
    position: np.ndarray,
    value: np.ndarray,
    at: np.ndarray,
    modelled: np.ndarray | None = None,
    modelled_at: np.ndarray | None = None,
    maps: np.ndarray | None = None,
    maps_at: np.ndarray | None = None,
) -> dict[str, Baseline]:
    """What each baseline says at the places left out.

    Parameters
    ----------
    names : of `BASELINES`
    position : float (stations, 2), plane coordinates in km
    value : float (stations,), their readings
    at : float (places, 2)
    modelled, modelled_at : float (stations,), (places,)
        The CTM field there, NaN where it has none; None on a day without: those that need it are NaN then.
    maps, maps_at : float (stations, maps), (places, maps)
        The external drift there, NaN where unknown; None without maps: those that need them are NaN then.
    """
    found: dict[str, Baseline] = {}
    weights = vna_weights(position, at) if {"vna", "avna", "evna"} & set(names) else None
    for name in names:
        if name in ("ok", "oklog"):
            distribution = (krige_values if name == "ok" else krige_logs)(position, value, at)
            found[name] = Baseline(distribution.mean, distribution)
        elif name in NEED_MAPS and maps is not None:
            distribution = (krige_drift_values if name == "ked" else krige_drift_logs)(position, value, at, maps, maps_at)
            found[name] = Baseline(distribution.mean, distribution)
        elif name == "idw":
            found[name] = Baseline(idw(position, value, at))
        elif name == "vna":
            found[name] = Baseline(vna(weights, value))
        elif modelled is None or name in NEED_MAPS:
            found[name] = Baseline(np.full(len(at), np.nan))
        else:
            found[name] = _with_ctm(name, position, value, at, modelled, modelled_at, weights)
    return found


def _with_ctm(
    name: str,
    position: np.ndarray,
    value: np.ndarray,
    at: np.ndarray,
    modelled: np.ndarray,
    modelled_at: np.ndarray,
    weights: np.ndarray | None,
) -> Baseline:
    """One that needs the CTM; stations where it has no value take no part, and there is no answer where it has none."""
    known = np.isfinite(modelled)
    if name == "ctm":
        return Baseline(np.maximum(modelled_at, 0))
    if name in ("avna", "evna"):
        near = weights if known.all() else vna_weights(position[known], at)
        return Baseline((avna if name == "avna" else evna)(near, value[known], modelled[known], modelled_at))
    krige, drift = krige_drift_values, (modelled[known, None], modelled_at[:, None])
    if name == "rklog":
        krige, drift = krige_drift_logs, tuple(np.log(np.maximum(field, 0) + LOG_OFFSET) for field in drift)
    said = krige(position[known], value[known], at, *drift)
    unknown = ~np.isfinite(modelled_at)
    mean, sd = (np.where(unknown, np.nan, part) for part in (said.mean, said.sd))
    return Baseline(mean, replace(said, mean=mean, sd=sd))
