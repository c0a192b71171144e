"""The table of trials: counted, printed, written as CSV."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Iterable

from trials.outcome import FAILURES, KINDS


class Table:
    """Counts of outcomes by class, and the seconds that a class took, summed over the processes that ran side by side.

    Parameters
    ----------
    names : classes, in the order in which they are shown; others come behind them
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._counts: dict[str, Counter] = {name: Counter() for name in names}
        self._seconds: Counter = Counter()

    def add(self, name: str, kind: str, seconds: float = 0.0) -> None:
        """One more trial of a class, and the seconds that it took."""
        self._counts.setdefault(name, Counter())[kind] += 1
        self._seconds[name] += seconds

    @property
    def trials(self) -> int:
        """How many there were."""
        return sum(sum(counter.values()) for counter in self._counts.values())

    @property
    def failures(self) -> int:
        """How many trials failed."""
        return sum(counter[kind] for counter in self._counts.values() for kind in FAILURES)

    def rows(self) -> list[list[str]]:
        """Header, a row per class, and the sum."""
        total: Counter = Counter()
        rows = [["class", "trials", *KINDS, "seconds"]]
        for name, counter in self._counts.items():
            rows.append(_row(name, counter, self._seconds[name]))
            total += counter
        return [*rows, _row("all", total, sum(self._seconds.values()))]

    def __str__(self) -> str:
        rows = self.rows()
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        lines = [[row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))] for row in rows]
        return "\n".join("  ".join(line) for line in lines)

    def write(self, path: Path) -> None:
        """Write it as CSV."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(self.rows())


def _row(name: str, counter: Counter, seconds: float) -> list[str]:
    return [name, str(sum(counter.values())), *(str(counter[kind]) for kind in KINDS), f"{seconds:.0f}"]
