"""Station readings put on a grid: the mean of each cell's readings, with their count."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from model_core.errors import InputError
from model_core.grid import Grid
from model_core.stations.errors import certain_enough, weights
from model_core.stations.reading_report import ReadingReport
from model_core.stations.readings import Observations
from model_core.transformers import transformer

TOO_UNCERTAIN = "too uncertain"  # reason for which readings are left out, see `errors.certain_enough`


@dataclass(frozen=True)
class PlacedReadings:
    """Readings each where it was taken; those of one place are one, their mean.

    Attributes
    ----------
    places : float32, shape (readings, 2)
        Rows south and columns east of the centre of the grid's first cell.
    values : float32, shape (readings,)
        In the canonical unit.
    cells : int32, shape (readings,)
        The cell of each, row * columns + column.
    errors : float32, shape (readings,), or None
        Standard deviation of each about the truth, in the same unit; None where nothing is said of them.
    """

    places: np.ndarray
    values: np.ndarray
    cells: np.ndarray
    errors: np.ndarray | None = None

    def outside(self, cells: np.ndarray) -> "PlacedReadings":
        """Those that lie in none of the given cells, a bool array (rows, columns)."""
        kept = ~cells.ravel()[self.cells]
        return PlacedReadings(self.places[kept], self.values[kept], self.cells[kept], None if self.errors is None else self.errors[kept])


@dataclass(frozen=True)
class BackgroundField:
    """Another field of the readings' day, such as a CTM's, and how much of it they confirm.

    Attributes
    ----------
    field : float32, shape (rows, columns), NaN where unknown
    share : of the difference that it makes to kriging, from 0 to 1, see `background.trust`
    """

    field: np.ndarray
    share: float


@dataclass(frozen=True)
class GriddedReadings:
    """Readings on a grid; row 0 is the northern row.

    Attributes
    ----------
    values : float32, shape (rows, columns)
        Mean reading of each cell in the canonical unit; zero where there is none, so ask `mask`, not the value.
    counts : int32, shape (rows, columns)
        Readings in each cell.
    report : ReadingReport
        That of the observations, with those outside the grid.
    placed : PlacedReadings or None
        The readings themselves; None where only the cells' means are known.
    errors : float32, shape (rows, columns), or None
        Standard deviation of each cell's mean about the truth, as far as its readings tell their errors; None where they don't.
    background : BackgroundField or None
        What else is known of the field that they are readings of.
    """

    values: np.ndarray
    counts: np.ndarray
    report: ReadingReport
    placed: PlacedReadings | None = None
    errors: np.ndarray | None = None
    background: BackgroundField | None = None

    @property
    def mask(self) -> np.ndarray:
        """Cells that hold a reading, bool of shape (rows, columns)."""
        return self.counts > 0

    @property
    def cells(self) -> int:
        """How many cells hold a reading."""
        return int(np.count_nonzero(self.counts))


def grid_observations(observations: Observations, grid: Grid) -> GriddedReadings:
    """Mean of the readings in each cell of the grid.

    All given readings count, so pick the day first (`Observations.on_day`). A point belongs to the cell whose western and
    northern edges it lies on or beyond; projecting back and forth moves points by about 1e-9 of a degree, so only one
    that lies exactly on an edge can change its cell.

    Raises
    ------
    InputError
        If every reading lies outside the grid.
    """
    cell, inside, place = locate_in_cells(observations, grid)
    if not inside.any():
        raise InputError(all_outside(observations, grid))
    report = observations.report.without(observations.rows_in(~inside), "outside grid")
    at = np.flatnonzero(inside)
    errors = None if observations.error is None else observations.error[at]
    certain = certain_enough(observations.value[at], errors)
    if not certain.all():
        left_out = np.zeros(len(observations), bool)
        left_out[at[~certain]] = True
        report, at, errors = report.without(observations.rows_in(left_out), TOO_UNCERTAIN), at[certain], errors[certain]
    return cell_means(cell[at], observations.value[at], place[at], errors).on_grid(grid, report)


@dataclass(frozen=True)
class CellReadings:
    """The cells that hold readings, and nothing of the others: small to keep, to send and to compare.

    Attributes
    ----------
    cells : int32 (cells,), row * columns + column, ascending
    values : float32 (cells,), mean reading of the cell
    counts : int32 (cells,), readings in it
    placed : the readings themselves, ordered by their cells
    errors : float32 (cells,), standard deviations of the means about the truth; None where nothing is said of them
    """

    cells: np.ndarray
    values: np.ndarray
    counts: np.ndarray
    placed: PlacedReadings
    errors: np.ndarray | None = None

    def on_grid(self, grid: Grid, report: ReadingReport) -> GriddedReadings:
        """The same readings in arrays of the whole grid."""
        values, counts = np.zeros(grid.shape, np.float32), np.zeros(grid.shape, np.int32)
        values.flat[self.cells], counts.flat[self.cells] = self.values, self.counts
        errors = None
        if self.errors is not None:
            errors = np.zeros(grid.shape, np.float32)
            errors.flat[self.cells] = self.errors
        return GriddedReadings(values, counts, report, self.placed, errors)


def cell_means(cell: np.ndarray, value: np.ndarray, place: np.ndarray, error: np.ndarray | None = None) -> CellReadings:
    """Mean of the readings in each cell, and the readings in an order that is theirs alone.

    Parameters
    ----------
    cell, value : flat cell indices and readings, (readings,)
    place : (readings, 2), as `locate_in_cells` gives it
    error : standard deviations of the readings about the truth, (readings,), by whose inverse variances they are averaged
        (`errors.weights`); None weighs them alike
    """
    # In a fixed order of cell, place and value, sums don't depend on the order of the stations, not even in the last bit.
    place = place.astype(np.float32)
    order = np.lexsort((value, place[:, 1], place[:, 0], cell))
    cell, value, place = cell[order], value[order], place[order]
    cells, member, counts = np.unique(cell, return_inverse=True, return_counts=True)
    if error is not None:
        error = error[order]
        weight = weights(value, error)
        means, errors = _weighted(member, value, error, weight)
        placed = _placed_by_weight(cell, value, place, error, weight)
        return CellReadings(cells.astype(np.int32), means, counts.astype(np.int32), placed, errors)
    means = np.bincount(member, value, minlength=len(cells)) / counts
    return CellReadings(cells.astype(np.int32), means.astype(np.float32), counts.astype(np.int32), _placed(cell, value, place))


def _placed(cell: np.ndarray, value: np.ndarray, place: np.ndarray) -> PlacedReadings:
    """Readings sorted by place, those of one place as their mean: tables often hold a monitor twice."""
    new = np.ones(len(cell), bool)
    new[1:] = (cell[1:] != cell[:-1]) | (place[1:] != place[:-1]).any(1)
    member = np.cumsum(new) - 1
    mean = np.bincount(member, value) / np.bincount(member)
    return PlacedReadings(place[new], mean.astype(np.float32), cell[new].astype(np.int32))


def _weighted(member: np.ndarray, value: np.ndarray, error: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weighted means of groups and their standard deviations, float32 (groups,)."""
    total = np.bincount(member, weight)
    return (
        (np.bincount(member, weight * value) / total).astype(np.float32),
        (np.sqrt(np.bincount(member, (weight * error) ** 2)) / total).astype(np.float32),
    )


