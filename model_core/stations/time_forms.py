"""The forms in which tables write a date with or without a time of day, taken apart into numbers.

Whatever fits none of these forms is no time: nothing is guessed, and nothing that is missing is filled in from today's date.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

_MONTHS = {
    name: number
    for number, names in enumerate((
        "jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august", "sep sept september",
        "oct october", "nov november", "dec december",
    ), 1)
    for name in names.split()
}
_MONTH = f"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})"
# What follows a date: no digit, so that no part of a longer number is taken for one.
_REST = r"(?P<rest>(?!\d).*)$"
YEAR_FIRST, ORDERED = "year, month, day", "day and month before the year, or a year of two digits"
# Name of a form and its pattern; a text has the first form that fits. `first`, `second` and `third` stand in an order to be found.
_DATES = {
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
}
_CLOCK = re.compile(
    r"^(?P<sep>\s*t\s*|[\s_,:]+|)"
    r"(?:(?P<run>\d{6}|\d{3,4})(?:[.,]\d+)?|(?P<hour>\d{1,2})(?::(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:[.,]\d+)?)?)?)"
    r"(?![\d:])\s*(?:(?P<half>[ap])\.?m\.?(?![a-z]))?\s*(?P<zone>.*)$", re.IGNORECASE,
)
_ZONE = re.compile(
    r"^(?:(?P<utc>z|utc|gmt|ut)?\s*(?:(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?)?|(?P<name>[a-z]{2,5}|[a-z]+/[a-z_/]+))"
    r"(?P<comment>\s*[([].*[)\]])?$",
    re.IGNORECASE,
)


def tidied(text: pd.Series) -> pd.Series:
    """Texts without the differences that mean nothing: wide digits, kinds of blanks and hyphens, names of weekdays, 15.0 for 15."""
    text = text.str.strip()
    wide = ~text.map(str.isascii).astype(bool)
    text = text.mask(wide, text[wide].str.normalize("NFKC").str.replace("\u2212", "-").str.strip())
    floats = text.str.endswith(".0") | text.str.contains(".0 ", regex=False)
    text = text.mask(floats, text[floats].str.replace(r"(?<![.:\d])(\d+)\.0(?=\s|$)", r"\1", regex=True))
    named = text.str[:1].str.isalpha()
    words = text[named].str.replace(r"^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+", "", case=False, regex=True)
    # Mon Jan 14 08:00:00 UTC 2019, as Unix writes it
    words = words.str.replace(r"^([a-z]{3} +\d{1,2}) (\d\d:\d\d:\d\d)( [a-z]{2,4})? (\d{4})$", r"\1 \4 \2\3", case=False, regex=True)
    return text.mask(named, words)


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
        first, second, third : parts of such a date, as texts; NaN elsewhere
        seconds : float, of the day, 86400 for 24:00; NaN where the time of day is not understood
        offset : timedelta64[s] from UTC, NaT where none is carried
        zone : name of a time zone such as CET, or ""
    """
    # A column has few dates and few times of day, though all of its texts may differ: each is looked at once.
    head, tail = text.str[:10], text.str[10:]
    codes, heads = pd.factorize(head)
    full = pd.Series(heads, dtype=object).str.fullmatch(r"\d{4}-\d\d-\d\d|\d\d([/.-])\d\d\1\d{4}").to_numpy(bool)[codes] & ~tail.str[:1].str.isdigit()
    codes, distinct = pd.factorize(head.where(full, text))
    dates = _dates_and_rest(pd.Series(distinct, dtype=object)).iloc[codes].set_axis(text.index)
    rest = dates.pop("rest")
    codes, distinct = pd.factorize((rest + tail.where(full, "")).where(rest.notna(), "?"))
    return dates.join(_times_of_day(pd.Series(distinct, dtype=object)).iloc[codes].set_axis(text.index))


def _dates_and_rest(text: pd.Series) -> pd.DataFrame:
    """Columns form, first, second, third and date of `taken_apart`, and the rest of the text; NaN where no form fits."""
    apart = pd.DataFrame({name: pd.Series(None, text.index, dtype=object) for name in ("form", "first", "second", "third", "rest")})
    apart["form"] = ""
    apart["date"] = pd.Series(pd.NaT, text.index, dtype="datetime64[s]")
    left = text
    for form, pattern in _DATES.items():
        parts = left.str.extract(re.compile("^" + pattern, re.IGNORECASE))
        found = parts["rest"].notna()
        if not found.any():
            continue
        parts, left = parts[found].astype(object), left[~found]
        if "month" in parts:
            numbers = parts["month"].str.lower().map(_MONTHS)
            parts["month"] = numbers.where(numbers.notna(), pd.to_numeric(parts["month"], errors="coerce"))
        if "first" in parts:
            parts["second"] = parts["second"] if "second" in parts else "=" + parts["month"].astype(int).astype(str)
            apart.loc[parts.index, ["first", "second", "third"]] = parts[["first", "second", "third"]]
        else:
            apart.loc[parts.index, "date"] = _dates(parts)
        if form == "YYYYMMDD":  # 20190114-08; behind 2019-01-14 a hyphen begins an offset as well as an hour
            parts["rest"] = parts["rest"].str.replace(r"^-", "_", regex=True)
        apart.loc[parts.index, "form"] = form
        apart.loc[parts.index, "rest"] = parts["rest"]
        if left.empty:
            break
    return apart


