"""A model from CTM files."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import Any

import torch

from model_core.atomic_file import check_target
from model_core.configuration import NetworkConfiguration, TrainingConfiguration, read_configuration
from model_core.ctm.daily_store import CACHE_FOLDER
from model_core.days import parse_day
from model_core.device import choose_device, describe_device, training_autocast
from model_core.errors import Cancelled, InputError, OutputError
from model_core.file_lock import only_one
from model_core.grid import parse_grid
from model_core.jobs.requests import requested_report, required
from model_core.model_file import SUFFIX, Model, load_model, save_model
from model_core.open_elsewhere import patiently
from model_core.progress import Progress
from model_core.provenance.record import record_of
from model_core.provenance.writing import NAME
from model_core.training.card import training_card
from model_core.training.choices import choose_background, choose_inputs, choose_schedule, untypical
from model_core.training.day_fields import cache_for
from model_core.training.missing_inputs import errors_without_inputs
from model_core.training.plan import TrainingPlan, TrainingResult
from model_core.training.preparation import PreparedData, StationLayout, mean_of_days, prepare
from model_core.training.processes import Processes, training_processes
from model_core.training.ranges import trained_ranges
from model_core.training.record import HISTORY_CSV, HISTORY_PNG, KERNELS_PNG, plot_history, plot_kernels, write_history
from model_core.training.split import Split, split_by_dates, split_by_time
from model_core.training.trainer import train_network
from model_core.variables import get_variable

COMMAND = "train"
_INPUTS = ("target", "inputs", "maps")


def run(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Train with the days of the `ctm` files and write the model file `out`; a checkpoint stands beside it meanwhile.

    The best model so far has the name `out` from the first validation on, so that nothing takes it away from a training
    that is stopped; until the training is finished its card says `stopped_at`.
    """
    out = Path(required(request, "out"))
    if out.suffix != SUFFIX:
        raise InputError(f"model '{out.name}': the name must end in {SUFFIX}")
    check_target(out)
    checkpoint = out.with_suffix(".checkpoint")
    if request.get("resume") and not checkpoint.exists():
        _say_that_it_begins(out, checkpoint, progress)
    report = requested_report(request)
    base = load_model(request["from"]) if request.get("from") else None
    network, training = _configurations(request, base)
    device = choose_device(request.get("device") or "auto")
    precision = request.get("precision") or "auto"
    training_autocast(device, precision)  # refuses an unknown one before hours of reading
    with training_processes(request.get("device") or "auto") as processes, only_one(out) if processes.leads else nullcontext():
        if not processes.leads:  # one voice is enough; this one only listens for the cancel
            progress = Progress(lambda: False)
        if device.type == "cuda":
            device = torch.device("cuda", processes.local_rank)
        prepared = _prepare(request, network, base, out, processes, cache_for(device), progress.part(0, 0.05))
        split = _split(request, prepared, training)
        network = _scaled_to_days(request, network, base, prepared, split, progress)
        training = _length(request, training, split, processes)
        held_out = [[str(prepared.times[i][day]) for day in split.held_out(i)] for i in range(len(prepared.data))]
        sources = [{**source, "held_out": days} for source, days in zip(prepared.sources, held_out)]
        origin = {"from": base.sha256} if base else {}
        if request.get("validation_start") or request.get("validation_end"):
            origin["held_out"] = held_out
        plan = TrainingPlan(
            prepared.data,
            split,
            network,
            training,
            device,
            int(request.get("seed") or 0),
            precision,
            processes,
            base.network.state_dict() if base else None,
            origin,
            prepared.grid.cell_size_km,
        )
        progress.log(
            f"training {training.iterations} iterations on {describe_device(device)}"
            f"{f', {processes.count} processes' if processes.count > 1 else ''}, {prepared.grid}; "
            f"{len(split.training)} days to train on, {len(split.validation)} held out"
        )
        if base and network.background_width and not training.background_batches:
            progress.warn(
                f"what corrects days with a background stays as it is in '{base.name}'; give a share of batches with a background to train it too"
            )
        ranges = trained_ranges(prepared.data, network.target, training.rescale) if processes.leads else None
        record = record_of(COMMAND, request, grid=prepared.grid) if processes.leads else None

        def keep(result: TrainingResult, missing_inputs: list[dict[str, Any]] | None = None) -> None:
            card = training_card(plan, prepared.grid, sources, result, base, missing_inputs, ranges, record)
            save_model(out, Model(result.network, card, prepared.grid, prepared.maps))
            write_history(out.with_suffix(HISTORY_CSV), result.history)

        result = train_network(plan, checkpoint, bool(request.get("resume")), progress.part(0.05, 1), keep)
        if not processes.leads:
            return {}
        keep(result, errors_without_inputs(result.network, plan) if result.stopped_at is None else None)
        if result.stopped_at is not None:
            raise Cancelled(
                f"Cancelled at iteration {result.stopped_at} of {training.iterations}; the best model so far, of iteration "
                f"{result.best['iteration']}, is in '{out}'. The same training goes on with --resume."
            )
        figures = _draw(out, result, prepared, progress)
        try:
            patiently(lambda: checkpoint.unlink(missing_ok=True))
        except OSError as error:  # the model is there all the same
            progress.warn(f"'{checkpoint}', from which the training would go on, can't be removed ({error.strerror or error}); remove it")
    told = {
        "out": str(out),
        "iterations": training.iterations,
        "loss": result.history[-1]["loss"],
        "validation": result.best.get("rmse"),
        "scores": result.best,
        "days": {"training": len(split.training), "held_out": len(split.validation)},
        "history": str(out.with_suffix(HISTORY_CSV)),
        **figures,
        "warnings": progress.warnings,
        "report": str(report) if report else None,
    }
    if report:
        from model_core.report.training import write_training_report

        saved = load_model(str(out))
        write_training_report(report, {**told, NAME: saved.card[NAME]}, saved.card, saved.configuration.target, saved.grid, saved.sha256)
    return told


