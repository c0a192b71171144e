"""Where a CTM is evaluated, and where it is sampled: the evaluation mask and the station cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping

import numpy as np
import pandas as pd

from model_core.errors import InputError
from model_core.evaluation.polygons import SHIPPED, mask_of
from model_core.grid import Grid
from model_core.stations.tables import read_table

# The paper reproduces the mainland's 64 488 cells from about 800 of them.
DEFAULT_POINTS = 800
# On smaller domains the default leaves most of the field to be predicted.
_LARGEST_DEFAULT_SHARE = 0.1


def evaluation_mask(maps: Mapping[str, np.ndarray], grid: Grid, polygons: str = "") -> tuple[np.ndarray, str]:
    """The cells that are scored, as a bool array (rows, columns), and in words where they come from.

    Those whose centre lies in the `polygons` (`polygons.mask_of`), where they are named. Else land by the CTM's land map, else
    by its elevation above zero, else everywhere. Where a day's true field is unknown nothing is scored in any case.

    Raises
    ------
    InputError
        If there is a map, and no land in it; as `mask_of`.
    """
    if polygons:
        name = polygons if polygons in SHIPPED else Path(polygons.partition("|")[0]).name
        return mask_of(polygons, grid), f"cells whose centre lies in the polygons of {name}"
    if "land" in maps:
        mask, words = maps["land"] > 0.5, "land, where the CTM's land map is above 0.5"
    elif "elevation" in maps:
        mask, words = maps["elevation"] > 0, "land, where the CTM's elevation is above 0 m"
    else:
        return np.ones(grid.shape, bool), "all cells, as the CTM files have neither a land map nor elevation"
    if not mask.any():
        raise InputError(f"there is no land on the grid ({words}); choose another grid or other files")
    return mask, words


def station_cells_of(table: str | Path, grid: Grid, x: str | None = None, y: str | None = None, crs: Any = None) -> np.ndarray:
    """Cells that hold a station of a table, as a bool array (rows, columns); several in a cell are one.

    Parameters
    ----------
    table, x, y, crs : as for `tables.read_table`; rows without a position count for nothing

    Raises
    ------
    InputError
        If no station lies on the grid.
    """
    _, *columns, crs = read_table(table, x, y, crs)
    positions = np.stack(grid.locate(*(pd.to_numeric(column, errors="coerce") for column in columns), crs), axis=1)
    inside = np.isfinite(positions).all(1) & (positions >= 0).all(1) & (positions < grid.shape).all(1)
    if not inside.any():
        raise InputError(
            f"none of the {len(positions)} stations of '{table}' lies on the grid, {grid}; check their CRS, or choose other stations"
        )
    mask = np.zeros(grid.shape, bool)
    mask[tuple(positions[inside].astype(int).T)] = True
    return mask


def random_station_cells(eligible: np.ndarray, number: int | None, seed: int) -> np.ndarray:
    """Evenly drawn cells among the eligible ones; None takes 800, or a tenth of the eligible cells if that is less.

    Raises
    ------
    InputError
        If there are not as many eligible cells.
    """
    cells = np.flatnonzero(eligible)
    if number is None:
        number = min(DEFAULT_POINTS, max(1, int(_LARGEST_DEFAULT_SHARE * len(cells))))
    if number > len(cells):
        raise InputError(f"{number} points were asked for, and the evaluation mask has {len(cells)} cells with values; ask for fewer")
    mask = np.zeros(eligible.shape, bool)
    mask.ravel()[np.random.default_rng(seed).choice(cells, number, replace=False)] = True
    return mask