def _placed_by_weight(cell: np.ndarray, value: np.ndarray, place: np.ndarray, error: np.ndarray, weight: np.ndarray) -> PlacedReadings:
    """As `_placed`, of readings with errors."""
    new = np.ones(len(cell), bool)
    new[1:] = (cell[1:] != cell[:-1]) | (place[1:] != place[:-1]).any(1)
    means, errors = _weighted(np.cumsum(new) - 1, value, error, weight)
    return PlacedReadings(place[new], means, cell[new].astype(np.int32), errors)


def locate_cells(observations: Observations, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """(flat cell index, inside the grid) of every reading; the index is 0 where outside."""
    return locate_in_cells(observations, grid)[:2]


def locate_in_cells(observations: Observations, grid: Grid) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """As `locate_cells`, and where: rows south and columns east of the centre of the first cell, (readings, 2), 0 where outside."""
    row, column = grid.locate(observations.x, observations.y, observations.crs)
    rows, columns = grid.shape
    with np.errstate(invalid="ignore"):  # unprojectable points are not finite, and outside
        inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    place = np.where(inside, [row, column], 0.5)
    whole = np.floor(place)
    flat = whole[0] * columns + whole[1]
    return flat.astype(np.int64), inside, (place - 0.5).T


def all_outside(observations: Observations, grid: Grid) -> str:
    """Says where the stations and the grid are."""
    to_degrees = transformer(observations.crs, "EPSG:4326")
    stations = _extent(*to_degrees.transform(observations.x, observations.y))
    exchanged = better_exchanged(observations, grid)
    return (
        f"all {len(observations)} readings lie outside the grid: the stations span {stations}, the grid "
        f"{_extent(*grid.lonlat())}; check the CRS and the x and y columns of the stations, or choose another grid"
    ) + (f"; {exchanged}" if exchanged else "")


def better_exchanged(observations: Observations, grid: Grid) -> str:
    """Says so if most stations lie outside the grid, and inside with their coordinates exchanged; else ''."""
    inside = locate_in_cells(observations, grid)[1]
    if inside.mean() >= 0.5:
        return ""
    x, y = observations.y, observations.x
    fits = np.abs(y) <= 90 if observations.crs.is_geographic else np.ones(len(x), bool)
    if not fits.any():
        return ""
    other = replace(observations.select(fits), x=x[fits], y=y[fits])
    count = int(locate_in_cells(other, grid)[1].sum())
    if count <= 2 * inside.sum() or count < 0.5 * len(observations):
        return ""
    return f"with x and y exchanged, {count} of {len(observations)} readings would lie in the grid: is longitude taken for latitude?"


def _extent(longitude: np.ndarray, latitude: np.ndarray) -> str:
    finite = np.isfinite(longitude) & np.isfinite(latitude)
    if not finite.any():
        return "no place on earth"
    lon, lat = np.asarray(longitude)[finite], np.asarray(latitude)[finite]
    return f"{lon.min():.2f} to {lon.max():.2f} E, {lat.min():.2f} to {lat.max():.2f} N"
