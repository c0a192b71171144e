"""The record in an output, of whatever kind it is."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any, Callable, Mapping

from model_core.errors import InputError, ModelFileError
from model_core.provenance.attributes import attributes_of, fields_at
from model_core.provenance.record import STRUCTURED, TEXTS, Record
from model_core.provenance.writing import HTML_ID, NAME

_IN_HTML = re.compile(rf'<pre id="{HTML_ID}">(.*?)</pre>', re.DOTALL)


def read_record(path: Path) -> Record:
    """The record in an output: GeoTIFF or a folder of them (that of the last), NetCDF, Zarr, GeoPackage, Parquet, JSON, HTML, PNG, GIF or a model file.

    Raises
    ------
    InputError
        If it can't be read, or has none.
    """
    if not path.exists():
        raise InputError(f"'{path}' does not exist; name an output that is there")
    if path.suffix.lower() in _READERS:
        found: Mapping[str, Any] = _said(path, _READERS[path.suffix.lower()])
    else:
        files = fields_at(path)
        if not files:
            raise InputError(f"'{path}' holds no GeoTIFF; name an output that says how it was made")
        found = attributes_of(files[-1])
    return _checked(path, found)


def _said(path: Path, reader: Callable[[Path], Any]) -> dict[str, Any]:
    try:
        found = reader(path)
    except (OSError, ValueError, KeyError, SyntaxError, RuntimeError, ModelFileError) as error:
        raise InputError(f"'{path}' can't be read ({error}); take another copy of it") from error
    return found if isinstance(found, dict) else {}


def _checked(path: Path, found: Mapping[str, Any]) -> Record:
    """A record of what a file says; texts are JSON."""
    try:
        values = {name: json.loads(value) if isinstance(value, str) else value for name in STRUCTURED if (value := found.get(name))}
        texts = {name: str(found.get(name) or "") for name in TEXTS}
        if not isinstance(values["request"], dict) or "command" not in values["request"]:
            raise ValueError("its 'request' is no table with a 'command'")
        said: dict[str, Any] = {**texts, **values, "inputs": tuple(dict(one) for one in values.get("inputs", ()))}
        record = Record(**said)
        if not all({"role"} < set(one) for one in record.inputs) or not isinstance(record.readings_sha256, dict):
            raise ValueError("its 'inputs' are no list of files")
    except KeyError as error:
        raise InputError(
            f"'{path}' does not say how it was made (it has no {error}): it is no output of CTM Reanalysis, or of an earlier version"
        ) from error
    except (ValueError, TypeError) as error:
        raise InputError(f"'{path}': what it says of its making is damaged ({error}); take another copy of it") from error
    return record


def _of_json(path: Path) -> Any:
    content = json.loads(path.read_text(encoding="utf-8"))
    return content.get(NAME) if isinstance(content, dict) else None


def _of_html(path: Path) -> Any:
    found = _IN_HTML.search(path.read_text(encoding="utf-8"))
    return json.loads(unescape(found[1])) if found else None


def _of_picture(path: Path) -> Any:
    from PIL import Image

    with Image.open(path) as picture:
        text = picture.info.get(NAME) or picture.info.get("comment") or "{}"
    return json.loads(text)


def _of_geopackage(path: Path) -> Any:
    import pyogrio

    return pyogrio.read_info(path)["layer_metadata"]


def _of_parquet(path: Path) -> Any:
    from pyarrow import parquet

    return json.loads((parquet.read_schema(path).metadata or {}).get(b"PANDAS_ATTRS", b"{}")).get(NAME)


def _of_model(path: Path) -> Any:
    from model_core.model_file import load_model

    return load_model(str(path)).card.get(NAME)


_READERS: dict[str, Callable[[Path], Any]] = {
    ".json": _of_json,
    ".html": _of_html,
    ".htm": _of_html,
    ".png": _of_picture,
    ".gif": _of_picture,
    ".gpkg": _of_geopackage,
    ".parquet": _of_parquet,
    ".safetensors": _of_model,
}
