"""Moments at which a process opens a file to write, renames or removes one: where a fault is most likely to do harm."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Callable

_NAMES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree", "os.truncate"}


def count_events(file: Path) -> None:
    """From now on, every event leaves a byte in a file."""
    out = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    _at_events(lambda: os.write(out, b"."))


def at_event(number: int, action: Callable[[], Any]) -> None:
    """Do something right before event `number` of this process, counted from 0."""
    seen = [0]

    def count() -> None:
        seen[0] += 1
        if seen[0] == number + 1:
            action()

    _at_events(count)


def _at_events(action: Callable[[], Any]) -> None:
    busy = [False]

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if busy[0] or not (event in _NAMES or event == "open" and _writes(arguments)):
            return
        busy[0] = True
        try:
            action()
        finally:
            busy[0] = False

    sys.addaudithook(hook)


def _writes(arguments: tuple[Any, ...]) -> bool:
    path, mode, flags = (*arguments, None, None)[:3]
    return isinstance(path, (str, bytes, os.PathLike)) and isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))