def calendar_dates(year: pd.Series, month: pd.Series, day: pd.Series) -> pd.Series:
    """datetime64[s] of numbers, NaT where the calendar has no such day."""
    numbers = {name: pd.to_numeric(part, errors="coerce") for name, part in (("year", year), ("month", month), ("day", day))}
    return pd.to_datetime(pd.DataFrame(numbers), errors="coerce").astype("datetime64[s]")


def _dates(parts: pd.DataFrame) -> pd.Series:
    """datetime64[s] of a form that names its parts."""
    if "yearday" in parts:
        dates = pd.to_datetime(parts["year"] + parts["yearday"], format="%Y%j", errors="coerce").astype("datetime64[s]")
        return dates.where(dates.dt.year.astype(str) == parts["year"])  # pandas takes day 366 of any year
    if "week" in parts:
        week = parts["year"] + parts["week"].str.replace("-", "")
        return pd.to_datetime(week, format="%G%V%u", errors="coerce").astype("datetime64[s]")
    return calendar_dates(parts["year"], parts["month"], parts["day"])


def _times_of_day(rest: pd.Series) -> pd.DataFrame:
    """Columns seconds, offset and zone of `taken_apart` from what stands behind the dates."""
    text = rest.str.strip(" ,")
    text = text.str.replace(r"^(上|下)午\s*(.*)$", lambda match: f"{match[2]} {'AM' if match[1] == '上' else 'PM'}", regex=True)
    # 08时30分, 8h00, and a date with 00:00 to which a column of hours is joined
    text = text.str.replace(r"(?<=\d)\s*(?:[时時点點分]|h(?=\d|$))\s*", ":", regex=True).str.replace(r":?秒|:$|:(?=\s*[AP]M$)|\s*Uhr$", "", regex=True)
    text = text.str.replace(r"^[t ]?0?0:00(?::00)?(?:\.0+)?\s+(?=\d)", " ", case=False, regex=True)
    clock = text.str.extract(_CLOCK)
    found = clock["sep"].notna()
    run = clock["run"].fillna("").str.zfill(4)
    run = run.where(clock["run"].notna(), "")
    hour, minute, second = (
        pd.to_numeric(part.where(run == "", run.str[cut]).replace("", None), errors="coerce")
        for part, cut in ((clock["hour"], slice(0, 2)), (clock["minute"], slice(2, 4)), (clock["second"], slice(4, 6)))
    )
    minute, second = minute.fillna(0), second.fillna(0)
    half = clock["half"].str.lower()
    right = (minute < 60) & (second < 60) & np.where(half.notna(), (hour >= 1) & (hour <= 12), hour <= 24)
    hour = (hour % 12 + 12 * (half == "p")).where(half.notna(), hour)
    seconds = (hour * 3600 + minute * 60 + second).where(right)
    seconds = seconds.where(seconds <= 86400)
    # Where 100 is one o'clock, 30 is half past midnight, not hour 30, and 15 is not 15:00.
    if (clock["run"].str.len() == 3).any():
        seconds = seconds.mask((clock["run"].isna()) & clock["minute"].isna() & (hour > 0))

    zone = clock["zone"].str.extract(_ZONE)
    known = clock["zone"].str.fullmatch(_ZONE).fillna(False).astype(bool)
    hours, minutes = (pd.to_numeric(zone[part], errors="coerce") for part in ("hours", "minutes"))
    known &= ~((hours > 15) | (minutes > 59) | ((zone["utc"].str.lower() == "z") & zone["sign"].notna()))
    known &= zone["comment"].isna() | zone["utc"].notna() | zone["sign"].notna()
    # 2019-01-14 08-05 may be a time with minutes, 2019-01-14 08-05:00 one with an offset.
    bare = clock["minute"].isna() & clock["run"].isna() & zone["utc"].isna() & ~clock["sep"].str.contains("t", case=False).fillna(False).astype(bool)
    known &= ~(bare & (zone["sign"] == "-"))
    offset = (hours * 3600 + minutes.fillna(0) * 60).where(zone["sign"] != "-", -(hours * 3600 + minutes.fillna(0) * 60))
    offset = offset.where(offset.notna() | zone["utc"].isna(), 0.0)
    return pd.DataFrame({
        "seconds": seconds.where(found & known).where(text != "", 0.0),
        "offset": pd.to_timedelta(offset, unit="s").astype("timedelta64[s]"),
        "zone": zone["name"].fillna("").where(zone["name"].str.contains("/"), zone["name"].str.upper()).fillna(""),
    })
