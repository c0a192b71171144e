"""Column names compared as people and programs spell them: case, blanks, micro signs and raised digits do not count."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Sequence


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """A name in the spelling that is compared: ``PM2.5 (µg/m³)`` -> ``pm2.5 (ug/m3)``."""
    return _simple(name).casefold()


def find(wanted: str | Sequence[str], columns: Sequence[str]) -> str | None:
    """The first of the wanted names that is a column, as the column is spelt; None if none is.

    A name between slashes is a regular expression for the whole name, whatever its case: ``/PM2\\.5 .*/``.
    """
    for name in (wanted,) if isinstance(wanted, str) else wanted:
        for column, _ in matches(name, columns):
            return column
    return None


def find_joined(wanted: str | Sequence[str], columns: Sequence[str]) -> str | None:
    """As `find`, for names that may be several columns joined with ``+``, all of which must be there."""
    for name in (wanted,) if isinstance(wanted, str) else wanted:
        parts = [find(part, columns) for part in ((name,) if name.startswith("/") else name.split("+"))]
        if all(part is not None for part in parts):
            return "+".join(parts)
    return None


def matches(wanted: str, columns: Sequence[str]) -> list[tuple[str, re.Match | None]]:
    """Every column that a name or a regular expression between slashes stands for, in their order, with its match."""
    if not is_expression(wanted):
        return [(column, None) for column in columns if plain(column) == plain(wanted)]
    found = ((column, re.fullmatch(wanted[1:-1], _simple(column), re.IGNORECASE)) for column in columns)
    return [(column, match) for column, match in found if match]


def _simple(name: str) -> str:
    """A name with its case alone kept."""
    return " ".join(unicodedata.normalize("NFKC", str(name)).replace("μ", "u").replace("Μ", "U").split())  # both cases of the Greek letter


def is_expression(name: str) -> bool:
    """Whether a name is a regular expression between slashes."""
    return len(name) > 2 and name.startswith("/") and name.endswith("/")
