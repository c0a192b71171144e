"""Values that stand for missing although no `_FillValue` says so: -999 and the like, where the variable can't have them."""

from __future__ import annotations

from collections import Counter

import numpy as np

# What people and programs write: rows of nines or eights, -1, the ends of 16-bit integers, round powers of ten.
_NINES = [float(f"{digit * n}.{digit * m}" if m else digit * n) for digit in "98" for n in (2, 3, 4, 5, 6) for m in (0, 1, 2, 3)]
_ENDS = (32767, 32768, 65535, 1e10, 1e15, 1e20, 1e30, 1e35)
_MARKS = np.array(sorted({sign * value for value in (*_NINES, *_ENDS) for sign in (1, -1)} | {-1.0}), np.float32)


def without_marks(stated: np.ndarray, values: np.ndarray, limits: tuple[float, float], name: str, found: Counter | None) -> np.ndarray:
    """Values with NaN where they are a mark for missing and lie outside the limits.

    Parameters
    ----------
    stated : float32, as they stand in the file
    values : float32, the same in the unit of `limits`
    name : of the variable, for the count
    found : (name, mark) -> number of values, added to
    """
    with np.errstate(invalid="ignore"):
        outside = (values < limits[0]) | (values > limits[1])
    if not outside.any():
        return values
    outside &= np.isin(stated, _MARKS)
    if not outside.any():
        return values
    if found is not None:
        found.update({(name, float(mark)): int(count) for mark, count in zip(*np.unique(stated[outside], return_counts=True))})
    return np.where(outside, np.float32(np.nan), values)
