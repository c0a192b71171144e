"""Days or hours of station readings to one complete field each; run again, it does what is missing or changed."""

from __future__ import annotations

import hashlib
import json
from contextlib import ExitStack
from dataclasses import replace
from datetime import date as Date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterable, Mapping

import numpy as np

from model_core import __version__
from model_core.applicability import other_species, require_units
from model_core.device import describe_device
from model_core.errors import Cancelled, InputError
from model_core.file_lock import only_one
from model_core.grid import Grid
from model_core.grid_from_file import read_grid
from model_core.jobs.background import requested_background, steps_with_background, tell_backgrounds
from model_core.jobs.period_told import tell_period
from model_core.jobs.requests import (
    BUNDLED,
    grid_for,
    is_auto,
    known_weather,
    requested_analysis,
    requested_covariates,
    requested_grid,
    requested_hours,
    requested_report,
    required,
    tell_errors,
)
from model_core.jobs.sources import further_inputs, requested_source
from model_core.missing_inputs import require_inputs
from model_core.model_file import Model, find_model
from model_core.period.axis import requested_period, step_text, time_axis
from model_core.period.checked_steps import complete_steps, unchanged_steps
from model_core.period.choice import choice_of_period
from model_core.period.compute import Task, task_predictor
from model_core.period.follow import follow, parse_every, parse_until
from model_core.period.frame import FieldName, Frame
from model_core.period.outputs import check_output, open_output
from model_core.period.pipeline import Account, run_here
from model_core.period.previous import differences_of_steps
from model_core.period.reading_ahead import ReadingAhead
from model_core.period.step_readings import STEPS, GriddedSeries, step_readings
from model_core.prediction import missing_maps
from model_core.progress import Progress
from model_core.provenance.record import machine, record_of
from model_core.provenance.repeat import Repetition, names_output
from model_core.provenance.writing import NAME
from model_core.ready import ready_model
from model_core.reanalysis_fields import field_names
from model_core.stations.series import StationSeries
from model_core.trust_choice import Choice, as_asked
from model_core.variable_table import in_use
from model_core.variables import get_variable

if TYPE_CHECKING:
    from model_core.background.reading import BackgroundDays

COMMAND = "reanalyse-period"
_READ = 0.1  # share of the progress bar until the first step is predicted


