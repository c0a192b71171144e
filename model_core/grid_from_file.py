"""The grid of a NetCDF file or of a template raster."""

from __future__ import annotations

from pathlib import Path

import rasterio
from pyproj import CRS
from pyproj.exceptions import CRSError

from model_core.ctm.formats import layout_of
from model_core.ctm.formats.griddesc import grid_of, is_griddesc
from model_core.ctm.formats.netcdf_file import is_netcdf
from model_core.ctm.formats.opening import is_zarr, open_fields
from model_core.errors import InputError
from model_core.file_and_name import file_and_name
from model_core.grid import Grid


def read_grid(path: str | Path) -> Grid:
    """Grid of a NetCDF file or Zarr store (IOAPI, WRF, CF), of any raster that GDAL reads, or of ``GRIDDESC:NAME``.

    Raises
    ------
    InputError
        If the file is missing, of neither kind, or has no CRS, or its grid is rotated or uneven.
    """
    path = Path(path)
    if is_netcdf(path) or is_zarr(path):
        with open_fields(path) as dataset:
            return layout_of(dataset, path).grid
    file, name = file_and_name(str(path))
    if is_griddesc(path):
        return grid_of(path, "")
    if name and is_griddesc(Path(file)):
        return grid_of(Path(file), name)
    return _read_raster_grid(path)


def _read_raster_grid(path: Path) -> Grid:
    if not path.exists():
        raise InputError(f"grid file '{path}' does not exist")
    try:
        with rasterio.open(path) as raster:
            crs, transform, shape = raster.crs, raster.transform, raster.shape
    except rasterio.errors.RasterioIOError as error:
        raise InputError(f"'{path}' is neither a NetCDF file nor a raster that GDAL can read: {error}") from error
    if not crs:
        raise InputError(f"raster '{path}' has no CRS; assign one, for example with gdal_edit -a_srs")
    try:
        return Grid(CRS.from_wkt(crs.to_wkt()), transform, shape)
    except (InputError, CRSError) as error:
        raise InputError(f"raster '{path}' is no template of a grid: {error}") from error
