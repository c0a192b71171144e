"""What files of fields say of themselves: tags of a GeoTIFF, global attributes of NetCDF or Zarr."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import netCDF4
import rasterio
import zarr

from model_core.ctm.formats.netcdf_file import is_netcdf
from model_core.errors import InputError
from model_core.netcdf_check import check_netcdf
from model_core.netcdf_path import netcdf_path

_GEOTIFF = (".tif", ".tiff")


def fields_at(path: str | Path) -> list[Path]:
    """The files of fields behind a path: itself, or the GeoTIFF files of a folder; none where it is no file on the disk."""
    place = Path(str(path).partition("|")[0])
    if is_zarr_store(place) or place.is_file():
        return [place]
    return sorted(file for file in place.glob("*") if file.suffix.lower() in _GEOTIFF) if place.is_dir() else []


def is_zarr_store(path: Path) -> bool:
    """Whether a folder is a Zarr store."""
    return path.is_dir() and any((path / name).is_file() for name in (".zgroup", ".zmetadata", "zarr.json"))


def attributes_of(file: Path) -> dict[str, Any]:
    """Tags or global attributes by name.

    Raises
    ------
    InputError
        If it does not exist or can't be read.
    """
    if not file.exists():
        raise InputError(f"'{file}' does not exist")
    try:
        if is_zarr_store(file):
            return dict(zarr.open_group(file, mode="r").attrs)
        if file.suffix.lower() == ".nc" or is_netcdf(file):
            check_netcdf(file)
            with netCDF4.Dataset(netcdf_path(file)) as data:
                return {name: data.getncattr(name) for name in data.ncattrs()}
        with rasterio.open(file) as raster:
            return dict(raster.tags())
    except (OSError, RuntimeError, ValueError, KeyError, rasterio.errors.RasterioError) as error:
        raise InputError(f"'{file}' can't be read ({error}); take another copy of it") from error
