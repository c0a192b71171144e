"""Evaluation 2: stations left out by turns and predicted from the others, by the model and by interpolators."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import numpy as np

from model_core import __version__
from model_core.applicability import beyond, other_species, require_units
from model_core.days import parse_day
from model_core.device import choose_device, describe_device
from model_core.errors import InputError
from model_core.evaluation.day_groups import requested_periods
from model_core.evaluation.polygons import requested_regions
from model_core.evaluation.report import evaluation_folder
from model_core.grid import Grid
from model_core.jobs.crossvalidate_days import requested_days, values_used
from model_core.jobs.requests import (
    BUNDLED,
    grid_for,
    is_auto,
    requested_analysis,
    requested_covariates,
    requested_grid,
    requested_report,
    required,
    tell_errors,
)
from model_core.jobs.sources import requested_source
from model_core.json_values import finite
from model_core.missing_inputs import require_inputs, tell_missing
from model_core.model_file import Model
from model_core.prediction import Predictor
from model_core.progress import Progress
from model_core.provenance.record import record_of
from model_core.provenance.writing import NAME
from model_core.ready import ready_model, ready_predictor
from model_core.stations.observations import observations_of
from model_core.validation.baselines import BASELINES, GAUSSIAN, LOGS, check_baselines
from model_core.validation.class_scores import class_scores, in_report
from model_core.validation.classes import groupings
from model_core.validation.cross_validation import CrossValidation, cross_validate
from model_core.validation.files import CLASSES_CSV, CLASSES_PNG, FIGURE, POINTS, PREDICTIONS, SCORES, write
from model_core.validation.folds import SCHEMES, THIN
from model_core.validation.score_tables import score_tables, summary
from model_core.validation.splits import BLOCK_KM, DRAWS, GIVEN, Scheme
from model_core.variables import get_variable

COMMAND = "crossvalidate"
DEFAULT_BASELINES, WITH_CTM = ("idw", "ok", "oklog", "ked", "kedlog"), ("ctm", "avna", "evna", "rk", "rklog")
_SCHEME_WORDS = {
    "stations": "stations left out at random",
    "groups": "whole groups (cities) left out",
    "cells": "whole grid cells left out",
    "blocks": "whole blocks left out",
    "thin": "thinned networks, all other stations left out",
}


def run(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Cross-validate `model` on `stations`, and write scores, predictions, points and a figure into the folder `out`.

    Further keys: value, unit, x, y, crs, time, time_zone, times_in, hours, date, id, group, scheme, folds, seed, block_km, given,
    draws, periods, regions, grid, baselines, analysis, ctm, background, background_variable, background_lead_day, rh, wind, covariates, device, precision.
    """
    out, scheme = Path(required(request, "out")), requested_scheme(request)
    if scheme.name == "groups" and not request.get("group"):
        raise InputError("scheme 'groups' leaves out whole groups; name the column that says the group, such as the city")
    names = request.get("baselines")
    periods, regions = requested_periods(request), requested_regions(request)
    baselines = check_baselines(_usual(request) if names is None else _names(names), _has_ctm(request))
    page = requested_report(request)
    with evaluation_folder(out):
        progress.step(0.01, "loading the model")
        model = ready_model(request.get("model") or BUNDLED)
        require_units(model)
        target = model.configuration.target
        if note := other_species(request.get("value"), target):
            progress.warn(note)
        grid = requested_grid(request) if not is_auto(request) else _grid_of_stations(request, model, progress)
        tell_errors(request, model, progress)
        device = choose_device(request.get("device") or "auto")
        covariates = requested_covariates(request, model, grid, progress)
        predictor = ready_predictor(model, grid, device, covariates=covariates, precision=request.get("precision") or "auto")
        progress.step(0.05, "reading stations")
        days = requested_days(request, model, grid, out, progress.part(0.05, 0.15))
        values = values_used(days, grid, target) | {key: field[np.isfinite(field)] for key, field in covariates.items()}
        for note in filter(None, (beyond(model, key, known) for key, known in values.items())):
            progress.warn(note)
        for day in days:
            given = {target, *day.further}
            require_inputs(model, predictor.missing_inputs(given), f"on {day.date}" if day.date else "")
        progress.log(f"{len(days)} day(s), {_SCHEME_WORDS[scheme.name]}; predicting on {describe_device(device)}")
        result = _cross_validate(request, days, grid, predictor, scheme, baselines, progress.part(0.15, 0.94))
        tables = score_tables(result)
        by_class = class_scores(result, groupings(result, periods, regions))
        record = record_of(COMMAND, request, model=model, grid=grid)
        report = finite(_report(request, result, tables | in_report(by_class), model, grid, progress.warnings) | {NAME: record.to_dict()})
        progress.step(0.95, "drawing and writing")
        title = _title(result, model, report)
        written = write(out, result, report, by_class, title, record)
        if page:
            from model_core.report.crossvalidation import write_crossvalidation_report

            figures = [Path(written[name]).read_bytes() for name in (FIGURE, CLASSES_PNG)]
            write_crossvalidation_report(page, result, report, finite(summary(tables)), *figures, title)
        progress.on_step(1.0, "done")  # not `step`: what is written is no longer cancelled
    return {
        "out": str(out),
        "scores": written[SCORES],
        "predictions": written[PREDICTIONS],
        "points": written[POINTS],
        "figure": written[FIGURE],
        "by_class": written[CLASSES_CSV],
        "by_class_figure": written[CLASSES_PNG],
        "report": str(page) if page else None,
        "summary": finite(summary(tables)),
        "device": device.type,
        **{key: report[key] for key in ("scheme", "folds", "days", "stations", "species", "unit", "missing_inputs", "model", "warnings")},
    }


