"""Daily fields of a CTM, prepared once and kept in one compressed NetCDF file, which later runs open at once."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import date as Date
from datetime import timedelta
from pathlib import Path
from typing import Any, Sequence

import netCDF4
import numpy as np

from model_core.ctm.ctm_file import OpenFiles
from model_core.ctm.formats.netcdf_file import check_readable
from model_core.ctm.formats.opening import is_zarr, state_of
from model_core.ctm.series import Series, read_series
from model_core.errors import InputError, OutputError
from model_core.file_lock import only_one, remove_abandoned
from model_core.grid import Grid
from model_core.hdf5_threads import HDF5
from model_core.netcdf_check import check_netcdf
from model_core.netcdf_path import netcdf_path
from model_core.output.netcdf import NetcdfWriter
from model_core.progress import Progress
from model_core.variable_table import VariableTable, current_table
from model_core.warping import warp

SUFFIX = ".daily.nc"
CACHE_FOLDER = "daily_fields"  # where jobs keep stores, next to their output
_VERSION = 3  # of the file's form and of what is computed into it
_HEADER = "daily_store"  # the attribute that tells a store from other files; it is written last


class DailyStore:
    """Daily fields in canonical units on one grid, read from disk a field at a time; row 0 in the north.

    It can be pickled and used after a fork: each process opens the file for itself.

    Attributes
    ----------
    path : Path
    grid : Grid
    times : list of date, in order; all variables have all of them
    variables : tuple of str, keys of the daily variables
    maps : dict of key -> float32 (rows, columns), the variables without time
    attributes : dict
        Of the input files (title, source, license ...), with `files`, `time_zone` and `lead_day`.
    """

    def __init__(self, path: str | Path):
        """Open a store that `open_store` made; `InputError` if the file is none or is damaged."""
        self.path = Path(path)
        self._file, self._process = None, None
        try:
            check_netcdf(self.path)
        except (InputError, FileNotFoundError) as error:  # but not a check that could not be made
            raise self._damaged(error) from error
        try:
            with HDF5, netCDF4.Dataset(netcdf_path(self.path)) as file:
                header = json.loads(file.getncattr(_HEADER))
                if header["version"] != _VERSION:
                    raise ValueError(f"it is of version {header['version']}, not {_VERSION}")
                self.key: str = header["key"]
                self.grid = Grid.from_description(header["grid"])
                self._steps: list[int] = header["steps"]
                self.times = [Date.fromisoformat(header["first_day"]) + timedelta(days=int(n)) for n in _days(file, self._steps)]
                self.variables: tuple[str, ...] = tuple(header["variables"])
                self.maps = {key: _float32(file[key][:]) for key in header["maps"]}
                self.attributes: dict[str, Any] = header["attributes"]
                shapes = {file[key].shape[1:] for key in self.variables} | {values.shape for values in self.maps.values()}
                if not shapes <= {self.grid.shape}:
                    raise ValueError("its fields are not of its grid")
        except (InputError, OSError, RuntimeError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> InputError:
        return InputError(f"'{self.path}' is no store of daily fields, or is damaged ({error}); delete it, and it is made anew")

    def field(self, variable: str, day_index: int) -> np.ndarray:
        """Field of `times[day_index]` as float32 (rows, columns), NaN where unknown.

        Raises
        ------
        KeyError, IndexError
            If the store has no such variable or day.
        InputError
            If the file was damaged since it was opened.
        """
        if variable not in self.variables:
            raise KeyError(variable)
        step = self._steps[day_index]
        try:
            with HDF5:
                return _float32(self._open()[variable][step])
        except (OSError, RuntimeError) as error:
            raise InputError(
                f"day {self.times[day_index]} of '{self.path}' is damaged ({error}); delete the file, and it is made anew"
            ) from error

    def close(self) -> None:
        """Give the file back; the next `field` opens it again."""
        with HDF5:
            if self._file is not None and self._process == os.getpid():
                self._file.close()
            self._file = None

    def _open(self) -> netCDF4.Dataset:
        if self._file is None or self._process != os.getpid():  # a handle from before a fork must not be used
            self._file, self._process = netCDF4.Dataset(netcdf_path(self.path)), os.getpid()
            self._file.set_auto_mask(False)
            for key in self.variables:  # days are read in any order, so that a cache of chunks would only take memory
                self._file[key].set_var_chunk_cache(size=1)
        return self._file

    def __reduce__(self):
        return DailyStore, (self.path,)

    def __len__(self) -> int:
        return len(self.times)


def open_store(
    files: str | Path | Sequence[str | Path],
    variables: Sequence[str] | None = None,
    grid: Grid | None = None,
    folder: str | Path = ".",
    progress: Progress | None = None,
    time_zone: str = "UTC",
    lead_day: int | None = None,
    table: VariableTable | None = None,
) -> DailyStore:
    """The store of these files in `folder`; it is made when there is none, or an input has changed since.

    It is made field by field, in memory that does not grow with the number of days, and gets its name when it is
    complete; a broken or foreign file of that name is replaced. Of several processes one makes it, and the others wait.

    Parameters
    ----------
    files : CTM files that together are one series, in any order
    variables : keys to keep, daily ones and maps; those that no file has are left out. Default: all that are recognised.
    grid : where the fields shall be; None keeps the grid of the files
    folder : an existing folder, next to the output
    time_zone, lead_day : as for `series.read_series`
    table : the known variables; by default those of the job that runs

    Raises
    ------
    InputError
        As `series.read_series`.
    OutputError
        If the store can't be written; an older one stays as it was.
    """
    progress, table = progress or Progress(), table or current_table()
    paths = [Path(file) for file in ([files] if isinstance(files, (str, Path)) else files)]
    if not paths:
        raise InputError("no CTM file was named")
    for path in paths:
        if not is_zarr(path):
            check_readable(path)
    wanted = None if variables is None else sorted({table.get(key).key for key in variables})
    if not Path(folder).is_dir():
        raise OutputError(f"folder '{folder}' does not exist; create it, or choose another")
    options = [_VERSION, wanted, grid and grid.describe(), time_zone, lead_day, table.describe()]
    name = _hash([options, sorted(str(path.resolve()) for path in paths)])[:12]
    key = _hash([name, *sorted((str(path.resolve()), *state_of(path)) for path in paths)])
    target = Path(folder) / f"{sorted(path.stem for path in paths)[0]}-{name}{SUFFIX}"
    ready = _ready(target, key, progress)
    if ready:
        remove_abandoned(target)
        return ready
    with only_one(target, lambda: progress.step(0, f"waiting for another run that prepares {target.name}")):
        if waited := _ready(target, key, Progress()):  # by that other run
            progress.log(f"daily fields from {target.name}")
            return waited
        return _made(target, key, paths, wanted, table, progress, time_zone, lead_day, grid)


def _made(
    target: Path,
    key: str,
    paths: list[Path],
    wanted: list[str] | None,
    table: VariableTable,
    progress: Progress,
    time_zone: str,
    lead_day: int | None,
    grid: Grid | None,
) -> DailyStore:
    """A new store."""
    series = read_series(paths, wanted, table, progress.part(0, 0.1), time_zone, lead_day)
    described = series.attributes | {
        "files": [path.name for path in paths],
        "time_zone": time_zone,
        "lead_day": lead_day,
        "notes": series.notes,
    }
    _build(target, key, series, grid or series.grid, described, progress.part(0.1, 1))
    progress.step(1, "")
    return DailyStore(target)


def _ready(target: Path, key: str, progress: Progress) -> DailyStore | None:
    """The store that is there, if it is whole and of the same inputs."""
    if not target.exists():
        return None
    try:
        store = DailyStore(target)
    except InputError as error:
        progress.warn(f"{error.args[0].split('; delete it')[0]}; it is made anew")
        return None
    if store.key != key:
        progress.log(f"{target.name} is made anew, because its input files have changed")
        return None
    progress.log(f"daily fields from {target.name}")
    for note in store.attributes.get("notes", ()):
        progress.log(note)
    return store


def _build(target: Path, key: str, series: Series, grid: Grid, described: dict[str, Any], progress: Progress) -> None:
    days = [day.item() for day in series.days]
    header = {
        "version": _VERSION,
        "key": key,
        "grid": grid.describe(),
        "variables": list(series.schedules),
        "maps": list(series.static),
        "first_day": str(days[0]) if days else "2000-01-01",
        "attributes": described,
    }
    attributes = {"time_zone": str(described["time_zone"])} | series.attributes
    known = dict.fromkeys(range(len(days)), True)
    with NetcdfWriter(target, grid, days, attributes) as writer, OpenFiles(series.table) as files:
        for name in series.schedules:
            writer.define(name, series.table.get(name).unit, True)
        for name, values in series.maps(files):
            writer.define(name, series.table.get(name).unit, False)
            writer.write(name, warp(values, series.grid, grid))
        for number, name, values in series.fields(files, progress):
            values = warp(values, series.grid, grid)
            known[number] &= bool(np.isfinite(values).any())
            writer.write(name, values, number)
        steps = [number for number, is_known in known.items() if is_known]
        if days and not steps:
            raise InputError(f"{series.paths[0]}: no day has a cell with enough valid values of {', '.join(series.schedules)} on the grid")
        if len(steps) < len(days):
            progress.warn(f"{len(days) - len(steps)} day(s) left out, on which no cell has enough valid values")
        writer.attribute(_HEADER, json.dumps(header | {"steps": steps}))


def _days(file: netCDF4.Dataset, steps: list[int]) -> np.ndarray:
    """Days since the first one."""
    return file["time"][:][steps] if steps else np.empty(0, int)


def _hash(values: Any) -> str:
    return hashlib.sha256(json.dumps(values, default=str).encode()).hexdigest()


def _float32(values: Any) -> np.ndarray:
    return np.asarray(np.ma.filled(values, np.nan), np.float32)
