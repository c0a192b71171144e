"""A model from CTM files."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from math import ceil
from pathlib import Path
from typing import Any

from model_core import __version__
from model_core.configuration import read_configuration
from model_core.device import choose_device, describe_device
from model_core.errors import InputError, OutputError
from model_core.grid import parse_grid
from model_core.jobs.requests import required
from model_core.model_file import SUFFIX, Model, save_model
from model_core.progress import Progress
from model_core.training.preparation import prepare
from model_core.training.trainer import split_by_time, train_network
from model_core.variables import get_variable


def run(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Train with the days of the `ctm` files and write the model file `out`; a checkpoint stands beside it meanwhile."""
    files = [Path(file) for file in required(request, "ctm")]
    out = Path(required(request, "out"))
    if out.suffix != SUFFIX:
        raise InputError(f"model '{out.name}': the name must end in {SUFFIX}")
    if not out.absolute().parent.is_dir():
        raise OutputError(f"folder '{out.absolute().parent}' does not exist; create it, or choose another model file")
    network, training = read_configuration(request.get("config") or "improved")
    device = choose_device(request.get("device") or "auto")
    grid = parse_grid(request["grid"]) if request.get("grid") else None
    layout = Path(request["layout"]) if request.get("layout") else None
    seed = int(request.get("seed") or 0)

    prepared = prepare(files, network, grid, layout, progress.part(0, 0.05))
    if request.get("iterations") and request.get("epochs"):
        raise InputError("give iterations or epochs, not both")
    if request.get("iterations"):
        training = replace(training, iterations=int(request["iterations"]))
    elif request.get("epochs"):
        lengths = [source["days"] for source in prepared.sources]
        days = len(split_by_time(lengths, training.validation_share).training)
        training = replace(training, iterations=max(1, ceil(int(request["epochs"]) * days / training.batch)))
    progress.log(f"training {training.iterations} iterations on {describe_device(device)}, {prepared.grid}")

    checkpoint = out.with_suffix(".checkpoint")
    result = train_network(
        prepared.data, network, training, device, seed, checkpoint, bool(request.get("resume")), progress.part(0.05, 1)
    )
    target = get_variable(network.target)
    card = {
        "created": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "software": f"CTM Reanalysis {__version__}",
        "target": target.key,
        "unit": target.unit,
        "inputs": {name: get_variable(name).unit for name in (*network.station_variables, *network.covariates)},
        "cell_size_km": prepared.grid.cell_size_km,
        "training": {"data": prepared.sources, "seed": seed, **training.to_dict()},
        "scores": result.best,
        "history": result.history,
    }
    save_model(out, Model(result.network, card, prepared.grid, prepared.maps))
    checkpoint.unlink(missing_ok=True)
    return {
        "out": str(out), "iterations": training.iterations, "loss": result.history[-1]["loss"],
        "validation": result.best.get("rmse"), "scores": result.best, "warnings": progress.warnings,
    }
