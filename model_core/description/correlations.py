"""How the variables go together, over space on each day and over time in each cell (Fig. S2 of the paper)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
from scipy.stats import rankdata

from model_core.description.samples import Samples

SPACE, TIME = "space", "time"
PEARSON, SPEARMAN = "pearson", "spearman"
FEWEST = 10  # pairs of values that a correlation needs, be they cells or days


@dataclass(frozen=True)
class Correlation:
    """The correlation of two variables, as its distribution over days (`over` space) or cells (`over` time).

    Attributes
    ----------
    source : "ctm" or "stations"
    over : "space": over the cells of a day, once for each day; "time": over the days of a cell, once for each cell
    method : "pearson" or "spearman"
    first, second : variable keys
    count : how many days, or cells, have at least ten pairs of values that are not all alike
    median, low, high : median and quartiles over them; NaN where there are none
    """

    source: str
    over: str
    method: str
    first: str
    second: str
    count: int
    median: float
    low: float
    high: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a table."""
        return asdict(self)


def correlations(samples: Samples, target: str) -> list[Correlation]:
    """All pairs of variables: those with the target come first. Maps have no correlation over time.

    Values are paired where both are known; a day or cell with fewer than ten pairs, or where one of the two is the same
    everywhere, counts for nothing.
    """
    names = [target, *(name for name in (*samples.daily, *samples.maps) if name != target)]
    found = []
    for first, second in combinations(names, 2):
        a, b = (_values(samples, name) for name in (first, second))
        fixed = first in samples.maps and second in samples.maps
        for over, axis in ((SPACE, 1), (TIME, 0)):
            if over == TIME and (first in samples.maps or second in samples.maps):
                continue
            pair = (a[:1], b[:1]) if fixed else (a, b)
            for method, measure in ((PEARSON, pearson), (SPEARMAN, spearman)):
                found.append(_summary(samples.source, over, method, first, second, measure(*pair, axis)))
    return found


def pearson(a: np.ndarray, b: np.ndarray, axis: int) -> np.ndarray:
    """Pearson's correlation along an axis where both are finite; NaN where fewer than ten pairs are, or one does not vary.

    Parameters
    ----------
    a, b : (days, places)
    axis : 1 for one value a day, 0 for one a place
    """
    both = np.isfinite(a) & np.isfinite(b)
    count = both.sum(axis)
    a, b = (np.where(both, np.asarray(values, float), 0.0) for values in (a, b))
    # About the mean: sums of squares of large values would lose the digits that matter.
    a, b = (np.where(both, v - (v.sum(axis) / np.maximum(count, 1)).reshape(_shape(v, axis)), 0.0) for v in (a, b))
    spread = np.sqrt((a * a).sum(axis) * (b * b).sum(axis))
    defined = (count >= FEWEST) & _varies(a, axis) & _varies(b, axis)
    return np.divide((a * b).sum(axis), spread, out=np.full(count.shape, np.nan), where=defined & (spread > 0)).clip(-1, 1)


def spearman(a: np.ndarray, b: np.ndarray, axis: int) -> np.ndarray:
    """Spearman's rank correlation, otherwise as `pearson`; equal values have their mean rank."""
    both = np.isfinite(a) & np.isfinite(b)
    # Unknown values rank behind all others, and are then forgotten.
    ranks = (rankdata(np.where(both, values, np.inf), axis=axis) for values in (a, b))
    return pearson(*(np.where(both, rank, np.nan) for rank in ranks), axis)


def _values(samples: Samples, name: str) -> np.ndarray:
    if name in samples.daily:
        return samples.daily[name]
    return np.broadcast_to(samples.maps[name], (len(samples.days), samples.places))


def _shape(values: np.ndarray, axis: int) -> tuple[int, int]:
    return (1, values.shape[1]) if axis == 0 else (values.shape[0], 1)


def _varies(centred: np.ndarray, axis: int) -> np.ndarray:
    """Whether departures from a mean are more than its rounding."""
    return np.abs(centred).max(axis, initial=0.0) > 1e-9


def _summary(source: str, over: str, method: str, first: str, second: str, values: np.ndarray) -> Correlation:
    values = values[np.isfinite(values)]
    low, median, high = np.percentile(values, (25, 50, 75)) if len(values) else (np.nan,) * 3
    return Correlation(source, over, method, first, second, len(values), float(median), float(low), float(high))
