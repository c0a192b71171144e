"""CF files: a grid mapping with projected axes, or one-dimensional longitude and latitude."""

from __future__ import annotations

from pathlib import Path

import cftime
import numpy as np
import xarray
from pyproj import CRS
from pyproj.exceptions import CRSError

from model_core.errors import InputError
from model_core.formats import ioapi
from model_core.formats.layout import Layout
from model_core.grid import Grid
from model_core.units import convert

_STANDARD = {
    "y": {"projection_y_coordinate", "latitude", "grid_latitude"},
    "x": {"projection_x_coordinate", "longitude", "grid_longitude"},
    "t": {"time"},
}
_NAMES = {"y": {"y", "lat", "latitude", "south_north"}, "x": {"x", "lon", "longitude", "west_east"}, "t": {"time"}}
_UNEVEN = 0.02  # of a cell: what single-precision coordinates may deviate from even spacing


def layout(dataset: xarray.Dataset, path: Path) -> Layout:
    """Grid and times of a CF file.

    Raises
    ------
    InputError
        If no horizontal axes are found, they are not evenly spaced, or their CRS is not known.
    """
    y, x = _axis(dataset, "y"), _axis(dataset, "x")
    if y is None or x is None:
        two_d = [n for n in ("lon", "lat", "longitude", "latitude") if n in dataset.variables and dataset[n].ndim == 2]
        reason = "its longitude and latitude are two-dimensional, with no grid mapping" if two_d else "it has no x and y axes"
        raise InputError(
            f"'{path}': {reason}; such files are not supported yet. "
            "Give a file with a CF grid_mapping and x and y, or with IOAPI or WRF attributes"
        )
    crs = _crs(dataset, y, x, path)
    (y0, dy), (x0, dx) = (_spacing(dataset[name], crs, path) for name in (y, x))
    shape = dataset.sizes[y], dataset.sizes[x]
    south = min(y0, y0 + dy * (shape[0] - 1)) - abs(dy) / 2
    west = min(x0, x0 + dx * (shape[1] - 1)) - abs(dx) / 2
    grid = Grid.from_lower_left(crs, west, south, (abs(dx), abs(dy)), shape)
    t = _axis(dataset, "t")
    times, step, days = _times(dataset, t, path) if t else (None, None, None)
    return Layout("CF", grid, (y, x), (dy > 0, dx < 0), t, times, step, days, _surfaces(dataset, {y, x, t}, path))


def _axis(dataset: xarray.Dataset, axis: str) -> str | None:
    """Dimension with a coordinate variable that CF attributes, or else its name, mark as this axis."""
    candidates = [d for d in dataset.sizes if d in dataset.variables and dataset[d].dims == (d,)]
    for dim in candidates:
        attributes = dataset[dim].attrs
        if attributes.get("standard_name") in _STANDARD[axis] or attributes.get("axis", "").lower() == axis:
            return str(dim)
    return next((str(d) for d in candidates if str(d).lower() in _NAMES[axis]), None)


def _crs(dataset: xarray.Dataset, y: str, x: str, path: Path) -> CRS:
    """CRS from the grid mapping, from IOAPI attributes beside it, or plain degrees."""
    mappings = {v.attrs["grid_mapping"] for v in dataset.variables.values() if {y, x} <= set(v.dims) and "grid_mapping" in v.attrs}
    for name in sorted(mappings):
        name = name.split(":")[0].strip()  # CF 1.7's extended form names the axes after a colon
        if name in dataset.variables:
            return _crs_of_mapping(dataset[name].attrs, name, path)
    if "GDTYP" in dataset.attrs:
        return ioapi.crs(dataset.attrs, path)
    if str(dataset[x].attrs.get("units", "")).startswith("degree") or dataset[x].attrs.get("standard_name") == "longitude":
        return CRS.from_epsg(4326)
    if x.lower() in ("lon", "longitude"):
        return CRS.from_epsg(4326)
    raise InputError(f"'{path}' has axes {x} and {y} but no grid_mapping that says their projection; add one")


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
    if step == 0 or np.abs(values - even).max() > _UNEVEN * abs(step):
        raise InputError(f"'{path}': axis '{axis.name}' is not evenly spaced; regrid the file, for example with cdo remapbil")
    return float(values[0]), float(step)


def _times(dataset: xarray.Dataset, name: str, path: Path) -> tuple[np.ndarray, float | None, np.ndarray | None]:
    """(times, step in hours, days); days where fields are daily, by time bounds if there are any."""
    axis = dataset[name]
    times = _decode(axis.to_numpy(), axis.attrs, name, path)
    step = float(np.diff(times[:2])[0] / np.timedelta64(1, "h")) if len(times) > 1 else None
    bounds_name = axis.attrs.get("bounds")
    if bounds_name in dataset.variables:
        limits = _decode(dataset[bounds_name].to_numpy(), {**axis.attrs, **dataset[bounds_name].attrs}, bounds_name, path)
        length = (limits[:, 1] - limits[:, 0]) / np.timedelta64(1, "h")
        if (length == 24).all():
            return times, 24.0, (limits[:, 0] + np.timedelta64(12, "h")).astype("datetime64[D]")
        return times, float(length[0]) if (length == length[0]).all() else step, None
    # Without bounds, one field per day or less often is taken as of the day of its stamp.
    days = times.astype("datetime64[D]")
    daily = step is not None and step % 24 == 0 and len(np.unique(days)) == len(days)
    return times, 24.0 if daily else step, days if daily else None


def _decode(values: np.ndarray, attributes: dict, name: str, path: Path) -> np.ndarray:
    units, calendar = attributes.get("units", ""), attributes.get("calendar", "standard")
    try:
        decoded = cftime.num2date(values, units, calendar, only_use_cftime_datetimes=True)
        texts = [moment.isoformat()[:19] for moment in np.ravel(decoded)]
        return np.array(texts, "datetime64[s]").reshape(np.shape(values))
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"'{path}': times in '{name}' ('{units}', calendar {calendar}) are not understood: {error}") from error


def _surfaces(dataset: xarray.Dataset, known: set, path: Path) -> dict[str, int]:
    """Index of the surface along the other dimensions that have an up or down."""
    surfaces = {}
    for dim in set(dataset.sizes) - known:
        if dim == "bottom_top":
            surfaces[dim] = 0
        elif dim in dataset.variables and dataset[dim].dims == (dim,) and "positive" in dataset[dim].attrs:
            values = dataset[dim].to_numpy()
            up = str(dataset[dim].attrs["positive"]).lower() == "up"
            surfaces[dim] = int(np.argmin(values) if up else np.argmax(values))
    return surfaces
