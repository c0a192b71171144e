"""Between which values a training has seen each of its inputs."""

from __future__ import annotations

from typing import Any, NamedTuple, Sequence

import numpy as np

from model_core.training.samples import TrainingDays

_DAYS = 200  # that are looked at, spread evenly over all


class TrainedRanges(NamedTuple):
    """What a model's card says of the values in its training.

    Attributes
    ----------
    values : lowest and highest value of each station variable and map, in canonical units
    days, of : how many days were looked at, and of how many
    """

    values: dict[str, list[float]]
    days: int
    of: int


def trained_ranges(data: Sequence[TrainingDays], target: str, rescale: float = 0.0) -> TrainedRanges:
    """Lowest and highest value of each station variable and map, on days spread evenly over all.

    Parameters
    ----------
    data : sets of days; one that is given several times is looked at once
    rescale : standard deviation, in logs, of the factor that the target's fields are multiplied by at random; two of them widen its range
    """
    found: dict[str, list[float]] = {}
    sets = list({id(days): days for days in data}.values())
    each, looked_at = max(2, _DAYS // len(sets)), 0
    for days in sets:
        chosen = np.unique(np.linspace(0, len(days.fields[target]) - 1, each).astype(int))
        looked_at += len(chosen)
        for name, fields in days.fields.items():
            for day in chosen:
                _widen(found, name, fields[day])
        for name, field in days.maps.items():
            _widen(found, name, field)
    if rescale:
        low, high = found[target]
        found[target] = [low * float(np.exp(-2 * rescale)), high * float(np.exp(2 * rescale))]
    values = {name: [float(f"{value:.4g}") for value in limits] for name, limits in found.items()}
    return TrainedRanges(values, looked_at, sum(len(days.fields[target]) for days in sets))


def ranges_for_card(found: TrainedRanges, how: str = "") -> dict[str, Any]:
    """The entries of a card: `ranges`, and in sentences the days that they were found on; `how` is one more, where there is more to say."""
    return {"ranges": found.values, "ranges_from": [f"They were found on {found.days} of {found.of} days.", *filter(None, [how])]}


def _widen(found: dict[str, list[float]], name: str, field: np.ndarray) -> None:
    known = field[np.isfinite(field)]
    if known.size:
        low, high = found.get(name, (np.inf, -np.inf))
        found[name] = [min(low, float(known.min())), max(high, float(known.max()))]
