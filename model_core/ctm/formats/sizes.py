"""Sizes that a header claims, checked before any memory is taken for them: a damaged or hostile one can claim any number."""

from __future__ import annotations

from pathlib import Path
from typing import Iterable

from model_core.ctm.formats.time_values import MOST_TIMES
from model_core.errors import InputError
from model_core.grid import MOST_CELLS

_TIMES = {"time", "tstep", "times", "valid_time"}


def check_sizes(sizes: dict[str, int], shapes: Iterable[tuple[str, tuple[str, ...], tuple[int, ...]]], path: Path) -> None:
    """Raise `InputError` if a dimension or a variable is absurdly large.

    Parameters
    ----------
    sizes : name of a dimension -> size
    shapes : (name, dimensions, shape) of every variable
    """
    for dim, size in sizes.items():
        if size > MOST_TIMES and dim.lower() in _TIMES:
            raise InputError(f"'{path}': dimension {dim} claims {size} entries, more than {MOST_TIMES}; is the file damaged?")
    shapes = list(shapes)
    for name, _, shape in shapes:
        cells = 1
        for size in sorted(shape)[-2:]:
            cells *= size
        if cells > MOST_CELLS:
            raise InputError(f"'{path}': variable '{name}' claims {cells} cells, more than {MOST_CELLS}; is the file damaged?")
    for name, dims, shape in shapes:
        if len(shape) == 1 and dims == (name,) and shape[0] > MOST_TIMES:  # axes are read when a file is opened
            raise InputError(f"'{path}': axis '{name}' claims {shape[0]} entries, more than {MOST_TIMES}; is the file damaged?")
