"""The door to files that hold tables: which kind a file is, by its first bytes and its name."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from model_core.errors import InputError
from model_core.stations.files import compressed
from model_core.stations.files.folder import (
    PARQUET_SUFFIXES,
    SHEET_SUFFIXES,
    TEXT_SUFFIXES,
    VECTOR_SUFFIXES,
    is_parquet_folder,
    is_table_name,
    table_suffix,
)
from model_core.stations.files.parquet import ParquetFile
from model_core.stations.files.sheets import SheetFile
from model_core.stations.files.text import TextFile
from model_core.stations.files.vector import VectorFile

__all__ = ["PARQUET_SUFFIXES", "SHEET_SUFFIXES", "TEXT_SUFFIXES", "VECTOR_SUFFIXES", "TableFile", "open_table"]

TableFile = TextFile | SheetFile | ParquetFile | VectorFile
_ZIP, _PARQUET, _OLD_OFFICE = (b"PK\x03\x04", b"PK\x05\x06"), b"PAR1", b"\xd0\xcf\x11\xe0"
_ARCHIVES = {b"7z\xbc\xaf": "7z", b"Rar!": "RAR"}
_FIELDS = (b"\x89HDF\r\n\x1a\n", b"CDF\x01", b"CDF\x02", b"CDF\x05", b"GRIB")
_MARKUP = (b"<html", b"<!doctype html", b"<table", b'<?xml version="1.0"?>\n<workbook')


def open_table(file: Path, layer: str | None = None, *, encoding: str | None = None, decimal: str | None = None) -> TableFile:
    """The table of a file, of a file that is compressed, or of a folder of Parquet files.

    Parameters
    ----------
    layer : of several layers, sheets or files in a zip archive, the one to read
    encoding : of a text file or the texts of a vector file; default: found
    decimal : sign of decimal numbers; ``,`` makes a comma the least likely separator of cells. Cells come as they are written.

    Raises
    ------
    InputError
        If it is missing, empty, damaged, of no known kind, or has several layers and none is chosen.
    """
    if not file.exists():
        raise InputError(f"station file '{file}' does not exist")
    if file.is_dir():
        return ParquetFile(file) if is_parquet_folder(file) else VectorFile(file, layer, encoding)
    if file.stat().st_size == 0:
        raise InputError(f"station file '{file}' is empty")
    with open(file, "rb") as stream:
        start = stream.read(6)
    for magic, name in _ARCHIVES.items():
        if start.startswith(magic):
            raise InputError(f"'{file}' is a {name} archive; unpack it and name the table in it")
    if not start.startswith(_ZIP) or table_suffix(file.name) in SHEET_SUFFIXES | {".kmz"}:
        return _open(file, None, layer, encoding, decimal)
    names = compressed.members_of(file)
    if any(name in ("[Content_Types].xml", "mimetype") for name in names):
        raise InputError(f"'{file}' is a workbook; call it .xlsx or .ods")
    member = _member(file, names, layer)
    if member is None:  # a file geodatabase, or what else GDAL knows in an archive
        return VectorFile(file, layer, encoding)
    table = _open(file, member, None if layer and layer in _names_for(member) else layer, encoding, decimal)
    table.notes.insert(0, f"'{member}' of the archive is read")
    return table


def _open(file: Path, member: str | None, layer: str | None, encoding: str | None, decimal: str | None) -> TableFile:
    """The table of a file or of a file in an archive, of the kind that its first bytes or its name say."""
    where = f"{file}/{member}" if member else str(file)
    suffix = table_suffix(member or file.name)
    packed = member is not None or compressed.is_compressed(file)
    start = _start(file, member, where)
    if start.startswith(_OLD_OFFICE):
        raise InputError(f"'{where}' is a workbook of the old form .xls, or locked by a password; save it as .xlsx or CSV")
    if start.startswith(_FIELDS):
        raise InputError(f"'{where}' is a NetCDF, HDF or GRIB file, no table of readings; fields of a model are given with --ctm or --grid")
    if start.lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith(_MARKUP):
        raise InputError(f"'{where}' is a web page or XML, whatever its name; open it in a spreadsheet and save it as .xlsx or CSV")
    if start.startswith(_PARQUET):
        suffix = ".parquet"
    elif start.startswith(_ZIP) and suffix not in SHEET_SUFFIXES | {".kmz"}:
        raise InputError(f"'{where}' is an archive inside an archive; unpack it and name the table in it")
    if suffix in TEXT_SUFFIXES | {".xls"} or (packed and suffix not in PARQUET_SUFFIXES | SHEET_SUFFIXES | VECTOR_SUFFIXES):
        if layer is not None and layer not in _names_for(member or file.name):
            raise InputError(f"'{where}' is one table, without a layer '{layer}'")
        return TextFile(file, member, encoding, decimal)
    folder = None
    if packed:
        file, folder = compressed.unpacked(file, member)
    table = _of_kind(file, suffix, layer, encoding, decimal, where)
    table.unpacked = folder  # lives as long as the table
    return table


def _of_kind(file: Path, suffix: str, layer: str | None, encoding: str | None, decimal: str | None, where: str) -> TableFile:
    if suffix in PARQUET_SUFFIXES:
        return ParquetFile(file, where)
    if suffix in SHEET_SUFFIXES:
        return SheetFile(file, layer, where)
    try:
        return VectorFile(file, layer, encoding, where)
    except InputError:
        if suffix in VECTOR_SUFFIXES or layer is not None:
            raise
        try:
            return TextFile(file, None, encoding, decimal)
        except InputError:
            pass
        raise


def _start(file: Path, member: str | None, where: str) -> bytes:
    """The first bytes of what is in a file."""
    with compressed.open_stream(file, member) as stream:
        try:
            return stream.read(256)
        except compressed.BROKEN as error:
            raise InputError(f"'{where}' can't be unpacked: {error}; it is damaged, cut off or locked, get it again") from error


def _member(file: Path, names: list[str], layer: str | None) -> str | None:
    """The table in an archive: the one that is named, else the only one; None where no file looks like a table."""
    named = [name for name in names if layer in _names_for(name)]
    tables = named or [name for name in names if is_table_name(PurePosixPath(name).name)]
    if len(tables) > 1:
        listed = ", ".join(tables[:12]) + (f" and {len(tables) - 12} more" if tables[12:] else "")
        raise InputError(
            f"'{file}' holds {len(tables)} tables: {listed}; write {file.name}|layername=NAME with one of them, "
            "or unpack it and name the folder"
        )
    if not tables and len(names) == 1:
        return names[0]
    return tables[0] if tables else None


def _names_for(member: str) -> set[str]:
    """How a file in an archive may be called: in full, without its folder, without its suffixes."""
    name = PurePosixPath(member).name
    return {member, name, PurePosixPath(name).stem, name.partition(".")[0]}
