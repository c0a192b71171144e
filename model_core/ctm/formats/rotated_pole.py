"""The rotated pole behind axes in rotated degrees, found with the file's own longitudes and latitudes.

A rotated grid is the globe turned as a whole. The turn that best takes the points of the axes to their longitudes and latitudes
follows from a singular value decomposition (Kabsch, 1976, Acta Cryst. A32, 922).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pyproj import CRS

from model_core.errors import InputError
from model_core.transformers import transformer

LARGEST_MISFIT = 0.1  # of a cell
_SAMPLE = 40


def fit_rotation(rotated_lon: np.ndarray, rotated_lat: np.ndarray, lon: np.ndarray, lat: np.ndarray, path: Path) -> tuple[CRS, float]:
    """The rotated CRS and its largest misfit in cells.

    Parameters
    ----------
    rotated_lon, rotated_lat : the axes in degrees, of shape (columns,) and (rows,)
    lon, lat : of shape (rows, columns) in degrees

    Raises
    ------
    InputError
        If no rotation puts the cells where they belong.
    """
    rows, columns = (np.unique(np.linspace(0, n - 1, _SAMPLE).astype(int)) for n in lon.shape)
    some = np.ix_(rows, columns)
    x, y = np.meshgrid(rotated_lon[columns], rotated_lat[rows])
    true_lon, true_lat = lon[some], lat[some]
    if not (np.isfinite(true_lon).all() and np.isfinite(true_lat).all() and (np.abs(true_lat) <= 90).all()):
        raise InputError(
            f"'{path}' states no rotated pole, and its longitudes and latitudes have gaps or are no degrees; add a grid_mapping"
        )
    before, after = _on_sphere(x, y), _on_sphere(true_lon, true_lat)
    u, _, vt = np.linalg.svd(before.T @ after)
    turn = vt.T @ np.diag([1, 1, np.linalg.det(vt.T @ u.T)]) @ u.T
    pole, north = turn @ [0, 0, 1], turn.T @ [0, 0, 1]
    crs = rotated_crs(
        *(
            round(float(np.degrees(angle)), 4) + 0.0
            for angle in (np.arcsin(np.clip(pole[2], -1, 1)), np.arctan2(pole[1], pole[0]), np.arctan2(north[1], north[0]))
        )
    )
    back_x, back_y = transformer(crs.source_crs, crs).transform(true_lon, true_lat)
    cell_x, cell_y = (abs(values[-1] - values[0]) / max(len(values) - 1, 1) for values in (rotated_lon, rotated_lat))
    misfit = max(float(np.abs((back_x - x + 180) % 360 - 180).max() / cell_x), float(np.abs(back_y - y).max() / cell_y))
    if not misfit <= LARGEST_MISFIT:
        raise InputError(
            f"'{path}' states no rotated pole, and none takes its axes to its longitudes and latitudes: the best is up to "
            f"{misfit:.2g} cells off, "
            f"where {LARGEST_MISFIT} is allowed. Add a grid_mapping, or regrid it, for example with cdo remapbil"
        )
    return crs, misfit


def rotated_crs(pole_latitude: float, pole_longitude: float, north_pole_grid_longitude: float = 0.0) -> CRS:
    """The CRS of a rotated pole, in CF's terms and degrees."""
    return CRS.from_cf(
        {
            "grid_mapping_name": "rotated_latitude_longitude",
            "grid_north_pole_latitude": pole_latitude,
            "grid_north_pole_longitude": pole_longitude,
            "north_pole_grid_longitude": north_pole_grid_longitude,
        }
    )


def _on_sphere(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Points on the unit sphere, of shape (points, 3)."""
    a, b = np.radians(np.ravel(lon)), np.radians(np.ravel(lat))
    return np.stack([np.cos(b) * np.cos(a), np.cos(b) * np.sin(a), np.sin(b)], axis=1)
