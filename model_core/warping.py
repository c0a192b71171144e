"""Fields moved from one grid to another."""

from __future__ import annotations

import numpy as np
from rasterio.enums import Resampling
from rasterio.warp import reproject

from model_core.grid import Grid


def warp(field: np.ndarray, source: Grid, target: Grid) -> np.ndarray:
    """A field on another grid: bilinear between cells, averaged where the target's cells are larger.

    Parameters
    ----------
    field : float array (..., rows, columns) on `source`, NaN where unknown

    Returns
    -------
    ndarray
        float32 (..., rows, columns) on `target`, NaN outside `source`.
    """
    if source.matches(target):
        return np.asarray(field, np.float32)
    coarser = target.cell_size_km > 1.5 * source.cell_size_km
    stacked = np.asarray(field, np.float32).reshape(-1, *source.shape)
    warped = np.full((len(stacked), *target.shape), np.nan, np.float32)
    for layer, result in zip(stacked, warped):
        reproject(
            layer,
            result,
            src_transform=source.transform,
            src_crs=source.crs.to_wkt(),
            src_nodata=np.nan,
            dst_transform=target.transform,
            dst_crs=target.crs.to_wkt(),
            dst_nodata=np.nan,
            resampling=Resampling.average if coarser else Resampling.bilinear,
        )
    return warped.reshape(*np.shape(field)[:-2], *target.shape)
