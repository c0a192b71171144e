"""Numbers and coordinates of columns whose cells repeat: each distinct cell is looked at once."""

from __future__ import annotations

from typing import Sequence

import numpy as np
import pandas as pd

from model_core.stations import numbers as of_cells


def numbers(raw: pd.Series, decimal: str | None = None, beside: Sequence[str] = ()) -> tuple[np.ndarray, np.ndarray]:
    """As `numbers.numbers`: (float64 numbers, NaN where there is none; bool: which are empty)."""
    if pd.api.types.is_numeric_dtype(raw) and not pd.api.types.is_bool_dtype(raw):
        return of_cells.numbers(raw, decimal, beside)
    codes, distinct = pd.factorize(raw.astype(object))
    values, empty = of_cells.numbers(pd.Series(distinct, dtype=object), decimal, beside)
    return np.append(values, np.nan)[codes], np.append(empty, True)[codes]  # code -1, for missing, is the last


def coordinates(raw: pd.Series, decimal: str | None = None, beside: Sequence[str] = ()) -> np.ndarray:
    """As `numbers.coordinates`: float64, NaN where there is none."""
    if pd.api.types.is_numeric_dtype(raw):
        return of_cells.coordinates(raw, decimal, beside)
    codes, distinct = pd.factorize(raw.astype(object))
    return np.append(of_cells.coordinates(pd.Series(distinct, dtype=object), decimal, beside), np.nan)[codes]
