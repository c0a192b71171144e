"""Private folders for a while: they go with their user, and with the next one if their process was killed."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import weakref
from contextlib import suppress
from pathlib import Path

from model_core.file_lock import take_lock

# As `plugin.engine.job_folder` has them, which removes what is abandoned too.
PREFIX, IN_USE = "ctm-reanalysis-", "in-use.lock"
YOUNG_SECONDS = 60.0  # a folder that is this young may be in the making: its lock is not held yet


class TemporaryFolder:
    """A folder in the system's temporary folder, for this user alone; a context manager that gives its path.

    It is removed at the end of the block, or with the object. What a killed process left is removed when the next one is made.
    """

    def __init__(self) -> None:
        _remove_abandoned()
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        lock = os.open(self.path / IN_USE, os.O_RDWR | os.O_CREAT)
        take_lock(lock)
        self._remove = weakref.finalize(self, _let_go, lock, self.path)

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *_: object) -> None:
        self._remove()


def _let_go(lock: int, folder: Path) -> None:
    """Remove a folder whose lock is held. The lock's file goes last: by it a folder is known that was not removed to its end."""
    with suppress(OSError):  # what can't be removed now is removed when the next folder is made
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name != IN_USE:
                path.unlink()
    os.close(lock)  # Windows removes no open file
    with suppress(OSError):
        if os.listdir(folder) == [IN_USE]:
            (folder / IN_USE).unlink()
            folder.rmdir()


def _remove_abandoned() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):  # another user's, or in use
            about = folder.lstat()
            mine = not hasattr(os, "getuid") or about.st_uid == os.getuid()
            if not mine or time.time() - about.st_mtime <= YOUNG_SECONDS:
                continue
            if not (folder / IN_USE).exists():
                folder.rmdir()  # which does nothing unless it is empty
                continue
            lock = os.open(folder / IN_USE, os.O_RDWR)
            try:
                take_lock(lock)
            except OSError:
                os.close(lock)
                continue
            _let_go(lock, folder)
