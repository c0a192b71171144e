"""CF files: a grid mapping with projected axes, longitude and latitude in one dimension, or in two with or without a projection."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray
from pyproj import CRS

from model_core.ctm.formats.axes import DEGREES, PROJECTED, ROTATED, find_axis, is_index, kind_of_axes, lonlat_in_two_dimensions, spacing
from model_core.ctm.formats.cf_time import TimeAxis, steps_and_days, time_axis, time_notes
from model_core.ctm.formats.dates import time_of_file
from model_core.ctm.formats.grid_mapping import Mapping, mappings_in, stated_mapping
from model_core.ctm.formats.layout import Layout
from model_core.ctm.formats.lonlat_fit import FittedGrid, describe_fit, fit, place
from model_core.ctm.formats.rotated_pole import fit_rotation
from model_core.ctm.formats.surface import surface_levels
from model_core.ctm.formats.time_values import decode, text_times
from model_core.errors import InputError
from model_core.grid import Grid

_LARGEST_DISTANCE = 0.5  # of a cell, between axes and two-dimensional longitudes and latitudes


def layout(dataset: xarray.Dataset, path: Path) -> Layout:
    """Grid and times of a CF file.

    Raises
    ------
    InputError
        If no horizontal axes are found, they are not evenly spaced, or their CRS is not known and none can be fitted.
    """
    notes: list[str] = []
    y, x, grid, flip = _horizontal(dataset, path, notes)
    t = find_axis(dataset, "t")
    times = time_axis(dataset, t, path) or _other_times(dataset, path, notes) or TimeAxis((), None, None, None, None)
    notes += time_notes(dataset, t, times)
    surface = surface_levels(dataset, {y, x, *times.time_dims})
    return Layout("CF", grid, (y, x), flip, *times, surface=surface, notes=tuple(notes))


def _horizontal(dataset: xarray.Dataset, path: Path, notes: list[str]) -> tuple[str, str, Grid, tuple[bool, bool]]:
    """(row dimension, column dimension, grid, flip)."""
    y, x = find_axis(dataset, "y"), find_axis(dataset, "x")
    lonlat = lonlat_in_two_dimensions(dataset)
    if y is None or x is None:
        return _by_lonlat(dataset, lonlat, path, notes)
    beside = lonlat if lonlat is not None and set(lonlat[0].dims) == {y, x} else None
    if beside is not None and is_index(dataset[y]) and is_index(dataset[x]):
        return _by_lonlat(dataset, lonlat, path, notes)
    kind = kind_of_axes(dataset, y, x)
    told_by_lonlat = kind == DEGREES and beside is not None and not _refers(dataset, y, x)
    mapping = None if told_by_lonlat else stated_mapping(dataset, y, x, kind, path, notes)
    if mapping is None and kind == DEGREES:
        mapping = Mapping(CRS.from_epsg(4326), "degrees")
        if beside is not None and _distance(dataset, y, x, beside) > _LARGEST_DISTANCE:
            mapping, kind = None, ROTATED  # they call themselves longitude and latitude, but are not
    if mapping is None and kind == ROTATED and beside is not None:
        lon, lat = (values.transpose(y, x).to_numpy().astype(float) for values in beside)
        crs, misfit = fit_rotation(dataset[x].to_numpy().astype(float), dataset[y].to_numpy().astype(float), lon, lat, path)
        mapping = Mapping(crs, "fitted")
        notes.append(
            f"no rotated pole is stated; its longitudes and latitudes give {crs.to_cf()['grid_north_pole_latitude']:g} N "
            f"{crs.to_cf()['grid_north_pole_longitude']:g} E, with a residual of at most {misfit:.2g} of a cell"
        )
    if mapping is None and beside is not None:
        return _by_lonlat(dataset, lonlat, path, notes)
    if mapping is not None and kind == ROTATED and mapping.crs.is_geographic and not mapping.crs.is_derived:
        raise InputError(
            f"'{path}' has axes {x} and {y} in rotated degrees, but the grid mapping '{mapping.name}' has no rotated pole; correct it"
        )
    if mapping is None:
        what = "rotated degrees" if kind == ROTATED else "a projection"
        raise InputError(
            f"'{path}' has axes {x} and {y} in {what}, but no grid_mapping that says their projection and no longitudes and "
            "latitudes in two "
            f"dimensions{_several(dataset)}; add one, for example with ncatted -a grid_mapping,VARIABLE,c,c,NAME"
        )
    if any(str(dataset[name].attrs.get("long_name", "")).lower().startswith("fake") for name in (y, x)):
        raise InputError(
            f"'{path}' is on a cubed sphere, whose {x} and {y} are no longitudes and latitudes; regrid it, for example with gcpy"
        )
    (y0, dy), (x0, dx) = (spacing(dataset[name], mapping.crs, path, name == x, mapping.kilometres) for name in (y, x))
    shape = dataset.sizes[y], dataset.sizes[x]
    south = min(y0, y0 + dy * (shape[0] - 1)) - abs(dy) / 2
    west = min(x0, x0 + dx * (shape[1] - 1)) - abs(dx) / 2
    grids = [Grid.from_lower_left(crs, west, south, (abs(dx), abs(dy)), shape) for crs in (mapping.crs, *mapping.on_spheres)]
    grid, flip = grids[0], (dy > 0, dx < 0)
    if beside is not None:
        grid = min(grids, key=lambda candidate: round(_distance_of_grid(candidate, flip, (y, x), beside), 1))
        off = _distance_of_grid(grid, flip, (y, x), beside)
        if off > _LARGEST_DISTANCE:
            notes.append(f"its own longitudes and latitudes lie up to {off:.2g} cells off the projection that it states; is that right?")
    if mapping.on_spheres:
        why = "fits its longitudes and latitudes best" if beside is not None else "is taken"
        notes.append(
            f"grid mapping '{mapping.name}' states no radius of the Earth; one of {grid.crs.ellipsoid.semi_major_metre:.0f} m {why}"
        )
    return y, x, grid, flip


def _by_lonlat(
    dataset: xarray.Dataset, lonlat: tuple[xarray.DataArray, xarray.DataArray] | None, path: Path, notes: list[str]
) -> tuple[str, str, Grid, tuple[bool, bool]]:
    """(row dimension, column dimension, grid, flip) from two-dimensional longitudes and latitudes."""
    if lonlat is None:
        raise InputError(
            f"'{path}' has no horizontal axes: neither x and y, nor longitude and latitude in one or two dimensions; "
            "give a file with a CF grid_mapping and x and y, or with IOAPI or WRF attributes"
        )
    degrees = [values.to_numpy().astype(float) for values in lonlat]
    y, x = (str(dim) for dim in lonlat[0].dims)
    if _columns_first(*degrees):
        y, x, degrees = x, y, [values.T for values in degrees]
    mapping = stated_mapping(dataset, y, x, PROJECTED, path, notes)
    found: FittedGrid = fit(*degrees, path) if mapping is None else place(*degrees, mapping.crs, path)
    if mapping is None:
        notes.append(describe_fit(found))
    return y, x, found.grid, found.flip


def _refers(dataset: xarray.Dataset, y: str, x: str) -> bool:
    """Whether a field on these dimensions names a grid mapping that is there."""
    return any("grid_mapping" in v.attrs and {y, x} <= set(v.dims) for v in dataset.variables.values())


def _several(dataset: xarray.Dataset) -> str:
    names = mappings_in(dataset)
    return f" (the file holds the grid mappings {', '.join(names)}, and none is referred to)" if names else ""


def _distance(dataset: xarray.Dataset, y: str, x: str, lonlat: tuple[xarray.DataArray, xarray.DataArray]) -> float:
    """Largest distance in cells between axes in degrees and the longitudes and latitudes of the cells."""
    lon, lat = (values.transpose(y, x).to_numpy().astype(float) for values in lonlat)
    axis_x, axis_y = (dataset[name].to_numpy().astype(float) for name in (x, y))
    cell_x, cell_y = (max(abs(np.diff(values)).mean(), 1e-9) for values in (axis_x, axis_y))
    across, along = np.abs(_turn(lon - axis_x)) / cell_x, np.abs(lat - axis_y[:, None]) / cell_y
    return float(np.nanmax([across, along], initial=0))


def _distance_of_grid(
    grid: Grid, flip: tuple[bool, bool], dims: tuple[str, str], lonlat: tuple[xarray.DataArray, xarray.DataArray]
) -> float:
    """How many cells the cells' own longitudes and latitudes lie off the grid, at its corners and centre; 0 where they are not known."""
    north_up = slice(None, None, -1 if flip[0] else 1), slice(None, None, -1 if flip[1] else 1)
    lon, lat = (values.transpose(*dims).to_numpy().astype(float)[north_up] for values in lonlat)
    (south, east), (middle, centre) = (n - 1 for n in grid.shape), (n // 2 for n in grid.shape)
    rows, columns = np.array([0, 0, south, south, middle]), np.array([0, east, 0, east, centre])
    row, column = grid.locate(lon[rows, columns], lat[rows, columns], "EPSG:4326")
    off = np.hypot(row - rows - 0.5, column - columns - 0.5)
    return float(off.max()) if np.isfinite(off).all() else 0.0


def _columns_first(lon: np.ndarray, lat: np.ndarray) -> bool:
    """Whether longitude clearly changes along the first dimension and latitude along the second; around a pole neither does."""
    change = [[np.abs(_turn(np.diff(values, axis=axis))).mean() for axis in (0, 1)] for values in (lon, lat)]
    return bool(change[0][0] > 1.5 * change[0][1] and change[1][1] > 1.5 * change[1][0])


def _turn(degrees: np.ndarray) -> np.ndarray:
    return (degrees + 180) % 360 - 180


def _other_times(dataset: xarray.Dataset, path: Path, notes: list[str]) -> TimeAxis | None:
    """The times of a file without a time axis: from the texts in `Times`, a single time, or what the file or its name says."""
    text = next((v for n, v in dataset.variables.items() if str(n).lower() == "times" and v.ndim == 1 and v.dtype.kind in "SUO"), None)
    if text is not None:
        times = text_times(text.to_numpy(), "Times", path)
        return TimeAxis((str(text.dims[0]),), times, *steps_and_days(times), np.repeat(times[:1], len(times)))
    scalars = [dataset[n] for n, v in dataset.variables.items() if str(n).lower() in ("time", "valid_time") and v.ndim == 0]
    single = next((value for value in scalars if value.attrs.get("units")), None)
    if single is not None:
        times = decode(single.to_numpy()[None], single.attrs, str(single.name), path, dataset.attrs)
        return TimeAxis((), times, None, None, times)
    if find_axis(dataset, "t") is not None or "time" in {str(dim).lower() for dim in dataset.sizes}:
        return None
    found = time_of_file(dataset.attrs, path)
    if found is None:
        return None
    times = np.array([found.time])
    notes.append(f"it has no time axis; {found.source} says {str(found.time)[: 10 if found.daily else 16]}")
    return TimeAxis((), times, 24.0 if found.daily else None, times.astype("datetime64[D]") if found.daily else None, times)
