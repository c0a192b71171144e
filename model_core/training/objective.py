"""What a training minimises, and how fast."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from model_core.configuration import TrainingConfiguration
from model_core.network.network_output import NetworkOutput
from model_core.network.reanalysis_network import ReanalysisNetwork
from model_core.training.samples import Sample


def training_loss(network: ReanalysisNetwork, output: NetworkOutput, batch: Sample, kind: str) -> Tensor:
    """Scalar loss over all valid cells; see `TrainingConfiguration.loss`."""
    cells = batch.valid.sum((1, 2)).clamp_min(1)
    if kind == "mae":
        scale = network.configuration.transform_of(network.configuration.target).scale
        return (((output.field - batch.truth).abs() / scale * batch.valid).sum((1, 2)) / cells).mean()
    if kind == "mean":
        return _mean_loss(network, output, batch)
    standardised = (output.standardised - network.standardise(batch.truth, output)).abs()
    mean = (batch.truth * batch.valid).sum((1, 2)) / cells
    variance = ((batch.truth - mean[:, None, None]) ** 2 * batch.valid).sum((1, 2)) / cells
    # One unit (1 ug m-3) keeps a flat field from dividing by nothing.
    spread = torch.sqrt(variance)[:, None, None] + 1.0
    original = F.smooth_l1_loss(output.field / spread, batch.truth / spread, reduction="none")
    return (((0.5 * standardised + 0.5 * original) * batch.valid).sum((1, 2)) / cells).mean()


def _mean_loss(network: ReanalysisNetwork, output: NetworkOutput, batch: Sample) -> Tensor:
    """See `TrainingConfiguration.loss`, "mean"."""
    c = network.configuration
    weight = batch.valid
    if "urban" in c.covariates:  # stations stand, and people breathe, in cities
        index = c.covariates.index("urban")
        weight = weight * (0.25 + (5 * batch.maps[:, index] * batch.maps_known[:, index]).clamp(0, 1))
    total = weight.sum((1, 2)).clamp_min(1e-6)

    def average(x: Tensor) -> Tensor:
        return (x * weight).sum((1, 2)) / total

    if output.background_sd is None:
        mean = average(batch.truth)
        unit = (torch.sqrt(average((batch.truth - mean[:, None, None]) ** 2)) + 1.0)[:, None, None]
    else:  # what kriging leaves open, so that cells near stations count as much as those far from them
        unit = output.background_sd.detach() + 0.5
    # Quadratic up to errors of three units: the mean is asked for, and a robust loss would stay below it.
    loss = average(F.smooth_l1_loss(output.field / unit, batch.truth / unit, reduction="none", beta=3.0) * 3)
    if output.sd is not None:
        loss = loss + 0.1 * average(unlikelihood(output.field.detach(), output.sd, batch.truth, batch.noise[:, None, None]))
    return loss.mean()


def unlikelihood(mean: Tensor, sd: Tensor, truth: Tensor, noise: Tensor) -> Tensor:
    """Negative logarithm of the log-normal likelihood of noisy readings of the truth, averaged over their noise.

    It leaves the mean alone, which the other terms decide; errors count up to four standard deviations.
    """
    mean, truth = mean.clamp_min(0.5), truth.clamp_min(0.5)
    variance = torch.log1p((sd / mean) ** 2)
    error = torch.log(truth) - (torch.log(mean) - variance / 2)
    square = torch.minimum(error**2, 16 * variance.detach()) + noise**2
    return torch.log(variance) / 2 + square / (2 * variance)


def learning_rate(configuration: TrainingConfiguration, iteration: int) -> float:
    """A short linear warm-up, then constant or down to zero along a cosine."""
    warm_up = min(200, configuration.iterations // 10 + 1)
    if iteration < warm_up:
        return configuration.learning_rate * (iteration + 1) / warm_up
    if configuration.schedule == "constant":
        return configuration.learning_rate
    share = (iteration - warm_up) / max(configuration.iterations - warm_up, 1)
    return configuration.learning_rate * 0.5 * (1 + np.cos(np.pi * share))
