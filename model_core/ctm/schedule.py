"""Which file and step gives which day of one variable: overlaps resolved, gaps and incomplete days told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Sequence

import numpy as np

from model_core.ctm.daily_means import needed_count
from model_core.errors import InputError
from model_core.progress import Progress

_TOLD_GAPS = 3


class Entries(NamedTuple):
    """Fields of one variable, one entry each, in arrays of the same length.

    days : datetime64[D], the local day it belongs to
    times : datetime64[s] in UTC; of a daily field, the start of its day
    daily : bool, whether it is a daily mean already
    starts : datetime64[s], when its model run began
    start_days : datetime64[D], the local day of that
    file : int, number of the file
    step : int, number of the time in the file
    """

    days: np.ndarray
    times: np.ndarray
    daily: np.ndarray
    starts: np.ndarray
    start_days: np.ndarray
    file: np.ndarray
    step: np.ndarray

    @classmethod
    def joined(cls, parts: Sequence["Entries"]) -> "Entries":
        """One after the other."""
        return cls(*(np.concatenate(columns) for columns in zip(*parts)))

    def at(self, places: np.ndarray) -> "Entries":
        """Some of them, by index or mask."""
        return Entries(*(column[places] for column in self))


@dataclass(frozen=True)
class Schedule:
    """The entries of one variable in order of time, and the days that they make.

    Attributes
    ----------
    entries : Entries
    days : dict of day -> (first, end) place among the entries
    needed : float
        A cell needs more values than this on a day; 0 for fields that are daily.
    """

    entries: Entries
    days: dict[np.datetime64, tuple[int, int]]
    needed: float

    def entries_of(self, day: np.datetime64) -> Entries:
        """The fields that make this day."""
        return self.entries.at(slice(*self.days[day]))


def make_schedule(
    key: str, entries: Entries, paths: Sequence[Path], gives: dict[int, frozenset[str]], lead_day: int | None, progress: Progress
) -> Schedule:
    """Choose among all entries of a variable.

    Where a time is there more than once, the field of the run that began last is taken: it has the shortest lead time, and
    the last hour of one meteorology file is the first of the next.

    Parameters
    ----------
    gives : number of a file -> the variables it gives; of alike files with one start and one time, none is the better
    lead_day : take only fields of this day of their run, 0 being the day on which it starts; None takes all

    Raises
    ------
    InputError
        If no day is complete, a time comes twice from alike files of one start, or no run has that lead day.
    """
    if lead_day is not None:
        leads = (entries.days - entries.start_days).astype(int)
        if not (leads == lead_day).any():
            raise InputError(
                f"{key}: no run has the lead day {lead_day}; there are {leads.min()} to {leads.max()}, where 0 is the day of the start"
            )
        entries = entries.at(leads == lead_day)
    if entries.daily.any():  # a day that is there as such needs no hours
        entries = entries.at(entries.daily | ~np.isin(entries.days, entries.days[entries.daily]))
    entries = _once(key, entries.at(np.lexsort((-entries.file, entries.starts, entries.times))), paths, gives, progress)
    daily = bool(entries.daily.any())
    if daily:
        entries = entries.at(entries.daily)
        needed = 0.0
    else:
        needed = needed_count(_step_hours(key, entries, paths))
    days, first, count = np.unique(entries.days, return_index=True, return_counts=True)
    enough = count > needed
    if not enough.any():
        raise InputError(
            f"{key}: no day is complete; there are {len(entries.times)} times from {entries.times[0]} to {entries.times[-1]}, "
            f"and a day needs more than {needed:g} of them"
        )
    if not enough.all():
        progress.warn(f"{key}: {(~enough).sum()} incomplete day(s) left out; a day needs more than {needed:g} times")
    _tell_gaps(key, days, progress)
    return Schedule(entries, {day: (int(a), int(a + n)) for day, a, n, ok in zip(days, first, count, enough) if ok}, needed)


def _once(key: str, entries: Entries, paths: Sequence[Path], gives: dict[int, frozenset[str]], progress: Progress) -> Entries:
    """Each time once; the entries are in order of time, then of start, the first-named file last."""
    again = entries.times[1:] == entries.times[:-1]
    if not again.any():
        return entries
    places = np.flatnonzero(again)
    for place in places:
        one, other = int(entries.file[place]), int(entries.file[place + 1])
        if entries.starts[place] == entries.starts[place + 1] and (one == other or gives[one] == gives[other]):
            what = f"day {entries.days[place]}" if entries.daily[place] else f"time {entries.times[place]}"
            raise InputError(
                f"{what} of {key} comes twice, from '{paths[other]}' and '{paths[one]}', which begin at one time, "
                "so that neither is the newer; name each day once"
            )
    first = places[0]
    progress.warn(
        f"{key}: {len(places)} time(s) overlap, first {entries.times[first]} in '{paths[int(entries.file[first])].name}' and "
        f"'{paths[int(entries.file[first + 1])].name}'; the run that began last is taken, of those alike the first that was named"
    )
    return entries.at(np.append(~again, True))


def _step_hours(key: str, entries: Entries, paths: Sequence[Path]) -> float:
    """The usual time step."""
    if len(entries.times) < 2:
        raise InputError(
            f"{key} in '{paths[int(entries.file[0])]}' has the single time {entries.times[0]} without time bounds, so it can't be told "
            "whether it is a daily mean; add time bounds, or name the files of the other hours too"
        )
    steps, count = np.unique(np.diff(entries.times), return_counts=True)
    hours = float(steps[np.argmax(count)] / np.timedelta64(1, "h"))
    if hours > 24:
        raise InputError(
            f"{key} in '{paths[int(entries.file[0])]}' and the files after it has times that are {hours / 24:g} days apart; "
            "daily or hourly fields are "
            "needed, and monthly means are not days. Daily means that are alone in their files need time bounds of a day"
        )
    return hours


def _tell_gaps(key: str, days: np.ndarray, progress: Progress) -> None:
    ends = np.flatnonzero(np.diff(days).astype(int) > 1)
    if not len(ends):
        return
    gaps = [(days[end] + 1, days[end + 1] - 1) for end in ends]
    missing = sum(int((b - a).astype(int)) + 1 for a, b in gaps)
    told = ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in gaps[:_TOLD_GAPS])
    progress.warn(f"{key}: {missing} day(s) missing in {len(gaps)} gap(s): {told}{' ...' if len(gaps) > _TOLD_GAPS else ''}")
