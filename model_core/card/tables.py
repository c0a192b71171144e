"""Any nested plain values, as a card may hold them, to blocks: scalars become rows, alike entries a table with columns."""

from __future__ import annotations

import base64
import binascii
import math
from typing import Any, Mapping, Sequence

from model_core.card.blocks import Block, Bullets, Heading, Picture, Table, Text

_PNG = "data:image/png;base64,"
_DEEPEST = 6  # level of headings
_LONG = 60  # characters from which a text reads as a sentence and not as a cell
_KNOWN = {
    "r2_det": "R² (det)",
    "r2_pearson": "R² (Pearson)",
    "rmse": "RMSE",
    "mae": "MAE",
    "nme": "NME",
    "nmb": "NMB",
    "ioa": "IOA",
    "mfb": "MFB",
    "mfe": "MFE",
    "crps": "CRPS",
    "lscv": "LSCV",
    "lccv": "LCCV",
    "ok": "kriging",
    "oklog": "kriging of logs",
    "idw": "IDW",
    "pm25": "PM2.5",
    "pm10": "PM10",
    "o3": "O3",
    "rh": "RH",
    "avna": "aVNA",
    "evna": "eVNA",
    "sha256": "SHA-256",
    "url": "URL",
    "gpu": "GPU",
    "cpu": "CPU",
    "n": "n",
    "ctm": "CTM",
}


def blocks_of(value: Any, level: int = 3) -> list[Block]:
    """Blocks for any value of a card; `level` is that of the headings that nested tables need."""
    if isinstance(value, Mapping):
        return _of_mapping({label(key): entry for key, entry in value.items() if entry not in (None, "", [], {})}, level)
    if isinstance(value, (list, tuple)):
        return _of_sequence(value, level)
    return [_picture(value, "") or Text(text_of(value))] if value not in (None, "") else []


def label(key: Any) -> str:
    """A key as people read it."""
    text = str(key)
    if text.lower() in _KNOWN:
        return _KNOWN[text.lower()]
    if "_" not in text:
        return text
    return " ".join(_KNOWN.get(word.lower(), word) for word in text.split("_"))


def text_of(value: Any) -> str:
    """A single value, or a flat list of them, as text; four digits are as many as a score has."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, int):
        return f"{value:,}".replace(",", "\u2009") if abs(value) >= 10_000 else str(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(map(text_of, value)) or "–"
    if isinstance(value, Mapping):
        return ", ".join(f"{label(key)} {text_of(entry)}" for key, entry in value.items())
    return str(value)


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "–"
    if value == int(value) and abs(value) < 1e4:
        text = str(int(value))
    elif 1e4 <= abs(value) < 1e9:
        text = f"{value:,.0f}".replace(",", "\u2009")
    else:
        text = f"{value:#.4g}"
    return text.replace("-", "\u2212", 1) if text.startswith("-") else text


def _of_mapping(values: dict[str, Any], level: int) -> list[Block]:
    blocks: list[Block] = []
    rows = {key: entry for key, entry in values.items() if _is_scalar(entry) and not _picture(entry, key)}
    nested = {key: entry for key, entry in values.items() if key not in rows}
    if rows:
        blocks.append(Table(tuple((key, text_of(entry)) for key, entry in rows.items())))
    if len(nested) > 1 and _alike(list(nested.values())):
        return [*blocks, _matrix({key: _labelled(entry) for key, entry in nested.items()})]
    for key, entry in nested.items():
        picture = _picture(entry, key)
        blocks += [picture] if picture else [Heading(key, min(level, _DEEPEST)), *blocks_of(entry, level + 1)]
    return blocks


def _of_sequence(values: Sequence[Any], level: int) -> list[Block]:
    if not values:
        return []
    if all(isinstance(entry, Mapping) for entry in values):
        entries = [_labelled(entry) for entry in values]
        if all(_is_scalar(cell) for entry in entries for cell in entry.values()):
            return [_columns(entries)]
        return [block for entry in values for block in blocks_of(entry, level)]
    if all(_is_scalar(entry) for entry in values):
        texts = tuple(map(text_of, values))
        return (
            [Bullets(texts)]
            if any(len(text) > _LONG for text in texts) or any("." in text[-1:] for text in texts)
            else [Text(", ".join(texts))]
        )
    return [block for entry in values for block in blocks_of(entry, level)]


def _alike(entries: list[Any]) -> bool:
    """Whether the entries are mappings of single values that share at least half of their keys."""
    if not all(isinstance(entry, Mapping) and entry and all(map(_is_scalar, entry.values())) for entry in entries):
        return False
    shared = set.intersection(*(set(entry) for entry in entries))
    return 2 * len(shared) >= max(len(entry) for entry in entries)


def _matrix(entries: dict[str, dict[str, Any]]) -> Table:
    columns = list(dict.fromkeys(key for entry in entries.values() for key in entry))
    rows = tuple((name, *(text_of(entry.get(column)) for column in columns)) for name, entry in entries.items())
    return Table(rows, ("", *columns))


def _columns(entries: list[dict[str, Any]]) -> Table:
    columns = list(dict.fromkeys(key for entry in entries for key in entry))
    return Table(tuple(tuple(text_of(entry.get(column)) for column in columns) for entry in entries), tuple(columns))


def _labelled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {label(key): entry for key, entry in values.items()}


def _is_scalar(value: Any) -> bool:
    """A value for one cell: a single one, or a short flat list of them."""
    if isinstance(value, (list, tuple)):
        return all(not isinstance(entry, (Mapping, list, tuple)) and len(str(entry)) <= _LONG for entry in value)
    return not isinstance(value, Mapping)


def _picture(value: Any, caption: str) -> Picture | None:
    """A PNG that a card carries as a data URI."""
    if not (isinstance(value, str) and value.startswith(_PNG)):
        return None
    try:
        return Picture(base64.b64decode(value[len(_PNG) :], validate=True), caption)
    except binascii.Error:
        return None
