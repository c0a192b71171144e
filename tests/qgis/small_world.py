"""A small world to test in: a grid, ten days of readings on it, and a network that trains in seconds."""

from __future__ import annotations

import math
from datetime import date, timedelta

LAMBERT = "+proj=lcc +lat_1=25 +lat_2=40 +lat_0=34 +lon_0=110 +R=6370000 +units=m +no_defs"
SMALL_GRID = f"0,0,768000,576000,12000@{LAMBERT}"  # 48 rows x 64 columns
FIRST_DAY = date(2018, 2, 16)
DAYS = [FIRST_DAY + timedelta(days=n) for n in range(10)]
TINY_CONFIGURATION = """
[network]
target = "pm25"
station_variables = ["pm25", "rh", "wind"]
covariates = ["elevation", "urban"]
kernels = [9, 5]
width = 4
levels = 2
output = "field"

[network.transforms]
pm25 = { kind = "linear", scale = 50.0 }
rh = { kind = "linear", scale = 50.0 }
wind = { kind = "linear", scale = 5.0 }
elevation = { kind = "linear", scale = 1000.0 }

[training]
iterations = 5
batch = 2
learning_rate = 1e-3
loss = "mae"
layouts = "uniform"
stations = [100, 200]
"""


def readings_of(day: date) -> list[tuple[float, float, float]]:
    """(x, y, PM2.5) of 60 stations in the small grid: a plume that wanders from day to day."""
    number, readings = (day - FIRST_DAY).days, []
    for station in range(60):
        x = 30_000 + (station * 157_000) % 700_000
        y = 30_000 + (station * 83_000) % 520_000
        plume = math.exp(-((x - 2e5 - 3e4 * number) ** 2 + (y - 3e5) ** 2) / 2e10)
        readings.append((x + 0.123456789, y + 0.987654321, 20 + 150 * plume + station % 7))
    return readings
