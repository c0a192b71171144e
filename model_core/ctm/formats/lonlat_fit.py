"""The regular grid behind two-dimensional longitudes and latitudes, with a known projection or one that is fitted.

On the sphere, Lambert's conformal conic, the polar stereographic and the Mercator projection are one family: the cone
constant n is between -1 and 1 for the first, at its ends 1 or -1 for the second, 0 for the third (Snyder, Map
Projections: A Working Manual, 1987, chapters 7, 15 and 21). So two numbers are fitted, n and the longitude that points north;
everything else follows from the spacing of the cells.
"""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pyproj import CRS
from scipy.optimize import minimize

from model_core.errors import InputError
from model_core.grid import Grid, ctm_crs
from model_core.transformers import transformer

LARGEST_MISFIT = 0.1  # of a cell
# Standard parallels that models use; tried first, because a fit alone can't tell them from others with the same cone.
_PARALLELS = (
    (25, 40),
    (33, 45),
    (30, 60),
    (25, 47),
    (20, 50),
    (10, 40),
    (30, 45),
    (35, 65),
    (15, 40),
    (20, 40),
    (23, 40),
    (30, 50),
    (25, 25),
    (38.5, 38.5),
    (-15, -40),
    (-25, -40),
    (-30, -60),
    (-20, -40),
)
_MERCATOR_CONE, _POLAR_CONE = 0.005, 0.995  # cones flatter, and steeper, than these
_SAMPLE = 40  # rows and columns of the sample that the fit is made on
_FITTED: dict[str, "FittedGrid"] = {}  # the last fit, by its coordinates


class FittedGrid(NamedTuple):
    """A grid, whether the file's rows go north and its columns west, and the largest misfit in cells."""

    grid: Grid
    flip: tuple[bool, bool]
    misfit: float


def place(lon: np.ndarray, lat: np.ndarray, crs: CRS, path: Path) -> FittedGrid:
    """The grid in a known CRS whose cell centres are at these longitudes and latitudes, each (rows, columns) in degrees.

    Raises
    ------
    InputError
        If they lie more than a tenth of a cell off any regular grid of that CRS.
    """
    found = _regular(lon, lat, crs)
    if not found.misfit <= LARGEST_MISFIT:
        raise InputError(
            f"'{path}': its longitudes and latitudes lie up to {found.misfit:.2g} cells off a regular grid in {_name(crs)}; "
            f"at most {LARGEST_MISFIT} is allowed. Correct its projection, or regrid it, for example with cdo remapbil"
        )
    return found


def fit(lon: np.ndarray, lat: np.ndarray, path: Path) -> FittedGrid:
    """The grid of the projection that fits best, on the sphere of CTMs; arguments and errors as `place`."""
    key = hashlib.sha256(np.ascontiguousarray(lon).tobytes() + np.ascontiguousarray(lat).tobytes()).hexdigest()
    if key not in _FITTED:  # the files of a series have one grid, and a fit takes half a second
        found = _fit(lon, lat, path)
        _FITTED.clear()
        _FITTED[key] = found
    return _FITTED[key]


def _fit(lon: np.ndarray, lat: np.ndarray, path: Path) -> FittedGrid:
    if min(lon.shape) < 3:
        raise InputError(
            f"'{path}' states no projection, and {lon.shape[0]} x {lon.shape[1]} cells are too few to fit one; add a grid_mapping"
        )
    if not (np.isfinite(lon).all() and np.isfinite(lat).all() and (np.abs(lat) <= 90).all() and (np.abs(lon) <= 540).all()):
        raise InputError(f"'{path}' states no projection, and its longitudes and latitudes have gaps or are no degrees; add a grid_mapping")
    candidates = [_regular(lon, lat, CRS.from_proj4("+proj=longlat +R=6370000 +no_defs"))]
    if not candidates[0].misfit < LARGEST_MISFIT / 10:
        candidates += [_regular(lon, lat, crs) for crs in _conformal(lon, lat)]
    best = min(candidates, key=lambda found: found.misfit)
    # Known parallels are as good as the free fit when they lie within the rounding of the coordinates.
    allowed = 1.5 * best.misfit + 1e-3
    best = min(
        (found for found in candidates if found.misfit <= allowed), key=lambda found: (found.flip[1], _oddness(found.grid)), default=best
    )
    if not best.misfit <= LARGEST_MISFIT:
        raise InputError(
            f"'{path}' states no projection, and none that was tried (longitude-latitude, Lambert, polar stereographic, Mercator) fits its "
            f"longitudes and latitudes: the best, {_name(best.grid.crs)}, is up to {best.misfit:.2g} cells off, where "
            f"{LARGEST_MISFIT} is allowed. "
            "Add a grid_mapping, or regrid it, for example with cdo remapbil"
        )
    return best


