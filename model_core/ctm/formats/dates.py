"""The time of a file that has no time axis: from its attributes, or as a last resort from its name."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

_ATTRIBUTES = ("date", "day", "time", "valid_time", "time_coverage_start", "datetime", "date_time")
_ISO = re.compile(r"\s*(\d{4})-?(\d{2})-?(\d{2})(?:[T _]+(\d{2}):?(\d{2})?(?::?\d{2})?(?:\.\d+)?)?\s*(?:Z|UTC|\+00:?00)?\s*")
_IN_NAME = re.compile(
    r"(?<!\d)((?:19|20)\d{2})[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])"
    r"(?:[T_]([01]\d|2[0-3])[:_]?([0-5]\d)?[:_]?(?:[0-5]\d)?[zZ]?(?![0-9A-Za-z]))?(?!\d)"
)
_DAY_OF_YEAR_IN_NAME = re.compile(r"(?<!\d)((?:19|20)\d{2})([0-3]\d{2})(?!\d)")


class FileTime(NamedTuple):
    """The one time of a file, whether it stands for a whole day, and where that is said."""

    time: np.datetime64
    daily: bool
    source: str


def time_of_file(attributes: dict[str, Any], path: Path) -> FileTime | None:
    """The time of a file without a time axis, or None where nothing, or not one thing only, tells it."""
    for name in _ATTRIBUTES:
        match = _ISO.fullmatch(str(attributes.get(name, "")))
        if match:
            found = _moment(*match.groups())
            if found is not None:
                return FileTime(*found, f"its attribute '{name}'")
    found = {moment for match in _IN_NAME.finditer(path.name) if (moment := _moment(*match.groups()))}
    found |= {moment for match in _DAY_OF_YEAR_IN_NAME.finditer(path.name) if (moment := _day_of_year(*match.groups()))}
    return FileTime(*found.pop(), "its name") if len(found) == 1 else None


def _moment(year: str, month: str, day: str, hour: str | None, minute: str | None) -> tuple[np.datetime64, bool] | None:
    try:
        moment = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0))
    except ValueError:
        return None
    return np.datetime64(moment, "s"), hour is None


def _day_of_year(year: str, number: str) -> tuple[np.datetime64, bool] | None:
    moment = datetime(int(year), 1, 1) + timedelta(days=int(number) - 1)
    return (np.datetime64(moment, "s"), True) if moment.year == int(year) else None
