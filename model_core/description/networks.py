"""Where the stations of each variable are on a grid (Fig. 1 of the paper)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from model_core.errors import InputError
from model_core.grid import Grid
from model_core.stations.gridding import all_outside
from model_core.stations.identity import stations_of
from model_core.stations.readings import Observations


@dataclass(frozen=True)
class Network:
    """The stations of one variable, each once.

    Attributes
    ----------
    variable : key
    x, y : float64 in the grid's CRS, shape (stations,): those inside the grid
    cells : how many cells of the grid hold a station
    outside : stations that lie outside the grid
    spacing_km : median distance from a station to the nearest other one that is not at its place; NaN for a single place
    """

    variable: str
    x: np.ndarray
    y: np.ndarray
    cells: int
    outside: int
    spacing_km: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"stations": len(self.x), "cells": self.cells, "outside_grid": self.outside, "median_spacing_km": self.spacing_km}


def network_of(observations: Observations, grid: Grid) -> Network:
    """The stations of some readings; a station whose readings stand at several places is at the first of them.

    Raises
    ------
    InputError
        If no station lies on the grid.
    """
    station = stations_of(observations.x, observations.y, observations.id, observations.crs).number
    _, first = np.unique(station, return_index=True)
    row, column = grid.locate(observations.x[first], observations.y[first], observations.crs)
    inside = (row >= 0) & (row < grid.shape[0]) & (column >= 0) & (column < grid.shape[1])
    if not inside.any():
        raise InputError(all_outside(observations, grid))
    row, column = row[inside], column[inside]
    cells = np.unique(row.astype(int) * grid.shape[1] + column.astype(int))
    x, y = grid.transform.c + column * grid.transform.a, grid.transform.f + row * grid.transform.e
    return Network(observations.species, x, y, len(cells), int((~inside).sum()), _spacing_km(row, column, grid))


def _spacing_km(row: np.ndarray, column: np.ndarray, grid: Grid) -> float:
    """Distances are those of the grid's own plane, in cells of the mean side."""
    places = np.unique(np.stack([row, column], axis=1), axis=0)
    if len(places) < 2:
        return float("nan")
    return float(np.median(cKDTree(places).query(places, k=2)[0][:, 1]) * grid.cell_size_km)
