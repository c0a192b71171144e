"""The training loop: CTM days in, a network that has learnt how their fields look out."""

from __future__ import annotations

import json
import math
import os
import time
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from model_core.configuration import NetworkConfiguration, TrainingConfiguration
from model_core.device import training_autocast
from model_core.errors import Cancelled, InputError
from model_core.free_memory import free_memory
from model_core.network.reanalysis_network import NetworkOutput, ReanalysisNetwork
from model_core.network.trust import Trust
from model_core.progress import Progress
from model_core.scores import scores
from model_core.training.backgrounds import grown, only_of_background, stations_with_backgrounds
from model_core.training.batches import BatchDrawer, batches
from model_core.training.checkpoint import load_checkpoint, save_checkpoint
from model_core.training.memory import fit_into_memory, memory_of_training
from model_core.training.objective import learning_rate, training_loss
from model_core.training.processes import Processes, shared_by
from model_core.training.samples import Sample, TrainingDays, draw_sample, in_parts, on_device, stack, without_inputs
from model_core.training.shrinkage import best_share, best_shares, errors_by_share, unlikelihood_by_share
from model_core.training.split import Split

MOST_VALIDATION_DAYS = 12
MOST_SHRINKAGE_DAYS = 36


@dataclass(frozen=True)
class TrainingPlan:
    """All that decides how a training goes.

    Attributes
    ----------
    data, split : the days, and which of them are held out
    network, configuration : see `model_core.configuration`
    seed : of the weights and of everything that is drawn
    precision : see `model_core.device.training_autocast`
    processes : those that share the training; each iteration takes `configuration.batch` samples from each
    start : weights to start from (fine-tuning), or None
    cell_km : side of a cell, which tells readings of one city from those of others
    origin : plain values that a checkpoint must agree with beside the settings, such as the model started from
    """

    data: list[TrainingDays]
    split: Split
    network: NetworkConfiguration
    configuration: TrainingConfiguration
    device: torch.device
    seed: int = 0
    precision: str = "auto"
    processes: Processes = Processes()
    start: dict[str, Tensor] | None = None
    origin: dict[str, Any] = field(default_factory=dict)
    cell_km: float = 12.0

    @property
    def only_background(self) -> bool:
        """Whether nothing is trained but the UNet++ for backgrounds, to add to the correction as it is."""
        return self.start is not None and self.configuration.background_batches == 1

    def identity(self) -> dict[str, Any]:
        """What a checkpoint of this training carries, as it comes back from JSON."""
        identity = {
            "network": self.network.to_dict(),
            "training": self.configuration.to_dict(),
            "seed": self.seed,
            "days": [len(self.split.training), len(self.split.validation)],
            **self.origin,
        }
        if self.processes.count > 1:
            identity["processes"] = self.processes.count
        return json.loads(json.dumps(identity))


@dataclass(frozen=True)
class TrainingResult:
    """The best validated network so far, and how the training went.

    `history` holds one entry per validation: iteration, loss (mean since the last one) and the mean of the
    daily scores on held-out days; `best` is the one of `network`. `stopped_at` is the last iteration of a training that
    was not finished, None for one that was.
    """

    network: ReanalysisNetwork
    history: list[dict[str, Any]]
    best: dict[str, Any]
    stopped_at: int | None = None


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
    network.trust = (
        Trust() if plan.only_background else Trust(shares=plan.network.correction_share)
    )  # by itself, with no other kriging mixed in
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
    return replace(result, network=_shrunk(result.network, plan, progress)) if processes.leads else result


def validate(network: ReanalysisNetwork, plan: TrainingPlan) -> dict[str, float]:
    """Mean of the daily scores on land, over at most twelve held-out days, with the same stations each time."""
    daily = []
    for days, sample, output in predicted(network, plan, MOST_VALIDATION_DAYS):
        evaluated = days.land & (sample.valid > 0)
        daily.append(scores(np.maximum(output.field[0].float().cpu().numpy()[evaluated], 0), sample.truth[evaluated]))
        if plan.only_background:
            output = _adding(output)
        if output.background is not None:
            daily[-1]["rmse_to_background"] = errors_by_share(days, sample, output, plan.network)[-1, -1]
    kinds = [key for key in ("rmse", "mae", "r2_det", "nme", "rmse_to_background") if daily and key in daily[0]]
    return {key: float(np.mean([s[key] for s in daily])) for key in kinds}


