"""Codes and names of stations as text."""

from __future__ import annotations

from typing import Sequence

import numpy as np
import pandas as pd

from model_core.stations.tables import EMPTY_TEXTS


def labels(values: pd.Series) -> np.ndarray:
    """Labels as text; 1001.0 and 1001 are one label, and missing ones are ''."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes, distinct = values.cat.codes.to_numpy(), values.cat.categories
    else:
        codes, distinct = pd.factorize(values.astype(object))
    text = pd.Series(distinct, dtype=object).astype(str).str.strip().str.replace(r"^(\d+)\.0$", r"\1", regex=True)
    text = text.mask(text.str.lower().isin(EMPTY_TEXTS), "")
    return np.append(text.to_numpy(str), "")[codes]  # code -1, for missing, is the last


def joined_labels(columns: Sequence[pd.Series]) -> np.ndarray:
    """Labels of several columns joined with "-"; a row that lacks one of them has ''."""
    parts = [labels(column) for column in columns]
    if len(parts) == 1:
        return parts[0]
    frame = pd.DataFrame(dict(enumerate(parts)))
    numbers = frame.groupby(list(frame.columns), sort=False).ngroup().to_numpy()
    distinct = frame.drop_duplicates()
    text = ["-".join(row) if all(row) else "" for row in distinct.itertuples(index=False)]
    return np.array(text, str)[numbers] if len(text) else np.array([], str)
