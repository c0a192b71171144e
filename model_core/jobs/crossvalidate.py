"""Evaluation 2: stations left out by turns and predicted from the others, by the model and by interpolators."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from model_core import __version__
from model_core.days import parse_day
from model_core.device import choose_device, describe_device
from model_core.errors import InputError
from model_core.evaluation.report import evaluation_folder
from model_core.grid import Grid
from model_core.jobs.crossvalidate_days import requested_days
from model_core.jobs.requests import (
    BUNDLED, grid_for, is_auto, requested_analysis, requested_covariates, requested_grid, requested_report, required,
)
from model_core.jobs.sources import requested_source
from model_core.json_values import finite
from model_core.missing_inputs import require_inputs, tell_missing
from model_core.model_file import Model
from model_core.prediction import Predictor
from model_core.progress import Progress
from model_core.ready import ready_model, ready_predictor
from model_core.stations.observations import observations_of
from model_core.validation.baselines import BASELINES, check_baselines
from model_core.validation.cross_validation import BLOCK_KM, CrossValidation, cross_validate
from model_core.validation.files import FIGURE, POINTS, PREDICTIONS, SCORES, write
from model_core.validation.folds import SCHEMES
from model_core.validation.score_tables import score_tables, summary
from model_core.variables import get_variable

DEFAULT_BASELINES = ("idw", "ok", "oklog")
_SCHEME_WORDS = {
    "stations": "stations left out at random", "groups": "whole groups (cities) left out", "cells": "whole grid cells left out",
    "blocks": "whole blocks left out",
}


def run(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Cross-validate `model` on `stations`, and write scores, predictions, points and a figure into the folder `out`.

    Further keys: value, unit, x, y, crs, time, time_zone, times_in, hours, date, id, group, scheme, folds, seed, block_km, grid,
    baselines, analysis, ctm, rh, wind, covariates, device, precision.
    """
    out, scheme = Path(required(request, "out")), request.get("scheme") or SCHEMES[0]
    if scheme not in SCHEMES:
        raise InputError(f"unknown scheme '{scheme}'; known are {', '.join(SCHEMES)}")
    if scheme == "groups" and not request.get("group"):
        raise InputError("scheme 'groups' leaves out whole groups; name the column that says the group, such as the city")
    names = request.get("baselines")
    baselines = check_baselines(DEFAULT_BASELINES if names is None else _names(names), bool(request.get("ctm")))
    page = requested_report(request)
    with evaluation_folder(out):
        progress.step(0.01, "loading the model")
        model = ready_model(request.get("model") or BUNDLED)
        grid = requested_grid(request) if not is_auto(request) else _grid_of_stations(request, model, progress)
        device = choose_device(request.get("device") or "auto")
        covariates = requested_covariates(request, model, grid, progress)
        predictor = ready_predictor(
            model, grid, device, covariates=covariates, precision=request.get("precision") or "auto",
        )
        progress.step(0.05, "reading stations")
        days = requested_days(request, model, grid, out, progress.part(0.05, 0.15))
        for day in days:
            given = {predictor.model.configuration.target, *day.further}
            require_inputs(model, predictor.missing_inputs(given), f"on {day.date}" if day.date else "")
        progress.log(f"{len(days)} day(s), {_SCHEME_WORDS[scheme]}; predicting on {describe_device(device)}")
        result = _cross_validate(request, days, grid, predictor, scheme, baselines, progress.part(0.15, 0.94))
        tables = score_tables(result)
        report = finite(_report(request, result, tables, model, grid, progress.warnings))
        progress.step(0.95, "drawing and writing")
        title = _title(result, model, report)
        written = write(out, result, report, title)
        if page:
            from model_core.report.crossvalidation import write_crossvalidation_report

            scatter = Path(written[FIGURE]).read_bytes()
            write_crossvalidation_report(page, result, report, finite(summary(tables)), scatter, title)
        progress.on_step(1.0, "done")  # not `step`: what is written is no longer cancelled
    return {
        "out": str(out), "scores": written[SCORES], "predictions": written[PREDICTIONS], "points": written[POINTS],
        "figure": written[FIGURE], "report": str(page) if page else None, "summary": finite(summary(tables)), "device": device.type,
        **{key: report[key] for key in ("scheme", "folds", "days", "stations", "species", "unit", "missing_inputs", "model", "warnings")},
    }


def _grid_of_stations(request: dict[str, Any], model: Model, progress: Progress) -> Grid:
    source = requested_source(request, model.configuration.target)
    observations = observations_of(source, parse_day(request["date"]) if request.get("date") else None)
    return grid_for(request, model.grid, observations.x, observations.y, observations.crs, progress)


def _names(names: Any) -> list[str]:
    """Baselines as a list, or as a text with commas."""
    return [name.strip() for name in (names.split(",") if isinstance(names, str) else names) if name.strip()]


def _cross_validate(
    request: dict[str, Any], days: list, grid: Grid, predictor: Predictor, scheme: str, baselines: tuple[str, ...], progress: Progress
) -> CrossValidation:
    folds, seed, block_km = (
        kind(default if request.get(key) in (None, "") else request[key])
        for key, kind, default in (("folds", int, 10), ("seed", int, 0), ("block_km", float, BLOCK_KM))
    )
    result = cross_validate(days, grid, predictor, scheme, folds, seed, baselines, block_km, progress, requested_analysis(request))
    for warning in (*result.warnings, *result.notes):
        progress.warn(warning)
    tell_missing(predictor.model, result.missing_inputs, progress)
    return result


def _report(
    request: dict[str, Any], result: CrossValidation, tables: dict[str, Any], model: Model, grid: Grid, warnings: list[str]
) -> dict[str, Any]:
    """Everything but the readings, as plain values."""
    dates = [day["date"] for day in tables["daily"]]
    return {
        "software": f"CTM Reanalysis {__version__}",
        "model": {"name": model.name, "sha256": model.sha256},
        "species": result.species, "unit": get_variable(result.species).unit,
        "scheme": result.scheme, "folds": result.folds, "seed": result.seed, "analysis": requested_analysis(request),
        **({"block_km": float(request.get("block_km") or BLOCK_KM)} if result.scheme == "blocks" else {}),
        "days": {"count": len(dates), "first": dates[0], "last": dates[-1]},
        "stations": int(result.table["id"].nunique()), "readings": len(result.table),
        "baselines": {name: BASELINES[name] for name in result.methods if name in BASELINES},
        "distributions": {"model": "log-normal", "ok": "Gaussian, kriging variance", "oklog": "log-normal of log(value + 1)"},
        **tables,
        "missing_inputs": result.missing_inputs, "grid": grid.describe(), "warnings": warnings,
    }


def _title(result: CrossValidation, model: Model, report: dict[str, Any]) -> str:
    days, variable = report["days"], get_variable(result.species)
    when = "" if days["first"] is None else f", {days['first']}" + (f" to {days['last']}" if days["count"] > 1 else "")
    return (
        f"{variable.long_name} at {report['stations']} stations{when}\n"
        f"{result.folds} folds, {_SCHEME_WORDS[result.scheme]}; model “{model.name}”"
    )
