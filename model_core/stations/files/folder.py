"""Folders of tables, one file per sensor, day or part."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from model_core.errors import InputError
from model_core.stations.files.compressed import COMPRESSED_SUFFIXES

TEXT_SUFFIXES = {".csv", ".txt", ".tsv", ".dat", ".tab", ".psv", ".asc", ".prn"}
PARQUET_SUFFIXES = {".parquet", ".geoparquet", ".pq"}
SHEET_SUFFIXES = {".xlsx", ".xlsm", ".ods"}
VECTOR_SUFFIXES = {".gpkg", ".shp", ".geojson", ".json", ".fgb", ".gml", ".kml", ".sqlite"}
_KNOWN = TEXT_SUFFIXES | PARQUET_SUFFIXES | SHEET_SUFFIXES | VECTOR_SUFFIXES
_ABOUT = ("readme", "read_me", "licence", "license", "metadata", "changelog", "copying")


def table_suffix(name: str) -> str:
    """The suffix that says what a file is, in lower case: ``.csv`` of ``a.csv.gz``."""
    path = PurePosixPath(name)
    return (PurePosixPath(path.stem) if path.suffix.lower() in COMPRESSED_SUFFIXES - {".zip"} else path).suffix.lower()


def is_table_name(name: str) -> bool:
    """Whether a file's name is that of a table and not of a text about it."""
    path = PurePosixPath(name)
    known = table_suffix(name) in _KNOWN or path.suffix.lower() == ".zip"
    return known and not path.name.startswith((".", "~$", "_")) and not path.name.lower().startswith(_ABOUT)


def tables_in(folder: Path) -> tuple[list[Path], list[str]]:
    """The tables of a folder, by name, and notes on the files that are passed over.

    Passed over are hidden files, texts about the data and files of other kinds. A folder whose folders hold
    Parquet files is one table.

    Raises
    ------
    InputError
        If there is none.
    """
    entries = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    files = [path for path in entries if path.is_file() and is_table_name(path.name)]
    if not files and is_parquet_folder(folder):
        return [folder], []
    if not files:
        raise InputError(f"folder '{folder}' holds no table; known are {', '.join(sorted(_KNOWN))}, also as .gz, .bz2, .xz and .zip")
    # The other files of a shapefile belong to it.
    stems = {path.stem for path in files if path.suffix.lower() == ".shp"}
    others = [path.name for path in entries if path not in files and not (path.is_file() and path.stem in stems)]
    notes = [f"passed over in '{folder}', as no tables: {', '.join(others[:5])}" + (f" and {len(others) - 5} more" if others[5:] else "")]
    return files, notes if others else []


def is_parquet_folder(folder: Path) -> bool:
    """Whether a folder is a Parquet table in several files, as Spark, Dask and Arrow write them."""
    return any(not part.startswith((".", "_")) for path in folder.rglob("*.parquet") for part in path.relative_to(folder).parts[-1:])
