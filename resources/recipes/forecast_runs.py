"""Forecast runs whose error grows with their lead time, made of the demonstration CTM, and stations that read the truth.

    python resources/recipes/forecast_runs.py --out lead

Writes `runs/YYYYMMDD.nc`, one run for each day with five days in it, and `stations.csv`, readings of the last days. It is what the
lead-time study (docs/lead_time.md) is tried on where no archive of forecasts is at hand. Nothing in it is a measurement.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from model_core.cli import TerminalProgress  # noqa: E402
from model_core.grid import Grid, parse_grid  # noqa: E402
from model_core.output.netcdf import write_netcdf  # noqa: E402
from model_core.simulation import Terrain, simulate_days  # noqa: E402

LAMBERT = "+proj=lcc +lat_1=25 +lat_2=40 +lat_0=34 +lon_0=110 +R=6370000 +units=m +no_defs"
GRID = f"-360000,-1080000,1080000,360000,24000@{LAMBERT}"  # 60 rows x 60 columns in the east of China
LEADS = 5
# Correlation of a forecast's departures from the mean with those of the truth: of its first day, and what is lost each day after.
FIRST, LOSS = 0.95, 0.15
NOISE = 0.08  # by which a reading differs from its cell
FIELDS = (("PM25_TOT", "pm25", "ug m-3"), ("RH", "rh", "%"), ("WSPD10", "wind", "m s-1"))


def write_study(out: Path, grid: Grid, start: date, days: int, held_out: int, seed: int = 0, cities: int = 80, loss: float = LOSS) -> None:
    """Write the runs and the stations' readings of the last `held_out` days.

    A run's day of lead n has the departures of the truth from the mean of all days, times r, plus those of other weather and other
    emissions over the same terrain, times sqrt(1 - r^2), with r = 0.95 - `loss` n (of PM2.5 in logs). So the variance stays, terrain
    keeps its mark, and only the agreement with the truth falls.
    """
    terrain = Terrain.synthetic(grid, seed)
    truth, other = (simulated(grid, start, days, number, terrain) for number in (seed, seed + 1000))
    (out / "runs").mkdir(parents=True, exist_ok=True)
    maps = [("HT", terrain.elevation, "m"), ("URBFRAC", terrain.urban, "1"), ("LANDMASK", terrain.land.astype(np.float32), "1")]
    for first in range(days - LEADS + 1):
        fields = []
        for name, key, unit in FIELDS:
            of_run = [forecast(truth[key], other[key], first + lead, FIRST - loss * lead, key) for lead in range(LEADS)]
            fields.append((name, np.stack(of_run), unit))
        day = start + timedelta(days=first)
        times = [day + timedelta(days=lead) for lead in range(LEADS)]
        attributes = {"title": f"SIMULATED forecast of {day}, its error grows with lead time", "source": "demonstration CTM"}
        write_netcdf(out / "runs" / f"{day:%Y%m%d}.nc", grid, times, [*fields, *maps], attributes)
    _stations(grid, terrain, truth["pm25"], start, held_out, cities, seed).to_csv(out / "stations.csv", index=False)


def simulated(grid: Grid, start: date, days: int, seed: int, terrain: Terrain) -> dict[str, np.ndarray]:
    """Variable -> (days, rows, columns); PM2.5 in logs."""
    passed = list(simulate_days(grid, start, days, seed, terrain, TerminalProgress()))
    fields = {key: np.stack([getattr(day, key) for day in passed]).astype(float) for _, key, _ in FIELDS}
    return fields | {"pm25": np.log(fields["pm25"] + 1)}


def forecast(truth: np.ndarray, other: np.ndarray, day: int, agreement: float, key: str) -> np.ndarray:
    """A day whose departures from the mean of all days agree with those of the truth by this correlation; float32 (rows, columns)."""
    mean = truth.mean(0)
    field = mean + agreement * (truth[day] - mean) + np.sqrt(1 - agreement**2) * (other[day] - other.mean(0))
    if key == "pm25":
        return np.maximum(np.exp(field) - 1, 0).astype(np.float32)
    return np.clip(field, 0, 100 if key == "rh" else None).astype(np.float32)


def _stations(grid: Grid, terrain: Terrain, truth: np.ndarray, start: date, held_out: int, cities: int, seed: int) -> pd.DataFrame:
    """Readings at one to four stations round each of some cities: station, city, lon, lat, day, pm25."""
    rng = np.random.default_rng([seed, 7])
    weight = np.where(terrain.land, terrain.urban + 0.01, 0).ravel()
    centres = rng.choice(weight.size, cities, replace=False, p=weight / weight.sum())
    city = np.repeat(np.arange(cities), rng.integers(1, 5, cities))
    row, column = np.unravel_index(centres[city], grid.shape)
    row, column = (np.clip(at + rng.integers(-1, 2, len(city)), 0, size - 1) for at, size in zip((row, column), grid.shape))
    longitude, latitude = (values[row, column] for values in grid.lonlat())
    tables = []
    for number in range(len(truth) - held_out, len(truth)):
        reading = (np.exp(truth[number][row, column]) - 1) * np.exp(rng.normal(0, NOISE, len(city)))
        tables.append(
            pd.DataFrame(
                {
                    "station": [f"S{n:03d}" for n in range(len(city))],
                    "city": city,
                    "lon": longitude.round(4),
                    "lat": latitude.round(4),
                    "day": str(start + timedelta(days=number)),
                    "pm25": reading.round(2),
                }
            )
        )
    return pd.concat(tables)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write into")
    parser.add_argument("--grid", default=GRID, metavar="G", help="grid of the runs (default: 60 x 60 cells of 24 km in the east of China)")
    parser.add_argument("--start", type=date.fromisoformat, default=date(2018, 1, 1), metavar="D", help="first day (default 2018-01-01)")
    parser.add_argument("--days", type=int, default=120, metavar="N", help="days that are simulated (default 120)")
    parser.add_argument("--held-out", type=int, default=20, metavar="N", help="last days that stations read (default 20)")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    write_study(options.out, parse_grid(options.grid), options.start, options.days, options.held_out, options.seed)


if __name__ == "__main__":
    main()
