"""Unfinished outputs of an engine process that was ended."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Sequence

from . import process
from .folder_lock import Held, only_one

# The engine writes `.NAME.partial` beside NAME and renames it when it is complete; meanwhile it holds `.NAME.lock`.
PARTIAL, LOCK = ".{}.partial", ".{}.lock"


def remove_leftovers(outputs: Sequence[str]) -> None:
    """Remove the unfinished parts of these outputs; files under their final names are never touched."""
    for output in map(Path, outputs):
        partial = output.with_name(PARTIAL.format(output.name))
        for _ in range(10):
            try:
                partial.unlink()
            except FileNotFoundError:
                break
            except OSError:  # Windows lets go of a killed process's files a moment later
                time.sleep(0.1)
        _remove_lock(output.with_name(LOCK.format(output.name)))


def _remove_lock(path: Path) -> None:
    """Remove a lock file that nobody holds any more."""
    with contextlib.suppress(OSError, Held):
        if path.is_file():
            with only_one(path):
                if not process.WINDOWS:
                    path.unlink()
            if process.WINDOWS:  # which takes away no open file
                path.unlink()
