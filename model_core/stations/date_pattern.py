"""Files whose names or folders carry a date: ``DIR/{date:%Y%m%d}.csv``."""

from __future__ import annotations

import glob
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Callable

from model_core.errors import InputError
from model_core.stations.files.compressed import inner_name

_PLACE = re.compile(r"\{date(?::([^}]*))?\}")
_DEFAULT = "%Y-%m-%d"
_DIGITS = {"Y": 4, "m": 2, "d": 2, "j": 3, "H": 2, "y": 2}
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_HOUR = r"(?:[T_ -]?(?P<hour>[01]\d|2[0-3])(?:[:h_-]?00){0,2}(?:Z|UTC)?)?(?!\d)"
_YEAR = r"(?P<year>(?:19|20|21)\d{2})"
# A date in a file's name, as people write it: 20200105, 2020-01-05, 2020_01_05T14, 2020010514, 2020年1月5日, 05-01-2020, 5Jan2020.
_IN_NAME = (
    re.compile(rf"(?<!\d){_YEAR}(?P<sign>[-_. ]?)(?P<month>\d{{2}})(?P=sign)(?P<day>\d{{2}}){_HOUR}", re.IGNORECASE),
    re.compile(rf"(?<!\d){_YEAR}年(?P<month>\d{{1,2}})月(?P<day>\d{{1,2}})日(?:(?P<hour>\d{{1,2}})[时時])?"),
    re.compile(rf"(?<!\d)(?P<day>\d{{2}})(?P<sign>[-_.])(?P<month>\d{{2}})(?P=sign){_YEAR}{_HOUR}", re.IGNORECASE),
    re.compile(rf"(?<!\d)(?P<day>\d{{1,2}})[-_ ]?(?P<name>{'|'.join(_MONTHS)})[a-z]*[-_ ]?{_YEAR}{_HOUR}", re.IGNORECASE),
    re.compile(rf"(?<!\d){_YEAR}[-_ ]?(?P<name>{'|'.join(_MONTHS)})[a-z]*[-_ ]?(?P<day>\d{{2}}){_HOUR}", re.IGNORECASE),
)


def is_pattern(text: str) -> bool:
    """Whether a path holds the place of a date."""
    return bool(_PLACE.search(text))


@dataclass(frozen=True)
class DatedFile:
    """A file and the day or hour that its name says, as written there; `hourly` where it says an hour."""

    path: Path
    date: datetime
    hourly: bool


def dated_files(pattern: str) -> list[DatedFile]:
    """The files that a pattern names, in the order of their dates.

    Raises
    ------
    InputError
        If the pattern says no year, month and day, no file matches, or two files are of one date.
    """
    formats = [place or _DEFAULT for place in _PLACE.findall(pattern)]
    letters = set("".join(re.findall(r"%(.)", " ".join(formats))))
    unknown = sorted(letters - set(_DIGITS))
    if unknown or not ({"m", "d"} <= letters or "j" in letters) or not letters & {"Y", "y"}:
        raise InputError(
            f"pattern '{pattern}': a date is written with %Y %m %d (or %j, the day of the year) and %H for hours, "
            "for example {date:%Y%m%d}"
        )
    literal = _PLACE.split(pattern)[::2]  # what stands between the places
    names = glob.glob(_joined(literal, formats, glob.escape, lambda digits: "?" * digits))
    expression = re.compile(_joined(literal, formats, re.escape, lambda digits: f"(\\d{{{digits}}})"))
    codes = [c for f in formats for i, c in _pieces(f) if i % 2]
    files = [DatedFile(Path(name), date, "H" in letters) for name in names if (date := _date(expression, codes, name))]
    if not files:
        raise InputError(f"no file matches '{pattern}'; the files found are {', '.join(sorted(names)[:3]) or 'none'}")
    return _in_order(files)


def files_with_dates_in_names(files: list[Path]) -> list[DatedFile]:
    """The same files with the dates found in their names, in the order of dates; `InputError` if one has none."""
    found = []
    for path in files:
        matches = _dates_in(inner_name(path))
        if len(matches) != 1:
            raise InputError(
                f"'{path.name}' has {'no date' if not matches else 'several dates'} in its name; "
                "name the time column, or write the files as a pattern such as DIR/{date:%Y%m%d}.csv"
            )
        found.append(DatedFile(path, *matches[0]))
    return _in_order(found)


def _joined(literal: list[str], formats: list[str], escape: Callable[[str], str], date_part: Callable[[int], str]) -> str:
    """The pattern with its literal text escaped and each part of a date, of so many digits, as `date_part` writes it."""
    dates = ["".join(date_part(_DIGITS[c]) if is_code else escape(c) for is_code, c in _pieces(f)) for f in formats]
    return "".join(escape(text) + date for text, date in zip(literal, [*dates, ""]))


def _pieces(text: str) -> list[tuple[int, str]]:
    """A date format as (0, literal text) and (1, letter of a directive)."""
    return [(index % 2, piece) for index, piece in enumerate(re.split(r"%(.)", text)) if piece]


def _date(expression: re.Pattern[str], codes: list[str], name: str) -> datetime | None:
    match = expression.fullmatch(name)
    if not match:
        return None
    said = dict(zip(codes, match.groups()))
    if any(said[code] != value for code, value in zip(codes, match.groups())):  # one file, two dates
        return None
    try:
        return datetime.strptime(" ".join(said.values()), " ".join(f"%{code}" for code in said))
    except ValueError:
        return None


def _dates_in(name: str) -> list[tuple[datetime, bool]]:
    """The dates that a file's name holds, each with whether it says an hour.

    Raises
    ------
    InputError
        If a date such as 05-03-2019 may be of two days.
    """
    found = []
    for expression in _IN_NAME:
        for match in expression.finditer(name):
            said = match.groupdict()
            month = _MONTHS.index(said["name"].lower()) + 1 if said.get("name") else int(said["month"])
            day = int(said["day"])
            if match.start("day") < match.start("year") and not said.get("name") and month != day:
                if max(month, day) <= 12:
                    raise InputError(
                        f"'{name}' may be of two days, {match.group()}; write the files as a pattern such as DIR/{{date:%d-%m-%Y}}.csv"
                    )
                month, day = min(month, day), max(month, day)
            try:
                found.append((datetime(int(said["year"]), month, day, int(said["hour"] or 0)), said["hour"] is not None))
            except ValueError:
                continue
    return found


def _in_order(files: list[DatedFile]) -> list[DatedFile]:
    files = sorted(files, key=lambda file: (file.date, file.path))
    for first, second in zip(files, files[1:]):
        if first.date == second.date:
            raise InputError(f"'{first.path}' and '{second.path}' are of the same date, {first.date}; keep one of them")
    return files
