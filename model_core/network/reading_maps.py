"""Maps read where readings were taken."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def at_places(maps: Tensor, places: Tensor) -> Tensor:
    """Maps (maps, rows, columns) at places, bilinear between the centres of cells, (places, maps)."""
    if not len(maps) or not len(places):
        return maps.new_zeros(len(places), len(maps))
    last = torch.tensor(maps.shape[-2:], device=maps.device) - 1
    grid = (places / last.clamp_min(1) * 2 - 1).flip(-1)  # grid_sample wants x first, from -1 to 1
    return F.grid_sample(maps[None], grid[None, None], mode="bilinear", padding_mode="border", align_corners=True)[0, :, 0].T
