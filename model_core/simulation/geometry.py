"""Physical lengths of a grid: what the simulation needs to know to work in km on any projection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d

from model_core.errors import InputError
from model_core.grid import CTM_SPHERE_RADIUS_M, Grid


@dataclass(frozen=True)
class Geometry:
    """Lengths and latitudes of a grid's cells; row 0 is the north.

    Attributes
    ----------
    width_m : (rows,) array
        West-east side of the cells of a row; differs between rows on a lon-lat grid only.
    height_m : float
        South-north side of a cell.
    x_km, y_km : (columns,), (rows,) arrays
        Position of the cell centres from the grid's centre, east and north positive.
    latitude : (rows, columns) array
        In degrees.
    """

    width_m: np.ndarray
    height_m: float
    x_km: np.ndarray
    y_km: np.ndarray
    latitude: np.ndarray

    @classmethod
    def of(cls, grid: Grid) -> "Geometry":
        """Geometry of a grid; map factors of projected grids (a few percent) are neglected.

        Raises
        ------
        InputError
            If parts of the grid lie outside what its projection can map to the earth.
        """
        rows, columns = grid.shape
        dx, dy = grid.cell_size
        _, latitude = grid.lonlat()
        if not np.isfinite(latitude).all():
            raise InputError("parts of the grid have no latitude in its projection; choose a smaller extent")
        if grid.crs.is_geographic:
            degree_m = np.radians(1.0) * CTM_SPHERE_RADIUS_M
            # 0.05 keeps cells next to a pole from shrinking to nothing.
            width_m = degree_m * dx * np.maximum(np.cos(np.radians(grid.y)), 0.05)
            height_m = degree_m * dy
        else:
            unit = grid.crs.axis_info[0].unit_conversion_factor
            width_m, height_m = np.full(rows, dx * unit), dy * unit
        x_km = (np.arange(columns) - (columns - 1) / 2) * width_m[rows // 2] / 1000
        y_km = ((rows - 1) / 2 - np.arange(rows)) * height_m / 1000
        return cls(width_m, float(height_m), x_km, y_km, latitude.astype(np.float32))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, columns."""
        return len(self.y_km), len(self.x_km)

    @property
    def extent_km(self) -> tuple[float, float]:
        """South-north and west-east length of the grid."""
        return len(self.y_km) * self.height_m / 1000, len(self.x_km) * float(self.width_m.mean()) / 1000

    @property
    def cell_area_km2(self) -> np.ndarray:
        """Area of the cells, shape (rows, 1)."""
        return (self.width_m * self.height_m / 1e6)[:, None]

    def smooth(self, field: np.ndarray, length_km: float) -> np.ndarray:
        """Near-Gaussian mean with standard deviation `length_km`, the edges repeated outward.

        Three running means have nearly the Gaussian's shape, at a cost that doesn't grow with the length.
        """
        result = np.asarray(field, float)
        for axis, cell_m in ((0, self.height_m), (1, float(self.width_m.mean()))):
            sigma = length_km * 1000 / cell_m
            # Three boxes of n cells have the variance 3 (n^2 - 1) / 12.
            size = int(round(np.sqrt(4 * sigma**2 + 1)))
            for _ in range(3 if size > 1 else 0):
                result = uniform_filter1d(result, size + 1 - size % 2, axis=axis, mode="nearest")
        return result

    def gradient(self, field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Eastward and northward derivative per metre, zero along an axis of one cell."""
        rows, columns = self.shape
        east = np.gradient(field, axis=1) / self.width_m[:, None] if columns > 1 else np.zeros(self.shape)
        north = -np.gradient(field, axis=0) / self.height_m if rows > 1 else np.zeros(self.shape)
        return east.astype(np.float32), north.astype(np.float32)