def describe_fit(found: FittedGrid) -> str:
    """What was fitted and how well, for the user."""
    cell = found.grid.cell_size
    return (
        f"no projection is stated; its longitudes and latitudes fit {_name(found.grid.crs)} with cells of {cell[0]:.6g} x {cell[1]:.6g}, "
        f"with a residual of at most {found.misfit:.2g} of a cell"
    )


def _regular(lon: np.ndarray, lat: np.ndarray, crs: CRS) -> FittedGrid:
    """The even rows and columns in a CRS that are nearest to all centres."""
    if crs.is_geographic:
        x, y = np.rad2deg(np.unwrap(np.deg2rad(lon), axis=1)), lat
        x = x + 360 * np.round((x[0, 0] - x[:, :1]) / 360)
    else:
        x, y = transformer(crs.geodetic_crs, crs).transform(lon, lat)
    (x0, dx), (y0, dy) = _line(x, 1), _line(y, 0)
    if not (np.isfinite([x0, dx, y0, dy]).all() and dx and dy):
        return FittedGrid(Grid.from_lower_left(crs, 0, 0, (1, 1), lon.shape), (False, False), np.inf)
    round_cell = round(abs(dx), -3)  # models have whole kilometres; coordinates in single precision blur them
    if (
        not crs.is_geographic
        and round_cell
        and max(abs(abs(d) - round_cell) * n for d, n in ((dx, lon.shape[1]), (dy, lon.shape[0]))) < 0.02 * round_cell
    ):
        dx, dy = np.copysign(round_cell, dx), np.copysign(round_cell, dy)
        x0, y0 = _line(x, 1, dx)[0], _line(y, 0, dy)[0]
    rows, columns = lon.shape
    misfit = max(
        float(np.abs(x - x0 - dx * np.arange(columns)).max() / abs(dx)),
        float(np.abs(y - y0 - dy * np.arange(rows)[:, None]).max() / abs(dy)),
    )
    west, south = (min(start, start + step * (n - 1)) - abs(step) / 2 for start, step, n in ((x0, dx, columns), (y0, dy, rows)))
    return FittedGrid(Grid.from_lower_left(crs, west, south, (abs(dx), abs(dy)), lon.shape), (bool(dy > 0), bool(dx < 0)), misfit)


def _line(values: np.ndarray, axis: int, step: float | None = None) -> tuple[float, float]:
    """First value and step of the even axis nearest to values (rows, columns) that should change along one axis only."""
    mean = values.mean(axis=1 - axis, dtype=float)
    places = np.arange(len(mean))
    if step is None:
        centred = places - places.mean()
        step = float((centred * mean).sum() / (centred**2).sum())
    return float(np.mean(mean - step * places)), step


