"""Between which values a training has seen each of its inputs."""

from __future__ import annotations

from typing import Sequence

import numpy as np

from model_core.training.samples import TrainingDays

_DAYS = 200  # that are looked at, spread evenly over all


def trained_ranges(data: Sequence[TrainingDays], target: str, rescale: float = 0.0) -> dict[str, list[float]]:
    """Lowest and highest value of each station variable and map, in canonical units, for the model's card.

    Parameters
    ----------
    rescale : standard deviation, in logs, of the factor that the target's fields are multiplied by at random; two of them widen its range
    """
    found: dict[str, list[float]] = {}
    each = max(2, _DAYS // len(data))
    for days in data:
        for name, fields in days.fields.items():
            for day in np.unique(np.linspace(0, len(fields) - 1, min(len(fields), each)).astype(int)):
                _widen(found, name, fields[day])
        for name, field in days.maps.items():
            _widen(found, name, field)
    if rescale and target in found:
        low, high = found[target]
        found[target] = [low * float(np.exp(-2 * rescale)), high * float(np.exp(2 * rescale))]
    return {name: [float(f"{value:.4g}") for value in limits] for name, limits in found.items()}


def _widen(found: dict[str, list[float]], name: str, field: np.ndarray) -> None:
    known = field[np.isfinite(field)]
    if known.size:
        low, high = found.get(name, (np.inf, -np.inf))
        found[name] = [min(low, float(known.min())), max(high, float(known.max()))]
