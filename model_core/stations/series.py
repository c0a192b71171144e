"""Where the readings of a period come from: a long table, a file per day or hour, or a folder of files."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date as Date
from pathlib import Path
from typing import Iterator

import numpy as np
import pandas as pd

from model_core.errors import InputError
from model_core.stations.averaging import DAY, HoursSeen
from model_core.stations.date_pattern import dated_files, files_with_dates_in_names, is_pattern
from model_core.stations.files.folder import tables_in
from model_core.stations.labels import labels
from model_core.stations.reading_report import ReadingReport
from model_core.stations.readings import Observations
from model_core.stations.screening import PLACES, screen
from model_core.stations.source import Source
from model_core.stations.station_table import StationTable
from model_core.stations.tables import split_layer

# Rows of a table that are held at a time: some 20 MB of text.
PART_ROWS = 100_000
# Local times differ from the date in a file's name by less than a day, in whatever zone the name was written.
_NEIGHBOURHOOD = np.timedelta64(1, "D")


@dataclass(frozen=True)
class SeriesPart:
    """Some of the readings.

    Attributes
    ----------
    observations : with local times; may be empty
    complete_before : no later part holds a reading before this local time; None where that is not known
    """

    observations: Observations
    complete_before: np.datetime64 | None


@dataclass(frozen=True)
class RowsPart:
    """Rows of a file as `StationTable.parts` gives them, with times where those or the file's name say them; and as `SeriesPart`."""

    file: Path
    table: StationTable
    rows: pd.DataFrame
    report: ReadingReport
    complete_before: np.datetime64 | None


class StationSeries:
    """The readings of a source, part by part.

    Attributes
    ----------
    source : as it was given; `day` is the one that was asked for, and `need_times` whether a table without times is refused
    seen : which stations have hours, as far as the parts were read
    ordered : whether the names of the files say in which order their readings come

    Raises
    ------
    InputError
        If there is no such file, or no way to know the times.
    """

    def __init__(self, source: Source, day: Date | None = None, need_times: bool = True):
        self.source, self.seen, self._day = source, HoursSeen(), day
        path, layer = split_layer(source.path)
        self._layer = f"|layername={layer}" if layer else ""
        self._files: list[tuple[Path, np.datetime64 | None]]
        # Dates in names order the parts only where a pattern says so: a folder's files may hold anything.
        self.ordered = is_pattern(source.path)
        self._hourly_names = False
        self._opened: StationTable | None = None  # a file that was opened to look at it is not opened again
        folder = path.is_dir() and path.suffix.lower() != ".gdb"
        if self.ordered or (folder and not self._times_in_tables(path)):
            try:
                dated = dated_files(str(path)) if self.ordered else files_with_dates_in_names(tables_in(path)[0])
            except InputError:
                if need_times or self.ordered:
                    raise
                self._files = [(file, None) for file in tables_in(path)[0]]
            else:
                self.ordered, self._hourly_names = True, dated[0].hourly
                self._files = [(file.path, np.datetime64(file.date, "s")) for file in dated]
        elif folder:
            self._files = [(file, None) for file in tables_in(path)[0]]
        else:
            table = StationTable(source, day=day)
            if need_times and not table.has_times:
                raise InputError(f"'{path}' is one table for the whole period: name its time column, one of {', '.join(table.columns)}")
            self._files, self._opened = [(path, None)], table

    @property
    def hourly(self) -> bool:
        """Whether the readings of a day are of several hours, as far as the parts were read."""
        return self._hourly_names or self.seen.hourly

    def _times_in_tables(self, folder: Path) -> bool:
        """Whether a time column is named, or the form of the folder's first table has one."""
        if self.source.time:
            return True
        first = tables_in(folder)[0][0]
        return first == folder or StationTable(self.source, f"{first}{self._layer}").has_times

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
        for part in self.rows(start, end, PART_ROWS):
            rows, source = part.rows, part.table.source
            times = rows["time"].to_numpy("datetime64[s]")
            said = rows["averaging"].to_numpy() if "averaging" in rows else None
            ids = labels(rows["id"]) if "id" in rows else None
            self.seen.add(times, rows["x"].to_numpy(float), rows["y"].to_numpy(float), ids, said)
            if said is not None:
                rows["daily"] = said == DAY
            inside = np.ones(len(rows), bool)
            if start is not None:
                inside &= np.isnat(times) | (times >= start)
            if end is not None:
                inside &= np.isnat(times) | (times < end)
            report = part.report.without(int((~inside).sum()), "outside the period")
            with self._naming(part.file):
                observations = screen(
                    rows[inside],
                    report,
                    part.table.crs,
                    source.species,
                    source.unit,
                    f"field '{source.value}'",
                    source.decimal,
                    source.gas,
                    bool(source.sites),
                    part.table,
                    part.table.values_beside,
                )
            # Whether an id moves or is that of several stations is known when all of a month is read (`ReadingSpool.take`).
            notes = {kind: note for kind, note in observations.report.notes.items() if kind != PLACES}
            yield SeriesPart(replace(observations, report=replace(observations.report, notes=notes)), part.complete_before)

    def rows(self, start: np.datetime64 | None, end: np.datetime64 | None, rows: int | None) -> Iterator[RowsPart]:
        """The rows of the files, at most so many of a file at a time; of dated files those that can hold readings of the period."""
        for file, date in self._files:
            if date is not None and (
                (start is not None and date + 2 * _NEIGHBOURHOOD <= start) or (end is not None and date - _NEIGHBOURHOOD >= end)
            ):
                continue
            with self._naming(file):
                yield from self._rows_of(file, date, rows)

    @contextmanager
    def _naming(self, file: Path) -> Iterator[None]:
        """Within the block, errors name the file, where there are several."""
        try:
            yield
        except InputError as error:
            if (len(self._files) == 1 and not self.ordered) or str(file) in str(error):
                raise
            raise InputError(f"'{file}': {error}") from error

    def _rows_of(self, file: Path, date: np.datetime64 | None, at_a_time: int | None) -> Iterator[RowsPart]:
        table, self._opened = self._opened, None
        day = self._day if date is None else date.astype("datetime64[D]").item()
        table = table or StationTable(self.source, f"{file}{self._layer}", day=day)
        clock = table.source.clock
        moved = table.has_times or self._hourly_names
        before = None if date is None else date - _NEIGHBOURHOOD if moved else date
        for rows, report in table.parts(at_a_time):
            for number, note in enumerate(table.notes):
                report = report.noted(f"file {number}", note)
            if table.has_times and date is not None:
                _require_near(rows["time"].to_numpy(), date, rows.index)
            elif date is not None:
                rows["time"] = np.full(len(rows), date)
                if self._hourly_names and clock:  # a day in a name is a local day already
                    rows["time"] = clock.local(rows["time"].to_numpy(), np.full(len(rows), np.timedelta64("NaT", "s")))
            yield RowsPart(file, table, rows, report, before)


def _require_near(times: np.ndarray, date: np.datetime64, rows: pd.Index) -> None:
    """A file of a date holds times of that day, give or take a time zone."""
    far = ~np.isnat(times) & ((times < date - _NEIGHBOURHOOD) | (times >= date + 2 * _NEIGHBOURHOOD))
    if far.any():
        row = int(np.flatnonzero(far)[0])
        raise InputError(
            f"the time in row {rows[row] + 1}, {times[row]}, is more than a day away from the date in the file's name, "
            f"{date.astype('datetime64[D]')}; name the folder instead of a pattern if a file holds other days too"
        )
