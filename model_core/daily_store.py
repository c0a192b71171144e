"""Daily fields of a CTM, prepared once and kept in one compressed NetCDF file, which later runs open at once."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from datetime import date as Date
from datetime import timedelta
from pathlib import Path
from typing import Any, Sequence

import netCDF4
import numpy as np

from model_core.ctm import read_ctm
from model_core.errors import InputError, OutputError
from model_core.formats.netcdf_file import open_netcdf
from model_core.grid import Grid
from model_core.netcdf_output import NetcdfWriter
from model_core.progress import Progress
from model_core.variables import get_variable
from model_core.warping import warp

SUFFIX = ".daily.nc"
_VERSION = 1  # of the file's form and of what is computed into it
_HDF5_LOCK = threading.Lock()  # the HDF5 library is not safe for threads
_KEPT_ATTRIBUTES = ("title", "source", "license", "terrain_source", "institution", "references")


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
            with _HDF5_LOCK, netCDF4.Dataset(self.path) as file:
                header = json.loads(file.getncattr("daily_store"))
                if header["version"] != _VERSION:
                    raise InputError(f"'{self.path}' is a store of version {header['version']}; delete it, and it is made anew")
                first = Date.fromisoformat(header["first_day"]) if header["first_day"] else None
                self._steps = header["steps"]
                days = [int(value) for value in file["time"][:]] if first else []
                self.maps = {key: _float32(file[key][:]) for key in header["maps"]}
                for key in header["variables"]:
                    if file[key].shape != (len(days), header["grid"]["rows"], header["grid"]["columns"]):
                        raise InputError(f"'{self.path}': {key} has the shape {file[key].shape}; delete it, and it is made anew")
        except (OSError, RuntimeError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise InputError(f"'{self.path}' is no store of daily fields, or is damaged ({error}); delete it, and it is made anew") from error
        self.key: str = header["key"]
        self.grid = Grid.from_description(header["grid"])
        self.times = [first + timedelta(days=days[step]) for step in self._steps]
        self.variables: tuple[str, ...] = tuple(header["variables"])
        self.attributes: dict[str, Any] = header["attributes"]

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
            with _HDF5_LOCK:
                return _float32(self._open()[variable][step])
        except (OSError, RuntimeError) as error:
            raise InputError(f"day {self.times[day_index]} of '{self.path}' is damaged ({error}); delete the file, and it is made anew") from error

    def close(self) -> None:
        """Give the file back; the next `field` opens it again."""
        with _HDF5_LOCK:
            if self._file is not None and self._process == os.getpid():
                self._file.close()
            self._file = None

    def _open(self) -> netCDF4.Dataset:
        if self._file is None or self._process != os.getpid():  # a handle from before a fork must not be used
            self._file, self._process = netCDF4.Dataset(self.path), os.getpid()
            self._file.set_auto_mask(False)
        return self._file

    def __reduce__(self):
        return DailyStore, (self.path,)

    def __len__(self) -> int:
        return len(self.times)


def open_store(
    files: str | Path | Sequence[str | Path], variables: Sequence[str] | None = None, grid: Grid | None = None,
    folder: str | Path = ".", progress: Progress | None = None, time_zone: str = "UTC", lead_day: int | None = None,
) -> DailyStore:
    """The store of these files in `folder`; it is made when there is none, or an input has changed since.

    Files of several processes: let one of them call this first (rank 0, then a barrier).

    Parameters
    ----------
    files : CTM files that together are one series, in any order
    variables : keys to keep, daily ones and maps; those that no file has are left out. Default: all that are recognised.
    grid : where the fields shall be; None keeps the grid of the files
    folder : an existing folder, next to the output

    Raises
    ------
    InputError
        As `read_ctm`.
    OutputError
        If the store can't be written; an older one stays as it was.
    """
    progress = progress or Progress()
    paths = [Path(file) for file in ([files] if isinstance(files, (str, Path)) else files)]
    if not paths:
        raise InputError("no CTM file was named")
    for path in paths:
        if not path.exists():
            raise InputError(f"file '{path}' does not exist")
    wanted = None if variables is None else sorted({get_variable(key).key for key in variables})
    folder = Path(folder)
    if not folder.is_dir():
        raise OutputError(f"folder '{folder}' does not exist; create it, or choose another")
    options = [_VERSION, wanted, grid and grid.describe(), time_zone, lead_day]
    name = _hash([options, sorted(str(path.resolve()) for path in paths)])[:12]
    key = _hash([name, *sorted((str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns) for path in paths)])
    target = folder / f"{paths[0].stem}-{name}{SUFFIX}"
    if target.exists():
        try:
            store = DailyStore(target)
            if store.key == key:
                progress.log(f"daily fields from {target.name}")
                return store
            progress.log(f"{target.name} is made anew, because its input files have changed")
        except InputError as error:
            progress.warn(f"{error.args[0].split(';')[0]}; it is made anew")
    _build(target, key, paths, wanted, grid, progress, time_zone, lead_day)
    return DailyStore(target)


def _build(
    target: Path, key: str, paths: list[Path], wanted: list[str] | None, grid: Grid | None, progress: Progress,
    time_zone: str, lead_day: int | None,
) -> None:
    ctm = read_ctm(paths, wanted, progress)
    target_grid = grid or ctm.grid
    header = {
        "version": _VERSION, "key": key, "grid": target_grid.describe(), "variables": list(ctm.fields), "maps": list(ctm.static),
        "first_day": str(ctm.times[0]) if ctm.times else None, "steps": list(range(len(ctm.times))),
        "attributes": _attributes_of(paths) | {"files": [path.name for path in paths], "time_zone": time_zone, "lead_day": lead_day},
    }
    with NetcdfWriter(target, target_grid, ctm.times, {"daily_store": json.dumps(header), "time_zone": time_zone}) as writer:
        for name, field in ctm.static.items():
            writer.define(name, get_variable(name).unit, False)
            writer.write(name, warp(field, ctm.grid, target_grid))
        for name, fields in ctm.fields.items():
            writer.define(name, get_variable(name).unit, True)
            for step, field in enumerate(fields):
                writer.write(name, warp(field, ctm.grid, target_grid), step)


def _attributes_of(paths: list[Path]) -> dict[str, str]:
    with open_netcdf(paths[0]) as dataset:
        return {name: str(dataset.attrs[name]) for name in _KEPT_ATTRIBUTES if name in dataset.attrs}


def _hash(values: Any) -> str:
    return hashlib.sha256(json.dumps(values, default=str).encode()).hexdigest()


def _float32(values: Any) -> np.ndarray:
    return np.asarray(np.ma.filled(values, np.nan), np.float32)
