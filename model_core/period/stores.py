"""Where the fields of each step are kept with their fingerprint; any process that sees the disk may write a step.

A step is done when its fingerprint is there: it is written last and taken away first, so that a process that is killed
leaves nothing half done behind. The bytes on the disk depend on the fields alone, not on the order or the time of writing.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, Mapping

import numpy as np
import rasterio
import zarr
from numcodecs import Blosc, blosc

from model_core import __version__
from model_core.errors import OutputError
from model_core.open_elsewhere import patiently
from model_core.output.cf import CONVENTIONS, DEGREE_DIGITS, GRID_MAPPING, axis_attributes, axis_names, degrees, grid_mapping_attributes
from model_core.output.geotiff import write_geotiff
from model_core.period.frame import Frame
from model_core.period.store_folder import remove_store

Fields = Mapping[str, np.ndarray]
FINGERPRINT, READINGS = "fingerprint", "readings"
FINGERPRINT_BYTES = 32
ABOUT = {
    FINGERPRINT: {"long_name": "SHA-256 of the readings, model, grid and options that the step was made from; zero where it is not done"},
    READINGS: {"long_name": "station readings used", "units": "1"},
}
# Measured on fields of 372 x 426 cells: 3 ms a field, as small as zlib makes it in 10 ms.
_COMPRESSOR = Blosc("zstd", clevel=1, shuffle=Blosc.SHUFFLE)
# Where zarr writes a chunk until it is complete.
_IN_WRITING = ".partial"
# Blosc's threads would write their blocks in the order in which they happen to finish.
blosc.use_threads = False


class ZarrDays:
    """A Zarr group (format 2, which GDAL reads too) with one chunk a step and field. It can be pickled.

    Parameters
    ----------
    path : of the group
    frame : what it was made for
    """

    def __init__(self, path: Path, frame: Frame):
        self.path, self.frame = Path(path), frame
        self._group: zarr.Group | None = None
        self._arrays: dict[str, tuple[tuple[int, ...], zarr.Array]] = {}  # with what tells their files apart

    @classmethod
    def create(cls, path: Path, frame: Frame) -> "ZarrDays":
        """A new store without fields; `OutputError` if it can't be written."""
        try:
            remove_store(path)
            _write_frame(zarr.open_group(path, mode="w", zarr_format=2), frame)
        except OSError as error:
            raise OutputError(f"can't write '{path}': {error.strerror or error}") from error
        return cls(path, frame)

    @classmethod
    def exists(cls, path: Path, frame: Frame) -> bool:
        """Whether there is a store of this frame."""
        try:
            return zarr.open_group(path, mode="r", zarr_format=2).attrs.get("frame") == frame.digest
        except (OSError, ValueError, KeyError):
            return False

    def fingerprints(self) -> dict[int, str]:
        """Of each step that is done, by its number."""
        return _hex(self._array(FINGERPRINT)[:])

    def write(self, number: int, fields: Fields, fingerprint: str, readings: int) -> None:
        """Write a step; `OutputError` if it can't be written (disk full)."""
        try:
            patiently(lambda: self._write(number, fields, fingerprint, readings))
        except OSError as error:
            raise OutputError(f"can't write '{self.path}': {error.strerror or error}; is there room on the disk?") from error

    def _write(self, number: int, fields: Fields, fingerprint: str, readings: int) -> None:
        self._chunk(FINGERPRINT, number).unlink(missing_ok=True)
        for field in self.frame.fields:
            self._array(field.name)[number] = np.asarray(fields[field.name], np.float32)
        self._array(READINGS)[number] = readings
        self._array(FINGERPRINT)[number] = np.frombuffer(bytes.fromhex(fingerprint), np.uint8)

    def clear(self, number: int) -> None:
        """Leave a step without fields, as if it had never been written."""
        for name in (FINGERPRINT, READINGS, *(field.name for field in self.frame.fields)):
            self._chunk(name, number).unlink(missing_ok=True)

    def tidy(self) -> None:
        """Take away what killed processes were in the midst of writing; under Windows one that is open stays, and nobody reads it."""
        for path in self.path.glob(f"*/*{_IN_WRITING}"):
            with suppress(OSError):
                path.unlink()

    def state(self, frame: Frame) -> None:
        """Have the store say of its making what the run says that completed it; one that began it may have been on another machine."""
        attributes = self._opened().attrs
        for name, value in frame.attributes.items():
            if value is not None and attributes.get(name) != value:
                attributes[name] = value

    def read(self, number: int) -> tuple[dict[str, np.ndarray], int]:
        """(fields of a step, readings used)."""
        return {field.name: self._array(field.name)[number] for field in self.frame.fields}, int(self._array(READINGS)[number])

    def _chunk(self, name: str, number: int) -> Path:
        """The file of a step's chunk, as Zarr's format 2 names it."""
        rest = {FINGERPRINT: 1, READINGS: 0}.get(name, 2)
        return self.path / name / ".".join([str(int(number)), *["0"] * rest])

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_group": None, "_arrays": {}}

    def _array(self, name: str) -> zarr.Array:
        """An array; to open it takes longer than to write a step, so that it is kept as long as its description is the same file."""
        try:
            description = (self.path / name / ".zarray").stat()
            mark = (description.st_ino, description.st_size, description.st_mtime_ns)
            if self._arrays.get(name, ((), None))[0] != mark:
                self._arrays[name] = mark, self._opened()[name]
            return self._arrays[name][1]
        except (KeyError, FileNotFoundError, NotADirectoryError) as error:  # somebody has taken it away, or put something else in its place
            raise OutputError(f"'{self.path}' has lost its part '{name}' while it was in use; run again to make it anew") from error

    def _opened(self) -> zarr.Group:
        if self._group is None:
            self._group = zarr.open_group(self.path, mode="r+", zarr_format=2)
        return self._group


