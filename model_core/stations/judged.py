"""Columns by which a source says which of its readings are valid, in tables of no known form, whose rows are all used."""

from __future__ import annotations

import re
from typing import Sequence

import pandas as pd

_NAMES = re.compile(
    r"(is)?valid(ity|ated|ityflag|o|e|é|ité)?|(qc|qa|qaqc|data|quality|valid)?(flag|status)|qc|qaqc|quality|quality(code|level)|qccode|qcname"
)
_MOST = 12  # different marks; a column with more is no such mark


def judging_column(columns: Sequence[str], used: Sequence[str]) -> str | None:
    """The first column that is called like a mark of validity and that no condition uses, if there is one."""
    return next((name for name in columns if name not in used and _NAMES.fullmatch(re.sub(r"[\s_.-]", "", name).lower())), None)


def marks_told(column: pd.Series) -> str | None:
    """What to tell of a column of marks; None where all rows have one and the same, or where it holds other things than marks."""
    marks = sorted(column.fillna("").astype(str).str.strip().unique())
    if not 2 <= len(marks) <= _MOST:
        return None
    listed = ", ".join(repr(mark) if mark else "nothing" for mark in marks)
    return (
        f"column '{column.name}' holds {listed} and may say which readings are valid; all are used: "
        f'keep the valid ones with --where "{column.name}=VALUE"'
    )
