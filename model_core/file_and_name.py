"""FILE:NAME, as users write the column of a table, the field of a layer or the grid of a GRIDDESC file."""

from __future__ import annotations


def file_and_name(text: str) -> tuple[str, str]:
    """Both parts of ``FILE:NAME``; the name is "" where none is said.

    The last colon divides them, unless a path goes on after it: then it belongs to a Windows drive (``C:\\data\\day.csv``) or to an address.
    """
    file, colon, name = text.rpartition(":")
    if not colon or name.startswith(("/", "\\")):
        return text, ""
    return file, name
