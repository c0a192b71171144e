"""Where stations stand: on a plane, in grid cells and in blocks; and what a field says there."""

from __future__ import annotations

import numpy as np
from pyproj import CRS

from model_core.grid import Grid
from model_core.stations.gridding import locate_cells
from model_core.stations.readings import Observations
from model_core.transformers import transformer


def plane_km(observations: Observations, grid: Grid) -> np.ndarray:
    """Positions (readings, 2) in km: in the grid's CRS, or for a geographic one in an equal-area projection around its middle."""
    crs = grid.crs
    if crs.is_geographic:
        west, south, east, north = grid.bounds
        crs = CRS.from_proj4(f"+proj=laea +lon_0={(west + east) / 2} +lat_0={(south + north) / 2} +units=m +ellps=WGS84")
    x, y = transformer(observations.crs, crs).transform(observations.x, observations.y)
    return np.stack([x, y], axis=1) * (crs.axis_info[0].unit_conversion_factor / 1000)


def station_names(observations: Observations) -> np.ndarray:
    """What tells one station from another on all days: its id, or where it has none its coordinates; str (readings,)."""
    by_place = np.array([f"{x:.5f} {y:.5f}" for x, y in zip(observations.x, observations.y)], dtype=str)
    if observations.id is None:
        return by_place
    return np.where(observations.id == "", by_place, observations.id)


def cell_numbers(observations: Observations, grid: Grid) -> np.ndarray:
    """Flat index of the cell that each reading lies in; int (readings,)."""
    return locate_cells(observations, grid)[0]


def block_names(position: np.ndarray, side_km: float) -> np.ndarray:
    """The square of a plane lattice that each position lies in; str (readings,)."""
    return np.array([f"{i} {j}" for i, j in np.floor(position / side_km).astype(int)], dtype=str)


def at_stations(field: np.ndarray, observations: Observations, grid: Grid) -> np.ndarray:
    """A field at the readings' positions, bilinear between cell centres; float64 (readings,).

    Beyond the outermost centres it is the nearest that counts. NaN where a cell that takes part is NaN.

    Parameters
    ----------
    field : float (rows, columns) on `grid`
    """
    row, column = grid.locate(observations.x, observations.y, observations.crs)
    rows, columns = grid.shape
    row, column = np.clip(row - 0.5, 0, rows - 1), np.clip(column - 0.5, 0, columns - 1)
    top, left = np.floor(row).astype(int), np.floor(column).astype(int)
    bottom, right = np.minimum(top + 1, rows - 1), np.minimum(left + 1, columns - 1)
    down, across = row - top, column - left
    field = np.asarray(field, float)
    result = np.zeros(len(row))
    for i, j, weight in (
        (top, left, (1 - down) * (1 - across)),
        (top, right, (1 - down) * across),
        (bottom, left, down * (1 - across)),
        (bottom, right, down * across),
    ):
        result += np.where(weight > 0, weight * field[i, j], 0)  # NaN x 0 is no NaN: a cell of weight zero takes no part
    return result
