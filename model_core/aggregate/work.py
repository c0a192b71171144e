"""The work of an aggregation: once through the days, each period ended as soon as its last day is there."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Sequence

import numpy as np
import pandas as pd

from model_core.aggregate.field_series import FieldSeries
from model_core.aggregate.output import Write
from model_core.aggregate.periods import Period
from model_core.aggregate.plan import Plan
from model_core.aggregate.station_days import StationDays, period_table
from model_core.aggregate.statistics import PeriodStatistics, Result
from model_core.aggregate.summary import limit_summary, period_summary
from model_core.progress import Progress


class Aggregation:
    """Fields of days to periods, with the stations beside them.

    Parameters
    ----------
    areas : km2 (rows, columns), 0 where a cell does not count for shares of the area
    stations : or None
    counted : bool (stations,), which of them count for shares and are drawn; None for all
    keep_means : whether `means` are kept, for a picture
    folder : with room for the days of the periods under way, where percentiles are asked for

    Attributes
    ----------
    means : mean field of each period, where they are kept
    periods_found, limits_found : as `summary` makes them
    """

    def __init__(
        self,
        series: FieldSeries,
        periods: Sequence[Period],
        plan: Plan,
        areas: np.ndarray,
        stations: StationDays | None = None,
        counted: np.ndarray | None = None,
        keep_means: bool = False,
        folder: Path | None = None,
    ):
        self.series, self.periods, self.plan, self.stations = series, list(periods), plan, stations
        self.means: list[np.ndarray | None] = [None] * len(periods)
        self.periods_found: list[dict[str, Any]] = [{}] * len(periods)
        self._limits: list[list[dict[str, Any]]] = [[]] * len(periods)
        self._tables: list[pd.DataFrame | None] = [None] * len(periods)
        self.counted, self._areas, self._keep, self._folder = counted, areas, keep_means, folder
        self.of_stations: list[Result] | None = None if stations is None else stations.results(self.periods, plan)

    def run(self, write: Write, hours: int, progress: Progress) -> None:
        """Write each period when it is complete; `hours` valid ones are needed for a daily mean of hourly fields."""
        number_of = {day: number for number, period in enumerate(self.periods) for day in period.days.tolist()}
        under_way: dict[int, PeriodStatistics] = {}
        low, high = np.inf, -np.inf
        with ExitStack() as stack:
            for day, field, sd in self.series.daily(self.plan.daily, hours, self.plan.with_sd, progress):
                number = number_of[day.item()]
                low, high = np.fmin(low, np.nanmin(field, initial=np.inf)), np.fmax(high, np.nanmax(field, initial=-np.inf))
                if number not in under_way:
                    plan = self.plan
                    under_way[number] = PeriodStatistics(field.shape, plan.thresholds, plan.percentiles, plan.with_sd, self._folder)
                    stack.callback(under_way[number].close)
                under_way[number].add(field, sd)
                if day == self.periods[number].days[-1]:
                    statistics, done = under_way.pop(number), float(np.searchsorted(self.series.days, day) / len(self.series.days))
                    result = statistics.result(self.periods[number].expected, self.plan.minimum_share, partial(progress.step, done, ""))
                    statistics.close()
                    write(number, self.plan.values(result))
                    self._end(number, result)
        least, most = self.plan.variable.limits
        if low < least or high > most:
            progress.warn(
                f"the days span {low:g} to {high:g} {self.plan.variable.unit}, beyond the plausible {least:g} to {most:g}; is the unit of "
                "the fields right?"
            )

    @property
    def limits_found(self) -> list[dict[str, Any]]:
        """A row for each period and limit."""
        return [row for rows in self._limits for row in rows]

    def station_table(self) -> pd.DataFrame:
        """A row for each station and period, as `station_days.period_table`."""
        return pd.concat([table for table in self._tables if table is not None], ignore_index=True)

    def _end(self, number: int, result: Result) -> None:
        period, plan = self.periods[number], self.plan
        at_stations = None if self.of_stations is None else self.of_stations[number]
        self.periods_found[number] = period_summary(period, plan, result, self._areas)
        self._limits[number] = limit_summary(period, plan, result, self._areas, at_stations, self.counted)
        if at_stations is not None:
            self._tables[number] = period_table(self.stations.stations, period, plan, at_stations, result.mean, self.series.grid)
        if self._keep:
            self.means[number] = result.mean
