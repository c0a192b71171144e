"""WRF and WRF-Chem output. Source: the WRF user's guide, "Map projections" and file attributes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray
from pyproj import CRS, Transformer

from model_core.ctm.formats.cf_time import decode
from model_core.ctm.formats.dates import time_of_file
from model_core.ctm.formats.layout import Layout
from model_core.errors import InputError
from model_core.grid import Grid, ctm_crs

_LARGEST_MISFIT = 0.1  # of a cell, between the file's longitudes and latitudes and the projection


def is_wrf(dataset: xarray.Dataset) -> bool:
    """Whether it has WRF's projection attribute and mass-point coordinates."""
    return "MAP_PROJ" in dataset.attrs and {"XLAT", "XLONG"} <= set(dataset.variables)


def layout(dataset: xarray.Dataset, path: Path) -> Layout:
    """Grid and times; rows go from south to north, level 0 is the surface."""
    notes: list[str] = []
    times = _times(dataset, path, notes)
    step = float(np.diff(times[:2])[0] / np.timedelta64(1, "h")) if times is not None and len(times) > 1 else None
    starts = None if times is None else np.repeat(_run_start(dataset.attrs, times[0]), len(times))
    return Layout(
        "WRF", grid(dataset, path), ("south_north", "west_east"), (True, False),
        ("Time",), times, step, None, starts, {"bottom_top": 0},
        {"west_east_stag": "west_east", "south_north_stag": "south_north"}, tuple(notes),
    )


def grid(dataset: xarray.Dataset, path: Path) -> Grid:
    """Grid of the mass points, placed by the file's own longitudes and latitudes."""
    crs = _crs(dataset, path)
    longitude, latitude = (_first_time(dataset[name]) for name in ("XLONG", "XLAT"))
    x, y = Transformer.from_crs(crs.geodetic_crs, crs, always_xy=True).transform(longitude, latitude)
    if crs.is_geographic:
        dx, dy = (float(np.diff(values.mean(axis=axis)).mean()) for values, axis in ((x, 0), (y, 1)))
    else:
        dx, dy = float(dataset.attrs["DX"]), float(dataset.attrs["DY"])
    rows, columns = x.shape
    x0 = float(np.mean(x - dx * np.arange(columns)))
    y0 = float(np.mean(y - dy * np.arange(rows)[:, None]))
    misfit = max(
        float(np.abs(x - x0 - dx * np.arange(columns)).max()) / dx,
        float(np.abs(y - y0 - dy * np.arange(rows)[:, None]).max()) / dy,
    )
    if not misfit < _LARGEST_MISFIT:
        raise InputError(
            f"'{path}': its longitudes and latitudes lie up to {misfit:.2f} cells off the projection "
            f"{crs.to_proj4()} of its attributes; rotated or moving WRF domains are not supported"
        )
    return Grid.from_lower_left(crs, x0 - dx / 2, y0 - dy / 2, (dx, dy), (rows, columns))


def _crs(dataset: xarray.Dataset, path: Path) -> CRS:
    a = dataset.attrs
    kind = int(a["MAP_PROJ"])
    one, two, lon = (float(a.get(name, 0)) for name in ("TRUELAT1", "TRUELAT2", "STAND_LON"))
    lat = float(a.get("MOAD_CEN_LAT", a.get("CEN_LAT", 0)))
    if kind == 1:
        return ctm_crs(f"+proj=lcc +lat_1={one:.9g} +lat_2={two:.9g} +lat_0={lat:.9g} +lon_0={lon:.9g}")
    if kind == 2:
        return ctm_crs(f"+proj=stere +lat_0={np.copysign(90, one):.0f} +lat_ts={one:.9g} +lon_0={lon:.9g}")
    if kind == 3:
        return ctm_crs(f"+proj=merc +lat_ts={one:.9g} +lon_0={lon:.9g}")
    if kind == 6 and float(a.get("POLE_LAT", 90)) == 90:
        return CRS.from_proj4("+proj=longlat +R=6370000 +no_defs")
    raise InputError(
        f"'{path}' is on a WRF grid of type MAP_PROJ={kind}, which is not supported yet; "
        "supported are 1 (Lambert), 2 (polar stereographic), 3 (Mercator) and 6 (longitude-latitude, not rotated)"
    )


def _first_time(variable: xarray.DataArray) -> np.ndarray:
    return (variable.isel(Time=0) if "Time" in variable.dims else variable).to_numpy().astype(float)


def _times(dataset: xarray.Dataset, path: Path, notes: list[str]) -> np.ndarray | None:
    """UTC times from the character variable Times (YYYY-MM-DD_hh:mm:ss), else from XTIME, else from the file's name."""
    if "Times" in dataset:
        texts = [value.decode(errors="replace") if isinstance(value, bytes) else str(value) for value in np.ravel(dataset["Times"].to_numpy())]
        try:
            times = np.array([text.strip().replace("_", "T") for text in texts], "datetime64[s]")
        except ValueError as error:
            raise InputError(f"'{path}': variable Times is not understood: {error}") from error
        if len(times) != dataset.sizes.get("Time", len(times)) or np.isnat(times).any():
            raise InputError(f"'{path}': variable Times has gaps, or not one entry for every time")
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
