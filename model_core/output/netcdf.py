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
from model_core.netcdf_path import netcdf_path
from model_core.output.cf import (
    CONVENTIONS,
    DEGREE_DIGITS,
    GRID_MAPPING,
    TimeAxis,
    axis_attributes,
    axis_names,
    degrees,
    grid_mapping_attributes,
    variable_attributes,
)


def write_netcdf(
    path: str | Path,
    grid: Grid,
    times: Sequence[Date] | None,
    variables: Sequence[tuple[str, np.ndarray, str]],
    attributes: Mapping[str, Any] | None = None,
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
        self,
        path: str | Path,
        grid: Grid,
        times: Sequence[Date] | TimeAxis | None,
        attributes: Mapping[str, Any] | None = None,
        south_first: bool = False,
        level: int = 4,
    ):
        """`south_first` stores the rows from south to north, as CTMs do; fields are handed over with row 0 north.

        `level` is that of the lossless compression, from 1 (fast) to 9.
        """
        self._level = level
        self._rows = slice(None, None, -1 if south_first else 1)
        self._path, self._grid = path, grid
        self._times = times if isinstance(times, TimeAxis) else TimeAxis.of_days(times) if times else None
        self._attributes = dict(attributes or {})
        self._dims = axis_names(grid)
        self._stack = ExitStack()

    def __enter__(self) -> "NetcdfWriter":
        with ExitStack() as stack:
            partial = stack.enter_context(atomic_file(self._path))
            stack.enter_context(_write_errors_named(self._path))
            self._file = stack.enter_context(netCDF4.Dataset(netcdf_path(partial), "w", format="NETCDF4"))
            self._write_frame()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: Any) -> bool | None:
        return self._stack.__exit__(*error)

    def define(self, name: str, unit: str, daily: bool, **attributes: Any) -> None:
        """Announce a variable; long and standard name come from the table of known variables unless given."""
        dims = (("time",) if daily and self._times else ()) + self._dims
        chunks = (1,) * (len(dims) - 2) + self._grid.shape
        new = self._file.createVariable(
            name, "f4", dims, compression="zlib", complevel=self._level, shuffle=True, chunksizes=chunks, fill_value=np.nan
        )
        # A field is written once and is one chunk: the library's cache would keep the last tens of megabytes for nothing.
        new.set_var_chunk_cache(size=1)
        new.setncatts(variable_attributes(name, unit, self._grid, daily) | attributes)

    def define_per_step(self, name: str, kind: str, size: int | None = None, **attributes: Any) -> None:
        """Announce what has one value a step, or `size` of them, zero until it is written; `kind` as numpy writes it."""
        if size:
            self._file.createDimension(f"{name}_size", size)
        self._file.createVariable(name, kind, ("time", f"{name}_size") if size else ("time",)).setncatts(attributes)
        self._file[name][:] = 0

    def write_per_step(self, name: str, values: Any, step: int) -> None:
        """Write what `define_per_step` announced, of one step."""
        self._file[name][step] = values

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
        self._file.setncatts({"Conventions": CONVENTIONS, "history": f"{now} written by {software}"} | given)
        for dim, size in zip(self._dims, self._grid.shape):
            self._file.createDimension(dim, size)
        self._write_axes()
        self._file.createVariable(GRID_MAPPING, "i4").setncatts(grid_mapping_attributes(self._grid))
        if self._times:
            self._write_time()

    def _write_axes(self) -> None:
        grid = self._grid
        for dim, attributes, values in zip(self._dims, axis_attributes(grid), (grid.y[self._rows], grid.x)):
            variable = self._file.createVariable(dim, "f8", (dim,))
            variable.setncatts(attributes)
            variable[:] = values
        if not grid.crs.is_geographic:
            for name, standard_name, values in zip(("lon", "lat"), ("longitude", "latitude"), grid.lonlat()):
                variable = self._file.createVariable(
                    name, "f8", self._dims, compression="zlib", shuffle=True, least_significant_digit=DEGREE_DIGITS
                )
                variable.setncatts({"standard_name": standard_name, **degrees(standard_name)})
                variable[:] = values[self._rows]

    def _write_time(self) -> None:
        self._file.createDimension("time", len(self._times))
        self._file.createDimension("nv", 2)
        time = self._file.createVariable("time", "i4", ("time",))
        time.setncatts(self._times.attributes)
        time[:] = self._times.values
        self._file.createVariable("time_bnds", "i4", ("time", "nv"))[:] = self._times.bounds


@contextmanager
def _write_errors_named(path: str | Path) -> Iterator[None]:
    """netCDF4 reports a failed write as a bare RuntimeError."""
    try:
        yield
    except RuntimeError as error:
        raise OutputError(f"can't write '{path}': {error}; is there room on the disk?") from error
