"""Bands of a raster that GDAL reads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from pyproj import CRS
from rasterio.enums import ColorInterp
from rasterio.errors import RasterioError
from rasterio.windows import Window as RasterWindow

from model_core.errors import InputError
from model_core.grid import parse_crs
from model_core.rasters.gridded_file import GriddedFile, Step, Window, within

ALL = "all"
_CACHE_MB = 128  # GDAL's own default grows with the machine


class Bands(GriddedFile):
    """One band of a raster, or all its bands as steps; see `GriddedFile`.

    Parameters
    ----------
    path : file, or anything that GDAL opens, such as ``HDF4_EOS:...``
    band : number or description of a band, "all" for every band as a step; None for the first
    crs : overrules the file's

    Raises
    ------
    InputError
        If it can't be read, has no such band, no CRS or no place, is rotated, or is a picture.
    """

    def __init__(self, path: str | Path, band: str | None = None, crs: Any = None):
        self.path, self._where = Path(str(path)), str(path)
        self._environment = rasterio.Env(GDAL_CACHEMAX=_CACHE_MB)
        try:
            with self._environment:
                self._raster = rasterio.open(path)
        except RasterioError as error:
            raise InputError(f"raster '{path}' can't be read: {error}; does it exist, is it complete, does GDAL know it?") from error
        try:
            self._understand(band, crs)
        except BaseException:
            self._raster.close()
            raise

    def _understand(self, band: str | None, crs: Any) -> None:
        raster = self._raster
        if raster.count == 0:
            inside = ", ".join(raster.subdatasets[:10]) or "none is there"
            raise InputError(f"'{self._where}' holds several rasters; name one: {inside}")
        if raster.colorinterp[0] == ColorInterp.red and raster.dtypes[0] == "uint8":
            raise InputError(f"raster '{self._where}' is a picture (red, green, blue); give the raster with the values")
        if crs is None and not raster.crs:
            raise InputError(f"raster '{self._where}' has no CRS; assign one, for example with gdal_edit -a_srs")
        if raster.transform.is_identity:
            raise InputError(f"raster '{self._where}' does not say where it lies; georeference it, for example with gdal_edit -a_ullr")
        self.transform, self.shape = raster.transform, raster.shape
        if self.transform.b or self.transform.d or self.transform.a <= 0 or self.transform.e >= 0:
            raise InputError(f"raster '{self._where}' is rotated or not north-up; warp it first, for example with gdalwarp")
        self.crs = parse_crs(crs) if crs is not None else CRS.from_wkt(raster.crs.to_wkt())
        self._bands = self._chosen(band)
        first = self._bands[0]
        tags = {**raster.tags(), **raster.tags(first)}
        self.name = str(tags.get("species") or tags.get("NETCDF_VARNAME") or raster.descriptions[first - 1] or "")
        self.unit = (raster.units[first - 1] or tags.get("units") or "").strip()
        texts = ("long_name", "description", "title", "TIFFTAG_IMAGEDESCRIPTION")
        self.description = " ".join(str(tags[key]) for key in texts if key in tags)
        self.steps = tuple(self._step(number) for number in self._bands)

    def read(self, step: int = 0, window: Window | None = None) -> np.ndarray:
        number = self._bands[step]
        area = None if window is None else RasterWindow.from_slices(*window)
        try:
            with self._environment:
                masked = self._raster.read(number, window=area, masked=True)
        except RasterioError as error:
            raise InputError(f"raster '{self._where}' is damaged ({error}); copy or download it again") from error
        raw = np.ma.filled(masked.astype(np.float32), np.float32(np.nan))
        values = within(raw, self._limits(number))
        scale, offset = self._raster.scales[number - 1], self._raster.offsets[number - 1]
        return values if (scale, offset) == (1, 0) else values * np.float32(scale) + np.float32(offset)

    def close(self) -> None:
        self._raster.close()

    def _chosen(self, band: str | None) -> tuple[int, ...]:
        raster = self._raster
        if band is None:
            if raster.count > 1:
                self.notes = (f"{self.path.name}: the first of its {raster.count} bands is read",)
            return (1,)
        if band == ALL:
            return tuple(range(1, raster.count + 1))
        if band in raster.descriptions:
            return (raster.descriptions.index(band) + 1,)
        if band.isdigit() and 1 <= int(band) <= raster.count:
            return (int(band),)
        named = ", ".join(str(name) for name in raster.descriptions if name)
        raise InputError(f"raster '{self._where}' has no band '{band}'; it has {raster.count}" + (f": {named}" if named else ""))

    def _step(self, number: int) -> Step:
        """Of one band its day or time, where the file tells it; of several bands their descriptions."""
        tags = self._raster.tags()
        if len(self._bands) == 1:
            moment = tags.get("time") or tags.get("date") or ""
            try:
                return Step(moment, np.datetime64(moment, "s")) if moment else Step(self.path.stem)
            except ValueError:
                return Step(self.path.stem)
        return Step(self._raster.descriptions[number - 1] or f"band {number}")

    def _limits(self, number: int) -> tuple[float, float] | None:
        """The stored values that the file calls valid, as HDF and NetCDF products do."""
        numbers = re.findall(r"[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?", self._raster.tags(number).get("valid_range", ""))
        return (float(numbers[0]), float(numbers[1])) if len(numbers) == 2 else None
