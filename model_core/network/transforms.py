"""A variable's fixed transform, and back."""

from __future__ import annotations

import torch
from torch import Tensor

from model_core.configuration import Transform


def transform(x: Tensor, rule: Transform) -> Tensor:
    """Apply a variable's fixed transform; logs take negative values as 0."""
    if rule.kind == "log":
        return torch.log(x.clamp_min(0) + rule.offset) / rule.scale
    return (x - rule.offset) / rule.scale


def inverse(x: Tensor, rule: Transform) -> Tensor:
    """Undo `transform`."""
    if rule.kind == "log":
        # exp(12) is far above any concentration; the bound keeps a stray activation finite.
        return torch.exp((x * rule.scale).clamp(max=12.0)) - rule.offset
    return x * rule.scale + rule.offset
