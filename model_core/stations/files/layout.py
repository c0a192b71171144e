"""Where the header of a table of texts stands, and what is above and just below it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Sequence

from model_core.errors import InputError
from model_core.stations.files.column_names import distinct
from model_core.stations.forms.catalogue import names_without_header

# The cells of a line and its number, from 1.
Line = tuple[int, list[str]]
_LOOK_FOR_HEADER, _LOOK_BELOW = 300, 300  # lines
# A number, date or time in any usual form.
_VALUE = re.compile(r"[-+<>\u2212]?[.,]?\d[\d.,:/\-\u2212T +eE%]*(?:Z|UTC|GMT|[AP]\.?M\.?)?$", re.IGNORECASE)
# What a line of units has below the header: units, forms of dates and times, and gaps.
_GRAMS = r"(?:[unmkp\u00b5\u03bc]|micro|milli|nano)?\s?g(?:rams?|rammes?)?"
_CUBIC = r"(?:n|std)?\s?(?:cubic met(?:er|re)s?|m(?:et(?:er|re)s?)?\s?(?:\^|\*\*)?[-\u2212\u207b]?[3\u00b3])"
_DEGREES = r"\u00b0\s?[CFKNEWS]?|deg(?:rees?|\.)?[ _]?(?:c(?:elsius)?|f|n(?:orth)?|e(?:ast)?)?|[CFK]"
_DATE = r"(?:y{2,4}[-/. ]?m{1,2}[-/. ]?d{1,2}|d{1,2}[-/. ]m{1,2}[-/. ]y{2,4}|m{1,2}[-/. ]d{1,2}[-/. ]y{2,4})"
_CLOCK = r"h{1,2}:?m{1,2}(?::?s{1,2})?"
_UNIT = re.compile(
    rf"[\[(]?\s*(?:{_GRAMS}\s*(?:[/.*\u00b7]|per)?\s*{_CUBIC}|pp[bmt]v?|parts per [bmt]illion|[nu\u00b5\u03bc]?mol[/ ]mol(?:-1)?"
    rf"|%(?: ?rh)?|percent|{_DEGREES}|k?m(?:[/ ](?:s|h|s-1|h-1))?|[hk]?pa|mbar|mmhg|utc|gmt|local|lst|{_DATE}(?:[ T]{_CLOCK})?|{_CLOCK}"
    r"|[\u5fae\u6beb]\u514b/\u7acb\u65b9\u7c73)\s*[\])]?$",
    re.IGNORECASE,
)
_GAPS = {"", "-", "--", "n/a", "na", "none", "text", "string"}


@dataclass(frozen=True)
class Layout:
    """Where a table's parts are.

    Attributes
    ----------
    line : number of the header's line, from 1
    columns : names, each once
    first_row : number of the line of the first row of data
    fit : share of all lines that are the header or have its number of cells
    units : unit by column, where a line of units stands below the header
    notes : what was passed over or renamed
    """

    line: int
    columns: list[str]
    first_row: int
    fit: float
    units: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def find_layout(lines: Sequence[Line], where: object) -> Layout | None:
    """The layout of a table whose first lines are given, blank ones left out; None where no line can be its header.

    The header is the first line with as many cells as the rows below have, however few the lines above it have.

    Raises
    ------
    InputError
        If the first line of the table holds values: a table without header.
    """
    place = _header(lines)
    if place is None:
        return None
    place = _below_comments(lines, place)
    below = lines[place + 1 : place + 1 + _LOOK_BELOW]
    number, cells = lines[place]
    names = names_without_header([cell.strip() for cell in cells]) if any(map(is_value, cells)) else None
    if names is not None:
        told = f"the file has no header; its columns are named as the published form of such rows has them: {', '.join(names)}"
        return Layout(number, names, number, 1.0, notes=[told])
    if _is_row(cells, [row for _, row in below]):
        raise InputError(_no_header(lines, place, where))
    number, cells = lines[place]
    below = lines[place + 1 : place + 1 + _LOOK_BELOW]
    names = _named(cells, [row for _, row in below])
    if names[0].startswith("#") and names[0].strip("# "):
        names[0] = names[0].lstrip("# ")
    columns, notes = distinct(names)
    if place:
        notes.insert(0, f"{number - 1} line{'s' if number > 2 else ''} above the header passed over")
    units = _units(columns, [row for _, row in below])
    if units:
        notes.append(f"line {below[0][0]}, below the header, holds units and is passed over")
        below = below[1:]
    width = len(columns)
    matched = 1 + bool(units) + sum(_width(row) <= width and len(row) in (width, width + 1, len(cells)) for _, row in below)
    considered = min(len(lines), place + 1 + bool(units) + len(below))
    return Layout(number, columns, below[0][0] if below else number + 1 + bool(units), matched / considered, units, notes)


def _below_comments(lines: Sequence[Line], place: int) -> int:
    """The place of the header, where a comment that begins with # happens to have as many cells as it."""
    if not lines[place][1][0].startswith("#"):
        return place
    plain = next((later for later in range(place + 1, len(lines)) if not lines[later][1][0].startswith("#")), None)
    return next((later for later in (place + 1, plain) if later is not None and later < len(lines) and _is_header(lines, later)), place)


