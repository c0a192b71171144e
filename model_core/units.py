"""Units as files and users write them, converted with pint."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from model_core.errors import InputError
from model_core.gases import MOLAR_MASS, Gas
from model_core.unit_names import MASS_RATIO, MOLE_RATIO, expression, ratio

__all__ = ["ACCEPTED_EXAMPLES", "GAS_REMEDY", "MOLAR_MASS", "Gas", "convert"]

ACCEPTED_EXAMPLES = "'ug m-3', 'µg/m³', 'mg m-3', 'kg m-3', '%', '1', 'm s-1', 'km/h', 'K', 'degC', 'm', 'ppb', 'ppm'"
_CONCENTRATION = "gram/meter**3"
_GAS_REASON = "that takes the molar mass, temperature and pressure"
GAS_REMEDY = (
    "say which gas the readings are of (--species o3, no2, so2 or co; with "
    "--gas-temperature and --gas-pressure where it is not 20 degC and 1013.25 hPa), or convert the mixing ratio beforehand"
)


def convert(values: Any, from_unit: str, to_unit: str, where: str, gas: Gas | None = None, remedy: str = GAS_REMEDY) -> np.ndarray:
    """Values in another unit, with the shape and the floating type they came in.

    Parameters
    ----------
    values : array
    from_unit, to_unit : str
        As in files: ``ug m-3``, ``µg/m³``, ``Micrograms/cubic meter (25 C)``, ``PERCENT``, ``M/S``, ``ppb``, ...
    where : str
        What the values are, for the error message: ``variable 'PM25_TOT' of day.nc``.
    gas : optional
        Turns mixing ratios (ppb, mol mol-1, kg kg-1) into concentrations and back.
    remedy : what to do where it is needed and missing

    Raises
    ------
    InputError
        If a unit is unknown or may be an angle times something, or the two do not measure the same thing.
    """
    values = np.asarray(values)
    if not np.issubdtype(values.dtype, np.floating):
        values = values.astype(float)
    if from_unit.strip() == to_unit.strip():
        return values
    kinds = tuple(_kind(unit, where) for unit in (from_unit, to_unit))
    if kinds[0] != kinds[1] and all(kinds):
        if gas is None:
            raise InputError(f"{where}: unit '{from_unit}' can't be converted to '{to_unit}', because {_GAS_REASON}; {remedy}")
        return _through_gas(values.astype(float), from_unit, to_unit, kinds, where, gas).astype(values.dtype)
    scale, offset = _linear(from_unit, to_unit, where)
    converted = values * values.dtype.type(scale) if scale != 1 else values
    return converted + values.dtype.type(offset) if offset else converted


def _through_gas(values: np.ndarray, from_unit: str, to_unit: str, kinds: tuple[str, str], where: str, gas: Gas) -> np.ndarray:
    """Values of one kind of amount in air as another, by way of mol mol-1."""
    into = {_CONCENTRATION: gas.mole_ratio, MASS_RATIO: gas.mole_ratio_of_mass_ratio}
    out_of = {_CONCENTRATION: gas.concentration, MASS_RATIO: gas.mass_ratio}
    base = {_CONCENTRATION: "g m-3", MASS_RATIO: "1", MOLE_RATIO: "1"}
    values = values * _linear(from_unit, base[kinds[0]], where)[0]
    values = into.get(kinds[0], np.asarray)(values)
    values = out_of.get(kinds[1], np.asarray)(values)
    return values * _linear(base[kinds[1]], to_unit, where)[0]


def is_concentration(unit: str) -> bool:
    """Whether a unit is one of mass in a volume of air, such as ug m-3; `InputError` if it is not known."""
    return _kind(unit, "the unit") == _CONCENTRATION


def is_amount_in_air(text: str) -> bool:
    """Whether a text is a unit of mass in a volume of air, or a mixing ratio."""
    try:
        return bool(_kind(text, "the unit"))
    except InputError:
        return False


@lru_cache(maxsize=256)
def _kind(unit: str, where: str) -> str:
    """Of amounts in air MOLE_RATIO, MASS_RATIO or _CONCENTRATION; "" for other units."""
    if found := ratio(unit):
        return found[0]
    return _CONCENTRATION if _parse(unit, where)[1].is_compatible_with(_CONCENTRATION) else ""


@lru_cache(maxsize=256)
def _linear(from_unit: str, to_unit: str, where: str) -> tuple[float, float]:
    """Scale and offset from one unit to the other."""
    from pint import DimensionalityError

    (from_factor, source), (to_factor, target) = _parse(from_unit, where), _parse(to_unit, where)
    quantity = _registry().Quantity
    if _is_angle(source) != _is_angle(target):  # pint takes an angle for a number
        raise InputError(f"{where}: unit '{from_unit}' can't be converted to '{to_unit}'")
    try:
        zero, one = (quantity(value * from_factor, source).to(target).magnitude / to_factor for value in (0.0, 1.0))
    except DimensionalityError:
        raise InputError(f"{where}: unit '{from_unit}' can't be converted to '{to_unit}'") from None
    return one - zero, zero


@lru_cache(maxsize=1)
def _registry():
    from pint import UnitRegistry  # half a second that jobs in canonical units need not spend

    return UnitRegistry(autoconvert_offset_to_baseunit=True)


def _parse(unit: str, where: str):
    """Factor and pint's unit for a unit as written."""
    try:
        factor, text = found[1:] if (found := ratio(unit)) else expression(unit)
        parsed = _registry().parse_units(text)
    except ImportError:
        raise  # pint itself is missing
    except Exception as error:  # pint raises a whole zoo for text that is no unit
        raise InputError(f"{where}: unknown unit '{unit}'; accepted are for example {ACCEPTED_EXAMPLES}") from error
    names = list(parsed._units)
    if len(names) > 1 and any(_is_angle(name) for name in names):
        raise InputError(f"{where}: unit '{unit}' would be an angle times something; accepted are for example {ACCEPTED_EXAMPLES}")
    return factor, parsed


def _is_angle(unit: Any) -> bool:
    registry = _registry()
    return registry.get_root_units(unit)[1] == registry.radian
