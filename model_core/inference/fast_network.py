"""A trained network with its heavy part exchanged for the fast one."""

from __future__ import annotations

import copy

import torch

from model_core.inference.folded_unet import FoldedUNet
from model_core.network.reanalysis_network import ReanalysisNetwork


def fast_network(network: ReanalysisNetwork, device: torch.device, dtype: torch.dtype) -> ReanalysisNetwork:
    """A copy of the network on a device whose UNet++s are folded and compute in `dtype`.

    What comes before it (normalised convolutions, kriging, the day's standardisation) keeps its own precision.
    """
    # deepcopy takes for done what its memory holds: the trained UNet++s are exchanged, not copied.
    fast = copy.deepcopy(network, {id(unet): FoldedUNet(unet, dtype) for unet in network.unets})
    return fast.to(device).eval()
