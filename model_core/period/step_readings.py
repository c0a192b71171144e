"""The readings of each step: averaged over the day or hour, in the cells of the grid, with a fingerprint."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Callable, Iterator, Mapping

import numpy as np

from model_core.errors import InputError
from model_core.grid import Grid
from model_core.period.spool import ReadingSpool
from model_core.stations.daily import HOURS, daily_means, hourly_means, not_below_zero
from model_core.stations.errors import certain_enough
from model_core.stations.gridding import TOO_UNCERTAIN, CellReadings, GriddedReadings, all_outside, cell_means, locate_in_cells
from model_core.stations.reading_report import ReadingReport
from model_core.stations.readings import DAILY_VALUE, FLAGS, RUNNING, Observations
from model_core.stations.series import SeriesPart, StationSeries

STEPS = {"day": "D", "hour": "h"}


@dataclass(frozen=True)
class StepReadings:
    """What one step is computed from; small, so that it can be sent to another machine.

    Attributes
    ----------
    step : datetime64[s], start of the day or hour
    readings : variable -> its cells with readings
    background : stands for the background field of the step, "" where there is none
    """

    step: np.datetime64
    readings: Mapping[str, CellReadings]
    background: str = ""

    def fingerprint(self, basis: str) -> str:
        """SHA-256 of the readings and of `basis`, which stands for all that is the same on every step."""
        digest = hashlib.sha256(basis.encode())
        for name in sorted(self.readings):
            cells = self.readings[name]
            digest.update(f"{name} {len(cells.cells)}".encode())
            for array, kind in (
                (cells.cells, "<i4"),
                (cells.values, "<f4"),
                (cells.counts, "<i4"),
                (cells.placed.values, "<f4"),
                (cells.placed.places, "<f4"),
            ):
                digest.update(np.ascontiguousarray(array, kind).tobytes())
            if cells.errors is not None:
                for array in (cells.errors, cells.placed.errors):
                    digest.update(np.ascontiguousarray(array, "<f4").tobytes())
        digest.update(self.background.encode())
        return digest.hexdigest()

    def on_grid(self, grid: Grid) -> dict[str, GriddedReadings]:
        """As `Predictor.predict` takes them."""
        used = {name: int(cells.counts.sum()) for name, cells in self.readings.items()}
        return {name: cells.on_grid(grid, ReadingReport(used[name], used[name])) for name, cells in self.readings.items()}


class GriddedSeries:
    """The readings of one variable, step by step in order, each as soon as no later file can add to it.

    Attributes
    ----------
    report : ReadingReport, of what was read up to now
    grid : that the readings are put on; None until the stations have chosen it (`places`), before the first step
    """

    def __init__(self, series: StationSeries, grid: Grid | None, step: str, hours: int = HOURS):
        self.report, self.grid = ReadingReport(0, 0), grid
        self._series, self._unit, self._hours = series, STEPS[step], hours
        self._places: list[np.ndarray] = []
        self._crs: Any = None
        self._spool = ReadingSpool()
        self._parts: Iterator[SeriesPart] = iter(())
        self._outside: Observations | None = None
        self._used: set[int] = set()

    def prepare(self, start: np.datetime64 | None, end: np.datetime64 | None, check: Callable[[], None] = lambda: None) -> None:
        """Begin to read, from `start` to before `end`; what comes in no order of time is read as a whole.

        `check` is called after each part, and stops the reading by raising.
        """
        self._check = check
        self._parts = self._series.parts(start, end)
        if not self._series.ordered:
            for part in self._parts:
                self._add(part)
        elif self.grid is None:  # the first file stands for the stations of all
            for part in islice(self._parts, 1):
                self._add(part)

    def places(self) -> tuple[np.ndarray, np.ndarray, Any]:
        """x and y of the stations that were read by `prepare`, (stations,) each, and their CRS; only where there was no grid yet."""
        if not self._places:
            raise InputError(self.nothing())
        return *np.unique(np.concatenate(self._places), axis=0).T, self._crs

    @property
    def hourly(self) -> bool:
        """Whether the tables hold several hours of a day."""
        return self._series.hourly

    @property
    def seen(self) -> int:
        """How many stations the tables hold."""
        return self._series.seen.stations

    @property
    def stations(self) -> int:
        """How many stations have a reading on any step up to now."""
        return len(self._used)

    @property
    def span(self) -> tuple[np.datetime64, np.datetime64] | None:
        """First and last step, as far as it can be known before all is read; None where there is no reading."""
        first, last = self._series.span or (self._spool.first, self._spool.last)
        return None if first is None else tuple(time.astype(f"datetime64[{self._unit}]").astype("datetime64[s]") for time in (first, last))

    def steps(self) -> Iterator[tuple[np.datetime64, CellReadings]]:
        """Every step that has readings in the grid, in order."""
        for part in self._parts:
            self._add(part)
            if part.complete_before is not None:
                for month in self._spool.months(part.complete_before):
                    yield from self._of_month(month)
        for month in self._spool.months():
            yield from self._of_month(month)

    def nothing(self) -> str:
        """Says why no step has readings."""
        if self._outside is not None:
            return all_outside(self._outside, self.grid)
        source = self._series.source
        what = f"{source.path}, field '{source.value}'" if source.value else source.path  # without, it was found in the table
        needed = f"; a daily mean needs {self._hours} valid hours, fewer can be asked for" if self.hourly and self._unit == "D" else ""
        return f"{what}: no day of the period has readings; {self.report}{needed}"

    def close(self) -> None:
        """Let go of the readings."""
        self._spool.close()

    def _add(self, part: SeriesPart) -> None:
        self._check()
        self.report += part.observations.report
        if self.grid is None and len(part.observations):
            self._places.append(np.unique(np.column_stack([part.observations.x, part.observations.y]), axis=0))
            self._crs = part.observations.crs
        self._spool.add(part.observations)

    def _of_month(self, month: np.datetime64) -> Iterator[tuple[np.datetime64, CellReadings]]:
        raw = self._spool.take(month)
        if self.hourly:  # only now is it known of every station of the month whether it has hours
            daily = (self._series.seen.daily(raw.x, raw.y, raw.id) & ~raw.has_flag(RUNNING)) | raw.has_flag(DAILY_VALUE)
            raw = replace(raw.with_flag(DAILY_VALUE, daily), report=raw.report.flagged(int(daily.sum()), FLAGS[DAILY_VALUE]))
        if self._unit == "h":
            means = hourly_means(raw)
        else:
            means = daily_means(raw, self._hours) if self.hourly else not_below_zero(raw)
        self._used.update(np.unique(self._series.seen.numbers(means.x, means.y, means.id)).tolist())
        cell, inside, place = locate_in_cells(means, self.grid)
        for reason, count in means.report.dropped.items():
            self.report = self.report.without(count, reason)
        for flag, count in means.report.flags.items():
            self.report = self.report.flagged(count, flag)
        for kind, note in means.report.notes.items():
            self.report = self.report.noted(kind, note)
        if not inside.all():
            self._outside = means.select(~inside)
            self.report = self.report.without(means.rows_in(~inside), "outside grid")
        step = means.time[inside].astype(f"datetime64[{self._unit}]").astype("datetime64[s]")
        cell, value, place = cell[inside], means.value[inside], place[inside]
        error, table_rows = (None if array is None else array[inside] for array in (means.error, means.rows))
        steps, member = np.unique(step, return_inverse=True)
        order = np.argsort(member, kind="stable")
        ends = np.cumsum(np.bincount(member, minlength=len(steps)))
        for number, rows in enumerate(np.split(order, ends[:-1])) if len(steps) else ():
            if error is not None:
                certain = certain_enough(value[rows], error[rows])
                left_out = rows[~certain]
                self.report = self.report.without(len(left_out) if table_rows is None else int(table_rows[left_out].sum()), TOO_UNCERTAIN)
                rows = rows[certain]
            yield steps[number], cell_means(cell[rows], value[rows], place[rows], None if error is None else error[rows])


def step_readings(target: str, series: Mapping[str, GriddedSeries], steps: np.ndarray) -> Iterator[tuple[int, StepReadings | None]]:
    """Every step of the period with its number: its readings, or None where the target has none.

    Parameters
    ----------
    series : by variable, each prepared; that of `target` decides which steps there are
    steps : datetime64[s] in order

    Raises
    ------
    InputError
        If the target has no reading on any step, when that is known.
    """
    further = {name: _Follower(one) for name, one in series.items() if name != target}
    main, found = _Follower(series[target]), 0
    for number, step in enumerate(steps):
        cells = main.at(step)
        if cells is None:
            yield number, None
            continue
        found += 1
        others = {name: follower.at(step) for name, follower in further.items()}
        yield number, StepReadings(step, {target: cells, **{name: one for name, one in others.items() if one is not None}})
    if not found:
        raise InputError(series[target].nothing())


class _Follower:
    """The readings of a series at steps that are asked for in order."""

    def __init__(self, series: GriddedSeries):
        self._steps = series.steps()
        self._next = next(self._steps, None)

    def at(self, step: np.datetime64) -> CellReadings | None:
        while self._next is not None and self._next[0] < step:
            self._next = next(self._steps, None)
        return self._next[1] if self._next is not None and self._next[0] == step else None
