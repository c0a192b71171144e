"""Tables whose columns are set apart by blanks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from model_core.errors import InputError
from model_core.stations.files.layout import Layout, find_layout, names_values

_ENOUGH = 0.9  # share of the lines that must fit


@dataclass(frozen=True)
class Blanks:
    """How lines are cut into cells.

    Attributes
    ----------
    least : blanks that separate two cells, 1 or 2; 0 where columns stand at fixed places
    starts : where the columns start, in characters, if they stand at fixed places
    """

    least: int
    starts: tuple[int, ...] = ()

    def split(self, line: str, where: str) -> list[str]:
        """The cells of a line; none of a blank line.

        Raises
        ------
        InputError
            If a text runs from one column into the next.
        """
        line = line.expandtabs().rstrip()
        if not line:
            return []
        if self.least:
            return re.split(rf"\s{{{self.least},}}", line.strip())
        for start in self.starts[1:]:
            if len(line) > start and line[start - 1] != " ":
                raise InputError(
                    f"'{where}': columns are aligned by blanks, but in '{line[:120]}' a text runs over the start of the column at "
                    f"character {start + 1}; save the table with separators"
                )
        return [line[start:end].strip() for start, end in zip(self.starts, [*self.starts[1:], None])]


class FoundBlanks(NamedTuple):
    """How a table's lines are cut, and its layout."""

    rule: Blanks
    layout: Layout


def find_blanks(lines: list[str], where: str) -> FoundBlanks | None:
    """How a table is aligned by blanks: any blank, two and more, or fixed places; None if in none of these ways."""
    for rule in (Blanks(1), Blanks(2), Blanks(0, _starts(lines))):
        if rule.least == 0 and len(rule.starts) < 2:
            continue
        try:
            numbered = [(number, cells) for number, line in enumerate(lines, 1) if (cells := rule.split(_uncommented(line), where))]
            layout = find_layout(numbered, where)
        except InputError:
            continue
        # Sentences have blanks too; a table has values below a name.
        below = [cells for number, cells in numbered if number >= layout.first_row] if layout else []
        if not below or any(len(cells) != len(layout.columns) for cells in below) or not names_values(layout.columns, below):
            continue
        if layout.fit >= (0.5 if len(numbered) < 20 else _ENOUGH):
            return FoundBlanks(rule, layout)
    return None


def _uncommented(line: str) -> str:
    """A header is often written as a comment, ``# date lon lat pm25``."""
    return re.sub(r"^#+", lambda marks: " " * len(marks.group()), line)


def _starts(lines: list[str]) -> tuple[int, ...]:
    """First characters of the columns: each follows a place that is blank in every line.

    Where names below or words of the header have a blank at the same place by chance, that part has no name or no values
    of its own and belongs to the column before it.
    """
    header, *below = [text for line in lines if (text := line.expandtabs().rstrip())]
    width = max(map(len, (header, *below)))
    used = [any(text[place : place + 1].strip() for text in (header, *below)) for place in range(width)]
    starts: list[int] = []
    for start in (place for place in range(width) if used[place] and (place == 0 or not used[place - 1])):
        end = next((place for place in range(start, width) if not used[place]), width)
        named, filled = header[start:end].strip(), any(text[start:end].strip() for text in below)
        if not starts or (named and (filled or header[start - 2 : start].isspace())):
            starts.append(start)
    return tuple(starts)
