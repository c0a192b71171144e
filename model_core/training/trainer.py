"""The training loop: CTM days in, a network that has learnt how their fields look out."""

from __future__ import annotations

import json
import math
import os
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable

import numpy as np
import torch
from torch import Tensor

from model_core.configuration import NetworkConfiguration, TrainingConfiguration
from model_core.device import training_autocast
from model_core.errors import Cancelled, InputError
from model_core.free_memory import free_memory
from model_core.network.reanalysis_network import ReanalysisNetwork
from model_core.progress import Progress
from model_core.training.backgrounds import grown, only_of_background, stations_with_backgrounds
from model_core.training.batches import BatchDrawer, batches
from model_core.training.checkpoint import load_checkpoint, save_checkpoint
from model_core.training.held_out import shrunk, validate
from model_core.training.memory import fit_into_memory, memory_of_training
from model_core.training.objective import learning_rate, training_loss
from model_core.training.plan import TrainingPlan, TrainingResult
from model_core.training.processes import shared_by
from model_core.training.samples import Sample, in_parts, on_device


def train_network(
    plan: TrainingPlan,
    checkpoint: Path,
    resume: bool,
    progress: Progress,
    on_better: Callable[[TrainingResult], None] = lambda result: None,
) -> TrainingResult:
    """Train, validating on held-out days and writing a checkpoint each `validate_every` iterations.

    Parameters
    ----------
    on_better : called in the leading process after the checkpoint of a validation that is the best so far

    A training that is cancelled or interrupted after its first validation ends with what it has.

    Raises
    ------
    InputError
        If there is no day to train on, the checkpoint does not belong to this training, or the loss is lost.
    Cancelled, KeyboardInterrupt
        If it is stopped before its first validation.
    """
    if not plan.split.training:
        raise InputError("the CTM files hold no day to train on")
    configuration, processes, device = plan.configuration, plan.processes, plan.device
    torch.manual_seed(plan.seed)
    network = ReanalysisNetwork(plan.network).to(device, memory_format=torch.channels_last)
    network.trust = plan.trust
    if plan.start is not None:
        network.load_state_dict(grown(plan.start, network))
    if plan.only_background:
        only_of_background(network)
    _fit(network, plan, progress)
    shared = shared_by(processes, network, device)
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(learning, lr=configuration.learning_rate, weight_decay=configuration.weight_decay)
    done, history, best, best_weights = 0, [], {}, {}
    if resume and checkpoint.is_file():
        state, best_weights = load_checkpoint(checkpoint, network, optimiser)
        _check_identity(checkpoint, state["identity"], plan)
        done, history, best = state["iteration"], state["history"], state["best"]
        progress.log(f"resumed at iteration {done}")

    drawer = BatchDrawer(plan.data, plan.split, plan.network, configuration, plan.seed, processes.count, processes.rank)
    if device.type == "cuda":
        torch.backends.cudnn.benchmark = True  # all batches have one shape
    losses: list[float] = []
    first, began = done, time.monotonic()
    one_done = began
    try:
        with closing(batches(drawer.draw, done, configuration.iterations, device)) as drawn:
            for batch in drawn:
                losses.append(_step(plan, network, shared, optimiser, batch, done))
                done += 1
                if done - first == 2 and done < configuration.iterations:  # the first one also wakes the machine up
                    progress.log(_duration(time.monotonic() - one_done, configuration.iterations - done))
                one_done = time.monotonic()
                left = (time.monotonic() - began) / (done - first) * (configuration.iterations - done)
                progress.step(done / configuration.iterations, _status(done, configuration.iterations, losses, history, left))
                if done % configuration.validate_every and done != configuration.iterations:
                    continue
                entry = {"iteration": done, "loss": processes.average(float(np.mean(losses)), device)}
                losses.clear()
                if not processes.leads:
                    continue
                entry |= validate(network, plan)
                history.append(entry)
                # At the end of a cosine the weights have settled; those of its middle only ever look better by chance.
                settled = plan.configuration.schedule == "cosine" and done == configuration.iterations
                judged_by = plan.configuration.judged_by if plan.configuration.judged_by in entry else "mae"
                better = settled or not best or not plan.split.validation or entry[judged_by] <= best[judged_by]
                if better:
                    best, best_weights = entry, {k: v.detach().cpu().clone() for k, v in network.state_dict().items()}
                progress.log(", ".join(f"{key} {value:.4g}" for key, value in entry.items()))
                state = {"identity": plan.identity(), "iteration": done, "history": history, "best": best}
                save_checkpoint(checkpoint, state, network, optimiser, best_weights)
                if better and done < configuration.iterations:
                    on_better(_result(plan, best_weights, history, best, done))
    except (Cancelled, KeyboardInterrupt):
        if not best:
            raise
        return _result(plan, best_weights, history, best, done)
    result = _result(plan, best_weights or network.state_dict(), history, best)
    return replace(result, network=shrunk(result.network, plan, progress)) if processes.leads else result


