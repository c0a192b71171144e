"""Interpolators that weigh near stations by distance: IDW, and the Voronoi neighbours of the US EPA with a CTM field or without."""

from __future__ import annotations

import numpy as np
from scipy.spatial import ConvexHull, Delaunay, QhullError, cKDTree
from scipy.spatial.distance import cdist

_NEAREST = 12
_TOUCHING = 1e-6  # km; nearer than this is at the station


def idw(position: np.ndarray, value: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Mean of the 12 nearest stations, weighted by the inverse square of the distance; (places,).

    Parameters
    ----------
    position : float (stations, 2), plane coordinates in km
    value : float (stations,)
    at : float (places, 2)
    """
    distance, nearest = cKDTree(position).query(at, k=range(1, min(_NEAREST, len(value)) + 1))
    weight = 1 / np.maximum(distance, _TOUCHING) ** 2
    return (weight * value[nearest]).sum(1) / weight.sum(1)


def vna_weights(position: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Weights of Voronoi neighbour averaging (VNA): inverse squares of the distance to the stations whose Voronoi cells
    would touch the cell of the place; each row sums to one.

    The neighbours are the corners of all Delaunay triangles whose circumcircle holds the place, and where it lies outside of
    all stations also those at the edges of their hull that it sees: what Bowyer's and Watson's insertion would join it to.

    Parameters
    ----------
    position : float (stations, 2)
    at : float (places, 2)

    Returns
    -------
    float (places, stations)
    """
    distance = np.maximum(cdist(at, position), _TOUCHING)
    return _normalised(np.where(_voronoi_neighbours(position, at), distance**-2.0, 0.0))


def vna(weights: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Weighted mean of the readings; (places,)."""
    return weights @ value


def avna(weights: np.ndarray, value: np.ndarray, modelled: np.ndarray, modelled_at: np.ndarray) -> np.ndarray:
    """CTM field corrected by the weighted mean of its departures: M + sum w (O - M)."""
    return np.maximum(modelled_at + weights @ (value - modelled), 0)


def evna(weights: np.ndarray, value: np.ndarray, modelled: np.ndarray, modelled_at: np.ndarray) -> np.ndarray:
    """CTM field scaled by the weighted mean of its ratios: M sum(w O / M); stations where the CTM has nothing take no part."""
    usable = modelled > 0
    weights = _normalised(weights * usable)
    return modelled_at * (weights @ np.divide(value, modelled, out=np.zeros_like(value), where=usable))


def _normalised(weights: np.ndarray) -> np.ndarray:
    """Rows that sum to one; NaN where a row is empty."""
    with np.errstate(invalid="ignore"):
        return weights / weights.sum(1, keepdims=True)


def _voronoi_neighbours(position: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Bool (places, stations); every station where there are too few, or all on a line, for a triangle."""
    try:
        triangles = Delaunay(position)
        hull = ConvexHull(position)
    except (QhullError, ValueError):
        return np.ones((len(at), len(position)), bool)
    centre, radius = _circumcircles(position[triangles.simplices])
    inside = cdist(at, centre) <= radius * (1 + 1e-9)
    visible = at @ hull.equations[:, :2].T + hull.equations[:, 2] > 0
    neighbours = np.zeros((len(at), len(position)), bool)
    for corner in triangles.simplices.T:
        _mark(neighbours, inside, corner)
    for end in hull.simplices.T:
        _mark(neighbours, visible, end)
    twins = triangles.coplanar  # stations at one place: only the first is a corner of triangles
    neighbours[:, twins[:, 0]] = neighbours[:, twins[:, 2]]
    return neighbours


def _mark(neighbours: np.ndarray, holds: np.ndarray, station: np.ndarray) -> None:
    place, shape = np.nonzero(holds)
    neighbours[place, station[shape]] = True


def _circumcircles(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centres (triangles, 2) and radii of triangles (triangles, 3, 2); flat ones get an empty circle."""
    a, b, c = np.moveaxis(corners, 1, 0)
    b, c = b - a, c - a
    area = 2 * (b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0])
    with np.errstate(divide="ignore", invalid="ignore"):
        bb, cc = (b**2).sum(1), (c**2).sum(1)
        centre = np.stack([c[:, 1] * bb - b[:, 1] * cc, b[:, 0] * cc - c[:, 0] * bb], 1) / area[:, None]
    radius = np.hypot(*centre.T)
    flat = ~np.isfinite(radius)
    return np.where(flat[:, None], 0, centre) + a, np.where(flat, -1.0, radius)
