"""The table of trials: counted, printed, written as CSV."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from trials.outcome import FAILURES, KINDS


class Table:
    """Counts of outcomes by class, in the order in which the classes came."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter] = {}

    def add(self, name: str, kind: str) -> None:
        """One more trial of a class."""
        self._counts.setdefault(name, Counter())[kind] += 1

    @property
    def failures(self) -> int:
        """How many trials failed."""
        return sum(counter[kind] for counter in self._counts.values() for kind in FAILURES)

    def rows(self) -> list[list[str]]:
        """Header, a row per class, and the sum."""
        total: Counter = Counter()
        rows = [["class", "trials", *KINDS]]
        for name, counter in self._counts.items():
            rows.append([name, str(sum(counter.values())), *(str(counter[kind]) for kind in KINDS)])
            total += counter
        return [*rows, ["all", str(sum(total.values())), *(str(total[kind]) for kind in KINDS)]]

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
