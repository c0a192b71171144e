"""What a record says of an input: of files their names and SHA-256, of a QGIS layer its source, what of it was used, and its SHA-256."""

from __future__ import annotations

import hashlib
import struct
from datetime import date as Date
from pathlib import Path
from typing import Any, Mapping

from model_core.errors import InputError
from model_core.provenance.files import SEVERAL, combined, files_of, sha256_of, short_name

_MOST_LISTED = 200  # files of one input whose names are kept; of more there is the combined hash
_MOST_BYTES = 16_000_000_000  # of a CTM's files, or a layer's; of more, which take minutes to read once more, there is the size and no hash
_POLYGONS = ("polygons", "mask", "regions", "outline")
# What may be told of how much of a layer was used: how many features, whether those selected alone, by which filter of the layer and by which
# expression, at most how many, and whether it had edits that were not saved.
USED = {"features": int, "selected": bool, "filter": str, "expression": str, "at_most": int, "edited": bool}
# What else may be told of it: its name, and its file with what it is inside that, or its source where it is of no file.
NAMED = {"name": str, "file": str, "inside": str, "source": str}


def input_of_files(role: str, paths: list[str], days: tuple[Date | None, Date | None], whole: bool) -> dict[str, Any]:
    """The entry of an input that is files; of their paths the names alone, unless `whole`."""
    names = [path if whole else short_name(path) for path in paths]
    told = {"role": role, "name": names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"}
    try:
        found = [(name, file) for path in paths for name, file in files_of(path, days).items()]
    except InputError:  # a table inside an archive, or another address that GDAL understands
        return told
    return told | _hashed(found, limited=role in SEVERAL)


def input_of_layer(role: str, layer: str | Mapping[str, Any], handed: Path, whole: bool, *, content: bool) -> dict[str, Any]:
    """The entry of an input that QGIS handed over from a layer.

    Parameters
    ----------
    layer : its name, or what is told of it under the keys of `NAMED` and `USED`
    handed : the table or the polygons that were written from it
    whole : whether the folder of its file is named too
    content : whether what was handed over is hashed: as it is for a table, of polygons `shapes_sha256`
    """
    told = {"name": layer} if isinstance(layer, str) else dict(layer)
    entry: dict[str, Any] = {"role": role, "layer": told["name"]}
    if file := told.get("file"):
        entry["source"] = (file if whole else Path(file).name) + (told.get("inside") or "")
        try:
            entry |= _hashed(list(files_of(file).items()), limited=True)
        except (InputError, OSError):  # the engine may lack what QGIS has: the right to read it, or a drive
            pass
    elif told.get("source"):
        entry["source"] = told["source"]
    entry |= {key: told[key] for key in USED if told.get(key)}
    if content and handed.is_file():
        entry["content_sha256"] = shapes_sha256(handed) if role in _POLYGONS else sha256_of(handed)
    return entry


def shapes_sha256(file: Path) -> str:
    """SHA-256 of a vector file's features in their order: of each its geometry as WKB and its attributes as text, each after its length in bytes.

    The same features give the same, whenever the file was written.
    """
    import pyogrio

    _, _, shapes, columns = pyogrio.raw.read(file)
    digest = hashlib.sha256()
    for shape, *values in zip(shapes, *columns):
        for part in (shape or b"", *("" if value is None else str(value) for value in values)):
            data = part if isinstance(part, bytes) else part.encode()
            digest.update(struct.pack("<q", len(data)) + data)
    return digest.hexdigest()


def _hashed(found: list[tuple[str, Path]], limited: bool) -> dict[str, Any]:
    """SHA-256 of files by their names; their size instead where it is `limited`."""
    if limited and (size := sum(file.stat().st_size for _, file in found)) > _MOST_BYTES:
        return {"bytes": size}
    hashes: dict[str, str] = {}
    for name, file in found:
        hashes[name if name not in hashes else f"{name} ({len(hashes) + 1})"] = sha256_of(file)
    return {"sha256": combined(hashes)} | ({"files": hashes} if 1 < len(hashes) <= _MOST_LISTED else {})
