"""The record in every output: engine, model, inputs with their SHA-256, and all parameters."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import dataclass, field
from datetime import date as Date
from pathlib import Path
from typing import Any, Mapping

import netCDF4
import numpy as np
import rasterio

from model_core import __version__
from model_core.ctm.formats.netcdf_file import is_netcdf
from model_core.days import parse_day
from model_core.errors import InputError
from model_core.grid import PRESETS, Grid
from model_core.model_file import Model
from model_core.netcdf_check import check_netcdf
from model_core.netcdf_path import netcdf_path
from model_core.provenance.files import combined, files_named, files_of, sha256_of, short_name, with_files
from model_core.stations.gridding import GriddedReadings

# What says nothing about the fields: where the output goes, how the command line prints, which machines compute, what QGIS adds.
_NOT_RECORDED = ("out", "json", "scheduler", "full_paths", "layers", "command")
_MOST_LISTED = 200  # files of one input whose names are kept; of more there is the combined hash
_TEXTS = ("engine_version", "model_name", "model_sha256")
_JSON = ("request", "inputs", "readings_sha256", "computed_with")


@dataclass(frozen=True)
class Record:
    """What an output says of its making.

    Attributes
    ----------
    engine_version, model_name, model_sha256 : of what computed it; the model's are "" where there was none
    request : the parameters, with ``command``; files by their names alone unless full paths were asked for, a grid that came
        from a file as CRS, transform and shape
    inputs : of each file its ``role``, ``name``, ``sha256`` (see `files.combined`) and, where they are several, ``files``;
        of a QGIS layer its ``role`` and ``layer``
    readings_sha256 : of the readings that were used, by variable
    computed_with : device, precision and libraries; where they are the same, so is every bit of the result
    """

    engine_version: str
    request: Mapping[str, Any]
    inputs: tuple[Mapping[str, Any], ...] = ()
    model_name: str = ""
    model_sha256: str = ""
    readings_sha256: Mapping[str, str] = field(default_factory=dict)
    computed_with: Mapping[str, str] = field(default_factory=dict)

    def attributes(self) -> dict[str, str | None]:
        """As GeoTIFF tags or NetCDF attributes; None for what there is not."""
        texts = {name: getattr(self, name) or None for name in _TEXTS}
        values = {name: getattr(self, name) for name in _JSON}
        return texts | {name: json.dumps(value, sort_keys=True, ensure_ascii=False) if value else None for name, value in values.items()}


def record_of(
    command: str,
    request: Mapping[str, Any],
    *,
    model: Model | None = None,
    grid: Grid | None = None,
    readings: Mapping[str, GriddedReadings] | None = None,
    computed_with: Mapping[str, str] | None = None,
) -> Record:
    """The record of a run.

    Parameters
    ----------
    command : the job's name
    request : as the job got it. ``full_paths`` keeps the paths, ``layers`` names by role the QGIS layers that tables were written from
    """
    paths, layers = files_named(request), request.get("layers") or {}
    whole = bool(request.get("full_paths"))
    said = with_files(request, lambda role, path: path if whole else short_name(path))
    said = {key: value for key, value in said.items() if key not in _NOT_RECORDED and value not in (None, "", [], False)}
    if model is not None:
        given = str(request.get("model") or "bundled")
        said["model"] = given if whole else Path(given).name
    if grid is not None and "grid" in said and _is_of_file(request["grid"]):
        said["grid"] = exact(grid)
    inputs = tuple(_input(role, path, layers.get(role), days_of(request), whole) for role, path in paths.items())
    return Record(
        __version__,
        {"command": command, **said},
        inputs,
        model.name if model else "",
        model.sha256 if model else "",
        {name: readings_sha256(one) for name, one in (readings or {}).items()},
        computed_with or {},
    )


def read_record(file: Path) -> Record:
    """The record in a GeoTIFF or NetCDF file.

    Raises
    ------
    InputError
        If it can't be read, or has none.
    """
    attributes = _attributes_of(file)
    try:
        values = {name: json.loads(attributes[name]) for name in _JSON if name in attributes}
        texts = {name: str(attributes.get(name, "")) for name in _TEXTS}
        if not isinstance(values["request"], dict) or "command" not in values["request"]:
            raise ValueError("its 'request' is no table with a 'command'")
        record = Record(**texts, **{**values, "inputs": tuple(dict(one) for one in values.get("inputs", ()))})
        if not all({"role"} < set(one) for one in record.inputs) or not isinstance(record.readings_sha256, dict):
            raise ValueError("its 'inputs' are no list of files")
    except KeyError as error:
        raise InputError(
            f"'{file}' does not say how it was made (it has no {error}): it is no output of CTM Reanalysis, or of an earlier version"
        ) from error
    except (ValueError, TypeError) as error:
        raise InputError(f"'{file}': what it says of its making is damaged ({error}); take another copy of it") from error
    return record


def exact(grid: Grid) -> dict[str, Any]:
    """A grid as plain values that give the same grid again to the last bit; `requested_grid` takes them."""
    return {"wkt": grid.crs.to_wkt(), "transform": [float(value) for value in grid.transform[:6]], "shape": list(grid.shape)}


def readings_sha256(readings: GriddedReadings) -> str:
    """SHA-256 of the readings as the network gets them: means and counts of the cells, and each reading in its place."""
    digest = hashlib.sha256()
    placed = readings.placed
    for array, kind in (
        (readings.values, "<f4"),
        (readings.counts, "<i4"),
        *(((placed.places, "<f4"), (placed.values, "<f4"), (placed.cells, "<i4")) if placed else ()),
    ):
        digest.update(np.ascontiguousarray(array, kind).tobytes())
    return digest.hexdigest()


def machine(device: str, precision: str) -> dict[str, str]:
    """What decides over the last bits of a result: device, precision, kind of processor, libraries."""
    import torch

    return {
        "device": device,
        "precision": precision,
        "processor": platform.machine(),
        "threads": str(torch.get_num_threads()),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "torch": torch.__version__,
        "numpy": np.__version__,
    }


def days_of(request: Mapping[str, Any]) -> tuple[Date | None, Date | None]:
    """First and last day that a request asks for, None where the readings decide."""
    first, last = (request.get(key) or request.get("date") for key in ("start", "end"))
    return parse_day(first) if first else None, parse_day(last) if last else None


def hashes_of(path: str, days: tuple[Date | None, Date | None]) -> dict[str, str]:
    """SHA-256 of each file behind a path, by name; `days` as `files_of` takes them."""
    return {name: sha256_of(file) for name, file in files_of(path, days).items()}


def _input(role: str, path: str, layer: str | None, days: tuple[Date | None, Date | None], whole: bool) -> dict[str, Any]:
    if layer is not None:
        return {"role": role, "layer": layer}
    hashes = hashes_of(path, days)
    told: dict[str, Any] = {"role": role, "name": path if whole else short_name(path), "sha256": combined(hashes)}
    if 1 < len(hashes) <= _MOST_LISTED:
        told["files"] = hashes
    return told


def _is_of_file(grid: Any) -> bool:
    return isinstance(grid, str) and grid not in PRESETS and "@" not in grid


def _attributes_of(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise InputError(f"'{file}' does not exist; name the GeoTIFF or NetCDF file that is to be made again")
    try:
        if file.suffix.lower() == ".nc" or is_netcdf(file):
            check_netcdf(file)
            with netCDF4.Dataset(netcdf_path(file)) as data:
                return {name: data.getncattr(name) for name in data.ncattrs()}
        with rasterio.open(file) as raster:
            return raster.tags()
    except (OSError, RuntimeError, rasterio.errors.RasterioError) as error:
        raise InputError(f"'{file}' can't be read ({error}); take another copy of it") from error
