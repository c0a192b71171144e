"""One run at a time writes an output: a lock that the operating system lets go of when its process ends, however it ends."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Callable, Iterator

from model_core.errors import OutputError

_PAUSE_SECONDS = 0.1
_WINDOWS = os.name == "nt"
_VANISHING_SECONDS = 1.0  # Windows refuses to open a file that somebody takes away until all have closed it
_held: set[tuple[int, str]] = set()  # (process, output): who holds an output may write it file by file


@contextmanager
def only_one(out: Path, wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock of an output while the block runs; its file ``.NAME.lock`` beside it is taken away afterwards.

    A block in the same process that is inside another one of the same output goes on at once.

    Parameters
    ----------
    wait : called ten times a second while another process holds the lock; may raise `Cancelled`. Default: refuse at once.

    Raises
    ------
    OutputError
        If another process holds it and no `wait` is given, or the folder can't be written to.
    """
    out = Path(os.path.abspath(out))
    mine = os.getpid(), str(out)
    if mine in _held:
        yield
        return
    path = out.with_name(f".{out.name}.lock")
    file = _acquire(path, out, wait)
    _held.add(mine)
    try:
        yield
    finally:
        _held.discard(mine)
        if not _WINDOWS:  # where no open file can be taken away
            _remove(path)
        os.close(file)
        if _WINDOWS:
            _remove(path)


def remove_abandoned(out: Path) -> None:
    """Take away the lock file that a killed process left beside a finished output; one that is held stays."""
    out = Path(os.path.abspath(out))
    if out.with_name(f".{out.name}.lock").exists():
        with suppress(OutputError), only_one(out):
            pass


def _acquire(path: Path, out: Path, wait: Callable[[], None] | None) -> int:
    """The open and locked lock file."""
    begun = time.monotonic()
    while True:
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            if _WINDOWS and isinstance(error, PermissionError) and time.monotonic() - begun < _VANISHING_SECONDS:
                time.sleep(_PAUSE_SECONDS)
                continue
            raise OutputError(f"can't write '{out}': {error.strerror or error}; choose another folder") from error
        try:
            take_lock(file)
            if _is_that(path, file):
                return file
            os.close(file)  # who had it took its file away in the meantime
            continue
        except OSError as error:
            os.close(file)
            if wait is None:
                raise OutputError(f"'{out}' is being written by another run; wait until it ends, or choose another name") from error
        wait()
        time.sleep(_PAUSE_SECONDS)


def _is_that(path: Path, file: int) -> bool:
    """Whether the name still leads to the open file."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(file))
    except OSError:
        return False


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:  # another run has it by now, or the folder is gone
        pass


if os.name == "nt":
    import msvcrt

    def take_lock(file: int) -> None:
        """Lock an open file, `OSError` if it is locked; the system lets go of it when the file is closed or the process ends."""
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def take_lock(file: int) -> None:
        """Lock an open file, `OSError` if it is locked; the system lets go of it when the file is closed or the process ends."""
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