class GeotiffDays:
    """A folder with a GeoTIFF a step, each with its fingerprint among its tags; further fields are further bands."""

    def __init__(self, folder: Path, frame: Frame):
        self.folder, self.frame = Path(folder), frame

    def path(self, number: int) -> Path:
        """Of the file of a step: pm25_2020-01-05.tif, or pm25_2020-01-05T14.tif."""
        start = self.frame.times.starts[number]
        text = str(start.astype("datetime64[D]" if self.frame.times.step == "day" else "datetime64[h]"))
        return self.folder / f"{self.frame.fields[0].name}_{text}.tif"

    def fingerprints(self) -> dict[int, str]:
        """As `ZarrDays.fingerprints`; a file of another origin has none."""
        found = {}
        for number in range(len(self.frame.times)):
            if self.path(number).exists():
                try:
                    with rasterio.open(self.path(number)) as file:
                        found[number] = file.tags().get(FINGERPRINT, "")
                except rasterio.errors.RasterioIOError:
                    continue  # no raster: written again
        return found

    def write(self, number: int, fields: Fields, fingerprint: str, readings: int) -> None:
        """Write a step's file; it appears when it is complete."""
        bands = [(field.long_name or field.name, fields[field.name], field.unit) for field in self.frame.fields]
        start = self.frame.times.starts[number]
        tags = {
            **self.frame.attributes,
            "date": start.astype("datetime64[D]"),
            "time_zone": self.frame.times.zone or None,
            READINGS: readings,
            FINGERPRINT: fingerprint,
        }
        if self.frame.times.step == "hour":
            tags["time"] = start
        write_geotiff(self.path(number), self.frame.grid, bands, tags)


def _write_frame(group: zarr.Group, frame: Frame) -> None:
    grid, times, (rows, columns) = frame.grid, frame.times, axis_names(frame.grid)
    given = {name: value for name, value in frame.attributes.items() if value is not None}
    group.attrs.put({"Conventions": CONVENTIONS, "history": f"written by CTM Reanalysis {__version__}", **given})
    steps, shape = len(times), grid.shape

    def put(name: str, values: np.ndarray, dims: tuple[str, ...], attributes: Mapping[str, Any]) -> None:
        values = np.asarray(values)
        array = group.create_array(
            name,
            shape=values.shape,
            chunks=tuple(max(n, 1) for n in values.shape),
            dtype=values.dtype,
            compressors=_COMPRESSOR,
            filters=None,
            fill_value=None,
        )
        array.attrs.put({"_ARRAY_DIMENSIONS": list(dims), **attributes})
        array[...] = values

    def announce(name: str, shape: tuple[int, ...], dims: tuple[str, ...], kind: str, fill: Any, compressor: Any, attributes: Any) -> None:
        array = group.create_array(
            name, shape=shape, chunks=(1, *shape[1:]), dtype=kind, compressors=compressor, filters=None, fill_value=fill
        )
        array.attrs.put({"_ARRAY_DIMENSIONS": list(dims), **attributes})

    put("time", times.values, ("time",), times.attributes)
    put("time_bnds", times.bounds, ("time", "nv"), {})
    for name, attributes, values in zip((rows, columns), axis_attributes(grid), (grid.y, grid.x)):
        put(name, values, (name,), attributes)
    if not grid.crs.is_geographic:
        for name, standard_name, values in zip(("lon", "lat"), ("longitude", "latitude"), grid.lonlat()):
            put(name, np.round(values, DEGREE_DIGITS), (rows, columns), {"standard_name": standard_name, **degrees(standard_name)})
    put(GRID_MAPPING, np.int32(0), (), grid_mapping_attributes(grid))
    place = {"_CRS": {"wkt": grid.crs.to_wkt()}}  # where GDAL looks for the CRS of a Zarr array
    for field in frame.fields:
        announce(field.name, (steps, *shape), ("time", rows, columns), "f4", np.nan, _COMPRESSOR, field.attributes(grid) | place)
    # Without a fill value, which readers would take for "no data": what is not written reads as zero.
    announce(READINGS, (steps,), ("time",), "i4", None, None, ABOUT[READINGS])
    announce(FINGERPRINT, (steps, FINGERPRINT_BYTES), ("time", f"{FINGERPRINT}_size"), "u1", None, None, ABOUT[FINGERPRINT])
    group.attrs["frame"] = frame.digest  # last: what a killed process left of a store is none


def _hex(fingerprints: np.ndarray) -> dict[int, str]:
    return {number: bytes(row).hex() for number, row in enumerate(np.asarray(fingerprints)) if row.any()}
