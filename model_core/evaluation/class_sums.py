"""Scores of a reproduction by month, season, named period and region, from running sums."""

from __future__ import annotations

from datetime import date as Date
from typing import Any, Iterator, Sequence

import numpy as np

from model_core.evaluation.day_groups import NamedPeriod, day_groups
from model_core.scores import SCORES, ScoreSums, mean_scores, scores

_ORDER = ("season", "month", "period", "region")


class ClassSums:
    """Adds days up by class, each cell of the mask; memory does not grow with the number of days.

    Parameters
    ----------
    mask : bool (rows, columns), the cells that are scored
    periods : named days, whose scores are told from those of all others
    regions : object array (rows, columns), the region of each cell, "" outside of all; None without regions
    """

    def __init__(self, mask: np.ndarray, periods: Sequence[NamedPeriod] = (), regions: np.ndarray | None = None):
        self._mask, self._periods = mask, periods
        names = [] if regions is None else [name for name in np.unique(regions[mask].astype(str)) if name]
        self._cells_of = {name: mask & (regions == name) for name in names}
        self._true: dict[tuple[str, str], list[float]] = {}
        self._sums: dict[tuple[str, str], ScoreSums] = {}
        self._means: dict[tuple[str, str], list[tuple[float, float, int]]] = {}
        self._daily: dict[tuple[str, str], list[dict[str, float]]] = {}

    def survey(self, day: Date, true: np.ndarray) -> None:
        """Look at the true field of a day: pooled scores need the mean of all that will be added beforehand."""
        for key, cells in self._classes(day):
            known = true[cells & np.isfinite(true)]
            total = self._true.setdefault(key, [0.0, 0])
            total[0] += float(known.sum(dtype=float))
            total[1] += known.size

    def add(self, day: Date, reproduced: np.ndarray, true: np.ndarray) -> None:
        """Add the fields of a day that was surveyed, (rows, columns)."""
        for key, cells in self._classes(day):
            known = cells & np.isfinite(true)
            if not known.any():
                continue
            total, count = self._true[key]
            self._sums.setdefault(key, ScoreSums(total / count)).add(reproduced[known], true[known])
            self._daily.setdefault(key, []).append(scores(reproduced[known], true[known]))
            means = float(true[known].mean(dtype=float)), float(reproduced[known].mean(dtype=float)), int(known.sum())
            self._means.setdefault(key, []).append(means)

    def rows(self) -> list[dict[str, Any]]:
        """A row for each class, months and seasons only where there are several: ``by``, ``class``, ``days``, the pooled scores,
        ``mean_true``, ``mean_reproduced``, and the means of the daily scores as ``daily_r2_det`` and so on."""
        found = []
        for key in sorted(self._sums, key=lambda key: (_ORDER.index(key[0]), key[1])):
            if key[0] in ("month", "season") and sum(other[0] == key[0] for other in self._sums) < 2:
                continue
            true, reproduced, cells = np.array(self._means[key]).T
            daily = mean_scores(self._daily[key])
            found.append(
                {
                    "by": key[0],
                    "class": key[1],
                    "days": len(cells),
                    **self._sums[key].scores(),
                    "mean_true": float(true @ cells / cells.sum()),
                    "mean_reproduced": float(reproduced @ cells / cells.sum()),
                    **{f"daily_{score}": daily[score] for score in SCORES},
                }
            )
        return found

    def _classes(self, day: Date) -> Iterator[tuple[tuple[str, str], np.ndarray]]:
        for by, names in day_groups(day, self._periods).items():
            for name in names:
                yield (by, name), self._mask
        for name, cells in self._cells_of.items():
            yield ("region", name), cells
