"""Which level of a vertical dimension lies at the surface.

It is where pressure is highest or height lowest, whatever the attribute `positive` says: GEOS-Chem calls falling sigma "up".
Where a file says neither, its `positive` decides; where it has none either, the user is asked.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xarray

from model_core.errors import InputError

FIRST, LAST = "first", "last"
_PRESSURE_UNITS = {"pa", "hpa", "mb", "mbar", "millibar", "millibars", "kpa", "bar"}
_HEIGHT_UNITS = {"m", "km", "meter", "meters", "metre", "metres", "m agl", "m asl", "kilometer", "kilometers"}
_PRESSURES = {"air_pressure", "isobaricinhpa", "pressure", "plev", "pres"}
_HEIGHTS = {"height", "altitude", "height_above_mean_sea_level", "height_above_reference_ellipsoid", "alt", "heightaboveground"}
_SIGMAS = {"atmosphere_sigma_coordinate", "sigma", "eta"}
_HYBRIDS = {"atmosphere_hybrid_sigma_pressure_coordinate", "hybrid_sigma_pressure", "hybrid"}
# Half of hybrid coefficients: (pressure term, share of the surface pressure), as CAM, ECMWF, EMEP and CHIMERE name them.
_COEFFICIENTS = (("hyam", "hybm"), ("a", "b"), ("ap", "b"), ("a_vcoord", "b_vcoord"), ("ak", "bk"))
_PRESSURE_FIELDS = {"pl", "pres", "pressure", "pmid", "met_pmid", "air_pressure", "p_mid"}
_NAMES = re.compile(
    r"(.*[_ ])?(p?lev|m?lev|levels?|lay|layers?|n?z|k|height|alt|altitude|sigma|eta|hybrid|bottom_top|pressure)(\d*)", re.IGNORECASE
)
_PRESSURE, _HEIGHT, _SIGMA = "the highest pressure", "the lowest height", "the highest sigma"
_FAR_HPA, _FAR_M = 850.0, 250.0
_STANDARD_PA, _SMALLEST_SIGMA_RANGE = 101325.0, 0.02


class Level(NamedTuple):
    """The level taken of one dimension: its index, its value where it has one, why it is that, and whether it is far above the surface."""

    index: int
    value: float | None
    reason: str
    far: bool = False


def surface_levels(dataset: xarray.Dataset, known: set) -> dict[str, Level]:
    """The surface along every dimension that is none of the `known` ones; dimensions where it can't be told are left out."""
    return {str(dim): level for dim in dataset.sizes if dim not in known and (level := _surface(dataset, str(dim))) is not None}


def asked_levels(dataset: xarray.Dataset, known: set, asked: str, path: Path) -> dict[str, Level]:
    """The level that the user chose, along every vertical dimension that has it.

    Parameters
    ----------
    known : dimensions that are no levels
    asked : "first", "last", or a value of the level axis; where there is no axis, the number of the level, counted from 1

    Raises
    ------
    InputError
        If no dimension has it.
    """
    vertical = [str(dim) for dim, size in dataset.sizes.items() if dim not in known and size > 1 and is_vertical(dataset, str(dim))]
    chosen = {dim: level for dim in vertical if (level := _asked(dataset, dim, asked)) is not None}
    if not chosen:
        there = "; ".join(f"{dim} {describe_axis(dataset, dim)}" for dim in vertical)
        raise InputError(f"'{path}' has no level '{asked}'; write first, last, or a value of its level axis ({there or 'it has none'})")
    return chosen


def is_vertical(dataset: xarray.Dataset, dim: str) -> bool:
    """Whether a dimension looks like levels, by its name or its axis."""
    attributes = dataset[dim].attrs if dim in dataset.variables else {}
    return bool(_NAMES.fullmatch(dim)) or str(attributes.get("axis", "")).upper() == "Z" or "positive" in attributes


def describe_axis(dataset: xarray.Dataset, dim: str) -> str:
    """The span of a level axis in words."""
    values = _values(dataset, dim)
    if values is None:
        return f"of {dataset.sizes[dim]} levels without values"
    return f"of {len(values)} levels from {values[0]:g} to {values[-1]:g} {dataset[dim].attrs.get('units', '')}".rstrip()


def _values(dataset: xarray.Dataset, dim: str) -> np.ndarray | None:
    if dim in dataset.variables and dataset[dim].dims == (dim,) and dataset[dim].dtype.kind in "fiu":
        values = dataset[dim].to_numpy().astype(float)
        return values if np.isfinite(values).all() else None
    return None


def _asked(dataset: xarray.Dataset, dim: str, asked: str) -> Level | None:
    values = _values(dataset, dim)
    places = {FIRST: 0, LAST: dataset.sizes[dim] - 1}
    if asked in places:
        index = places[asked]
    else:
        axis = np.arange(1, dataset.sizes[dim] + 1) if values is None else values
        try:
            nearest = int(np.abs(axis - float(asked)).argmin())
            near = abs(axis[nearest] - float(asked)) <= 1e-4 * max(1e-3, abs(float(asked)))
        except ValueError:
            return None
        if not near:
            return None
        index = nearest
    return Level(index, None if values is None else float(values[index]), "it was asked for")


