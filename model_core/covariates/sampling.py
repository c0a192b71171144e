"""The pixels of each grid cell, tile by tile, so that neither the raster nor the grid has to fit into memory.

A cell is asked at regularly spaced points, in its own projection, which pixel lies there. So each pixel counts by the
area that it has in the cell, cells share no area, and the parts of all classes add up to the whole. GDAL's own average
takes the box around a cell that is turned against the raster: in the west of `china12km` it makes the spread of a slope
a third too large.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Callable, Iterator

import numpy as np
from affine import Affine
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from model_core.covariates.raster_source import RasterSource
from model_core.errors import InputError
from model_core.grid import Grid
from model_core.progress import Progress

_SAMPLES = 2**21  # points in a tile: 16 MB
_FEWEST, _MOST = 16, 256  # points along a cell's side
_WARP_MEMORY_MB = 64
_PLACE_ERROR = 0.02  # pixels by which GDAL may miss a place, for speed; its default of 0.125 shows on rough ground

Tile = tuple[slice, slice]


def points_per_side(pixels: float) -> int:
    """Points along a cell's side for so many pixels: a whole number for each pixel while pixels are few.

    Beyond `_MOST` not every pixel is looked at; 65 536 points tell mean and spread to 0.4 % of the spread.
    """
    each = int(np.ceil(_FEWEST / pixels)) if pixels < _FEWEST else 2 if pixels < 2 * _FEWEST else 1
    return min(_MOST, int(np.ceil(each * pixels - 1e-3)))


def pixels_of_cells(source: RasterSource, grid: Grid, points: int, progress: Progress) -> Iterator[tuple[Tile, np.ndarray]]:
    """For each tile of the grid: its slices, and float64 values (rows, columns, points x points), NaN without data."""
    side = max(1, int(_SAMPLES**0.5) // points)
    rows, columns = grid.shape
    tiles = [
        (slice(row, min(row + side, rows)), slice(column, min(column + side, columns)))
        for row in range(0, rows, side)
        for column in range(0, columns, side)
    ]
    with ExitStack() as stack:
        views = [
            stack.enter_context(
                WarpedVRT(
                    source.raster,
                    src_crs=source.crs.to_wkt(),
                    src_transform=Affine.translation(turn, 0) * source.raster.transform,
                    crs=grid.crs.to_wkt(),
                    transform=grid.transform * Affine.scale(1 / points),
                    width=columns * points,
                    height=rows * points,
                    resampling=Resampling.nearest,
                    dtype="float64",
                    src_nodata=source.nodata,
                    nodata=np.nan,
                    warp_mem_limit=_WARP_MEMORY_MB,
                    tolerance=_PLACE_ERROR,
                )
            )
            for turn in _turns(source, grid)
        ]
        for number, tile in enumerate(tiles):
            progress.step(number / len(tiles), f"reading {source.name}")
            height, width = (part.stop - part.start for part in tile)
            window = Window(tile[1].start * points, tile[0].start * points, width * points, height * points)
            values = views[0].read(1, window=window)
            for view in views[1:]:
                values = np.where(np.isnan(values), view.read(1, window=window), values)
            values = values.reshape(height, points, width, points)
            yield tile, values.transpose(0, 2, 1, 3).reshape(height, width, points * points)


def _turns(source: RasterSource, grid: Grid) -> list[float]:
    """Degrees by which the raster is moved, once for each part of it, to count longitude as the grid does; mostly [0].

    GDAL takes 370 and 10 degrees for two places, and counts from -180 to 180 where it comes from a projection.
    """
    if not source.round_the_globe:
        return [0.0]
    west, _, east, _ = grid.bounds if grid.crs.is_geographic else (-180.0, 0.0, 180.0, 0.0)
    bounds = source.raster.bounds
    return [turn for turn in (0.0, -360.0, 360.0) if bounds.left + turn < east and bounds.right + turn > west] or [0.0]


def between_pixels(source: RasterSource, grid: Grid, fields_of: Callable[[np.ndarray], list[np.ndarray]]) -> np.ndarray:
    """Bilinear values at the cell centres, for a raster that is coarser than the grid.

    Parameters
    ----------
    fields_of : makes of pixels (float64, NaN without data) the fields to interpolate, of the same shape

    Returns
    -------
    ndarray
        float64 (fields, rows, columns); pixels without data take no part, NaN where there is none around, or outside.

    Raises
    ------
    InputError
        If no cell centre lies in the raster.
    """
    row, column = source.position(*np.meshgrid(grid.x, grid.y), grid.crs)
    height, width = source.raster.height, source.raster.width
    inside = (row >= 0) & (row <= height) & (column >= 0) & (column <= width)
    if not inside.any():
        raise InputError(f"raster '{source.name}' reaches no cell centre of the grid")
    row, column = row[inside] - 0.5, column[inside] - 0.5
    closed = abs(source.round_the_globe - width) < 1e-3  # the last column borders on the first
    top, left = np.floor(row).astype(int), np.floor(column).astype(int)
    first, last = max(top.min(), 0), min(top.max() + 1, height - 1)
    low, high = (0, width - 1) if closed else (max(left.min(), 0), min(left.max() + 1, width - 1))
    pixels = source.raster.read(1, window=Window(low, first, high - low + 1, last - first + 1)).astype(float)
    if source.nodata is not None:
        pixels[pixels == source.nodata] = np.nan
    fields = np.stack(fields_of(pixels))

    total, weights = np.zeros(fields.shape[:1] + row.shape), np.zeros(row.shape)
    for down in (0, 1):
        for right in (0, 1):
            r, c = top + down, left + right
            c = np.mod(c, width) if closed else c
            there = (r >= first) & (r <= last) & (c >= low) & (c <= high)
            corner = fields[:, np.where(there, r - first, 0), np.where(there, c - low, 0)]
            there &= np.isfinite(corner).all(0)
            weight = np.where(there, np.abs(1 - down - (row - top)) * np.abs(1 - right - (column - left)), 0)
            total += weight * np.where(there, corner, 0)
            weights += weight
    result = np.full((len(fields), *grid.shape), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        result[:, inside] = np.where(weights > 0, total / weights, np.nan)
    return result