def run(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Read, grid, predict and write, overlapped; `out` is a NetCDF (.nc), a Zarr group (.zarr) or a folder for GeoTIFF.

    With `follow` it goes on as readings arrive, looking `every` so many seconds, `until` a time or a cancel. Where `from` is
    such an output, it is made again from what it says of its making (`Repetition`).
    """
    if names_output(request.get("from")):
        return _repeat(request, progress)
    if not request.get("follow"):
        if request.get("every") or request.get("until"):
            raise InputError("every and until are for following (--follow)")
        return _once(request, progress)
    every, until = parse_every(request.get("every")), parse_until(request.get("until"))
    tables = [str(required(request, "stations")), *(path for _, (path, _) in further_inputs(request))]
    return follow(lambda round: _once(request, round), tables, every, until, progress)


def _repeat(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    if request.get("follow"):
        raise InputError("a period is repeated as it was, and can't be followed: leave one of from and follow out")
    out = Path(required(request, "out"))
    if out.exists():
        raise InputError(f"'{out}' is there already, and what is in it would be taken for the repetition; choose another name")
    repetition = Repetition(request, COMMAND, progress)
    with in_use(repetition.request.get("variables"), repetition.request.get("level")):
        result = _once(repetition.request, progress, repetition)
        differences = list(differences_of_steps(repetition.file, Path(result["out"]), result["fields"]))
        return {**result, "repeated": repetition.tell(differences, progress), "warnings": progress.warnings}


def _once(request: dict[str, Any], progress: Progress, repetition: Repetition | None = None) -> dict[str, Any]:
    """The period as its tables are now."""
    out = Path(required(request, "out"))
    check_output(out)
    report = requested_report(request)
    step, uncertainty = request.get("step") or "day", request.get("uncertainty") or "none"
    if step not in STEPS:
        raise InputError(f"unknown step '{step}'; choose {' or '.join(STEPS)}")
    if step != "day" and request.get("background"):
        raise InputError("a background is a field of a day: leave it out, or choose days as steps")
    analysis, (start, end) = requested_analysis(request), requested_period(request)
    grid = None if is_auto(request) else requested_grid(request)
    progress.step(0.01, "loading the model")
    model = ready_model(request.get("model") or BUNDLED)
    if repetition:
        repetition.require_model(model)
    require_units(model)
    target = get_variable(model.configuration.target)
    if note := other_species(request.get("value"), target.key):
        progress.warn(note)
    names = field_names(target.key, uncertainty)
    tell_errors(request, model, progress)
    series = _requested_series(request, model, grid, step, progress)
    with ExitStack() as stack:
        stack.enter_context(only_one(out))
        for one in series.values():
            stack.callback(one.close)
        reading = ReadingAhead(series, start, end)
        stack.callback(reading.stop)
        if grid is None:
            reading.wait(progress)
            grid = grid_for(request, model.grid, *series[target.key].places(), progress, _grid_there(out))
            for one in series.values():
                one.grid = grid
        covariates = requested_covariates(request, model, grid, progress)
        background = requested_background(request, model, grid, progress)
        task = _task(request, model, grid, covariates, uncertainty, analysis, background)
        scheduler = request.get("scheduler")
        predictor = None if scheduler and analysis == "off" else task_predictor(task)
        known = model.configuration.station_variables
        unknown_maps = missing_maps(model, grid, covariates) if predictor is None else predictor.missing_inputs(known)
        require_inputs(model, [name for name in known if name not in series] + unknown_maps)
        reading.wait(progress)
        times = time_axis(series[target.key], step, start, end, request.get("time_zone") or "")
        lacking: list[Date] = []
        steps: Iterable = steps_with_background(
            complete_steps(step_readings(target.key, series, times.starts), model, step), background, lacking
        )
        choice = None
        if analysis in ("network", "kriging"):
            choice = as_asked(predictor, analysis)
            predictor.trusting(choice.trust)  # which says where there is nothing to choose
        elif analysis == "auto" and predictor.corrects_kriging:
            steps = list(steps)  # a choice for all of them must see them all
            choice = choice_of_period(out, task.basis, predictor, grid, steps, progress.part(0.02, _READ))
        if choice:
            task = _with_choice(task, choice)
            progress.log(f"analysis step: {choice.in_words()}")
        here = predictor is not None and not scheduler  # a cluster's workers may be of any kind
        computed_with = machine(predictor.device.type, predictor.precision) if here else {}
        if repetition:
            repetition.tell_machine(computed_with, progress)
        record = record_of(COMMAND, request, model=model, grid=grid, computed_with=computed_with)
        frame = Frame(
            grid,
            times,
            tuple(FieldName(name, target.unit, text) for name, text in names),
            _attributes(model, step, covariates and request, choice.in_words() if choice else analysis, background) | record.attributes(),
        )
        output = open_output(out, frame)
        task = replace(task, store=output.store)
        account = Account(len(times), step)
        progress.log(f"{len(times)} {step}s, {times.starts[0]} to {times.starts[-1]}, on {scheduler or describe_device(predictor.device)}")
        finished = False
        try:
            steps = unchanged_steps(steps, repetition, frame, task.basis, step) if repetition else steps
            if scheduler:
                from model_core.period.cluster import run_on_cluster  # Dask is not needed here

                run_on_cluster(task, scheduler, steps, output, account, progress.part(_READ, 0.99))
            else:
                run_here(task, predictor, steps, output, account, progress.part(_READ, 0.99))
            output.finish()
            finished = True
        except Cancelled as error:
            raise Cancelled(f"Cancelled after {account.handled} of {len(times)} {step}s; they are kept, run again to go on.") from error
        finally:
            if not finished:
                output.stop()
    missing = [step_text(moment, step) for moment in account.missing]
    tell_period(account, model, missing, series, covariates, progress)
    backgrounds = background and tell_backgrounds(account, lacking, progress)
    result = {
        "out": str(out),
        "days": {"computed": account.computed, "kept": account.kept, "missing": missing},
        "seconds": account.seconds,
        "days_per_second": account.rate,
        "step": step,
        "start": step_text(times.starts[0], step),
        "end": step_text(times.starts[-1], step),
        "time_zone": times.zone,
        "fields": [name for name, _ in names],
        "unit": target.unit,
        "species": target.key,
        "readings": series[target.key].report.to_dict(),
        "further_readings": {name: one.report.to_dict() for name, one in series.items() if name != target.key},
        "missing_inputs": sorted(account.missing_inputs),
        "negative_cells": account.negative_cells,
        "analysis": choice.summary()
        if choice
        else None
        if analysis == "off"
        else {"spread": {f"{share:g}": steps for share, steps in sorted(account.spread.items())}},
        "background": backgrounds,
        "device": scheduler or predictor.device.type,
        "covariates": sorted(covariates),
        "model": {"name": model.name, "sha256": model.sha256},
        "grid": grid.describe(),
        "inputs": list(record.inputs),
        "warnings": progress.warnings,
        "report": str(report) if report else None,
    }
    if report:
        from model_core.report.period import write_period_report  # matplotlib takes a second to import

        write_period_report(report, {**result, NAME: record.to_dict()}, grid, request.get("style") or "continuous", progress)
    progress.step(1.0, "done")
    return result


def _grid_there(out: Path) -> Grid | None:
    """The grid of a series that was begun, which is gone on with."""
    try:
        return read_grid(out) if out.is_file() else None
    except InputError:  # no series; whether it may be replaced is asked when the output is opened
        return None


def _requested_series(
    request: Mapping[str, Any], model: Model, grid: Grid | None, step: str, progress: Progress
) -> dict[str, GriddedSeries]:
    """The target's readings, and those of the further variables that the request names and the model knows."""
    hours, target = requested_hours(request), get_variable(model.configuration.target)
    sources = {target.key: requested_source(request, target.key), **dict(known_weather(request, model, progress))}
    return {key: GriddedSeries(StationSeries(source), grid, step, hours) for key, source in sources.items()}


def _task(
    request: Mapping[str, Any],
    model: Model,
    grid: Grid,
    covariates: Mapping[str, np.ndarray],
    uncertainty: str,
    analysis: str,
    background: BackgroundDays | None,
) -> Task:
    precision = request.get("precision") or "auto"
    maps = {key: hashlib.sha256(np.ascontiguousarray(values, "<f4").tobytes()).hexdigest() for key, values in sorted(covariates.items())}
    basis = {
        "software": __version__,
        "model": model.sha256,
        "grid": grid.describe(),
        "covariates": maps,
        "precision": precision,
        "uncertainty": uncertainty,
        "analysis": analysis,
    }
    return Task(
        str(find_model(request.get("model") or BUNDLED).resolve()),
        model.sha256,
        grid,
        model.configuration.target,
        hashlib.sha256(json.dumps(basis, sort_keys=True).encode()).hexdigest(),
        None,
        request.get("device") or "auto",
        precision,
        int(request["memory"]) if request.get("memory") else None,
        dict(covariates),
        uncertainty,
        analysis,
        background=background,
    )


def _with_choice(task: Task, choice: Choice) -> Task:
    """The task with a choice for all of its steps, which is part of what their fingerprints stand for."""
    basis = hashlib.sha256(json.dumps([task.basis, choice.trust.to_dict()]).encode()).hexdigest()
    return replace(task, choice=choice, basis=basis)


def _attributes(model: Model, step: str, covariates: Mapping[str, Any], analysis: str, background: BackgroundDays | None) -> dict[str, Any]:
    """Global attributes of the output."""
    target = get_variable(model.configuration.target)
    return {
        "title": f"{target.long_name} reanalysis, a field for each {step}",
        "source": f"CTM Reanalysis {__version__}, model {model.name}, from station readings",
        "species": target.key,
        "covariates": Path(covariates["covariates"]).name if covariates else None,
        "analysis": None if analysis == "off" else analysis,
        "background": background and background.in_words(),
    }
