"""The world maps that ship with the engine: what is known of every place where neither model nor user brings a map."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Iterable

import numpy as np
import rasterio
from pyproj import CRS

from model_core.grid import Grid
from model_core.warping import warp

# How each map is told in a model's card and in the log.
SOURCES = {
    "population_near": "GeoNames, places of 500 and more inhabitants, CC BY 4.0",
    "population_far": "GeoNames, places of 500 and more inhabitants, CC BY 4.0",
    "elevation": "ETOPO at 20 minutes, NOAA, public domain",
}
_PACKAGE = Path(__file__).resolve().parent


@lru_cache(maxsize=len(SOURCES))  # those of one grid: a warm engine shall not keep large ones
def world_map(name: str, grid: Grid) -> np.ndarray | None:
    """A map on a grid, float32 (rows, columns) in the canonical unit; None where there is none of this name.

    Elevation has cells of 37 km and 0 over the sea. How the others were made: resources/recipes/make_world_maps.py. Where
    the maps end (no place of GeoNames lies south of 60 S), values are NaN.
    """
    if name not in SOURCES:
        return None
    with rasterio.open(_folder() / f"{name}.tif") as raster:
        own = Grid(CRS.from_wkt(raster.crs.to_wkt()), raster.transform, raster.shape)
        values = raster.read(1).astype(np.float32) * np.float32(raster.scales[0])
    found = warp(values, own, grid)
    found.flags.writeable = False
    return found


def fill_in(maps: np.ndarray, names: Iterable[str], grid: Grid) -> list[str]:
    """World maps where maps are wholly unknown, in place; the names of those.

    Parameters
    ----------
    maps : float array (maps, rows, columns), NaN where unknown
    names : of the maps

    A map that is known in part stays as it is: two sources in one map would make an edge.
    """
    filled = []
    for field, name in zip(maps, names):
        if np.isfinite(field).any():
            continue
        found = world_map(name, grid)
        if found is not None and np.isfinite(found).any():
            field[...] = found
            filled.append(name)
    return filled


def _folder() -> Path:
    """With the package where it is installed, else in the checkout or the plugin."""
    installed = _PACKAGE / "maps"
    return installed if installed.is_dir() else _PACKAGE.parent / "resources" / "maps"
