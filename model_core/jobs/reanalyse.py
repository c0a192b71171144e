"""The main job: a day's station readings to a complete field."""

from __future__ import annotations

from dataclasses import replace
from datetime import date as Date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from model_core import __version__
from model_core.analysis import analyse
from model_core.applicability import other_species, outside_training, require_units
from model_core.atomic_file import check_target
from model_core.device import choose_device, describe_device
from model_core.errors import InputError
from model_core.grid import Grid
from model_core.jobs.background import require_kriging, with_requested_background
from model_core.jobs.read_stations import check_table, clean_table, write_table
from model_core.jobs.requests import (
    BUNDLED,
    field_statistics,
    grid_for,
    gridded,
    is_auto,
    known_weather,
    reading_account,
    requested_analysis,
    requested_covariates,
    requested_grid,
    requested_observations,
    requested_report,
    requested_weather,
    required,
    tell_errors,
    tell_few,
)
from model_core.missing_inputs import require_inputs, tell_missing
from model_core.model_file import Model
from model_core.output import NetcdfWriter, write_geotiff
from model_core.output.cf import TimeAxis
from model_core.prediction import Reanalysis
from model_core.progress import Progress
from model_core.provenance.record import machine, record_of
from model_core.provenance.repeat import Repetition, names_output
from model_core.provenance.writing import NAME
from model_core.ready import ready_model, ready_predictor
from model_core.reanalysis_fields import field_names, fields_of
from model_core.stations.readings import Observations
from model_core.variable_table import in_use
from model_core.variables import Variable, get_variable

COMMAND = "reanalyse"


