"""The times of a table's rows: in one column or several, in one order of day and month, at the start of their hour."""

from __future__ import annotations

import re
from datetime import date as Date
from typing import Any, Callable, Iterator, Sequence

import numpy as np
import pandas as pd

from model_core.days import date_order_of, parse_times
from model_core.errors import InputError
from model_core.stations.averaging import DAY, averaging_of
from model_core.stations.forms.times import to_iso
from model_core.stations.source import Source

_HOUR = np.timedelta64(1, "h")


class TableTimes:
    """Times of the parts of one table, all understood alike.

    Parameters
    ----------
    pattern : how a form says that times are written, as for strptime, or None
    averaging : column that says what time each reading is the mean of, or None
    day : the day that is asked for, which decides the order of day and month where nothing else does
    all_times : gives columns of the whole table, part by part
    """

    def __init__(
        self,
        source: Source,
        pattern: str | None,
        averaging: str | None,
        day: Date | None,
        all_times: Callable[[Sequence[str]], Iterator[pd.DataFrame]],
    ):
        self._source, self._pattern, self._averaging, self._day, self._all_times = source, pattern, averaging, day, all_times
        self._order = source.date_order
        self._has_hours = False

    def of(self, rows: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
        """Times of rows whose index are their numbers in the file from 0, datetime64[s].

        Raises
        ------
        InputError
            As `parse_times`.
        """
        try:
            return self._of(rows, columns)
        except InputError as error:
            if "+".join(columns) == "time":
                raise
            raise InputError(f"column '{'+'.join(columns)}': {error}") from error

    def _of(self, rows: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
        texts = joined_times(rows, columns)
        first = int(rows.index[0]) + 1 if len(rows) else 1
        if self._pattern and not pd.api.types.is_datetime64_any_dtype(texts):
            texts = to_iso(texts, self._pattern, first_row=first)
        elif self._order == "auto":
            self._order = self._order_of_all(texts, columns)
        times = parse_times(texts, self._source.clock, first, date_order=self._order, day=self._day)
        return self._at_start(texts, times, rows) if self._source.stamp == "end" else times

    def _at_start(self, texts: pd.Series, times: np.ndarray, rows: pd.DataFrame) -> np.ndarray:
        """Times that stand at the end of their hour at its start; days, which are written without an hour, stay."""
        times = times.astype("datetime64[s]")
        self._has_hours = self._has_hours or bool((times != times.astype("datetime64[D]")).any()) or _with_hours(texts)
        if not self._has_hours:
            return times
        daily = averaging_of(rows[self._averaging]) == DAY if self._averaging else np.zeros(len(times), bool)
        return np.where(daily, times, times - _HOUR)

    def _order_of_all(self, texts: pd.Series, columns: Sequence[str]) -> str:
        """The order of day, month and year that any time of the file proves, so that no part reads them in another."""
        order = date_order_of(texts)
        if order is not None or not _doubtful(texts):
            return order or "auto"
        for table in self._all_times(columns):
            order = date_order_of(joined_times(table, list(table.columns)))
            if order is not None:
                return order
        return "auto"


def joined_times(raw: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """The time columns joined with a blank; a row that lacks one of them has no time."""
    if len(columns) == 1:
        return raw[columns[0]]
    first, *rest = (raw[name] for name in columns)
    if pd.api.types.is_datetime64_any_dtype(first):
        first = first.dt.strftime("%Y-%m-%d")
    codes, distinct = pd.factorize(pd.MultiIndex.from_arrays([first.astype(object), *(column.astype(object) for column in rest)]))
    texts = ["" if any(map(_is_empty, row)) else " ".join(re.sub(r"\.0$", "", str(cell).strip()) for cell in row) for row in distinct]
    return pd.Series(np.array(texts, object)[codes] if len(texts) else [], index=raw.index, dtype=object)


def _with_hours(texts: pd.Series) -> bool:
    """Whether any of the times is written with an hour, be it that of midnight."""
    if pd.api.types.is_datetime64_any_dtype(texts):
        return False
    return bool(pd.Series(texts.unique()).astype(str).str.contains(r"\d[T ]\s*\d{1,2}|\d:\d|^\d{10,}$").any())


def _is_empty(cell: Any) -> bool:
    return cell is None or cell != cell or not str(cell).strip()


def _doubtful(texts: pd.Series) -> bool:
    """Whether any text begins like 05/04/22: with two numbers of up to two digits."""
    if not (pd.api.types.is_object_dtype(texts) or pd.api.types.is_string_dtype(texts)):
        return False
    return bool(pd.Series(texts.unique()).astype(str).str.match(r"\s*\d{1,2}[/.-]\d{1,2}[/.-]\d{2}").any())
