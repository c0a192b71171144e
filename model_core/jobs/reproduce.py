"""Evaluation 1: CTM days from what stations in them would have read, against the days themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from model_core.applicability import require_units
from model_core.ctm.daily_store import CACHE_FOLDER, DailyStore, open_store
from model_core.days import parse_day
from model_core.device import choose_device, describe_device
from model_core.errors import InputError
from model_core.evaluation.class_sums import ClassSums
from model_core.evaluation.day_choice import DayChoice, choose_days
from model_core.evaluation.day_groups import requested_periods
from model_core.evaluation.maps_used import choose_maps
from model_core.evaluation.polygons import requested_regions
from model_core.evaluation.report import CLASSES_CSV, CSV, DAILY_PNG, JSON, PERIODS_PNG, evaluation_folder, write_files
from model_core.evaluation.reproduction import reproduce, survey
from model_core.evaluation.sites import evaluation_mask, random_station_cells, station_cells_of
from model_core.evaluation.summary import files_of, summarise
from model_core.grid import parse_grid
from model_core.jobs.requests import requested_covariates, requested_report, required
from model_core.jobs.sources import WEATHER
from model_core.json_values import finite
from model_core.missing_inputs import tell_missing
from model_core.model_file import Model, load_model
from model_core.progress import Progress
from model_core.provenance.record import record_of
from model_core.provenance.writing import NAME
from model_core.training.series import find_files
from model_core.variables import get_variable

COMMAND = "reproduce"


def run(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Evaluate `model` on days of the `ctm` files and write scores and figures into the folder `out`.

    Further keys: grid, stations (with x, y, crs) or points, rh_stations, wind_stations (each with its rh_x and so on), mask,
    covariates, periods, regions, start, end, seed, device, time_zone, lead_day, cache.
    """
    out = Path(required(request, "out"))
    if request.get("stations") and request.get("points"):
        raise InputError("give a station file or a number of points, not both")
    requested_report(request)
    device = choose_device(request.get("device") or "auto")
    progress.step(0.01, "loading the model")
    model = load_model(required(request, "model"))
    require_units(model)
    with evaluation_folder(out):
        return finite(_evaluate(request, model, device, out, progress))


def _evaluate(request: dict[str, Any], model: Model, device: torch.device, out: Path, progress: Progress) -> dict[str, Any]:
    files, target = list(dict.fromkeys(find_files(required(request, "ctm")))), model.configuration.target
    start, end = (parse_day(request[key]) if request.get(key) else None for key in ("start", "end"))
    periods, regions = requested_periods(request), requested_regions(request)
    days = _open(request, files, model, out, progress.part(0.02, 0.2))
    choice = choose_days(model.card, [file.name for file in files], days.times, start, end)
    (progress.warn if choice.doubtful else progress.log)(choice.explanation)
    mask, where = evaluation_mask(days.maps, days.grid, request.get("mask") or "")
    stations, placed = _stations(request, days, target, choice, mask)
    progress.log(f"scores over {where} ({mask.sum()} cells); readings from {stations.sum()} station cells, {placed}")
    others = _others(request, days, model, progress)

    of_file = requested_covariates(request, model, days.grid, progress)
    maps = choose_maps(model, days.maps, days.grid, of_file)
    progress.log(f"maps: {maps.in_words()}")
    classes = ClassSums(mask, periods, regions and regions.of_cells(days.grid))
    surveyed = survey(days, target, choice.indices, stations, mask, progress.part(0.2, 0.25), classes)
    if surveyed.skipped:
        progress.warn(f"{len(surveyed.skipped)} days without values at the stations are left out, the first {surveyed.skipped[0]}")
    progress.log(f"predicting {len(surveyed.indices)} days on {describe_device(device)}")
    result = reproduce(model, days, maps.fields, surveyed, stations, mask, device, progress.part(0.25, 0.95), classes, others)
    for note in result.notes:
        progress.warn(note)
    tell_missing(model, result.missing_inputs, progress)  # refused is nothing here: the scores show what it costs

    progress.step(0.96, "drawing the figures")
    summary = summarise(model, days, choice, result, maps, mask, progress.warnings) | {
        "mask": {"description": where, "cells": int(mask.sum())},
        "stations": {"description": placed, "cells": int(stations.sum()), **{name: int(cells.sum()) for name, cells in others.items()}},
        "by_class": classes.rows(),
        NAME: record_of(COMMAND, request, model=model, grid=days.grid).to_dict(),
    }
    contents = files_of(summary, result, days, mask)
    progress.step(0.99, "writing")
    written = write_files(out, contents)
    page = requested_report(request)
    if page:
        from model_core.report.reproduction import write_reproduction_report

        write_reproduction_report(page, finite(summary), contents)
    progress.on_step(1.0, "done")  # not `step`: what is written is no longer cancelled
    shown = (
        "days",
        "mask",
        "stations",
        "pooled",
        "mean_of_daily",
        "maps",
        "missing_inputs",
        "species",
        "unit",
        "model",
        "grid",
        "warnings",
    )
    return {
        "out": str(out),
        "scores_json": written[JSON],
        "scores_csv": written[CSV],
        "daily_scores_png": written[DAILY_PNG],
        "period_means_png": written[PERIODS_PNG],
        "by_class_csv": written[CLASSES_CSV],
        "report": str(page) if page else None,
        "device": device.type,
        **{key: summary[key] for key in shown},
    }


