"""Days of the demonstration CTM, as NetCDF."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from model_core.atomic_file import check_target
from model_core.ctm.fields import read_ctm
from model_core.days import parse_day
from model_core.errors import InputError
from model_core.grid import Grid
from model_core.jobs.requests import requested_grid, required
from model_core.progress import Progress
from model_core.provenance.record import record_of
from model_core.simulation import Terrain, write_simulation
from model_core.warping import warp

COMMAND = "simulate"
MOST_DAYS = 36_525


def run(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Simulate `days` days from `start` with `seed` on `grid`, over the terrain of a file or an invented one; with `gases` nitrogen dioxide and ozone too."""
    days = int(request.get("days") or 10)
    if not 1 <= days <= MOST_DAYS:
        raise InputError(f"'days' must be from 1 to {MOST_DAYS}, a century, got {days}")
    out = Path(required(request, "out"))
    check_target(out)
    grid = requested_grid(request)
    terrain = _terrain(Path(request["terrain"]), grid) if request.get("terrain") else None
    return write_simulation(
        out,
        grid,
        parse_day(request.get("start") or "2018-01-01"),
        days,
        int(request.get("seed") or 0),
        terrain,
        progress,
        bool(request.get("gases")),
        record_of(COMMAND, request, grid=grid).stated(),
    )


def _terrain(file: Path, grid: Grid) -> Terrain:
    ctm = read_ctm(file)
    for key in ("elevation", "urban"):
        if key not in ctm.static:
            raise InputError(f"terrain '{file}' has no {key}; recognised maps: {', '.join(ctm.static) or 'none'}")
    maps = {key: warp(ctm.static[key], ctm.grid, grid) for key in ("elevation", "urban", "land") if key in ctm.static}
    land = maps["land"] > 0.5 if "land" in maps else None
    return Terrain.from_arrays(maps["elevation"], maps["urban"], land, f"from {file.name}")
