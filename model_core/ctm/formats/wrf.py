"""WRF, WRF-Chem and WPS files. Source: the WRF user's guide, "Map projections" and file attributes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray
from pyproj import CRS
from pyproj.exceptions import ProjError

from model_core.ctm.formats.dates import time_of_file
from model_core.ctm.formats.layout import Layout
from model_core.ctm.formats.surface import Level
from model_core.ctm.formats.time_values import decode, text_times
from model_core.errors import InputError
from model_core.grid import Grid, ctm_crs
from model_core.transformers import transformer

_LARGEST_MISFIT = 0.1  # of a cell, between the file's longitudes and latitudes and the projection
_ROWS, _COLUMNS = "south_north", "west_east"
_COORDINATES = (("XLONG", "XLAT"), ("XLONG_M", "XLAT_M"))  # of WRF, and of WPS
_UNSET = 1e10  # WRF writes 1e20 for what the user left out
_PROJECTION = ("TRUELAT1", "TRUELAT2", "STAND_LON", "MOAD_CEN_LAT", "CEN_LAT", "CEN_LON", "DX", "DY")


def is_wrf(dataset: xarray.Dataset) -> bool:
    """Whether it has WRF's projection attribute and the dimensions of its mass points."""
    return "MAP_PROJ" in dataset.attrs and {_ROWS, _COLUMNS} <= set(dataset.sizes)


def layout(dataset: xarray.Dataset, path: Path) -> Layout:
    """Grid and times; rows go from south to north, level 0 is the surface."""
    notes: list[str] = []
    file_grid = grid(dataset, path, notes)
    times = _times(dataset, path, notes)
    step = float(np.diff(times[:2])[0] / np.timedelta64(1, "h")) if times is not None and len(times) > 1 else None
    starts = None if times is None else np.repeat(_run_start(dataset.attrs, times[0]), len(times))
    return Layout(
        "WRF",
        file_grid,
        (_ROWS, _COLUMNS),
        (True, False),
        ("Time",),
        times,
        step,
        None,
        starts,
        {"bottom_top": Level(0, None, "WRF counts levels from the surface")},
        {"west_east_stag": _COLUMNS, "south_north_stag": _ROWS},
        tuple(notes),
    )


def grid(dataset: xarray.Dataset, path: Path, notes: list[str]) -> Grid:
    """Grid of the mass points, placed by the file's own longitudes and latitudes, or else by the centre of the domain."""
    attributes = _numbers(dataset.attrs, path)
    crs = _crs(attributes, path, notes)
    shape = dataset.sizes[_ROWS], dataset.sizes[_COLUMNS]
    names = next((pair for pair in _COORDINATES if set(pair) <= set(dataset.variables)), None)
    if names is None:
        return _grid_by_centre(dataset.attrs, attributes, crs, shape, path, notes)
    longitude, latitude = (_first_time(dataset[name]) for name in names)
    if longitude.shape != shape or latitude.shape != shape:
        raise InputError(f"'{path}': {names[0]} and {names[1]} are not on the grid of {shape[0]} x {shape[1]} cells")
    x, y = transformer(crs.geodetic_crs, crs).transform(longitude, latitude)
    if crs.is_geographic:
        x = np.unwrap(x, axis=1, period=360)
        dx, dy = (float(np.diff(values.mean(axis=axis)).mean()) for values, axis in ((x, 0), (y, 1)))
    else:
        dx, dy = (_length(attributes, name, path) for name in ("DX", "DY"))
    rows, columns = shape
    x0 = float(np.mean(x - dx * np.arange(columns)))
    y0 = float(np.mean(y - dy * np.arange(rows)[:, None]))
    misfit = max(
        float(np.abs(x - x0 - dx * np.arange(columns)).max()) / dx, float(np.abs(y - y0 - dy * np.arange(rows)[:, None]).max()) / dy
    )
    if not misfit < _LARGEST_MISFIT:
        raise InputError(
            f"'{path}': its longitudes and latitudes lie up to {misfit:.2f} cells off the projection "
            f"{crs.to_proj4()} of its attributes; rotated or moving WRF domains are not supported"
        )
    return Grid.from_lower_left(crs, x0 - dx / 2, y0 - dy / 2, (dx, dy), shape)


def _grid_by_centre(
    raw: dict[str, Any], attributes: dict[str, float], crs: CRS, shape: tuple[int, int], path: Path, notes: list[str]
) -> Grid:
    """The grid of a whole domain whose longitudes and latitudes were left out."""
    counts = [raw.get(f"{name}_GRID_DIMENSION") for name in ("SOUTH-NORTH", "WEST-EAST")]
    if crs.is_geographic or None in counts or not {"CEN_LON", "CEN_LAT", "DX", "DY"} <= set(attributes):
        raise InputError(f"'{path}' has no XLAT and XLONG, and its attributes do not place its grid; keep both when variables are cut out")
    whole = tuple(int(np.ravel(count)[0]) - 1 for count in counts)  # the attributes count the edges
    if whole != shape:
        raise InputError(
            f"'{path}' has no XLAT and XLONG, and its {shape[0]} x {shape[1]} cells are a part of the {whole[0]} x {whole[1]} "
            "of its domain, "
            "so that their place is not known; keep XLAT and XLONG when a part is cut out"
        )
    dx, dy = (_length(attributes, name, path) for name in ("DX", "DY"))
    x, y = transformer(crs.geodetic_crs, crs).transform(attributes["CEN_LON"], attributes["CEN_LAT"])
    notes.append("it has no XLAT and XLONG; its grid is placed by the centre, cell size and counts of its attributes")
    rows, columns = shape
    return Grid.from_lower_left(crs, x - dx * columns / 2, y - dy * rows / 2, (dx, dy), shape)


