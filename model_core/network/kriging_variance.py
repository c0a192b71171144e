"""How much of the variance kriging leaves unexplained, cell by cell, in a fraction of the time that the exact sum takes.

Exactly it takes the whole system of equations for every cell. But the nearest few readings decide nearly all: those are
solved for, in every cell around a station, and in blocks of cells elsewhere. What the others add varies slowly: it is
computed exactly on a wide mesh, as a ratio.
"""

from __future__ import annotations

from typing import Callable, NamedTuple

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor
from torch.nn import functional as F

from model_core.network.blocks import refine
from model_core.network.variogram import Variogram

NEAREST = 8
# Side in cells of the blocks far from stations, how many of them the exact ones are apart, and how far around a station's cell is near.
BLOCK, WIDE, NEAR = 4, 4, 1
# Grids with more blocks than these get larger ones; and how many places are solved at a time.
_MOST_BLOCKS, _AT_ONCE = 1_000_000, 4096


class LeftByNearest(NamedTuple):
    """The variance share that simple kriging from the nearest readings leaves.

    Attributes
    ----------
    wide : at the places of the exact sum, (wide rows, wide columns)
    field : in every cell, (rows, columns)
    """

    wide: Tensor
    field: Tensor


def left_by_nearest(places: Tensor, nuggets: Tensor, variogram: Variogram, shape: tuple[int, int]) -> LeftByNearest:
    """The part of `unexplained` that does without the factorised covariance.

    Parameters
    ----------
    places, nuggets : of the readings, in cells, (readings, 2), and what each has of its own as a share of the variance, (readings,)
    """
    block = _block(shape)
    blocks, wide = (_centres(shape, size, places.device) for size in (block, block * WIDE))
    near = _near(places, shape)
    asked = [blocks.reshape(-1, 2), wide.reshape(-1, 2), near.float()]
    of_blocks, of_wide, of_near = _from_nearest(places, nuggets, variogram, torch.cat(asked)).split([len(x) for x in asked])
    field = _refined(of_blocks.reshape(blocks.shape[:2]), block, shape).contiguous()
    field[near[:, 0], near[:, 1]] = of_near
    return LeftByNearest(of_wide.reshape(wide.shape[:2]), field)


def unexplained(
    places: Tensor,
    variogram: Variogram,
    factorised: Tensor,
    of_ones: Tensor | None,
    by_nearest: Callable[[], LeftByNearest],
    shape: tuple[int, int],
) -> Tensor:
    """The kriging variance of a reading in each cell, its nugget included, as a share of the variance.

    Parameters
    ----------
    places : of the readings, in cells, (readings, 2)
    factorised : lower Cholesky factor of their covariance
    of_ones : solution of the system for ones, (readings,), where the mean is estimated (ordinary kriging); None where it is known
    by_nearest : gives what `left_by_nearest` makes of the readings; asked last, as it may be on its way

    Returns
    -------
    Tensor
        float32 (rows, columns).
    """
    wide = _block(shape) * WIDE
    covariance = variogram.covariance(_centres(shape, wide, places.device).reshape(-1, 2), places)
    # From the right: as libraries store matrices, this takes half the time of a system with as many columns.
    exact = 1 - torch.linalg.solve_triangular(factorised.mT, covariance, upper=True, left=False).square_().sum(1)
    if of_ones is not None:
        exact = exact + (1 - covariance @ of_ones) ** 2 / of_ones.sum()
    nearest = by_nearest()
    ratio = _refined(exact.clamp_min(variogram.nugget).reshape(nearest.wide.shape) / nearest.wide, wide, shape)
    return (nearest.field * ratio).clamp_min(variogram.nugget)


def _block(shape: tuple[int, int]) -> int:
    """Side in cells of the blocks of a grid."""
    block = BLOCK
    while -(-shape[0] // block) * -(-shape[1] // block) > _MOST_BLOCKS:
        block *= 2
    return block


def _near(places: Tensor, shape: tuple[int, int]) -> Tensor:
    """Rows and columns of the cells around stations, (cells, 2)."""
    there = torch.zeros(shape, device=places.device)
    rows, columns = (torch.floor(places[:, axis] + 0.5).long().clamp(0, shape[axis] - 1) for axis in (0, 1))
    there[rows, columns] = 1
    return torch.nonzero(F.max_pool2d(there[None], 2 * NEAR + 1, stride=1, padding=NEAR)[0])


def _centres(shape: tuple[int, int], block: int, device: torch.device) -> Tensor:
    """Centres of the blocks in cells, (block rows, block columns, 2)."""
    axes = [torch.arange(-(-size // block), device=device) * block + (block - 1) / 2 for size in shape]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1)


def _from_nearest(places: Tensor, nuggets: Tensor, variogram: Variogram, at: Tensor) -> Tensor:
    """Variance share that simple kriging from the nearest readings leaves, (at,)."""
    nearest = min(NEAREST, len(places))
    tree, axes, parts = cKDTree(places.cpu().numpy()), places.T.contiguous(), []
    for some in at.split(_AT_ONCE):
        found = tree.query(some.cpu().numpy(), nearest, workers=torch.get_num_threads())[1].reshape(len(some), nearest)
        neighbours = torch.from_numpy(found.T.astype(np.int64)).to(places.device)
        rows, columns = (torch.cat([x[neighbours], y[None]]) for x, y in zip(axes, some.T))  # (nearest + 1, places) each
        across = columns[:, None] - columns
        apart = (rows[:, None] - rows).square_().addcmul_(across, across).sqrt_()
        covariance = variogram.of_distance(apart)
        own = torch.cat([nuggets[neighbours], torch.full_like(some[None, :, 0], variogram.nugget)])
        covariance.diagonal(dim1=0, dim2=1).add_(own.T)
        parts.append(_left_of_last(covariance))
    return torch.cat(parts)


def _left_of_last(covariance: Tensor) -> Tensor:
    """The variance of the last of some quantities that the others leave, (n, n, systems) to (systems,); `covariance` is used up.

    It is the last pivot of Gaussian elimination. All small systems together, step by step, take less time than a
    factorisation each.
    """
    for step in range(len(covariance) - 1):
        share = covariance[step + 1 :, step] / covariance[step, step]
        covariance[step + 1 :, step + 1 :] -= share[:, None] * covariance[step, step + 1 :]
    return covariance[-1, -1]


def _refined(blocks: Tensor, factor: int, shape: tuple[int, int]) -> Tensor:
    return refine(blocks[None, None], factor, shape)[0, 0]
