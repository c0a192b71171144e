"""Shares of land-cover classes in the cells, from a raster of classes."""

from __future__ import annotations

from typing import Mapping, Sequence

import numpy as np

from model_core.covariates.raster_source import RasterSource
from model_core.covariates.sampling import between_pixels, pixels_of_cells, points_per_side
from model_core.errors import InputError
from model_core.grid import Grid
from model_core.progress import Progress

_LISTED = 40  # classes that a message names
_COUNTED = 65536


def class_fractions(
    source: RasterSource, grid: Grid, groups: Mapping[str, Sequence[int]], progress: Progress | None = None
) -> dict[str, np.ndarray]:
    """The share of each cell that the classes of a group cover.

    Parameters
    ----------
    groups : name -> classes, such as ``{"urban": [13]}``; groups may overlap

    Returns
    -------
    dict
        Name -> float32 (rows, columns), 0 to 1 of the area with data, NaN where there is none. A raster that is
        coarser than the grid is interpolated, class by class.

    Raises
    ------
    InputError
        If raster and grid do not overlap, the raster holds no classes, or has no data within the grid.
    """
    progress = progress or Progress()
    found: set[int] = set()

    def shares(pixels: np.ndarray) -> list[np.ndarray]:
        known = np.isfinite(pixels)
        classes = _classes_among(pixels[known])
        if (classes != np.round(classes)).any():
            raise InputError(
                f"raster '{source.name}' holds {classes[classes != np.round(classes)][0]:g}: these are no classes; give a land-cover raster"
            )
        found.update(classes.astype(int).tolist())
        return [np.where(known, np.isin(pixels, list(members)), np.nan) for members in groups.values()]

    typical, most = source.pixels_per_cell(grid)
    if typical < 1:
        progress.log(
            f"{source.name}: its pixels are {1 / typical:.3g} times as wide as the grid's cells; class shares are interpolated (bilinear)"
        )
        shares_of_grid = between_pixels(source, grid, shares)
    else:
        progress.log(f"{source.name}: {typical:.3g} x {typical:.3g} pixels in a cell; class shares by area")
        shares_of_grid = np.full((len(groups), *grid.shape), np.nan)
        for tile, pixels in pixels_of_cells(source, grid, points_per_side(most), progress):
            for number, share in enumerate(shares(pixels)):
                with np.errstate(invalid="ignore"):
                    shares_of_grid[number][tile] = np.nansum(share, -1) / np.isfinite(share).sum(-1)
    if not np.isfinite(shares_of_grid).any():
        raise InputError(f"raster '{source.name}' has no data within the grid")
    _tell_absent(source, groups, found, progress)
    return {name: share.astype(np.float32) for name, share in zip(groups, shares_of_grid)}


def _classes_among(pixels: np.ndarray) -> np.ndarray:
    """The distinct values; counted where they are small whole numbers, because sorting millions takes ten times as long."""
    if pixels.size and pixels.min() >= 0 and pixels.max() < _COUNTED:
        codes = pixels.astype(np.int32)
        if (codes == pixels).all():
            return np.flatnonzero(np.bincount(codes)).astype(float)
    return np.unique(pixels)


def _tell_absent(source: RasterSource, groups: Mapping[str, Sequence[int]], found: set[int], progress: Progress) -> None:
    for name, members in groups.items():
        absent = sorted(set(members) - found)
        if absent:
            there = ", ".join(map(str, sorted(found)[:_LISTED])) + (" and more" if len(found) > _LISTED else "")
            progress.warn(f"{source.name} has no {name} class {', '.join(map(str, absent))} within the grid; the classes there are {there}")
