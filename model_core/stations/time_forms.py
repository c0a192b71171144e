"""The forms in which tables write a date with or without a time of day, taken apart into numbers.

Whatever fits none of these forms is no time: nothing is guessed, and nothing that is missing is filled in from today's date.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date as Date
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january",
            "feb february",
            "mar march",
            "apr april",
            "may",
            "jun june",
            "jul july",
            "aug august",
            "sep sept september",
            "oct october",
            "nov november",
            "dec december",
        ),
        1,
    )
    for name in names.split()
}
_MONTH = f"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})"
# What follows a date: no digit, so that no part of a longer number is taken for one.
_REST = r"(?P<rest>(?!\d).*)$"
YEAR_FIRST, ORDERED = "year, month, day", "day and month before the year, or a year of two digits"
# Name of a form and its pattern; a text has the first form that fits. `first`, `second` and `third` stand in an order to be found.
_DATES = {
    form: re.compile("^" + pattern, re.IGNORECASE)
    for form, pattern in {
        YEAR_FIRST: r"(?P<year>\d{4})(?P<sep>[-/. ])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})" + _REST,
        "YYYYMMDD": r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?P<rest>(?:\d{6}|\d{4}|\d{2})?(?:\D.*)?)$",
        "年月日": r"(?P<year>\d{4})年(?P<month>\d{1,2})月(?P<day>\d{1,2})日?(?P<rest>.*)$",
        "year and day of the year": r"(?P<year>\d{4})[- ]?(?P<yearday>\d{3})" + _REST,
        "year, week and day of the week": r"(?P<year>\d{4})-?W(?P<week>\d{2}-?[1-7])" + _REST,
        "day, name of the month, year": rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[-/. ]*{_MONTH}[-/., ]*(?P<year>\d{{4}})" + _REST,
        "name of the month, day, year": rf"{_MONTH}[-/. ]*(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[-/., ]+(?P<year>\d{{4}})" + _REST,
        "year, name of the month, day": rf"(?P<year>\d{{4}})[-/. ]*{_MONTH}[-/. ]*(?P<day>\d{{1,2}})" + _REST,
        "two digits, name of the month, two digits": rf"(?P<first>\d{{1,2}})(?P<sep>[-/ ]){_MONTH}(?P=sep)(?P<third>\d{{2}})" + _REST,
        ORDERED: r"(?P<first>\d{1,2})(?P<sep>[-/. ])(?P<second>\d{1,2})(?P=sep)(?P<third>\d{4}|(?<! )\d{2})" + _REST,
    }.items()
}
_CLOCK = re.compile(
    r"^(?P<sep>\s*t\s*|[\s_,:]+|)"
    r"(?:(?P<run>\d{6}|\d{3,4})(?:[.,]\d+)?|(?P<hour>\d{1,2})(?::(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:[.,]\d+)?)?)?)"
    r"(?![\d:])\s*(?:(?P<half>[ap])\.?m\.?(?![a-z]))?\s*(?P<zone>.*)$",
    re.IGNORECASE,
)
_ZONE = re.compile(
    r"^(?:(?P<utc>z|utc|gmt|ut)?\s*(?:(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?)?|(?P<name>[a-z]{2,5}|[a-z]+/[a-z_/]+))"
    r"(?P<comment>\s*[([].*[)\]])?$",
    re.IGNORECASE,
)


_WEEKDAY = re.compile(r"^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+", re.IGNORECASE)
# Mon Jan 14 08:00:00 UTC 2019, as Unix writes it
_UNIX = re.compile(r"^([a-z]{3} +\d{1,2}) (\d\d:\d\d:\d\d)( [a-z]{2,4})? (\d{4})$", re.IGNORECASE)
_WHOLE_FLOAT = re.compile(r"(?<![.:\d])(\d+)\.0(?=\s|$)")
# A date of ten characters, behind which the time of day begins: a column has few of them, though all of its texts may differ.
_FULL_DATE = re.compile(r"(?:\d{4}-\d\d-\d\d|\d\d([/.-])\d\d\1\d{4})(?!\d)")
_MORNING = re.compile(r"^(上|下)午\s*(.*)$")
_HOUR_WORD = re.compile(r"(?<=\d)\s*(?:[时時点點分]|h(?=\d|$))\s*", re.IGNORECASE)
_NO_WORD = re.compile(r":?秒|:$|:(?=\s*[AP]M$)|\s*Uhr$")
# A date with 00:00 to which a column of hours is joined
_MIDNIGHT = re.compile(r"^[t ]?0?0:00(?::00)?(?:\.0+)?\s+(?=\d)", re.IGNORECASE)


class _WrittenDate(NamedTuple):
    """The form of a date; the date, NaT where there is none or its order is to be found; parts of such a date; what follows it."""

    form: str
    date: np.datetime64
    parts: tuple[str, str, str] | None
    rest: str


class _TimeOfDay(NamedTuple):
    """Seconds of the day, NaN where not understood; seconds from UTC, NaN where none; name of a zone; how the hours are written."""

    seconds: float
    offset: float
    zone: str
    hours: str


_NAT = np.datetime64("NaT", "s")
_NO_TIME = _TimeOfDay(np.nan, np.nan, "", "")


def tidied(text: str) -> str:
    """A text without the differences that mean nothing: wide digits, kinds of blanks and hyphens, names of weekdays, 15.0 for 15."""
    text = text.strip()
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).replace("\u2212", "-").strip()
    if text.endswith(".0") or ".0 " in text:  # whole numbers that came as floats
        text = _WHOLE_FLOAT.sub(r"\1", text)
    if text[:1].isalpha():
        text = _UNIX.sub(r"\1 \4 \2\3", _WEEKDAY.sub("", text))
    return text


def taken_apart(text: pd.Series) -> pd.DataFrame:
    """What texts say, one row each, with the index of `text`.

    Parameters
    ----------
    text : str, not empty, as `tidied` leaves them

    Returns
    -------
    DataFrame with the columns
        form : name of the date's form, or "" where the text has none
        date : datetime64[s], NaT where there is none or its order is to be found
        first, second, third : parts of such a date, as texts; None elsewhere. A second part such as ``=4`` is a month by its name
        seconds : float, of the day, 86400 for 24:00; NaN where the time of day is not understood
        offset : timedelta64[s] from UTC, NaT where none is carried
        zone : name of a time zone such as CET, or ""
    """
    dates = [_date(one[:10], one[10:]) if _FULL_DATE.match(one) else _date(one, "") for one in text]
    times = [_time_of_day(rest) for _, _, _, rest in dates]
    seconds = np.array([time.seconds for time in times], float)
    # Where 100 is one o'clock, 30 is half past midnight, not hour 30, and 15 is not 15:00.
    if any(time.hours == "3 digits" for time in times):
        seconds[[time.hours == "hour" and time.seconds > 0 for time in times]] = np.nan
    parts = [parts or (None, None, None) for _, _, parts, _ in dates]
    return pd.DataFrame(
        {
            "form": pd.Series([form for form, *_ in dates], text.index, dtype=object),
            "date": np.array([date for _, date, _, _ in dates], "datetime64[s]"),
            **{
                name: pd.Series([part[i] for part in parts], text.index, dtype=object)
                for i, name in enumerate(("first", "second", "third"))
            },
            "seconds": seconds,
            "offset": pd.to_timedelta([time.offset for time in times], unit="s").astype("timedelta64[s]"),
            "zone": pd.Series([time.zone for time in times], text.index, dtype=object),
        },
        index=text.index,
    )


def calendar_date(year: int, month: int, day: int) -> np.datetime64:
    """datetime64[s], NaT where the calendar has no such day."""
    try:
        return np.datetime64(Date(year, month, day), "s")
    except ValueError:
        return _NAT


def _date(text: str, behind: str) -> _WrittenDate:
    """The date of a text, and the rest with what stands behind the text."""
    form, date, parts, rest = _date_of(text)
    return _WrittenDate(form, date, parts, rest + behind)


@lru_cache(maxsize=1 << 16)
def _date_of(text: str) -> _WrittenDate:
    for form, pattern in _DATES.items():
        found = pattern.match(text)
        if not found:
            continue
        part = found.groupdict()
        month = part.get("month") and (_MONTHS.get(part["month"].lower()) or int(part["month"]))
        rest = part["rest"]
        if form == "YYYYMMDD" and rest.startswith("-"):  # 20190114-08; behind 2019-01-14 a hyphen begins an offset as well as an hour
            rest = "_" + rest[1:]
        if "first" in part:
            return _WrittenDate(form, _NAT, (part["first"], part.get("second") or f"={month}", part["third"]), rest)
        year = int(part["year"])
        if "yearday" in part:
            date = calendar_date(year, 1, 1) + np.timedelta64(int(part["yearday"]) - 1, "D")
            date = date if date.astype("datetime64[Y]").astype(int) + 1970 == year else _NAT
        elif "week" in part:
            try:
                date = np.datetime64(Date.fromisocalendar(year, int(part["week"][:2]), int(part["week"][-1])), "s")
            except ValueError:
                date = _NAT
        else:
            date = calendar_date(year, month, int(part["day"]))
        return _WrittenDate(form, date, None, rest)
    return _WrittenDate("", _NAT, None, "?")


@lru_cache(maxsize=1 << 17)
def _time_of_day(rest: str) -> _TimeOfDay:
    """The time of day that stands behind a date."""
    text = rest.strip(" ,")
    if not text:
        return _TimeOfDay(0.0, np.nan, "", "")
    text = _MORNING.sub(lambda match: f"{match[2]} {'AM' if match[1] == '上' else 'PM'}", text)
    text = _MIDNIGHT.sub(" ", _NO_WORD.sub("", _HOUR_WORD.sub(":", text)))
    clock = _CLOCK.match(text)
    zone = clock and _ZONE.match(clock["zone"])
    if not zone:
        return _NO_TIME
    if run := clock["run"]:
        run = run.zfill(4)
        hour, minute, second = int(run[:2]), int(run[2:4]), int(run[4:] or 0)
    else:
        hour, minute, second = int(clock["hour"]), int(clock["minute"] or 0), int(clock["second"] or 0)
    if half := clock["half"]:
        if not 1 <= hour <= 12:
            return _NO_TIME
        hour = hour % 12 + 12 * (half.lower() == "p")
    seconds = hour * 3600 + minute * 60 + second
    if hour > 24 or minute > 59 or second > 59 or seconds > 86400:
        return _NO_TIME
    alone = not (clock["minute"] or clock["run"])
    if not _is_zone(zone, alone and "t" not in clock["sep"].lower()):
        return _NO_TIME
    offset = 0.0 if zone["utc"] else np.nan
    if zone["sign"]:
        offset = (int(zone["hours"]) * 3600 + int(zone["minutes"] or 0) * 60) * (-1.0 if zone["sign"] == "-" else 1.0)
    name = zone["name"] or ""
    hours = "hour" if alone and not half else "3 digits" if clock["run"] and len(clock["run"]) == 3 else ""
    return _TimeOfDay(float(seconds), offset, name if "/" in name else name.upper(), hours)


def _is_zone(zone: re.Match, bare_hour: bool) -> bool:
    """Whether what stands behind a time is its zone; `bare_hour`: the time has no minutes, nor a T before it."""
    if zone["comment"] and not (zone["utc"] or zone["sign"]):
        return False
    if not zone["sign"]:
        return True
    if int(zone["hours"]) > 15 or int(zone["minutes"] or 0) > 59 or (zone["utc"] or "").lower() == "z":
        return False
    # 2019-01-14 08-05 may be a time with minutes, 2019-01-14 08-05:00 one with an offset.
    return zone["sign"] == "+" or bool(zone["utc"]) or not bare_hour