def _say_that_it_begins(out: Path, checkpoint: Path, progress: Progress) -> None:
    """Of a training that is to go on and has no checkpoint: says that it begins, where no model is that it would replace."""
    if out.exists():
        raise InputError(
            f"'{out}' is there, and no checkpoint '{checkpoint.name}' from which its training could go on: it is finished, or the checkpoint was removed. To train on from it, "
            "give it as --from and another name as --out; to begin anew and replace it, leave out --resume"
        )
    progress.log(f"there is no checkpoint '{checkpoint.name}': the training begins")


def _configurations(request: dict[str, Any], base: Model | None) -> tuple[NetworkConfiguration, TrainingConfiguration]:
    """The configuration with what the request chooses; the network of a model that is trained on is its own."""
    network, training = read_configuration(request.get("config") or "improved")
    training = choose_schedule(training, request)
    choices = [key for key in _INPUTS if request.get(key) not in (None, "", [])]
    if base is not None and choices:
        raise InputError(f"'{choices[0]}' can't be chosen when training on from a model: its inputs are its own")
    network = choose_inputs(network, *(request.get(key) or None for key in _INPUTS)) if base is None else base.configuration
    return choose_background(network, training, base is not None), training


def _scaled_to_days(
    request: dict[str, Any], network: NetworkConfiguration, base: Model | None, prepared: PreparedData, split: Split, progress: Progress
) -> NetworkConfiguration:
    """The network with transforms of the variables whose common values only their own days tell: the mean of some of these."""
    if base is not None:
        return network
    configured = read_configuration(request.get("config") or "improved")[0]
    typical = {name: mean_of_days(prepared.data, split.training, name) for name in untypical(network, configured)}
    typical = {name: value for name, value in typical.items() if value > 0}
    for name, value in typical.items():
        progress.log(f"{name}: scaled by the mean of its training days, {value:.3g} {get_variable(name).unit}")
    if not typical:
        return network
    chosen = choose_inputs(configured, *(request.get(key) or None for key in _INPUTS), typical=typical)
    return replace(chosen, background_width=network.background_width)


def _prepare(
    request: dict[str, Any],
    network: NetworkConfiguration,
    base: Model | None,
    out: Path,
    processes: Processes,
    cache: int,
    progress: Progress,
) -> PreparedData:
    grid = parse_grid(request["grid"]) if request.get("grid") else None
    layout = None
    if request.get("layout"):
        layout = StationLayout(Path(request["layout"]), *(request.get(key) or None for key in ("x", "y", "crs")))
    folder = Path(request["cache"]) if request.get("cache") else out.absolute().parent / CACHE_FOLDER
    time_zone, lead_day = request.get("time_zone") or "UTC", request.get("lead_day")
    lead_day = None if lead_day is None else int(lead_day)
    covariates = Path(request["covariates"]) if request.get("covariates") else None

    def work() -> PreparedData:
        return prepare(
            required(request, "ctm"),
            network,
            grid,
            layout,
            folder,
            progress,
            time_zone,
            lead_day,
            covariates,
            base.maps if base else None,
            cache,
        )

    # The first process makes the stores, the others find them made.
    prepared = work() if processes.leads else None
    processes.wait()
    return prepared or work()


def _split(request: dict[str, Any], prepared: PreparedData, training: TrainingConfiguration) -> Split:
    first, last = (parse_day(request[key]) if request.get(key) else None for key in ("validation_start", "validation_end"))
    if first is None and last is None:
        return split_by_time([len(times) for times in prepared.times], training.validation_share)
    if request.get("validation_share") is not None:
        raise InputError("give validation days or a validation share, not both")
    return split_by_dates(prepared.times, first, last)


def _length(request: dict[str, Any], training: TrainingConfiguration, split: Split, processes: Processes) -> TrainingConfiguration:
    if request.get("iterations") and request.get("epochs"):
        raise InputError("give iterations or epochs, not both")
    if request.get("iterations"):
        return replace(training, iterations=int(request["iterations"]))
    if request.get("epochs"):
        batch = training.batch * processes.count
        return replace(training, iterations=max(1, ceil(int(request["epochs"]) * len(split.training) / batch)))
    return training


def _draw(out: Path, result: TrainingResult, prepared: PreparedData, progress: Progress) -> dict[str, str]:
    """The pictures beside the model; the model is safe by now, and a picture that fails is a warning."""
    curve, kernels = out.with_suffix(HISTORY_PNG), out.with_suffix(KERNELS_PNG)
    try:
        unit = get_variable(result.network.configuration.target).unit
        plot_history(curve, result.history, result.best, unit, out.stem)
        plot_kernels(kernels, result.network, prepared.grid.cell_size_km)
    except OutputError as error:
        progress.warn(f"without its pictures: {error}")
        return {}
    return {"history_figure": str(curve), "kernels_figure": str(kernels)}
