"""The RegrUNet++ as it is used, not trained: the same numbers from fewer and cheaper passes over memory.

Batch normalisation is folded into the convolutions, ReLU runs inside them where oneDNN offers that, and the dense
skips are put side by side in one buffer that is kept: to allocate one of 60 MB anew takes longer than to fill it.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from model_core.network.unetplusplus import RegrUNetPP, pad_to_multiple

_ONE = [1, 1]


class Place(NamedTuple):
    """Where a window lies in a whole field: its first row and column, and the whole's size, each as (first, whole).

    The first ones are multiples of 2 ** (levels - 1), and so is the size of a window that does not end with the whole.
    """

    rows: tuple[int, int]
    columns: tuple[int, int]


class FoldedUNet(nn.Module):
    """A trained `RegrUNetPP` for inference, with the same call.

    Parameters
    ----------
    unet : RegrUNetPP
        In evaluation mode; it is not changed.
    dtype : torch.dtype
        Precision of all but the nodes on the input's own cells and the last, linear layer, which are float32: they carry
        the level of the field itself, and its rounding would come out again. Sums inside a convolution are float32 in
        any case.

    Attributes
    ----------
    whole : Place, or None
        Where what it is called with is only a window of a field; away from the window's rim it then gives what it would
        give for the whole.
    """

    def __init__(self, unet: RegrUNetPP, dtype: torch.dtype = torch.float32):
        super().__init__()
        if unet.training:
            raise ValueError("a network in training mode has no fixed batch normalisation to fold; call eval() first")
        self.levels, self.dtype = unet.levels, dtype
        self.inputs = unet.nodes["0_0"][0].in_channels
        self.nodes = nn.ModuleDict(
            {
                name: nn.ModuleList(
                    fuse_conv_bn_eval(pair[i], pair[i + 1]).to(self._dtype_at(int(name[0])), memory_format=torch.channels_last)
                    for i in (0, 3)
                )
                for name, pair in unet.nodes.items()
            }
        )
        self.head = nn.Conv2d(unet.head.in_channels, unet.head.out_channels, kernel_size=1)
        self.head.load_state_dict(unet.head.state_dict())
        self.head.float()
        self.requires_grad_(False).eval()
        self._buffer = torch.empty(0, dtype=torch.uint8)
        self.whole: Place | None = None

    @torch.inference_mode()
    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, inputs, rows, columns) to float32 (batch, outputs, rows, columns), as `RegrUNetPP` does."""
        rows, columns = x.shape[-2:]
        x = pad_to_multiple(x.float(), 2 ** (self.levels - 1)).contiguous(memory_format=torch.channels_last)
        done: dict[tuple[int, int], Tensor] = {}
        for level in range(self.levels):
            x = self._node(f"{level}_0", x if level == 0 else F.max_pool2d(x, 2).to(self.dtype))
            done[level, 0] = x
        for step in range(1, self.levels):
            for level in range(self.levels - step):
                below = self._refine(done[level + 1, step - 1], level)
                parts = [*(done[level, earlier] for earlier in range(step)), below]
                done[level, step] = self._node(f"{level}_{step}", self._side_by_side(parts))
        return self.head(done[0, self.levels - 1])[..., :rows, :columns]

    def _dtype_at(self, level: int) -> torch.dtype:
        return self.dtype if level else torch.float32

    def _refine(self, x: Tensor, level: int) -> Tensor:
        dtype = self._dtype_at(level)
        if self.whole is None:
            return F.interpolate(x.to(dtype), scale_factor=2, mode="bilinear", align_corners=True)
        # With aligned corners the weights depend on the place in the field, so those of the whole one are needed.
        for axis, (first, whole) in zip((2, 3), (self.whole.rows, self.whole.columns)):
            multiple = 2 ** (self.levels - 1)
            size, start = -(-whole // multiple) * multiple >> level, first >> level
            fine = torch.arange(start, start + 2 * x.shape[axis], device=x.device, dtype=torch.float64)
            place = fine * (size // 2 - 1) / (size - 1) - start // 2
            before = place.floor().clamp(0, x.shape[axis] - 1)
            share = (place - before).to(torch.float32).view((-1, 1) if axis == 2 else (-1,))
            after = (before + 1).clamp(max=x.shape[axis] - 1).long()
            x = torch.lerp(x.index_select(axis, before.long()).float(), x.index_select(axis, after).float(), share)
        return x.to(dtype, memory_format=torch.channels_last)

    def _node(self, name: str, x: Tensor) -> Tensor:
        for convolution in self.nodes[name]:
            x = convolve_relu(x, convolution)
        return x

    def _side_by_side(self, parts: list[Tensor]) -> Tensor:
        """The parts' channels as one channels-last tensor, in the kept buffer: good until the next call."""
        batch, _, rows, columns = parts[0].shape
        channels = sum(part.shape[1] for part in parts)
        dtype, size = parts[0].dtype, batch * rows * columns * channels
        size_in_bytes = size * dtype.itemsize
        if self._buffer.numel() < size_in_bytes or self._buffer.device != parts[0].device:
            self._buffer = torch.empty(size_in_bytes, dtype=torch.uint8, device=parts[0].device)
        joined = self._buffer[:size_in_bytes].view(dtype).view(batch, rows, columns, channels).permute(0, 3, 1, 2)
        return torch.cat(parts, dim=1, out=joined)


def convolve_relu(x: Tensor, convolution: nn.Conv2d) -> Tensor:
    """ReLU of a 3 x 3 convolution, in one pass on a processor with oneDNN."""
    if x.device.type == "cpu" and _ONEDNN_FUSES:
        return torch.ops.mkldnn._convolution_pointwise(x, convolution.weight, convolution.bias, _ONE, _ONE, _ONE, 1, "relu", [], "")
    return convolution(x).relu_()


def _onednn_fuses() -> bool:
    # Not a promised interface of torch: it is tried once, and done without where it is missing or has changed.
    convolution = nn.Conv2d(3, 4, 3, padding=1).to(memory_format=torch.channels_last)
    x = torch.linspace(-1, 1, 3 * 25).view(1, 3, 5, 5).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        try:
            fused = torch.ops.mkldnn._convolution_pointwise(x, convolution.weight, convolution.bias, _ONE, _ONE, _ONE, 1, "relu", [], "")
        except (AttributeError, RuntimeError, TypeError, NotImplementedError):
            return False
        return torch.allclose(fused, convolution(x).relu(), atol=1e-5)


_ONEDNN_FUSES = _onednn_fuses()
