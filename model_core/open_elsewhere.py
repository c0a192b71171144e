"""What Windows refuses as long as another program has a file open is tried again for two seconds."""

from __future__ import annotations

import time
from typing import Callable, TypeVar

# A virus scanner or a search index looks into a new file for a moment, and Windows renames and replaces no file that is open.
_TRIES, _PAUSE_SECONDS = 8, 0.25

Result = TypeVar("Result")


def patiently(act: Callable[[], Result]) -> Result:
    """What `act` returns; its `PermissionError` is raised when it has been refused for two seconds."""
    for _ in range(_TRIES - 1):
        try:
            return act()
        except PermissionError:
            time.sleep(_PAUSE_SECONDS)
    return act()
