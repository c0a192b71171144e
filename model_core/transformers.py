"""Transformations between coordinate reference systems, made once: PROJ takes some hundredths of a second to find one."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pyproj import CRS, Transformer


def transformer(source: Any, target: Any) -> Transformer:
    """From one CRS to another, x or longitude first; what `pyproj.CRS.from_user_input` understands is one.

    Threads may share it: pyproj keeps one of PROJ's objects for each thread.

    Raises
    ------
    pyproj.exceptions.ProjError
        If one of them is no CRS, or there is no way between them.
    """
    return _between(CRS.from_user_input(source), CRS.from_user_input(target))


@lru_cache(maxsize=64)
def _between(source: CRS, target: CRS) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)
