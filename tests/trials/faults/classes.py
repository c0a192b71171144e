"""The classes of faults, with the number of trials of a full run."""

from __future__ import annotations

from typing import Callable

FAULTS: dict[str, tuple[Callable, int]] = {}