def _step(
    plan: TrainingPlan, network: ReanalysisNetwork, shared: torch.nn.Module, optimiser: torch.optim.Optimizer, batch: Sample, iteration: int
) -> float:
    """One step of the optimiser; the loss of this process's samples."""
    for group in optimiser.param_groups:
        group["lr"] = learning_rate(plan.configuration, iteration)
    shared.train()
    if plan.only_background:
        network.unet.eval()
    optimiser.zero_grad(set_to_none=True)
    value, parts = 0.0, plan.configuration.accumulate
    for part in in_parts(batch, parts):
        part = on_device(part, plan.device)
        with training_autocast(plan.device, plan.precision):
            stations = stations_with_backgrounds(network, part, plan.cell_km)
            output = shared(part.values, part.mask, part.maps, part.maps_known, stations=stations)
        loss = training_loss(network, output, part, plan.configuration.loss) / parts
        if loss.requires_grad:  # not where no background of the batch says anything, and nothing else is trained
            loss.backward()
        value += loss.item()
        del output, loss  # before the next part begins: what they hold is most of the memory
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimiser.step()
    if not math.isfinite(value):
        raise InputError(
            f"the loss is {value} at iteration {iteration + 1}: the training has diverged; lower the learning rate "
            f"({plan.configuration.learning_rate:g}), or look for impossible values in the CTM files"
        )
    return value


def _fit(network: ReanalysisNetwork, plan: TrainingPlan, progress: Progress) -> None:
    """See `fit_into_memory`; normalisation over several processes is not computed again."""
    whole, crop = plan.data[0].land.shape, plan.configuration.crop
    shape = tuple(min(side, crop or side) for side in whole)
    with training_autocast(plan.device, plan.precision):
        dtype = torch.bfloat16 if torch.is_autocast_enabled(plan.device.type) else torch.float32
    batch = plan.configuration.batch // plan.configuration.accumulate
    memory, free = memory_of_training(network, batch, shape, dtype), free_memory(plan.device)
    if free is not None and plan.device.type == "cpu":  # torchrun says how many share this machine
        free //= int(os.environ.get("LOCAL_WORLD_SIZE") or 1)
    fit_into_memory(network, memory, free, batch, progress, plan.processes.count == 1, plan.configuration.accumulate)


def _duration(seconds: float, iterations: int) -> str:
    total = seconds * iterations
    told = f"{total / 3600:.1f} hours" if total >= 5400 else f"{total / 60:.0f} minutes" if total >= 90 else f"{total:.0f} s"
    return f"an iteration takes {seconds:.2g} s: the {iterations} that are left will take about {told}, validation not counted"


def _status(done: int, iterations: int, losses: list[float], history: list[dict[str, Any]], seconds: float) -> str:
    score = f", validation RMSE {history[-1]['rmse']:.4g}" if history and "rmse" in history[-1] else ""
    left = f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
    return f"iteration {done}/{iterations}, loss {np.mean(losses[-50:]):.4f}{score}, {left} left"


def _result(
    plan: TrainingPlan, weights: dict[str, Tensor], history: list[dict[str, Any]], best: dict[str, Any], stopped_at: int | None = None
) -> TrainingResult:
    network = ReanalysisNetwork(plan.network)
    network.load_state_dict(weights)
    return TrainingResult(network.eval(), list(history), best, stopped_at)


def _check_identity(checkpoint: Path, found: dict[str, Any], plan: TrainingPlan) -> None:
    expected = plan.identity()
    # Settings that are newer than the checkpoint had their defaults.
    kinds = {"network": NetworkConfiguration, "training": TrainingConfiguration}
    found = {**found, **{key: json.loads(json.dumps(kind.from_dict(found.get(key, {})).to_dict())) for key, kind in kinds.items()}}
    if found == expected:
        return
    differing = [key for key in {**expected, **found} if found.get(key) != expected.get(key)]
    raise InputError(
        f"the checkpoint '{checkpoint}' belongs to a training with other settings or data (other: {', '.join(differing)}); "
        "give the same ones, or start without --resume"
    )