def run(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Read, grid, predict and write; `out` is a GeoTIFF (.tif, .tiff) or a CF NetCDF (.nc).

    Where `from` is such an output, it is made again from what it says of its making (`Repetition`).
    """
    if not names_output(request.get("from")):
        return _run(request, progress)
    repetition = Repetition(request, COMMAND, progress)
    with in_use(repetition.request.get("variables"), repetition.request.get("level")):
        return _run(repetition.request, progress, repetition)


def _run(request: dict[str, Any], progress: Progress, repetition: Repetition | None = None) -> dict[str, Any]:
    out = Path(required(request, "out"))
    if out.suffix.lower() not in (".tif", ".tiff", ".nc"):
        raise InputError(f"output '{out.name}': the name must end in .tif or .nc")
    check_target(out)
    report = requested_report(request)
    if request.get("readings"):
        check_table(Path(request["readings"]))
    progress.step(0.02, "loading the model")
    model = ready_model(request.get("model") or BUNDLED)
    if repetition:
        repetition.require_model(model)
    require_units(model)
    if request.get("background"):
        require_kriging(model)
    device = choose_device(request.get("device") or "auto", progress.warn)
    if not is_auto(request):
        requested_grid(request)  # an error in it is told before anything is read
    target = get_variable(model.configuration.target)
    uncertainty = request.get("uncertainty") or "none"
    names, choice = field_names(target.key, uncertainty), requested_analysis(request)

    progress.step(0.2, "reading stations")
    if note := other_species(request.get("value"), target.key):
        progress.warn(note)
    observations, day = requested_observations(request, target.key, progress)
    grid = grid_for(request, model.grid, observations.x, observations.y, observations.crs, progress)
    readings = {target.key: gridded(observations, grid, progress, target.long_name)}
    tell_few(readings[target.key].cells, grid, progress)
    tell_errors(request, model, progress)
    for key, source in known_weather(request, model, progress):
        weather = requested_weather(request, source, day, progress)
        readings[key] = gridded(weather, grid, progress, get_variable(key).long_name)

    if repetition:
        repetition.require_readings(readings)
    covariates = requested_covariates(request, model, grid, progress)
    progress.step(0.4, f"predicting on {describe_device(device)}")
    predictor = ready_predictor(
        model,
        grid,
        device,
        covariates=covariates,
        precision=request.get("precision") or "auto",
        memory=int(request["memory"]) if request.get("memory") else None,
    )
    require_inputs(model, predictor.missing_inputs(readings))
    background = with_requested_background(request, readings, day, predictor, progress)
    analysis = analyse(predictor, readings, choice)
    reanalysis, told = analysis.reanalysis, None if choice == "off" else analysis.in_words()
    fields = fields_of(reanalysis, target.key, uncertainty, model.name)
    if told:
        progress.log(f"analysis step: {told}")
    for note in (*reanalysis.notes, *outside_training(model, readings, covariates)):
        progress.warn(note)
    tell_missing(model, reanalysis.missing_inputs, progress)
    if reanalysis.negative_cells:
        progress.log(f"{reanalysis.negative_cells} of {reanalysis.field.size} cells were below zero and set to it")

    progress.step(0.9, "writing")
    about = _about(model, day, reanalysis, readings[target.key].report.used, request.get("covariates") if covariates else None)
    about |= {"analysis": told, "background": background and background.in_words()}
    computed_with = machine(predictor.device.type, predictor.precision)
    if repetition:
        repetition.tell_machine(computed_with, progress)
    record = record_of(COMMAND, request, model=model, grid=grid, readings=readings, computed_with=computed_with)
    about |= record.attributes()
    bands = [(name, text, fields[name]) for name, text in names]
    _write(out, bands, grid, target, day, request.get("time_zone") or None, about)
    repeated = repetition.compare(fields, progress) if repetition else None
    used = readings_with_field(observations, grid, reanalysis.field, target.unit)
    if request.get("readings"):
        write_table(Path(request["readings"]), used, observations, record)
    result = {
        "out": str(out),
        "readings": reading_account(readings[target.key]),
        "further_readings": {key: reading_account(value) for key, value in readings.items() if key != target.key},
        "statistics": field_statistics(reanalysis.field),
        "negative_cells": reanalysis.negative_cells,
        "unit": target.unit,
        "species": target.key,
        "date": str(day) if day else None,
        "missing_inputs": reanalysis.missing_inputs,
        "covariates": sorted(covariates),
        "device": device.type,
        "analysis": analysis.summary() if told else None,
        "background": background and background.summary(),
        "model": {"name": model.name, "sha256": model.sha256},
        "grid": grid.describe(),
        "inputs": list(record.inputs),
        **({"repeated": repeated} if repeated else {}),
        "warnings": progress.warnings,
        "report": str(report) if report else None,
    }
    if report:
        progress.step(0.95, "writing the report")
        from model_core.report.reanalysis import write_reanalysis_report  # matplotlib takes a second to import

        sd = fields.get(f"{target.key}_sd")
        write_reanalysis_report(
            report,
            {**result, "time_zone": request.get("time_zone"), NAME: record.to_dict()},
            reanalysis.field,
            sd,
            grid,
            used,
            observations,
            request.get("style") or "continuous",
        )
    progress.step(1.0, "done")
    return result


def readings_with_field(observations: Observations, grid: Grid, field: np.ndarray, unit: str) -> pd.DataFrame:
    """The readings as `clean_table` has them, with `field`, the field's value in the station's cell, and `difference`, field less reading.

    Stations outside the grid have neither.
    """
    table = clean_table(observations, "day", unit)
    row, column = grid.locate(table["x"], table["y"], observations.crs)
    inside = (row >= 0) & (row < grid.shape[0]) & (column >= 0) & (column < grid.shape[1])
    values = np.full(len(table), np.nan)
    values[inside] = field[row[inside].astype(int), column[inside].astype(int)]
    return table.assign(field=values.round(3), difference=(values - table["value"]).round(3))


def _about(model: Model, day: Date | None, reanalysis: Reanalysis, used: int, covariates: Any) -> dict[str, Any]:
    """What is written into the output about itself."""
    target = get_variable(model.configuration.target)
    return {
        "title": f"{target.long_name} reanalysis" + (f" of {day}" if day else ""),
        "source": f"CTM Reanalysis {__version__}, model {model.name}, from {used} station readings",
        "missing_inputs": ", ".join(reanalysis.missing_inputs) or None,
        "covariates": Path(covariates).name if covariates else None,
    }


def _write(
    out: Path,
    bands: list[tuple[str, str, np.ndarray]],
    grid: Grid,
    target: Variable,
    day: Date | None,
    zone: str | None,
    about: dict[str, Any],
) -> None:
    """Write the bands (name, long name, field)."""
    if out.suffix.lower() != ".nc":
        named = [(text or (target.long_name if name == target.key else name), field, target.unit) for name, text, field in bands]
        write_geotiff(out, grid, named, {**about, "species": target.key, "date": day, "time_zone": zone})
        return
    times = replace(TimeAxis.of_days([day]), zone=zone or "") if day else None
    with NetcdfWriter(out, grid, times, about) as writer:
        for name, text, field in bands:
            writer.define(name, target.unit, True, **({"long_name": text} if text else {}))
            writer.write(name, field, 0 if day else None)
