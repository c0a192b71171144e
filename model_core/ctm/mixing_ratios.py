"""Mixing ratios as concentrations: by the density of the air where a file knows it, else at 20 degrees C and 1013.25 hPa.

A gas of the molar ratio x has the concentration x M n, where n = p / (R T) is the amount of air in a volume; a mass ratio q makes
q M_air n. Source: Seinfeld and Pandis, Atmospheric Chemistry and Physics (3rd edition), section 1.6.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Callable, NamedTuple

import numpy as np

from model_core.ctm.derived import Quantity, first_name
from model_core.errors import InputError
from model_core.units import convert

MOLAR_MASS = {"o3": 47.998, "no2": 46.006, "so2": 64.066, "co": 28.010}  # g mol-1
STANDARD_K, STANDARD_PA = 293.15, 101325.0
_AIR = 28.9647  # g mol-1, dry
_GAS_CONSTANT = 8.314462618  # J mol-1 K-1
_MOLAR = re.compile(r"\bpp[mbt](v|m?v)?\b|\bmol(e|es)?(\s*[/*.]\s*|\s+)mol(e|es)?\b|\b[numpμµ]?mol\s*(/|\s)\s*mol|parts[ _]per", re.IGNORECASE)
_MASS = re.compile(r"\b[kmuµμn]?g\s*(/|\s|\*|\.)\s*kg\b|\bkg\s*(/|\s|\*|\.)\s*kg\b|\bg\s*(/|\s)\s*g\b", re.IGNORECASE)
_REMARKS = re.compile(r"[-\s]*\(?\b(dry|wet|dryair|dry air|air|vol|volume)\b\)?", re.IGNORECASE)

DENSITY = Quantity(("AIR_DENS", "AIRDENS", "DENS", "MET_AIRDEN"), "air_density", "kg m-3", (0.01, 3))
TEMPERATURE = Quantity(("TEMP2", "T2", "T2M", "TAS", "SFC_TMP", "TA", "TEMP", "MET_T"), "air_temperature", "K", (150, 350))
PRESSURE = Quantity(("PRSFC", "PSFC", "PS", "SP", "PRES", "MET_PMID", "PMID"), "surface_air_pressure", "Pa", (1e4, 1.2e5))


class Ratio(NamedTuple):
    """A unit that is a mixing ratio: of molecules or of mass, and by how much it is to be multiplied to be 1."""

    molar: bool
    factor: float


def ratio_of(unit: str, standard_name: str, where: str) -> Ratio | None:
    """The kind of a mixing ratio; None for any other unit.

    Parameters
    ----------
    standard_name : CF's, which tells the kind where the unit is just 1
    """
    if unit.strip() in ("1", "") and standard_name.startswith(("mole_fraction_of_", "mass_fraction_of_")):
        return Ratio(standard_name.startswith("mole"), 1.0)
    text = re.sub(r"[-*^]+1\b", "", unit.replace("**", ""))  # 'kg kg-1' and 'kg kg**-1' alike
    molar = bool(_MOLAR.search(text))
    if not molar and not _MASS.search(text):
        return None
    plain = _REMARKS.sub("", unit).strip()
    plain = re.sub(r"\bmoles?\b", "mol", plain, flags=re.IGNORECASE)
    plain = re.sub(r"\b(pp[mbt])(v|mv)\b", r"\1", plain, flags=re.IGNORECASE).lower() if "pp" in plain.lower() else plain
    plain = {"parts per million": "ppm", "parts per billion": "ppb"}.get(plain.lower().replace("_", " "), plain)
    if plain in ("ppt", "pptv"):
        return Ratio(True, 1e-12)
    try:
        return Ratio(molar, float(convert(np.ones(1), plain, "1", where)[0]))
    except InputError:
        return None


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


def conversion(key: str, ratio: Ratio, names: dict[str, str], unit: str) -> Conversion | None:
    """How the variable `key` becomes ug m-3; None for a molar ratio of what has no molar mass.

    Parameters
    ----------
    names : upper-case names and CF standard names -> names in the file, of what lies on its grid
    unit : as the file writes it, for the remark
    """
    if ratio.molar and key not in MOLAR_MASS:
        return None
    factor = ratio.factor * (MOLAR_MASS[key] / _AIR if ratio.molar else 1.0) * 1e9  # times air in kg m-3
    by_density, air = partial(_by_density, factor), air_of(names)
    if air is not None:
        return Conversion(air, partial(_by_air, by_density, air.density), by_density, "")
    remark = f"its mixing ratio ({unit}) is converted at {STANDARD_K:g} K and {STANDARD_PA / 100:g} hPa, because temperature and pressure are not there"
    return Conversion(None, partial(by_density, density=air_density(STANDARD_K, STANDARD_PA)), by_density, remark)


def air_of(names: dict[str, str]) -> Air | None:
    """How a file gives the density of its air: itself, or by temperature and pressure; None where it does not. `names` as for `conversion`."""
    density = first_name(DENSITY, names)
    if density:
        return Air((density,), (DENSITY,), lambda values: values)
    found = first_name(TEMPERATURE, names), first_name(PRESSURE, names)
    return None if None in found else Air(found, (TEMPERATURE, PRESSURE), air_density)


def air_density(temperature: np.ndarray, pressure: np.ndarray) -> np.ndarray:
    """Of dry air in kg m-3, from K and Pa."""
    return pressure * (_AIR / 1000 / _GAS_CONSTANT) / temperature


def _by_density(factor: float, values: np.ndarray, density: np.ndarray | float) -> np.ndarray:
    return (values.astype(float) * factor * density).astype(np.float32)


def _by_air(by_density: Callable[..., np.ndarray], density: Callable[..., np.ndarray], values: np.ndarray, *air: np.ndarray) -> np.ndarray:
    return by_density(values, density(*air))
