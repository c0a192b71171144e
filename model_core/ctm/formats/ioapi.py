"""IOAPI files: CMAQ and MCIP. Source: the IOAPI manual, "Grids and coordinates" and "Date and time"."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray
from pyproj import CRS
from pyproj.exceptions import ProjError

from model_core.ctm.formats.layout import Layout
from model_core.ctm.formats.surface import Level
from model_core.errors import InputError
from model_core.grid import Grid, ctm_crs
from model_core.transformers import transformer

_DAY_HOURS = 24.0
_NEEDED = {  # GDTYP -> attributes without which its place is not known
    2: ("P_ALP", "P_BET", "P_GAM", "YCENT"),
    5: ("P_ALP",),
    6: ("P_ALP", "P_BET", "P_GAM", "XCENT", "YCENT"),
    7: ("P_ALP", "P_GAM", "XCENT", "YCENT"),
}
_FALLING, _RISING = (1, 2, 4, 7), (5, 6)  # VGTYP of sigma and pressure, and of heights; IOAPI manual, "Vertical grids"


def is_ioapi(dataset: xarray.Dataset) -> bool:
    """Whether it has IOAPI's dimensions and grid attributes."""
    return {"ROW", "COL"} <= set(dataset.sizes) and "GDTYP" in dataset.attrs


def layout(dataset: xarray.Dataset, path: Path) -> Layout:
    """Grid and times; row 0 of the file is the southern row, layer 0 the surface.

    Raises
    ------
    InputError
        If attributes are missing, contradict the dimensions, or name a projection that is not supported.
    """
    file_grid = grid(dataset.attrs, path)
    if file_grid.shape != (dataset.sizes["ROW"], dataset.sizes["COL"]):
        raise InputError(
            f"'{path}' contradicts itself: NROWS x NCOLS is {file_grid.shape[0]} x {file_grid.shape[1]}, "
            f"its fields have {dataset.sizes['ROW']} x {dataset.sizes['COL']} cells"
        )
    times, step = _times(dataset, path)
    days = None
    if times is not None and step == _DAY_HOURS:
        # Stamps are the starts of the means: half a day later lies within the day, also where it starts at 16 UTC.
        days = (times + np.timedelta64(12, "h")).astype("datetime64[D]")
    return Layout(
        "IOAPI",
        file_grid,
        ("ROW", "COL"),
        (True, False),
        ("TSTEP",),
        times,
        step,
        days,
        None if times is None else np.repeat(times[:1], len(times)),
        {"LAY": _surface(dataset)},
    )


def _surface(dataset: xarray.Dataset) -> Level:
    """Layer 0, unless the edges of the layers say that the last is lowest: sigma and pressure fall, heights rise."""
    try:
        edges = np.atleast_1d(np.asarray(dataset.attrs.get("VGLVLS", ()), float))
        kind = int(np.ravel(dataset.attrs.get("VGTYP", 0))[0])
    except (TypeError, ValueError):
        edges, kind = np.empty(0), 0
    turned = (
        len(edges) > 2
        and np.isfinite(edges).all()
        and (kind in _FALLING and (np.diff(edges) > 0).all() or kind in _RISING and (np.diff(edges) < 0).all())
    )
    last = dataset.sizes.get("LAY", 1) - 1
    return Level(last, None, "VGLVLS is lowest there") if turned else Level(0, None, "IOAPI counts layers from the surface")


def grid(attributes: dict[str, Any], path: Path) -> Grid:
    """Grid from IOAPI's global attributes; XORIG and YORIG are the lower-left corner of the first cell."""
    names = ("GDTYP", "XORIG", "YORIG", "XCELL", "YCELL", "NROWS", "NCOLS")
    missing = [name for name in names if name not in attributes]
    if missing:
        raise InputError(f"'{path}' lacks the IOAPI grid attributes {', '.join(missing)}")
    try:
        a = {name: float(attributes[name]) for name in names}
    except (TypeError, ValueError) as error:
        raise InputError(f"'{path}' has IOAPI grid attributes that are no numbers: {error}") from error
    if not (np.isfinite(list(a.values())).all() and a["XCELL"] > 0 and a["YCELL"] > 0):
        raise InputError(f"'{path}' has IOAPI grid attributes that make no grid: " + ", ".join(f"{k}={v:g}" for k, v in a.items()))
    return Grid.from_lower_left(crs(attributes, path), a["XORIG"], a["YORIG"], (a["XCELL"], a["YCELL"]), (int(a["NROWS"]), int(a["NCOLS"])))


def crs(attributes: dict[str, Any], path: Path) -> CRS:
    """CRS on IOAPI's sphere from GDTYP, P_ALP, P_BET, P_GAM, XCENT and YCENT."""
    try:
        return _crs(attributes, path)
    except (TypeError, ValueError, ProjError) as error:  # CRSError is a ProjError
        raise InputError(f"'{path}' has IOAPI projection attributes that make no projection: {error}") from error


