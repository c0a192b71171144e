"""The horizontal and time axes of a CF file: which dimensions they are, of what kind, and how they are spaced."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray
from pyproj import CRS

from model_core.errors import InputError
from model_core.units import convert

ROTATED, DEGREES, PROJECTED = "rotated", "degrees", "projected"
_STANDARD = {
    "y": {"projection_y_coordinate", "latitude", "grid_latitude"},
    "x": {"projection_x_coordinate", "longitude", "grid_longitude"},
    "t": {"time"},
}
_NAMES = {
    "y": {"y", "lat", "latitude", "south_north", "rlat", "j"},
    "x": {"x", "lon", "longitude", "west_east", "rlon", "i"},
    "t": {"time", "valid_time"},
}
_ROTATED_NAMES = {"rlon", "rlat", "grid_longitude", "grid_latitude"}
_LONGITUDES = ("lon", "longitude", "xlong", "xlong_m", "nav_lon", "lons")
_LATITUDES = ("lat", "latitude", "xlat", "xlat_m", "nav_lat", "lats")
_EAST, _NORTH = ("degrees_east", "degree_east", "degrees_e"), ("degrees_north", "degree_north", "degrees_n")
_LENGTHS = {"m", "km", "meter", "meters", "metre", "metres", "kilometer", "kilometers", "kilometre", "kilometres"}
_UNEVEN = 0.02  # of a cell: what single-precision coordinates may deviate from even spacing
_LEAST_METRES = 100.0  # cells below this are kilometres, or an index, that does not say so
_EARTH_ROUND_M = 4.1e7


def find_axis(dataset: xarray.Dataset, axis: str) -> str | None:
    """Dimension with a coordinate variable that CF attributes, or else its name, mark as this axis ("x", "y" or "t").

    Of several, as on staggered grids, it is that of most variables.
    """
    candidates = [str(d) for d in dataset.sizes if d in dataset.variables and dataset.variables[d].dims == (d,)]
    attributes = {dim: dataset.variables[dim].attrs for dim in candidates}
    marked = [
        dim for dim, said in attributes.items() if said.get("standard_name") in _STANDARD[axis] or str(said.get("axis", "")).lower() == axis
    ]
    marked = marked or [dim for dim in candidates if dim.lower() in _NAMES[axis]]
    return max(marked, key=lambda dim: _users(dataset, (dim,)), default=None)


def kind_of_axes(dataset: xarray.Dataset, y: str, x: str) -> str:
    """Whether the axes are rotated degrees, degrees of longitude and latitude, or lengths in a projection."""
    standard = {dataset[y].attrs.get("standard_name"), dataset[x].attrs.get("standard_name")}
    unit = str(dataset[x].attrs.get("units", "")).strip().lower()
    if unit in _LENGTHS:
        return PROJECTED
    if standard & _ROTATED_NAMES or {y.lower(), x.lower()} & _ROTATED_NAMES:
        return ROTATED
    said = str(dataset[x].attrs.get("long_name", "")).lower()
    if unit in _EAST or "longitude" in standard or x.lower() in ("lon", "longitude") or ("longitude" in said and "rotat" not in said):
        return DEGREES
    return ROTATED if unit.startswith("degree") else PROJECTED


def is_index(axis: xarray.DataArray) -> bool:
    """Whether an axis only counts the cells: 0, 1, 2 ... without a unit."""
    values = axis.to_numpy().astype(float)
    return str(axis.attrs.get("units", "")).strip() in ("", "1") and len(values) > 1 and bool((np.abs(np.diff(values)) == 1).all())


def lonlat_in_two_dimensions(dataset: xarray.Dataset) -> tuple[xarray.DataArray, xarray.DataArray] | None:
    """Two-dimensional longitudes and latitudes on one pair of dimensions, those of most variables; None where there are none."""
    lon, lat = (_two_dimensional(dataset, *what) for what in (("longitude", _LONGITUDES, _EAST), ("latitude", _LATITUDES, _NORTH)))
    pairs = [(a, b) for a in lon for b in lat if a.dims == b.dims]
    return max(pairs, key=lambda pair: _users(dataset, pair[0].dims), default=None)


def _two_dimensional(dataset: xarray.Dataset, standard: str, names: tuple[str, ...], units: tuple[str, ...]) -> list[xarray.DataArray]:
    """Candidates, perhaps repeated for every time; the surest first."""
    found: list[tuple[int, xarray.DataArray]] = []
    named = {name for v in dataset.variables.values() for name in str(v.attrs.get("coordinates", "")).split()}
    for name, variable in dataset.variables.items():
        if variable.ndim not in (2, 3) or variable.dtype.kind not in "fiu":
            continue
        of_unit = str(variable.attrs.get("units", "")).lower() in units
        rank = [variable.attrs.get("standard_name") == standard, str(name).lower() in names, of_unit and name in named, of_unit]
        if not any(rank) or (variable.ndim == 3 and str(variable.dims[0]).lower() not in ("time", "tstep")):
            continue
        values = dataset[name]
        found.append((rank.index(True), values.isel({values.dims[0]: 0}) if values.ndim == 3 else values))
    return [values for _, values in sorted(found, key=lambda item: item[0])]


def _users(dataset: xarray.Dataset, dims: tuple) -> int:
    """Number of fields that have these dimensions."""
    return sum(set(dims) <= set(v.dims) and v.ndim > len(dims) for v in dataset.variables.values())


def spacing(axis: xarray.DataArray, crs: CRS, path: Path, is_x: bool, kilometres: bool = False) -> tuple[float, float]:
    """First value and step of an even axis, in CRS units; longitudes may wrap around.

    Parameters
    ----------
    kilometres : whether lengths without a unit are kilometres

    Raises
    ------
    InputError
        If the axis is not even, has one cell, or a unit that can't be.
    """
    values = axis.to_numpy().astype(float)
    if len(values) < 2:
        raise InputError(f"'{path}': axis '{axis.name}' has one cell, so its width is unknown; at least two are needed")
    unit = str(axis.attrs.get("units", "")).strip()
    if crs.is_geographic:
        values = _unwrapped(values) if is_x else _without_half_polar_rows(values)
    elif unit or kilometres:
        values = convert(values, unit or "km", crs.axis_info[0].unit_name, f"axis '{axis.name}' of {path}")
    step = (values[-1] - values[0]) / (len(values) - 1)
    even = values[0] + step * np.arange(len(values))
    if not (step and np.abs(values - even).max() <= _UNEVEN * abs(step)):  # also where a value is NaN
        raise InputError(f"'{path}': axis '{axis.name}' is not evenly spaced; regrid the file, for example with cdo remapbil")
    if not crs.is_geographic:
        metres = crs.axis_info[0].unit_conversion_factor
        if abs(step) * metres < _LEAST_METRES and not unit or np.abs(values).max() * metres > _EARTH_ROUND_M:
            raise InputError(
                f"'{path}': axis '{axis.name}' has steps of {abs(step):g} {crs.axis_info[0].unit_name} and reaches "
                f"{np.abs(values).max():g}, which no "
                f"model grid does; correct its attribute units, for example to 'km'"
            )
    elif not is_x and np.abs(values).max() > 90.5 or is_x and np.ptp(values) > 361:
        span = f"{values.min():g} to {values.max():g}"
        raise InputError(f"'{path}': axis '{axis.name}' spans {span}, which are no degrees; correct its values or units")
    return float(values[0]), float(step)


def _unwrapped(longitude: np.ndarray) -> np.ndarray:
    """Longitudes without the jump where they wrap at 0 or 180, the western edge between 180 W and 180 E where they fit."""
    if not np.isfinite(longitude).all():
        return longitude
    even = np.unwrap(longitude, period=360)
    west = even.min()
    return even - 360 * np.floor((west + 180) / 360) if west >= 180 or west < -180.5 else even


def _without_half_polar_rows(latitude: np.ndarray) -> np.ndarray:
    """Latitudes as if the rows at the poles, of half height in GEOS-Chem's global grids, were like the others."""
    if len(latitude) < 5:
        return latitude
    step = (latitude[-2] - latitude[1]) / (len(latitude) - 3)
    even = latitude[1] + step * np.arange(-1, len(latitude) - 1)
    at_pole = np.abs(np.abs(even[[0, -1]]) - 90) < 1e-3
    ends = np.abs(latitude - even)[[0, -1]]
    inner = np.abs(latitude - even)[1:-1].max()
    return even if at_pole.all() and inner <= _UNEVEN * abs(step) and (ends > 0).all() and (ends <= 0.5 * abs(step)).all() else latitude