def is_value(text: str) -> bool:
    """Whether a cell holds a number, a date or a time."""
    return bool(_VALUE.match(text.strip()))


def _width(cells: Sequence[str]) -> int:
    """Number of cells without the empty ones at the end."""
    width = len(cells)
    while width and not cells[width - 1].strip():
        width -= 1
    return width


def _header(lines: Sequence[Line]) -> int | None:
    """Place of the first line that can be the header of what is below it."""
    widths = [_width(cells) for _, cells in lines]
    for fits in (_fits, _fits_short_rows):
        for place in range(min(len(lines) - 1, _LOOK_FOR_HEADER)):
            if fits(lines, widths, place):
                return place
    widest = max(widths, default=0)  # a header with no rows
    last = len(lines) - 1
    return last if widest >= 2 and widths[last] == widest and len(lines) <= _LOOK_FOR_HEADER else None


def _fits(lines: Sequence[Line], widths: Sequence[int], place: int) -> bool:
    width, below = widths[place], slice(place + 1, place + 1 + _LOOK_BELOW)
    if width < 2 or not _none_is_wider(widths[below], width):
        return False
    usual = Counter(len(row) for _, row in lines[below]).most_common(1)[0][0]
    filled = Counter(widths[below]).most_common(1)[0][0]
    return usual in (width, width + 1, len(lines[place][1])) or filled == width


def _fits_short_rows(lines: Sequence[Line], widths: Sequence[int], place: int) -> bool:
    """As `_fits`, where most rows leave out the empty cells at their end."""
    width, below = widths[place], widths[place + 1 : place + 1 + _LOOK_BELOW]
    if width < 2 or not _none_is_wider(below, width):
        return False
    return Counter(below).most_common(1)[0][0] >= max(2, width / 2)


def _none_is_wider(below: Sequence[int], width: int) -> bool:
    """Whether the rows below have at most so many cells; a few may have more, and are told when they are read."""
    return sum(each > width for each in below) <= max(len(below) // 20, len(below) >= 2)


def _is_header(lines: Sequence[Line], place: int) -> bool:
    below = [row for _, row in lines[place + 1 : place + 1 + _LOOK_BELOW]]
    cells, widths = lines[place][1], [_width(row) for _, row in lines]
    return bool(below) and not any(map(is_value, cells)) and _fits(lines, widths, place) and names_values(cells, below)


def _is_row(cells: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a line is a row like those below: it has values, and none of its texts stands above values."""
    return any(map(is_value, cells)) and bool(below) and not names_values(cells, below)


def names_values(cells: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a text stands above a column that holds values."""
    for place, cell in enumerate(cells):
        if not cell.strip() or is_value(cell):
            continue
        filled = [row[place] for row in below if place < len(row) and row[place].strip()]
        if filled and 2 * sum(map(is_value, filled)) >= len(filled):
            return True
    return False


def _no_header(lines: Sequence[Line], place: int, where: object) -> str:
    number, cells = lines[place]
    above = [line for line in lines[:place] if _width(line[1]) >= 2]
    if above:
        return (
            f"'{where}': line {number} has {_width(cells)} cells, the line of names above it (line {above[-1][0]}) has "
            f"{_width(above[-1][1])}; cells that hold the separator must stand in quotation marks, decimal commas too"
        )
    return (
        f"'{where}' has no header: line {number} holds values ('{', '.join(cells[:4])}'); "
        "write a line with the names of the columns above it"
    )


def _named(cells: Sequence[str], below: Sequence[Sequence[str]]) -> list[str]:
    """The names in the header; columns at its end that have neither a name nor values are left out."""
    names = list(cells)
    while names and not names[-1].strip() and not any(len(row) >= len(names) and row[len(names) - 1].strip() for row in below):
        names.pop()
    return names


def _units(columns: Sequence[str], below: Sequence[Sequence[str]]) -> dict[str, str]:
    """The units in the line below the header, by column; none if that line is a row."""
    if len(below) < 2:
        return {}
    units = {name: cell.strip() for name, cell in zip(columns, below[0]) if cell.strip().lower() not in _GAPS}
    if not units or len(below[0]) > len(columns) + 1 or not all(_UNIT.match(unit) for unit in units.values()):
        return {}
    texts = [name if name in units else "" for name in columns]
    return units if names_values(texts, below[1:]) else {}
