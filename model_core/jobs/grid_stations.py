"""Station readings to a raster of cell means and counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from model_core.atomic_file import check_target
from model_core.grid import PRESETS
from model_core.jobs.requests import DEFAULT_GRID, field_statistics, grid_for, gridded, reading_account, requested_observations, required
from model_core.output import write_geotiff
from model_core.progress import Progress
from model_core.provenance.record import record_of
from model_core.variables import get_variable, known_variables

COMMAND = "grid-stations"


def run(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Write a GeoTIFF with the mean reading (band 1) and the number of readings (band 2) of each cell.

    A `model` in the request makes the variables known that it defines.
    """
    out = Path(required(request, "out"))
    check_target(out)
    key = request.get("species") or "pm25"
    if request.get("model") and key not in known_variables():
        from model_core.ready import ready_model  # with torch, only where a model must say what its target is

        ready_model(request["model"])
    species = get_variable(key)
    progress.step(0.1, "reading stations")
    observations, day = requested_observations(request, species.key, progress)
    grid = grid_for(request, PRESETS[DEFAULT_GRID], observations.x, observations.y, observations.crs, progress)
    readings = gridded(observations, grid, progress, species.long_name)
    progress.step(0.8, "writing")
    mean = np.where(readings.mask, readings.values, np.nan)
    bands = [(species.long_name, mean, species.unit), ("readings", np.where(readings.mask, readings.counts, np.nan), "1")]
    record = record_of(COMMAND, request, grid=grid, readings={species.key: readings})
    write_geotiff(out, grid, bands, {"species": species.key, "date": day, **record.attributes()})
    progress.step(1.0, "done")
    return {
        "out": str(out),
        "readings": reading_account(readings),
        "statistics": field_statistics(mean),
        "unit": species.unit,
        "species": species.key,
        "date": str(day) if day else None,
        "grid": grid.describe(),
        "inputs": list(record.inputs),
        "warnings": progress.warnings,
    }
