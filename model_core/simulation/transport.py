"""Advection and diffusion of mass on the grid; what leaves one cell arrives in another."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from model_core.simulation.geometry import Geometry

# Keeps 0 / 0 at 0 in the slopes.
TINY = 1e-30


class Advection:
    """Flux-form semi-Lagrangian advection in two sweeps, for steps longer than a cell's crossing time.

    The new mass between two cell faces is the old mass between the points where these faces come from,
    read from the running sum of a monotone piecewise linear reconstruction (van Leer 1977, J. Comput. Phys. 23,
    276; long steps: Lin and Rood 1996, Mon. Wea. Rev. 124, 2046). Mass is conserved by construction and never
    turns negative. Prepared once per wind, applied to any number of tracers.
    """

    def __init__(self, geometry: Geometry, east: np.ndarray, north: np.ndarray, seconds: float, x_first: bool = True):
        """Winds in m/s at the cell centres, shape (rows, columns).

        Alternate `x_first` between winds so that the error of splitting cancels.
        """
        self._x_first = x_first
        self._x = _Sweep(_to_faces(east * (seconds / geometry.width_m[:, None])))
        # Rows run southward: a northward wind moves mass to smaller row numbers.
        self._y = _Sweep(_to_faces(np.ascontiguousarray(-north.T) * (seconds / geometry.height_m)))

    def step(self, mass: np.ndarray, outside: np.ndarray | None = None) -> np.ndarray:
        """Mass per cell after the step, shape (rows, columns).

        `outside` is the mass per cell beyond the edges, as a map of which only the edges are read; without it the
        air that enters is as clean or dirty as the edge cell.
        """
        outside = mass if outside is None else outside
        if self._x_first:
            return self._along_y(self._x.apply(mass, outside), outside)
        return self._x.apply(self._along_y(mass, outside), outside)

    def _along_y(self, mass: np.ndarray, outside: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(self._y.apply(np.ascontiguousarray(mass.T), outside.T).T)


def _to_faces(centre: np.ndarray) -> np.ndarray:
    """Courant numbers at the n + 1 faces of each line."""
    faces = np.empty((centre.shape[0], centre.shape[1] + 1))
    faces[:, 1:-1] = (centre[:, 1:] + centre[:, :-1]) / 2
    faces[:, 0], faces[:, -1] = centre[:, 0], centre[:, -1]
    return faces


class _Sweep:
    def __init__(self, courant: np.ndarray):
        lines, faces = courant.shape
        origin = np.arange(faces) - courant
        # Faces may not overtake each other, or the mass between them would be negative.
        np.maximum.accumulate(origin, axis=1, out=origin)
        self._before = int(max(0, np.ceil(-origin.min()))) + 1
        self._after = int(max(0, np.ceil(origin.max() - (faces - 1)))) + 1
        origin += self._before
        cell = origin.astype(np.intp)
        self._part = (origin - cell).astype(np.float32)
        self._half_slope_weight = self._part * (self._part - 1) / 2
        width = faces - 1 + self._before + self._after
        self._index = cell + (np.arange(lines) * width)[:, None]
        self._width = width

    def apply(self, mass: np.ndarray, outside: np.ndarray) -> np.ndarray:
        lines, cells = mass.shape
        padded = np.empty((lines, self._width), mass.dtype)
        padded[:, self._before : self._before + cells] = mass
        padded[:, : self._before] = outside[:, :1]
        padded[:, self._before + cells :] = outside[:, -1:]
        below = np.cumsum(padded, axis=1, dtype=float)  # double, else clean air would drown in the rounding
        below -= padded  # mass west of each cell
        reached = below.take(self._index)
        reached += self._part * padded.take(self._index)
        reached += self._half_slope_weight * _monotone_slope(padded).take(self._index)
        moved = np.diff(reached, axis=1)
        np.maximum(moved, 0, out=moved)  # only rounding is below zero
        return moved.astype(mass.dtype, copy=False)


def _monotone_slope(values: np.ndarray) -> np.ndarray:
    """Van Leer's harmonic slope along the last axis; zero at extremes and at the ends."""
    step = np.diff(values, axis=1)
    size = np.abs(step)
    # 2 l r / (l + r) where both have one sign, else 0, without a branch.
    slope = np.empty_like(values)
    slope[:, 0] = slope[:, -1] = 0
    inner = np.multiply(step[:, :-1], size[:, 1:], out=slope[:, 1:-1])
    inner += size[:, :-1] * step[:, 1:]
    inner /= size[:, :-1] + size[:, 1:] + TINY
    return slope


def diffuse(geometry: Geometry, mass: np.ndarray, diffusivity: float, seconds: float) -> np.ndarray:
    """Mass per cell after horizontal diffusion (m2/s) for some seconds; the edges reflect, so mass is kept."""
    spread_m = np.sqrt(2 * diffusivity * seconds)
    for axis, cell_m in ((0, geometry.height_m), (1, float(geometry.width_m.mean()))):
        sigma = spread_m / cell_m
        if sigma >= 0.75:
            mass = gaussian_filter1d(mass, sigma, axis=axis, mode="reflect", truncate=3.0)
        elif mass.shape[axis] > 1:  # too narrow to sample a bell: exchange with the two neighbours
            exchange = sigma**2 / 2 * np.diff(mass, axis=axis)
            mass = mass.copy()
            head, tail = [slice(None)] * 2, [slice(None)] * 2
            head[axis], tail[axis] = slice(None, -1), slice(1, None)
            mass[tuple(head)] += exchange
            mass[tuple(tail)] -= exchange
    return mass
