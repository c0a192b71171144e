"""Daily means of fields: where enough of the day is there."""

from __future__ import annotations

import numpy as np

_ENOUGH = 0.75  # of a day: more than 18 of 24 hourly values


def needed_count(step_hours: float) -> float:
    """A day's mean needs more values than this: 18 of hourly ones."""
    return _ENOUGH * 24 / step_hours


class DailyMean:
    """The mean of a day's fields, taken in one block after the other.

    Only a sum and a count are held, each (rows, columns).
    """

    def __init__(self, shape: tuple[int, int]):
        self._total = np.zeros(shape, np.float64)
        self._count = np.zeros(shape, np.int32)

    def add(self, fields: np.ndarray) -> None:
        """Fields (times, rows, columns), NaN where there is no value."""
        valid = np.isfinite(fields)
        self._total += np.where(valid, fields, 0).sum(0, dtype=np.float64)
        self._count += valid.sum(0, dtype=np.int32)

    def result(self, needed: float) -> np.ndarray:
        """float32 (rows, columns), NaN in cells with no more than `needed` values."""
        enough = self._count > needed
        mean = np.divide(self._total, self._count, out=np.full(self._total.shape, np.nan), where=enough)
        return mean.astype(np.float32)
