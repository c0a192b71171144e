"""The account of every reading: how many were used, and as what; how many were not, and why."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

_SAMPLE = 20_000  # values that the median of a large table is taken of


@dataclass(frozen=True)
class Values:
    """What the used readings are like.

    Attributes
    ----------
    lowest, highest : in the variable's unit
    sample : float32, values spread evenly over the table; all of them in a small one
    whole : whether every value is a whole number
    """

    lowest: float
    highest: float
    sample: np.ndarray
    whole: bool

    @classmethod
    def of(cls, values: np.ndarray, written: np.ndarray) -> "Values | None":
        """Of values, and of the same as they were written (in the table's unit); None where there are none."""
        if not len(values):
            return None
        sample = values[:: max(1, len(values) // _SAMPLE)].astype(np.float32)
        return cls(float(values.min()), float(values.max()), sample, bool((written == np.round(written)).all()))

    def narrowed_to(self, values: np.ndarray) -> "Values":
        """Of some of the same readings, of which at least one is left; whether all were whole numbers stays as it was."""
        return replace(
            self,
            lowest=float(values.min()),
            highest=float(values.max()),
            sample=values[:: max(1, len(values) // _SAMPLE)].astype(np.float32),
        )

    @property
    def median(self) -> float:
        """The median, of the sample where the table is large."""
        return float(np.median(self.sample))

    def __add__(self, other: "Values") -> "Values":
        sample = np.concatenate([self.sample, other.sample])
        sample = sample[:: max(1, len(sample) // (2 * _SAMPLE))] if len(sample) > 4 * _SAMPLE else sample
        return Values(min(self.lowest, other.lowest), max(self.highest, other.highest), sample, self.whole and other.whole)


@dataclass(frozen=True)
class Example:
    """A reading as it was understood: row of the table from 1, station, time and value in the variable's unit."""

    row: int
    station: str
    time: str
    value: float

    def __str__(self) -> str:
        return f"row {self.row}: " + ", ".join(text for text in (self.station, self.time, f"{self.value:g}") if text)


@dataclass(frozen=True)
class ReadingReport:
    """How many rows there were, how many are used, and why the others are not.

    Attributes
    ----------
    rows, used, dropped : `rows == used + sum(dropped.values())`, the latter by reason
    first : the first row (from 1) of each reason with what stood there
    flags : how many readings are used with a remark, by remark, such as ``negative within noise``
    notes : what the user should be told, by kind; one message of each kind is kept
    values : what the used readings are like, where that is known
    examples : some of them
    """

    rows: int
    used: int
    dropped: dict[str, int] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)
    flags: dict[str, int] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    values: Values | None = None
    examples: tuple[Example, ...] = ()

    def without(self, count: int, reason: str, first: str = "") -> "ReadingReport":
        """The report after `count` more readings were dropped."""
        if not count:
            return self
        dropped = {**self.dropped, reason: self.dropped.get(reason, 0) + count}
        return replace(self, used=self.used - count, dropped=dropped, first={**({reason: first} if first else {}), **self.first})

    def flagged(self, count: int, flag: str) -> "ReadingReport":
        """The report after `count` more readings were used with a remark."""
        return self if not count else replace(self, flags={**self.flags, flag: self.flags.get(flag, 0) + int(count)})

    def noted(self, kind: str, message: str) -> "ReadingReport":
        """The report with one more message for the user, unless it has one of this kind."""
        return self if kind in self.notes else replace(self, notes={**self.notes, kind: message})

    def __add__(self, other: "ReadingReport") -> "ReadingReport":
        """The report of both tables, one after the other."""
        values = self.values + other.values if self.values and other.values else self.values or other.values
        notes = {**self.notes, **{kind: note for kind, note in other.notes.items() if kind not in self.notes}}
        return ReadingReport(
            self.rows + other.rows,
            self.used + other.used,
            _sum(self.dropped, other.dropped),
            {**other.first, **self.first},
            _sum(self.flags, other.flags),
            notes,
            values,
            self.examples or other.examples,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        told: dict[str, Any] = {"rows": self.rows, "used": self.used, "dropped": dict(self.dropped)}
        if self.flags:
            told["flags"] = dict(self.flags)
        if self.values:
            told["range"] = {"min": self.values.lowest, "median": self.values.median, "max": self.values.highest}
        if self.examples:
            told["examples"] = [str(example) for example in self.examples]
        return told

    def __str__(self) -> str:
        reasons = ", ".join(
            f"{count} {reason}" + (f" ({self.first[reason]})" if reason in self.first else "") for reason, count in self.dropped.items()
        )
        return f"{self.used} of {self.rows} readings used" + (f"; dropped: {reasons}" if reasons else "")

    def what_was_used(self, unit: str = "") -> str:
        """Range, remarks and examples of the used readings, on one line."""
        parts = []
        if self.values:
            parts.append(f"{self.values.lowest:g} to {self.values.highest:g}{' ' * bool(unit)}{unit}, median {self.values.median:g}")
        parts += [f"{count} {flag}" for flag, count in self.flags.items()]
        if self.examples:
            parts.append("for example " + "; ".join(map(str, self.examples)))
        return "; ".join(parts)


def _sum(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {key: one.get(key, 0) + other.get(key, 0) for key in {**one, **other}}
