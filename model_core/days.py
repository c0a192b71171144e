"""Days and times as tables write them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from model_core.errors import InputError
from model_core.stations.counted_times import counted_times
from model_core.stations.date_order import ORDERS, ordered_dates, proven_order
from model_core.stations.tables import EMPTY_TEXTS
from model_core.stations.time_forms import ORDERED, taken_apart, tidied
from model_core.time_zones import Clock

_PARTS = {"d": "day", "m": "month", "y": "year"}
_ZONE_REMEDY = (
    "give its full name as the zone that the times are in, --times-in (Europe/Berlin for CET; with --time-zone, whose days count), "
    "or write offsets such as +01:00"
)
# Texts that are no date, with what is lacking.
_NO_DATES = {
    r"^\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?(?:\s*[ap]\.?m\.?)?$": "has no date; where the date stands in another column, name both: --time DATE+TIME",
    r"^(?:\d{4}[-/.年]\d{1,2}月?|\d{1,2}[-/.]\d{4}|(?:19|20)\d{4}|(?:19|20)\d\d)$": "is a month or a year, not a day; write YYYY-MM-DD",
}


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


def parse_times(
    times: Any, clock: Clock | None = None, first_row: int = 1, *, date_order: str = "auto", day: Date | str | None = None
) -> np.ndarray:
    """Times as datetime64[s], one-dimensional, NaT where empty.

    Understood: datetimes; ISO 8601 and what is close to it; YYYYMMDD with optional HH, HHMM, HHMMSS; year and day of the year;
    dates with English names of months; 2019年1月14日 08时; dates such as 15/01/2016 or 04/15/22, all rows in one order; seconds
    (milliseconds, ...) since 1970 and days since 1900, where a column holds nothing else. 24:00 is 00:00 of the next day; parts of a
    second are cut off. `time_form` says which of them a column is in.

    Parameters
    ----------
    clock : whose local times are wanted. Without one a zone is left out, not converted: the day is the one that stands in the table.
    first_row : number of the first row, for messages
    date_order : order of day (d), month (m) and year (y) in dates such as 05/04/22: dmy, mdy, ymd, or auto: the only one that fits
        the column, or that makes dates of `day`
    day : the day that was asked for, if any

    Raises
    ------
    InputError
        If a time is none of these, naming its row; if dates fit several orders, or none; if a zone is named that can't be told.
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
    text = _texts(distinct)
    read = _read(text, date_order, None if day is None else parse_day(day), 0 if clock is None else 1)

    def require(right: np.ndarray, problem: str) -> None:
        if not right.all():
            row = int(np.flatnonzero(np.isin(codes, text.index[~right]))[0])
            raise InputError(f"time '{series[row]}' in row {row + first_row} {problem}")

    for pattern, problem in _NO_DATES.items() if np.isnat(read.times).any() else ():
        require(~(np.isnat(read.times) & text.str.contains(pattern, case=False, regex=True).to_numpy(bool)), problem)
    in_order = "" if date_order == "auto" else f" in the order {date_order}"
    years = read.times.astype("datetime64[Y]").astype(int) + 1970
    require(~np.isnat(read.times) & (years >= 1900) & (years <= 2200), f"is not a date or time{in_order}; write YYYY-MM-DD or ISO 8601")
    offsets = read.offsets.copy()
    for zone in np.unique(read.zones[read.zones != ""]):
        of_zone = read.zones == zone
        for year in np.unique(years[of_zone]):
            offsets[of_zone & (years == year)] = np.timedelta64("NaT") if clock is None else clock.offset_of(zone, int(year))
        require(~(of_zone & np.isnat(offsets)), f"names the time zone {zone}, which does not say how far it is from UTC; {_ZONE_REMEDY}")
    values, all_values = read.times, np.full(len(distinct) + 1, np.datetime64("NaT"), "datetime64[s]")
    all_values[text.index] = values if clock is None else clock.local(values, offsets)
    return all_values[codes]  # code -1, for missing, is the last


def date_order_of(times: Any) -> str | None:
    """The order, dmy or mdy, that dates such as 15/01/2016 in a column prove; None where there are none, or they prove nothing.

    For a series that is read in parts: found once from all of its times, and given to `parse_times`.

    Raises
    ------
    InputError
        If no order fits all of them.
    """
    parts, shown = _ordered(_texts(pd.unique(pd.Series(times).astype(object))))
    return None if parts.empty else proven_order(parts, shown)


def time_form(times: Any, clock: Clock | None = None, *, date_order: str = "auto", day: Date | str | None = None) -> str:
    """The forms that a column of times is in, in words, for a log; "" where it is empty. Parameters and errors as `parse_times`."""
    series = pd.Series(times)
    if pd.api.types.is_datetime64_any_dtype(series):
        return "datetimes"
    return _read(
        _texts(pd.unique(series.astype(object))), date_order, None if day is None else parse_day(day), 0 if clock is None else 1
    ).form


def has_hours(times: np.ndarray) -> bool:
    """Whether any day has several hours; times are datetime64, NaT counts for nothing."""
    hours = np.unique(times[~np.isnat(times)].astype("datetime64[h]"))
    return len(np.unique(hours.astype("datetime64[D]"))) < len(hours)


@dataclass(frozen=True)
class _Read:
    """Texts read: times (NaT where none), their offsets from UTC (NaT where none), names of zones ("" where none), the forms in words."""

    times: np.ndarray
    offsets: np.ndarray
    zones: np.ndarray
    form: str


def _texts(distinct: np.ndarray) -> pd.Series:
    """Tidied texts of distinct values that are not empty; the index says which values."""
    text = pd.Series([tidied(str(value)) for value in distinct], dtype=object)
    return text[~text.str.lower().isin(EMPTY_TEXTS)]


def _ordered(text: pd.Series) -> tuple[pd.DataFrame, pd.Series]:
    """The parts of those texts whose order must be found, and these texts."""
    apart = taken_apart(text)
    apart = apart[apart["first"].notna()]
    return apart, text[apart.index]


def _read(text: pd.Series, date_order: str, day: Date | None, around: int) -> _Read:
    counted = counted_times(text)
    if counted is not None:
        times, in_utc, form = counted
        offset = np.timedelta64(0 if in_utc else "NaT", "s")
        return _Read(times, np.full(len(times), offset), np.full(len(times), "", object), form)
    apart = taken_apart(text)
    date, forms = apart["date"], [form for form in apart["form"].unique() if form and form != ORDERED]
    ordered = apart["first"].notna()
    if ordered.any() or date_order not in ("auto", *ORDERS):
        found = ordered_dates(apart[ordered], text[ordered], date_order, day, around)
        date = date.mask(ordered, found.dates.reindex(date.index))
        forms.append(f"{' / '.join(_PARTS[letter] for letter in found.order)} ({found.why})" if found.order else ORDERED)
    times = date.to_numpy("datetime64[s]") + pd.to_timedelta(apart["seconds"], unit="s").to_numpy("timedelta64[s]")
    return _Read(times, apart["offset"].to_numpy("timedelta64[s]"), apart["zone"].to_numpy(object), "; ".join(forms))
