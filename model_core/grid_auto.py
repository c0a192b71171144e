"""A grid chosen by the stations: that of the model where they lie on it, else one around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from pyproj import CRS
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from model_core.errors import InputError
from model_core.grid import PRESETS, Grid, parse_crs
from model_core.transformers import transformer

AUTO = "auto"
MOST = 0.5  # share of the stations that must lie on a grid for it to be the stations'
EARTH_KM = 6371.0
CELLS_KM = (1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 15, 18, 20, 24, 25, 27, 30, 36, 40, 45, 50)
FACTOR = 1.5  # up to which cells may differ in side from the model's; beyond it a prediction warns (`prediction.SPACING_TOLERANCE`)
LINK_KM, LINK_SPACINGS = 500.0, 20.0  # stations nearer than the larger of both belong to one network
FEWEST_IN_PART = 0.05  # share of the stations from which a separate part of a network counts
MOST_CELLS = 400_000  # of a grid that nobody asked for by its size
# A preset is only the stations' grid if they spread over this share of its width and of its height.
PRESET_SHARE = 0.5
# Latitudes of the centre, in degrees, up to which Mercator and from which a polar projection distorts least.
TROPICS, POLES = 15.0, 70.0


@dataclass(frozen=True)
class ChosenGrid:
    """A grid and why it was chosen.

    Attributes
    ----------
    grid : Grid
    name : "model", the name of a preset, or "stations"
    explanation : a sentence for the log
    warning : what the user should know of stations that the grid leaves out; '' where there is nothing
    """

    grid: Grid
    name: str
    explanation: str
    warning: str = ""


def choose_grid(x: np.ndarray, y: np.ndarray, crs: Any, model_grid: Grid, earlier: Grid | None = None) -> ChosenGrid:
    """The grid for stations.

    Parameters
    ----------
    x, y : coordinates of the stations, (stations,); those that are not finite don't count
    crs : of the coordinates
    model_grid : that the model was trained on, whose cell size bounds that of a new grid
    earlier : grid of an output that is to be gone on with, which goes before all others

    Raises
    ------
    InputError
        If there is no station with a place on Earth.
    """
    lon, lat = _lonlat(x, y, crs)
    known = {"model": model_grid, **{name: preset for name, preset in PRESETS.items() if not preset.matches(model_grid)}}
    for name, grid in {**({"earlier": earlier} if earlier else {}), **known}.items():
        row, column = grid.locate(lon, lat, "EPSG:4326")
        inside = (row >= 0) & (row < grid.shape[0]) & (column >= 0) & (column < grid.shape[1])
        spread = (
            name not in PRESETS
            or inside.any()
            and min(np.ptp(row[inside]) / grid.shape[0], np.ptp(column[inside]) / grid.shape[1]) >= PRESET_SHARE
        )
        if inside.mean() > MOST and spread:
            what = {"model": "that of the model", "earlier": "that of the output that is there"}.get(name, name)
            return ChosenGrid(grid, name, f"grid: {what}, on which {inside.sum()} of {len(lon)} stations lie; {grid}")
    return _around(lon, lat, model_grid.cell_size_km)


def _lonlat(x: np.ndarray, y: np.ndarray, crs: Any) -> tuple[np.ndarray, np.ndarray]:
    """Distinct places in degrees."""
    to_degrees = transformer(parse_crs(crs), "EPSG:4326")
    lon, lat = to_degrees.transform(np.asarray(x, float), np.asarray(y, float))
    good = np.isfinite(lon) & np.isfinite(lat) & (np.abs(lat) <= 90)
    if not good.any():
        raise InputError("no station has a place on Earth, which a grid around the stations needs; check their coordinates and CRS")
    return tuple(np.unique(np.column_stack([lon[good], lat[good]]).round(6), axis=0).T)


def _around(lon: np.ndarray, lat: np.ndarray, model_km: float) -> ChosenGrid:
    """A grid around the stations that belong together."""
    spacing, kept = _network(lon, lat)
    left_out = int((~kept).sum())
    lon, lat = lon[kept], lat[kept]
    crs, projection = _projection(lon, lat)
    unit_km = np.pi / 180 * EARTH_KM if crs.is_geographic else 0.001
    to_grid = transformer("EPSG:4326", crs)
    px, py = to_grid.transform(lon, lat)
    low, high = model_km / FACTOR, model_km * FACTOR
    cell_km = _cell(spacing, low, high)
    margin_km = max(5 * cell_km, 2 * spacing, 0.05 * unit_km * max(np.ptp(px), np.ptp(py)))
    while _cells(px, py, cell_km, margin_km, unit_km) > MOST_CELLS:
        larger = [side for side in CELLS_KM if side > cell_km]
        cell_km = larger[0] if larger else cell_km * 1.5
    cell = round(cell_km / unit_km, 3)
    margin = margin_km / unit_km
    edges = [
        np.floor((px.min() - margin) / cell),
        np.floor((py.min() - margin) / cell),
        np.ceil((px.max() + margin) / cell),
        np.ceil((py.max() + margin) / cell),
    ]
    west, south, east, north = (float(edge * cell) for edge in edges)
    if crs.is_geographic:
        west, east, south, north = max(west, -180.0), min(east, 180.0), max(south, -90.0), min(north, 90.0)
    grid = Grid.from_extent(west, south, east, north, cell, crs)
    reason = "" if cell_km <= high else "; smaller cells would be too many"
    explanation = (
        f"grid: around the stations, {projection}; cells of {cell_km:g} km, since neighbouring stations are {spacing:.0f} km apart "
        f"(median) and the model was trained on cells of {model_km:g} km{reason}; {grid}"
    )
    if len(lon) == 1:
        explanation = (
            f"grid: around the only station, {projection}; cells of {cell_km:g} km, the smallest for a model that was trained on cells of "
            f"{model_km:g} km; {grid}"
        )
    warning = f"{left_out} stations lie far from all others, and outside the grid; choose a grid that holds them if they matter"
    return ChosenGrid(grid, "stations", explanation, warning if left_out else "")


def _network(lon: np.ndarray, lat: np.ndarray) -> tuple[float, np.ndarray]:
    """Median distance in km from a station to the nearest other, and which stations belong to the network, a bool array."""
    if len(lon) == 1:
        return 0.0, np.ones(1, bool)
    phi, theta = np.radians(lat), np.radians(lon)
    points = EARTH_KM * np.column_stack([np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi)])
    tree = cKDTree(points)  # chords; within a network they differ from arcs by less than a thousandth
    spacing = float(np.median(tree.query(points, k=2)[0][:, 1]))
    # The nearest stations alone would link cities only: a cell of the link's size stands for all stations in it.
    link = max(LINK_KM, LINK_SPACINGS * spacing)
    blocks, member, counts = np.unique(np.floor(points / (link / 4)).astype(int), axis=0, return_inverse=True, return_counts=True)
    centres = np.column_stack([np.bincount(member.ravel(), points[:, axis]) / counts for axis in range(3)])
    pairs = cKDTree(centres).query_pairs(link, output_type="ndarray")
    graph = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(centres), len(centres)))
    part = connected_components(graph, directed=False)[1][member.ravel()]
    sizes = np.bincount(part)
    return spacing, (sizes[part] >= FEWEST_IN_PART * len(lon)) | (sizes[part] == sizes.max())


def _projection(lon: np.ndarray, lat: np.ndarray) -> tuple[CRS, str]:
    """A conformal projection that fits the places, and its name; longitude and latitude where they go around the Earth.

    The standard parallels of Lambert's projection lie a sixth of the range inside its ends (Snyder 1987, Map Projections: A Working
    Manual, p. 105).
    """
    theta = np.radians(lon)
    lon_0 = round(float(np.degrees(np.arctan2(np.sin(theta).mean(), np.cos(theta).mean()))), 1)
    offset = (lon - lon_0 + 180) % 360 - 180
    lon_0 = round((lon_0 + float(offset.min() + offset.max()) / 2 + 180) % 360 - 180, 1)
    south, north = float(lat.min()), float(lat.max())
    lat_0 = round((south + north) / 2, 1)
    wide = float(np.ptp(offset))
    if wide > 150 or north - south > 90:
        return CRS.from_epsg(4326), "longitude and latitude"
    if abs(lat_0) >= POLES:
        pole = 90 if lat_0 > 0 else -90
        return _on_wgs84(f"+proj=stere +lat_0={pole} +lat_ts={lat_0:g} +lon_0={lon_0:g}"), f"polar stereographic about {lon_0:g}°"
    if abs(lat_0) < TROPICS or south < -5 and north > 5:
        return _on_wgs84(f"+proj=merc +lat_ts={min(abs(lat_0), 30):g} +lon_0={lon_0:g}"), f"Mercator about {lon_0:g}°"
    sixth = max((north - south) / 6, 0.5)
    first, second = round(min(south + sixth, lat_0 - 0.5), 1), round(max(north - sixth, lat_0 + 0.5), 1)
    return _on_wgs84(f"+proj=lcc +lat_1={first:g} +lat_2={second:g} +lat_0={lat_0:g} +lon_0={lon_0:g}"), (
        f"Lambert conformal conic {first:g}/{second:g} about {lat_0:g}° {lon_0:g}°"
    )


def _on_wgs84(parameters: str) -> CRS:
    return CRS.from_proj4(f"{parameters} +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs")


def _cell(spacing: float, low: float, high: float) -> float:
    """Side of a cell in km: half of the stations' spacing, as far as the model was trained for it."""
    wanted = min(max(spacing / 2, low), high)
    return float(max((side for side in CELLS_KM if low <= side <= wanted * (1 + 1e-9)), default=wanted))


def _cells(x: np.ndarray, y: np.ndarray, cell_km: float, margin_km: float, unit_km: float) -> float:
    return float(np.prod([(np.ptp(axis) * unit_km + 2 * margin_km) / cell_km for axis in (x, y)]))
