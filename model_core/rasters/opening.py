"""Which reader a gridded file is for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from model_core.ctm.formats.opening import holds_fields
from model_core.rasters.bands import Bands
from model_core.rasters.gridded_file import GriddedFile
from model_core.rasters.variables import GriddedVariable

# What GDAL and QGIS call a variable of a NetCDF file.
_NETCDF_VARIABLE = re.compile(r'NETCDF:(?:"(?P<quoted>[^"]+)"|(?P<plain>.+)):(?P<name>[^:"]+)', re.IGNORECASE)


def open_gridded(source: str | Path, variable: str | None = None, crs: Any = None) -> GriddedFile:
    """Open one variable of a file, as a context manager.

    Parameters
    ----------
    source : NetCDF file or Zarr store; a raster or subdataset that GDAL opens; or a variable of a NetCDF file as GDAL names it
    variable : of a NetCDF file its name, of other rasters the number or description of a band, or "all" bands as steps
    crs : overrules the file's

    Raises
    ------
    InputError
        If it can't be read, or is not clear (see `Bands` and `GriddedVariable`).
    """
    named = _NETCDF_VARIABLE.fullmatch(str(source).strip())
    if named:
        source, variable = named["quoted"] or named["plain"], variable or named["name"]
    if named or holds_fields(source):
        return GriddedVariable(source, variable, crs)
    return Bands(source, variable, crs)
