"""Compressed files as streams of what is in them: gzip, bzip2, xz, and zip archives with a table inside."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import shutil
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from model_core.errors import InputError
from model_core.temporary_folder import TemporaryFolder

COMPRESSED_SUFFIXES = {".gz", ".bz2", ".xz", ".zip"}
# Beyond this size, what a file holds may be so many times the file's own size; real tables shrink ten- to a hundredfold.
_LARGE, _MOST_TIMES = 256 << 20, 300
_OPENERS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
# What packing programs and file managers leave in an archive.
_JUNK_FOLDERS, _JUNK_NAMES = {"__MACOSX"}, {"thumbs.db", "desktop.ini"}
_TAR = (257, b"ustar")
# What damaged or encrypted files raise while they are being read.
BROKEN = (EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError, NotImplementedError, UnicodeDecodeError)


def inner_name(file: Path) -> str:
    """The file's name without the suffix of its compression: ``a.csv`` of ``a.csv.gz``."""
    return file.stem if file.suffix.lower() in COMPRESSED_SUFFIXES - {".zip"} else file.name


def members_of(file: Path) -> list[str]:
    """Names of the files in a zip archive, without folders and what packing programs leave.

    Raises
    ------
    InputError
        If the archive is damaged or empty.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            names = [entry.filename for entry in archive.infolist() if not entry.is_dir() and not _is_junk(entry.filename)]
    except (*BROKEN, ValueError) as error:
        raise InputError(f"'{file}' is no readable zip archive: {error}; download or pack it again") from error
    if not names:
        raise InputError(f"zip archive '{file}' holds no file")
    return names


def open_stream(file: Path, member: str | None = None) -> BinaryIO:
    """What a file holds, as a stream of bytes; a file that is not compressed as it is.

    The first bytes decide, not the suffix: browsers unpack downloads and keep the name.

    Parameters
    ----------
    member : of a zip archive, the file in it

    Raises
    ------
    InputError
        If it can't be opened. While it is being read: see `BROKEN`, and `InputError` if far more comes out than any table holds.
    """
    try:
        if member is not None:
            archive = zipfile.ZipFile(file)
            try:
                stream = archive.open(member)
            finally:
                archive.close()  # the stream keeps the file open
        else:
            with open(file, "rb") as start:
                first = start.read(6)
            opener = next((opener for magic, opener in _OPENERS.items() if first.startswith(magic)), None)
            if opener is None:
                return open(file, "rb")
            stream = opener(file, "rb")
    except (*BROKEN, ValueError) as error:
        raise InputError(f"'{file}' can't be opened: {error}") from error
    except KeyError as error:
        raise InputError(f"'{file}' holds no file '{member}'") from error
    return io.BufferedReader(_Guarded(stream, file), 1 << 16)


def is_compressed(file: Path) -> bool:
    """Whether the first bytes are those of gzip, bzip2 or xz."""
    with open(file, "rb") as start:
        return start.read(6).startswith(tuple(_OPENERS))


def refuse_swollen(file: Path) -> None:
    """Raise `InputError` if a zip archive, such as a workbook, says that it unpacks to what no table of its size does."""
    if not zipfile.is_zipfile(file):
        return
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (*BROKEN, ValueError) as error:
        raise InputError(f"'{file}' is no readable workbook or archive: {error}; save it again") from error
    if size > max(_LARGE, _MOST_TIMES * file.stat().st_size):
        raise InputError(
            f"'{file}' unpacks to {size / 1e9:.1f} GB, which no table of its size does; if it is a table, unpack it and save it as CSV"
        )


def refuse_tar(start: bytes, file: Path) -> None:
    """Raise `InputError` where the unpacked bytes begin as a tar archive."""
    if start[_TAR[0] : _TAR[0] + 5] == _TAR[1]:
        raise InputError(f"'{file}' is a tar archive of several files; unpack it and name the table, or the folder")


def unpacked(file: Path, member: str | None = None) -> tuple[Path, TemporaryFolder]:
    """The file or the member of an archive on disk, in a private folder that is removed when its object is.

    For kinds of tables that are read at random places. Files of the same name beside a member (``.shx``, ``.dbf`` of a
    shapefile) come with it. Names in the archive say nothing about where they are written.
    """
    folder = TemporaryFolder()
    names = [None]
    if member is not None:
        own = PurePosixPath(member)
        names = [name for name in members_of(file) if PurePosixPath(name).parent == own.parent and PurePosixPath(name).stem == own.stem]
    for name in names:
        target = folder.path / (PurePosixPath(name).name if name else inner_name(file))
        try:
            with open_stream(file, name) as packed, open(target, "wb") as out:
                shutil.copyfileobj(packed, out, 1 << 20)
        except BROKEN as error:
            raise InputError(f"'{file}' can't be unpacked: {error}; download or pack it again") from error
    return folder.path / (PurePosixPath(member).name if member else inner_name(file)), folder


class _Guarded(io.RawIOBase):
    """A stream that stops where a small file swells to what no table does."""

    def __init__(self, stream: BinaryIO, file: Path):
        self._stream, self._file = stream, file
        self._most = max(_LARGE, _MOST_TIMES * file.stat().st_size)
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        block = self._stream.read(len(buffer))
        self._count += len(block)
        if self._count > self._most:
            raise InputError(
                f"'{self._file}' swells to more than {self._most >> 20} MiB, over {_MOST_TIMES} times its size, as no table does; "
                "if it is one, unpack it"
            )
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _is_junk(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return not parts or bool(_JUNK_FOLDERS & set(parts)) or parts[-1].startswith(".") or parts[-1].lower() in _JUNK_NAMES
