"""Ordinary kriging of one day's readings as a layer: one system of equations, spread by Fourier transform.

In its dual form kriging is a convolution of the stations' weights with the covariance (Cressie 1993, sec. 3.4.5), so the
field of a day costs one Cholesky factorisation and three transforms, whatever the number of cells. Around a station the
cells hold what makes the field right where it is read, between their centres too (`kriging_tips`).

Maps may act as external drift: the readings' slopes on them are estimated by generalised least squares with a ridge.
With kriged maps at hand the drift is a product: kriging with drift is kriging plus slope times contrast, where a map's
contrast is what it has in excess of its own kriged field. Slopes may also differ from place to place (`local_slopes`).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from scipy.fft import next_fast_len
from torch import Tensor

from model_core.network.blocks import refine
from model_core.network.kriging_tips import cubic_shares, with_tips
from model_core.network.kriging_variance import left_by_nearest, unexplained
from model_core.network.local_slopes import LocalSlopes
from model_core.network.outlying import moved_nearer
from model_core.network.spreading import spread_by_parts
from model_core.network.variogram import DRIFT_PRIOR, NUGGET_PRIOR, RANGES, Variogram, distances, fit_variogram
from model_core.side_by_side import meanwhile

# Readings of systems larger than this are averaged over blocks of cells.
MOST_IN_SYSTEM = 2000
# Cells of a grid that is transformed as a whole, which takes some 100 bytes each.
MOST_TRANSFORMED = 4_000_000
# Cells around the grid that stations at its rim are shared out to.
_MARGIN = 2


class KrigedDay(NamedTuple):
    """What kriging makes of one day.

    Attributes
    ----------
    fields : (quantities, rows, columns)
    variogram : the covariance they were made with
    slopes : (quantities, maps), of each quantity on each map
    unexplained : (rows, columns), the kriging variance of a reading, its nugget included, as a share of the variance:
        1 and more where the readings tell no more than their mean
    slopes_covariance : (maps, maps), of the slopes of the first quantity, as a share of the variance; 0 of maps that do not act
    """

    fields: Tensor
    variogram: Variogram
    slopes: Tensor
    unexplained: Tensor
    slopes_covariance: Tensor


@torch.no_grad()
def krige(
    places: Tensor,
    read: Tensor,
    shape: tuple[int, int],
    *,
    counts: Tensor | None = None,
    first_map: int | None = None,
    factor: int = 2,
    zero_mean: bool = False,
    noise: Tensor | None = None,
    drift: Tensor | None = None,
    local: LocalSlopes | None = None,
    limit: float = 0.0,
) -> KrigedDay:
    """Krige several quantities that were read at the same places.

    The covariance is fitted to the first quantity.

    Parameters
    ----------
    places : Tensor
        Rows south and columns east of the centre of the first cell, (readings, 2).
    read : Tensor
        What was read there, about standardised, (readings, quantities).
    shape : (int, int)
        Rows and columns of the grid.
    counts : Tensor
        How many readings each is the mean of, (readings,); 1 by default. The nugget of a mean of n readings is an n-th of
        that of one.
    first_map, factor : int
        Quantities from this one on are maps: they act as external drift in the fit, slopes on them are estimated, and
        they are spread on blocks of factor x factor cells and refined bilinearly, which is quicker and enough for them.
    noise : Tensor
        Variance of the error of each reading in the units of the first quantity, (readings,), which adds to its nugget; None for none.
    drift : Tensor
        Which of the maps act as external drift, bool (maps,); the slopes on others are 0. None: all of them.
    local : LocalSlopes
        Maps whose slopes vary from place to place; None for none. `unexplained` tells of these as little as of the slopes themselves.
    limit : float
        Readings lie at most so many standard deviations from what the others say of them (`outlying`); 0 for no limit.
    zero_mean : bool
        Simple kriging about zero, which far from every reading tends to zero, in place of ordinary kriging.

    Returns
    -------
    KrigedDay
        float32; without any reading zeros, with nothing explained.
    """
    device, quantities = places.device, read.shape[1]
    first_map = quantities if first_map is None else first_map
    if not len(places):
        return KrigedDay(
            torch.zeros(quantities, *shape, device=device),
            Variogram(RANGES[len(RANGES) // 2], 1.0, 1.0),
            torch.zeros(first_map, quantities - first_map, device=device),
            torch.ones(shape, device=device),
            torch.zeros(quantities - first_map, quantities - first_map, device=device),
        )
    counts = torch.ones(len(places), device=device) if counts is None else counts.float()
    # Half the digits are enough, and take half the time: the nuggets keep the systems well conditioned.
    places, read = places.float(), read.float()
    block, columns = 1, read.shape[1]
    noise = None if noise is None else noise.float()
    whole = places, read if local is None else torch.cat([read, local.at], dim=1), counts, noise
    while len(places) > MOST_IN_SYSTEM:
        block *= 2
        places, read, counts, noise = _block_means(*whole, block)
        if local is not None:
            read, at = read.split([columns, local.at.shape[1]], dim=1)
            local = local._replace(at=at)

    ones = torch.ones_like(read[:, :1])
    acting = slice(None) if drift is None else drift.to(device)
    explaining = torch.cat([ones, read[:, first_map:][:, acting]], dim=1)
    variogram = fit_variogram(places, counts, read[:, 0], explaining, noise, local)
    if noise is not None:  # as a share of the variance, which only a first fit tells
        noise = noise / variogram.variance
        variogram = fit_variogram(places, counts, read[:, 0], explaining, noise, local)
    nuggets = variogram.nugget / counts if noise is None else variogram.nugget / counts + noise
    by_nearest = meanwhile(lambda: left_by_nearest(places, nuggets, variogram, shape))
    covariance = variogram.covariance_below(places)
    covariance.diagonal().add_(nuggets)
    plain = factorised = torch.linalg.cholesky(covariance)
    if local is not None:
        factorised = torch.linalg.cholesky(covariance.add_(local.covariance(distances(places, places))))
    solved = torch.cholesky_solve(torch.cat([read, ones], dim=1), factorised)
    mean = solved[:, :-1].sum(0) / solved[:, -1].sum() * (not zero_mean)
    of_ones = solved[:, -1]
    solved = solved[:, :-1] - of_ones[:, None] * mean  # of the departures from the mean
    slopes, normal = _slopes(read, solved, first_map, acting)
    if limit:
        maps = solved[:, first_map:]
        about = factorised, torch.cat([of_ones[:, None], maps[:, acting]], dim=1), torch.block_diag(of_ones.sum(), normal)
        nearer = moved_nearer(read[:, :first_map], solved[:, :first_map] - maps @ slopes.T, *about, limit)
        mean[:first_map] = of_ones @ nearer / of_ones.sum() * (not zero_mean)
        solved = torch.cat([torch.cholesky_solve(nearer, factorised) - of_ones[:, None] * mean[:first_map], maps], dim=1)
        slopes = _slopes(read, solved, first_map, acting)[0]
    of_slopes = torch.zeros(quantities - first_map, quantities - first_map, device=device)
    own = torch.arange(len(of_slopes), device=device)[acting]
    of_slopes[own[:, None], own] = torch.linalg.inv(normal)

    def variance() -> Tensor:
        of_mean = of_ones if local is None else torch.cholesky_solve(ones, plain)[:, 0]
        return unexplained(places, variogram, plain, None if zero_mean else of_mean, by_nearest, shape)

    left = meanwhile(variance)
    weights = solved * (1 - variogram.nugget)
    parts = [_spread(weights[:, :first_map], places, shape, variogram.distance, block)]
    if quantities > first_map:
        parts.append(_spread(weights[:, first_map:], places, shape, variogram.distance, max(factor, block)))
    fields = torch.cat(parts) + mean[:, None, None]
    if local is not None:
        fields = fields + local.spread(solved, places, _spread_on_blocks, block)
    return KrigedDay(fields, variogram, slopes, left(), of_slopes)


def _slopes(read: Tensor, solved: Tensor, first_map: int, acting: Tensor | slice) -> tuple[Tensor, Tensor]:
    """Slopes on the maps that act, (quantities, maps), 0 on others; and the normal matrix of those that act.

    Parameters
    ----------
    read, solved : (readings, quantities and maps), and the system's solution for their departures from the mean
    """
    maps = read[:, first_map:]
    products = maps[:, acting].T @ solved
    normal = products[:, first_map:][:, acting] + torch.eye(len(products), device=read.device) / DRIFT_PRIOR**2
    slopes = torch.zeros(first_map, maps.shape[1], device=read.device)
    slopes[:, acting] = torch.linalg.solve(normal, products[:, :first_map]).T
    return slopes, normal


def _block_means(
    places: Tensor, read: Tensor, counts: Tensor, noise: Tensor | None, block: int
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """Mean places and readings of the stations in each block of cells, how many readings there are, and the noise of their mean.

    Where there is noise, they are weighed by the inverse of it and of a usual nugget.
    """
    rows, columns = torch.floor((places + 0.5) / block).long().T
    blocks, member = torch.unique(rows * (columns.max() + 1) + columns, return_inverse=True)

    def total(x: Tensor) -> Tensor:
        # In double precision: the order in which a card adds must not show.
        return torch.zeros(len(blocks), *x.shape[1:], dtype=torch.float64, device=x.device).index_add_(0, member, x.double())

    weights = counts if noise is None else counts / (1 + counts * noise / math.exp(NUGGET_PRIOR[0]))
    whole = total(weights)

    def mean(x: Tensor) -> Tensor:
        return (total(x * weights[:, None]) / whole[:, None]).float()

    if noise is None:
        return mean(places), mean(read), whole.float(), None
    return mean(places), mean(read), (whole**2 / total(weights**2 / counts)).float(), (total(weights**2 * noise) / whole**2).float()


def _spread(weights: Tensor, places: Tensor, shape: torch.Size, distance: float, factor: int) -> Tensor:
    """Sum over stations of weight times exp(-distance / range) at every cell, by way of blocks of `factor` cells."""
    field = _spread_on_blocks(weights, places, shape, distance, factor)
    return field if factor == 1 else refine(field[None], factor, shape)[0]


def _spread_on_blocks(weights: Tensor, places: Tensor, shape: tuple[int, int], distance: float, factor: int) -> Tensor:
    """The sum at the centres of blocks of `factor` x `factor` cells."""
    rows, columns = (-(-side // factor) for side in shape)
    lengths = [next_fast_len(2 * (side + 2 * _MARGIN) - 1, real=True) for side in (rows, columns)]
    device = weights.device
    places = (places + 0.5) / factor - 0.5
    if rows * columns > MOST_TRANSFORMED:
        places = torch.floor(places + 0.5)
        field = spread_by_parts(weights, places.long(), (rows, columns), factor / distance)
    else:
        near = [torch.arange(length, device=device, dtype=torch.float32) for length in lengths]
        near = [torch.minimum(x, length - x) for x, length in zip(near, lengths)]
        kernel = torch.exp(-torch.sqrt(near[0][:, None] ** 2 + near[1][None] ** 2) * (factor / distance))
        sources = _at_nodes(weights, places, (rows, columns))
        spectrum = torch.fft.rfft2(sources, lengths) * torch.fft.rfft2(kernel)
        # Back in two steps: rows outside the grid are left out of the second.
        field = torch.fft.irfft(torch.fft.ifft(spectrum, dim=-2)[:, _MARGIN : _MARGIN + rows], lengths[1])
        field = field[..., _MARGIN : _MARGIN + columns]
    return with_tips(field.contiguous(), weights, places, factor / distance)


def _at_nodes(weights: Tensor, places: Tensor, shape: tuple[int, int]) -> Tensor:
    """The stations' weights shared out among the 4 x 4 centres round each; (quantities, rows + 2 margins, columns + 2 margins)."""
    columns = shape[1] + 2 * _MARGIN
    first = torch.floor(places)
    down, right = (cubic_shares((places - first)[:, axis]) for axis in (0, 1))
    steps = torch.arange(-1, 3, device=weights.device) + _MARGIN
    row, column = (first[:, axis, None].long() + steps for axis in (0, 1))
    at = (row[:, :, None] * columns + column[:, None]).reshape(-1)
    shares = (down[:, :, None] * right[:, None]).reshape(len(places), 16)
    sources = torch.zeros(weights.shape[1], (shape[0] + 2 * _MARGIN) * columns, device=weights.device)
    sources.index_add_(1, at, (weights.T[:, :, None] * shares).reshape(weights.shape[1], -1))
    return sources.view(weights.shape[1], -1, columns)
