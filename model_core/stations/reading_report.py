"""The account of every reading that was not used."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class ReadingReport:
    """How many rows there were, how many are used, and why the others are not.

    `rows == used + sum(dropped.values())`; `first` names the first row (from 1) of each reason with what stood there.
    """

    rows: int
    used: int
    dropped: dict[str, int] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)

    def without(self, count: int, reason: str, first: str = "") -> "ReadingReport":
        """The report after `count` more readings were dropped."""
        if not count:
            return self
        dropped = {**self.dropped, reason: self.dropped.get(reason, 0) + count}
        return replace(self, used=self.used - count, dropped=dropped, first={**({reason: first} if first else {}), **self.first})

    def __add__(self, other: "ReadingReport") -> "ReadingReport":
        """The report of both tables, one after the other."""
        dropped = {reason: self.dropped.get(reason, 0) + other.dropped.get(reason, 0) for reason in {**self.dropped, **other.dropped}}
        return ReadingReport(self.rows + other.rows, self.used + other.used, dropped, {**other.first, **self.first})

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"rows": self.rows, "used": self.used, "dropped": dict(self.dropped)}

    def __str__(self) -> str:
        reasons = ", ".join(
            f"{count} {reason}" + (f" ({self.first[reason]})" if reason in self.first else "")
            for reason, count in self.dropped.items()
        )
        return f"{self.used} of {self.rows} readings used" + (f"; dropped: {reasons}" if reasons else "")
