"""How large the cells of a grid are on the Earth, and which of them lie in polygons."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pyproj import Proj

from model_core.errors import InputError
from model_core.grid import Grid


def cell_areas_km2(grid: Grid) -> np.ndarray:
    """float64 (rows, columns), km2.

    Of a projected grid the area on the map over the projection's areal scale at the cell's centre (pyproj's factors); of a geographic
    one that on a sphere of its mean radius: R2 (sin of the northern - sin of the southern latitude) x width.
    """
    dx, dy = grid.cell_size
    ellipsoid = grid.crs.ellipsoid
    if grid.crs.is_geographic:
        a, b = ellipsoid.semi_major_metre, ellipsoid.semi_minor_metre
        radius2_km = (2 * a + b) ** 2 / 9e6
        north, south = (np.sin(np.radians(np.clip(grid.y + side * dy / 2, -90, 90))) for side in (1, -1))
        return np.repeat((radius2_km * (north - south) * np.radians(dx))[:, None], grid.shape[1], axis=1)
    unit_km = grid.crs.axis_info[0].unit_conversion_factor / 1000
    scale = Proj(grid.crs).get_factors(*grid.lonlat(), errcheck=False).areal_scale
    areas = dx * dy * unit_km**2 / np.asarray(scale, float)
    return np.where(np.isfinite(areas), areas, 0.0)


def read_polygons(path: str | Path, grid: Grid, what: str):
    """A vector layer in the grid's CRS, as a geopandas.GeoDataFrame without empty geometries.

    Raises
    ------
    InputError
        If the file can't be read, has no CRS, or holds no geometry.
    """
    import geopandas  # half a second that most runs need not spend

    try:
        layer = geopandas.read_file(path, columns=[])  # the geometry alone
    except Exception as error:  # readers raise errors of many libraries
        raise InputError(f"{what} '{path}' can't be read as a vector layer: {error}") from error
    if not isinstance(layer, geopandas.GeoDataFrame) or layer.geometry.isna().all() or layer.geometry.is_empty.all():
        raise InputError(f"{what} '{path}' holds no geometry; give a layer of polygons")
    if layer.crs is None:
        raise InputError(f"{what} '{path}' has no CRS; assign the one that its coordinates are in")
    return layer[~(layer.geometry.isna() | layer.geometry.is_empty)].to_crs(grid.crs.to_wkt())


def mask_of(path: str | Path, grid: Grid) -> np.ndarray:
    """bool (rows, columns), cells whose centre lies in a polygon of a vector layer; `InputError` if there is none."""
    from rasterio.features import rasterize

    polygons = read_polygons(path, grid, "mask").geometry
    polygons = polygons[polygons.geom_type.isin(("Polygon", "MultiPolygon"))]
    if polygons.empty:
        raise InputError(f"mask '{path}' holds no polygon; lines and points have no area")
    inside = rasterize(polygons, out_shape=grid.shape, transform=grid.transform, default_value=1, dtype="uint8").astype(bool)
    if not inside.any():
        raise InputError(f"no cell of the grid lies in a polygon of the mask '{path}'; is its CRS right?")
    return inside
