"""Times of forms that write them in a way of their own, rewritten as ISO 8601."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from model_core.errors import InputError


def to_iso(texts: pd.Series, pattern: str, where: str = "the times", first_row: int = 1) -> pd.Series:
    """Times as ``2013-06-01T00:00:00``; empty ones stay empty. 24:00 is 00:00 of the next day.

    Parameters
    ----------
    texts : as they stand in the table, joined with a blank where they are in several columns; apostrophes around them, and # before a
        provisional one, are left out
    pattern : as for strptime, with ``%Y %y %m %d %H %M %S``; years of two digits from 69 on are of the last century

    Raises
    ------
    InputError
        If a time is written otherwise, or is none, such as 30 February; it names the first.
    """
    clean = texts.astype(str).str.strip(" '#\t").str.replace(r"(?<=\d)\.0(?=\s|$)", "", regex=True)
    empty = clean.str.lower().isin(["", "nan", "nat", "none", "<na>"])
    parts = clean.str.extract(_expression(pattern))
    if "y" in parts:
        short = parts.pop("y")
        parts["Y"] = np.where(short >= "69", "19", "20") + short  # as POSIX has it
    numbers = parts.apply(pd.to_numeric).fillna(0).astype(np.int64)
    right = parts.notna().all(axis=1)
    months = (numbers["Y"].to_numpy() - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (numbers["m"].to_numpy() - 1)
    days = months.astype("datetime64[D]") + (numbers["d"].to_numpy() - 1)
    of_day = sum(numbers[part].to_numpy() * seconds for part, seconds in (("H", 3600), ("M", 60), ("S", 1)) if part in numbers)
    right &= (days.astype("datetime64[M]") == months) & (numbers["d"] > 0) & numbers["m"].between(1, 12) & (np.asarray(of_day) <= 86400)
    if (wrong := ~(right | empty)).any():
        row = int(np.argmax(wrong))
        raise InputError(f"{where}: '{clean.iloc[row]}' in row {first_row + row} is not a time of the form {pattern}")
    moments = days.astype("datetime64[s]") + of_day
    return pd.Series(np.where(empty, "", np.datetime_as_string(moments)), index=texts.index, dtype=object)


def _expression(pattern: str) -> str:
    """The regular expression of a pattern; a part that touches another has all its digits."""
    tokens = re.findall(r"%[YymdHMS]|.", pattern)
    parts = []
    for place, piece in enumerate(tokens):
        beside = [other for other in (tokens[place - 1 : place] + tokens[place + 1 : place + 2]) if len(other) == 2]
        if len(piece) == 2:
            parts.append(f"(?P<{piece[1]}>\\d{{{4 if piece[1] == 'Y' else 2 if beside or piece[1] in 'yMS' else '1,2'}}})")
        else:
            parts.append(r"\s+" if piece == " " else re.escape(piece))
    return "^" + "".join(parts) + "$"
