"""An imperfect version of a CTM's day, as another run, an old forecast or a poor inventory would have it."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from model_core.training.variety import random_field

_OFFSET = 1.0  # added before logs are taken, in the field's unit
# Backgrounds to learn from: least and greatest severity, and the share that is useless.
_SEVERITY, _USELESS = (0.04, 1.5), 0.08


def imperfect(
    field: np.ndarray, rng: np.random.Generator, *, urban: np.ndarray | None = None, other: np.ndarray | None = None
) -> np.ndarray:
    """A background to learn from: this field degraded, from excellent to poor, log-uniformly; now and then another day, or any field at all.

    Arguments and result as for `degrade`.
    """
    if rng.random() < _USELESS:
        level = float(np.nanmean(field)) + _OFFSET
        useless = level * np.exp(random_field(field.shape, rng)) if other is None or rng.random() < 0.5 else other
        return np.where(np.isfinite(field), useless, np.nan).astype(np.float32)
    return degrade(field, float(np.exp(rng.uniform(*np.log(_SEVERITY)))), rng, urban=urban, other=other)


def degrade(
    field: np.ndarray, severity: float, rng: np.random.Generator, *, urban: np.ndarray | None = None, other: np.ndarray | None = None
) -> np.ndarray:
    """A background of this field, from excellent (severity 0: the field itself) to useless (1 and more).

    Air is displaced, the level rescaled, contrasts flattened or steepened, plumes smoothed; emissions of cities are wrong, an
    error of broad scale is laid over it, a part of an episode is missed, and it is blended with another day. Each of these is of
    a random size in proportion to the severity.

    Parameters
    ----------
    field : float (rows, columns), 0 or more, NaN where unknown
    severity : 0 or more
    urban : urban fraction, for wrong emissions; without it there are none
    other : the field of another day, which it is blended with; without it it is not
    """
    known, logs = np.isfinite(field), np.log(np.maximum(np.nan_to_num(field), 0) + _OFFSET)
    middle = float(logs[known].mean())
    logs = np.where(known, logs, middle)
    if other is not None:
        share = min(severity * rng.uniform(0, 0.8), 1.0)
        logs = (1 - share) * logs + share * np.log(np.maximum(np.nan_to_num(other, nan=float(np.nanmean(other))), 0) + _OFFSET)
    logs = displaced(logs, 12.0 * severity * rng.uniform(0, 1), rng)
    logs = gaussian_filter(logs, 4.0 * severity * rng.uniform(0, 1))
    logs = middle + np.exp(severity * rng.normal(0, 0.4)) * (logs - middle)
    logs = logs + severity * abs(rng.normal(0, 0.6)) * random_field(field.shape, rng)
    if urban is not None:
        logs = logs + severity * rng.normal(0, 1.0) * (np.nan_to_num(urban) - float(np.nanmean(urban)))
    logs = _without_episode(logs, middle, min(severity * rng.uniform(0, 1), 1.0), rng)
    logs = logs + severity * rng.normal(0, 0.5)
    return np.where(known, np.maximum(np.exp(np.clip(logs, 0, np.log(3000.0))) - _OFFSET, 0), np.nan).astype(np.float32)


def displaced(field: np.ndarray, cells: float, rng: np.random.Generator) -> np.ndarray:
    """The field moved by about so many cells, here more and there less, as by a wrong wind."""
    if cells == 0:
        return field
    at = np.indices(field.shape).astype(float)
    for axis in at:
        axis += cells * (0.7 * rng.standard_normal() + 0.7 * random_field(field.shape, rng))
    return map_coordinates(field, at, order=1, mode="nearest")


def _without_episode(logs: np.ndarray, middle: float, share: float, rng: np.random.Generator) -> np.ndarray:
    """A part of what lies above the middle is missed in about half of the places."""
    missed = share * np.clip(random_field(logs.shape, rng), 0, 1)
    return logs - missed * np.maximum(logs - middle, 0)
