"""Readings of stations as days of one row of cells, so that their periods are computed as those of fields are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from model_core.aggregate.daily_values import MEAN, DailyValues
from model_core.aggregate.periods import Period
from model_core.aggregate.plan import Plan
from model_core.aggregate.statistics import PeriodStatistics, Result
from model_core.errors import InputError
from model_core.grid import Grid
from model_core.stations.daily import hourly_means
from model_core.stations.gridding import all_outside, locate_cells
from model_core.stations.identity import stations_of
from model_core.stations.readings import Observations
from model_core.validation.places import at_stations, station_names


@dataclass(frozen=True)
class StationDays:
    """Values of stations by day.

    Attributes
    ----------
    stations : one reading of each station, which says its name and place
    days : datetime64[D], in order
    values : float32 (days, stations), NaN where a station has no value
    """

    stations: Observations
    days: np.ndarray
    values: np.ndarray

    def results(self, periods: list[Period], plan: Plan) -> list[Result]:
        """What each period comes to at the stations, arrays of shape (1, stations)."""
        return [self._result(period, plan) for period in periods]

    def _result(self, period: Period, plan: Plan) -> Result:
        statistics = PeriodStatistics((1, self.values.shape[1]), plan.thresholds, plan.percentiles)
        try:
            for number in np.flatnonzero(np.isin(self.days, period.days)):
                statistics.add(self.values[number][None])
            return statistics.result(period.expected, plan.station_share)
        finally:
            statistics.close()


def station_days(observations: Observations, daily: str, hours: int, grid: Grid) -> StationDays:
    """Readings by station and day; those outside the grid are left out.

    Parameters
    ----------
    observations : with times; daily values, unless `daily` asks for what hours are needed for and they are hourly
    daily, hours : as for `DailyValues`

    Raises
    ------
    InputError
        If no station lies in the grid, or the readings have no time.
    """
    if observations.time is None:
        raise InputError("the readings of the stations have no time; name the time column (--time)")
    inside = locate_cells(observations, grid)[1]
    if not inside.any():
        raise InputError(all_outside(observations, grid))
    observations = observations.select(inside)
    by_hour = observations.hourly and daily != MEAN
    if by_hour:
        observations = hourly_means(observations)
    number = stations_of(observations.x, observations.y, observations.id, observations.crs).number
    _, first = np.unique(number, return_index=True)
    count = len(first)
    days, day = np.unique(observations.time.astype("datetime64[D]"), return_inverse=True)
    if not by_hour:
        return StationDays(observations.select(first), days, _table(day, number, observations.value, (len(days), count)))
    values, made = np.empty((len(days), count), np.float32), DailyValues(daily, hours)
    hour = (observations.time - observations.time.astype("datetime64[D]")).astype("timedelta64[h]").astype(int)
    order = np.argsort(day, kind="stable")
    for place, rows in enumerate(np.split(order, np.cumsum(np.bincount(day))[:-1])):
        fields = _table(hour[rows], number[rows], observations.value[rows], (24, count))
        values[place] = made.of(days[place], np.arange(24), fields[:, None])[0]
    return StationDays(observations.select(first), days, values)


def _table(row: np.ndarray, column: np.ndarray, value: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """float32 of a shape, the mean of the values at each row and column, NaN where there is none."""
    place = np.ravel_multi_index((row, column), shape)
    count = np.bincount(place, minlength=shape[0] * shape[1])
    total = np.bincount(place, value, minlength=shape[0] * shape[1])
    return np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0).astype(np.float32).reshape(shape)


def period_table(stations: Observations, period: Period, plan: Plan, result: Result, mean: np.ndarray, grid: Grid) -> pd.DataFrame:
    """A row for each station that has a valid day in the period: its statistics, and the field's mean there.

    The columns: station, x, y, group (where there is one), period, start, end (the last day), value (the mean), unit, species, days, share,
    percentiles, days_above_..., above_..., field (bilinear).
    """
    key, values = plan.variable.key, plan.values(result)
    table = pd.DataFrame(
        {
            "station": station_names(stations),
            "x": stations.x,
            "y": stations.y,
            **({} if stations.group is None else {"group": stations.group}),
            "period": period.label,
            "start": str(period.start),
            "end": str(period.end - 1),
            "value": values[key][0],
            "unit": plan.variable.unit,
            "species": key,
            **{name.removeprefix(f"{key}_"): array[0] for name, array in values.items() if name != key},
            "field": at_stations(mean, stations, grid).astype(np.float32),
        }
    )
    return table[table["days"] > 0].reset_index(drop=True)
