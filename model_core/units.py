"""Units as files and users write them, converted with pint."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import numpy as np

from model_core.errors import InputError

ACCEPTED_EXAMPLES = "'ug m-3', 'µg/m³', 'mg m-3', 'kg m-3', '%', '1', 'm s-1', 'km/h', 'K', 'degC', 'm'"

# Words that pint lacks or reads as something else ('C' coulomb, 'pa' pico-year), in lower case.
_WORDS = {
    "percent": "percent", "pct": "percent", "%": "percent",
    "fraction": "dimensionless", "decimal": "dimensionless", "category": "dimensionless",
    "unitless": "dimensionless", "none": "dimensionless", "logical": "dimensionless", "1": "dimensionless",
    "c": "degC", "celsius": "degC", "degrees_c": "degC", "deg_c": "degC", "degc": "degC",
    "f": "degF", "degf": "degF", "deg_f": "degF",
    "k": "kelvin", "mcg": "microgram", "ug": "microgram", "pa": "pascal", "hpa": "hectopascal", "mb": "millibar",
    "ppmv": "ppm", "ppbv": "ppb", "hr": "hour", "hrs": "hour", "kt": "knot", "kts": "knot", "kmh": "kilometer/hour",
}
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def convert(values: Any, from_unit: str, to_unit: str, where: str) -> np.ndarray:
    """Values in another unit, with the shape and the floating type they came in.

    Parameters
    ----------
    values : array
    from_unit, to_unit : str
        As in files: ``ug m-3``, ``µg/m³``, ``micrograms/m**3``, ``PERCENT``, ``M/S``, ...
    where : str
        What the values are, for the error message: ``variable 'PM25_TOT' of day.nc``.

    Raises
    ------
    InputError
        If a unit is unknown, or the two do not measure the same thing.
    """
    values = np.asarray(values)
    if not np.issubdtype(values.dtype, np.floating):
        values = values.astype(float)
    if from_unit.strip() == to_unit.strip():
        return values
    scale, offset = _linear(from_unit, to_unit, where)
    converted = values * values.dtype.type(scale) if scale != 1 else values
    return converted + values.dtype.type(offset) if offset else converted


@lru_cache(maxsize=256)
def _linear(from_unit: str, to_unit: str, where: str) -> tuple[float, float]:
    """Scale and offset from one unit to the other."""
    from pint import DimensionalityError

    source, target = _parse(from_unit, where), _parse(to_unit, where)
    quantity = _registry().Quantity
    try:
        zero, one = (quantity(value, source).to(target).magnitude for value in (0.0, 1.0))
    except DimensionalityError:
        hint = ""
        if "pp" in f"{source:~}":
            hint = ", because that takes the molar mass, temperature and pressure; convert the mixing ratio beforehand"
        raise InputError(f"{where}: unit '{from_unit}' can't be converted to '{to_unit}'{hint}") from None
    return one - zero, zero


@lru_cache(maxsize=1)
def _registry():
    from pint import UnitRegistry  # half a second that jobs in canonical units need not spend

    registry = UnitRegistry(autoconvert_offset_to_baseunit=True)
    registry.define("parts_per_billion = 1e-9 = ppb")
    return registry


def _parse(unit: str, where: str):
    """pint's unit for a unit as written."""
    try:
        return _registry().parse_units(_expression(unit))
    except Exception as error:  # pint raises a whole zoo for text that is no unit
        raise InputError(f"{where}: unknown unit '{unit}'; accepted are for example {ACCEPTED_EXAMPLES}") from error


def _expression(unit: str) -> str:
    """The unit in pint's grammar: ``ug m-3`` -> ``microgram*m**-3``."""
    text = unit.strip().translate(_SUPERSCRIPTS).replace("µ", "u").replace("μ", "u").replace("°", "deg")
    text = re.sub(r"\s*\((LC|SC)\)$", "", text)  # US EPA: local or standard conditions
    if not text:
        raise ValueError("empty unit")
    if text.isupper():  # IOAPI and MCIP shout: M/S, KG/M**3
        text = text.lower()
    text = re.sub(r"\bcubic\s+(\w+)", r"\1**3", text, flags=re.IGNORECASE)
    text = re.sub(r"\s+per\s+", "/", text).replace("^", "**")
    text = re.sub(r"([A-Za-z])([-+]?\d+)", r"\1**\2", text)
    text = re.sub(r"(?<=[\w)])(\s+|\.|·)(?=[A-Za-z(])", "*", text)
    return re.sub(r"[A-Za-z_]+|%|^1$", _pint_word, text)


def _pint_word(match: re.Match) -> str:
    word = match.group()
    # Case tells Mg from mg, but says nothing in a word such as Micrograms.
    return _WORDS.get(word.lower(), word.lower() if len(word) > 4 and word.istitle() else word)
