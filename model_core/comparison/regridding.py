"""A raster brought onto the grid of a field, with the share of each cell in which it has values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import rasterio
from rasterio.io import MemoryFile

from model_core.covariates.raster_source import RasterSource
from model_core.covariates.sampling import between_pixels, pixels_of_cells, points_per_side
from model_core.grid import Grid
from model_core.progress import Progress


@dataclass(frozen=True)
class Regridded:
    """Values on a grid.

    Attributes
    ----------
    values : float32 (rows, columns), NaN where the raster has none
    share : float32 (rows, columns), share (0 to 1) of the cell in which the raster has values
    method : in words
    """

    values: np.ndarray
    share: np.ndarray
    method: str


def onto_grid(values: np.ndarray, own: Grid, grid: Grid, name: str, progress: Progress) -> Regridded:
    """Means over the area of each cell where the raster is finer than the grid, else bilinear between its pixels.

    Parameters
    ----------
    values : float (rows, columns) on `own`, NaN without data
    name : of the raster, for messages

    Raises
    ------
    InputError
        If the two have no place in common.
    """
    if own.matches(grid):
        values = np.asarray(values, np.float32)
        return Regridded(values, np.isfinite(values).astype(np.float32), "its grid is that of the field")
    with MemoryFile() as memory:
        profile = {
            "driver": "GTiff",
            "dtype": "float32",
            "count": 1,
            "height": own.shape[0],
            "width": own.shape[1],
            "nodata": np.nan,
            "crs": rasterio.CRS.from_wkt(own.crs.to_wkt()),
            "transform": own.transform,
        }
        with memory.open(**profile) as file:
            file.write(np.asarray(values, np.float32), 1)
        with memory.open() as file:
            return _onto_grid(RasterSource(file, own.crs, name, np.nan), grid, progress)


def _onto_grid(source: RasterSource, grid: Grid, progress: Progress) -> Regridded:
    typical, most = source.pixels_per_cell(grid)
    if typical < 1:
        fields = between_pixels(source, grid, lambda pixels: [np.where(np.isfinite(pixels), pixels, 0), np.isfinite(pixels).astype(float)])
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.nan_to_num(fields[1])
            found = np.where(share > 0, fields[0] / share, np.nan)
        method = f"bilinear, its pixels being {1 / typical:.3g} times as wide as the field's cells"
        return Regridded(found.astype(np.float32), share.astype(np.float32), method)
    found, share = np.full(grid.shape, np.nan, np.float32), np.zeros(grid.shape, np.float32)
    for tile, pixels in pixels_of_cells(source, grid, points_per_side(most), progress):
        known = np.isfinite(pixels)
        share[tile] = known.mean(-1)
        with np.errstate(invalid="ignore"):
            found[tile] = np.where(known, pixels, 0).sum(-1) / known.sum(-1)
    return Regridded(found, share, f"mean by area, {typical:.3g} x {typical:.3g} pixels in a cell")
