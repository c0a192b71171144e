"""What people are exposed to, from a field and the people of its cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import numpy as np

from model_core.exposure.allocation import Allocation


@dataclass(frozen=True)
class Exposure:
    """Of the people of one polygon, to one field. NaN where no one lives on a cell with a value.

    Attributes
    ----------
    people : who live there
    outside : of them, those who live outside the field
    no_value : of them, those who live on cells of the field without a value
    mean : population-weighted mean, in the field's unit
    percentiles : for each percentage asked for, the concentration that so many per cent of the people are exposed to at most
    above : for each limit asked for, people exposed to more than it
    """

    people: float
    outside: float
    no_value: float
    mean: float
    percentiles: tuple[float, ...]
    above: tuple[float, ...]

    @property
    def counted(self) -> float:
        """People who live on cells with a value, whom the measures are of."""
        return self.people - self.outside - self.no_value

    @property
    def shares_above(self) -> tuple[float, ...]:
        """Of the people counted, the share (0 to 1) exposed to more than each limit."""
        return tuple(number / self.counted if self.counted > 0 else float("nan") for number in self.above)


def exposures(allocation: Allocation, field: np.ndarray, limits: Sequence[float], percentages: Sequence[float]) -> list[Exposure]:
    """The whole first, then each polygon.

    Parameters
    ----------
    field : float (rows, columns), NaN where unknown
    limits : in the field's unit
    percentages : 0 to 100
    """
    values, people = np.asarray(field, float).ravel(), allocation.people
    found = []
    for row, (outside, total) in enumerate(zip(allocation.outside, allocation.total)):
        own = slice(people.indptr[row], people.indptr[row + 1])
        exposed, numbers = values[people.indices[own]], people.data[own]
        known = np.isfinite(exposed)
        lost = float(numbers[~known].sum())
        found.append(Exposure(float(total), float(outside), lost, *_measures(exposed[known], numbers[known], limits, percentages)))
    return found


def _measures(
    exposed: np.ndarray, people: np.ndarray, limits: Sequence[float], percentages: Sequence[float]
) -> tuple[float, tuple[float, ...], tuple[float, ...]]:
    """(mean, percentiles, people above each limit) of concentrations and the people at each."""
    if not people.sum() > 0:
        return float("nan"), (float("nan"),) * len(percentages), (0.0,) * len(limits)
    mean = float(np.average(exposed, weights=people))
    above = tuple(float(people[exposed > limit].sum()) for limit in limits)
    return mean, weighted_percentiles(exposed, people, percentages), above


def weighted_percentiles(values: np.ndarray, weights: np.ndarray, percentages: Sequence[float]) -> tuple[float, ...]:
    """For each percentage the smallest value that has at least so much of all weight at or below it.

    That is the inverse of the weighted empirical distribution (Hyndman and Fan 1996, type 1).
    """
    order = np.argsort(values)  # equal values may come in any order
    below = np.cumsum(weights[order])
    wanted = np.asarray(percentages, float) / 100 * below[-1]
    places = np.searchsorted(below, wanted * (1 - 1e-12), side="left")  # a share that is met but for rounding is met
    first = int(np.argmax(weights[order] > 0))  # the 0th percentile is that of someone
    return tuple(float(value) for value in values[order][np.clip(places, first, len(values) - 1)])