def _surface(dataset: xarray.Dataset, dim: str) -> Level | None:
    if dim == "bottom_top":
        return Level(0, None, "WRF and CHIMERE count levels from the surface")
    values = _values(dataset, dim)
    found = _by_coefficients(dataset, dim) or (_by_axis(dataset[dim].attrs, dim, values) if values is not None else None)
    found = found or _by_pressure_field(dataset, dim)
    if found is None and values is not None:
        found = _by_positive(dataset, dim, values)
    if found is None:
        return None
    index, reason = found
    value = None if values is None else float(values[index])
    unit = str(dataset[dim].attrs.get("units", "")).strip().lower() if value is not None else ""
    return Level(index, value, reason, value is not None and _is_far(value, reason, unit))


def _is_far(value: float, reason: str, unit: str) -> bool:
    """Whether a level can't be the lowest of a model."""
    if reason == _PRESSURE:
        return value * {"pa": 0.01, "kpa": 10, "bar": 1000}.get(unit, 1.0) < _FAR_HPA
    if reason == _HEIGHT:
        return value * (1000 if unit.startswith("k") else 1) > _FAR_M
    return reason == _SIGMA and value * 1000 < _FAR_HPA


def _by_axis(attributes: dict, dim: str, values: np.ndarray) -> tuple[int, str] | None:
    """From a unit, or a name with values that can be what it says."""
    unit = str(attributes.get("units", "")).strip().lower()
    names = {str(attributes.get("standard_name", "")).lower(), dim.lower()}
    fractions = bool(values.min() >= 0 and 0.5 < values.max() <= 1.05 and np.ptp(values) > _SMALLEST_SIGMA_RANGE and (values % 1).any())
    if unit in _PRESSURE_UNITS or names & _PRESSURES:
        return int(np.argmax(values)), _PRESSURE
    if "depth" in names:
        return int(np.argmin(values)), "the smallest depth"
    if unit in _HEIGHT_UNITS or (names & _HEIGHTS and not unit):
        return int(np.argmin(values)), _HEIGHT
    if fractions and (names & (_SIGMAS | _HYBRIDS) or re.match("lev|lay|model_?lev", dim.lower())):
        return int(np.argmax(values)), _SIGMA
    if names & _HYBRIDS and values.max() > 300 and (values % 1).any():  # CAM: 1000 (A + B), nearly hPa
        return int(np.argmax(values)), "the highest hybrid pressure"
    return None


def _by_coefficients(dataset: xarray.Dataset, dim: str) -> tuple[int, str] | None:
    """From the hybrid coefficients along the dimension: pressure is a + b times the surface pressure."""
    terms = dict(re.findall(r"(\w+):\s*(\w+)", str(dataset[dim].attrs.get("formula_terms", "")))) if dim in dataset.variables else {}
    pairs = [(terms.get("ap") or terms.get("a"), terms["b"])] if "b" in terms else []
    if "sigma" in terms:
        pairs.append((None, terms["sigma"]))
    for a, b in (*pairs, *_COEFFICIENTS):
        if not _is_along(dataset, b, dim):
            continue
        share = dataset[b].to_numpy().astype(float)
        term = dataset[a].to_numpy().astype(float) if _is_along(dataset, a, dim) else 0 * share
        unit = str(dataset[a].attrs.get("units", "")).lower() if a in dataset.variables else ""
        if unit in ("hpa", "mb", "mbar"):
            term = term * 100
        elif unit != "pa" and np.abs(term).max() <= 1.5:  # a times the reference pressure
            term = term * _STANDARD_PA
        pressure = term + share * _STANDARD_PA
        if np.isfinite(pressure).all() and np.ptp(pressure) > 0:
            return int(np.argmax(pressure)), "the highest pressure by its hybrid coefficients"
    return None


def _is_along(dataset: xarray.Dataset, name: str | None, dim: str) -> bool:
    """Whether a variable holds numbers along this dimension alone."""
    return name in dataset.variables and dataset.variables[name].dims == (dim,) and dataset.variables[name].dtype.kind in "fiu"


def _by_pressure_field(dataset: xarray.Dataset, dim: str) -> tuple[int, str] | None:
    """From a pressure field in the file, of which one column is read."""
    if dataset.sizes[dim] < 2:
        return None
    for name, array in dataset.variables.items():
        named = str(name).lower() in _PRESSURE_FIELDS or array.attrs.get("standard_name") == "air_pressure"
        of_pressure = named and str(array.attrs.get("units", "")).lower() in _PRESSURE_UNITS
        if of_pressure and dim in array.dims and array.ndim > 1 and array.dtype.kind == "f":
            column = array.isel({other: size // 2 for other, size in array.sizes.items() if other != dim}).to_numpy().astype(float)
            if np.isfinite(column).all() and abs(column[0] - column[-1]) > 0:
                return int(np.argmax(column)), f"the highest pressure in '{name}'"
    return None


def _by_positive(dataset: xarray.Dataset, dim: str, values: np.ndarray) -> tuple[int, str] | None:
    """From the direction in which the axis counts, as MERRA-2's level numbers need it."""
    positive = str(dataset[dim].attrs.get("positive", "")).lower()
    # GCHP counts its levels from the surface, and before version 13.2 wrote "down" all the same (geoschem/GCHP#112).
    doubtful = any("gchp" in str(value).lower() or "geos-chem" in str(value).lower() for value in dataset.attrs.values())
    if positive not in ("up", "down") or (positive == "down" and doubtful and not (values % 1).any()):
        return None
    index = int(np.argmin(values) if positive == "up" else np.argmax(values))
    return index, f"its axis counts {positive}wards, which alone says so"
