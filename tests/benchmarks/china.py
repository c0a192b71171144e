"""The world of the benchmarks: China at 12 km, and a year of simulated days read at 1500 stations."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np  # noqa: E402
from machine import BUILD, ROOT  # noqa: E402

SAMPLE = ROOT / "resources" / "sample" / "stations.csv"
FIRST_DAY, DAYS, STATIONS = date(2020, 1, 1), 366, 1500
LONLAT = "EPSG:4326"
# In the files of the demonstration CTM.
CTM_NAMES = {"pm25": "PM25_TOT", "rh": "RH", "wind": "WSPD10"}


def grid():
    """China at 12 km: 372 x 426 cells."""
    from model_core.grid import PRESETS

    return PRESETS["china12km"]


def grid_of_cells(kilometres: float):
    """The same rectangle in cells of another size."""
    from model_core.grid import Grid

    fine = grid()
    shape = tuple(round(n * 12 / kilometres) for n in fine.shape)
    return Grid.from_lower_left(fine.crs, *fine.lower_left, (1e3 * kilometres, 1e3 * kilometres), shape)


def positions(number: int = STATIONS, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Longitude and latitude of stations: of the sample, and where more are asked for, of random places around them."""
    import pandas as pd

    places = pd.read_csv(SAMPLE).drop_duplicates("station")
    lon, lat = places.lon.to_numpy(), places.lat.to_numpy()
    random = np.random.default_rng(seed)
    if number <= len(lon):
        chosen = np.sort(random.permutation(len(lon))[:number])
        return lon[chosen], lat[chosen]
    around = random.integers(0, len(lon), number - len(lon))
    shift = random.normal(0, 0.8, (2, len(around)))
    return np.concatenate([lon, lon[around] + shift[0]]), np.concatenate([lat, lat[around] + shift[1]])


def observations(number: int = STATIONS):
    """Readings of PM2.5 of one day at a number of stations: a smooth field with noise."""
    from model_core.stations.observations import from_arrays

    lon, lat = positions(number)
    noise = np.random.default_rng(number).normal(0, 0.1, len(lon))
    return from_arrays(lon, lat, 50 * np.exp(np.sin(lon / 5) * np.cos(lat / 4) + noise), LONLAT)


def year_of_readings(days: int = DAYS) -> Path:
    """A long table station,date,lon,lat,pm25,rh,wind of 366 simulated days, or fewer; made once and kept.

    The days are those of the demonstration CTM in cells of 48 km, so that making them takes a minute; each station reads
    its cell, with 8 % of its own.
    """
    path = BUILD / f"{'year' if days == DAYS else f'{days}_days'}_{STATIONS}_stations.csv"
    if path.exists():
        return path
    import pandas as pd
    import xarray as xr

    from model_core.simulation import write_simulation

    BUILD.mkdir(parents=True, exist_ok=True)
    coarse, file = grid_of_cells(48), path.with_suffix(".nc")
    write_simulation(file, coarse, FIRST_DAY, days, seed=1)
    lon, lat = positions()
    row, column = coarse.locate(lon, lat, LONLAT)
    to_x, to_y = coarse.transform.c + column * coarse.transform.a, coarse.transform.f + row * coarse.transform.e
    with xr.open_dataset(file) as fields:
        there = fields.sel(x=xr.DataArray(to_x, dims="station"), y=xr.DataArray(to_y, dims="station"), method="nearest")
        readings = {key: there[name].values for key, name in CTM_NAMES.items()}
    file.unlink()
    own = np.exp(0.08 * np.random.default_rng(1).standard_normal((days, STATIONS)))
    table = pd.DataFrame(
        {
            "station": np.tile([f"S{n:04d}" for n in range(STATIONS)], days),
            "date": np.repeat(pd.date_range(FIRST_DAY, periods=days).strftime("%Y-%m-%d"), STATIONS),
            "lon": np.tile(lon.round(4), days),
            "lat": np.tile(lat.round(4), days),
            **{key: (values * own).ravel().round(1) for key, values in readings.items()},
        }
    )
    table["rh"] = table["rh"].clip(0, 100)
    partial = path.with_suffix(".partial")
    table.to_csv(partial, index=False)
    return partial.rename(path)
