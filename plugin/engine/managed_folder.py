"""The folder of the engine environment: held by one set-up at a time, and taken away only as a whole."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from pathlib import Path
from typing import Iterator

if __package__:
    from . import folder_lock, process
    from .errors import SetUpError
    from .qgis_side import tr
else:
    import folder_lock
    import process
    from errors import SetUpError
    from qgis_side import tr

TRIES, PAUSE_SECONDS = 6, 0.5


def remove(folder: Path, marks: tuple[str, str]) -> None:
    """Delete what an earlier set-up left, and nothing else: it holds one of the files `marks`.

    It is renamed first, which Windows refuses as long as another QGIS uses it: then it stays whole.
    """
    if not folder.exists() or not any(folder.iterdir()):
        shutil.rmtree(folder, ignore_errors=True)
        return
    # An earlier version could delete its marker and then stop: the log that is left tells as well that the folder is ours.
    if not any((folder / name).exists() for name in marks):
        raise SetUpError(
            tr("{folder} is not empty and was not made by this set-up. Choose another folder, or empty it.").format(folder=folder)
        )
    for remaining in reversed(range(TRIES)):
        try:
            os.rename(folder, folder.with_name(f".{folder.name}.old-{os.getpid()}"))
            break
        except OSError as error:
            if remaining and process.WINDOWS:  # the engine that was just ended, or a virus scanner, lets go of it in a moment
                time.sleep(PAUSE_SECONDS)
                continue
            raise SetUpError(
                tr("{folder} can't be renewed ({reason}). Close every QGIS that uses it and try again.").format(folder=folder, reason=error)
            ) from error
    remove_old(folder)


def remove_old(folder: Path) -> None:
    """Delete environments that were renamed to be deleted; what Windows still holds goes next time."""
    for old in folder.parent.glob(f".{folder.name}.old-*"):
        shutil.rmtree(old, ignore_errors=True)


@contextlib.contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold the folder for one set-up; the operating system lets go of it even if this process is killed."""
    lock = contextlib.ExitStack()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock.enter_context(folder_lock.only_one(folder.parent / f".{folder.name}.lock"))
    except folder_lock.Held as error:
        raise SetUpError(tr("another set-up of {folder} is running; wait for it to end").format(folder=folder)) from error
    except OSError as error:
        raise SetUpError(tr("{folder} can't be written: {reason}").format(folder=folder.parent, reason=error)) from error
    with lock:
        yield
