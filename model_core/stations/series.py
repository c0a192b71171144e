"""Where the readings of a period come from: a long table, a file per day or hour, or a folder of files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import numpy as np
import pandas as pd

from model_core.days import has_hours, parse_times
from model_core.errors import InputError
from model_core.grid import parse_crs
from model_core.stations.date_pattern import dated_files, files_with_dates_in_names, is_pattern
from model_core.stations.observations import Observations, screen
from model_core.stations.reading_report import ReadingReport
from model_core.stations.files.folder import tables_in
from model_core.stations.table_files import open_table
from model_core.stations.tables import split_layer, table_parts
from model_core.time_zones import Clock

# Rows of a table that are held at a time: some 40 MB of text.
PART_ROWS = 200_000
# Local times differ from the date in a file's name by less than a day, in whatever zone the name was written.
_NEIGHBOURHOOD = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Source:
    """What a user says about the readings of one variable.

    Attributes
    ----------
    path : a file, a folder, or a pattern with ``{date:%Y%m%d}``
    value, unit, time, x, y, id : column names and unit; `time` may be None where the names of files say the date
    crs : of the coordinates, or None for what the file says
    species : key of the variable
    clock : whose days count, or None: times count as they stand
    """

    path: str
    value: str
    species: str
    unit: str | None = None
    time: str | None = None
    x: str | None = None
    y: str | None = None
    crs: str | None = None
    id: str | None = None
    clock: Clock | None = None


@dataclass(frozen=True)
class SeriesPart:
    """Some of the readings.

    Attributes
    ----------
    observations : with local times; may be empty
    hourly : whether the readings of a day are of several hours
    complete_before : no later part holds a reading before this local time; None where that is not known
    """

    observations: Observations
    hourly: bool
    complete_before: np.datetime64 | None


class StationSeries:
    """The readings of a source, part by part.

    Raises
    ------
    InputError
        If there is no such file, or no way to know the times.
    """

    def __init__(self, source: Source):
        self.source = source
        path, layer = split_layer(source.path)
        self._layer = f"|layername={layer}" if layer else ""
        self._files: list[tuple[Path, np.datetime64 | None]]
        # Dates in names order the parts only where a pattern says so: a folder's files may hold anything.
        self.ordered = is_pattern(source.path)
        self.hourly_names = False
        if self.ordered or (path.is_dir() and not source.time):
            dated = dated_files(str(path)) if self.ordered else files_with_dates_in_names(tables_in(path)[0])
            self.ordered, self.hourly_names = True, dated[0].hourly
            self._files = [(file.path, np.datetime64(file.date, "s")) for file in dated]
        elif path.is_dir():
            self._files = [(file, None) for file in tables_in(path)[0]]
        else:
            columns = open_table(path, layer).columns
            if not source.time:
                raise InputError(f"'{path}' is one table for the whole period: name its time column, one of {', '.join(columns)}")
            self._files = [(path, None)]

    @property
    def span(self) -> tuple[np.datetime64, np.datetime64] | None:
        """First and last date that the files' names say; None where the times are in the tables alone."""
        return (self._files[0][1], self._files[-1][1]) if self.ordered else None

    def parts(self, start: np.datetime64 | None, end: np.datetime64 | None) -> Iterator[SeriesPart]:
        """The readings from `start` to before `end` (local times), in the order of the files.

        Raises
        ------
        InputError
            If a file can't be read, a column is not there, a time is not understood, or a dated file holds other dates.
        """
        for file, date in self._files:
            if date is not None and (
                (start is not None and date + 2 * _NEIGHBOURHOOD <= start) or (end is not None and date - _NEIGHBOURHOOD >= end)
            ):
                continue
            try:
                yield from self._parts_of(file, date, start, end)
            except InputError as error:
                if (len(self._files) == 1 and not self.ordered) or str(file) in str(error):
                    raise
                raise InputError(f"'{file}': {error}") from error

    def _parts_of(
        self, file: Path, date: np.datetime64 | None, start: np.datetime64 | None, end: np.datetime64 | None
    ) -> Iterator[SeriesPart]:
        source = self.source
        named = [name for name in (source.value, source.time, source.id) if name]
        moved = source.time or self.hourly_names
        before = None if date is None else date - _NEIGHBOURHOOD if moved else date
        for table, x, y, crs in table_parts(f"{file}{self._layer}", source.x, source.y, source.crs, named, PART_ROWS):
            columns = {"x": x, "y": y, "value": table[source.value]}
            if source.id:
                columns["id"] = table[source.id]
            rows = pd.DataFrame(columns)
            if source.time:
                rows["time"] = parse_times(table[source.time], source.clock, int(table.index[0]) + 1)
                if date is not None:
                    _require_near(rows["time"].to_numpy(), date, rows.index)
            else:
                rows["time"] = np.full(len(rows), date)
                if self.hourly_names and source.clock:  # a day in a name is a local day already
                    rows["time"] = source.clock.local(rows["time"].to_numpy(), np.full(len(rows), np.timedelta64("NaT", "s")))
            times = rows["time"].to_numpy("datetime64[s]")
            inside = np.ones(len(rows), bool)
            if start is not None:
                inside &= np.isnat(times) | (times >= start)
            if end is not None:
                inside &= np.isnat(times) | (times < end)
            report = ReadingReport(len(rows), len(rows)).without(int((~inside).sum()), "outside the period")
            observations = screen(rows[inside], report, parse_crs(crs), source.species, source.unit, f"field '{source.value}'")
            yield SeriesPart(observations, self.hourly_names or has_hours(times), before)


def _require_near(times: np.ndarray, date: np.datetime64, rows: pd.Index) -> None:
    """A file of a date holds times of that day, give or take a time zone."""
    far = ~np.isnat(times) & ((times < date - _NEIGHBOURHOOD) | (times >= date + 2 * _NEIGHBOURHOOD))
    if far.any():
        row = int(np.flatnonzero(far)[0])
        raise InputError(
            f"the time in row {rows[row] + 1}, {times[row]}, is more than a day away from the date in the file's name, "
            f"{date.astype('datetime64[D]')}; name the folder instead of a pattern if a file holds other days too"
        )
