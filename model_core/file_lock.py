"""One run at a time writes an output: a lock that the operating system lets go of when its process ends, however it ends."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from model_core.errors import OutputError


@contextmanager
def only_one(out: Path) -> Iterator[None]:
    """Hold the lock of an output while the block runs; its file ``.NAME.lock`` beside it is taken away afterwards.

    Raises
    ------
    OutputError
        If another process holds it, or the folder can't be written to.
    """
    out = out.absolute()
    path = out.with_name(f".{out.name}.lock")
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise OutputError(f"can't write '{out}': {error.strerror or error}; choose another folder") from error
    try:
        try:
            _lock(file)
        except OSError as error:
            raise OutputError(f"'{out}' is being written by another run; wait until it ends, or choose another name") from error
        try:
            yield
        finally:
            if os.name != "nt":  # Windows takes away no open file
                path.unlink(missing_ok=True)
    finally:
        os.close(file)
        if os.name == "nt":
            _remove(path)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:  # another run has it by now
        pass


if os.name == "nt":
    import msvcrt

    def _lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
