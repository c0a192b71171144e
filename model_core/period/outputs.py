"""What a period is written as: NetCDF, Zarr or a folder of GeoTIFF; what is right from earlier runs is kept.

NetCDF and Zarr get their name when the period is complete. Until then the steps are in a hidden Zarr store beside it,
``.NAME.days``, which a run that was cancelled or killed leaves behind and the next run goes on with.
A step without readings stays NaN there; in a folder it has no file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import numpy as np
import zarr

from model_core.atomic_file import check_target
from model_core.errors import InputError, OutputError
from model_core.file_lock import remove_abandoned
from model_core.hdf5_threads import HDF5
from model_core.output.netcdf import NetcdfWriter
from model_core.period.frame import Frame
from model_core.period.previous import Previous
from model_core.period.store_folder import put_aside, remove_store, take_place
from model_core.period.stores import ABOUT, FINGERPRINT, FINGERPRINT_BYTES, READINGS, Fields, GeotiffDays, ZarrDays

_FAST = 1  # zlib level: as small as level 4 to a percent on such fields, and faster


def check_output(out: Path) -> None:
    """Raise `InputError` or `OutputError` if a period can't be written as `out`; a long job asks before it begins."""
    kind = out.suffix.lower()
    if kind == ".nc":
        check_target(out)
    elif kind == ".zarr":
        if out.is_file():
            raise OutputError(f"'{out}' is a file; a Zarr store is a folder: choose another name")
        _check_folder(out.absolute().parent)
    elif kind:
        raise InputError(f"output '{out.name}': the name must end in .nc or .zarr, or be that of a folder for GeoTIFF")
    elif out.exists():
        _check_folder(out)
    else:
        _check_folder(out.absolute().parent)


def open_output(out: Path, frame: Frame) -> "GeotiffFolder | SingleOutput":
    """The output of a name: .nc, .zarr, or a folder for GeoTIFF, which is made where it is missing."""
    kind = out.suffix.lower()
    if not kind:
        try:
            out.mkdir(exist_ok=True)
        except OSError as error:
            raise OutputError(f"can't make folder '{out}': {error.strerror or error}") from error
        return GeotiffFolder(out, frame)
    return SingleOutput(out, frame, as_netcdf=kind == ".nc")


class GeotiffFolder:
    """A file a step, complete when it appears."""

    def __init__(self, out: Path, frame: Frame):
        self.store = GeotiffDays(out, frame)
        self._done = self.store.fingerprints()

    def has(self, number: int, fingerprint: str) -> bool:
        """Whether the step is there already, made from the same."""
        return self._done.get(number) == fingerprint

    def keep(self, number: int, fingerprint: str) -> None:
        """A step that `has` confirmed stays; what a run left beside it that lost its folder goes."""
        remove_abandoned(self.store.path(number))

    def collect(self, number: int, fields: Fields | None = None, fingerprint: str = "", readings: int = 0) -> None:
        """A step was written into the store."""

    def without(self, number: int, warn: Callable[[str], None]) -> None:
        """A step has no readings: a file of an earlier run is pointed out, and not taken away."""
        if number in self._done:
            warn(f"'{self.store.path(number)}' is of an earlier run, and there are no readings for it now")

    def finish(self) -> None:
        """All steps are there."""

    def stop(self) -> None:
        """The run ends early; files that are there stay."""