def _crs(attributes: dict[str, Any], path: Path) -> CRS:
    kind = int(attributes["GDTYP"])
    missing = [name for name in _NEEDED.get(kind, ()) if name not in attributes]
    if missing:
        raise InputError(
            f"'{path}' lacks the IOAPI attributes {', '.join(missing)} of its projection (GDTYP={kind}); write them, as with ncatted"
        )
    alp, bet, gam, xcent, ycent = (float(attributes.get(k, 0)) for k in ("P_ALP", "P_BET", "P_GAM", "XCENT", "YCENT"))
    if kind == 1:
        return CRS.from_proj4("+proj=longlat +R=6370000 +no_defs")
    if kind == 2:
        return ctm_crs(f"+proj=lcc +lat_1={alp:.12g} +lat_2={bet:.12g} +lat_0={ycent:.12g} +lon_0={gam:.12g} +x_0=0 +y_0=0")
    if kind == 5:
        # PROJ has UTM on an ellipsoid only; on a sphere it is this transverse Mercator, a micrometre off, because PROJ
        # takes the exact one for UTM and then refuses it. P_ALP is the zone, negative in the south.
        x_0, y_0 = 500_000.000001 - xcent, (10_000_000 if alp < 0 else 0) - ycent
        return ctm_crs(f"+proj=tmerc +lat_0=0 +lon_0={abs(int(alp)) * 6 - 183} +k=0.9996 +x_0={x_0:.15g} +y_0={y_0:.15g}")
    if kind == 6:
        pole = 90 if alp > 0 else -90
        return _with_origin(f"+proj=stere +lat_0={pole} +lat_ts={bet:.12g} +lon_0={gam:.12g}", xcent, ycent)
    if kind == 7:
        return _with_origin(f"+proj=merc +lat_ts={alp:.12g} +lon_0={gam:.12g}", xcent, ycent)
    raise InputError(
        f"'{path}' is on an IOAPI grid of type GDTYP={kind}, which is not supported yet; "
        "supported are 1 (longitude-latitude), 2 (Lambert), 5 (UTM), 6 (polar stereographic) and 7 (equatorial Mercator)"
    )


def _with_origin(parameters: str, longitude: float, latitude: float) -> CRS:
    """The projection, shifted so that this place is (0, 0)."""
    plain = ctm_crs(parameters)
    x, y = transformer(plain.geodetic_crs, plain).transform(longitude, latitude)
    return ctm_crs(f"{parameters} +x_0={round(-x, 3) + 0.0:.12g} +y_0={round(-y, 3) + 0.0:.12g}")


def _times(dataset: xarray.Dataset, path: Path) -> tuple[np.ndarray | None, float | None]:
    """UTC times and the step in hours; (None, None) for a time-independent file, which has TSTEP 0."""
    step = _hours(int(np.ravel(dataset.attrs.get("TSTEP", 0))[0]))
    if step == 0 or not dataset.sizes.get("TSTEP"):
        return None, None
    if "TFLAG" in dataset and dataset["TFLAG"].ndim == 3 and dataset["TFLAG"].shape[1] > 0:
        flags = dataset["TFLAG"][:, 0, :].to_numpy()
        if np.isfinite(flags).all() and (flags[:, 0] > 0).all():  # some tools leave it unset
            return _stamps(flags.astype(np.int64), path), step
    if "SDATE" not in dataset.attrs:
        raise InputError(f"'{path}' has neither TFLAG nor SDATE, so its times are not known")
    start = _stamps(np.array([[int(dataset.attrs["SDATE"]), int(dataset.attrs.get("STIME", 0))]]), path)
    return start + (np.arange(dataset.sizes["TSTEP"]) * round(step * 3600)).astype("timedelta64[s]"), step


def _stamps(flags: np.ndarray, path: Path) -> np.ndarray:
    """Times, datetime64[s], from (YYYYDDD, HHMMSS) of shape (times, 2)."""
    year, day = flags[:, 0] // 1000, flags[:, 0] % 1000
    bad = (year < 1) | (year > 9999) | (day < 1) | (day > 366)
    if bad.any():
        raise InputError(f"'{path}' has the IOAPI date {flags[bad][0, 0]}, which is no YYYYDDD")
    starts = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]") + (day - 1)
    clock = np.abs(flags[:, 1])
    seconds = clock // 10000 * 3600 + clock // 100 % 100 * 60 + clock % 100
    return starts.astype("datetime64[s]") + seconds


def _hours(clock: int) -> float:
    """Hours from HHMMSS, where HH may have any number of digits."""
    clock = abs(clock)
    return clock // 10000 + clock // 100 % 100 / 60 + clock % 100 / 3600
