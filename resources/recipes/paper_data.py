"""The data of the page "The paper, figure by figure", simulated: a CTM, two networks that read another truth, and a satellite.

    python resources/recipes/paper_data.py --out data

Writes into the folder

| file | what it holds |
|---|---|
| `ctm/SEASON.nc` | days of the CTM in the middle of each season of 2019: PM2.5, RH, wind speed, elevation, urban and land fraction |
| `pm25.csv` | readings of PM2.5, most of them in cities: station, city, lon, lat, day, period, pm25 |
| `weather.csv` | RH and wind at other places, evenly spread: site, lon, lat, day, rh, wind |
| `aod.tif` | mean aerosol optical depth on cells of a tenth of a degree, with gaps |

The stations and the satellite see a truth that the CTM only resembles. Nothing in it is a measurement.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from forecast_runs import FIELDS, LAMBERT, forecast, simulated  # noqa: E402

from model_core.grid import Grid, parse_grid  # noqa: E402
from model_core.output import write_geotiff  # noqa: E402
from model_core.output.netcdf import write_netcdf  # noqa: E402
from model_core.simulation import Terrain  # noqa: E402
from model_core.warping import warp  # noqa: E402

GRID = f"0,-600000,768000,168000,12000@{LAMBERT}"  # 64 rows x 64 columns in the east of China
SEASONS = {"winter": date(2019, 1, 10), "spring": date(2019, 4, 10), "summer": date(2019, 7, 10), "autumn": date(2019, 10, 10)}
AGREEMENT = 0.8  # correlation of the CTM's departures from the mean with those of the truth
NOISE = 0.08  # by which a reading differs from its cell
AOD_PER_PM25 = 0.006  # of dry air; a moist one scatters more


@dataclass(frozen=True)
class Networks:
    """Cells (row, column) of the stations of both networks, and the city of each of the first."""

    pm25: tuple[np.ndarray, np.ndarray]
    city: np.ndarray
    weather: tuple[np.ndarray, np.ndarray]


def write_data(out: Path, grid: Grid, days: int, cities: int, sites: int, seed: int = 0) -> None:
    """Write all of it: `days` of each season, `cities` with one to four stations, `sites` with weather."""
    terrain = Terrain.synthetic(grid, seed)
    networks = place(grid, terrain, cities, sites, seed)
    maps = [("HT", terrain.elevation, "m"), ("URBFRAC", terrain.urban, "1"), ("LANDMASK", terrain.land.astype(np.float32), "1")]
    (out / "ctm").mkdir(parents=True, exist_ok=True)
    readings, weather, columns = [], [], []
    rng = np.random.default_rng([seed, 8])
    for season, start in SEASONS.items():
        truth, other = (simulated(grid, start, days, number, terrain) for number in (seed, seed + 1000))
        times = [start + timedelta(days=day) for day in range(days)]
        fields = [
            (name, np.stack([forecast(truth[key], other[key], day, AGREEMENT, key) for day in range(days)]), unit)
            for name, key, unit in FIELDS
        ]
        attributes = {"title": f"SIMULATED days of {season} 2019", "source": "demonstration CTM"}
        write_netcdf(out / "ctm" / f"{season}.nc", grid, times, [*fields, *maps], attributes)
        pm25 = np.exp(truth["pm25"]) - 1
        columns.append(pm25.mean(0) * (1 + (truth["rh"].mean(0) / 100) ** 3))
        for day, time in enumerate(times):
            readings.append(_pm25(grid, networks, pm25[day], time, season, rng))
            weather.append(_weather(grid, networks, truth["rh"][day], truth["wind"][day], time))
    pd.concat(readings).to_csv(out / "pm25.csv", index=False)
    pd.concat(weather).to_csv(out / "weather.csv", index=False)
    _write_aod(out / "aod.tif", grid, AOD_PER_PM25 * np.mean(columns, axis=0), terrain, rng)


def place(grid: Grid, terrain: Terrain, cities: int, sites: int, seed: int) -> Networks:
    """Cities by urban fraction with their stations within a cell of them; weather anywhere on land."""
    rng = np.random.default_rng([seed, 7])
    weight = np.where(terrain.land, terrain.urban + 0.01, 0).ravel()
    city = np.repeat(np.arange(cities), rng.integers(1, 5, cities))
    centres = rng.choice(weight.size, cities, replace=False, p=weight / weight.sum())[city]
    row, column = np.unravel_index(centres, grid.shape)
    row, column = (np.clip(at + rng.integers(-1, 2, len(city)), 0, size - 1) for at, size in zip((row, column), grid.shape))
    weather = np.unravel_index(rng.choice(np.flatnonzero(terrain.land), sites, replace=False), grid.shape)
    return Networks((row, column), city, weather)


def _pm25(grid: Grid, networks: Networks, field: np.ndarray, day: date, season: str, rng: np.random.Generator) -> pd.DataFrame:
    longitude, latitude = (values[networks.pm25] for values in grid.lonlat())
    reading = field[networks.pm25] * np.exp(rng.normal(0, NOISE, len(networks.city)))
    return pd.DataFrame(
        {
            "station": [f"S{number:03d}" for number in range(len(reading))],
            "city": networks.city,
            "lon": longitude.round(4),
            "lat": latitude.round(4),
            "day": str(day),
            "period": "lockdown" if season == "spring" else "other",
            "pm25": reading.round(2),
        }
    )


def _weather(grid: Grid, networks: Networks, rh: np.ndarray, wind: np.ndarray, day: date) -> pd.DataFrame:
    longitude, latitude = (values[networks.weather] for values in grid.lonlat())
    return pd.DataFrame(
        {
            "site": [f"W{number:03d}" for number in range(len(longitude))],
            "lon": longitude.round(4),
            "lat": latitude.round(4),
            "day": str(day),
            "rh": rh[networks.weather].round(1),
            "wind": wind[networks.weather].round(2),
        }
    )


def _write_aod(path: Path, grid: Grid, aod: np.ndarray, terrain: Terrain, rng: np.random.Generator) -> None:
    """On longitude and latitude, with the noise of a retrieval, and no value over water, bright ground and clouds."""
    longitude, latitude = grid.lonlat()
    bounds = (np.floor(longitude.min()), np.floor(latitude.min()), np.ceil(longitude.max()), np.ceil(latitude.max()))
    globe = Grid.from_extent(*bounds, 0.1, "EPSG:4326")
    seen = warp(np.where(terrain.land, aod, np.nan), grid, globe)
    seen = seen * np.exp(rng.normal(0, 0.1, seen.shape)) + rng.normal(0, 0.02, seen.shape)
    cloud = warp(
        (rng.random((grid.shape[0] // 8 + 1, grid.shape[1] // 8 + 1)) < 0.1)
        .repeat(8, 0)
        .repeat(8, 1)[: grid.shape[0], : grid.shape[1]]
        .astype(np.float32),
        grid,
        globe,
    )
    write_geotiff(path, globe, [("AOD", np.where(cloud > 0.5, np.nan, np.maximum(seen, 0.01)).astype(np.float32), "1")], {})


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write into; made where it is missing")
    parser.add_argument("--grid", default=GRID, metavar="G", help="grid of the CTM (default: 64 x 64 cells of 12 km in the east of China)")
    parser.add_argument("--days", type=int, default=4, metavar="N", help="days of each season (default 4)")
    parser.add_argument("--cities", type=int, default=70, metavar="N", help="cities with stations (default 70)")
    parser.add_argument("--sites", type=int, default=80, metavar="N", help="places with weather (default 80)")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    options = parser.parse_args()
    write_data(options.out, parse_grid(options.grid), options.days, options.cities, options.sites, options.seed)


if __name__ == "__main__":
    main()
