"""A CTM held against station readings: what it has at each station on each day that both know."""

from __future__ import annotations

from datetime import date as Date
from typing import Any, Mapping

import numpy as np
import pandas as pd

from model_core.ctm.daily_store import DailyStore
from model_core.errors import InputError
from model_core.progress import Progress
from model_core.stations.gridding import all_outside, locate_cells
from model_core.stations.readings import Observations
from model_core.validation.cross_validation import CrossValidation, table_of_stations
from model_core.validation.places import at_stations
from model_core.validation.splits import Scheme

CTM = "ctm"


class MeanField:
    """The mean of fields over days, cell by cell where they are known; rows and columns as the grid has them."""

    def __init__(self, shape: tuple[int, int]):
        self._sum, self._count = np.zeros(shape), np.zeros(shape, int)

    def add(self, field: np.ndarray) -> None:
        """Add the field of a day, NaN where unknown."""
        known = np.isfinite(field)
        self._sum += np.where(known, field, 0)
        self._count += known

    @property
    def mean(self) -> np.ndarray:
        """float64 (rows, columns), NaN where no day is known."""
        return np.divide(self._sum, self._count, out=np.full(self._sum.shape, np.nan), where=self._count > 0)


def compare_with_stations(
    store: DailyStore, observations: Observations, days: Mapping[Date | None, int], progress: Progress
) -> tuple[CrossValidation, np.ndarray]:
    """The readings with what the CTM has there, and the CTM's mean field over the days.

    Fields are read at the stations, bilinear between cell centres; one is held at a time.

    Parameters
    ----------
    observations : daily values of one variable; those off the grid are left out
    days : day of the readings -> number of the day in the store

    Returns
    -------
    (CrossValidation, float (rows, columns))
        Of the table the columns that do not depend on folds, and `ctm`; the method is "ctm", which is given no reading at all.

    Raises
    ------
    InputError
        If no reading lies on the grid, or the CTM has a value at none.
    """
    inside = locate_cells(observations, store.grid)[1]
    if not inside.any():
        raise InputError(all_outside(observations, store.grid))
    on_grid, tables, mean, warnings = observations.select(inside), [], MeanField(store.grid.shape), []
    for step, (day, number) in enumerate(days.items()):
        progress.step(step / len(days), f"{store.times[number]}, day {step + 1} of {len(days)}")
        field = store.field(observations.species, number)
        mean.add(field)
        of_day = _of_day(on_grid, day)
        if of_day is not None:
            table = table_of_stations(of_day, day, store.grid, _maps(store))
            tables.append(table.assign(ctm=at_stations(field, of_day, store.grid)))
    table = pd.concat(tables, ignore_index=True) if tables else None
    known = None if table is None else np.isfinite(table[CTM])
    if known is None or not known.any():
        raise InputError("the CTM has a value at no station on any of the days; check the grid and the level of its files")
    if not inside.all():
        warnings.append(f"{int((~inside).sum())} of {len(inside)} readings lie off the grid of the CTM and are left out")
    if not known.all():
        warnings.append(f"{int((~known).sum())} of {len(known)} readings lie where the CTM has no value and are left out")
    result = CrossValidation(
        table[known].reset_index(drop=True), (CTM,), Scheme(), tuple(_maps(store)), observations.species, observations.crs, [], [], warnings
    )
    return result, mean.mean


def station_means(result: CrossValidation) -> pd.DataFrame:
    """A row for each station: x, y, days, and the means of `observed` and `ctm` over its days."""
    grouped = result.table.groupby("id", sort=False)
    return grouped.agg(x=("x", "first"), y=("y", "first"), days=("observed", "size"), observed=("observed", "mean"), ctm=(CTM, "mean"))


def _of_day(observations: Observations, day: Date | None) -> Observations | None:
    """The readings of a day, or None where none is on the grid; all of them where they have no time."""
    if observations.time is None:
        return observations
    of_day = observations.time.astype("datetime64[D]") == np.datetime64(day, "D")
    return observations.select(of_day) if of_day.any() else None


def _maps(store: DailyStore) -> dict[str, Any]:
    return {name: field for name, field in store.maps.items() if name in ("elevation", "urban") and np.isfinite(field).any()}
