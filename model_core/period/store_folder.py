"""The folder of a Zarr store: it takes the place of an older one as a whole, and no rest of it is taken for a store."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from model_core.atomic_file import second_name
from model_core.errors import OutputError
from model_core.open_elsewhere import patiently

# The last one makes a folder a store of Zarr's format 2.
_MARKS = (".zmetadata", ".zattrs", ".zgroup")


def remove_store(folder: Path) -> None:
    """Remove a store, first what makes it one: what a killed process, or a program that has a part of it open, leaves is no store."""
    try:
        for mark in _MARKS:
            (folder / mark).unlink(missing_ok=True)
    except OSError:  # it is held: better whole than in part
        return
    shutil.rmtree(folder, ignore_errors=True)


def put_aside(store: Path, aside: Path) -> None:
    """Rename a store that is to be replaced; an older one that was put aside is removed. `OutputError` if it is held."""
    remove_store(aside)
    try:
        patiently(lambda: os.replace(store, aside))
    except OSError as error:
        raise OutputError(
            f"'{store}', which an earlier run left, can't be renamed ({error.strerror or error}): it is open in another program, or is "
            "protected; close it there, or choose another name for the output"
        ) from error


def take_place(store: Path, out: Path, aside: Path) -> None:
    """Give a complete store its name; an older one that has the name is renamed to `aside`.

    Windows renames no folder with a file that a program has open. Then the older store stays, the new one is kept under a second
    name, and the error says which.

    Raises
    ------
    OutputError
        If the older store is held.
    OSError
        If the new one can't be renamed; the older one has its name again.
    """
    if not out.exists():
        patiently(lambda: os.replace(store, out))
        return
    remove_store(aside)
    try:
        patiently(lambda: os.replace(out, aside))
    except OSError as error:
        second = second_name(out)
        patiently(lambda: os.replace(store, second))
        raise OutputError(
            f"'{out}' can't be replaced ({error.strerror or error}): a file in it is open in another program, or it is protected. The "
            f"result was kept as '{second}'; close the other one there (in QGIS remove the layer), and rename the result"
        ) from error
    try:
        patiently(lambda: os.replace(store, out))
    except OSError:
        os.replace(aside, out)
        raise
