"""Mixing ratios as concentrations: by the density of the air where the files know it, else at a stated temperature and pressure."""

from __future__ import annotations

import re
from functools import partial
from typing import Callable, NamedTuple

import numpy as np
from scipy.constants import R

from model_core.ctm.derived import Quantity, first_name
from model_core.gases import MOLAR_MASS_OF_AIR, STANDARD, Gas, State
from model_core.unit_names import MOLE_RATIO, ratio
from model_core.units import convert
from model_core.variables import Variable, molar_mass

DENSITY = Quantity(("AIR_DENS", "AIRDENS", "DENS", "MET_AIRDEN"), "air_density", "kg m-3", (0.01, 3))
TEMPERATURE = Quantity(("TEMP2", "T2", "T2M", "TAS", "SFC_TMP", "TA", "TEMP", "MET_T"), "air_temperature", "K", (150, 350))
PRESSURE = Quantity(("PRSFC", "PSFC", "PS", "SP", "PSURF", "PRES", "MET_PMID", "PMID"), "surface_air_pressure", "Pa", (1e4, 1.2e5))


def ratio_unit(unit: str, standard_name: str) -> str | None:
    """A unit that is a mixing ratio, as `units.convert` takes it; None for any other.

    Parameters
    ----------
    standard_name : CF's, which tells molecules from mass where the unit is just 1
    """
    if unit.strip() in ("1", ""):
        return {"mole": "mol mol-1", "mass": "kg kg-1"}.get(standard_name[:4]) if "_fraction_of_" in standard_name else None
    plain = re.sub(r"\s+vol(ume)?(\s+(dry|wet|WD))?$", "", unit.strip(), flags=re.IGNORECASE)  # CHIMERE's 'ppb vol'
    return plain if ratio(plain) else None


class Air(NamedTuple):
    """How a file gives the density of its air: names, their units and limits, and the function to kg m-3."""

    names: tuple[str, ...]
    quantities: tuple[Quantity, ...]
    density: Callable[..., np.ndarray]


class Conversion(NamedTuple):
    """What a mixing ratio takes to become a concentration.

    Attributes
    ----------
    air : how the file gives the density of its air, or None where it does not
    compute : from the mixing ratio and what `air` names
    by_density : from the mixing ratio and a density of the air in kg m-3
    remark : what a user should know
    """

    air: Air | None
    compute: Callable[..., np.ndarray]
    by_density: Callable[..., np.ndarray]
    remark: str


def conversion(variable: Variable, unit: str, names: dict[str, str], state: State = STANDARD) -> Conversion | None:
    """How a variable becomes a concentration in its unit; None for molecules of what has no molar mass.

    Parameters
    ----------
    unit : of the mixing ratio, as `ratio_unit` gives it
    names : upper-case names and CF standard names -> names in the file, of what lies on its grid
    state : of the air where no file knows it
    """
    mass = molar_mass(variable)
    if mass is None and ratio(unit)[0] == MOLE_RATIO:
        return None
    by_density, air = partial(_by_density, variable.key, mass or MOLAR_MASS_OF_AIR, unit, variable.unit), air_of(names)
    if air is not None:
        return Conversion(air, partial(_by_air, by_density, air.density), by_density, "")
    remark = f"its mixing ratio ({unit}) is converted at {state}, because temperature and pressure are not there"
    return Conversion(None, partial(by_density, density=air_density(*state)), by_density, remark)


def air_of(names: dict[str, str]) -> Air | None:
    """How a file gives the density of its air: itself, or by temperature and pressure; None where it does not.

    `names` as for `conversion`.
    """
    density = first_name(DENSITY, names)
    if density:
        return Air((density,), (DENSITY,), lambda values: values)
    found = first_name(TEMPERATURE, names), first_name(PRESSURE, names)
    return None if None in found else Air(found, (TEMPERATURE, PRESSURE), air_density)


def air_density(temperature: np.ndarray, pressure: np.ndarray) -> np.ndarray:
    """Of dry air in kg m-3, from K and Pa."""
    return pressure * (MOLAR_MASS_OF_AIR / 1000 / R) / temperature


def _by_density(key: str, mass: float, unit: str, to_unit: str, values: np.ndarray, density: np.ndarray | float) -> np.ndarray:
    """A concentration from a mixing ratio and the density of the air; a ratio of mass does without the molar mass."""
    pressure = density * (1000 * R * STANDARD.temperature_k / MOLAR_MASS_OF_AIR)  # that makes this density at this temperature
    return convert(values, unit, to_unit, key, Gas(mass, STANDARD.temperature_k, pressure)).astype(np.float32)


def _by_air(by_density: Callable[..., np.ndarray], density: Callable[..., np.ndarray], values: np.ndarray, *air: np.ndarray) -> np.ndarray:
    return by_density(values, density(*air))
