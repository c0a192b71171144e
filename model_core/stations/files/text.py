"""Text files that hold tables: cells between separators, or aligned by blanks."""

from __future__ import annotations

import csv
import io
import itertools
import re
from pathlib import Path
from typing import Iterable, Iterator

import pandas as pd

from model_core.errors import InputError
from model_core.stations.files import compressed
from model_core.stations.files.blanks import Blanks, find_blanks
from model_core.stations.files.decoding import encoding_of
from model_core.stations.files.fast_text import fast_table
from model_core.stations.files.layout import Layout, find_layout

# A part of the rows as (table without geometry, points x and y or None)
Part = tuple[pd.DataFrame, pd.DataFrame | None]
_SEPARATORS = (",", ";", "\t", "|")
_SAMPLE = 1 << 18  # characters that the layout is judged by
_BLOCK = 20_000  # rows that are turned into columns together
_DECLARED = re.compile(r'\ufeff?"?sep=(.)"?[,;\t]*\s*$', re.IGNORECASE)
_BROKEN = (csv.Error, *compressed.BROKEN)


class TextFile:
    """Every cell as the text that is written, so that '-;', leading zeros, codes and decimal commas arrive as they stand.

    Attributes
    ----------
    columns : names in the header, each once
    crs, has_points : None and False; a text file says nothing of them
    separator : ``,`` ``;`` tab ``|``, or a blank where columns are aligned by blanks
    first_row : number of the line that the first row stands on, from 1
    units : unit by column, where a line of units stands below the header
    notes : what was assumed or passed over
    """

    crs, has_points = None, False

    def __init__(self, file: Path, member: str | None = None, encoding: str | None = None, decimal: str | None = None):
        self._file, self._member = file, member
        self._where = f"{file}/{member}" if member else str(file)
        self._encoding = encoding_of(file, member, encoding)
        self.notes = (
            []
            if self._encoding in ("utf-8-sig", "ascii")
            else [f"read as {self._encoding}" + ("" if encoding else "; if names look wrong, name the encoding")]
        )
        self._blanks: Blanks | None = None
        layout = self._find_layout(decimal)
        self._header_line, self.columns, self.first_row = layout.line, layout.columns, layout.first_row
        self.units = layout.units
        self.notes += layout.notes

    def parts(self, columns: list[str] | None = None, rows: int | None = None) -> Iterator[Part]:
        """The rows in order, at most `rows` at a time; default: all of them, with all columns.

        Cells that a row lacks at its end are empty.

        Raises
        ------
        InputError
            If a row has more cells than the header, naming its line, or what is there can't be read as text.
        """
        wanted = [name for name in self.columns if columns is None or name in columns]
        pending, count, found = [], 0, False
        with self._open() as text:
            for table in self._tables(text, min(rows or _BLOCK, _BLOCK)):
                pending.append(table[wanted])
                count += len(table)
                if rows is not None and count + _BLOCK > rows:
                    yield pd.concat(pending, ignore_index=True), None
                    pending, count, found = [], 0, True
        if count or not found:
            yield pd.concat(pending or [self._table([])], ignore_index=True)[wanted], None

    def _open(self) -> io.TextIOWrapper:
        return io.TextIOWrapper(compressed.open_stream(self._file, self._member), self._encoding, newline="")

    def _tables(self, text: io.TextIOWrapper, rows: int) -> Iterator[pd.DataFrame]:
        """The rows below the header, at most so many at a time."""
        line = self.first_row - 1  # the last line that is behind us
        try:
            for _ in range(line):
                text.readline()
            while lines := list(itertools.islice(text, rows)):
                closed = self._blanks is not None or not any('"' in part and part.count('"') % 2 for part in lines)
                table = fast_table(lines, self.separator, self.columns) if closed and self._blanks is None else None
                if table is not None:
                    line += len(lines)
                    yield table
                    continue
                # Cells with line breaks may go on beyond these lines, so the rest is read as one.
                records = self._records(lines if closed else itertools.chain(lines, text), strict=True)
                above, count = line, 0
                while block := list(itertools.islice(records, rows)):
                    full = self._squared(block, line)
                    count += len(block)
                    line = above + getattr(records, "line_num", count)
                    if full:
                        yield self._table(full)
        except _BROKEN as error:
            raise InputError(f"'{self._where}' can't be read as a table below line {line}: {_reason(error)}") from error

    def _table(self, rows: list[list[str]]) -> pd.DataFrame:
        cells = list(zip(*rows)) if rows else [()] * len(self.columns)
        return pd.DataFrame({name: pd.Series(texts, dtype=str) for name, texts in zip(self.columns, cells)})

    def _squared(self, block: list[list[str]], line: int) -> list[list[str]]:
        """The rows with as many cells as there are columns; blank lines are left out."""
        width, full = len(self.columns), []
        for row in block:
            if len(row) > width and any(cell.strip() for cell in row[width:]) or self._blanks and row and len(row) != width:
                raise InputError(
                    f"'{self._where}', line {line + 1}, has {len(row)} cells, the header {width}: '{' | '.join(row)[:120]}'; "
                    + (
                        "columns aligned by blanks must all be filled"
                        if self._blanks
                        else f"a cell that holds the separator '{self.separator}' must stand in quotation marks".replace("\t", "tab")
                    )
                )
            if row and (len(row) > 1 or row[0].strip()):
                full.append((row + [""] * (width - len(row)))[:width])
            line += 1 + _breaks(row)
        return full

    def _records(self, lines: Iterable[str], strict: bool) -> Iterator[list[str]]:
        if self._blanks:
            return (self._blanks.split(line, self._where) for line in lines)
        return csv.reader(lines, delimiter=self.separator, skipinitialspace=True, strict=strict)

    def _find_layout(self, decimal: str | None) -> Layout:
        lines = self._first_lines()
        declared = _DECLARED.match(lines[0]) if lines else None
        candidates = (declared.group(1),) if declared else _SEPARATORS
        found: list[tuple[float, str, Layout]] = []
        refusals = []
        for separator in candidates:
            self.separator = separator
            try:
                layout = find_layout(self._numbered(lines[bool(declared) :], 1 + bool(declared)), self._where)
            except InputError as error:
                refusals.append(error)
                continue
            if layout:
                # Of separators that fit alike, the one that makes more columns.
                doubt = 0.5 if separator == decimal else 1.0
                found.append((layout.fit * doubt * (1 - 1 / (1 + len(layout.columns))), separator, layout))
        score, self.separator, layout = max(found, key=lambda one: one[0], default=(0.0, ",", None))
        if layout is None or layout.fit < 0.5:
            blanks = None if declared else find_blanks(lines, self._where)
            if blanks and (layout is None or len(blanks.layout.columns) > len(layout.columns)):
                self._blanks, self.separator, layout = blanks.rule, " ", blanks.layout
        if layout is None:
            if refusals:
                raise refusals[0]
            layout = _single_column(lines, self._where)
        return layout

    def _numbered(self, lines: list[str], first: int) -> list[tuple[int, list[str]]]:
        """Records that are not blank, with the numbers of their first lines."""
        reader, numbered, start = csv.reader(lines, delimiter=self.separator, skipinitialspace=True), [], first
        try:
            for row in reader:
                if any(cell.strip() for cell in row):
                    numbered.append((start, row))
                start = first + reader.line_num
        except csv.Error:  # a cell without end; what is before it says enough
            pass
        return numbered

    def _first_lines(self) -> list[str]:
        """Whole lines at the start of the file."""
        try:
            with self._open() as text:
                sample = text.read(_SAMPLE)
        except _BROKEN as error:
            raise InputError(f"'{self._where}' can't be read: {_reason(error)}") from error
        lines = list(io.StringIO(sample, newline=""))
        if len(sample) == _SAMPLE and len(lines) > 1:
            lines.pop()
        if not any(line.strip() for line in lines):
            raise InputError(f"'{self._where}' holds no text in its first lines; a table starts with the names of its columns")
        return lines


def _single_column(lines: list[str], where: str) -> Layout:
    """A table of one column, so that it can be said what is missing."""
    number, text = next((number, line.strip()) for number, line in enumerate(lines, 1) if line.strip())
    return Layout(number, [text[:200]], number + 1, 1.0)


def _breaks(row: list[str]) -> int:
    """Line breaks inside the cells of a row."""
    return sum(len(re.findall(r"\r\n|\r|\n", cell)) for cell in row if "\n" in cell or "\r" in cell)


def _reason(error: Exception) -> str:
    if isinstance(error, csv.Error):
        return f"{error}; a quotation mark is not closed or stands inside a cell"
    if isinstance(error, UnicodeDecodeError):
        return f"it holds bytes that are not {error.encoding}; name its encoding, or save it in UTF-8"
    return f"{error}; the file is damaged or cut off, get it again"
