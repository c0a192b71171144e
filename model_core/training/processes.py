"""One training by several processes, as torchrun starts them: who this one is, and how they keep together."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Iterator

import torch
from torch import Tensor, distributed, nn

from model_core.errors import InputError

# Preparing the days of decades takes the first process hours, in which the others wait.
_PATIENCE = timedelta(hours=24)


@dataclass(frozen=True)
class Processes:
    """This process among those of a training; alone by default."""

    count: int = 1
    rank: int = 0
    local_rank: int = 0

    @property
    def leads(self) -> bool:
        """Whether this is the one that prepares, validates and writes."""
        return self.rank == 0

    def wait(self) -> None:
        """Go on when all have come here."""
        if self.count > 1:
            distributed.barrier()

    def average(self, value: float, device: torch.device) -> float:
        """The mean of a number over the processes."""
        if self.count == 1:
            return value
        total = torch.tensor([value], dtype=torch.float64, device=device)
        distributed.all_reduce(total)
        return float(total.item()) / self.count


@contextmanager
def training_processes(device_name: str) -> Iterator[Processes]:
    """Join the group that torchrun's environment describes; without torchrun this process is alone.

    Processes exchange through nccl where they train on GPUs, each on its own, and through gloo on processors.

    Raises
    ------
    InputError
        If there are more processes on this machine than GPUs.
    """
    count = int(os.environ.get("WORLD_SIZE") or 1)
    if count == 1:
        yield Processes()
        return
    local_rank = int(os.environ.get("LOCAL_RANK") or 0)
    on_gpu = device_name == "cuda" or (device_name == "auto" and torch.cuda.is_available())
    if on_gpu:
        if local_rank >= torch.cuda.device_count():
            raise InputError(
                f"process {local_rank} of this machine finds {torch.cuda.device_count()} GPUs; start as many processes "
                "as there are GPUs, or choose the device cpu"
            )
        torch.cuda.set_device(local_rank)
    distributed.init_process_group("nccl" if on_gpu else "gloo", timeout=_PATIENCE)
    try:
        yield Processes(count, distributed.get_rank(), local_rank)
    finally:
        distributed.destroy_process_group()


def shared_by(processes: Processes, network: nn.Module, device: torch.device) -> nn.Module:
    """The network as all processes train it together: with one gradient, and normalised over all their samples.

    Batch normalisation is replaced inside `network`, so call this before the optimiser takes its parameters; the names
    of its weights stay.
    """
    if processes.count == 1:
        return network
    if device.type == "cuda":
        converted = nn.SyncBatchNorm.convert_sync_batchnorm(network)
    else:
        converted = _gather_statistics(network)
    return nn.parallel.DistributedDataParallel(
        converted,
        device_ids=[device.index] if device.type == "cuda" else None,
        forward_sync_buffers=False,  # they are equal already, because the statistics are
        find_unused_parameters=True,  # the paper's network has no far background, whose trust then stays unused
    )


class GatheredBatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation over the samples of all processes; torch's own (SyncBatchNorm) does not run on processors."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (batch, channels, rows, columns); in evaluation as `BatchNorm2d` does."""
        if not self.training:
            return super().forward(x)
        values = x.float()
        # Every process has the same number of samples of the same size.
        number = values.numel() // values.shape[1] * distributed.get_world_size()
        mean = _sum_over_processes(values.sum((0, 2, 3))) / number
        centred = values - mean[:, None, None]
        variance = _sum_over_processes((centred**2).sum((0, 2, 3))) / number
        with torch.no_grad():
            self.num_batches_tracked.add_(1)
            self.running_mean.lerp_(mean.detach(), self.momentum)
            self.running_var.lerp_(variance.detach() * number / max(number - 1, 1), self.momentum)
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return (centred * scale[:, None, None] + self.bias[:, None, None]).to(x.dtype)


class _SumOverProcesses(torch.autograd.Function):
    """A sum over processes whose gradient is the sum of theirs: each process's loss depends on everybody's samples."""

    @staticmethod
    def forward(context, x: Tensor) -> Tensor:
        x = x.clone()
        distributed.all_reduce(x)
        return x

    @staticmethod
    def backward(context, gradient: Tensor) -> Tensor:
        gradient = gradient.contiguous().clone()
        distributed.all_reduce(gradient)
        return gradient


def _sum_over_processes(x: Tensor) -> Tensor:
    return _SumOverProcesses.apply(x)


def _gather_statistics(network: nn.Module) -> nn.Module:
    for name, child in network.named_children():
        if isinstance(child, nn.BatchNorm2d):
            gathered = GatheredBatchNorm2d(child.num_features, child.eps, child.momentum)
            gathered.load_state_dict(child.state_dict())
            gathered.weight, gathered.bias = child.weight, child.bias  # what is not trained stays so
            setattr(network, name, gathered.to(child.weight.device))
        else:
            _gather_statistics(child)
    return network
