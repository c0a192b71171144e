"""Values of several variables at the same places on the same days: from the fields of a CTM, or from station readings by cell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Date
from typing import Mapping, Sequence

import numpy as np
from scipy.spatial import cKDTree

from model_core.ctm.daily_store import DailyStore
from model_core.grid import Grid
from model_core.progress import Progress
from model_core.stations.gridding import locate_in_cells
from model_core.stations.readings import Observations

PAIR_KM = 50.0  # to which readings of two networks are taken to be of one place
MOST_VALUES = 20_000_000  # held at once: 80 MB


@dataclass(frozen=True)
class Samples:
    """What is held against each other.

    Attributes
    ----------
    source : "ctm" or "stations"
    days : of the first axis; a single None where the readings' day is not known
    daily : variable key -> float32 (days, places), NaN where unknown
    maps : variable key -> float32 (places,), of what does not change from day to day
    """

    source: str
    days: list[Date | None]
    daily: dict[str, np.ndarray]
    maps: dict[str, np.ndarray]

    @property
    def places(self) -> int:
        """Number of cells."""
        return next(iter(self.daily.values())).shape[1]


def samples_of_ctm(
    store: DailyStore,
    indices: Sequence[int],
    variables: Sequence[str],
    maps: Mapping[str, np.ndarray],
    mask: np.ndarray,
    progress: Progress,
) -> Samples:
    """Cells of a mask on some days of a CTM: all of them, or evenly spaced ones where all would take more than 80 MB.

    Parameters
    ----------
    indices : of the days
    variables : daily ones that the store has
    maps : key -> (rows, columns) on the store's grid
    mask : bool (rows, columns)
    """
    cells = np.flatnonzero(mask)
    most = max(1, MOST_VALUES // (len(indices) * len(variables)))
    if len(cells) > most:
        progress.log(f"{most} of {len(cells)} cells are looked at, evenly chosen")
        cells = cells[np.linspace(0, len(cells) - 1, most).astype(int)]
    daily = {name: np.empty((len(indices), len(cells)), np.float32) for name in variables}
    for number, index in enumerate(indices):
        progress.step(number / len(indices), f"reading {store.times[index]}")
        for name in variables:
            daily[name][number] = store.field(name, index).ravel()[cells]
    return Samples("ctm", [store.times[i] for i in indices], daily, {key: values.ravel()[cells] for key, values in maps.items()})


def samples_of_readings(
    readings: Mapping[str, Observations], target: str, maps: Mapping[str, np.ndarray], grid: Grid, pair_km: float = PAIR_KM
) -> Samples:
    """Cells that hold a reading of the target on any day, and what was read of the other variables there or near on the same day.

    A cell's value is the mean of its readings. Of another variable it is that of the cell with stations of it that is nearest, no
    farther than `pair_km`; networks of air quality and of weather seldom share their places. Readings without time are of every day.

    Parameters
    ----------
    readings : variable key -> daily readings, the target's among them
    maps : key -> (rows, columns) on the grid
    """
    cells, of_target = _cell_days(readings[target], grid)
    places, days = np.unique(cells), [None] if of_target is None else np.unique(of_target)
    daily = {}
    for name, observations in readings.items():
        own = np.unique(_cell_days(observations, grid)[0])
        table = _table(observations, grid, own, days)
        if name != target:
            distance, nearest = cKDTree(_at(own, grid)).query(_at(places, grid))
            table = np.where(distance * grid.cell_size_km <= pair_km, table[:, nearest], np.float32(np.nan))
        daily[name] = table
    at = {key: np.asarray(values, np.float32).ravel()[places] for key, values in maps.items()}
    return Samples("stations", list(days) if of_target is None else [day.item() for day in days], daily, at)


def _at(cells: np.ndarray, grid: Grid) -> np.ndarray:
    """Row and column of flat cells, (cells, 2)."""
    return np.stack(np.unravel_index(cells, grid.shape), axis=1)


def _cell_days(observations: Observations, grid: Grid) -> tuple[np.ndarray, np.ndarray | None]:
    """Flat cell and day of each reading inside the grid."""
    cell, inside, _ = locate_in_cells(observations, grid)
    return cell[inside], None if observations.time is None else observations.time[inside].astype("datetime64[D]")


def _table(observations: Observations, grid: Grid, places: np.ndarray, days: Sequence) -> np.ndarray:
    """Mean reading of each day and place, float32 (days, places)."""
    cell, of = _cell_days(observations, grid)
    value = observations.value[locate_in_cells(observations, grid)[1]]
    timeless = of is None or days[0] is None
    column, known = _position(cell, places)
    row, on_day = (np.zeros(len(cell), int), True) if timeless else _position(of, np.asarray(days))
    known &= on_day
    size = len(days) * len(places)
    flat = row[known] * len(places) + column[known]
    count, total = np.bincount(flat, minlength=size), np.bincount(flat, value[known], minlength=size)
    mean = np.divide(total, count, out=np.full(size, np.nan), where=count > 0).reshape(len(days), len(places))
    return (np.broadcast_to(mean[:1], mean.shape) if timeless else mean).astype(np.float32)


def _position(values: np.ndarray, among: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where values stand among sorted ones, and which of them do."""
    at = np.minimum(np.searchsorted(among, values), len(among) - 1)
    return at, among[at] == values
