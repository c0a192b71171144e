"""All that decides how a training goes, and what comes of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from model_core.configuration import NetworkConfiguration, TrainingConfiguration
from model_core.network.reanalysis_network import ReanalysisNetwork
from model_core.network.trust import Trust
from model_core.training.processes import Processes
from model_core.training.samples import TrainingDays
from model_core.training.split import Split


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

    @property
    def trust(self) -> Trust:
        """How the network is believed while it is trained: by itself, with no other kriging mixed in; what only backgrounds add, upon all the rest."""
        return Trust() if self.only_background else Trust(shares=self.network.correction_share)

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
