"""How much of each point of a lattice polygons cover."""

from __future__ import annotations

from typing import Iterator

import numpy as np
import shapely
from affine import Affine
from rasterio.features import rasterize

from model_core.rasters import Window

_EXACT = 1000  # points on the polygon's border in a tile, up to which each one's area is computed
_PARTS = 8  # along a point's side, where there are more
_WHOLE = 1 - 1e-9


def coverage(shapes: np.ndarray, transform: Affine, shape: tuple[int, int]) -> Iterator[tuple[int, Window, np.ndarray]]:
    """(number of the polygon, slices of the lattice that it touches, covered share 0 to 1 of each point there).

    The share is the area of the polygon in the point's square. Only where a border runs through very many points, each is cut into
    8 x 8 parts, and a part counts for the polygon that its middle lies in: neighbours share none and leave none out.

    Parameters
    ----------
    shapes : valid polygons in the CRS of the lattice
    transform : from (column, row) of a point's square to (x, y)
    shape : rows and columns of points
    """
    west, north = transform * (0, 0)
    east, south = transform * (shape[1], shape[0])
    tile = shapely.box(west, south, east, north)
    spacing = max(transform.a, -transform.e)
    bounds = shapely.bounds(shapes)
    near = (bounds[:, 0] < east) & (bounds[:, 2] > west) & (bounds[:, 1] < north) & (bounds[:, 3] > south)
    for number in np.flatnonzero(near):
        inside = shapely.intersection(shapes[number], tile)
        if not inside.area > 0:
            continue
        window = _window(inside, transform, shape)
        part = transform * Affine.translation(window[1].start, window[0].start)
        size = window[0].stop - window[0].start, window[1].stop - window[1].start
        few = inside.length / spacing <= _EXACT
        yield int(number), window, (covered_area if few else _sampled)(inside, part, size)


def covered_area(area: shapely.Geometry, transform: Affine, shape: tuple[int, int]) -> np.ndarray:
    """float32 (rows, columns): the share of each square that the area covers.

    The lattice is halved again and again, and what is wholly inside or outside is done with.
    """
    covered = np.zeros(shape, np.float32)
    pieces, windows = np.array([area], object), np.array([[0, shape[0], 0, shape[1]]])
    square = transform.a * -transform.e
    while len(pieces):
        heights, widths = windows[:, 1] - windows[:, 0], windows[:, 3] - windows[:, 2]
        shares = shapely.area(pieces) / (heights * widths * square)
        done = (shares >= _WHOLE) | (heights * widths == 1)
        for (top, bottom, left, right), share in zip(windows[done], shares[done]):
            covered[top:bottom, left:right] = min(share, 1.0)
        rest = ~done & (shares > 0)
        halves = np.concatenate(_halved(windows[rest]))
        west, north = transform.c + halves[:, 2] * transform.a, transform.f + halves[:, 0] * transform.e
        east, south = transform.c + halves[:, 3] * transform.a, transform.f + halves[:, 1] * transform.e
        pieces = _areas_only(shapely.intersection(np.concatenate([pieces[rest]] * 2), shapely.box(west, south, east, north)))
        windows = halves
    return covered


def _halved(windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Windows (top, bottom, left, right) cut across their longer side."""
    first, second = windows.copy(), windows.copy()
    tall = windows[:, 1] - windows[:, 0] >= windows[:, 3] - windows[:, 2]
    for low, high, those in ((0, 1, tall), (2, 3, ~tall)):
        middle = (windows[those, low] + windows[those, high]) // 2
        first[those, high], second[those, low] = middle, middle
    return first, second


def _areas_only(shapes: np.ndarray) -> np.ndarray:
    """The shapes without the lines and points of collections, which not every version of GEOS intersects."""
    for place in np.flatnonzero(shapely.get_type_id(shapes) == int(shapely.GeometryType.GEOMETRYCOLLECTION)):
        parts = shapely.get_parts(shapes[place])
        shapes[place] = shapely.multipolygons(parts[shapely.get_type_id(parts) == int(shapely.GeometryType.POLYGON)])
    return shapes


def _sampled(area: shapely.Geometry, transform: Affine, shape: tuple[int, int]) -> np.ndarray:
    fine = transform * Affine.scale(1 / _PARTS)
    burnt = rasterize([area], out_shape=(shape[0] * _PARTS, shape[1] * _PARTS), transform=fine, dtype=np.uint8)
    # Rows first, and in bytes, which hold the number of parts: many times as fast as a mean over both axes.
    rows = burnt.reshape(shape[0], _PARTS, -1).sum(axis=1, dtype=np.uint8)
    return rows.reshape(*shape, _PARTS).sum(axis=2, dtype=np.uint8) / np.float32(_PARTS**2)


def _window(area: shapely.Geometry, transform: Affine, shape: tuple[int, int]) -> Window:
    """The rows and columns that the area reaches, at least one of each."""
    west, south, east, north = area.bounds
    (left, top), (right, bottom) = ~transform * (west, north), ~transform * (east, south)
    rows, columns = (
        (int(np.clip(np.floor(low), 0, most - 1)), int(np.clip(np.ceil(high), 1, most)))
        for low, high, most in ((top, bottom, shape[0]), (left, right, shape[1]))
    )
    return slice(rows[0], max(rows[1], rows[0] + 1)), slice(columns[0], max(columns[1], columns[0] + 1))
