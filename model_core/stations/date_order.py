"""Dates such as 05/04/22: one order of day, month and year for a whole column, by evidence or by what was asked for, never by guess."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Date
from functools import lru_cache

import numpy as np
import pandas as pd

from model_core.errors import InputError
from model_core.stations.time_forms import calendar_date

ORDERS = ("dmy", "mdy", "ymd")
REMEDY = "say which with --date-order dmy, mdy or ymd, name the day (--date), or write them as YYYY-MM-DD"


@dataclass(frozen=True)
class OrderedDates:
    """Dates of a column in one order.

    Attributes
    ----------
    dates : datetime64[s] with the index of the parts; NaT where a text is no date in any order
    order : str or None
        dmy, mdy or ymd; None where it makes no difference.
    why : what decided it, for the log
    """

    dates: pd.Series
    order: str | None
    why: str


def ordered_dates(parts: pd.DataFrame, shown: pd.Series, order: str = "auto", day: Date | None = None, around: int = 0) -> OrderedDates:
    """The dates that first, second and third part make in the one order that fits all of them.

    Parameters
    ----------
    parts : texts first, second, third; a second part such as ``=4`` is a month that stood there by name
    shown : the texts as written, for messages
    order : dmy, mdy, ymd, or auto: the one order in which all are dates; of several the one that has `day`
    around : days by which the day that was asked for may be missed, where the times are of another zone

    Raises
    ------
    InputError
        If no order fits all dates, or several do and nothing decides.
    """
    if order != "auto" and order not in ORDERS:
        raise InputError(f"unknown date order '{order}'; write dmy, mdy, ymd or auto")
    if order != "auto":
        return OrderedDates(_in_order(parts, order), order, "as asked for")
    candidates = {name: _in_order(parts, name) for name in ORDERS}
    some = pd.concat(candidates, axis=1).notna().any(axis=1)
    fitting = {name: dates for name, dates in candidates.items() if dates[some].notna().all()}
    if not some.any():
        return OrderedDates(candidates["dmy"], None, "no date")
    if not fitting:
        raise InputError(_two_orders(candidates, shown[some]))
    for days in (0, around) if day is not None and len(fitting) > 1 else ():
        near = {name: dates for name, dates in fitting.items() if _has(dates, day, days)}
        if len(near) == 1:
            name = next(iter(near))
            return OrderedDates(near[name], name, f"{day} is asked for")
    usual = {name: dates for name, dates in fitting.items() if name != "ymd"}
    example = shown[some].iloc[0]
    alike = len(usual) == 2 and usual["dmy"].equals(usual["mdy"])
    if alike:
        del usual["mdy"]
    if not usual:
        raise InputError(f"times such as '{example}' can only be read with a year of two digits in front; {REMEDY}")
    if len(usual) == 2:
        raise InputError(f"times such as '{example}' may be day/month or month/day; {REMEDY}")
    name, dates = next(iter(usual.items()))
    if "ymd" in fitting and not _year_is_last(dates[some], fitting["ymd"][some], shown[some]):
        raise InputError(f"times such as '{example}' may begin or end with their year; {REMEDY}")
    if alike:
        return OrderedDates(dates, None, "the order of day and month makes no difference")
    return OrderedDates(dates, name, f"'{_proof(candidates, name, shown)}' is no date the other way round")


def proven_order(parts: pd.DataFrame, shown: pd.Series) -> str | None:
    """The order of day and month, dmy or mdy, that dates prove by themselves, else None; parameters and error as `ordered_dates`."""
    candidates = {name: _in_order(parts, name) for name in ORDERS}
    some = pd.concat(candidates, axis=1).notna().any(axis=1)
    if some.any() and not any(dates[some].notna().all() for dates in candidates.values()):
        raise InputError(_two_orders(candidates, shown[some]))
    try:
        found = ordered_dates(parts, shown)
    except InputError:
        return None
    return found.order


def _in_order(parts: pd.DataFrame, order: str) -> pd.Series:
    """Dates of one order, NaT where the calendar has none."""
    dates = [_date(*three, order) for three in parts[["first", "second", "third"]].itertuples(index=False)]
    return pd.Series(np.array(dates, "datetime64[s]"), parts.index)


@lru_cache(maxsize=1 << 16)
def _date(first: str, second: str, third: str, order: str) -> np.datetime64:
    if order == "mdy" and second.startswith("="):  # by its name a month is known wherever it stands
        order = "dmy"
    part = dict(zip(order, (first, second.lstrip("="), third)))
    if len(part["y"]) not in (2, 4) or len(part["d"]) > 2:
        return np.datetime64("NaT", "s")
    year = int(part["y"])
    if len(part["y"]) == 2:
        year += 2000 if year < 69 else 1900  # as POSIX has it
    return calendar_date(year, int(part["m"]), int(part["d"]))


def _year_is_last(last: pd.Series, first: pd.Series, texts: pd.Series) -> bool:
    """Whether dates that may also begin with their year, such as 13/04/22, end with it.

    Never where digits stand between hyphens, as 19-01-14 is half of ISO 8601; and not where there would be more years that way.
    """
    return not texts.str.match(r"\d+-\d").any() and last.dt.year.nunique() <= first.dt.year.nunique()


def _has(dates: pd.Series, day: Date, around: int) -> bool:
    return bool((np.abs((dates - pd.Timestamp(day)).dt.days) <= around).any())


def _proof(candidates: dict[str, pd.Series], name: str, shown: pd.Series) -> str:
    """A text that is a date in the order `name` and not with day and month the other way round; else the first."""
    other = candidates["mdy" if name == "dmy" else "dmy"]
    proofs = shown[candidates[name].notna() & other.isna()]
    return str(proofs.iloc[0] if len(proofs) else shown.iloc[0])


def _two_orders(candidates: dict[str, pd.Series], texts: pd.Series) -> str:
    examples = []
    for name in ("dmy", "mdy", "ymd"):
        misfits = texts[candidates[name][texts.index].isna()]
        if len(misfits) and misfits.iloc[0] not in examples:
            examples.append(str(misfits.iloc[0]))
    shown = " and ".join(repr(text) for text in examples[:2])
    return f"times such as {shown} are in no common order of day, month and year; write them as YYYY-MM-DD"
