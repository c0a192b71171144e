"""Numbers and coordinates that stand in tables as text."""

from __future__ import annotations

import re
from numbers import Number
from typing import Callable, Sequence

import numpy as np
import pandas as pd

from model_core.errors import InputError
from model_core.stations.tables import EMPTY_TEXTS

_END = r"(?:[eE][-+]?\d+)?$"


def _proof(sign: str, other: str) -> re.Pattern:
    """Texts that can only be meant with a decimal sign: 13,5 and 0,125 and 1031,250 and 1.031,2; the dots of 1.031.200 part thousands."""
    s, o = re.escape(sign), re.escape(other)
    decimals = rf"\d*{s}(?:\d{{1,2}}|\d{{4,}})|0\d*{s}\d+|\d{{4,}}{s}\d+|\d{{1,3}}(?:[{o} '’]\d{{3}})+{s}\d+"
    return re.compile(rf"^[-+]?(?:(?:{decimals}){_END}|[1-9]\d{{0,2}}(?:{o}\d{{3}}){{2,}}$)")


def _grouped(sign: str, other: str) -> re.Pattern:
    """Numbers with thousands set apart, by one thing all along."""
    return re.compile(rf"^[-+]?\d{{1,3}}(?:([{other} '’])\d{{3}})(?:\1\d{{3}})*(?:\{sign}\d*)?{_END}")


_PROOFS = {",": _proof(",", "."), ".": _proof(".", ",")}
_GROUPED = {",": _grouped(",", "."), ".": _grouped(".", ",")}
_DOUBTFUL = {sign: re.compile(rf"^[-+]?[1-9]\d{{0,2}}\{sign}\d{{3}}$") for sign in ",."}
_WHOLE = re.compile(r"^[-+]?\d+$")
_GROUPS = {",": r"[. '’]", ".": r"[, '’]"}

_DMS = re.compile(
    r"^(?P<before>[NSEWnsew])?\s*(?P<sign>[-+])?(?P<degrees>\d{1,3}(?:\.\d+)?)"
    r"(?:(?P<mark>\s*(?:[°º:d]|deg)\s*|\s+)(?P<minutes>\d{1,2}(?:\.\d+)?)"
    r"(?:(?P<minute_mark>\s*['′’:m]\s*|\s+)(?P<seconds>\d{1,2}(?:\.\d+)?))?)?"
    r"\s*(?P<end>''|′′|’’|[°º\"″”'′’sm])?\s*(?P<behind>[NSEWnsew])?$"
)


