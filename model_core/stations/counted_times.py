"""Times that are counted: seconds since 1970 as sensors write them, days since 1900 as spreadsheets store them."""

from __future__ import annotations

import numpy as np
import pandas as pd

# Seconds since 1970 from 2001-09-09 to 2030-03-17: ten digits, which as YYYYMMDDHH would lie before the year 1900.
_SECONDS = (1_000_000_000, 1_899_999_999)
_UNITS = {10: "seconds", 13: "milliseconds", 16: "microseconds", 19: "nanoseconds"}
# Days of a spreadsheet from 1990-01-01 to 2039-12-31; day 0 is 1899-12-30, as spreadsheets take 1900 for a leap year.
_SERIALS = (32_874, 51_134)
_DAY_0 = np.datetime64("1899-12-30", "s")
_FEW_DIGITS = 3


def counted_times(text: pd.Series) -> tuple[np.ndarray, bool, str] | None:
    """Counted times, if a column holds them and nothing else.

    Parameters
    ----------
    text : str, none of them empty

    Returns
    -------
    (datetime64[s], whether they are in UTC, what was counted), or None where a text lies outside what can only be counted.
    """
    if text.empty or not text.str.fullmatch(r"\d+(?:[.,]\d+)?").all():
        return None
    whole = text.str.extract(r"^(\d+)", expand=False)
    lengths = whole.str.len()
    digits = int(lengths.iloc[0])
    if not (lengths == digits).all():
        return None
    if digits in _UNITS:
        seconds = whole.str[:10].astype(np.int64)
        if seconds.between(*_SECONDS).all():
            return seconds.to_numpy().astype("datetime64[s]"), True, f"{_UNITS[digits]} since 1970, in UTC"
    if digits == 5 and whole.astype(np.int64).between(*_SERIALS).all():
        return _DAY_0 + _serial_seconds(text), False, "days since 1900 as a spreadsheet stores them"
    return None


def _serial_seconds(text: pd.Series) -> np.ndarray:
    """timedelta64[s] of serial days: of the times that the written digits allow the one on the hour, else on the minute.

    43479.333 stands for 43479.3325 to 43479.3335, and of that range for 08:00, not for 07:59:31.
    """
    decimals = text.str.extract(r"[.,](\d+)$", expand=False).fillna("")
    places = int(decimals.str.len().max())
    seconds = text.str.replace(",", ".").astype(float).to_numpy() * 86400
    result = np.round(seconds)
    if places >= _FEW_DIGITS:
        slack = 0.5 * 10.0**-places * 86400 + 1e-3  # doubles of this size are known to less than a millisecond
        for step in (60, 3600):
            nearest = np.round(seconds / step) * step
            result = np.where(np.abs(nearest - seconds) <= slack, nearest, result)
    return result.astype(np.int64).astype("timedelta64[s]")
