"""The sample of a year: readings of a simulated 2019 at 227 stations, provinces, and people, for the model *Period to exposure*.

    python resources/recipes/make_year_sample.py --data ../shared/data

The days come from the demonstration CTM in cells of 36 km, with a seed that the bundled model was not trained on; the stations are every
fourth of `stations.csv`. Nothing in it is a measurement. The people are those of GeoNames' places (CC BY 4.0), spread over some 15 km as in
the shipped map `population_near`; villages below 500 inhabitants are left out. The provinces are the outlines of
hfdy0935/no2_estimating_system (MIT licence), of mainland China, simplified.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import geopandas as gpd  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import rasterio  # noqa: E402
import shapely  # noqa: E402
from affine import Affine  # noqa: E402
from rasterio.windows import from_bounds  # noqa: E402

from model_core.cli import TerminalProgress  # noqa: E402
from model_core.grid import PRESETS, Grid  # noqa: E402
from model_core.simulation import simulate_days  # noqa: E402

START, DAYS, SEED = date(2019, 1, 1), 365, 2019
CELL_KM, EVERY = 36, 4
READING_NOISE, MISSING_SHARE = 0.08, 0.02
EXTENT = (72.0, 17.0, 136.0, 55.0)  # degrees, of the people
SOUTH = 18.0  # degrees; further south there is no land of the map
SPREAD_KM = 15.0  # of `population_near`, see make_world_maps.py
TOLERANCE, SMALLEST = 0.05, 0.05  # degrees of the outlines, square degrees of an island that is kept
NAMES = {
    11: "Beijing",
    12: "Tianjin",
    13: "Hebei",
    14: "Shanxi",
    15: "Inner Mongolia",
    21: "Liaoning",
    22: "Jilin",
    23: "Heilongjiang",
    31: "Shanghai",
    32: "Jiangsu",
    33: "Zhejiang",
    34: "Anhui",
    35: "Fujian",
    36: "Jiangxi",
    37: "Shandong",
    41: "Henan",
    42: "Hubei",
    43: "Hunan",
    44: "Guangdong",
    45: "Guangxi",
    46: "Hainan",
    50: "Chongqing",
    51: "Sichuan",
    52: "Guizhou",
    53: "Yunnan",
    54: "Tibet",
    61: "Shaanxi",
    62: "Gansu",
    63: "Qinghai",
    64: "Ningxia",
    65: "Xinjiang",
}


def year_of_readings(sample: Path) -> pd.DataFrame:
    """One row per station and day: station, date, lon, lat, pm25 (µg m-3)."""
    stations = pd.read_csv(sample).drop_duplicates("station")[["station", "lon", "lat"]].iloc[::EVERY].reset_index(drop=True)
    fine, rng = PRESETS["china12km"], np.random.default_rng(SEED)
    shape = tuple(round(n * 12 / CELL_KM) for n in fine.shape)
    grid = Grid.from_lower_left(fine.crs, *fine.lower_left, (1e3 * CELL_KM, 1e3 * CELL_KM), shape)
    row, column = (np.floor(v).astype(int) for v in grid.locate(stations.lon, stations.lat, "EPSG:4326"))
    inside = (row >= 0) & (row < shape[0]) & (column >= 0) & (column < shape[1])
    stations, row, column = stations[inside], row[inside], column[inside]
    tables = []
    for day in simulate_days(grid, START, DAYS, SEED, progress=TerminalProgress()):
        table = stations.assign(date=str(day.date))
        table["pm25"] = np.round(day.pm25[row, column] * np.exp(rng.normal(0, READING_NOISE, len(table))), 1).astype(float)
        table.loc[rng.random(len(table)) < MISSING_SHARE, "pm25"] = np.nan
        tables.append(table)
    return pd.concat(tables)[["station", "date", "lon", "lat", "pm25"]]


def provinces(source: Path) -> gpd.GeoDataFrame:
    """Outlines of the provinces with their names, neighbours still meeting each other."""
    table = gpd.read_file(source)
    code = pd.to_numeric(table["adcode"], errors="coerce") // 10_000
    table = table.assign(name=code.map(NAMES))[code.isin(list(NAMES))][["name", "geometry"]]
    table["geometry"] = shapely.coverage_simplify(table.geometry.to_numpy(), TOLERANCE)
    table["geometry"] = [
        shapely.MultiPolygon([part for part in shapely.get_parts(shape) if part.area > SMALLEST and part.centroid.y > SOUTH])
        for shape in table.geometry
    ]
    table["geometry"] = shapely.set_precision(table.geometry.to_numpy(), 0.01)
    return table


def write_people(source: Path, target: Path) -> None:
    """People in each cell of 0.2 degrees, from log10(1 + people within some 15 km / 1000)."""
    with rasterio.open(source) as world:
        window = from_bounds(*EXTENT, world.transform).round_offsets().round_lengths()
        within = 1e3 * (10 ** (world.read(1, window=window) * world.scales[0] + world.offsets[0]) - 1)
        transform = world.window_transform(window)
    latitude = transform.f + transform.e * (np.arange(within.shape[0]) + 0.5)
    area = (111.2 * 0.1) ** 2 * np.cos(np.radians(latitude))[:, None]
    people = within * area / (np.pi * SPREAD_KM**2)  # the weights exp(-(d / r)²) sum up to a disc
    rows, columns = people.shape
    people = people.reshape(rows // 2, 2, columns // 2, 2).sum((1, 3)).astype(np.float32)
    transform = transform @ Affine.scale(2)
    with rasterio.open(
        target,
        "w",
        driver="GTiff",
        width=people.shape[1],
        height=people.shape[0],
        count=1,
        dtype="float32",
        crs="EPSG:4326",
        transform=transform,
        compress="deflate",
        predictor=3,
    ) as raster:
        raster.write(np.round(people), 1)
        raster.set_band_description(1, "people")
        raster.set_band_unit(1, "people")
        raster.update_tags(source="GeoNames, places of 500 and more inhabitants (geonames.org), CC BY 4.0; spread over 15 km")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of real data, see its README")
    parser.add_argument("--out", type=Path, default=ROOT / "resources" / "sample" / "year")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    provinces(options.data / "covariates" / "china_provinces.geojson").to_file(options.out / "provinces.geojson", driver="GeoJSON")
    write_people(ROOT / "resources" / "maps" / "population_near.tif", options.out / "people.tif")
    year_of_readings(ROOT / "resources" / "sample" / "stations.csv").to_csv(options.out / "stations.csv", index=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