def predicted(
    network: ReanalysisNetwork, plan: TrainingPlan, most: int, without: Sequence[str] = (), background: bool | None = None
) -> Iterator[tuple[TrainingDays, Sample, NetworkOutput]]:
    """Held-out days, spread over all of them, with the same stations each time, and what the network makes of them.

    Inputs that are named in `without` are taken away. The days have a background, or have none, as `background` says; None: as many of them as
    batches of the training.
    """
    share = plan.configuration.background_batches if background is None else float(background)
    network.eval()
    held_out = plan.split.validation
    chosen = np.unique(np.linspace(0, len(held_out) - 1, min(len(held_out), most)).round().astype(int))
    for number in chosen if held_out else ():
        source, day = held_out[number]
        # The offset keeps these generators apart from those of the iterations.
        rng = np.random.default_rng([plan.seed, 10**9 + int(number)])
        with_background = bool(share) and np.random.default_rng([plan.seed, 2 * 10**9 + int(number)]).random() < share
        sample = draw_sample(plan.data[source], day, plan.network, plan.configuration, rng, whole=True, with_background=with_background)
        sample = without_inputs(sample, plan.network, without)
        batch = stack([sample], plan.device)
        with torch.inference_mode(), training_autocast(plan.device, plan.precision):
            stations = stations_with_backgrounds(network, batch, plan.cell_km)
            yield plan.data[source], sample, network(batch.values, batch.mask, batch.maps, batch.maps_known, stations=stations)


def _shrunk(network: ReanalysisNetwork, plan: TrainingPlan, progress: Progress) -> ReanalysisNetwork:
    """The network with the share of its correction to kriging that held-out days support."""
    if not (plan.network.kriging and plan.network.output == "correction" and plan.split.validation):
        return network
    network, chosen = network.to(plan.device), {}
    if not plan.only_background:
        network.trust = Trust(shares=plan.network.correction_share)
        errors, unlikelihoods = [], []
        for held_out in predicted(network, plan, MOST_SHRINKAGE_DAYS, background=False):
            errors.append(errors_by_share(*held_out, plan.network))
            if plan.network.uncertainty:
                unlikelihoods.append(unlikelihood_by_share(*held_out, plan.network))
        near, far = best_shares(errors)
        of_sd = best_share(unlikelihoods) if unlikelihoods else 1.0
        told = f" and {of_sd:.0%} of that to the standard deviation" if unlikelihoods else ""
        progress.log(f"{near:.0%} of the correction is applied near stations, {far:.0%} far from them{told}: the best on held-out days")
        chosen = {"correction_share": (near, far), "uncertainty_share": of_sd}
    if plan.configuration.background_batches:
        network.configuration = replace(plan.network, background_share=(1.0, 1.0))
        with_one = predicted(network, plan, MOST_SHRINKAGE_DAYS, background=True)
        errors = [errors_by_share(days, sample, _adding(output), plan.network) for days, sample, output in with_one]
        near, far = best_shares(errors)
        progress.log(f"{near:.0%} of what backgrounds add to it is applied near stations, {far:.0%} far from them")
        chosen["background_share"] = (near, far)
    network.configuration, network.trust = replace(plan.network, **chosen), Trust()
    return network.cpu()


def _adding(output: NetworkOutput) -> NetworkOutput:
    """What a background adds to the field, as if that were all of the correction."""
    return output if output.before_background is None else output._replace(background=output.before_background)


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
    newer = {"network": NetworkConfiguration().to_dict(), "training": TrainingConfiguration().to_dict()}
    found = {**found, **{key: {**json.loads(json.dumps(newer[key])), **found.get(key, {})} for key in newer}}
    if found == expected:
        return
    differing = [key for key in {**expected, **found} if found.get(key) != expected.get(key)]
    raise InputError(
        f"the checkpoint '{checkpoint}' belongs to a training with other settings or data (other: {', '.join(differing)}); "
        "give the same ones, or start without --resume"
    )
