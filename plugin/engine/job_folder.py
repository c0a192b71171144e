"""The folder in which a job is handed over to the engine."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Iterator

from .folder_lock import Held, only_one

PREFIX, IN_USE = "ctm-reanalysis-", "in-use.lock"
# A folder that is this young may be in the making: its lock is not held yet.
YOUNG_SECONDS = 60.0


@contextlib.contextmanager
def job_folder() -> Iterator[Path]:
    """A folder for what a job hands over to the engine; removed afterwards.

    Folders that a QGIS left behind which was killed are removed as well.
    """
    _remove_abandoned()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        with only_one(folder / IN_USE):
            yield folder
    finally:
        _remove(folder)


def _remove(folder: Path) -> None:
    """Remove it, the lock's file last: by that a folder is known which a killed process did not remove to its end."""
    with contextlib.suppress(OSError):  # it is gone, or in use: what is left goes with the next job
        for path in folder.iterdir():
            if path.name != IN_USE:
                path.unlink()
    shutil.rmtree(folder, ignore_errors=True)


def _remove_abandoned() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError, Held):  # another user's, or of a QGIS that lives
            about = folder.lstat()
            mine = not hasattr(os, "getuid") or about.st_uid == os.getuid()
            if mine and time.time() - about.st_mtime > YOUNG_SECONDS and (folder / IN_USE).is_file():
                with only_one(folder / IN_USE):
                    pass
                _remove(folder)
