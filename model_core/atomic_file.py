"""Files that appear under their name only when they are complete."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Iterator

from model_core.errors import OutputError
from model_core.file_lock import only_one
from model_core.open_elsewhere import patiently


def partial_path(path: str | Path) -> Path:
    """Where `path` is written until it is complete: hidden, in the same folder, so that the rename is one step."""
    path = Path(path)
    return path.with_name(f".{path.name}.partial")


@contextmanager
def atomic_file(path: str | Path) -> Iterator[Path]:
    """Gives a path to write to; it takes the final name when the block ends well, and is removed when it does not.

    A file that already has the final name stays untouched until then. Where another program holds that file (on Windows an
    open file can't be replaced), what was written is kept under a second name, and the error says which.

    Raises
    ------
    OutputError
        If the folder is missing or can't be written to, the target is a folder, open in another program or being written by
        another run, or writing fails (disk full).
    """
    path = Path(path)
    _check_place(path)
    partial = partial_path(path)
    with only_one(path):  # two runs would write into one unfinished file
        try:
            _begin(partial)  # fails early, and with the operating system's own reason
            yield partial
            _give_name(partial, path)
        except OSError as error:
            raise OutputError(f"can't write '{path}': {error.strerror or error}; choose another folder or make room there") from error
        finally:
            _remove(partial)


def _begin(partial: Path) -> None:
    """Make the file anew: what lies in its place, such as a link that leads elsewhere, is not written through."""
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))


def check_target(path: Path) -> None:
    """Raise `OutputError` if no file could be made at `path`, or the one there could not be replaced; a long job asks before it begins."""
    _check_place(path)
    if path.exists():
        try:
            os.rename(path, path)  # changes nothing; Windows refuses it while a program holds the file, as it will at the end
        except PermissionError as error:
            raise OutputError(
                f"'{path}' can't be replaced ({error.strerror or error}): it is open in another program, such as QGIS that shows it, "
                "or is protected; close it there (in QGIS remove the layer), or choose another name"
            ) from error
        except OSError:  # a disk that is read-only, say: writing says so in its own words
            return


def _check_place(path: Path) -> None:
    if not path.name or path.is_dir():
        raise OutputError(f"'{path}' is a folder; name a file in it")
    folder = path.absolute().parent
    if not folder.exists():
        raise OutputError(f"folder '{folder}' does not exist; create it, or choose another output file")
    if not folder.is_dir():
        raise OutputError(f"'{folder}' is a file, not a folder; choose another output file")


def _give_name(partial: Path, path: Path) -> None:
    """Rename; `OutputError` that says where the result is, if another program holds the file that has the name."""
    try:
        patiently(lambda: os.replace(partial, path))
        return
    except PermissionError as error:
        if not path.exists():  # the folder refuses, or a program holds the new file: a second name would not help
            raise
        refusal = error
    second = second_name(path)
    os.replace(partial, second)
    raise OutputError(
        f"'{path}' can't be replaced ({refusal.strerror or refusal}): it is open in another program, or is protected. The result was "
        f"kept as '{second}'; close the other file there (in QGIS remove the layer), and rename the result"
    ) from refusal


def second_name(path: Path) -> Path:
    """A name beside `path` that is not taken: field_2.tif, field_3.tif, ..."""
    number = 2
    while (second := path.with_name(f"{path.stem}_{number}{path.suffix}")).exists():
        number += 1
    return second


def _remove(partial: Path) -> None:
    try:
        partial.unlink(missing_ok=True)
    except OSError:  # the folder itself is gone or closed; the first error says more
        with suppress(OSError):  # or a library keeps it open after a full disk: then it takes no room there
            os.truncate(partial, 0)
