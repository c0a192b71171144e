"""The training loop: CTM days in, a network that has learnt how their fields look out."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from model_core.configuration import NetworkConfiguration, TrainingConfiguration
from model_core.device import training_autocast
from model_core.errors import InputError
from model_core.network.reanalysis_network import NetworkOutput, ReanalysisNetwork
from model_core.progress import Progress
from model_core.scores import scores
from model_core.training.checkpoint import load_checkpoint, save_checkpoint
from model_core.training.samples import Sample, TrainingDays, draw_sample, stack

MOST_VALIDATION_DAYS = 12


@dataclass(frozen=True)
class TrainingResult:
    """The best validated network, and how the training went.

    `history` holds one entry per validation: iteration, loss (mean since the last one) and the mean of the
    daily scores on held-out days.
    """

    network: ReanalysisNetwork
    history: list[dict[str, Any]]
    best: dict[str, Any]


@dataclass(frozen=True)
class Split:
    """Which days of which data set are trained on, and which are held out: pairs (data set, day)."""

    training: list[tuple[int, int]]
    validation: list[tuple[int, int]]


def split_by_time(lengths: list[int], share: float) -> Split:
    """Hold out the last `share` of each data set's days; a day at least where there are two or more."""
    training, validation = [], []
    for number, length in enumerate(lengths):
        held = min(max(round(length * share), 1), length - 1) if share and length > 1 else 0
        training += [(number, day) for day in range(length - held)]
        validation += [(number, day) for day in range(length - held, length)]
    return Split(training, validation)


def train_network(
    data: list[TrainingDays], network_configuration: NetworkConfiguration, configuration: TrainingConfiguration,
    device: torch.device, seed: int, checkpoint: Path, resume: bool, progress: Progress,
) -> TrainingResult:
    """Train, validating on held-out days and writing a checkpoint each `validate_every` iterations.

    Every iteration draws from its own generator, seeded by (seed, iteration): a resumed training sees the
    samples that an uninterrupted one would have seen.

    Raises
    ------
    InputError
        If there is no day to train on, the target is missing, or the checkpoint does not belong to this training.
    """
    for days in data:
        if network_configuration.target not in days.fields:
            raise InputError(f"no field of the target '{network_configuration.target}' in the CTM files")
    split = split_by_time([len(days.fields[network_configuration.target]) for days in data], configuration.validation_share)
    if not split.training:
        raise InputError("the CTM files hold no day to train on")

    torch.manual_seed(seed)
    network = ReanalysisNetwork(network_configuration).to(device, memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=configuration.learning_rate, weight_decay=configuration.weight_decay
    )
    identity = {
        "network": network_configuration.to_dict(), "training": configuration.to_dict(), "seed": seed,
        "days": [len(split.training), len(split.validation)],
    }
    start, history, best = 0, [], {}
    best_weights: dict[str, Tensor] = {}
    if resume and checkpoint.is_file():
        state, best_weights = load_checkpoint(checkpoint, network, optimiser)
        if state["identity"] != _as_json(identity):
            raise InputError(
                f"the checkpoint '{checkpoint}' belongs to a training with other settings or data; "
                "give the same ones, or start without --resume"
            )
        start, history, best = state["iteration"], state["history"], state["best"]
        progress.log(f"resumed at iteration {start}")

    losses: list[float] = []
    began = time.monotonic()
    for iteration in range(start, configuration.iterations):
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(configuration, iteration)
        rng = np.random.default_rng([seed, iteration])
        batch = stack(_draw_batch(data, split.training, network_configuration, configuration, rng), device)
        network.train()
        optimiser.zero_grad(set_to_none=True)
        with training_autocast(device):
            output = network(batch.values, batch.mask, batch.maps, batch.maps_known)
        loss = training_loss(network, output, batch, configuration.loss)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        losses.append(loss.item())

        done = iteration + 1
        left = (time.monotonic() - began) / (done - start) * (configuration.iterations - done)
        progress.step(
            done / configuration.iterations,
            f"iteration {done}/{configuration.iterations}, loss {np.mean(losses[-50:]):.4f}, {left / 60:.0f} min left",
        )
        if done % configuration.validate_every == 0 or done == configuration.iterations:
            entry = {"iteration": done, "loss": float(np.mean(losses))}
            entry |= validate(network, data, split.validation, configuration, device, seed)
            history.append(entry)
            losses.clear()
            if not best or not split.validation or entry["mae"] <= best["mae"]:
                best = entry
                best_weights = {key: value.detach().cpu().clone() for key, value in network.state_dict().items()}
            progress.log(", ".join(f"{key} {value:.4g}" for key, value in entry.items()))
            state = {"identity": identity, "iteration": done, "history": history, "best": best}
            save_checkpoint(checkpoint, state, network, optimiser, best_weights)
    network.load_state_dict(best_weights)
    return TrainingResult(network.eval(), history, best)


