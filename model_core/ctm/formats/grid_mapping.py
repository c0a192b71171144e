"""The projection that a CF file states: its grid mapping, made sense of where it is in kilometres or nobody refers to it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from model_core.ctm.formats import ioapi
from model_core.ctm.formats.axes import DEGREES, PROJECTED, ROTATED
from model_core.errors import InputError
from model_core.grid import CTM_SPHERE_RADIUS_M, EARTH_RADII_M, check_earth

_SPHERES = (CTM_SPHERE_RADIUS_M, 6_371_229.0, 6_371_000.0)  # of WRF and CMAQ, of GRIB, the mean radius
_RADII = ("earth_radius", "semi_major_axis", "semi_minor_axis")
_GREENWICH = {"prime_meridian_name": "Greenwich", "longitude_of_prime_meridian": 0.0}
_OFFSETS = ("false_easting", "false_northing")
_ORIGIN = ("latitude_of_projection_origin", "longitude_of_projection_origin")
_NEEDED = {  # PROJ takes 0 for what is left out
    "lambert_conformal_conic": ("standard_parallel", "longitude_of_central_meridian", "latitude_of_projection_origin"),
    "albers_conical_equal_area": ("standard_parallel", "longitude_of_central_meridian", "latitude_of_projection_origin"),
    "transverse_mercator": ("longitude_of_central_meridian", "latitude_of_projection_origin"),
    "polar_stereographic": ("latitude_of_projection_origin",),
    "mercator": ("longitude_of_projection_origin",),
    "stereographic": _ORIGIN,
    "lambert_azimuthal_equal_area": _ORIGIN,
    "azimuthal_equidistant": _ORIGIN,
    "rotated_latitude_longitude": ("grid_north_pole_latitude", "grid_north_pole_longitude"),
}
_KIND = {"rotated_latitude_longitude": ROTATED, "latitude_longitude": DEGREES}


@dataclass(frozen=True)
class Mapping:
    """A CRS that a file states.

    Attributes
    ----------
    crs : pyproj.CRS
    name : of the grid mapping
    kilometres : whether its lengths are in kilometres
    on_spheres : the same on the spheres that models use, where it states no radius of the Earth
    """

    crs: CRS
    name: str
    kilometres: bool = False
    on_spheres: tuple[CRS, ...] = ()


def stated_mapping(dataset: xarray.Dataset, y: str, x: str, kind: str, path: Path, notes: list[str]) -> Mapping | None:
    """The projection of the fields on these dimensions.

    It is that which the fields refer to, or else the only one in the file of the kind of the axes, or else that of IOAPI
    attributes; None where there is none of them.

    Parameters
    ----------
    kind : of the axes, as `axes.kind_of_axes`; "projected" where there are none
    notes : what a user should know is added here

    Raises
    ------
    InputError
        If the grid mapping makes no projection.
    """
    fields = [v for v in dataset.variables.values() if {y, x} <= set(v.dims)]
    referred = sorted({_first_name(v.attrs["grid_mapping"]) for v in fields if "grid_mapping" in v.attrs})
    for name in referred:
        if name in dataset.variables:
            return _mapping(dataset[name].attrs, name, path, notes)
    unreferred = mappings_in(dataset)
    fitting = [name for name in unreferred if _kind(dataset[name].attrs) == kind]
    if len(fitting) == 1 and kind != DEGREES:
        notes.append(f"no field refers to a grid mapping; the only fitting one in the file, '{fitting[0]}', is taken")
        return _mapping(dataset[fitting[0]].attrs, fitting[0], path, notes)
    rotated = [name for name in referred if "rotat" in name.lower()]
    rotated += [name for name in unreferred if _kind(dataset[name].attrs) == ROTATED]
    if kind == DEGREES and rotated:
        name = rotated[0]
        raise InputError(
            f"'{path}' has axes {x} and {y} in degrees and a rotated pole '{name}' that no field refers to, so it can't be "
            "told whether they are "
            f"rotated; add the attribute with ncatted -a grid_mapping,VARIABLE,c,c,{name}, or remove '{name}'"
        )
    return Mapping(ioapi.crs(dataset.attrs, path), "IOAPI attributes") if "GDTYP" in dataset.attrs and kind == PROJECTED else None


def mappings_in(dataset: xarray.Dataset) -> list[str]:
    """Names of the grid mapping variables of a file."""
    marks = {"grid_mapping_name", "crs_wkt", "spatial_ref"}
    return [str(name) for name, v in dataset.variables.items() if v.size <= 1 and marks & set(v.attrs)]


def _first_name(text: Any) -> str:
    """CF 1.7's extended form names the axes after a colon."""
    return str(text).split(":")[0].strip()


