"""What a page is made of, whatever it is set in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Code:
    """Lines to copy as they are."""

    text: str


@dataclass(frozen=True)
class Table:
    """Cells of text; `header` is empty where the first column names the rows and there is one more."""

    rows: tuple[tuple[str, ...], ...]
    header: tuple[str, ...] = ()
    caption: str = ""


@dataclass(frozen=True)
class Picture:
    """A PNG; `width` is the share of the text's width that it takes."""

    png: bytes
    caption: str
    width: float = 1.0


@dataclass(frozen=True)
class Heading:
    """The title of what follows; `level` 2 is a section, 3 and more lie inside."""

    text: str
    level: int = 2


Block = Text | Bullets | Code | Table | Picture | Heading