def _open(request: dict[str, Any], files: list[Path], model: Model, out: Path, progress: Progress) -> DailyStore:
    """The days, with what the model asks for where the files have it; prepared once and kept for the next time."""
    configuration, cache = model.configuration, Path(request.get("cache") or out / CACHE_FOLDER)
    # In one set with what a training asks for, so that its prepared fields can serve.
    wanted = {configuration.target, *configuration.station_variables, *configuration.maps, "land", "elevation"}
    grid = parse_grid(request["grid"]) if request.get("grid") else None
    lead_day = request.get("lead_day")
    with evaluation_folder(cache, shared=True):
        days = open_store(
            files,
            sorted(wanted),
            grid,
            cache,
            progress,
            time_zone=request.get("time_zone") or "UTC",
            lead_day=None if lead_day in (None, "") else int(lead_day),
        )
    if configuration.target not in days.variables:
        found = ", ".join((*days.variables, *days.maps)) or "nothing"
        raise InputError(
            f"model '{model.name}' predicts {configuration.target}, and the CTM files have no daily {configuration.target} "
            f"(of what the model uses they have {found}); choose a model for another variable, or other files"
        )
    return days


def _others(request: dict[str, Any], days: DailyStore, model: Model, progress: Progress) -> dict[str, np.ndarray]:
    """Station cells of the variables that have sites of their own, by key; bool arrays."""
    found = {}
    for name in WEATHER:
        table = request.get(f"{name}_stations")
        if not table:
            continue
        if name not in model.configuration.station_variables or name not in days.variables:
            who = "the model does not know" if name not in model.configuration.station_variables else "the CTM files do not hold"
            progress.warn(f"{who} {get_variable(name).long_name}; its stations are not used")
            continue
        found[name] = station_cells_of(table, days.grid, *(request.get(f"{name}_{key}") or None for key in ("x", "y", "crs")))
        where = f"{found[name].sum()} cells of its own, those with a station of {Path(table).name}"
        progress.log(f"{get_variable(name).long_name} from {where}")
    return found


def _stations(request: dict[str, Any], days: DailyStore, target: str, choice: DayChoice, mask: np.ndarray) -> tuple[np.ndarray, str]:
    """Station cells as a bool array, and in words where they come from."""
    if request.get("stations"):
        table, options = Path(request["stations"]), (request.get(key) or None for key in ("x", "y", "crs"))
        return station_cells_of(table, days.grid, *options), f"those with a station of {table.name}"
    points, seed = request.get("points"), int(request.get("seed") or 0)
    for index in choice.indices:  # the first day that has values says where the CTM has any
        eligible = mask & np.isfinite(days.field(target, index))
        if eligible.any():
            return random_station_cells(eligible, int(points) if points else None, seed), f"drawn evenly with seed {seed}"
    raise InputError(f"{target} has no value in the evaluation mask on any of the {len(choice.indices)} days; check the grid and the files")
