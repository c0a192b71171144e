"""IOAPI files: CMAQ and MCIP. Source: the IOAPI manual, "Grids and coordinates" and "Date and time"."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import xarray
from pyproj import CRS, Transformer

from model_core.errors import InputError
from model_core.formats.layout import Layout
from model_core.grid import Grid, ctm_crs

_DAY_HOURS = 24.0


def is_ioapi(dataset: xarray.Dataset) -> bool:
    """Whether it has IOAPI's dimensions and grid attributes."""
    return {"ROW", "COL"} <= set(dataset.sizes) and "GDTYP" in dataset.attrs


def layout(dataset: xarray.Dataset, path: Path) -> Layout:
    """Grid and times; row 0 of the file is the southern row, layer 0 the surface."""
    times, step = _times(dataset, path)
    days = None
    if times is not None and step == _DAY_HOURS:
        # Stamps are the starts of the means: half a day later lies within the day, also where it starts at 16 UTC.
        days = (times + np.timedelta64(12, "h")).astype("datetime64[D]")
    return Layout(
        "IOAPI", grid(dataset.attrs, path), ("ROW", "COL"), (True, False),
        "TSTEP", times, step, days, {"LAY": 0},
    )


def grid(attributes: dict[str, Any], path: Path) -> Grid:
    """Grid from IOAPI's global attributes; XORIG and YORIG are the lower-left corner of the first cell."""
    names = ("GDTYP", "XORIG", "YORIG", "XCELL", "YCELL", "NROWS", "NCOLS")
    missing = [name for name in names if name not in attributes]
    if missing:
        raise InputError(f"'{path}' lacks the IOAPI grid attributes {', '.join(missing)}")
    a = {name: float(attributes[name]) for name in names}
    return Grid.from_lower_left(
        crs(attributes, path), a["XORIG"], a["YORIG"], (a["XCELL"], a["YCELL"]), (int(a["NROWS"]), int(a["NCOLS"])),
    )


def crs(attributes: dict[str, Any], path: Path) -> CRS:
    """CRS on IOAPI's sphere from GDTYP, P_ALP, P_BET, P_GAM, XCENT and YCENT."""
    kind = int(attributes["GDTYP"])
    alp, bet, gam, xcent, ycent = (float(attributes.get(k, 0)) for k in ("P_ALP", "P_BET", "P_GAM", "XCENT", "YCENT"))
    if kind == 1:
        return CRS.from_proj4("+proj=longlat +R=6370000 +no_defs")
    if kind == 2:
        return ctm_crs(f"+proj=lcc +lat_1={alp:.12g} +lat_2={bet:.12g} +lat_0={ycent:.12g} +lon_0={gam:.12g} +x_0=0 +y_0=0")
    if kind == 6:
        pole = 90 if alp > 0 else -90
        return _with_origin(f"+proj=stere +lat_0={pole} +lat_ts={bet:.12g} +lon_0={gam:.12g}", xcent, ycent)
    if kind == 7:
        return _with_origin(f"+proj=merc +lat_ts={alp:.12g} +lon_0={gam:.12g}", xcent, ycent)
    raise InputError(
        f"'{path}' is on an IOAPI grid of type GDTYP={kind}, which is not supported yet; "
        "supported are 1 (longitude-latitude), 2 (Lambert), 6 (polar stereographic) and 7 (equatorial Mercator)"
    )


def _with_origin(parameters: str, longitude: float, latitude: float) -> CRS:
    """The projection, shifted so that this place is (0, 0)."""
    plain = ctm_crs(parameters)
    x, y = Transformer.from_crs(plain.geodetic_crs, plain, always_xy=True).transform(longitude, latitude)
    return ctm_crs(f"{parameters} +x_0={round(-x, 3) + 0.0:.12g} +y_0={round(-y, 3) + 0.0:.12g}")


def _times(dataset: xarray.Dataset, path: Path) -> tuple[np.ndarray | None, float | None]:
    """UTC times and the step in hours; (None, None) for a time-independent file, which has TSTEP 0."""
    step = _hours(int(np.ravel(dataset.attrs.get("TSTEP", 0))[0]))
    if step == 0:
        return None, None
    if "TFLAG" in dataset:
        flags = dataset["TFLAG"][:, 0, :].to_numpy().astype(int)
        stamps = [_stamp(day, clock, path) for day, clock in flags]
    else:
        start = _stamp(int(dataset.attrs["SDATE"]), int(dataset.attrs.get("STIME", 0)), path)
        stamps = [start + timedelta(hours=step * i) for i in range(dataset.sizes["TSTEP"])]
    return np.array(stamps, "datetime64[s]"), step


def _stamp(day: int, clock: int, path: Path) -> datetime:
    """Time from YYYYDDD and HHMMSS."""
    try:
        return datetime.strptime(f"{day:07d}", "%Y%j") + timedelta(hours=_hours(clock))
    except ValueError:
        raise InputError(f"'{path}' has the IOAPI date {day}, which is no YYYYDDD") from None


def _hours(clock: int) -> float:
    """Hours from HHMMSS, where HH may have any number of digits."""
    clock = abs(clock)
    return clock // 10000 + clock // 100 % 100 / 60 + clock % 100 / 3600
