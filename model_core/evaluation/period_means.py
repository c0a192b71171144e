"""Seasonal and period means of the true and the reproduced field, from running sums."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Date

import numpy as np

SEASONS = {"DJF": (12, 1, 2), "MAM": (3, 4, 5), "JJA": (6, 7, 8), "SON": (9, 10, 11)}
_SEASON_OF = {month: name for name, months in SEASONS.items() for month in months}
PERIOD = "whole period"


def season_of(day: Date) -> str:
    """The season of a day, by the initials of its months."""
    return _SEASON_OF[day.month]


@dataclass(frozen=True)
class PeriodMean:
    """Mean fields over the days of a period.

    Attributes
    ----------
    name : a season by the initials of its months (DJF ...), or "whole period"
    days : how many
    first, last : of the days
    true, reproduced : float32 (rows, columns), over the days whose true value is known; NaN where there is none
    """

    name: str
    days: int
    first: Date
    last: Date
    true: np.ndarray
    reproduced: np.ndarray


class PeriodSums:
    """Adds days up by season: two sums and a count for each season that occurs, however many days there are."""

    def __init__(self, shape: tuple[int, int]):
        self._shape = shape
        self._sums: dict[str, list[np.ndarray]] = {}
        self._days: dict[str, list[Date]] = {}

    def add(self, day: Date, reproduced: np.ndarray, true: np.ndarray) -> None:
        """Add a day's fields (rows, columns); cells with unknown truth (NaN) don't count that day."""
        season = season_of(day)
        sums = self._sums.setdefault(season, [np.zeros(self._shape) for _ in range(3)])
        known = np.isfinite(true)
        for total, field in zip(sums, (true, reproduced, known)):
            total += np.where(known, field, 0)
        first, last, days = self._days.get(season, (day, day, 0))
        self._days[season] = (min(first, day), max(last, day), days + 1)

    def means(self) -> list[PeriodMean]:
        """A mean for each season that occurs, from winter on, and last one for the whole period."""
        found = [name for name in SEASONS if name in self._sums]
        means = [self._mean(name, [name]) for name in found]
        return [*means, self._mean(PERIOD, found)] if found else []

    def _mean(self, name: str, seasons: list[str]) -> PeriodMean:
        true, reproduced, count = (sum(self._sums[season][i] for season in seasons) for i in range(3))
        first, last, days = zip(*(self._days[season] for season in seasons))
        return PeriodMean(name, sum(days), min(first), max(last), _quotient(true, count), _quotient(reproduced, count))


def _quotient(total: np.ndarray, count: np.ndarray) -> np.ndarray:
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0).astype(np.float32)
