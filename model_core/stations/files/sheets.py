"""Sheets of a spreadsheet, read by GDAL as texts: their headers stand where people put them."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Iterator

import pandas as pd

from model_core.errors import InputError
from model_core.stations.files.compressed import refuse_swollen
from model_core.stations.files.layout import find_layout
from model_core.stations.files.vector import broken, chosen_layer

_LONG_FLOAT = re.compile(r"-?\d+\.\d{10,}")  # how GDAL writes the numbers of an ODS sheet
_LINES = 2000  # rows that the layout is judged by


class SheetFile:
    """A sheet; every cell as text, dates as ``2018/02/20 07:00:00``.

    Attributes
    ----------
    columns : names in the header, each once
    crs, has_points : None and False
    separator : None
    first_row : number of the sheet's row of the first row of data, counted without blank rows above it
    units : unit by column, where a row of units stands below the header
    notes : what was assumed or passed over
    """

    crs, has_points, separator = None, False, None

    def __init__(self, file: Path, layer: str | None = None, where: str | None = None):
        import pyogrio

        self._file, where = file, where or str(file)
        self._where = where
        refuse_swollen(file)
        try:
            empty = _empty_sheets(file) if layer is None else ()
            self._layer = chosen_layer(file, layer, empty, where)
            cells = pyogrio.read_dataframe(file, layer=self._layer, read_geometry=False, HEADERS="DISABLE", FIELD_TYPES="STRING")
        except broken() as error:
            raise InputError(
                f"'{where}' can't be read as a spreadsheet: {str(error).partition('; It might help')[0].rstrip('.')}; if it is damaged or locked, save it again"
            ) from error
        self._cells = cells.astype(object).where(cells.notna(), "").astype(str)
        first = enumerate(self._cells.head(_LINES).itertuples(index=False), 1)
        lines = [(number, list(row)) for number, row in first if any(map(str.strip, row))]
        layout = find_layout(lines, where)
        if layout is None:
            raise InputError(f"'{where}' holds no table in its first rows: a row of column names with rows below it")
        self.columns, self.first_row, self.units = layout.columns, layout.first_row, layout.units
        self.notes = ([f"empty sheets passed over: {', '.join(empty)}"] if empty else []) + [
            note.replace("line", "row") for note in layout.notes
        ]
        if _has_merged_cells(file):
            self.notes.append("it has merged cells: only the first row of each holds its value; unmerge and fill them if rows are lost")

    def parts(self, columns: list[str] | None = None, rows: int | None = None) -> Iterator[tuple[pd.DataFrame, None]]:
        """The rows in order, at most `rows` at a time; default: all of them, with all columns.

        Raises
        ------
        InputError
            If a row has cells beyond the named columns.
        """
        body, width = self._cells.iloc[self.first_row - 1 :], len(self.columns)
        surplus = (body.iloc[:, width:] != "").any(axis=1).to_numpy() if len(body.columns) > width else None
        if surplus is not None and surplus.any():
            row = int(surplus.argmax()) + self.first_row
            raise InputError(f"'{self._where}', row {row}, has a cell beyond the last column that has a name")
        body = body[(body != "").any(axis=1)]
        wanted = [place for place, name in enumerate(self.columns) if columns is None or name in columns]
        table = body.iloc[:, wanted].reset_index(drop=True).set_axis([self.columns[place] for place in wanted], axis=1)
        if self._file.suffix.lower() == ".ods":
            table = table.map(lambda cell: repr(float(cell)) if _LONG_FLOAT.fullmatch(cell) else cell)
        step = rows or max(len(table), 1)
        for start in range(0, max(len(table), 1), step):
            yield table.iloc[start : start + step].reset_index(drop=True), None


def _has_merged_cells(file: Path) -> bool:
    """Whether any sheet of an .xlsx workbook has cells that span several rows."""
    if not zipfile.is_zipfile(file):
        return False
    with zipfile.ZipFile(file) as workbook:
        sheets = [name for name in workbook.namelist() if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name)]
        spans = (re.findall(rb'<mergeCell ref="[A-Z]+(\d+):[A-Z]+(\d+)"', workbook.read(name)) for name in sheets)
        return any(first != last for found in spans for first, last in found)


def _empty_sheets(file: Path) -> tuple[str, ...]:
    """Sheets without a cell, as new workbooks have them."""
    import pyogrio

    names = [str(name) for name, _ in pyogrio.list_layers(file)]
    if len(names) < 2:
        return ()
    return tuple(name for name in names if not len(pyogrio.read_info(file, layer=name, HEADERS="DISABLE")["fields"]))
