"""The record as kinds of files hold it that have no attributes: in pictures, in pages, in tables."""

from __future__ import annotations

import json
import struct
import zlib
from typing import TYPE_CHECKING

from model_core.provenance.record import Record

if TYPE_CHECKING:
    import pandas as pd

NAME = "record"  # the entry in a JSON file, in a model's card, among a picture's texts and a table's attributes
HTML_ID = "record"
_HEAD = 33  # bytes of a PNG's signature and its first chunk, IHDR


def as_text(record: Record) -> str:
    """The record as JSON in ASCII letters."""
    return json.dumps(record.to_dict(), sort_keys=True)


def png_with(picture: bytes, record: Record) -> bytes:
    """A PNG with the record as a text chunk (PNG specification, 11.3.3.2), behind its first one; its pixels stay as they are."""
    content = b"tEXt" + NAME.encode() + b"\0" + as_text(record).encode("ascii")
    chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
    return picture[:_HEAD] + chunk + picture[_HEAD:]


def table_with(table: "pd.DataFrame", record: Record) -> "pd.DataFrame":
    """The table with the record among its `attrs`, which pandas and geopandas write into Parquet; CSV has no place for it."""
    table = table.copy(deep=False)
    table.attrs[NAME] = record.to_dict()
    return table
