"""What an earlier run has left: the steps whose fingerprints are still right need no second prediction."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator, Sequence

import netCDF4
import numpy as np
import zarr

from model_core.errors import InputError
from model_core.netcdf_check import check_netcdf
from model_core.netcdf_path import netcdf_path
from model_core.output.cf import read_starts
from model_core.period.frame import Frame
from model_core.period.stores import FINGERPRINT, READINGS
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
        return {name: np.asarray(self._file[name][place]) for name in self._fields}, int(self._file[READINGS][place])

    def close(self) -> None:
        """Let go of the file."""
        if isinstance(self._file, netCDF4.Dataset) and self._file.isopen():
            self._file.close()

    def _names(self) -> list[str]:
        return list(self._file.variables if isinstance(self._file, netCDF4.Dataset) else self._file.array_keys())


def differences_of_steps(before: Path, now: Path, fields: Sequence[str]) -> Iterator[tuple[bool, float, bool]]:
    """`provenance.repeat.difference` of each step of two NetCDF files of one period; `InputError` if their steps or fields differ."""
    check_netcdf(before)
    with netCDF4.Dataset(netcdf_path(before)) as old, netCDF4.Dataset(netcdf_path(now)) as new:
        for data in (old, new):
            data.set_auto_mask(False)
        if any(name not in old.variables or old[name].shape != new[name].shape for name in fields):
            raise InputError(f"'{before}' holds other fields or steps than it says of its making; take another copy of it")
        for step in range(len(new["time"])):
            yield difference(*({name: data[name][step] for name in fields} for data in (old, new)))


def _open(path: Path) -> Any:
    if path.is_dir():
        return zarr.open_group(path, mode="r", zarr_format=2)
    file = netCDF4.Dataset(netcdf_path(path))
    file.set_auto_maskandscale(False)
    return file


def _attribute(thing: Any, name: str) -> str:
    return thing.getncattr(name) if hasattr(thing, "getncattr") else thing.attrs[name]
