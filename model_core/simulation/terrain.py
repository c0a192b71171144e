"""The ground of the simulation: elevation, towns and sea."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model_core.errors import InputError
from model_core.grid import Grid
from model_core.simulation.geometry import Geometry

# A landscape has one town per this area on average; most are villages of a few km.
TOWN_AREA_KM2 = 2500.0
# Relief: typical height of high ground and of the ridges on it, and the length of continents and ranges.
HIGHLAND_M, RIDGE_M = 2200.0, 900.0
CONTINENT_KM, RANGE_KM = 1600.0, 250.0


@dataclass(frozen=True)
class Terrain:
    """What lies under the air; all arrays (rows, columns), row 0 north.

    Attributes
    ----------
    elevation : float32
        Metres above the sea, 0 over sea.
    urban : float32
        Share of the cell that is built-up, 0 to 1.
    land : bool
        Whether the cell is land.
    source : str
        Where the maps come from, and under which licence.
    tilled : float32 or None
        Share of the cell that is farmland, 0 to 1; NaN where unknown. People live there even where no town shows.
    people : float32 or None
        Inhabitants per km2, 0 or more. In a part that differs from world to world emission goes with them in place of the built-up share.
    """

    elevation: np.ndarray
    urban: np.ndarray
    land: np.ndarray
    source: str = ""
    tilled: np.ndarray | None = None
    people: np.ndarray | None = None

    @classmethod
    def from_arrays(
        cls,
        elevation: np.ndarray,
        urban: np.ndarray,
        land: np.ndarray | None = None,
        source: str = "",
        tilled: np.ndarray | None = None,
        people: np.ndarray | None = None,
    ) -> "Terrain":
        """Terrain from maps on the grid; without `land`, cells above sea level are land.

        Farmland that is not known (`tilled` NaN or None) is guessed from the relief and the distance from the sea.

        Raises
        ------
        InputError
            If shapes differ, values are not finite, urban fractions lie outside 0 to 1, or people are negative.
        """
        elevation, urban = np.asarray(elevation, np.float32), np.asarray(urban, np.float32)
        land = elevation > 0 if land is None else np.asarray(land, bool)
        if elevation.ndim != 2 or not elevation.shape == urban.shape == land.shape:
            raise InputError(
                f"terrain maps must share one (rows, columns) shape: elevation {elevation.shape}, urban {urban.shape}, land {land.shape}"
            )
        if not (np.isfinite(elevation).all() and np.isfinite(urban).all()):
            raise InputError("terrain maps must have a value in every cell; fill gaps (sea: elevation 0, urban 0)")
        if urban.min() < 0 or urban.max() > 1:
            raise InputError(f"urban fraction must lie in 0..1, found {urban.min():g}..{urban.max():g}; divide percent by 100")
        elevation, urban = (np.where(land, field, 0).astype(np.float32) for field in (elevation, urban))
        if tilled is not None:
            tilled = np.asarray(tilled, np.float32)
            if tilled.shape != elevation.shape or np.nanmin(tilled, initial=0) < 0 or np.nanmax(tilled, initial=0) > 1:
                raise InputError("the share of farmland must have the terrain's shape and lie in 0..1, NaN where it is unknown")
        if people is not None:
            people = np.asarray(people, np.float32)
            if people.shape != elevation.shape or not np.isfinite(people).all() or people.min() < 0:
                raise InputError("inhabitants per km2 must have the terrain's shape and be 0 or more in every cell")
        return cls(elevation, urban, land, source, tilled, people)

    @classmethod
    def synthetic(cls, grid: Grid, seed: int) -> "Terrain":
        """An invented landscape: coasts, highlands, ranges, basins and towns, with lengths in km on any grid."""
        geometry = Geometry.of(grid)
        rng = np.random.default_rng([seed, 0x7E44A1])
        continent = fractal_noise(rng, geometry, CONTINENT_KM)
        ranges = fractal_noise(rng, geometry, RANGE_KM)
        # Small grids are rarely cut by a coast.
        sea_share = rng.uniform(0.1, 0.4) * min(1.0, max(geometry.extent_km) / CONTINENT_KM)
        coast = np.quantile(continent, sea_share)
        land = continent > coast
        height = np.clip((continent - coast) / 2.0, 0, 1.5)
        ridge = np.maximum(1 - np.abs(ranges) / 0.6, 0)
        elevation = np.where(land, 5 + HIGHLAND_M * height**1.8 + RIDGE_M * ridge * np.minimum(height * 2, 1), 0)
        return cls.from_arrays(elevation, _towns(rng, geometry, elevation, land), land, "invented")


def fractal_noise(rng: np.random.Generator, geometry: Geometry, length_km: float) -> np.ndarray:
    """Unit-variance random field with structure from `length_km` down to the cell, shape (rows, columns)."""
    field = np.zeros(geometry.shape)
    noise = np.empty(geometry.shape)
    cell_km = np.sqrt(geometry.cell_area_km2.mean())
    scale, weight = length_km / 2.5, 1.0
    while scale > cell_km / 2:
        # Draw on a lattice as wide as the scale and interpolate: neither cost nor pattern depends on the cell.
        y, x = (geometry.y_km + 4e4) / scale, (geometry.x_km + 4e4) / scale
        lattice = rng.standard_normal((int(np.ptp(y)) + 5, int(np.ptp(x)) + 5))
        wy, wx = _spline_weights(y - y.min(), lattice.shape[0]), _spline_weights(x - x.min(), lattice.shape[1])
        noise = wy @ lattice @ wx.T
        field += weight * noise / np.sqrt(0.23)
        scale, weight = scale / 2, weight * 0.55
    return field / np.sqrt(1 / (1 - 0.55**2))


def _spline_weights(position: np.ndarray, nodes: int) -> np.ndarray:
    """Cubic B-spline weights (points, nodes) for positions measured in nodes; rows sum to one."""
    distance = np.abs(position[:, None] + 1.0 - np.arange(nodes)[None, :])
    near = 2 / 3 - distance**2 + distance**3 / 2
    far = (2 - np.minimum(distance, 2)) ** 3 / 6
    return np.where(distance < 1, near, far)


def _towns(rng: np.random.Generator, geometry: Geometry, elevation: np.ndarray, land: np.ndarray) -> np.ndarray:
    """Urban fraction of towns with a heavy-tailed size, denser on low ground."""
    rows, columns = geometry.shape
    settled = np.exp(0.9 * fractal_noise(rng, geometry, 600.0) - elevation / 700.0) * land * geometry.cell_area_km2
    urban = np.zeros(geometry.shape)
    area = float((geometry.cell_area_km2 * land).sum())
    count = int(np.ceil(area / TOWN_AREA_KM2))
    if not land.any():
        return urban
    places = rng.choice(settled.size, size=min(count, 20000), p=(settled / settled.sum()).ravel())
    radius_km = np.minimum(1.5 * (1 + rng.pareto(1.6, len(places))), 30.0)
    for place, radius in zip(places, radius_km):
        row, column = divmod(int(place), columns)
        height_km, width_km = geometry.height_m / 1000, geometry.width_m[row] / 1000
        reach_y, reach_x = int(np.ceil(2.5 * radius / height_km)), int(np.ceil(2.5 * radius / width_km))
        top, left = max(row - reach_y, 0), max(column - reach_x, 0)
        bottom, right = min(row + reach_y + 1, rows), min(column + reach_x + 1, columns)
        y = (np.arange(top, bottom) - row) * height_km
        x = (np.arange(left, right) - column) * width_km
        # A town smaller than a cell fills only its share of it.
        share = min(1.0, np.pi * radius**2 / (height_km * width_km))
        width = max(radius, 0.5 * height_km)
        town = 0.85 * share * np.exp(-(y[:, None] ** 2 + x[None, :] ** 2) / (2 * (0.6 * width) ** 2))
        urban[top:bottom, left:right] = np.maximum(urban[top:bottom, left:right], town)
    return np.where(land, urban, 0)