class SingleOutput:
    """One NetCDF file or Zarr group.

    Other processes may write the steps into `store`; `has` may be asked by any thread, the other methods are for one.
    """

    def __init__(self, out: Path, frame: Frame, as_netcdf: bool):
        self._out, self._frame = out, frame
        self._work, self._before = (out.with_name(f".{out.name}.{role}") for role in ("days", "before"))
        if not ZarrDays.exists(self._work, frame):
            if self._work.exists():  # of another period, grid or model: its steps may still be right
                put_aside(self._work, self._before)
            ZarrDays.create(self._work, frame)
        self.store = ZarrDays(self._work, frame)
        self._done = self.store.fingerprints()
        self._final = Previous(out, frame) if out.exists() else None
        self._previous = [*filter(None, [self._final]), *([Previous(self._before, frame)] if self._before.exists() else [])]
        self._as_netcdf, self._export = as_netcdf, None
        # While all steps are found in the final file, and it has the same frame, there is nothing to write.
        self._untouched = not self._done and self._final is not None and self._final.frame == frame.digest
        self._waiting: list[tuple[int, str]] = []
        self._kept = 0

    def has(self, number: int, fingerprint: str) -> bool:
        """Whether the step is there already, made from the same."""
        return self._done.get(number) == fingerprint or self._holder(number, fingerprint) is not None

    def keep(self, number: int, fingerprint: str) -> None:
        """A step that `has` confirmed is part of the output."""
        self._kept += 1
        if self._untouched and self._holder(number, fingerprint) is self._final:
            self._waiting.append((number, fingerprint))
            return
        self._begin()
        self._copy(number, fingerprint)

    def collect(self, number: int, fields: Fields | None = None, fingerprint: str = "", readings: int = 0) -> None:
        """A step was written into the store; its fields are read from there unless they are at hand."""
        self._begin()
        if self._as_netcdf:
            if fields is None:
                fields, readings = self.store.read(number)
            self._export.add(number, fields, fingerprint, readings)

    def without(self, number: int, warn: Callable[[str], None]) -> None:
        """A step has no readings; fields of an earlier run are taken away."""
        if number in self._done:
            self._begin()
            self.store.clear(number)

    def finish(self) -> None:
        """Give the output its name; `OutputError` if that can't be done."""
        if self._untouched and self._final.frame == self._frame.digest and self._kept == len(self._final.fingerprints):
            self._close()
            remove_store(self._work)
            remove_store(self._before)
            return
        self._begin()
        self._close(complete=True)
        if not self._as_netcdf:
            try:
                self.store.tidy()
                self.store.state(self._frame)
                zarr.consolidate_metadata(self._work, zarr_format=2)
                take_place(self._work, self._out, self._before)
            except OSError as error:
                raise OutputError(f"can't write '{self._out}': {error.strerror or error}; the steps are in '{self._work}'") from error
        remove_store(self._work)
        remove_store(self._before)

    def stop(self) -> None:
        """The run ends early: the steps that are done wait in the hidden store for the next run."""
        self._close()
        if self._work.exists() and not self.store.fingerprints():  # it is gone where the result was kept under a second name
            remove_store(self._work)

    def _holder(self, number: int, fingerprint: str) -> Previous | None:
        start = self._frame.times.starts[number]
        return next((one for one in self._previous if one.fingerprints.get(start) == fingerprint), None)

    def _begin(self) -> None:
        """From now on there is something to write."""
        self._untouched = False
        if self._as_netcdf and self._export is None:
            self._export = NetcdfExport(self._out, self._frame)
        waiting, self._waiting = self._waiting, []
        for number, fingerprint in waiting:
            self._copy(number, fingerprint)

    def _copy(self, number: int, fingerprint: str) -> None:
        in_store = self._done.get(number) == fingerprint
        if in_store and not self._as_netcdf:
            return
        start = self._frame.times.starts[number]
        fields, readings = self.store.read(number) if in_store else self._holder(number, fingerprint).read(start)
        if self._as_netcdf:
            self._export.add(number, fields, fingerprint, readings)
        else:
            self.store.write(number, fields, fingerprint, readings)

    def _close(self, complete: bool = False) -> None:
        export, self._export = self._export, None
        for one in self._previous:  # first: Windows replaces no file that is open
            one.close()
        if export is not None:
            export.close(complete)


class NetcdfExport:
    """The NetCDF file of a period, which gets its name when it is closed as complete."""

    def __init__(self, out: Path, frame: Frame):
        self._writer = NetcdfWriter(out, frame.grid, frame.times, {**frame.attributes, "frame": frame.digest}, level=_FAST)
        with HDF5:
            self._writer.__enter__()
            for field in frame.fields:
                self._writer.define(field.name, field.unit, True, **field.attributes(frame.grid))
            self._writer.define_per_step(READINGS, "i4", **ABOUT[READINGS])
            self._writer.define_per_step(FINGERPRINT, "u1", FINGERPRINT_BYTES, **ABOUT[FINGERPRINT])

    def add(self, number: int, fields: Fields, fingerprint: str, readings: int) -> None:
        """Write a step."""
        with HDF5:
            for name, field in fields.items():
                self._writer.write(name, field, number)
            self._writer.write_per_step(READINGS, readings, number)
            self._writer.write_per_step(FINGERPRINT, np.frombuffer(bytes.fromhex(fingerprint), np.uint8), number)

    def close(self, complete: bool) -> None:
        """End the file; one that is not complete is taken away."""
        with HDF5:
            self._writer.__exit__(*((None, None, None) if complete else (_Unfinished, _Unfinished(), None)))


class _Unfinished(Exception):
    """Ends the writer's block before its time."""


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise OutputError(f"'{folder}' is a file, not a folder" if folder.exists() else f"folder '{folder}' does not exist; create it")
