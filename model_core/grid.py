"""The grid of a chemical transport model: CRS, affine and shape in one object."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from pyproj import CRS
from pyproj.exceptions import ProjError

from model_core.errors import InputError
from model_core.file_and_name import file_and_name
from model_core.transformers import transformer

# IOAPI and WRF compute on this sphere; see the IOAPI manual, "Grids and coordinates".
CTM_SPHERE_RADIUS_M = 6_370_000.0
EARTH_RADII_M = 6.2e6, 6.5e6  # every model of the Earth has a radius between these
MOST_CELLS = 200_000_000  # one field of them takes 800 MB


@dataclass(frozen=True)
class Grid:
    """A regular grid; every array on it has row 0 in the north and column 0 in the west.

    Attributes
    ----------
    crs : pyproj.CRS
    transform : affine.Affine
        From (column, row) of a cell's upper-left corner to (x, y) in `crs` units; no rotation.
    shape : (int, int)
        Rows, columns.
    """

    crs: CRS
    transform: Affine
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        rows, columns = self.shape
        if rows < 1 or columns < 1:
            raise InputError(f"a grid needs at least one cell, got {rows} rows x {columns} columns")
        if rows * columns > MOST_CELLS:
            raise InputError(
                f"a grid of {rows} rows x {columns} columns has {rows * columns} cells, more than {MOST_CELLS}; "
                "choose larger cells or a smaller extent"
            )
        if not np.isfinite([*self.transform[:6]]).all():
            raise InputError("a grid needs a finite corner and cell size")
        if self.transform.b or self.transform.d or self.transform.a <= 0 or self.transform.e >= 0:
            raise InputError("a grid must be north-up and not rotated; warp the template raster first")

    @classmethod
    def from_lower_left(
        cls, crs: CRS, x_lower_left: float, y_lower_left: float, cell_size: tuple[float, float], shape: tuple[int, int]
    ) -> "Grid":
        """Grid from the lower-left corner of its south-western cell (IOAPI's XORIG, YORIG)."""
        (dx, dy), (rows, _) = cell_size, shape
        return cls(crs, Affine(dx, 0.0, x_lower_left, 0.0, -dy, y_lower_left + rows * dy), tuple(shape))

    @classmethod
    def from_extent(cls, xmin: float, ymin: float, xmax: float, ymax: float, cell: float, crs: Any) -> "Grid":
        """Grid of square cells that covers the extent; the lower-left corner is kept, the others grow to whole cells."""
        crs = parse_crs(crs)
        check_projection(crs, f"CRS '{crs}'")
        if not np.isfinite([xmin, ymin, xmax, ymax, cell]).all():
            raise InputError(f"extent {xmin},{ymin},{xmax},{ymax} with cell {cell} is not finite; give numbers")
        if not (xmax > xmin and ymax > ymin and cell > 0):
            raise InputError(
                f"extent {xmin},{ymin},{xmax},{ymax} with cell {cell} is empty; give xmin < xmax, ymin < ymax and a positive cell size"
            )
        centre = ymin + np.ceil((ymax - ymin) / cell - 1e-6) * cell / 2  # of the whole cells
        of_the_globe = -90 - cell <= ymin and ymax <= 90 + cell and xmax - xmin <= 360 + cell and -540 <= xmin and xmax <= 540
        of_the_globe = of_the_globe and abs(centre) < 90 and cell <= 45
        if crs.is_geographic and not of_the_globe:
            raise InputError(
                f"extent {xmin:g},{ymin:g},{xmax:g},{ymax:g} with cell {cell:g} can't be degrees, which its CRS has; name the CRS that it is in"
            )
        # 1e-6 of a cell forgives the rounding of decimal extents.
        columns, rows = (float(np.ceil(length / cell - 1e-6)) for length in (xmax - xmin, ymax - ymin))
        if not rows * columns <= MOST_CELLS:
            unit = crs.axis_info[0].unit_name if crs.axis_info else "unknown"
            raise InputError(
                f"extent {xmin:g},{ymin:g},{xmax:g},{ymax:g} with cell {cell:g} gives {rows:.0f} rows x {columns:.0f} columns, more than "
                f"{MOST_CELLS} cells; the cell size is in the unit of the CRS, which is {unit}: is it right? Choose larger "
                "cells or a smaller extent"
            )
        rows, columns = int(rows), int(columns)
        return cls.from_lower_left(crs, xmin, ymin, (cell, cell), (max(rows, 1), max(columns, 1)))

    @property
    def cell_size(self) -> tuple[float, float]:
        """Width and height of a cell in CRS units."""
        return self.transform.a, -self.transform.e

    @property
    def cell_size_km(self) -> float:
        """Mean side of a cell in km; for geographic grids at the grid's centre."""
        dx, dy = self.cell_size
        if self.crs.is_geographic:
            latitude = (self.bounds[1] + self.bounds[3]) / 2
            degree_km = np.pi / 180 * CTM_SPHERE_RADIUS_M / 1000
            return float(np.sqrt(dx * np.cos(np.radians(latitude)) * dy) * degree_km)
        unit_km = self.crs.axis_info[0].unit_conversion_factor / 1000
        return float(np.sqrt(dx * dy) * unit_km)

    @property
    def lower_left(self) -> tuple[float, float]:
        """Lower-left corner of the south-western cell in CRS units."""
        return self.bounds[0], self.bounds[1]

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """xmin, ymin, xmax, ymax in CRS units."""
        rows, columns = self.shape
        t = self.transform
        return t.c, t.f + rows * t.e, t.c + columns * t.a, t.f

    @property
    def x(self) -> np.ndarray:
        """Cell-centre x, west to east, shape (columns,)."""
        return self.transform.c + (np.arange(self.shape[1]) + 0.5) * self.transform.a

    @property
    def y(self) -> np.ndarray:
        """Cell-centre y, north to south, shape (rows,)."""
        return self.transform.f + (np.arange(self.shape[0]) + 0.5) * self.transform.e

    @property
    def proj_string(self) -> str:
        """The CRS as a PROJ string, or as authority code or WKT where PROJ has no string for it."""
        import warnings

        with warnings.catch_warnings():  # pyproj warns that PROJ strings can lose detail
            warnings.simplefilter("ignore")
            return self.crs.to_proj4() or self.crs.to_string()

    def lonlat(self) -> tuple[np.ndarray, np.ndarray]:
        """Longitude and latitude of the cell centres in degrees, each of shape (rows, columns)."""
        x, y = np.meshgrid(self.x, self.y)
        return transformer(self.crs, "EPSG:4326").transform(x, y)

    def locate(self, x: np.ndarray, y: np.ndarray, crs: Any) -> tuple[np.ndarray, np.ndarray]:
        """Fractional (row, column) of points given in `crs`; (0, 0) is the upper-left corner, non-finite where unprojectable."""
        to_grid = transformer(parse_crs(crs), self.crs)
        gx, gy = to_grid.transform(np.asarray(x, float), np.asarray(y, float))
        if self.crs.is_geographic:  # 359.5 and -0.5 are one meridian
            west, _, east, _ = self.bounds
            gx = np.where((gx < west) & (gx + 360 < east), gx + 360, gx)
            gx = np.where((gx >= east) & (gx - 360 >= west), gx - 360, gx)
        return (gy - self.transform.f) / self.transform.e, (gx - self.transform.c) / self.transform.a

    def matches(self, other: "Grid") -> bool:
        """Whether both have the same shape and CRS and agree to a thousandth of a cell."""
        if self.shape != other.shape or self.crs != other.crs:
            return False
        tolerance = 1e-3 * min(self.cell_size)
        return bool(np.allclose(self.bounds, other.bounds, rtol=0, atol=tolerance))

    def describe(self) -> dict[str, Any]:
        """The grid as plain values for JSON, with the field's terms."""
        return {
            "proj": self.proj_string,
            "rows": self.shape[0],
            "columns": self.shape[1],
            "cell_size": list(self.cell_size),
            "lower_left": list(self.lower_left),
            "bounds": list(self.bounds),
            "wkt": self.crs.to_wkt(),
        }

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> "Grid":
        """The grid that `describe` described."""
        return cls.from_lower_left(
            CRS.from_wkt(description["wkt"]),
            *description["lower_left"],
            tuple(description["cell_size"]),
            (description["rows"], description["columns"]),
        )

    def __str__(self) -> str:
        dx, dy = self.cell_size
        x0, y0 = self.lower_left
        return (
            f"{self.shape[0]} rows x {self.shape[1]} columns, cells {dx:g} x {dy:g}, lower-left corner ({x0:g}, {y0:g}), {self.proj_string}"
        )


def ctm_crs(parameters: str) -> CRS:
    """CRS from PROJ parameters on the sphere that IOAPI and WRF use."""
    return CRS.from_proj4(f"{parameters} +R={CTM_SPHERE_RADIUS_M:.0f} +units=m +no_defs")


def check_projection(crs: CRS, where: str) -> None:
    """Raise `InputError` if PROJ can't compute with a CRS, whose parameters it only looks at when it is used."""
    try:
        transformer("EPSG:4326", crs)
    except ProjError as error:
        raise InputError(f"{where} makes no projection ({error}); correct its parameters") from error


# Lambert 25/40 about 34N 110E; the corner leaves at least 69 km (over five cells) around mainland China.
PRESETS = {
    "china12km": Grid.from_lower_left(
        ctm_crs("+proj=lcc +lat_1=25 +lat_2=40 +lat_0=34 +lon_0=110 +x_0=0 +y_0=0"),
        -3_144_000.0,
        -2_112_000.0,
        (12_000.0, 12_000.0),
        (372, 426),
    ),
    # The United States without Alaska and Hawaii: EPA's 12US1.
    "conus12km": Grid.from_lower_left(
        ctm_crs("+proj=lcc +lat_1=33 +lat_2=45 +lat_0=40 +lon_0=-97 +x_0=0 +y_0=0"),
        -2_556_000.0,
        -1_728_000.0,
        (12_000.0, 12_000.0),
        (299, 459),
    ),
}


def parse_crs(crs: Any) -> CRS:
    """A pyproj CRS from an authority code, PROJ string, WKT or CRS.

    Raises
    ------
    InputError
        If pyproj does not know it, or it is not of the Earth.
    """
    try:
        parsed = CRS.from_user_input(crs)
    except (ProjError, TypeError, ValueError) as error:  # CRSError is a ProjError
        raise InputError(f"unknown CRS '{crs}'; give an authority code such as EPSG:4326, a PROJ string or WKT") from error
    check_earth(parsed, f"CRS '{crs}'")
    return parsed


def check_earth(crs: CRS, where: str) -> None:
    """Raise `InputError` if the radius of a CRS is not that of the Earth in metres, or its scale is zero."""
    radius = crs.ellipsoid.semi_major_metre if crs.ellipsoid else None
    if radius is not None and not EARTH_RADII_M[0] <= radius <= EARTH_RADII_M[1]:
        raise InputError(
            f"{where} has an Earth's radius of {radius:g} m, where {EARTH_RADII_M[0]:g} to {EARTH_RADII_M[1]:g} m is expected; "
            "state it in metres, for example +R=6370000"
        )


def parse_grid(text: str) -> Grid:
    """Grid from what a user writes after ``--grid``.

    A preset name, a NetCDF or raster file, ``GRIDDESC:NAME``, or ``xmin,ymin,xmax,ymax,cell@CRS``.

    Raises
    ------
    InputError
        If it is none of these.
    """
    if text in PRESETS:
        return PRESETS[text]
    if text == "auto":
        raise InputError(
            f"grid 'auto' is chosen by the stations, of which there are none here; name a grid: {', '.join(PRESETS)}, a file, "
            "or an extent xmin,ymin,xmax,ymax,cell@CRS"
        )
    extent = re.fullmatch(r"\s*([^,@]+),([^,@]+),([^,@]+),([^,@]+),([^,@]+)@(.+)", text, re.DOTALL)
    if extent and not _exists(text):
        try:
            numbers = [float(part) for part in extent.groups()[:5]]
        except ValueError as error:
            raise InputError(f"grid '{text}': {error}; write xmin,ymin,xmax,ymax,cell@CRS") from error
        return Grid.from_extent(*numbers, crs=extent.group(6).strip())
    if not _exists(text) and not _exists(file_and_name(text)[0]):  # GRIDDESC:NAME
        raise InputError(
            f"grid '{text}' is neither a preset ({', '.join(PRESETS)}), nor an existing file, nor an extent xmin,ymin,xmax,ymax,cell@CRS"
        )
    from model_core.grid_from_file import read_grid  # file formats are only needed for files

    return read_grid(Path(text))


def _exists(text: str) -> bool:
    try:
        return Path(text).exists()
    except OSError:  # a CRS as WKT is longer than a file name may be
        return False
