"""What tells the decimal signs of a file that is read in parts, so that all of its parts are read alike."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Mapping, Sequence

from model_core.stations.files.compressed import is_compressed
from model_core.stations.numbers import witnesses
from model_core.stations.table_files import TableFile


def witnesses_in(file: Path, table: TableFile, columns: Mapping[str, Sequence[str]], rows: int) -> dict[str, tuple[str, ...]]:
    """One cell of each kind that tells a decimal sign, from anywhere in the file.

    Parameters
    ----------
    table : of the file
    columns : by a name of their own, columns that are read alike
    rows : that are held at a time

    Returns
    -------
    dict
        Texts under the same names; none where no cell can hold a comma.
    """
    found: dict[str, dict[str, None]] = {key: {} for key in columns}
    if getattr(table, "separator", None) == "," and not _has_quotes(file):
        return dict.fromkeys(columns, ())
    wanted = list(dict.fromkeys(name for names in columns.values() for name in names))
    for part, _ in table.parts(wanted, rows):
        for key, names in columns.items():
            for name in names:
                found[key] |= dict.fromkeys(witnesses(part[name]))
    return {key: tuple(texts) for key, texts in found.items()}


def _has_quotes(file: Path) -> bool:
    """Whether a file holds a quotation mark, or may hold one because it is compressed."""
    if is_compressed(file) or zipfile.is_zipfile(file):
        return True
    with open(file, "rb") as stream:
        return any(b'"' in block for block in iter(lambda: stream.read(1 << 20), b""))
