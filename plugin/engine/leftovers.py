"""Unfinished outputs of an engine process that was ended."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Sequence

# The engine writes `.NAME.partial` beside NAME and renames it when it is complete.
PARTIAL = ".{}.partial"


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