def _grid_of_stations(request: dict[str, Any], model: Model, progress: Progress) -> Grid:
    source = requested_source(request, model.configuration.target)
    observations = observations_of(source, parse_day(request["date"]) if request.get("date") else None)
    return grid_for(request, model.grid, observations.x, observations.y, observations.crs, progress)


def _usual(request: dict[str, Any]) -> tuple[str, ...]:
    return DEFAULT_BASELINES + (WITH_CTM if _has_ctm(request) else ())


def _has_ctm(request: dict[str, Any]) -> bool:
    """Whether there is a field for the baselines that need a CTM: one of their own, or else the background."""
    return bool(request.get("ctm") or request.get("background"))


def _names(names: Any) -> list[str]:
    """Baselines as a list, or as a text with commas."""
    return [name.strip() for name in (names.split(",") if isinstance(names, str) else names) if name.strip()]


def requested_scheme(request: dict[str, Any]) -> Scheme:
    """How the request splits the stations; `InputError` where that can't be."""

    def chosen(key: str, kind: Callable[[Any], Any], default: Any) -> Any:
        return default if request.get(key) in (None, "", []) else kind(request[key])

    return Scheme(
        request.get("scheme") or SCHEMES[0],
        chosen("folds", int, 10),
        chosen("seed", int, 0),
        chosen("block_km", float, BLOCK_KM),
        chosen("given", lambda sizes: tuple(map(int, sizes)), GIVEN),
        chosen("draws", int, DRAWS),
    )


def _cross_validate(
    request: dict[str, Any], days: list, grid: Grid, predictor: Predictor, scheme: Scheme, baselines: tuple[str, ...], progress: Progress
) -> CrossValidation:
    maps = {**_maps_of_file(request, grid), **predictor.maps}  # the model's hold the file's where it has values
    progress.log(f"external drift of kriging: {', '.join(maps) or 'no map'}")
    result = cross_validate(
        days, grid, predictor, scheme, baselines=baselines, progress=progress, analysis=requested_analysis(request), maps=maps
    )
    for warning in (*result.warnings, *result.notes):
        progress.warn(warning)
    for number, words in result.choices.items():
        progress.log(f"analysis step, {'network' if scheme.name == THIN else 'fold'} {number + 1}: {words}")
    tell_missing(predictor.model, result.missing_inputs, progress)
    if taken := _background_taken(request, result).get("background"):
        progress.log(
            f"background: {taken['mean_share']:.0%} of the difference that it makes is taken on average over {taken['folds']} folds"
        )
    return result


def _maps_of_file(request: dict[str, Any], grid: Grid) -> dict[str, np.ndarray]:
    """All maps of the user's file, also those that the model does not know; not the share of land, which is no cause of anything."""
    if not request.get("covariates"):
        return {}
    from model_core.covariates import read_covariates

    return {name: field for name, field in read_covariates(request["covariates"], grid).items() if name != "land"}


def _report(
    request: dict[str, Any], result: CrossValidation, tables: dict[str, Any], model: Model, grid: Grid, warnings: list[str]
) -> dict[str, Any]:
    """Everything but the readings, as plain values."""
    dates = [day["date"] for day in tables["daily"]]
    return {
        "software": f"CTM Reanalysis {__version__}",
        "model": {"name": model.name, "sha256": model.sha256},
        "species": result.species,
        "unit": get_variable(result.species).unit,
        "scheme": result.scheme.name,
        "folds": int(result.table["fold"].nunique()),
        "seed": result.scheme.seed,
        "analysis": requested_analysis(request),
        "choices": {str(number): words for number, words in result.choices.items()},
        "maps": list(result.maps),
        **({"block_km": result.scheme.block_km} if result.scheme.name == "blocks" else {}),
        **({"given": sorted(set(map(int, result.table["given"]))), "draws": result.scheme.draws} if result.scheme.name == THIN else {}),
        "days": {"count": len(dates), "first": dates[0], "last": dates[-1]},
        "stations": int(result.table["id"].nunique()),
        "readings": len(result.table),
        "baselines": {name: BASELINES[name] for name in result.methods if name in BASELINES},
        "distributions": {
            "model": "log-normal",
            **dict.fromkeys(GAUSSIAN, "Gaussian, kriging variance"),
            **dict.fromkeys(LOGS, "log-normal of log(value + 1)"),
        },
        **tables,
        **_background_taken(request, result),
        "missing_inputs": result.missing_inputs,
        "grid": grid.describe(),
        "warnings": warnings,
    }


def _background_taken(request: dict[str, Any], result: CrossValidation) -> dict[str, Any]:
    """The share of the background that the folds took, for the report; nothing without one."""
    if not request.get("background"):
        return {}
    folds = result.table.groupby(["time", "fold"], dropna=False)["background_share"].first().dropna()
    return {"background": {"folds": len(folds), "taken_in": int((folds > 0).sum()), "mean_share": float(folds.mean())}}


def _title(result: CrossValidation, model: Model, report: dict[str, Any]) -> str:
    days, variable = report["days"], get_variable(result.species)
    when = "" if days["first"] is None else f", {days['first']}" + (f" to {days['last']}" if days["count"] > 1 else "")
    parts = f"{report['folds']} draws" if result.scheme.name == THIN else f"{report['folds']} folds"
    how = f"{parts}, {_SCHEME_WORDS[result.scheme.name]}; model “{model.name}”"
    return f"{variable.long_name} at {report['stations']} stations{when}\n{how}"
