"""Elevation of the cells, and how much it varies within each, from a raster of heights."""

from __future__ import annotations

import numpy as np

from model_core.covariates.raster_source import RasterSource
from model_core.covariates.sampling import between_pixels, pixels_of_cells, points_per_side
from model_core.errors import InputError
from model_core.grid import Grid
from model_core.progress import Progress
from model_core.units import convert
from model_core.variables import get_variable

_DEEPEST_M = -12_000.0  # the ocean's floor; what lies below is a sentinel or another unit


def elevation_maps(
    source: RasterSource, grid: Grid, unit: str | None = None, sea_floor: bool = False, progress: Progress | None = None
) -> dict[str, np.ndarray]:
    """Mean of the heights in each cell and their standard deviation, area by area.

    Parameters
    ----------
    unit : of the heights; default: what the file says, else m
    sea_floor : the raster holds the floor of the sea (ETOPO, GEBCO): heights below zero count as zero

    Returns
    -------
    dict
        "elevation" and "elevation_spread", float32 (rows, columns) in m, NaN where no pixel has data. A raster that is
        coarser than the grid is interpolated, and then tells no spread.

    Raises
    ------
    InputError
        If raster and grid do not overlap, the unit is unknown, or values can't be heights.
    """
    progress = progress or Progress()
    heights = _Heights(source, unit, sea_floor)
    typical, most = source.pixels_per_cell(grid)
    if typical < 1:
        progress.log(
            f"{source.name}: its pixels are {1 / typical:.3g} times as wide as the grid's cells; heights are interpolated (bilinear)"
        )
        progress.warn(f"{source.name} is coarser than the grid and can't tell the spread of the elevation within a cell; it is left out")
        maps = {"elevation": between_pixels(source, grid, lambda pixels: [heights.metres(pixels)])[0].astype(np.float32)}
    else:
        points = points_per_side(most)
        progress.log(f"{source.name}: {typical:.3g} x {typical:.3g} pixels in a cell; mean and standard deviation by area")
        maps = {key: np.full(grid.shape, np.nan, np.float32) for key in ("elevation", "elevation_spread")}
        for tile, pixels in pixels_of_cells(source, grid, points, progress):
            maps["elevation"][tile], maps["elevation_spread"][tile] = mean_and_spread(heights.metres(pixels))
    heights.check(progress)
    return maps


def mean_and_spread(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation over the last axis without the NaN, NaN where all are; in two passes, so that it is stable."""
    known = np.isfinite(values)
    count = known.sum(-1)
    with np.errstate(invalid="ignore"):
        mean = np.where(known, values, 0).sum(-1) / count
        deviation = np.where(known, values - mean[..., None], 0)
        return mean, np.sqrt((deviation**2).sum(-1) / count)


class _Heights:
    """Pixels to metres, with an eye on what heights there are."""

    def __init__(self, source: RasterSource, unit: str | None, sea_floor: bool):
        self._source, self._sea_floor = source, sea_floor
        self._unit = unit or source.unit or "m"
        self._scale, self._offset = source.raster.scales[0], source.raster.offsets[0]
        self._lowest, self._highest = np.inf, -np.inf
        self.metres(np.zeros(1))  # an unknown unit is told before the work begins
        self._lowest, self._highest = np.inf, -np.inf

    def metres(self, pixels: np.ndarray) -> np.ndarray:
        """Heights in m, NaN without data."""
        where = f"raster '{self._source.name}'"
        heights = convert(pixels * self._scale + self._offset, self._unit, "m", where)
        self._lowest = min(self._lowest, np.nanmin(heights, initial=np.inf))
        self._highest = max(self._highest, np.nanmax(heights, initial=-np.inf))
        low, high = _DEEPEST_M, get_variable("elevation").limits[1]
        if self._lowest < low or self._highest > high:
            raise InputError(
                f"{where} holds heights from {self._lowest:g} to {self._highest:g} m; expected are {low:g} to {high:g}. "
                f"Give the right unit (now '{self._unit}'), or mark its no-data value, for example with gdal_edit -a_nodata"
            )
        return np.maximum(heights, 0) if self._sea_floor else heights

    def check(self, progress: Progress) -> None:
        """Warn of heights that no land has; `InputError` if there is no height at all."""
        name, lowest_land = self._source.name, get_variable("elevation").limits[0]
        if self._lowest > self._highest:
            raise InputError(f"raster '{name}' has no data within the grid")
        if self._lowest < lowest_land and not self._sea_floor:
            progress.warn(
                f"{name} goes down to {self._lowest:.0f} m, which is the floor of the sea; "
                "say that it holds the sea floor, and heights below zero count as zero"
            )
