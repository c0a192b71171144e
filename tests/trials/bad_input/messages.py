"""Messages to the worker: garbage lines, wrong types, absurd values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from trials.case import Case
from trials.mutate import damaged
from trials.world import FIRST, GRID

VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    7,
    1e308,
    -1e308,
    10**30,
    3.7,
    "",
    " ",
    "x",
    "none",
    "nan",
    "-5",
    "1e9",
    "µ" * 300,
    "\x00",
    "a" * 50000,
    [],
    [[]],
    [None],
    ["x"],
    [1, 2],
    {},
    {"a": 1},
    {"a": {"b": []}},
    "2019-02-30",
    "../../etc/passwd",
    "/",
    "/dev/null",
    "/dev/zero",
    "{case}",
    "{world}/tiny.nc",
    "{world}/tiny.safetensors",
    "{world}/stations.csv",
    "pm25",
    "o3",
    "UTC",
    "EPSG:4326",
    "%s",
    "{}",
    "$(id)",
    "`id`",
    "\ud800",
)
# Options of each job that a message may set; what takes long by right, such as a million iterations, is left out.
DAY = {
    "stations": "{world}/stations.csv",
    "value": "pm25",
    "time": "day",
    "id": "station",
    "date": str(FIRST),
    "grid": GRID,
    "model": "{world}/tiny.safetensors",
    "device": "cpu",
    "out": "{case}/out.tif",
}
TABLE = (
    "stations",
    "value",
    "unit",
    "unit_column",
    "time",
    "id",
    "where",
    "x",
    "y",
    "crs",
    "time_zone",
    "times_in",
    "date_order",
    "wide",
    "sites",
    "sites_id",
    "encoding",
    "decimal",
    "stamp",
    "from",
    "gas_temperature",
    "gas_pressure",
    "hours",
    "group",
    "date",
)
PREDICTION = (
    "model",
    "grid",
    "covariates",
    "uncertainty",
    "analysis",
    "device",
    "precision",
    "memory",
    "rh",
    "wind",
    "inputs",
    "input_options",
    "rh_time",
    "rh_where",
    "variables",
    "level",
)
REQUESTS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "info": ({}, ("x",)),
    "inspect": ({"file": "{world}/tiny.nc"}, ("file", "variables", "level")),
    "read-stations": ({**DAY, "out": "{case}/out.csv"}, (*TABLE, "step", "start", "end", "species", "out")),
    "grid-stations": (DAY, (*TABLE, "species", "grid", "out")),
    "reanalyse": (DAY, (*TABLE, *PREDICTION, "out")),
    "reanalyse-period": ({**DAY, "out": "{case}/out.nc"}, (*TABLE, *PREDICTION, "step", "start", "end", "out", "scheduler")),
    "simulate": ({"grid": GRID, "days": 1, "out": "{case}/out.nc"}, ("grid", "start", "days", "seed", "terrain", "out")),
    "covariates": (
        {"grid": GRID, "mcip": "{world}/tiny.nc", "out": "{case}/out.nc"},
        ("grid", "dem", "dem_unit", "dem_crs", "sea_floor", "landcover", "landcover_crs", "urban_classes", "water_classes", "mcip", "out"),
    ),
    "modelcard": ({"model": "{world}/tiny.safetensors", "out": "{case}/out.html"}, ("model", "out")),
    "train": (
        {"ctm": ["{world}/tiny.nc"], "config": "{world}/tiny.toml", "device": "cpu", "out": "{case}/out.safetensors"},
        (
            "ctm",
            "config",
            "from",
            "target",
            "inputs",
            "maps",
            "covariates",
            "grid",
            "layout",
            "x",
            "y",
            "crs",
            "time_zone",
            "lead_day",
            "validation_share",
            "validation_start",
            "validation_end",
            "batch",
            "learning_rate",
            "seed",
            "resume",
            "cache",
            "precision",
            "device",
            "out",
            "variables",
            "level",
        ),
    ),
    "crossvalidate": (
        {**{k: v for k, v in DAY.items() if k != "out"}, "folds": 2, "baselines": "idw", "out": "{case}/out"},
        (*TABLE, *PREDICTION, "scheme", "folds", "seed", "block_km", "baselines", "ctm", "out"),
    ),
    "reproduce": (
        {
            "ctm": ["{world}/tiny.nc"],
            "model": "{world}/tiny.safetensors",
            "device": "cpu",
            "start": str(FIRST),
            "end": str(FIRST),
            "points": 50,
            "out": "{case}/out",
        },
        (
            "ctm",
            "model",
            "grid",
            "stations",
            "points",
            "x",
            "y",
            "crs",
            "covariates",
            "start",
            "end",
            "time_zone",
            "lead_day",
            "cache",
            "seed",
            "variables",
            "level",
            "device",
            "out",
        ),
    ),
    "aggregate": (
        {"fields": ["{world}/period.nc"], "out": "{case}/out.nc"},
        (
            "fields",
            "by",
            "daily",
            "species",
            "time_zone",
            "start",
            "end",
            "hours",
            "minimum_share",
            "station_share",
            "above",
            "percentiles",
            "limits",
            "uncertainty",
            "mask",
            "outline",
            "stations",
            "station_means",
            "panel",
            "table",
            "out",
        ),
    ),
    "exposure": (
        {
            "fields": ["{world}/period.nc"],
            "population": "{world}/people.tif",
            "population_is": "counts",
            "polygons": "{world}/areas.geojson",
            "out": "{case}/out.csv",
        },
        (
            "fields",
            "variable",
            "start",
            "end",
            "population",
            "population_variable",
            "population_is",
            "population_step",
            "population_crs",
            "polygons",
            "polygons_crs",
            "name_field",
            "limit",
            "percentile",
            "chart",
            "report",
            "out",
        ),
    ),
    "animate": (
        {"series": "{world}/period.nc", "seconds": 0.1, "width": 300, "out": "{case}/out.gif"},
        ("series", "species", "style", "seconds", "width", "out"),
    ),
    "compareraster": (
        {"fields": ["{world}/period.nc"], "other": ["{world}/tiny.nc"], "other_variable": "PM25_TOT", "out": "{case}/out"},
        (
            "fields",
            "variable",
            "field_unit",
            "other",
            "other_variable",
            "other_unit",
            "other_name",
            "other_crs",
            "start",
            "end",
            "min_valid",
            "mask",
            "mask_crs",
            "report",
            "out",
        ),
    ),
    "describe": (
        {"model": "{world}/tiny.safetensors", "out": "{case}/out"},
        (*TABLE, "model", "grid", "covariates", "pair_km", "start", "end", "report", "out"),
    ),
    "evaluate-ctm": (
        {"ctm": ["{world}/tiny.nc"], **{k: v for k, v in DAY.items() if k != "model"}, "out": "{case}/out"},
        (*TABLE, "ctm", "lead_day", "start", "end", "periods", "regions", "covariates", "report", "out"),
    ),
}
_DEAR = ("train", "crossvalidate", "reproduce", "compareraster", "describe", "evaluate-ctm", "animate")


def make(number: int, random: np.random.Generator, folder: Path, world: Path) -> Case:
    """One to three lines for a worker; after jobs that take long a cancel follows."""
    if random.random() < 0.3:
        lines = [_garbage(random) for _ in range(int(random.integers(1, 4)))]
        return Case("worker", {"lines": lines}, f"garbage: {lines[0][:60]!r}")
    command = str(random.choice(np.array(sorted(REQUESTS))))
    if command in _DEAR and random.random() < 0.7:
        command = "reanalyse"
    request, options = REQUESTS[command]
    request, done = dict(request), []
    for _ in range(int(random.choice([1, 1, 1, 2, 3]))):
        name = str(random.choice(np.array(options)))
        value = VALUES[int(random.integers(len(VALUES)))]
        if value is None and random.random() < 0.7:
            request.pop(name, None)
        else:
            request[name] = value
        done.append(f"{name} = {str(value)[:30]!r}")
    lines = [json.dumps({"id": "job", "command": command, "request": request})]
    if command in _DEAR:
        lines.append(json.dumps({"command": "cancel", "id": "job"}))
    return Case("worker", {"lines": lines}, f"{command}: {'; '.join(done)}")


def _garbage(random: np.random.Generator) -> str:
    """A line that is no request, as text of bytes (latin-1)."""
    good = json.dumps({"id": "job", "command": "info", "request": {}}).encode()
    way = int(random.integers(8))
    value = VALUES[int(random.integers(len(VALUES)))]
    if way == 0:
        return damaged(good, random)[0].replace(b"\n", b" ").decode("latin-1")
    if way == 1:
        return random.bytes(int(random.integers(1, 3000))).replace(b"\n", b" ").decode("latin-1")
    if way == 2:
        return json.dumps({"id": value, "command": "info", "request": {}})
    if way == 3:
        return json.dumps({"id": "job", "command": value, "request": {}})
    if way == 4:
        return json.dumps({"id": "job", "command": "info", "request": value})
    if way == 5:
        return json.dumps(value)
    if way == 6:
        return json.dumps({"command": "cancel", "id": value})
    return ("[" if random.random() < 0.5 else '{"a":') * int(random.choice([10, 1000, 100000]))
