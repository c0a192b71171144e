"""Which months, seasons and named periods a day belongs to, for scores of some days against others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Date
from typing import Any, Sequence

from model_core.days import parse_day
from model_core.errors import InputError
from model_core.evaluation.period_means import season_of

OTHER_DAYS = "other days"


@dataclass(frozen=True)
class NamedPeriod:
    """Days that a user named, such as a lockdown; both ends belong to it."""

    name: str
    first: Date
    last: Date

    def __contains__(self, day: Date) -> bool:
        return self.first <= day <= self.last


def parse_periods(texts: str | Sequence[str] | None) -> list[NamedPeriod]:
    """Periods from texts such as ``lockdown=2020-01-23..2020-04-08``.

    A name may come several times: its days are then those of all of them.

    Raises
    ------
    InputError
        If a text is no such thing, a day is none, or a period ends before it begins.
    """
    periods = []
    for text in [texts] if isinstance(texts, str) else texts or []:
        name, equals, span = (part.strip() for part in text.partition("="))
        first, dots, last = (part.strip() for part in span.partition(".."))
        if not (name and equals and first and dots and last):
            raise InputError(f"period '{text}': write NAME=FIRST..LAST, such as lockdown=2020-01-23..2020-04-08")
        period = NamedPeriod(name, parse_day(first), parse_day(last))
        if period.last < period.first:
            raise InputError(f"period '{text}' ends before it begins; exchange its days")
        periods.append(period)
    return periods


def day_groups(day: Date, periods: Sequence[NamedPeriod] = ()) -> dict[str, list[str]]:
    """The classes of a day: its `month`, such as 2020-01; its `season`, by the initials of its months; and where periods are
    named, those that it lies in (`period`), or "other days" if it lies in none."""
    found = {"month": [f"{day:%Y-%m}"], "season": [season_of(day)]}
    if periods:
        found["period"] = list(dict.fromkeys(period.name for period in periods if day in period)) or [OTHER_DAYS]
    return found


def requested_periods(request: dict[str, Any]) -> list[NamedPeriod]:
    """The periods that a request names."""
    return parse_periods(request.get("periods"))
