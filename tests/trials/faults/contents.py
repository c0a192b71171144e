"""What is in the files of a folder, apart from when they were made: two runs with one result have the same contents."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np

_WHEN = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?")


def contents(folder: Path) -> dict[str, str]:
    """Digest by relative path of every file under a folder; `OSError` or the like for a damaged one."""
    return {str(path.relative_to(folder)): digest(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def digest(path: Path) -> str:
    """Of what a file says: values, names, units; not of times of making, places or durations."""
    kind = path.suffix
    if kind == ".nc":
        values = _netcdf(path)
    elif kind in (".tif", ".tiff"):
        values = _raster(path)
    elif kind in (".safetensors", ".checkpoint"):
        values = _tensors(path)
    elif kind in (".json", ".csv", ".md", ".html", ".txt"):
        values = _text(path)
    elif kind == ".gpkg":
        import pyogrio

        values = [pyogrio.read_dataframe(path, layer=str(layer)).to_csv().encode() for layer in pyogrio.list_layers(path)[:, 0]]
    elif kind in (".png", ".gif"):
        return f"{path.stat().st_size > 0}"  # a picture's bytes hold the version of its maker
    else:
        values = [path.read_bytes()]
    total = hashlib.sha256()
    for value in values:
        total.update(value)
    return total.hexdigest()


def _netcdf(path: Path) -> list[bytes]:
    import netCDF4

    found = []
    with netCDF4.Dataset(path) as file:
        file.set_auto_maskandscale(False)
        for name in sorted(file.variables):
            variable = file[name]
            found += [name.encode(), repr(sorted((key, str(variable.getncattr(key))) for key in variable.ncattrs())).encode()]
            found.append(np.ascontiguousarray(variable[:]).tobytes())
        found += [f"{key}={file.getncattr(key)}".encode() for key in sorted(file.ncattrs()) if key not in ("history", "daily_store")]
    return found


def _raster(path: Path) -> list[bytes]:
    import rasterio

    with rasterio.open(path) as raster:
        about = [raster.crs.to_wkt(), raster.transform, raster.descriptions, raster.units, sorted(raster.tags().items())]
        return [_WHEN.sub("", repr(about)).encode(), raster.read().tobytes()]


def _tensors(path: Path) -> list[bytes]:
    from safetensors import safe_open

    with safe_open(path, framework="np") as file:
        return [part for key in sorted(file.keys()) for part in (key.encode(), np.ascontiguousarray(file.get_tensor(key)).tobytes())]


def _text(path: Path) -> list[bytes]:
    text = _WHEN.sub("", path.read_text(encoding="utf-8"))
    if path.suffix != ".json":
        return [text.encode()]
    return [json.dumps(_timeless(json.loads(text)), sort_keys=True).encode()]


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _timeless(one) for key, one in value.items() if "second" not in key and key not in ("out", "created")}
    return [_timeless(one) for one in value] if isinstance(value, list) else value