def _numbers(attributes: dict[str, Any], path: Path) -> dict[str, float]:
    """The attributes of the projection as numbers, without those that are not set."""
    numbers: dict[str, float] = {}
    for name in (*_PROJECTION, "MAP_PROJ", "POLE_LAT"):
        if name in attributes:
            try:
                value = float(np.ravel(attributes[name])[0])
            except (TypeError, ValueError, IndexError) as error:
                raise InputError(
                    f"'{path}' has the attribute {name} = {attributes[name]!r}, which is no number; correct it, for example with ncatted"
                ) from error
            if np.isfinite(value) and abs(value) < _UNSET:
                numbers[name] = value
    return numbers


def _length(attributes: dict[str, float], name: str, path: Path) -> float:
    if not attributes.get(name, 0) > 0:
        raise InputError(
            f"'{path}' has the attribute {name} = {attributes.get(name)}, which is no cell size in metres; correct it, as with ncatted"
        )
    return attributes[name]


def _crs(attributes: dict[str, float], path: Path, notes: list[str]) -> CRS:
    kind = int(attributes.get("MAP_PROJ", 0))
    if kind == 6 and attributes.get("POLE_LAT", 90) == 90:
        return CRS.from_proj4("+proj=longlat +R=6370000 +no_defs")
    needed = {1: ("TRUELAT1", "TRUELAT2", "STAND_LON"), 2: ("TRUELAT1", "STAND_LON"), 3: ("TRUELAT1",)}
    if kind not in needed:
        raise InputError(
            f"'{path}' is on a WRF grid of type MAP_PROJ={kind}, which is not supported yet; "
            "supported are 1 (Lambert), 2 (polar stereographic), 3 (Mercator) and 6 (longitude-latitude, not rotated)"
        )
    missing = [name for name in needed[kind] if name not in attributes]
    if missing:
        raise InputError(f"'{path}' does not set the attributes {', '.join(missing)} of its projection; write them, as with ncatted")
    one, two, lon = (attributes.get(name, 0.0) for name in ("TRUELAT1", "TRUELAT2", "STAND_LON"))
    if kind == 3 and "STAND_LON" not in attributes:  # any meridian will do for Mercator
        lon = attributes.get("CEN_LON", 0.0)
        notes.append(f"its STAND_LON is not set; in Mercator any meridian will do, and its centre {lon:g} is taken")
    lat = attributes.get("MOAD_CEN_LAT", attributes.get("CEN_LAT", 0.0))
    try:
        if kind == 1:
            return ctm_crs(f"+proj=lcc +lat_1={one:.9g} +lat_2={two:.9g} +lat_0={lat:.9g} +lon_0={lon:.9g}")
        if kind == 2:
            return ctm_crs(f"+proj=stere +lat_0={np.copysign(90, one):.0f} +lat_ts={one:.9g} +lon_0={lon:.9g}")
        return ctm_crs(f"+proj=merc +lat_ts={one:.9g} +lon_0={lon:.9g}")
    except ProjError as error:
        raise InputError(
            f"'{path}' has attributes TRUELAT1, TRUELAT2, STAND_LON that make no projection ({error}); correct them, as with ncatted"
        ) from error


def _first_time(variable: xarray.DataArray) -> np.ndarray:
    return (variable.isel(Time=0) if "Time" in variable.dims else variable).to_numpy().astype(float)


def _times(dataset: xarray.Dataset, path: Path, notes: list[str]) -> np.ndarray | None:
    """UTC times from the character variable Times (YYYY-MM-DD_hh:mm:ss), else from XTIME, else from the file's name.

    WPS dates its static fields 0000-00-00: they have no time.
    """
    if "Times" in dataset:
        values = dataset["Times"].to_numpy()
        if all((v.decode(errors="replace") if isinstance(v, bytes) else str(v)).startswith("0000-00-00") for v in np.ravel(values)):
            return None
        times = np.ravel(text_times(values, "Times", path))
        if len(times) != dataset.sizes.get("Time", len(times)):
            raise InputError(f"'{path}': variable Times has {len(times)} entries for {dataset.sizes['Time']} times")
        return times
    if "XTIME" in dataset and " since " in str(dataset["XTIME"].attrs.get("units", "")):
        return np.atleast_1d(decode(dataset["XTIME"].to_numpy(), dataset["XTIME"].attrs, "XTIME", path))
    found = time_of_file({}, path) if dataset.sizes.get("Time", 1) == 1 else None
    if found is None:
        return None
    notes.append(f"it has neither Times nor XTIME; its name says {found.time}")
    return np.array([found.time])


def _run_start(attributes: dict, first: np.datetime64) -> np.datetime64:
    """When the simulation began; the file's first time where it does not say so."""
    try:
        start = np.datetime64(str(attributes.get("SIMULATION_START_DATE", "")).strip().replace("_", "T"), "s")
    except ValueError:
        return first
    return first if np.isnat(start) else start
