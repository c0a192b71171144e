"""What a model file says of its training."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from model_core import __version__
from model_core.grid import Grid
from model_core.model_file import Model
from model_core.provenance.record import Record
from model_core.provenance.writing import NAME
from model_core.training.kernels import kernel_shapes
from model_core.training.plan import TrainingPlan, TrainingResult
from model_core.training.ranges import TrainedRanges, ranges_for_card
from model_core.variables import get_variable


def training_card(
    plan: TrainingPlan,
    grid: Grid,
    sources: list[dict[str, Any]],
    result: TrainingResult,
    base: Model | None,
    missing_inputs: list[dict[str, Any]] | None = None,
    ranges: TrainedRanges | None = None,
    record: Record | None = None,
) -> dict[str, Any]:
    """The card of a model, in plain values.

    Parameters
    ----------
    sources : what each data set was, with the days that were held out of it (`held_out`, all of them as YYYY-MM-DD)
    base : the model that this one was trained on from
    missing_inputs : what missing inputs cost, as `errors_without_inputs` measures it; None before the end of a training
    ranges : of the values of each input
    record : of the run
    """
    network, target = plan.network, get_variable(plan.network.target)
    training: dict[str, Any] = {"data": sources, "seed": plan.seed, **plan.configuration.to_dict()}
    if plan.processes.count > 1:
        training["processes"] = plan.processes.count
    if base is not None:
        training["from"] = {"name": base.name, "sha256": base.sha256}
    if result.stopped_at is not None:
        training["stopped_at"] = result.stopped_at
    return {
        "created": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "software": f"CTM Reanalysis {__version__}",
        "target": target.key,
        "unit": target.unit,
        "inputs": {name: get_variable(name).unit for name in (*network.station_variables, *network.maps)},
        **(ranges_for_card(ranges) if ranges else {}),
        "cell_size_km": grid.cell_size_km,
        "training": training,
        "scores": result.best,
        **({NAME: record.to_dict()} if record else {}),
        **({"missing_inputs": missing_inputs} if missing_inputs else {}),
        "history": result.history,
        "kernels": [shape.to_dict() for shape in kernel_shapes(result.network, grid.cell_size_km)],
    }
