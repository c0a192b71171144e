"""People brought to the cells of a field and to polygons: every person is counted once, in the cell that they live in.

Each pixel of the population raster is cut into points on a regular lattice that share its people. A point lies in one cell of the
field, and is covered by a polygon in part or whole. So the people of all cells, and those outside the field, add up to those of
the raster, and the parts of a polygon to the whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator

import numpy as np
import shapely
from affine import Affine
from scipy.sparse import csr_array

from model_core.errors import InputError
from model_core.exposure.coverage import coverage
from model_core.exposure.places import cells_of_points
from model_core.exposure.population import Population
from model_core.grid import Grid
from model_core.polygons import Polygons
from model_core.progress import Progress
from model_core.rasters import GriddedFile, Window
from model_core.transformers import transformer

_POINTS = 1024  # along a side of a tile
_PER_CELL = 8  # points along a cell's side, at least
_OVERLAP = 1e-6  # share of the polygons' area; less is where borders were drawn without care
_PROBES = 11  # along each side of the grid, at which the size of pixels is measured


@dataclass(frozen=True)
class Allocation:
    """Who lives where; row 0 stands for the whole: everyone in a polygon, or in the raster where there are no polygons.

    Attributes
    ----------
    people : sparse array (1 + polygons, cells), cells in the order of the field's rows
    outside : (1 + polygons,) people who live outside the field
    """

    people: csr_array
    outside: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """(1 + polygons,) all people."""
        return self.people.sum(axis=1) + self.outside


def allocate(population: Population, grid: Grid, polygons: Polygons | None, progress: Progress) -> Allocation:
    """Count the people of each polygon and cell, tile by tile, so that the raster need not fit into memory.

    Where polygons overlap, the whole counts everyone once.

    Raises
    ------
    InputError
        If the raster has no one on the grid, or no one in the polygons.
    """
    file = population.file
    points = _points_per_pixel(file, grid)
    shapes = _placed(polygons, file, progress) if polygons is not None else None
    union = _union_of_overlapping(shapes)
    window = _bounds(shapes, file)
    lists: list[list[np.ndarray]] = [[], [], []]  # row, cell, people
    outside = np.zeros(1 + (0 if polygons is None else len(polygons)))
    tiles = _tiles(window, max(1, _POINTS // points))
    for number, tile in enumerate(tiles):
        progress.step(number / len(tiles), f"counting people of {file.path.name}")
        people = population.people(tile)
        if not (people > 0).any():
            continue
        share = np.repeat(np.repeat(people / points**2, points, axis=0), points, axis=1)
        transform = file.transform * Affine.translation(tile[1].start, tile[0].start) * Affine.scale(1 / points)
        cells = cells_of_points(file.crs, transform, share.shape, grid)
        for row, part, weight in _parts(shapes, union, transform, share.shape):
            _count(row, cells[part], share[part] * weight, lists, outside)
    rows, columns, values = (np.concatenate(entries) if entries else np.zeros(0) for entries in lists)
    size = grid.shape[0] * grid.shape[1]
    allocation = Allocation(csr_array((values, (rows.astype(int), columns.astype(int))), shape=(len(outside), size)), outside)
    if not allocation.people.sum() > 0:
        where = "in the polygons" if polygons is not None and outside[0] == 0 else "on the field's grid"
        raise InputError(
            f"no one of population raster '{file.path}' lives {where}: the raster spans {_span(file.bounds)} in {file.crs.name}, "
            f"the field {_span(grid.bounds)} in {grid.crs.name}; do they belong together?"
        )
    return allocation


def _parts(shapes: np.ndarray | None, union: object, transform: Affine, shape: tuple[int, int]) -> Iterator[tuple[int, Window, Any]]:
    """(row of the allocation, slices of the tile, covered share of each point in them)."""
    everything = slice(0, shape[0]), slice(0, shape[1])
    if shapes is None:
        yield 0, everything, 1.0
        return
    whole = np.zeros(shape, np.float32)
    for number, part, covered in coverage(shapes, transform, shape):
        whole[part] += covered
        yield number + 1, part, covered
    if union is None:
        yield 0, everything, np.minimum(whole, 1.0)
    for _, part, covered in coverage(np.array([union]), transform, shape) if union is not None else ():
        yield 0, part, covered


def _union_of_overlapping(shapes: np.ndarray | None) -> object:
    """All polygons as one where some overlap; None where the shares that they cover just add up."""
    if shapes is None:
        return None
    union = shapely.union_all(shapes)
    return union if union.area < (1 - _OVERLAP) * shapely.area(shapes).sum() else None


def _count(row: int, cells: np.ndarray, people: np.ndarray, lists: list[list[np.ndarray]], outside: np.ndarray) -> None:
    """Add the people of points to those of their cells, -1 standing for outside."""
    inside = (cells >= 0) & (people > 0)
    outside[row] += float(people[cells < 0].sum())
    if not inside.any():
        return
    places, low = cells[inside], int(cells[inside].min())
    sums = np.bincount(places - low, weights=people[inside])
    found = np.flatnonzero(sums)
    for entries, values in zip(lists, (np.full(len(found), row), found + low, sums[found])):
        entries.append(values)


def _points_per_pixel(file: GriddedFile, grid: Grid) -> int:
    """Points along a pixel's side, so many that a cell of the field has several along its own."""
    rows, columns = (np.unique(np.linspace(0, n - 1, _PROBES).astype(int)) for n in grid.shape)
    x, y = (axis.ravel() for axis in np.meshgrid(grid.x[columns], grid.y[rows]))
    x, y = transformer(grid.crs, file.crs).transform(x, y)
    west, south, east, north = file.bounds
    if file.crs.is_geographic:
        x = np.where(x < west, x + 360, np.where(x >= east, x - 360, x))
    inside = (x >= west) & (x <= east) & (y >= south) & (y <= north)
    x, y = (x[inside], y[inside]) if inside.any() else (np.array([(west + east) / 2]), np.array([(south + north) / 2]))
    t = file.transform
    places = [grid.locate(x + right * t.a, y + down * t.e, file.crs) for right, down in ((0, 0), (1, 0), (0, 1))]
    steps = [np.hypot(row - places[0][0], column - places[0][1]) for row, column in places[1:]]
    steps = [step[np.isfinite(step)] for step in steps]
    longest = max((float(np.median(step)) for step in steps if step.size), default=1.0)
    return int(np.clip(np.ceil(_PER_CELL * longest - 1e-6), 1, _POINTS))


