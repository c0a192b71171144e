"""A lock that one process holds at a time; the operating system lets go of it even if that process is killed."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Iterator

if __package__:
    from . import process
else:
    import process


class Held(Exception):
    """Another process has the lock."""


@contextlib.contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold the lock file `path`, which is made where it is missing; `Held` if another process does, `OSError` if it can't be made."""
    with open(path, "a") as handle:
        try:
            if process.WINDOWS:
                import msvcrt

                msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Held(str(path)) from error
        yield
