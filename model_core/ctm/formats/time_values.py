"""Times as files write them, as datetime64: by unit and calendar, as dates in numbers or text, or with the start said elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import cftime
import numpy as np

from model_core.errors import InputError

MOST_TIMES = 1_000_000  # more than a century of hours
_SINCE = re.compile(r"\bsince\b", re.IGNORECASE)
_DATE = re.compile(r"(?<!\d)((?:19|20)\d{2})-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])(?:[ T]?([01]\d|2[0-3])(?::?([0-5]\d))?)?")
_PLAIN_UNITS = {"hours", "hour", "hrs", "hr", "h", "days", "day", "d", "minutes", "minute", "min", "seconds", "second", "sec", "s"}
_LONG_UNITS = re.compile(r"\s*(common_|calendar_)?(month|year|season)s?\b", re.IGNORECASE)
_RUN_ATTRIBUTES = ("FORECAST", "ANALYSIS", "REANALYSIS", "forecast", "analysis")
_REMEDY = "write units such as 'hours since 2018-01-01 00:00', for example with cdo -r copy, or ncatted"


def decode(values: np.ndarray, attributes: dict, name: str, path: Path, file_attributes: dict | None = None) -> np.ndarray:
    """Times as datetime64[s] in the shape of the values; dates of a model's calendar keep their year, month and day.

    Parameters
    ----------
    attributes : of the axis: `units`, `calendar`, and `long_name`, which says the start in files of CAMS Europe
    file_attributes : of the file, which also may say the start

    Raises
    ------
    InputError
        If a unit, calendar or value is not understood, or there are absurdly many.
    """
    values = np.asarray(values)
    units, calendar = str(attributes.get("units", "")).strip(), str(attributes.get("calendar", "standard"))
    if values.size > MOST_TIMES:
        raise InputError(f"'{path}': '{name}' claims {values.size} times, more than {MOST_TIMES}; is the file damaged?")
    if values.dtype.kind in "SUO" and not _SINCE.search(units):
        return text_times(values, name, path)
    if re.fullmatch(r"day as %Y%m%d(\.%f)?", units):
        return _dates_as_numbers(values, name, path)
    if _LONG_UNITS.match(units):
        raise InputError(
            f"'{path}': times in '{name}' count {units.split()[0]}; monthly or yearly means are not days: give the model's "
            "daily or hourly fields"
        )
    if not _SINCE.search(units) and units.lower() in _PLAIN_UNITS:
        units = f"{units} since {_start(attributes, file_attributes or {}, name, path)}"
    if values.dtype.kind not in "fiu" or not np.isfinite(values.astype(float)).all():
        raise InputError(f"'{path}': times in '{name}' ('{units}') have gaps or are no numbers; {_REMEDY}")
    distinct, places = np.unique(values, return_inverse=True)  # a damaged axis may be long and say one time only
    try:
        decoded = cftime.num2date(distinct, units, calendar, only_use_cftime_datetimes=True)
        texts = [moment.isoformat()[:19] for moment in np.ravel(decoded)]
    except (ValueError, TypeError, OverflowError, AttributeError, ArithmeticError) as error:
        raise InputError(f"'{path}': times in '{name}' ('{units}', calendar {calendar}) are not understood: {error}; {_REMEDY}") from error
    try:
        return np.array(texts, "datetime64[s]")[places].reshape(np.shape(values))
    except ValueError as error:
        bad = next((text for text in texts if not _exists(text)), texts[0])
        raise InputError(
            f"'{path}': times in '{name}' are in the calendar {calendar}, whose {bad[:10]} is a day that does not exist; bring "
            "the file onto the "
            "standard calendar, for example with cdo setcalendar,standard or xarray's convert_calendar"
        ) from error


def text_times(values: np.ndarray, name: str, path: Path) -> np.ndarray:
    """Times from texts such as 2018-02-20_13:00:00, as WRF and CHIMERE write them in `Times`."""
    texts = [value.decode(errors="replace") if isinstance(value, bytes) else str(value) for value in np.ravel(values)]
    try:
        times = np.array([text.strip().strip("\0").replace("_", "T") for text in texts], "datetime64[s]")
    except ValueError as error:
        raise InputError(f"'{path}': variable {name} is not understood: {error}; expected is YYYY-MM-DD_hh:mm:ss") from error
    if np.isnat(times).any():
        raise InputError(f"'{path}': variable {name} has gaps; expected is YYYY-MM-DD_hh:mm:ss for every time")
    return times.reshape(np.shape(values))


def start_in_words(attributes: dict, file_attributes: dict) -> tuple[str, str] | None:
    """(ISO time, where it stands) of the start that a long name or the file's attribute FORECAST says, or None."""
    of_file = [(f"the attribute {key}", file_attributes.get(key, "")) for key in _RUN_ATTRIBUTES]
    for place, text in [("its long_name", attributes.get("long_name", "")), *of_file]:
        match = _DATE.search(str(text))
        if match:
            year, month, day, hour, minute = match.groups()
            return f"{year}-{month}-{day} {hour or '00'}:{minute or '00'}:00", place
    return None


def needs_start(attributes: dict) -> bool:
    """Whether the unit is a bare 'hours' or the like, which does not say since when."""
    return str(attributes.get("units", "")).strip().lower() in _PLAIN_UNITS


def _start(attributes: dict, file_attributes: dict, name: str, path: Path) -> str:
    found = start_in_words(attributes, file_attributes)
    if found is None:
        raise InputError(f"'{path}': times in '{name}' ('{attributes.get('units')}') do not say since when they count; {_REMEDY}")
    return found[0]


def _dates_as_numbers(values: np.ndarray, name: str, path: Path) -> np.ndarray:
    """20180101.5 is noon of 1 January 2018: the absolute time axis of CDO."""
    if values.dtype.kind == "f" and values.dtype.itemsize < 8:
        raise InputError(f"'{path}': times in '{name}' are dates in single precision, which can't hold every day; {_REMEDY}")
    numbers = values.astype(float)
    if not np.isfinite(numbers).all() or (numbers < 1e6).any() or (numbers >= 1e8).any():
        raise InputError(f"'{path}': times in '{name}' are not dates YYYYMMDD; {_REMEDY}")
    days = np.floor(numbers).astype(np.int64)
    try:
        texts = [f"{day // 10000:04d}-{day // 100 % 100:02d}-{day % 100:02d}" for day in np.ravel(days)]
        starts = np.array(texts, "datetime64[D]").reshape(days.shape)
    except ValueError as error:
        raise InputError(f"'{path}': times in '{name}' hold a date that does not exist: {error}") from error
    return starts.astype("datetime64[s]") + np.rint((numbers - days) * 86400).astype("timedelta64[s]")


def _exists(text: str) -> bool:
    try:
        np.datetime64(text, "s")
        return True
    except ValueError:
        return False
