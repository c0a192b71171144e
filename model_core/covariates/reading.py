"""Covariates from a file, on the grid where they are needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio
from pyproj import CRS
from rasterio.errors import RasterioError

from model_core.covariates.from_mcip import mcip_maps
from model_core.ctm.formats.opening import holds_fields
from model_core.errors import InputError
from model_core.grid import Grid
from model_core.units import convert
from model_core.variables import Variable, known_variables, recognise
from model_core.warping import warp


def read_covariates(path: str | Path, grid: Grid) -> dict[str, np.ndarray]:
    """The maps of a file, warped to a grid.

    Parameters
    ----------
    path : NetCDF (what `covariates` writes, MCIP's GRIDCRO2D, or any that the CTM readers know), or a GeoTIFF with
        bands that are named as the variables are

    Returns
    -------
    dict
        Key ("elevation", "elevation_spread", "urban", "land") -> float32 (rows, columns) in the canonical unit, NaN where unknown.

    Raises
    ------
    InputError
        If the file can't be read, holds no known map, or does not overlap the grid.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"covariates '{path}': there is no such file")
    known = [variable.key for variable in known_variables().values() if variable.static]
    maps = mcip_maps(path, grid, known) if holds_fields(path) else _from_bands(path, grid)
    if not maps:
        raise InputError(f"covariates '{path}' holds none of {', '.join(known)}")
    if not any(np.isfinite(values).any() for values in maps.values()):
        raise InputError(f"covariates '{path}' does not overlap the grid: {grid}")
    return maps


def _from_bands(path: Path, grid: Grid) -> dict[str, np.ndarray]:
    try:
        with rasterio.open(path) as raster:
            if not raster.crs:
                raise InputError(f"covariates '{path}' has no CRS; assign one, for example with gdal_edit -a_srs")
            own = Grid(CRS.from_wkt(raster.crs.to_wkt()), raster.transform, raster.shape)
            maps: dict[str, np.ndarray] = {}
            for band, name in enumerate(raster.descriptions, start=1):
                variable = recognise(name or "")
                if variable and variable.static and variable.key not in maps:
                    maps[variable.key] = warp(_band(raster, band, variable, path), own, grid)
            return maps
    except RasterioError as error:
        raise InputError(f"covariates '{path}' is neither NetCDF nor a raster that GDAL can read: {error}") from error


def _band(raster: rasterio.DatasetReader, band: int, variable: Variable, path: Path) -> np.ndarray:
    values = raster.read(band, masked=True).astype(np.float32).filled(np.nan)
    unit = raster.units[band - 1] or variable.unit
    return convert(values, unit, variable.unit, f"band '{raster.descriptions[band - 1]}' of '{path}'")
