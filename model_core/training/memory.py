"""How much memory a training takes, from the shapes of its network, and what is done where that is more than there is.

Nearly all of it is what autograd keeps of the UNet++ for the way back. It is counted by sending a batch without contents
(torch's "meta" device) through the UNet++.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import nn

from model_core.errors import InputError
from model_core.network.reanalysis_network import ReanalysisNetwork
from model_core.network.unetplusplus import RegrUNetPP
from model_core.progress import Progress

GB = 1e9
# What may be taken of the memory that is free: other programs want some too.
SHARE_OF_FREE = 0.85


class TrainingMemory(NamedTuple):
    """Bytes at the peak of an iteration: with everything kept for the way back, and with the UNet++'s nodes computed again."""

    kept: int
    recomputed: int


def memory_of_training(
    network: ReanalysisNetwork, batch: int, shape: tuple[int, int], dtype: torch.dtype = torch.float32
) -> TrainingMemory:
    """Estimate for a batch of samples of `shape` (rows, columns), with convolutions in `dtype`."""
    c = network.configuration
    size = [-(-side // c.unet_factor) for side in shape]
    kept = outputs = largest = channels = 0
    for unet in network.unets:
        first = unet.nodes["0_0"][0]
        like = RegrUNetPP(first.in_channels, unet.head.out_channels, first.out_channels, c.levels)
        of_unet = _elements(like.to("meta"), (batch, first.in_channels, *size))
        kept, outputs, largest = kept + of_unet[0], outputs + of_unet[1], max(largest, of_unet[2])
        channels += first.in_channels
    weights = 4 * 4 * sum(parameter.numel() for parameter in network.parameters())  # with gradient and two moments, float32
    cells = batch * shape[0] * shape[1]
    # PointConv keeps float64 fields with their spectra of each variable; the channels are made, joined and kept in float32.
    # Kriging's share is measured (batches of 4 on 192 x 192 cells).
    before = cells * (8 * 16 * len(c.station_variables) + 2 * 4 * channels + 400 * c.kriging)
    fixed = weights + before + 2 * largest * dtype.itemsize  # gradients of the node that is on its way back
    return TrainingMemory(fixed + kept * dtype.itemsize, fixed + (outputs + largest) * dtype.itemsize)


def fit_into_memory(
    network: ReanalysisNetwork,
    memory: TrainingMemory,
    free: int | None,
    batch: int,
    progress: Progress,
    can_recompute: bool = True,
    parts: int = 1,
) -> None:
    """Say what the training takes, and let the UNet++ compute its nodes again on the way back where it must.

    The gradients are the same either way, to the last bits of rounding; computing again takes about a third more time. `memory` is
    that of `batch` samples, one of the `parts` that a step is computed in.

    Raises
    ------
    InputError
        If they do not fit even so; the message says in how many parts they would.
    """
    allowed = None if free is None else SHARE_OF_FREE * free
    have = "how much is free is not known" if free is None else f"{free / GB:.1f} GB are free"
    needed = memory.kept
    if allowed is not None and needed > allowed and can_recompute:
        needed = memory.recomputed
    if allowed is not None and needed > allowed:
        fitting = int(batch * allowed / needed)
        whole = batch * parts
        equal = next((n for n in range(parts + 1, whole + 1) if whole % n == 0 and whole // n <= fitting), None)
        remedy = (
            f"choose --accumulate {equal}, which computes a batch in {equal} parts, or --batch {fitting}"
            if equal
            else "train on smaller windows (training.crop), a narrower network (network.width)"
        )
        raise InputError(f"a batch of {batch} needs about {needed / GB:.1f} GB, and {have}: {remedy}, or close other programs")
    again = needed != memory.kept
    for unet in network.unets:
        unet.recompute = again
    how = f", computing the network's nodes again on the way back ({memory.kept / GB:.1f} GB otherwise)" if again else ""
    what = f"a batch of {batch}" if parts == 1 else f"a batch of {batch * parts} in {parts} parts"
    progress.log(f"{what} needs about {needed / GB:.1f} GB of memory{how}; {have}")


def _elements(unet: RegrUNetPP, shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Numbers that autograd keeps in all, those of the nodes' outputs, and those kept in the largest node."""
    kept: dict[int, Any] = {}
    own = {id(parameter) for parameter in unet.parameters()}
    outputs, nodes, entered = [0], [0], [0]

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        if id(tensor) not in own:
            kept[tensor.untyped_storage()._cdata] = tensor  # held, so that no other storage gets its number
        return tensor

    def count() -> int:
        return sum(tensor.untyped_storage().nbytes() // tensor.element_size() for tensor in kept.values())

    def enter(module: nn.Module, arguments: tuple) -> None:
        entered[0] = count()

    def leave(module: nn.Module, arguments: tuple, output: torch.Tensor) -> None:
        outputs[0] += output.numel()
        nodes[0] = max(nodes[0], count() - entered[0])

    for node in unet.nodes.values():
        node.register_forward_pre_hook(enter)
        node.register_forward_hook(leave)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        unet.train()(torch.empty(shape, device="meta", requires_grad=True))
    return count(), outputs[0], nodes[0]
