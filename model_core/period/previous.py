"""What an earlier run has left: the steps whose fingerprints are still right need no second prediction."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence

import netCDF4
import numpy as np
import rasterio
import zarr

from model_core.errors import InputError
from model_core.hdf5_threads import HDF5
from model_core.netcdf_check import check_netcdf
from model_core.netcdf_path import netcdf_path
from model_core.output.cf import read_starts
from model_core.period.frame import Frame
from model_core.period.stores import FINGERPRINT, READINGS, GeotiffDays
from model_core.provenance.attributes import fields_at, is_zarr_store
from model_core.provenance.repeat import difference


class Previous:
    """Steps of an earlier output, of whatever period, by their start.

    Attributes
    ----------
    fingerprints : start -> fingerprint; empty where the file is none of ours
    frame : digest of the frame that it was written for; "" where it is not known
    """

    def __init__(self, path: Path, frame: Frame):
        self.fingerprints: dict[np.datetime64, str] = {}
        self.frame = ""
        self._fields = [field.name for field in frame.fields]
        self._file: Any = None
        try:
            if path.is_file():
                check_netcdf(path)
        except InputError:  # nothing that can be used; a check that could not be made is no such thing
            return
        try:
            self._file = _open(path)
            starts = read_starts(self._file["time"][:], _attribute(self._file["time"], "units"))
            said = np.asarray(self._file[FINGERPRINT][:])
            if all(name in self._names() for name in self._fields):
                self.fingerprints = {start: bytes(row).hex() for start, row in zip(starts, said) if row.any()}
                self._places = {start: place for place, start in enumerate(starts)}
                self.frame = _attribute(self._file, "frame")
        except (InputError, OSError, ValueError, KeyError, IndexError, AttributeError, RuntimeError):
            return  # nothing that can be used: all is computed

    def read(self, start: np.datetime64) -> tuple[dict[str, np.ndarray], int]:
        """(fields of a step, readings used)."""
        place = self._places[start]
        with HDF5:
            return {name: np.asarray(self._file[name][place]) for name in self._fields}, int(self._file[READINGS][place])

    def close(self) -> None:
        """Let go of the file."""
        with HDF5:
            if isinstance(self._file, netCDF4.Dataset) and self._file.isopen():
                self._file.close()

    def _names(self) -> list[str]:
        return list(self._file.variables if isinstance(self._file, netCDF4.Dataset) else self._file.array_keys())


def fingerprints_of(path: Path, frame: Frame) -> dict[np.datetime64, str]:
    """Of the steps of an earlier output, NetCDF, Zarr or folder, by their start."""
    if path.is_dir() and not is_zarr_store(path):
        return {frame.times.starts[number]: text for number, text in GeotiffDays(path, frame).fingerprints().items() if text}
    previous = Previous(path, frame)
    previous.close()
    return previous.fingerprints


def differences_of_steps(before: Path, now: Path, fields: Sequence[str]) -> Iterator[tuple[bool, float, bool]]:
    """`provenance.repeat.difference` of each step of two outputs of one period, NetCDF, Zarr or folders; `InputError` if their fields differ.

    A step without readings has no file in a folder, and no values in the others.
    """
    with _steps_in(before, fields) as old, _steps_in(now, fields) as new:
        for start in sorted({*old, *new}):
            then, again = (steps[start]() if start in steps else None for steps in (old, new))
            shape = next(iter((again or then or {}).values())).shape
            none = dict.fromkeys(fields, np.full(shape, np.nan, np.float32))
            if then and any(field.shape != shape for field in then.values()):
                raise InputError(f"'{before}' is on another grid than it says of its making; take another copy of it")
            yield difference(then or none, again or none)


@contextmanager
def _steps_in(path: Path, fields: Sequence[str]) -> Iterator[dict[np.datetime64, Callable[[], dict[str, np.ndarray]]]]:
    """What reads the fields of each step, by its start."""
    if path.is_dir() and not is_zarr_store(path):
        yield _steps_in_folder(path, fields)
        return
    if path.is_file():
        check_netcdf(path)
    file = _open(path)
    try:
        if any(name not in (file.variables if isinstance(file, netCDF4.Dataset) else file) for name in fields):
            raise InputError(f"'{path}' holds other fields than it says of its making; take another copy of it")
        starts = read_starts(file["time"][:], _attribute(file["time"], "units"))

        def read(place: int) -> dict[str, np.ndarray]:
            return {name: np.asarray(file[name][place]) for name in fields}

        yield {start: partial(read, place) for place, start in enumerate(starts)}
    finally:
        if isinstance(file, netCDF4.Dataset):
            file.close()


def _steps_in_folder(folder: Path, fields: Sequence[str]) -> dict[np.datetime64, Callable[[], dict[str, np.ndarray]]]:
    def read(path: Path) -> dict[str, np.ndarray]:
        with rasterio.open(path) as raster:
            if raster.count != len(fields):
                raise InputError(f"'{path}' holds {raster.count} fields, and {len(fields)} are expected; take another copy of it")
            return {name: raster.read(band) for band, name in enumerate(fields, start=1)}

    steps: dict[np.datetime64, Callable[[], dict[str, np.ndarray]]] = {}
    for path in fields_at(folder):
        with rasterio.open(path) as raster:
            tags = raster.tags()
        if tags.get(FINGERPRINT):
            steps[np.datetime64(tags.get("time") or tags["date"], "s")] = partial(read, path)
    return steps


def _open(path: Path) -> Any:
    if path.is_dir():
        return zarr.open_group(path, mode="r", zarr_format=2)
    file = netCDF4.Dataset(netcdf_path(path))
    file.set_auto_maskandscale(False)
    return file


def _attribute(thing: Any, name: str) -> str:
    return thing.getncattr(name) if hasattr(thing, "getncattr") else thing.attrs[name]
