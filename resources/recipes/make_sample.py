"""The sample that ships with the plugin: ten simulated winter days, read at invented stations over real terrain.

    python resources/recipes/make_sample.py --data ../shared/data

The days come from a seed that the bundled model was not trained on. Nothing in the sample is a measurement.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from china_terrain import china_terrain  # noqa: E402
from pyproj import Transformer  # noqa: E402

from model_core.cli import TerminalProgress  # noqa: E402
from model_core.grid import PRESETS, Grid  # noqa: E402
from model_core.simulation import Terrain, simulate_days  # noqa: E402

START, DAYS, SEED = date(2019, 1, 10), 10, 2019
CITIES, MOST_STATIONS = 360, 4
# Instruments and streets: the factor by which a reading differs from its cell, and how many readings fail.
READING_NOISE, MISSING_SHARE = 0.08, 0.02


def place_stations(terrain: Terrain, grid: Grid, rng: np.random.Generator) -> pd.DataFrame:
    """Invented cities, drawn by urban fraction, with one to four stations each within some 15 km."""
    weight = np.where(terrain.land, (terrain.urban + 0.002) ** 0.9, 0).ravel()
    rows, columns = np.unravel_index(rng.choice(weight.size, CITIES, replace=False, p=weight / weight.sum()), grid.shape)
    number = rng.integers(1, MOST_STATIONS + 1, CITIES)
    city = np.repeat(np.arange(CITIES), number)
    x = grid.x[columns][city] + rng.normal(0, 8000, len(city))
    y = grid.y[rows][city] + rng.normal(0, 8000, len(city))
    inside = (x > grid.bounds[0]) & (x < grid.bounds[2]) & (y > grid.bounds[1]) & (y < grid.bounds[3])
    x, y, city = x[inside], y[inside], city[inside]
    lon, lat = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform(x, y)
    return pd.DataFrame(
        {
            "station": [f"S{i + 1:04d}" for i in range(len(city))],
            "city": [f"City {c + 1:03d}" for c in city],
            "lon": np.round(lon, 4),
            "lat": np.round(lat, 4),
        }
    )


def make_sample(data: Path) -> pd.DataFrame:
    """One row per station and day: station, city, date, lon, lat, pm25 (ug m-3), rh (%), wind (m s-1)."""
    grid = PRESETS["china12km"]
    terrain = china_terrain(grid, data)
    rng = np.random.default_rng(SEED)
    stations = place_stations(terrain, grid, rng)
    row, column = (np.floor(v).astype(int) for v in grid.locate(stations.lon, stations.lat, "EPSG:4326"))
    tables = []
    for day in simulate_days(grid, START, DAYS, SEED, terrain, TerminalProgress()):
        table = stations.assign(date=str(day.date))
        for name, field, decimals in (("pm25", day.pm25, 1), ("rh", day.rh, 0), ("wind", day.wind, 1)):
            factor = np.exp(rng.normal(0, READING_NOISE, len(table))) if name != "rh" else 1.0
            table[name] = np.round(field[row, column] * factor, decimals).astype(float)
            table.loc[rng.random(len(table)) < MISSING_SHARE, name] = np.nan
        tables.append(table)
    return pd.concat(tables)[["station", "city", "date", "lon", "lat", "pm25", "rh", "wind"]]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of real data, see its README")
    parser.add_argument("--out", type=Path, default=ROOT / "resources" / "sample" / "stations.csv")
    options = parser.parse_args()
    make_sample(options.data).to_csv(options.out, index=False)
