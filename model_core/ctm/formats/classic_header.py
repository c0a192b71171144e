"""A check of classic NetCDF headers before the library reads them.

The library believes the counts in a header: a damaged one can keep it busy for minutes, or make it read the missing end of
a file as zeros. Source: the NetCDF file format specification, "The NetCDF classic format" (versions 1, 2 and 5).
"""

from __future__ import annotations

from pathlib import Path

_TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 6: 8, 7: 1, 8: 2, 9: 4, 10: 8, 11: 8}
_DIMENSIONS, _VARIABLES, _ATTRIBUTES = 10, 11, 12
_LARGEST_HEADER = 64 * 1024 * 1024


def check_classic(path: Path) -> None:
    """Raise `OSError` if the header of a classic file contradicts itself or promises more than the file holds."""
    length = path.stat().st_size
    with open(path, "rb") as file:
        header = _Header(file.read(min(length, _LARGEST_HEADER)))
    records = header.size()
    streaming = records == 2 ** (64 if header.version == 5 else 32) - 1  # the number of records is then that which is there
    sizes = [header.dimension() for _ in range(header.list_of(_DIMENSIONS))]
    header.attributes()
    fixed_end, records_of, record_start = 0, [], None
    variables = header.list_of(_VARIABLES)
    for _ in range(variables):
        header.name()
        shape = [header.size() for _ in range(header.count(header.wide))]
        header.attributes()
        width = header.type_size()
        header.size()  # vsize, which is redundant and wrong in large files
        begin = header.number(4 if header.version == 1 else 8)
        if any(dim >= len(sizes) for dim in shape):
            raise OSError("a variable names a dimension that is not there")
        cells = width
        for dim in shape[1:] if shape and not sizes[shape[0]] else shape:
            cells *= sizes[dim]
        if shape and not sizes[shape[0]]:
            records_of.append(cells)
            record_start = begin if record_start is None else min(record_start, begin)
        else:
            fixed_end = max(fixed_end, begin + cells)
    expected = fixed_end
    # Records are padded to four bytes, unless there is one variable only.
    record_bytes = records_of[0] if len(records_of) == 1 else sum(cells + -cells % 4 for cells in records_of)
    if record_start is not None and records and not streaming:
        expected = max(expected, record_start + records * record_bytes - 3)  # the last record may lack its padding
    if length < expected:
        raise OSError(f"{length} bytes where its header promises {expected}")


class _Header:
    """Reads big-endian numbers one after the other, and refuses counts that do not fit into what is left."""

    def __init__(self, content: bytes):
        self._content, self._at = content, 4
        self.version = content[3]
        self.wide = 8 if self.version == 5 else 4

    def number(self, width: int) -> int:
        self._at += width
        if self._at > len(self._content):
            raise OSError("its header ends in the middle")
        return int.from_bytes(self._content[self._at - width : self._at], "big")

    def size(self) -> int:
        return self.number(self.wide)

    def count(self, least: int) -> int:
        """A number of items of at least so many bytes each."""
        number = self.size()
        if number * least > len(self._content) - self._at:
            raise OSError(f"its header claims {number} items where {len(self._content) - self._at} bytes are left")
        return number

    def list_of(self, tag: int) -> int:
        """Number of items of a list, 0 where it is absent."""
        found, number = self.number(4), self.count(self.wide)
        if found not in (0, tag) or (found == 0 and number):
            raise OSError("its header is not in order")
        return number

    def name(self) -> None:
        self._skip(self.count(1))

    def dimension(self) -> int:
        """Its length, 0 for the one that grows."""
        self.name()
        return self.size()

    def type_size(self) -> int:
        kind = self.number(4)
        if kind not in _TYPE_SIZES:
            raise OSError(f"its header names a type {kind} that does not exist")
        return _TYPE_SIZES[kind]

    def attributes(self) -> None:
        for _ in range(self.list_of(_ATTRIBUTES)):
            self.name()
            width = self.type_size()
            self._skip(width * self.count(width))

    def _skip(self, length: int) -> None:
        self._at += length + -length % 4