def _conformal(lon: np.ndarray, lat: np.ndarray) -> list[CRS]:
    """Conformal projections worth trying: the free fit, and near it those with parallels that models use."""
    rows, columns = (np.unique(np.linspace(0, n - 1, _SAMPLE).astype(int)) for n in lon.shape)
    some = np.ix_(rows, columns)
    centre = float(lon[lon.shape[0] // 2, lon.shape[1] // 2])
    lam, phi = _wrapped(lon[some] - centre), np.deg2rad(np.clip(lat[some], -89.999999, 89.999999))

    def misfit(parameters: np.ndarray) -> float:
        x, y = _project(lam, phi, *parameters)
        return _spread(x, columns, 1) + _spread(y, rows, 0)

    polar = float(np.sign(phi.mean()) or 1)
    starts = [(np.sin(phi.mean()), 0.0), (polar, 0.0), (polar, 90.0), (polar, -90.0), (polar, 180.0), (1e-4, 0.0)]
    fits = [minimize(misfit, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-14, "maxiter": 600}) for start in starts]
    best = min(fits, key=lambda found: found.fun)
    cone, north = float(np.clip(best.x[0], -1, 1)), centre + float(best.x[1])
    north = _snapped(float(_wrapped(north)), (1, 0.5, 0.1), 0.005)
    if abs(cone) < _MERCATOR_CONE:
        return [ctm_crs(f"+proj=merc +lat_ts={lat_ts} +lon_0={_snapped(centre, (1,), 0.5):.9g}") for lat_ts in (0, 10, 20, 30)]
    middle = _snapped(float(lat[lat.shape[0] // 2, lat.shape[1] // 2]), (0.5,), 0.1)
    crs = []
    if abs(cone) > _POLAR_CONE:
        pole = np.copysign(90, cone)
        crs += [
            ctm_crs(f"+proj=stere +lat_0={pole:.0f} +lat_ts={np.copysign(ts, cone):.9g} +lon_0={meridian:.9g}")
            for ts in (45, 60, 70, 71, 90)
            for meridian in (north, float(_wrapped(north + 180)))
        ]  # or turned by half
    if abs(cone) < 1:
        pairs = [(float(np.rad2deg(np.arcsin(cone))),) * 2, *((a, b) for a, b in _PARALLELS if abs(_cone(a, b) - cone) < 0.005)]
        crs += [ctm_crs(f"+proj=lcc +lat_1={a:.10g} +lat_2={b:.10g} +lat_0={middle:.9g} +lon_0={north:.10g}") for a, b in pairs]
    return crs


def _project(lam: np.ndarray, phi: np.ndarray, cone: float, north: float) -> tuple[np.ndarray, np.ndarray]:
    """Conformal x, y up to scale and offset; `lam` in degrees, `phi` in radians, `north` in degrees from the same meridian."""
    stretched = np.arctanh(np.sin(phi))  # Mercator's y
    angle = np.deg2rad(_wrapped(lam - north))
    if abs(cone) < 1e-6:
        return angle, stretched
    radius = np.exp(-np.clip(cone, -1.2, 1.2) * (stretched - stretched.mean())) / cone
    return radius * np.sin(cone * angle), -radius * np.cos(cone * angle)


def _spread(values: np.ndarray, places: np.ndarray, axis: int) -> float:
    """Mean squared distance from an even axis, in cells."""
    at = (places - places.mean())[None, :] if axis else (places - places.mean())[:, None]
    centred = values - values.mean()
    step = (centred * at).sum() / (at**2 * np.ones_like(values)).sum()
    return float((((centred - step * at) / step) ** 2).mean()) if step else np.inf


def _cone(lat_1: float, lat_2: float) -> float:
    """Cone constant of two standard parallels (Snyder, eq. 15-3)."""
    a, b = np.deg2rad([lat_1, lat_2])
    if lat_1 == lat_2:
        return float(np.sin(a))
    return float(np.log(np.cos(a) / np.cos(b)) / (np.arctanh(np.sin(b)) - np.arctanh(np.sin(a))))


def _oddness(grid: Grid) -> float:
    """How far the cells are from a whole number of kilometres, relative; 0 in degrees."""
    if grid.crs.is_geographic:
        return 0.0
    cell = grid.cell_size[0]
    return abs(cell - max(1000, round(cell, -3))) / cell


def _snapped(value: float, steps: tuple[float, ...], tolerance: float) -> float:
    """The value, or a round number next to it."""
    for step in steps:
        nearest = round(value / step) * step
        if abs(value - nearest) <= tolerance:
            return nearest
    return value


def _wrapped(degrees):
    return (degrees + 180) % 360 - 180


def _name(crs: CRS) -> str:
    with warnings.catch_warnings():  # pyproj warns that PROJ strings can lose detail
        warnings.simplefilter("ignore")
        return (crs.to_proj4() or crs.to_string()).replace(" +no_defs", "").replace(" +type=crs", "")
