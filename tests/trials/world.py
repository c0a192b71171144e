"""A small world that the trials damage: readings, CTM files, a model; made once for a run, the same every time."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np

GRID = "-180000,-720000,684000,0,36000@+proj=lcc +lat_1=25 +lat_2=40 +lat_0=34 +lon_0=110 +R=6370000 +units=m +no_defs"
FIRST = date(2019, 1, 5)
DAYS, STATIONS = 8, 30
CONFIGURATION = (
    '[network]\nwidth = 4\nlevels = 3\ncombine = "channels"\ncoarse_factors = [4]\nreadings = true\n'
    'availability = true\noutput = "correction"\nstandardise = "day"\nkernels = [9, 5]\n'
    '[network.transforms]\npm25 = { kind = "log", offset = 2.0 }\nelevation = { scale = 1000.0 }\n'
    "rh = { scale = 50.0 }\nwind = { scale = 5.0 }\n"
    '[training]\niterations = 6\nbatch = 2\nvalidate_every = 3\ncrop = 16\nlayouts = "varied"\nloss = "mixed"\n'
    'stations = [100, 300]\nschedule = "cosine"\nflip = true\nremove_variable = 0.3\nremove_covariate = 0.3\n'
)
VARIABLES = (
    'level = "first"\n[pm25]\nnames = ["PM25_cmaq_raw", "PM25_TOT"]\nfile_unit = "ug m-3"\n'
    '[nh3]\nunit = "ug m-3"\nnames = ["NH3"]\nlong_name = "ammonia"\nlimits = [0, 1000]\nstatic = false\n'
)
AREAS = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"name": name},
            "geometry": {"type": "Polygon", "coordinates": [[[west, 29], [west + 3, 29], [west + 3, 33], [west, 33], [west, 29]]]},
        }
        for name, west in (("west", 110), ("east", 113))
    ],
}


def readings() -> list[dict[str, object]]:
    """A row per station and day: station, lon, lat, day, pm25, city."""
    random = np.random.default_rng(5)
    lon, lat = 109 + 8 * random.random(STATIONS), 28.5 + 5 * random.random(STATIONS)
    level = random.uniform(20, 90, STATIONS)
    return [
        {
            "station": f"S{number:02d}",
            "lon": round(float(lon[number]), 4),
            "lat": round(float(lat[number]), 4),
            "day": str(FIRST + timedelta(day)),
            "pm25": round(float(level[number] * random.uniform(0.7, 1.4)), 1),
            "city": f"C{number % 5}",
        }
        for day in range(DAYS)
        for number in range(STATIONS)
    ]


def make_world(folder: Path) -> Path:
    """Make the world in a folder, unless it is there; the folder."""
    done = folder / "world.json"
    if done.exists():
        return folder
    from model_core.jobs import JOBS
    from model_core.progress import Progress

    folder.mkdir(parents=True, exist_ok=True)
    rows = readings()
    lines = [",".join(rows[0]), *(",".join(str(value) for value in row.values()) for row in rows)]
    (folder / "stations.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "tiny.toml").write_text(CONFIGURATION, encoding="utf-8")
    (folder / "variables.toml").write_text(VARIABLES, encoding="utf-8")
    JOBS["simulate"]({"grid": GRID, "start": str(FIRST), "days": DAYS, "seed": 4, "out": str(folder / "tiny.nc")}, Progress())
    JOBS["train"](
        {"ctm": [str(folder / "tiny.nc")], "config": str(folder / "tiny.toml"), "device": "cpu", "out": str(folder / "tiny.safetensors")},
        Progress(),
    )
    readings_of = {
        "stations": str(folder / "stations.csv"),
        "value": "pm25",
        "time": "day",
        "id": "station",
        "grid": GRID,
        "device": "cpu",
        "model": str(folder / "tiny.safetensors"),
    }
    JOBS["reanalyse-period"]({**readings_of, "out": str(folder / "period.nc")}, Progress())
    JOBS["grid-stations"]({**readings_of, "date": str(FIRST), "out": str(folder / "people.tif")}, Progress())  # any positive numbers
    (folder / "areas.geojson").write_text(json.dumps(AREAS), encoding="utf-8")
    from trials.bad_input import netcdf_files, table_files

    table_files.write_all(folder / "tables", rows)
    netcdf_files.write_all(folder / "ctm")
    done.write_text(json.dumps({"rows": len(rows)}))
    return folder
