"""Blocks of cells: fields made coarser, and fine again."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def block_means(x: Tensor, factor: int) -> Tensor:
    """Means over blocks of factor x factor cells; those at the lower and right edge may hold fewer."""
    if factor == 2 and x.shape[-2] % 2 == x.shape[-1] % 2 == 0:  # four times as fast as the general way
        rows = x[..., ::2, :] + x[..., 1::2, :]
        return (rows[..., ::2] + rows[..., 1::2]) / 4
    return x if factor == 1 else F.avg_pool2d(x, factor, ceil_mode=True, count_include_pad=False)


def block_sum(x: Tensor, factor: int) -> Tensor:
    """Sums over blocks of factor x factor cells; what lacks at the lower and right edge counts as 0."""
    bottom, right = -x.shape[-2] % factor, -x.shape[-1] % factor
    return F.avg_pool2d(F.pad(x, (0, right, 0, bottom)), factor) * factor**2


def refine(x: Tensor, factor: int, shape: tuple[int, ...], origin: tuple[int, int] = (0, 0)) -> Tensor:
    """Blocks refined bilinearly to the cells of a window of some shape; its origin is a multiple of the factor."""
    first = [max(start // factor - 1, 0) for start in origin]  # one block around: the refinement looks that far
    last = [(start + size) // factor + 2 for start, size in zip(origin, shape)]
    x = x[..., first[0] : last[0], first[1] : last[1]]
    fine = F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)
    top, left = (start - block * factor for start, block in zip(origin, first))
    return fine[..., top : top + shape[0], left : left + shape[1]]
