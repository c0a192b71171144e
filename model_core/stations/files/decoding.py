"""Which encoding a text file is read with: the whole file must be text in it."""

from __future__ import annotations

import codecs
import itertools
import re
from pathlib import Path
from typing import BinaryIO, Iterator

from model_core.errors import InputError
from model_core.stations.files import compressed
from model_core.stations.files.encodings import ranked

_BLOCK = 1 << 20  # bytes that are looked at together
_WORDS = 1000  # different words that the encoding is judged by
_FEW_BLOCKS = 16  # that are searched for more words where there are some
# Bytes that are never the second of a character of China, Japan or Korea.
_BETWEEN_WORDS = re.compile(rb"[\t\n\r ,;\"':=+]+")
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(file: Path, member: str | None = None, named: str | None = None) -> str:
    """The encoding of a text file, as Python calls it; ``utf-8-sig`` for UTF-8 with or without its mark.

    Parameters
    ----------
    member : of a zip archive, the file in it
    named : the encoding, if the user says it

    Raises
    ------
    InputError
        If the file is no text, is damaged, or the encoding that the user named is unknown or not the file's.
    """
    where = f"{file}/{member}" if member else str(file)
    with compressed.open_stream(file, member) as stream:
        start = _read(stream, where)
    if not start:
        raise InputError(f"station file '{where}' is empty")
    compressed.refuse_tar(start, file)
    if named is not None:
        return _named(file, member, named, where)
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return _checked(file, member, encoding, where)
    if wide := _utf16_without_mark(start):
        return _checked(file, member, wide, where)
    if b"\0" in start:
        raise InputError(f"'{where}' is not a text table: it holds zero bytes; save it as CSV in UTF-8")
    if _first_fault(file, member, "utf-8-sig", where) is None:
        return "utf-8-sig"
    sample = _beyond_ascii(file, member, where)
    if _mostly_utf8(sample):
        line = _first_fault(file, member, "utf-8-sig", where)
        raise InputError(f"'{where}' is in UTF-8, but line {line} holds other bytes; mend it, or name the encoding of the whole file")
    for encoding in ranked(sample):
        if _first_fault(file, member, encoding, where) is None:
            return encoding
    raise InputError(f"the encoding of '{where}' is not found out; name it, or save the table in UTF-8")


def sampled_encoding(file: Path) -> str | None:
    """The encoding of the bytes beyond ASCII in a file that is not all text, such as a dBASE table; None if there are none."""
    with open(file, "rb") as stream:
        content = stream.read(1 << 21)
    words = b"\n".join(word for word in content[32:].replace(b"\0", b" ").split() if not word.isascii())
    if not words:
        return None
    try:
        words.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        return next(iter(ranked(words)), None)


def _named(file: Path, member: str | None, encoding: str, where: str) -> str:
    try:
        if not codecs.lookup(encoding)._is_text_encoding:
            raise LookupError
    except LookupError as error:
        raise InputError(f"unknown encoding '{encoding}'; usual ones are utf-8, gb18030, cp1252, cp1250, big5, shift_jis, cp949") from error
    return _checked(file, member, "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding, where)


def _checked(file: Path, member: str | None, encoding: str, where: str) -> str:
    line = _first_fault(file, member, encoding, where)
    if line is not None:
        raise InputError(f"'{where}' is not in {encoding}: line {line} holds bytes that have no meaning in it; name another encoding")
    return encoding


def _first_fault(file: Path, member: str | None, encoding: str, where: str) -> int | None:
    """Number of the first line that is no text in this encoding; None if all are."""
    decoder, line = codecs.getincrementaldecoder(encoding)(), 1
    with compressed.open_stream(file, member) as stream:
        try:
            for block in _blocks(stream, where):
                text = decoder.decode(block)
                if "\0" in text:
                    raise InputError(f"'{where}' is not a text table: it holds zero bytes; save it as CSV in UTF-8")
                line += text.count("\n")
            decoder.decode(b"", final=True)
        except UnicodeError as error:
            before = getattr(error, "object", b"")[: getattr(error, "start", 0)]
            return line + before.count(b"\n")
    return None


def _beyond_ascii(file: Path, member: str | None, where: str) -> bytes:
    """Words that hold bytes beyond ASCII, each once, up to a limit."""
    found: dict[bytes, None] = {}
    rest = b""
    with compressed.open_stream(file, member) as stream:
        for number, block in enumerate(itertools.chain(_blocks(stream, where), (b"\n",))):
            *words, rest = _BETWEEN_WORDS.split(rest + block)
            found.update(dict.fromkeys(word for word in words if not word.isascii()))
            if len(found) > _WORDS or (found and number >= _FEW_BLOCKS):
                break
    return b"\n".join(list(found)[:_WORDS])


def _mostly_utf8(sample: bytes) -> bool:
    """Whether nearly all bytes beyond ASCII are characters of UTF-8; a few others are damage, or lines from another file."""
    beyond = sum(byte > 127 for byte in sample)
    kept = sum(byte > 127 for byte in sample.decode("utf-8", "ignore").encode())
    return kept >= 0.8 * beyond and kept >= 4


def _utf16_without_mark(start: bytes) -> str | None:
    """In UTF-16 every second byte of digits, separators and line ends is zero."""
    for encoding, zeros, others in (("utf-16-le", start[1::2], start[0::2]), ("utf-16-be", start[0::2], start[1::2])):
        if len(start) >= 4 and zeros.count(0) > 0.15 * len(zeros) and not others.count(0):
            return encoding
    return None


def _read(stream: BinaryIO, where: str) -> bytes:
    return next(_blocks(stream, where), b"")


def _blocks(stream: BinaryIO, where: str) -> Iterator[bytes]:
    try:
        while block := stream.read(_BLOCK):
            yield block
    except compressed.BROKEN as error:
        raise InputError(f"'{where}' can't be unpacked: {error}; it is damaged or cut off, get it again") from error
