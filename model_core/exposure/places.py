"""In which cell of a grid the points of a regular lattice lie, quickly."""

from __future__ import annotations

import numpy as np
from affine import Affine
from pyproj import CRS

from model_core.grid import Grid

_NODES = 33  # along a side, between which places are interpolated
_MISTAKE = 0.01  # cells by which a point may be misplaced so


def cells_of_points(crs: CRS, transform: Affine, shape: tuple[int, int], grid: Grid) -> np.ndarray:
    """Number of the cell, counted along the grid's rows, of each point of a lattice; -1 outside.

    Places are projected exactly at some nodes and interpolated between them where that is right to a hundredth of a cell, as
    GDAL's approximate transformer does; else all are projected.

    Parameters
    ----------
    transform : from (column, row) of a point's upper-left corner to (x, y) in `crs`; points stand in the middle
    shape : rows and columns of points
    """
    row, column = _interpolated(crs, transform, shape, grid) or _located(crs, transform, *map(np.arange, shape), grid)
    rows, columns = grid.shape
    with np.errstate(invalid="ignore"):
        inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    cells = np.full(shape, -1, np.int64)
    cells[inside] = row[inside].astype(np.int64) * columns + column[inside].astype(np.int64)
    return cells


def _located(crs: CRS, transform: Affine, rows: np.ndarray, columns: np.ndarray, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Fractional (row, column) in the grid of the points in these rows and columns."""
    x, y = transform.c + (columns + 0.5) * transform.a, transform.f + (rows + 0.5) * transform.e
    return grid.locate(*np.meshgrid(x, y), crs)


def _interpolated(crs: CRS, transform: Affine, shape: tuple[int, int], grid: Grid) -> tuple[np.ndarray, np.ndarray] | None:
    """As `_located` for all points; None where that would be too far off."""
    if min(shape) < 2 * _NODES:
        return None
    nodes = [np.linspace(0, size - 1, _NODES) for size in shape]
    between = [(axis[:-1] + axis[1:]) / 2 for axis in nodes]
    known = _located(crs, transform, *nodes, grid)
    if not np.isfinite(known).all():
        return None
    near = [_weights(axis, axis_nodes) for axis, axis_nodes in zip(between, nodes)]
    for values, exact in zip(known, _located(crs, transform, *between, grid)):
        if not np.abs(near[0] @ values @ near[1].T - exact).max() <= _MISTAKE:
            return None
    every = [_weights(np.arange(size), axis_nodes) for size, axis_nodes in zip(shape, nodes)]
    return tuple(every[0] @ values @ every[1].T for values in known)


def _weights(places: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    """(places, nodes): the weights of linear interpolation between the nodes."""
    left = np.clip(np.searchsorted(nodes, places, side="right") - 1, 0, len(nodes) - 2)
    share = (places - nodes[left]) / (nodes[left + 1] - nodes[left])
    weights = np.zeros((len(places), len(nodes)))
    weights[np.arange(len(places)), left] = 1 - share
    weights[np.arange(len(places)), left + 1] = share
    return weights