def numbers(raw: pd.Series, decimal: str | None = None, beside: Sequence[str] = ()) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of a column.

    Parameters
    ----------
    raw : numbers or texts; thousands may be set apart by the other sign, by blanks or by apostrophes
    decimal : "." or ","; default: by evidence in the column, see `decimal_sign`
    beside : texts of the same column in other parts of the table, which count as evidence too (`witnesses`)

    Returns
    -------
    (float64 numbers with NaN where there is none, bool: which rows are empty). `<3`, `True` and `13.5 (a)` are no numbers.

    Raises
    ------
    InputError
        If the decimal sign can't be told.
    """
    if pd.api.types.is_numeric_dtype(raw) and not pd.api.types.is_bool_dtype(raw):
        return raw.to_numpy(float, na_value=np.nan), raw.isna().to_numpy()
    text, empty = _texts(raw)
    values = np.array(pd.to_numeric(text.where(~text.isin(["True", "False"])), errors="coerce"), float)
    # A number among texts stands as it is: no decimal sign was written.
    written = ~empty & ~raw.astype(object).map(lambda cell: isinstance(cell, Number) and not isinstance(cell, bool)).to_numpy(bool)
    unread = written & np.isnan(values)
    if decimal != "," and not unread.any():
        return values, empty  # points alone, and nothing that a comma could change
    distinct = pd.concat([text[written], pd.Series(beside, dtype=object)], ignore_index=True).drop_duplicates()
    proven = _proven(distinct)
    sign = decimal or _sign(distinct, proven)
    if sign == ",":
        values[written], unread = np.nan, written
    # Where nothing proves the point, or both signs are proven, 1,031 beside 1.031 may be either.
    values[unread] = _read(text[unread], sign, lambda one: _is_number(one, sign, decimal is not None or set(proven) == {sign}))
    if decimal is None:  # points and commas in one column: a text that can only be meant with the other sign is read with it
        unread = written & np.isnan(values)
        other = "." if sign == "," else ","
        values[unread] = _read(text[unread], other, lambda one: _PROOFS[other].match(one) is not None)
    return values, empty


def decimal_sign(texts: pd.Series, separator: str | None = None) -> str:
    """The decimal sign of a column, "." or ",".

    A comma where texts such as 13,5 stand and none such as 13.5; 1.031,2 has dots for thousands, 1,031.2 commas. Where all that
    there is are texts such as 1,031, the comma is the decimal sign.

    Parameters
    ----------
    separator : of the cells in the file, if it is known: in a file of semicolons, 1,031 beside whole numbers has a decimal comma

    Raises
    ------
    InputError
        If texts such as 1,031 stand beside whole numbers, so that they may be either.
    """
    if pd.api.types.is_numeric_dtype(texts):
        return "."
    text, empty = _texts(pd.Series(texts))
    distinct = text[~empty].drop_duplicates()
    return _sign(distinct, _proven(distinct), separator)


def witnesses(texts: pd.Series) -> list[str]:
    """One text of each kind that tells the decimal sign of a column or leaves it in doubt, so that its parts are read alike."""
    if pd.api.types.is_numeric_dtype(texts):
        return []
    text, empty = _texts(pd.Series(pd.unique(texts.astype(object)), dtype=object))
    distinct = text[~empty]
    kinds = (*_PROOFS.values(), *_DOUBTFUL.values(), _WHOLE)
    return [found for kind in kinds if (found := next((one for one in distinct if kind.match(one)), None)) is not None]


def coordinates(raw: pd.Series, decimal: str | None = None, beside: Sequence[str] = ()) -> np.ndarray:
    """Coordinates of a column as float64, NaN where there is none: numbers, or degrees, minutes and seconds, in degrees.

    `decimal` and `beside` are as `numbers` has them.
    Understood: ``39°52'30"N``, ``116 12 00 E``, ``-39:52:30``, ``39d52m30s S``, ``39°52.5'``, ``N 39.875``. South and west are negative.
    """
    if decimal is None and not pd.api.types.is_numeric_dtype(raw) and (text := _texts(raw)[0]).str.contains(",", regex=False).any():
        text = pd.concat([text, pd.Series(beside, dtype=object)], ignore_index=True).drop_duplicates()
        proven = _proven(text)
        doubtful = text[text.map(lambda one: _DOUBTFUL[","].match(one) is not None).astype(bool)]
        if not proven and len(doubtful):
            if (doubtful.str.extract(r"(\d+),", expand=False).astype(int) > 360).any():  # metres with groups of thousands, or with decimals
                raise InputError(_may_be_either(doubtful.iloc[0]))
            decimal = ","
    values, empty = numbers(raw, decimal, beside)
    rest = ~empty & np.isnan(values)
    if rest.any():
        text = _texts(raw)[0][rest]
        values[rest] = [_degrees(one) for one in text.str.replace(",", ".")]
    return values


def _read(text: pd.Series, sign: str, is_number: Callable[[str], bool]) -> np.ndarray:
    """float64 of texts with a decimal sign, NaN where they are no number."""
    right = text.map({one: is_number(one) for one in text.unique()}).astype(bool)
    plain = text.where(right).str.replace(_GROUPS[sign], "", regex=True).str.replace(",", ".")
    return pd.to_numeric(plain, errors="coerce").to_numpy(float)


def _texts(raw: pd.Series) -> tuple[pd.Series, np.ndarray]:
    """Texts with one kind of blank and minus, and which rows are empty."""
    text = raw.astype(object).map(str).astype(object).str.strip()
    wide = ~text.map(str.isascii).astype(bool)
    if wide.any():
        tidy = text[wide].str.replace(r"[\u2212\u2013](?=[\d.,])", "-", regex=True)
        tidy = tidy.str.replace(r"[\u00a0\u2007\u2009\u202f]", " ", regex=True)
        text = text.mask(wide, tidy.str.translate(_WIDE_DIGITS).str.strip())
    return text, (raw.isna() | text.str.lower().isin(EMPTY_TEXTS)).to_numpy()


_WIDE_DIGITS = str.maketrans("０１２３４５６７８９．，－", "0123456789.,-")


def _proven(text: pd.Series) -> dict[str, str]:
    """Signs that texts prove, each with the first such text."""
    return {
        sign: text[found].iloc[0]
        for sign, proof in _PROOFS.items()
        if (found := text.map(lambda one, proof=proof: proof.match(one) is not None).astype(bool)).any()
    }


def _sign(text: pd.Series, proven: dict[str, str], separator: str | None = None) -> str:
    if proven:
        return "." if "." in proven else ","
    doubtful = {
        sign: text[text.map(lambda one, pattern=pattern: pattern.match(one) is not None).astype(bool)]
        for sign, pattern in _DOUBTFUL.items()
    }
    if doubtful["."].size or not doubtful[","].size:
        return "."
    # Digits after every comma in a column of decimals with fixed places; beside whole numbers they may be thousands.
    if separator != ";" and text.map(lambda one: _WHOLE.match(one) is not None).any():
        raise InputError(_may_be_either(doubtful[","].iloc[0]))
    return ","


def _may_be_either(text: str) -> str:
    return f"numbers such as '{text}' may be {text.replace(',', '.')} or {text.replace(',', '')}; say which with --decimal , or --decimal ."


def _is_number(text: str, sign: str, grouped: bool) -> bool:
    """Whether a text is a number with this decimal sign; `grouped` says whether the other sign may set thousands apart."""
    if re.match(rf"^[-+]?(?:\d+(?:\{sign}\d*)?|\{sign}\d+)" + _END, text):
        return True
    found = _GROUPED[sign].match(text)
    return found is not None and (grouped or found[1] not in ",.")


def _degrees(text: str) -> float:
    """Degrees of a text with degrees, minutes and seconds, NaN if it is none."""
    found = _DMS.match(text)
    if not found or (found["before"] and found["behind"]):
        return np.nan
    hemisphere = (found["before"] or found["behind"] or "").upper()
    # 116 12 may be anything; three parts, a mark or a hemisphere make degrees of it.
    if not (hemisphere or found["seconds"] or found["end"] or (found["mark"] or "").strip()):
        return np.nan
    # 39d52m30s ends with its seconds; 39 52 30 s may end with the south.
    if (found["end"] == "s" and "m" not in (found["minute_mark"] or "")) or (found["end"] == "m" and "d" not in (found["mark"] or "")):
        return np.nan
    degrees, minutes, seconds = (float(found[part] or 0) for part in ("degrees", "minutes", "seconds"))
    broken = (found["minutes"] and "." in found["degrees"]) or (found["seconds"] and "." in found["minutes"])
    if broken or minutes >= 60 or seconds >= 60 or (found["sign"] and hemisphere):
        return np.nan
    degrees += minutes / 60 + seconds / 3600
    if degrees > {"N": 90, "S": 90, "W": 180}.get(hemisphere, 360):
        return np.nan
    return -degrees if hemisphere in ("S", "W") or found["sign"] == "-" else degrees
