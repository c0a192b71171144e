"""Numbers and coordinates of columns whose cells repeat: each distinct cell is looked at once."""

from __future__ import annotations

from typing import Hashable, Sequence

import numpy as np
import pandas as pd

from model_core.stations import numbers as of_cells


def numbers(raw: pd.Series, decimal: str | None = None, beside: Sequence[str] = ()) -> tuple[np.ndarray, np.ndarray]:
    """As `numbers.numbers`: (float64 numbers, NaN where there is none; bool: which are empty)."""
    if pd.api.types.is_numeric_dtype(raw) and not pd.api.types.is_bool_dtype(raw):
        return of_cells.numbers(raw, decimal, beside)
    codes, distinct = _factorized(raw)
    values, empty = of_cells.numbers(pd.Series(distinct, dtype=object), decimal, beside)
    return np.append(values, np.nan)[codes], np.append(empty, True)[codes]  # code -1, for missing, is the last


def coordinates(raw: pd.Series, decimal: str | None = None, beside: Sequence[str] = ()) -> np.ndarray:
    """As `numbers.coordinates`: float64, NaN where there is none."""
    if pd.api.types.is_numeric_dtype(raw):
        return of_cells.coordinates(raw, decimal, beside)
    codes, distinct = _factorized(raw)
    return np.append(of_cells.coordinates(pd.Series(distinct, dtype=object), decimal, beside), np.nan)[codes]


def _factorized(raw: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """(number of the distinct cell in each row, -1 for missing; distinct cells); lists and tables in cells count as text."""
    cells = raw.astype(object)
    try:
        return pd.factorize(cells)
    except TypeError:  # GeoJSON and Parquet can hold them
        return pd.factorize(cells.map(lambda cell: cell if isinstance(cell, Hashable) else str(cell)))
