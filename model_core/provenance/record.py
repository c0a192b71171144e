"""The record in every output: engine, model, inputs with their SHA-256, and all parameters."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import dataclass, field
from datetime import date as Date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Mapping

import numpy as np

from model_core import __version__
from model_core.days import parse_day
from model_core.grid import PRESETS, Grid
from model_core.provenance.attributes import attributes_of, fields_at
from model_core.provenance.files import files_of, paths_named, sha256_of, short_name, with_files
from model_core.provenance.inputs import input_of_files, input_of_layer

if TYPE_CHECKING:
    from model_core.model_file import Model
    from model_core.stations.gridding import GriddedReadings

# What says nothing about what comes out: where outputs and prepared fields go, how the command line prints, which machines compute, how long
# readings are waited for, what QGIS adds.
NOT_RECORDED = (
    *("out", "report", "readings", "chart", "panel", "table", "station_means", "cache"),
    *("json", "scheduler", "full_paths", "layers", "command"),
    *("follow", "every", "until", "resume"),
)
# Commands that tell by the readings themselves whether a layer is what it was; of what others were handed from a layer there is a hash.
_BY_READINGS = ("reanalyse", "reanalyse-period", "grid-stations")
TEXTS = ("engine_version", "model_name", "model_sha256")
STRUCTURED = ("request", "inputs", "readings_sha256", "computed_with")


@dataclass(frozen=True)
class Record:
    """What an output says of its making.

    Attributes
    ----------
    engine_version, model_name, model_sha256 : of what computed it; the model's are "" where there was none
    request : the parameters, with ``command``; files by their names alone unless full paths were asked for, a grid that came
        from a file as CRS, transform and shape
    inputs : of each file its ``role``, ``name``, ``sha256`` (see `files.combined`) and, where they are several, ``files``;
        of a QGIS layer its ``role``, ``layer`` and ``source``, what of it was used (`inputs.USED`), ``sha256`` of its file and, of polygons
        and where there is no ``readings_sha256``, ``content_sha256`` of what was handed over; of what is no file on the disk its ``role`` and
        ``name``; of very large files of a CTM or layer ``bytes`` in place of the hash
    readings_sha256 : of the readings that were used, by variable
    computed_with : device, precision and libraries; where they are the same, so is every bit of the result. Of a period, those of the run
        that completed it; none where Dask's workers computed it
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
        texts = {name: getattr(self, name) or None for name in TEXTS}
        values = {name: getattr(self, name) for name in STRUCTURED}
        return texts | {name: json.dumps(value, sort_keys=True, ensure_ascii=False) if value else None for name, value in values.items()}

    def to_dict(self) -> dict[str, Any]:
        """As an entry of a JSON file; without what there is not."""
        return {name: value for name in (*TEXTS, *STRUCTURED) if (value := getattr(self, name))}

    def stated(self) -> dict[str, str]:
        """As `attributes`, without what there is not."""
        return {name: text for name, text in self.attributes().items() if text is not None}


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
    request : as the job got it. ``full_paths`` keeps the paths, ``layers`` tells by role of the QGIS layers that tables and polygons were
        written from (see `inputs.input_of_layer`)
    model : that was used; where fields came from files instead, the model that these say they were made with
    """
    paths, layers = paths_named(request), request.get("layers") or {}
    whole = bool(request.get("full_paths"))
    said = with_files(request, lambda role, path: path if whole else short_name(path))
    said = {key: value for key, value in said.items() if key not in NOT_RECORDED and value not in (None, "", [], False)}
    for key in ("model", "from"):
        if model is not None and key == "model" and not said.get(key):
            said[key] = "bundled"
        if said.get(key):
            said[key] = str(said[key]) if whole else Path(str(said[key])).name
    name, digest = (model.name, model.sha256) if model is not None else _model_of_fields(paths)
    if grid is not None and "grid" in said and _is_of_file(request["grid"]):
        said["grid"] = exact(grid)
    content = command not in _BY_READINGS
    inputs = tuple(
        input_of_layer(role, layers[role], Path(named[-1]), whole, content=content)
        if role in layers
        else input_of_files(role, named, days_of(request), whole)
        for role, named in paths.items()
    )
    return Record(
        __version__,
        {"command": command, **said},
        inputs,
        name,
        digest,
        {name: readings_sha256(one) for name, one in (readings or {}).items()},
        computed_with or {},
    )


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


def _model_of_fields(paths: Mapping[str, list[str]]) -> tuple[str, str]:
    """Name and SHA-256 of the model that made the fields which are read, where all of them say one; else both are ""."""
    files = [file for role in ("fields", "series") for path in paths.get(role, ()) for file in fields_at(path)]
    said = {tuple(str(attributes_of(file).get(name, "")) for name in ("model_name", "model_sha256")) for file in files}
    return next(iter(said)) if len(said) == 1 else ("", "")


def _is_of_file(grid: Any) -> bool:
    return isinstance(grid, str) and grid not in PRESETS and "@" not in grid
