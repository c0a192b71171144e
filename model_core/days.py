"""Days and times as tables write them."""

from __future__ import annotations

from datetime import date as Date
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from model_core.errors import InputError
from model_core.stations.tables import EMPTY_TEXTS
from model_core.time_zones import Clock

# What ISO 8601 writes behind a time to say how far it is from UTC.
_OFFSET = r"(?<=\d)\s*(Z|UTC|[+-]\d{2}:?\d{2})$"
_COMPACT = {8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}


def parse_day(day: Date | str) -> Date:
    """A day from ``YYYY-MM-DD`` or ``YYYYMMDD``; `InputError` if it is neither."""
    if isinstance(day, datetime):
        return day.date()
    if isinstance(day, Date):
        return day
    for pattern in ("%Y-%m-%d", "%Y%m%d"):
        try:
            return datetime.strptime(day.strip(), pattern).date()
        except ValueError:
            continue
    raise InputError(f"day '{day}' is not a date; write YYYY-MM-DD")


def parse_times(times: Any, clock: Clock | None = None, first_row: int = 1) -> np.ndarray:
    """Times as datetime64[s], one-dimensional, NaT where empty.

    Understood: datetimes, ISO 8601, YYYYMMDD with optional HH, HHMM, HHMMSS, and what pandas reads without doubt.

    Parameters
    ----------
    clock : whose local times are wanted. Without one a zone is left out, not converted: the day is the one that stands in the table.
    first_row : number of the first row, for messages

    Raises
    ------
    InputError
        If a time is none of these, naming its row; or if all could be day/month or month/day.
    """
    series = pd.Series(times).reset_index(drop=True)
    if pd.api.types.is_datetime64_any_dtype(series):
        written = series.dt.tz_localize(None).to_numpy("datetime64[s]")
        if clock is None:
            return written
        aware = series.dt.tz is not None
        in_utc = series.dt.tz_convert(None).to_numpy("datetime64[s]") if aware else written
        return clock.local(written, written - in_utc if aware else np.full(len(written), np.timedelta64("NaT"), "timedelta64[s]"))
    codes, distinct = pd.factorize(series.astype(object))  # rows of one table share a few times; each is parsed once
    text = pd.Series(distinct, dtype=object).astype(str).str.strip()
    empty = text.str.lower().isin(EMPTY_TEXTS)
    text = text.str.replace(r"\.0$", "", regex=True)  # whole numbers that came as floats
    offsets = text.str.extract(_OFFSET, expand=False).where(text.str.contains(":"))
    text = text.str.replace(_OFFSET, "", regex=True).where(offsets.notna(), text)
    parsed = pd.Series(pd.NaT, index=text.index, dtype="datetime64[s]")
    parsed[~empty] = _parse(text[~empty])
    bad = ~empty & (parsed.isna() | (parsed.dt.year < 1900) | (parsed.dt.year > 2200))
    if bad.any():
        row = int(np.flatnonzero(np.isin(codes, np.flatnonzero(bad)))[0])
        raise InputError(f"time '{series[row]}' in row {row + first_row} is not a date or time; write YYYY-MM-DD or ISO 8601")
    values = parsed.to_numpy("datetime64[s]")
    if clock is not None:
        values = clock.local(values, _from_utc(offsets))
    return np.append(values, np.datetime64("NaT"))[codes]  # code -1, for missing, is the last


def has_hours(times: np.ndarray) -> bool:
    """Whether any day has several hours; times are datetime64, NaT counts for nothing."""
    hours = np.unique(times[~np.isnat(times)].astype("datetime64[h]"))
    return len(np.unique(hours.astype("datetime64[D]"))) < len(hours)


def _from_utc(offsets: pd.Series) -> np.ndarray:
    """timedelta64[s] of texts such as +08:00 or Z, NaT where there is none."""
    parts = offsets.astype(object).where(offsets.notna(), "").astype(str).str.extract(r"([+-])(\d{2}):?(\d{2})")
    seconds = parts[1].astype(float) * 3600 + parts[2].astype(float) * 60
    seconds = seconds.where(parts[0] != "-", -seconds).where(~offsets.isin(["Z", "UTC"]), 0.0)
    return pd.to_timedelta(seconds, unit="s").to_numpy("timedelta64[s]")


def _parse(distinct: pd.Series) -> pd.Series:
    """Timestamps of distinct texts, NaT where not understood."""
    parsed = pd.Series(pd.NaT, index=distinct.index, dtype="datetime64[s]")
    compact = distinct.str.fullmatch(r"\d+")
    for length, pattern in _COMPACT.items():
        these = compact & (distinct.str.len() == length)
        parsed[these] = pd.to_datetime(distinct[these], format=pattern, errors="coerce")
    slashed = distinct.str.match(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{4}")
    parsed[slashed] = _parse_day_and_month(distinct[slashed])
    others = ~compact & ~slashed
    parsed[others] = pd.to_datetime(distinct[others], format="ISO8601", errors="coerce")
    others &= parsed.isna()
    parsed[others] = pd.to_datetime(distinct[others], format="mixed", errors="coerce")
    return parsed


def _parse_day_and_month(distinct: pd.Series) -> pd.Series:
    """Texts like 15/01/2016 or 01/15/2016, in the order that fits all of them."""
    if distinct.empty:
        return pd.to_datetime(distinct)
    month_first, day_first = (
        pd.to_datetime(distinct, format="mixed", dayfirst=day_first, errors="coerce") for day_first in (False, True)
    )
    parts = distinct.str.extract(r"(\d{1,2})[/.-](\d{1,2})").astype(int)
    if (parts[0] > 12).any() and not (parts[1] > 12).any():
        return day_first
    if (parts[1] > 12).any() and not (parts[0] > 12).any():
        return month_first
    if (month_first == day_first).all():
        return month_first
    raise InputError(f"times such as '{distinct.iloc[0]}' may be day/month or month/day; write them as YYYY-MM-DD")
