"""The true area of pixels, on the WGS 84 ellipsoid."""

from __future__ import annotations

import numpy as np
from affine import Affine
from pyproj import CRS, Geod

from model_core.rasters import Window
from model_core.transformers import transformer

_WGS84 = Geod(ellps="WGS84")


def pixel_areas(crs: CRS, transform: Affine, window: Window) -> np.ndarray:
    """Areas in m² that broadcast to the shape (rows, columns) of the window; NaN for pixels off the Earth.

    A CTM computes on a sphere and means the places of WGS 84 by its longitudes and latitudes, and so does a Mollweide projection as
    GHS-POP has it: the area is that of the place.
    """
    rows, columns = window
    if crs.is_geographic:
        edges = transform.f + np.arange(rows.start, rows.stop + 1) * transform.e
        unit = crs.axis_info[0].unit_conversion_factor  # radians
        band = -np.diff(_area_from_equator(np.clip(edges * unit, -np.pi / 2, np.pi / 2)))
        return (band * transform.a * unit)[:, None]
    x = transform.c + (np.arange(columns.start, columns.stop) + 0.5) * transform.a
    y = transform.f + (np.arange(rows.start, rows.stop) + 0.5) * transform.e
    x, y = np.meshgrid(x, y)
    to_lonlat = transformer(crs, crs.geodetic_crs)
    middles = ((-0.5, 0), (0.5, 0), (0, -0.5), (0, 0.5))  # of the sides in the west, east, south and north
    west, east, south, north = (np.radians(to_lonlat.transform(x + right * transform.a, y - up * transform.e)) for right, up in middles)
    (across_lon, across_lat), (along_lon, along_lat) = _step(west, east), _step(south, north)
    latitude = np.radians(to_lonlat.transform(x, y)[1])
    with np.errstate(invalid="ignore"):
        area = np.abs(across_lon * along_lat - across_lat * along_lon) * _per_square_radian(latitude)
    return np.where(np.isfinite(area), area, np.nan)


def _step(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """(longitude, latitude) from one place to the other in radians, the short way round the globe."""
    step = end - start
    step[0] = (step[0] + np.pi) % (2 * np.pi) - np.pi
    return step


def _area_from_equator(latitude: np.ndarray) -> np.ndarray:
    """Area in m² between the equator and a latitude (radians), per radian of longitude; Snyder (1987), eq. 3-12."""
    e, sine = np.sqrt(_WGS84.es), np.sin(latitude)
    return _WGS84.b**2 / 2 * (sine / (1 - _WGS84.es * sine**2) + np.arctanh(e * sine) / e)


def _per_square_radian(latitude: np.ndarray) -> np.ndarray:
    """Area in m² of a square radian of longitude and latitude: M N cos(latitude), Snyder (1987), eq. 4-18 and 4-20."""
    return _WGS84.a**2 * (1 - _WGS84.es) * np.cos(latitude) / (1 - _WGS84.es * np.sin(latitude) ** 2) ** 2