def _placed(polygons: Polygons, file: GriddedFile, progress: Progress) -> np.ndarray:
    """The polygons in the raster's CRS; on a raster in degrees wherever it counts them."""
    shapes = polygons.shapes_in(file.crs)
    lost = [name for name, shape in zip(polygons.names, shapes) if shape is None]
    if lost:
        progress.warn(
            f"{len(lost)} polygons reach where the projection of the population raster does not, and count no one, the first {lost[0]}"
        )
    shapes = np.where([shape is None for shape in shapes], shapely.Polygon(), shapes)
    if not file.crs.is_geographic:
        return shapes
    west, _, east, _ = file.bounds
    placed = []
    for shape in shapes:
        low, _, high, _ = shapely.bounds(shape)
        turns = [turn for turn in (0.0, -360.0, 360.0) if low + turn < east and high + turn > west] or [0.0]
        turned = [shapely.transform(shape, lambda points, turn=turn: points + [turn, 0.0]) for turn in turns]
        placed.append(turned[0] if len(turned) == 1 else shapely.union_all(turned))
    return np.array(placed, object)


def _bounds(shapes: np.ndarray | None, file: GriddedFile) -> Window:
    """The part of the raster that is looked at: that of the polygons, or all of it."""
    rows, columns = file.shape
    if shapes is None:
        return slice(0, rows), slice(0, columns)
    west, south, east, north = shapely.total_bounds(shapes)
    (left, top), (right, bottom) = ~file.transform * (west, north), ~file.transform * (east, south)
    edges = [
        int(np.clip(edge, 0, most))
        for edge, most in ((np.floor(top), rows), (np.ceil(bottom), rows), (np.floor(left), columns), (np.ceil(right), columns))
    ]
    return slice(edges[0], max(edges[:2])), slice(edges[2], max(edges[2:]))


def _tiles(window: Window, side: int) -> list[Window]:
    rows, columns = window
    return [
        (slice(row, min(row + side, rows.stop)), slice(column, min(column + side, columns.stop)))
        for row in range(rows.start, rows.stop, side)
        for column in range(columns.start, columns.stop, side)
    ]


def _span(bounds: tuple[float, float, float, float]) -> str:
    return "({:g}, {:g}) to ({:g}, {:g})".format(*bounds)
