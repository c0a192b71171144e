"""RegrUNet++: the nested UNet++ of Zhou et al. (2018) with a regression output."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint


class RegrUNetPP(nn.Module):
    """Nested UNet++ with dense skips, batch normalisation, ReLU and a linear output.

    With 32 channels and five levels it is the network of the paper (9.16 million parameters).

    Parameters
    ----------
    inputs, outputs : int
        Channels in and out.
    width : int
        Channels of the first level; each level below has twice as many.
    levels : int
        Levels of the pyramid, 2 or more; each halves the resolution.

    Attributes
    ----------
    recompute : bool
        Whether a training keeps only what nodes give, and computes what is inside them again on the way back: half of
        the memory, about a third more time, the same gradients.
    """

    def __init__(self, inputs: int, outputs: int = 1, width: int = 32, levels: int = 5):
        super().__init__()
        if levels < 2 or width < 1:
            raise ValueError(f"a UNet++ needs two levels and one channel or more, got {levels} and {width}")
        self.levels, self.recompute = levels, False
        channels = [width * 2**level for level in range(levels)]
        # nodes["i_j"] is X(i, j) of the paper: level i, j-th node along the dense skip.
        self.nodes = nn.ModuleDict()
        for level in range(levels):
            above = inputs if level == 0 else channels[level - 1]
            self.nodes[f"{level}_0"] = _ConvPair(above, channels[level])
            for step in range(1, levels - level):
                self.nodes[f"{level}_{step}"] = _ConvPair(channels[level] * step + channels[level + 1], channels[level])
        self.head = nn.Conv2d(channels[0], outputs, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, inputs, rows, columns) to (batch, outputs, rows, columns); any size is padded and cropped."""
        rows, columns = x.shape[-2:]
        x = pad_to_multiple(x, 2 ** (self.levels - 1))
        done: dict[tuple[int, int], Tensor] = {}
        for level in range(self.levels):
            x = self._run(self._down, level, x)
            done[level, 0] = x
        for step in range(1, self.levels):
            for level in range(self.levels - step):
                skips = [done[level, earlier] for earlier in range(step)]
                done[level, step] = self._run(self._up, level, done[level + 1, step - 1], *skips)
        return self.head(done[0, self.levels - 1])[..., :rows, :columns]

    def _down(self, level: int, x: Tensor) -> Tensor:
        return self.nodes[f"{level}_0"](x if level == 0 else F.max_pool2d(x, 2))

    def _up(self, level: int, below: Tensor, *skips: Tensor) -> Tensor:
        below = F.interpolate(below, scale_factor=2, mode="bilinear", align_corners=True)
        return self.nodes[f"{level}_{len(skips)}"](torch.cat([*skips, below], dim=1))

    def _run(self, node: Callable[..., Tensor], level: int, *inputs: Tensor) -> Tensor:
        if not (self.recompute and self.training and torch.is_grad_enabled()):
            return node(level, *inputs)
        contexts = lambda: (nullcontext(), self._statistics_left_alone())  # noqa: E731
        return checkpoint(node, level, *inputs, use_reentrant=False, preserve_rng_state=False, context_fn=contexts)

    @contextmanager
    def _statistics_left_alone(self) -> Iterator[None]:
        """A batch that is computed again must not count twice in the running statistics."""
        normalisations = [module for module in self.modules() if isinstance(module, nn.BatchNorm2d)]
        before = [(module.momentum, module.num_batches_tracked.clone()) for module in normalisations]
        for module in normalisations:
            module.momentum = 0.0
        try:
            yield
        finally:
            for module, (momentum, batches) in zip(normalisations, before):
                module.momentum = momentum
                module.num_batches_tracked.copy_(batches)


def pad_to_multiple(x: Tensor, multiple: int) -> Tensor:
    """Pad the lower and right edge of (batch, channels, rows, columns) to a multiple, repeating the edge cells.

    Repeating also works for grids narrower than the padding, where reflection is not defined.
    """
    bottom, right = -x.shape[-2] % multiple, -x.shape[-1] % multiple
    return F.pad(x, (0, right, 0, bottom), mode="replicate") if bottom or right else x


class _ConvPair(nn.Sequential):
    def __init__(self, inputs: int, outputs: int):
        layers: list[nn.Module] = []
        for channels in (inputs, outputs):
            layers += [
                nn.Conv2d(channels, outputs, kernel_size=3, padding=1),
                # Batches are small and of many kinds of days: their statistics are averaged over some fifty.
                nn.BatchNorm2d(outputs, momentum=0.02),
                nn.ReLU(inplace=True),
            ]
        super().__init__(*layers)
