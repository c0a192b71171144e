"""A raster that covariates are made from, and how fine it is beside a grid."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator

import numpy as np
import rasterio
from pyproj import CRS
from pyproj.exceptions import ProjError
from rasterio.enums import ColorInterp
from rasterio.errors import RasterioError

from model_core.errors import InputError
from model_core.grid import Grid, parse_crs
from model_core.transformers import transformer

_CACHE_MB = 128  # GDAL's own default grows with the machine
_PROBES = 11  # cells along each side of the grid at which the resolution is measured


@dataclass(frozen=True)
class RasterSource:
    """The first band of an open raster.

    Attributes
    ----------
    raster : rasterio.DatasetReader
    crs : CRS of its coordinates
    name : file name, for messages and attribution
    nodata : value that stands for no data, or None
    """

    raster: rasterio.DatasetReader
    crs: CRS
    name: str
    nodata: float | None

    @property
    def unit(self) -> str:
        """Unit that the file gives, or ''."""
        return (self.raster.units[0] or "").strip()

    def position(self, x: np.ndarray, y: np.ndarray, crs: CRS) -> tuple[np.ndarray, np.ndarray]:
        """Fractional (row, column) of points; (0, 0) is the corner of the first pixel, non-finite where unprojectable.

        Rasters in degrees are found whichever way they count longitude (-180 to 180, 0 to 360, 20 to 380).
        """
        px, py = transformer(crs, self.crs).transform(x, y)
        column, row = ~self.raster.transform * (np.asarray(px), np.asarray(py))
        if self.round_the_globe:
            column = np.mod(column, self.round_the_globe)
        return row, column

    @property
    def round_the_globe(self) -> float:
        """Columns in 360 degrees, for a north-up raster in degrees; else 0."""
        t = self.raster.transform
        return 360.0 / abs(t.a) if self.crs.is_geographic and t.a and not t.b else 0.0

    def pixels_per_cell(self, grid: Grid) -> tuple[float, float]:
        """How many pixels lie along a cell's side: (median over the grid, most in any direction).

        Raises
        ------
        InputError
            If the raster and the grid have no place in common.
        """
        rows, columns = (np.unique(np.linspace(0, n - 1, _PROBES).astype(int)) for n in grid.shape)
        x, y = (axis.ravel() for axis in np.meshgrid(grid.x[columns], grid.y[rows]))
        dx, dy = grid.cell_size
        places = [self.position(px, py, grid.crs) for px, py in ((x - dx / 2, y), (x + dx / 2, y), (x, y - dy / 2), (x, y + dy / 2))]
        steps = [self._step(places[0], places[1]), self._step(places[2], places[3])]
        row, column = self.position(x, y, grid.crs)
        inside = (row >= 0) & (row <= self.raster.height) & (column >= 0) & (column <= self.raster.width)
        inside &= np.isfinite(steps).all((0, 1))
        if not inside.any() and not self._centre_in(grid):
            raise InputError(
                f"raster '{self.name}' does not overlap the grid: it spans {_span(self.raster.bounds)} in {self.crs.name}, "
                f"the grid {_span(grid.bounds)} in {grid.crs.name}"
            )
        known = inside if inside.any() else np.isfinite(steps).all((0, 1))
        (ar, ac), (br, bc) = steps
        area = np.abs(ar * bc - ac * br)[known]
        longest = np.hypot([ar, br], [ac, bc])[:, known]
        return float(np.sqrt(np.median(area))), float(longest.max())

    def _step(self, start: tuple[np.ndarray, np.ndarray], end: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """(rows, columns) from one place to the other, the short way round the globe."""
        rows, columns = end[0] - start[0], end[1] - start[1]
        turn = self.round_the_globe
        if turn:
            columns = columns - turn * np.round(columns / turn)
        return np.array([rows, columns])

    def _centre_in(self, grid: Grid) -> bool:
        """Whether the raster's centre lies in the grid: a small raster can slip between the probes."""
        x, y = self.raster.transform * (self.raster.width / 2, self.raster.height / 2)
        row, column = grid.locate(x, y, self.crs)
        return bool(0 <= row <= grid.shape[0] and 0 <= column <= grid.shape[1])


@contextmanager
def open_source(path: str | Path, crs: Any = None, classes: tuple[int, ...] = ()) -> Iterator[RasterSource]:
    """Open a raster for the covariates; reading errors inside the block become `InputError`.

    Parameters
    ----------
    path : file, or anything that GDAL opens
    crs : overrules the file's
    classes : values that are asked for: where the no-data value is one of them, it counts as data

    Raises
    ------
    InputError
        If it can't be read, has no CRS or no place, or is a picture.
    """
    name = Path(str(path)).name
    try:
        with rasterio.Env(GDAL_CACHEMAX=_CACHE_MB), rasterio.open(path) as raster:
            if raster.count == 0:
                raise InputError(f"'{path}' holds several rasters; name one: {', '.join(raster.subdatasets[:10]) or 'none is there'}")
            if raster.colorinterp[0] == ColorInterp.red:
                raise InputError(f"raster '{path}' is a picture (red, green, blue); give the raster with the values")
            if crs is None and not raster.crs:
                raise InputError(f"raster '{path}' has no CRS; give it with the request, or assign it, for example with gdal_edit -a_srs")
            if raster.transform.is_identity:
                raise InputError(f"raster '{path}' does not say where it lies; georeference it, for example with gdal_edit -a_ullr")
            known = parse_crs(crs) if crs is not None else CRS.from_wkt(raster.crs.to_wkt())
            nodata = None if raster.nodata in classes else raster.nodata
            yield RasterSource(raster, known, name, nodata)
    except RasterioError as error:
        raise InputError(f"raster '{path}' can't be read: {error}; does it exist, is it complete, does GDAL know it?") from error
    except ProjError as error:
        raise InputError(
            f"raster '{path}' can't be put on the grid: its CRS has no known place on the earth; name the right one"
        ) from error


def _span(bounds: tuple[float, float, float, float]) -> str:
    return "({:g}, {:g}) to ({:g}, {:g})".format(*bounds)
