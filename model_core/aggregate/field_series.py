"""Files of fields as one series of days: what they must have in common, and their fields in order of time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Iterator, Sequence

import numpy as np

from model_core.aggregate.daily_values import MEAN, DailyValues
from model_core.aggregate.field_files import FieldFile, FieldReader
from model_core.errors import InputError
from model_core.grid import Grid
from model_core.progress import Progress
from model_core.time_zones import local_times, parse_time_zone, utc_times
from model_core.units import convert
from model_core.variable_table import current_table
from model_core.variables import Variable, get_variable

# What is read from a file at once.
_BATCH_BYTES = 16 << 20


@dataclass(frozen=True)
class FieldSeries:
    """Daily or hourly fields of one species on one grid, made by one model.

    Attributes
    ----------
    files : of the fields
    variable : what they are of; fields come in its unit
    hourly : whether the fields are of hours
    zone : whose days they are, "" where the files do not say
    times : datetime64[s], local start of each day or hour, in order
    file, step : int, where each of them is
    """

    files: tuple[FieldFile, ...]
    variable: Variable
    hourly: bool
    zone: str
    times: np.ndarray
    file: np.ndarray
    step: np.ndarray

    @property
    def grid(self) -> Grid:
        """Of all fields."""
        return self.files[0].grid

    @property
    def days(self) -> np.ndarray:
        """datetime64[D], in order, each once."""
        return np.unique(self.times.astype("datetime64[D]"))

    @property
    def model(self) -> str:
        """Hash of the model that made the fields, "" where the files name none."""
        return self.files[0].model

    @property
    def has_sd(self) -> bool:
        """Whether every file holds standard deviations."""
        return all(file.sd is not None for file in self.files)

    def between(self, start: np.datetime64 | None, end: np.datetime64 | None) -> "FieldSeries":
        """The days from `start` to `end`, both included; `InputError` if there are none."""
        days, keep = self.times.astype("datetime64[D]"), np.ones(len(self.times), bool)
        if start is not None:
            keep &= days >= start
        if end is not None:
            keep &= days <= end
        if not keep.any():
            raise InputError(f"no field from {start or 'the start'} to {end or 'the end'}; there are fields of {days[0]} to {days[-1]}")
        return replace(self, times=self.times[keep], file=self.file[keep], step=self.step[keep])

    def daily(
        self, daily: str, hours: int, with_sd: bool, progress: Progress
    ) -> Iterator[tuple[np.datetime64, np.ndarray, np.ndarray | None]]:
        """(day, its field, its standard deviation or None) in order; float32 (rows, columns), NaN where there is no value.

        Parameters
        ----------
        daily : what is made of the hours of a day, one of `daily_values.DAILY`
        hours : valid hours that a daily mean needs
        with_sd : whether the standard deviations are read; not for hours, whose days have none

        Raises
        ------
        InputError
            If a file is damaged where it is read.
        """
        days, values = self.days, DailyValues(daily, hours)
        with FieldReader(current_table()) as reader:
            for number, (day, times, fields, sd) in enumerate(self._days(reader, with_sd and not self.hourly)):
                progress.step(number / len(days), f"{day}")
                if self.hourly:
                    hour = (times - day.astype("datetime64[s]")).astype("timedelta64[h]").astype(int)
                    yield day, values.of(day, hour, fields), None
                else:
                    yield day, fields[0], None if sd is None else sd[0]

    def _days(self, reader: FieldReader, with_sd: bool) -> Iterator[tuple]:
        """(day, its times, its fields, their standard deviations); hours of a day may come from two files."""
        held: tuple | None = None
        for part in self._batches():
            fields, sd = reader.read(self.files[self.file[part.start]], self.step[part].tolist(), with_sd)
            if fields.shape[1:] != self.grid.shape:
                raise InputError(f"'{self.files[self.file[part.start]].path}' has changed while it was read; start again")
            times = self.times[part]
            days = times.astype("datetime64[D]")
            ends = np.append(np.flatnonzero(days[1:] != days[:-1]) + 1, len(days))
            first = 0
            for end in ends:
                one = days[first], times[first:end], fields[first:end], None if sd is None else sd[first:end]
                first = end
                if held is not None and held[0] == one[0]:
                    one = one[0], np.concatenate([held[1], one[1]]), np.concatenate([held[2], one[2]]), None
                elif held is not None:
                    yield held
                held = one
        if held is not None:
            yield held

    def _batches(self) -> Iterator[slice]:
        """Times in a row of one file, as many as may be read at once; at least a day's hours."""
        field = 4 * self.grid.shape[0] * self.grid.shape[1]
        most = max(_BATCH_BYTES // field, 24 if self.hourly else 1)
        first = 0
        for number in range(1, len(self.times) + 1):
            ended = number == len(self.times) or self.file[number] != self.file[first] or self.step[number] != self.step[number - 1] + 1
            if ended or number - first == most:
                yield slice(first, number)
                first = number


def read_field_series(paths: Sequence[Path], species: str | None, zone: str, daily: str, progress: Progress) -> FieldSeries:
    """Read the headers of all files, and require that they belong together.

    Parameters
    ----------
    species : key of the variable; None for what the first file tells
    zone : whose days count, where the fields are of hours; "" for that of the files, else UTC
    daily : what the days are to be; of hourly fields they are made, of daily fields they are taken as what they are

    Raises
    ------
    InputError
        If a file can't be read; if one has another grid, unit, model or species than the first, or holds days where others hold
        hours; or if a day or hour is there twice. The file is named.
    """
    files: list[FieldFile] = []
    with FieldReader(current_table()) as reader:
        for number, path in enumerate(paths):
            progress.step(number / len(paths), f"looking into {path.name}")
            one = reader.describe(path, species)
            if files:
                _require_alike(one, files[0])
            else:
                for note in one.notes:
                    progress.log(f"'{path}': {note}")
                for doubt in one.doubts:
                    progress.warn(f"'{path}': {doubt}")
            files.append(one)
    hourly = _is_hourly(files, progress)
    kept, times = (files[0].zone, [file.times for file in files])
    if hourly:
        kept, times = _local(files, zone)
    elif zone and kept and zone != kept:
        progress.warn(f"the fields are of days in {kept}, and stay so; {zone} holds for readings of stations only")
    if not hourly and daily != MEAN:
        progress.warn(f"the fields are of days and are taken to hold what is asked for ({daily}), which the files can't confirm")
    which = np.concatenate([np.full(len(one), number) for number, one in enumerate(times)])
    steps, written = np.concatenate([np.arange(len(one)) for one in times]), np.concatenate([file.times for file in files])
    order = np.argsort(written, kind="stable")
    _require_once(written[order], which[order], files, hourly)
    return FieldSeries(tuple(files), get_variable(files[0].species), hourly, kept, np.concatenate(times)[order], which[order], steps[order])


def _require_alike(one: FieldFile, first: FieldFile) -> None:
    if one.grid != first.grid and not one.grid.matches(first.grid):
        raise InputError(f"'{one.path}' is on another grid than '{first.path}':\n  {one.grid}\n  {first.grid}\naggregate each by itself")
    if one.species != first.species:
        raise InputError(f"'{one.path}' is of {one.species}, '{first.path}' of {first.species}; aggregate each by itself, or name the one meant")
    if one.unit != first.unit and not _same_unit(one, first):
        raise InputError(f"'{one.path}' is in {one.unit or 'no unit'}, '{first.path}' in {first.unit or 'no unit'}; bring them to one unit first")
    if one.model != first.model:
        made = [f"by the model {file.model[:12]}…" if file.model else "by no model that it names" for file in (one, first)]
        raise InputError(f"'{one.path}' was made {made[0]}, '{first.path}' {made[1]}; aggregate each by itself")
    if one.zone != first.zone:
        zones = [file.zone or "a zone that it does not name" for file in (one, first)]
        raise InputError(f"'{one.path}' counts its days in {zones[0]}, '{first.path}' in {zones[1]}; aggregate each by itself")


def _same_unit(one: FieldFile, first: FieldFile) -> bool:
    """Whether two texts name one unit."""
    try:
        return bool(np.isclose(convert([1.0], one.unit, first.unit, f"'{one.path}'"), 1.0, rtol=1e-9)[0])
    except InputError:
        return False


def _is_hourly(files: Sequence[FieldFile], progress: Progress) -> bool:
    """Whether the files hold hours; single times without bounds are days where no day has two of them."""
    kinds = {file.daily for file in files}
    if kinds == {None}:
        times = np.sort(np.concatenate([file.times for file in files]))
        days = times.astype("datetime64[D]")
        if (days[1:] == days[:-1]).any():
            return True
        progress.warn(f"the times have no bounds that say what they are of (first: {times[0]}); each field is taken as the mean of its day")
        return False
    kinds.discard(None)
    if len(kinds) > 1:
        day, hour = (next(file for file in files if file.daily is kind) for kind in (True, False))
        raise InputError(f"'{day.path}' holds days and '{hour.path}' holds hours; aggregate each by itself")
    return not kinds.pop()


def _local(files: Sequence[FieldFile], zone: str) -> tuple[str, list[np.ndarray]]:
    """(zone whose days count, local times of each file's hours)."""
    written = files[0].zone
    kept = zone or written or "UTC"
    if kept == written:
        return kept, [file.times for file in files]
    in_utc = [utc_times(file.times, parse_time_zone(written)) if written else file.times for file in files]
    return kept, [local_times(times, parse_time_zone(kept)) for times in in_utc]


def _require_once(times: np.ndarray, file: np.ndarray, files: Sequence[FieldFile], hourly: bool) -> None:
    unit = "h" if hourly else "D"
    rounded = times.astype(f"datetime64[{unit}]")
    again = np.flatnonzero(rounded[1:] == rounded[:-1])
    if len(again):
        one, other = (files[file[place]].path for place in (again[0], again[0] + 1))
        where = f"twice in '{one}'" if one == other else f"in '{one}' and in '{other}'"
        raise InputError(f"{'the hour' if hourly else 'the day'} {rounded[again[0]]} is there {where}; name each once")