def training_loss(network: ReanalysisNetwork, output: NetworkOutput, batch: Sample, kind: str) -> Tensor:
    """Scalar loss over all valid cells; see `TrainingConfiguration.loss`."""
    cells = batch.valid.sum((1, 2)).clamp_min(1)
    if kind == "mae":
        scale = network.configuration.transform_of(network.configuration.target).scale
        return (((output.field - batch.truth).abs() / scale * batch.valid).sum((1, 2)) / cells).mean()
    standardised = (output.standardised - network.standardise(batch.truth, output)).abs()
    mean = (batch.truth * batch.valid).sum((1, 2)) / cells
    variance = ((batch.truth - mean[:, None, None]) ** 2 * batch.valid).sum((1, 2)) / cells
    # One unit (1 ug m-3) keeps a flat field from dividing by nothing.
    spread = torch.sqrt(variance)[:, None, None] + 1.0
    original = F.smooth_l1_loss(output.field / spread, batch.truth / spread, reduction="none")
    return (((0.5 * standardised + 0.5 * original) * batch.valid).sum((1, 2)) / cells).mean()


def validate(
    network: ReanalysisNetwork, data: list[TrainingDays], held_out: list[tuple[int, int]],
    configuration: TrainingConfiguration, device: torch.device, seed: int,
) -> dict[str, float]:
    """Mean of the daily scores on land, over at most twelve held-out days, with the same stations each time."""
    network.eval()
    daily = []
    chosen = np.unique(np.linspace(0, len(held_out) - 1, min(len(held_out), MOST_VALIDATION_DAYS)).round().astype(int))
    for number in chosen if held_out else ():
        source, day = held_out[number]
        # The offset keeps these generators apart from those of the iterations.
        rng = np.random.default_rng([seed, 10**9 + int(number)])
        sample = draw_sample(data[source], day, network.configuration, configuration, rng, whole=True)
        batch = stack([sample], device)
        with torch.inference_mode(), training_autocast(device):
            field = network(batch.values, batch.mask, batch.maps, batch.maps_known).field
        evaluated = data[source].land & (sample.valid > 0)
        daily.append(scores(np.maximum(field[0].float().cpu().numpy()[evaluated], 0), sample.truth[evaluated]))
    return {key: float(np.mean([s[key] for s in daily])) for key in ("rmse", "mae", "r2_det", "nme")} if daily else {}


def learning_rate(configuration: TrainingConfiguration, iteration: int) -> float:
    """A short linear warm-up, then constant or down to zero along a cosine."""
    warm_up = min(200, configuration.iterations // 10 + 1)
    if iteration < warm_up:
        return configuration.learning_rate * (iteration + 1) / warm_up
    if configuration.schedule == "constant":
        return configuration.learning_rate
    share = (iteration - warm_up) / max(configuration.iterations - warm_up, 1)
    return configuration.learning_rate * 0.5 * (1 + np.cos(np.pi * share))


def _draw_batch(
    data: list[TrainingDays], days: list[tuple[int, int]], network: NetworkConfiguration,
    configuration: TrainingConfiguration, rng: np.random.Generator,
) -> list[Sample]:
    # A batch comes from one data set, whose fields have one size; sets are chosen by their number of days.
    source = days[rng.integers(len(days))][0]
    own = [day for number, day in days if number == source]
    return [
        draw_sample(data[source], own[rng.integers(len(own))], network, configuration, rng)
        for _ in range(configuration.batch)
    ]


def _as_json(values: dict[str, Any]) -> dict[str, Any]:
    """Values as they come back from JSON: lists instead of tuples."""
    import json

    return json.loads(json.dumps(values))
