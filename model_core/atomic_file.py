"""Files that appear under their name only when they are complete."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from model_core.errors import OutputError


def partial_path(path: str | Path) -> Path:
    """Where `path` is written until it is complete: hidden, in the same folder, so that the rename is one step."""
    path = Path(path)
    return path.with_name(f".{path.name}.partial")


@contextmanager
def atomic_file(path: str | Path) -> Iterator[Path]:
    """Gives a path to write to; it takes the final name when the block ends well, and is removed when it does not.

    A file that already has the final name stays untouched until then.

    Raises
    ------
    OutputError
        If the folder is missing or can't be written to, the target is a folder, or writing fails (disk full).
    """
    path = Path(path)
    partial = partial_path(path)
    check_target(path)
    try:
        partial.write_bytes(b"")  # fails early, and with the operating system's own reason
        yield partial
        os.replace(partial, path)
    except OSError as error:
        raise OutputError(
            f"can't write '{path}': {error.strerror or error}; choose another folder or make room there"
        ) from error
    finally:
        _remove(partial)


def check_target(path: Path) -> None:
    """Raise `OutputError` if no file could be made at `path`; a long job asks before it begins."""
    if not path.name or path.is_dir():
        raise OutputError(f"'{path}' is a folder; name a file in it")
    folder = path.absolute().parent
    if not folder.exists():
        raise OutputError(f"folder '{folder}' does not exist; create it, or choose another output file")
    if not folder.is_dir():
        raise OutputError(f"'{folder}' is a file, not a folder; choose another output file")


def _remove(partial: Path) -> None:
    try:
        partial.unlink(missing_ok=True)
    except OSError:  # the folder itself is gone or closed; the first error says more
        pass