def _kind(attributes: dict) -> str:
    name = attributes.get("grid_mapping_name")
    if name:
        return _KIND.get(str(name), PROJECTED)
    try:
        crs = CRS.from_wkt(str(attributes.get("crs_wkt") or attributes.get("spatial_ref")))
    except ProjError:
        return PROJECTED
    return (ROTATED if crs.is_derived else DEGREES) if crs.is_geographic else PROJECTED


def _mapping(attributes: dict, name: str, path: Path, notes: list[str]) -> Mapping:
    where, spheres = f"'{path}': grid mapping '{name}'", ()
    try:
        for key in ("crs_wkt", "spatial_ref"):
            if attributes.get(key):
                crs, kilometres = CRS.from_wkt(str(attributes[key])), False
                break
        else:
            metres, kilometres = _in_metres(attributes, where)
            missing = [key for key in _NEEDED.get(str(attributes.get("grid_mapping_name")), ()) if key not in attributes]
            if missing:
                raise KeyError(", ".join(missing))
            crs = _from_cf(metres)
            if crs.is_projected and not set(_RADII) & set(attributes):
                spheres = tuple(_from_cf({**metres, "earth_radius": radius}) for radius in _SPHERES)
            if kilometres:
                radius = f"{crs.ellipsoid.semi_major_metre:g} m"
                notes.append(f"grid mapping '{name}' is in kilometres; it is read in metres, the Earth's radius as {radius}")
        _check_parameters(crs.to_wkt())
    except (ProjError, LookupError, ValueError, TypeError, AttributeError, ArithmeticError) as error:
        raise InputError(
            f"{where} is not understood ({attributes.get('grid_mapping_name', 'it has no grid_mapping_name')}; "
            f"{type(error).__name__}: {error}); "
            "give it the attributes that CF's appendix F asks for, for example with ncatted"
        ) from error
    check_earth(crs, where)
    return Mapping(crs, name, kilometres, spheres)


def _from_cf(attributes: dict) -> CRS:
    """`CRS.from_cf`. The meridian of Greenwich is stated where there is none: else pyproj looks through PROJ's whole database for it."""
    if set(_RADII) & set(attributes) and not set(_GREENWICH) & set(attributes):
        attributes = {**attributes, **_GREENWICH}
    return CRS.from_cf(attributes)


@lru_cache(maxsize=64)
def _check_parameters(wkt: str) -> None:
    Transformer.from_crs("EPSG:4326", CRS.from_wkt(wkt))  # only now PROJ looks at all parameters


def _in_metres(attributes: dict, where: str) -> tuple[dict, bool]:
    """The attributes with numbers as numbers and lengths in metres, and whether they were in kilometres."""
    numbers = {key: _number(value) for key, value in attributes.items()}
    for key, value in numbers.items():
        if isinstance(value, float) and not np.isfinite(value) or isinstance(value, list) and not np.isfinite(value).all():
            raise InputError(f"{where} has {key} = {value}, which is no number; correct it, for example with ncatted")
    kilometres = False
    for key in _RADII:
        radius = numbers.get(key)
        if radius is None:
            continue
        if isinstance(radius, float) and EARTH_RADII_M[0] <= 1000 * radius <= EARTH_RADII_M[1]:
            numbers[key], kilometres = 1000 * radius, True
        elif not (isinstance(radius, float) and EARTH_RADII_M[0] <= radius <= EARTH_RADII_M[1]):
            raise InputError(f"{where} has {key} = {radius}, which is no radius of the Earth in metres; correct it, as with ncatted")
    for key in _OFFSETS:
        unit = str(attributes.get(f"{key}_unit", attributes.get(f"{key}_units", "km" if kilometres else ""))).lower()
        if isinstance(numbers.get(key), float) and unit.startswith("k"):
            numbers[key] *= 1000
    return numbers, kilometres


def _number(value: Any) -> Any:
    """Numbers as float or list of float, also where they are written as text; anything else as it is."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    if isinstance(value, (int, float, np.number)):
        return float(value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiu":
        return float(value.item()) if value.size == 1 else [float(item) for item in value]
    return value
