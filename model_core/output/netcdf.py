"""Fields on a grid, written as CF NetCDF."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from datetime import date as Date
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence

import netCDF4
import numpy as np

import model_core
from model_core.atomic_file import atomic_file
from model_core.errors import OutputError
from model_core.grid import Grid
from model_core.variables import recognise

GRID_MAPPING = "crs"
_UNIT_SYMBOLS = {"metre": "m", "kilometre": "km", "degree": "degrees"}


def write_netcdf(
    path: str | Path, grid: Grid, times: Sequence[Date] | None,
    variables: Sequence[tuple[str, np.ndarray, str]], attributes: Mapping[str, Any] | None = None,
) -> None:
    """Write daily fields as one CF NetCDF file.

    Parameters
    ----------
    times : days in order, or None (or empty) where the day is not known; there is no time axis then.
    variables : (name, array, unit)
        Arrays of shape (days, rows, columns), or (rows, columns) for maps without time; row 0 in the north.
    attributes : global attributes (source, history, model hash, ...).

    Raises
    ------
    OutputError
        If the file can't be written; nothing is left behind then.
    """
    with NetcdfWriter(path, grid, times, attributes) as writer:
        for name, array, unit in variables:
            daily = np.ndim(array) == 3
            writer.define(name, unit, daily)
            if daily:
                for step, field in enumerate(array):
                    writer.write(name, field, step)
            else:
                writer.write(name, array)


class NetcdfWriter:
    """Writes one field after the other, so that a decade takes no more memory than a day.

    As a context manager: the file gets its name when the block ends well (`atomic_file.atomic_file`).
    """

    def __init__(
        self, path: str | Path, grid: Grid, times: Sequence[Date] | None, attributes: Mapping[str, Any] | None = None,
        south_first: bool = False,
    ):
        """`south_first` stores the rows from south to north, as CTMs do; fields are handed over with row 0 north."""
        self._rows = slice(None, None, -1 if south_first else 1)
        self._path, self._grid, self._days = path, grid, list(times or [])
        self._attributes = dict(attributes or {})
        self._dims = ("lat", "lon") if grid.crs.is_geographic else ("y", "x")
        self._stack = ExitStack()

    def __enter__(self) -> "NetcdfWriter":
        with ExitStack() as stack:
            partial = stack.enter_context(atomic_file(self._path))
            stack.enter_context(_write_errors_named(self._path))
            self._file = stack.enter_context(netCDF4.Dataset(partial, "w", format="NETCDF4"))
            self._write_frame()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: Any) -> bool | None:
        return self._stack.__exit__(*error)

    def define(self, name: str, unit: str, daily: bool, **attributes: Any) -> None:
        """Announce a variable; long and standard name come from the table of known variables unless given."""
        dims = (("time",) if daily and self._days else ()) + self._dims
        chunks = (1,) * (len(dims) - 2) + self._grid.shape
        new = self._file.createVariable(
            name, "f4", dims, compression="zlib", complevel=4, shuffle=True, chunksizes=chunks, fill_value=np.nan
        )
        # A field is written once and is one chunk: the library's cache would keep the last tens of megabytes for nothing.
        new.set_var_chunk_cache(size=1)
        known = recognise(name)
        new.units = unit
        if known:
            new.long_name = known.long_name
            if known.standard_name:
                new.standard_name = known.standard_name
        if daily:
            new.cell_methods = "time: mean"
        new.grid_mapping = GRID_MAPPING
        if not self._grid.crs.is_geographic:
            new.coordinates = "lon lat"
        new.setncatts(attributes)

    def write(self, name: str, field: np.ndarray, step: int | None = None) -> None:
        """Write a field of shape (rows, columns), of day number `step` where the variable has days."""
        if np.shape(field) != self._grid.shape:
            raise ValueError(f"variable '{name}' has shape {np.shape(field)}, the grid {self._grid.shape}")
        target = self._file[name]
        target[(step,) if target.ndim == 3 else ...] = np.asarray(field, np.float32)[self._rows]

    def attribute(self, name: str, value: Any) -> None:
        """Set a global attribute that is only known when the fields are written."""
        self._file.setncattr(name, value)

    def _write_frame(self) -> None:
        """Global attributes, axes, longitude and latitude, time with bounds, grid mapping."""
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        software = f"CTM Reanalysis {model_core.__version__}"
        given = {name: value for name, value in self._attributes.items() if value is not None}
        self._file.setncatts({"Conventions": "CF-1.8", "history": f"{now} written by {software}"} | given)
        for dim, size in zip(self._dims, self._grid.shape):
            self._file.createDimension(dim, size)
        self._write_axes()
        self._write_grid_mapping()
        if self._days:
            self._write_time()

    def _write_axes(self) -> None:
        grid = self._grid
        geographic = grid.crs.is_geographic
        names = ("latitude", "longitude") if geographic else ("projection_y_coordinate", "projection_x_coordinate")
        for dim, standard_name, axis, values in zip(self._dims, names, "YX", (grid.y[self._rows], grid.x)):
            variable = self._file.createVariable(dim, "f8", (dim,))
            variable.standard_name, variable.axis = standard_name, axis
            variable.units = _degrees(standard_name) if geographic else _unit_of(grid)
            variable[:] = values
        if not geographic:
            for name, standard_name, values in zip(("lon", "lat"), ("longitude", "latitude"), grid.lonlat()):
                variable = self._file.createVariable(
                    name, "f8", self._dims, compression="zlib", shuffle=True, least_significant_digit=6
                )  # a millionth of a degree is 0.1 m
                variable.standard_name, variable.units = standard_name, _degrees(standard_name)
                variable[:] = values[self._rows]

    def _write_grid_mapping(self) -> None:
        grid = self._grid
        attributes = grid.crs.to_cf()
        ellipsoid = grid.crs.ellipsoid
        if ellipsoid is not None and ellipsoid.semi_major_metre == ellipsoid.semi_minor_metre:
            attributes.pop("inverse_flattening", None)  # infinite for a sphere, which no attribute can say
            attributes["earth_radius"] = ellipsoid.semi_major_metre
        attributes["spatial_ref"] = grid.crs.to_wkt()  # where GDAL looks first
        attributes["GeoTransform"] = " ".join(repr(float(value)) for value in grid.transform.to_gdal())
        self._file.createVariable(GRID_MAPPING, "i4").setncatts(attributes)

    def _write_time(self) -> None:
        self._file.createDimension("time", len(self._days))
        self._file.createDimension("nv", 2)
        starts = np.array([(day - self._days[0]).days for day in self._days], np.int32)
        time = self._file.createVariable("time", "i4", ("time",))
        time.setncatts({
            "standard_name": "time", "long_name": "start of the day", "axis": "T", "calendar": "standard",
            "units": f"days since {self._days[0]:%Y-%m-%d} 00:00:00", "bounds": "time_bnds",
        })
        time[:] = starts
        bounds = self._file.createVariable("time_bnds", "i4", ("time", "nv"))
        bounds[:] = np.stack([starts, starts + 1], axis=1)


def _degrees(standard_name: str) -> str:
    return "degrees_north" if standard_name == "latitude" else "degrees_east"


def _unit_of(grid: Grid) -> str:
    unit = grid.crs.axis_info[0].unit_name
    return _UNIT_SYMBOLS.get(unit, unit)


@contextmanager
def _write_errors_named(path: str | Path) -> Iterator[None]:
    """netCDF4 reports a failed write as a bare RuntimeError."""
    try:
        yield
    except RuntimeError as error:
        raise OutputError(f"can't write '{path}': {error}; is there room on the disk?") from error
