"""Conditions on the rows of a table: ``parameter=pm25``, ``Validity>=1``, ``POC!=3,4``; those that all hold stay."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Sequence

import numpy as np
import pandas as pd

from model_core.errors import InputError
from model_core.stations.tables import require_column

_OPERATORS = ("!=", ">=", "<=", "=", ">", "<")
_SPLIT = re.compile("|".join(map(re.escape, _OPERATORS)))


@dataclass(frozen=True)
class Condition:
    """One condition on a column.

    Attributes
    ----------
    column : name
    operator : one of = != >= <= > <
    values : as written; with = one of them must be met, with != none
    """

    column: str
    operator: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.column}{self.operator}{','.join(self.values)}"

    def holds(self, cells: pd.Series) -> np.ndarray:
        """Which cells meet it, a bool array.

        Equality compares the texts less the blanks around them, or the numbers where both are numbers (1 and 1.0);
        an order compares numbers, and a cell that is none does not meet it. An empty value is met by an empty cell.
        """
        codes, distinct = pd.factorize(cells.astype(object))  # cells of a column repeat; each is looked at once
        texts = pd.Series(distinct, dtype=object).astype(str).str.strip()
        numbers = pd.to_numeric(texts, errors="coerce").to_numpy(float)
        if self.operator in ("=", "!="):
            met, of_missing = np.zeros(len(texts), bool), "" in self.values
            for value in self.values:
                number = _number(value)
                met |= (texts == value).to_numpy() | (False if number is None else numbers == number)
            if self.operator == "!=":
                met, of_missing = ~met, not of_missing
            return np.append(met, of_missing)[codes]  # code -1, for missing, is the last
        limit = _number(self.values[0])
        with np.errstate(invalid="ignore"):
            met = {">=": numbers >= limit, "<=": numbers <= limit, ">": numbers > limit, "<": numbers < limit}[self.operator]
        return np.append(met, False)[codes]


def conditions(texts: Sequence[str], columns: Sequence[str] | None = None) -> tuple[Condition, ...]:
    """The conditions of texts; where `columns` are given, a name with an operator in it is taken whole.

    Raises
    ------
    InputError
        If a text has no operator, no column or no value, or an order is asked for of what is no number.
    """
    return tuple(_condition(text, columns or ()) for text in texts)


def rows_that_meet(table: pd.DataFrame, wanted: Sequence[Condition], where: object) -> np.ndarray:
    """Which rows meet all conditions, a bool array; `InputError` that lists the columns if one is not there."""
    met = np.ones(len(table), bool)
    for condition in wanted:
        require_column(table.columns, condition.column, where)
        met &= condition.holds(table[condition.column])
    return met


def values_there(table: pd.DataFrame, column: str, most: int = 8) -> str:
    """The values of a column that are there most often, for a message."""
    counts = table[column].astype(str).str.strip().value_counts()
    return ", ".join(map(str, counts.index[:most])) + (f" and {len(counts) - most} more" if len(counts) > most else "")


def _condition(text: str, columns: Sequence[str]) -> Condition:
    named = [name for name in columns if text.startswith(name) and _SPLIT.match(text[len(name) :].lstrip())]
    start = len(max(named, key=len)) if named else 0
    found = _SPLIT.search(text, start)
    if not found or not text[: found.start()].strip():
        raise InputError(f"condition '{text}': write COLUMN=VALUE[,VALUE], or !=, >=, <=, > or < instead of =")
    column, operator = text[: found.start()].strip(), found.group()
    rest = text[found.end() :].strip()
    values = tuple(value.strip() for value in rest.split(",")) if operator in ("=", "!=") else (rest,)
    if operator not in ("=", "!=") and _number(rest) is None:
        raise InputError(f"condition '{text}': {operator} needs a number, not '{rest}'")
    return Condition(column, operator, values)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if np.isfinite(number) else None
