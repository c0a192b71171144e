"""The main job: a day's station readings to a complete field."""

from __future__ import annotations

from datetime import date as Date
from pathlib import Path
from typing import Any

import numpy as np

from model_core import __version__
from model_core.atomic_file import check_target
from model_core.device import choose_device, describe_device
from model_core.errors import InputError
from model_core.grid import Grid
from model_core.jobs.requests import (
    field_statistics, gridded, reading_account, requested_grid, requested_observations,
    requested_weather, required,
)
from model_core.model_file import Model
from model_core.output import write_geotiff, write_netcdf
from model_core.progress import Progress
from model_core.ready import ready_model, ready_predictor
from model_core.variables import get_variable

BUNDLED = "bundled"
WEATHER = ("rh", "wind")


def run(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Read, grid, predict and write; `out` is a GeoTIFF (.tif, .tiff) or a CF NetCDF (.nc)."""
    out = Path(required(request, "out"))
    if out.suffix.lower() not in (".tif", ".tiff", ".nc"):
        raise InputError(f"output '{out.name}': the name must end in .tif or .nc")
    check_target(out)
    progress.step(0.02, "loading the model")
    model = ready_model(request.get("model") or BUNDLED)
    device = choose_device(request.get("device") or "auto")
    grid = requested_grid(request)
    target = get_variable(model.configuration.target)

    progress.step(0.2, "reading stations")
    observations, day = requested_observations(request, target.key, progress)
    readings = {target.key: gridded(observations, grid, progress, target.long_name)}
    for key in WEATHER:
        weather = requested_weather(request, key, key, day, progress)
        if weather is None:
            continue
        if key not in model.configuration.station_variables:
            progress.warn(f"the model does not know {key}; its readings are not used")
            continue
        readings[key] = gridded(weather, grid, progress, get_variable(key).long_name)

    covariates = _requested_covariates(request, model, grid, progress)
    progress.step(0.4, f"predicting on {describe_device(device)}")
    reanalysis, = ready_predictor(model, grid, device, covariates=covariates).predict([readings])
    for note in reanalysis.notes:
        progress.warn(note)
    if reanalysis.missing_inputs:
        progress.log(f"without {', '.join(reanalysis.missing_inputs)}: the model does without, less surely")
    if reanalysis.negative_cells:
        progress.log(f"{reanalysis.negative_cells} of {reanalysis.field.size} cells were below zero and set to it")

    progress.step(0.9, "writing")
    _write(
        out, reanalysis.field, grid, model, day, reanalysis.missing_inputs, readings[target.key].report.used,
        request.get("covariates") if covariates else None,
    )
    progress.step(1.0, "done")
    return {
        "out": str(out), "readings": reading_account(readings[target.key]),
        "further_readings": {key: reading_account(value) for key, value in readings.items() if key != target.key},
        "statistics": field_statistics(reanalysis.field), "negative_cells": reanalysis.negative_cells,
        "unit": target.unit, "species": target.key, "date": str(day) if day else None,
        "missing_inputs": reanalysis.missing_inputs, "covariates": sorted(covariates), "device": device.type,
        "model": {"name": model.name, "sha256": model.sha256},
        "grid": grid.describe(), "warnings": progress.warnings,
    }


def _requested_covariates(
    request: dict[str, Any], model: Model, grid: Grid, progress: Progress
) -> dict[str, np.ndarray]:
    """Maps of the user's file that the model knows, on the grid; they overrule the model's own."""
    if not request.get("covariates"):
        return {}
    from model_core.covariates import read_covariates  # brings all that reads CTM files, which most runs can do without

    file = Path(request["covariates"])
    maps = read_covariates(file, grid)
    known = model.configuration.covariates
    used = {key: values for key, values in maps.items() if key in known and np.isfinite(values).any()}
    for key, values in used.items():
        progress.log(f"{key} from {file.name}, for {np.isfinite(values).mean():.1%} of the cells")
    if not used:
        progress.warn(
            f"nothing of {file.name} is used: the model knows {', '.join(known) or 'no map'}, the file holds {', '.join(maps)}"
        )
    return used


def _write(
    out: Path, field: np.ndarray, grid: Grid, model: Model, day: Date | None, missing: list[str], used: int,
    covariates: Any,
) -> None:
    target = get_variable(model.configuration.target)
    about = {
        "title": f"{target.long_name} reanalysis" + (f" of {day}" if day else ""),
        "source": f"CTM Reanalysis {__version__}, model {model.name}, from {used} station readings",
        "model_sha256": model.sha256,
        "missing_inputs": ", ".join(missing) or None,
        "covariates": Path(covariates).name if covariates else None,
    }
    if out.suffix.lower() == ".nc":
        values = field[None] if day else field
        write_netcdf(out, grid, [day] if day else None, [(target.key, values, target.unit)], about)
    else:
        write_geotiff(out, grid, [(target.long_name, field, target.unit)], {**about, "species": target.key, "date": day})
