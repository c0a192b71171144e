"""CF files: a grid mapping with projected axes, longitude and latitude in one dimension, or in two with or without a projection."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray
from pyproj import CRS
from pyproj.exceptions import CRSError

from model_core.ctm.formats import ioapi
from model_core.ctm.formats.cf_time import TimeAxis, time_axis
from model_core.ctm.formats.dates import time_of_file
from model_core.ctm.formats.layout import Layout
from model_core.ctm.formats.lonlat_fit import describe_fit, fit, place
from model_core.errors import InputError
from model_core.grid import Grid
from model_core.units import convert

_STANDARD = {
    "y": {"projection_y_coordinate", "latitude", "grid_latitude"},
    "x": {"projection_x_coordinate", "longitude", "grid_longitude"},
    "t": {"time"},
}
_NAMES = {"y": {"y", "lat", "latitude", "south_north"}, "x": {"x", "lon", "longitude", "west_east"}, "t": {"time"}}
_LONGITUDES, _LATITUDES = ("lon", "longitude", "xlong", "nav_lon"), ("lat", "latitude", "xlat", "nav_lat")
# Vertical axes that do not say which end is up: what lies at the surface, the smallest or the largest value.
_SURFACE_AT_SMALLEST = {"height", "altitude", "height_above_mean_sea_level"}
_SURFACE_AT_LARGEST = {"air_pressure", "atmosphere_sigma_coordinate", "atmosphere_hybrid_sigma_pressure_coordinate"}
_UNEVEN = 0.02  # of a cell: what single-precision coordinates may deviate from even spacing


def layout(dataset: xarray.Dataset, path: Path) -> Layout:
    """Grid and times of a CF file.

    Raises
    ------
    InputError
        If no horizontal axes are found, they are not evenly spaced, or their CRS is not known and none can be fitted.
    """
    notes: list[str] = []
    y, x = _axis(dataset, "y"), _axis(dataset, "x")
    if y is not None and x is not None:
        grid, flip = _even_axes(dataset, y, x, path)
    else:
        y, x, grid, flip = _two_dimensional(dataset, path, notes)
    t = time_axis(dataset, _axis(dataset, "t"), path) or _time_of_file(dataset, path, notes) or TimeAxis((), None, None, None, None)
    surface = _surfaces(dataset, {y, x, *t.time_dims}, path)
    return Layout("CF", grid, (y, x), flip, *t, surface=surface, notes=tuple(notes))


def _even_axes(dataset: xarray.Dataset, y: str, x: str, path: Path) -> tuple[Grid, tuple[bool, bool]]:
    crs = _crs(dataset, y, x, path)
    (y0, dy), (x0, dx) = (_spacing(dataset[name], crs, path) for name in (y, x))
    shape = dataset.sizes[y], dataset.sizes[x]
    south = min(y0, y0 + dy * (shape[0] - 1)) - abs(dy) / 2
    west = min(x0, x0 + dx * (shape[1] - 1)) - abs(dx) / 2
    return Grid.from_lower_left(crs, west, south, (abs(dx), abs(dy)), shape), (dy > 0, dx < 0)


def _two_dimensional(dataset: xarray.Dataset, path: Path, notes: list[str]) -> tuple[str, str, Grid, tuple[bool, bool]]:
    """(row dimension, column dimension, grid, flip) from two-dimensional longitudes and latitudes."""
    lon, lat = (_coordinate(dataset, names, standard) for names, standard in ((_LONGITUDES, "longitude"), (_LATITUDES, "latitude")))
    if lon is None or lat is None or lon.dims != lat.dims:
        raise InputError(f"'{path}' has no horizontal axes: neither x and y, nor longitude and latitude in one or two dimensions; "
                         "give a file with a CF grid_mapping and x and y, or with IOAPI or WRF attributes")
    degrees = [values.to_numpy().astype(float) for values in (lon, lat)]
    y, x = (str(dim) for dim in lon.dims)
    if _columns_first(*degrees):
        y, x, degrees = x, y, [values.T for values in degrees]
    crs = _stated_crs(dataset, y, x, path)
    if crs is not None:
        found = place(*degrees, crs, path)
    else:
        found = fit(*degrees, path)
        notes.append(describe_fit(found))
    return y, x, found.grid, found.flip


def _columns_first(lon: np.ndarray, lat: np.ndarray) -> bool:
    """Whether longitude clearly changes along the first dimension and latitude along the second; around a pole neither does."""
    change = [[np.abs(_turn(np.diff(values, axis=axis))).mean() for axis in (0, 1)] for values in (lon, lat)]
    return bool(change[0][0] > 1.5 * change[0][1] and change[1][1] > 1.5 * change[1][0])


def _turn(degrees: np.ndarray) -> np.ndarray:
    return (degrees + 180) % 360 - 180


def _coordinate(dataset: xarray.Dataset, names: tuple[str, ...], standard: str) -> xarray.DataArray | None:
    """The two-dimensional longitude or latitude, perhaps repeated for every time."""
    for name in dataset.variables:
        values = dataset[name]
        if str(name).lower() in names or values.attrs.get("standard_name") == standard:
            if values.ndim == 3 and str(values.dims[0]).lower() == "time":
                values = values.isel({values.dims[0]: 0})
            if values.ndim == 2 and values.dtype.kind in "fiu":
                return values
    return None


def _time_of_file(dataset: xarray.Dataset, path: Path, notes: list[str]) -> TimeAxis | None:
    """The time of a file without time axis."""
    if _axis(dataset, "t") is not None or "time" in {str(dim).lower() for dim in dataset.sizes}:
        return None
    found = time_of_file(dataset.attrs, path)
    if found is None:
        return None
    times = np.array([found.time])
    notes.append(f"it has no time axis; {found.source} says {str(found.time)[: 10 if found.daily else 16]}")
    return TimeAxis((), times, 24.0 if found.daily else None, times.astype("datetime64[D]") if found.daily else None, times)


def _axis(dataset: xarray.Dataset, axis: str) -> str | None:
    """Dimension with a coordinate variable that CF attributes, or else its name, mark as this axis."""
    candidates = [d for d in dataset.sizes if d in dataset.variables and dataset[d].dims == (d,)]
    for dim in candidates:
        attributes = dataset[dim].attrs
        if attributes.get("standard_name") in _STANDARD[axis] or str(attributes.get("axis", "")).lower() == axis:
            return str(dim)
    return next((str(d) for d in candidates if str(d).lower() in _NAMES[axis]), None)


def _crs(dataset: xarray.Dataset, y: str, x: str, path: Path) -> CRS:
    """CRS from the grid mapping, from IOAPI attributes beside it, or plain degrees."""
    stated = _stated_crs(dataset, y, x, path)
    if stated is not None:
        return stated
    if str(dataset[x].attrs.get("units", "")).startswith("degree") or dataset[x].attrs.get("standard_name") == "longitude":
        return CRS.from_epsg(4326)
    if x.lower() in ("lon", "longitude"):
        return CRS.from_epsg(4326)
    raise InputError(f"'{path}' has axes {x} and {y} but no grid_mapping that says their projection; add one")


def _stated_crs(dataset: xarray.Dataset, y: str, x: str, path: Path) -> CRS | None:
    """CRS from the grid mapping, or from IOAPI attributes beside it."""
    mappings = {str(v.attrs["grid_mapping"]) for v in dataset.variables.values() if {y, x} <= set(v.dims) and "grid_mapping" in v.attrs}
    for name in sorted(mappings):
        name = name.split(":")[0].strip()  # CF 1.7's extended form names the axes after a colon
        if name in dataset.variables:
            return _crs_of_mapping(dataset[name].attrs, name, path)
    return ioapi.crs(dataset.attrs, path) if "GDTYP" in dataset.attrs else None


def _crs_of_mapping(attributes: dict, name: str, path: Path) -> CRS:
    try:
        for key in ("crs_wkt", "spatial_ref"):
            if attributes.get(key):
                return CRS.from_wkt(attributes[key])
        return CRS.from_cf(attributes)
    except (CRSError, KeyError, ValueError) as error:
        raise InputError(f"'{path}': grid mapping '{name}' is not understood: {error}") from error


def _spacing(axis: xarray.DataArray, crs: CRS, path: Path) -> tuple[float, float]:
    """First value and step of an even axis, in CRS units."""
    values = axis.to_numpy().astype(float)
    if len(values) < 2:
        raise InputError(f"'{path}': axis '{axis.name}' has one cell, so its width is unknown; at least two are needed")
    unit = axis.attrs.get("units")
    if unit and not crs.is_geographic:
        values = convert(values, unit, crs.axis_info[0].unit_name, f"axis '{axis.name}' of {path}")
    step = (values[-1] - values[0]) / (len(values) - 1)
    even = values[0] + step * np.arange(len(values))
    if not (step and np.abs(values - even).max() <= _UNEVEN * abs(step)):  # also where a value is NaN
        raise InputError(f"'{path}': axis '{axis.name}' is not evenly spaced; regrid the file, for example with cdo remapbil")
    return float(values[0]), float(step)


def _surfaces(dataset: xarray.Dataset, known: set, path: Path) -> dict[str, int]:
    """Index of the surface along the other dimensions that have an up or down."""
    surfaces = {}
    for dim in set(dataset.sizes) - known:
        if dim == "bottom_top":
            surfaces[dim] = 0
        elif dim in dataset.variables and dataset[dim].dims == (dim,) and dataset[dim].dtype.kind in "fiu":
            positive = str(dataset[dim].attrs.get("positive", "")).lower()
            standard = str(dataset[dim].attrs.get("standard_name", "")) or str(dim).lower()
            if positive == "up" or (not positive and standard in _SURFACE_AT_SMALLEST):
                surfaces[dim] = int(np.argmin(dataset[dim].to_numpy()))
            elif positive or standard in _SURFACE_AT_LARGEST or str(dataset[dim].attrs.get("units", "")).lower() in ("hpa", "pa", "mb"):
                surfaces[dim] = int(np.argmax(dataset[dim].to_numpy()))
    return surfaces
