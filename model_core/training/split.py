"""Which days are trained on, and which are held out to validate on: always by time, never at random.

Neighbouring days look alike: a random split would validate on days that the network has all but seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Date
from typing import Sequence

from model_core.errors import InputError


@dataclass(frozen=True)
class Split:
    """Which days of which data set are trained on, and which are held out: pairs (data set, day)."""

    training: list[tuple[int, int]]
    validation: list[tuple[int, int]]

    def held_out(self, number: int) -> list[int]:
        """The held-out days of one data set."""
        return [day for source, day in self.validation if source == number]


def split_by_time(lengths: Sequence[int], share: float) -> Split:
    """Hold out the last `share` of each data set's days; a day at least where there are two or more."""
    training, validation = [], []
    for number, length in enumerate(lengths):
        held = min(max(round(length * share), 1), length - 1) if share and length > 1 else 0
        training += [(number, day) for day in range(length - held)]
        validation += [(number, day) for day in range(length - held, length)]
    return Split(training, validation)


def split_by_dates(times: Sequence[Sequence[Date]], first: Date | None, last: Date | None) -> Split:
    """Hold out the days from `first` to `last`, both included, of every data set; None leaves that side open.

    Raises
    ------
    InputError
        If the period is upside down, holds no day of the data, or holds all of them.
    """
    if first and last and first > last:
        raise InputError(f"the held-out period begins on {first}, after its end on {last}")
    training, validation = [], []
    for number, days in enumerate(times):
        for index, day in enumerate(days):
            held = (first is None or day >= first) and (last is None or day <= last)
            (validation if held else training).append((number, index))
    everything = sorted(day for days in times for day in days)
    if not validation or not training:
        what = "no day" if not validation else "every day"
        raise InputError(
            f"the held-out period {first or '...'} to {last or '...'} takes {what} of the CTM files, "
            f"which span {everything[0]} to {everything[-1]}"
        )
    return Split(training, validation)
