"""Ordinary kriging of each day's readings as a layer: one small system of equations, spread by Fourier transform.

The covariance is exponential. Its range and nugget are fitted to the day's readings by restricted maximum
likelihood, held by a weak prior, so that a handful of readings gives a sane field too. In its dual form kriging
is a convolution of the stations' weights with the covariance (Cressie 1993, sec. 3.4.5), so the field of a day
costs one Cholesky factorisation and three transforms, whatever the number of cells.

Maps may act as external drift: the readings' slopes on them are estimated by generalised least squares with a ridge.
With kriged maps at hand the drift is a product: kriging with drift is kriging plus slope times contrast, where a map's
contrast is what it has in excess of its own kriged field.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from scipy.fft import next_fast_len
from torch import Tensor
from torch.nn import functional as F

from model_core.network.spreading import spread_by_parts

# Ranges (e-folding distances in cells) and nuggets (shares of the variance) that are tried.
RANGES = (3.0, 6.0, 12.0, 25.0, 50.0, 100.0, 200.0)
NUGGETS = (0.03, 0.08, 0.16, 0.3, 0.5)
# Prior on both, as mean and standard deviation in logs.
RANGE_PRIOR = (math.log(25.0), 1.0)
NUGGET_PRIOR = (math.log(0.12), 1.0)
# Standard deviation of a slope on a map: standardised readings change by this much in 1 km of height, or from country to city.
DRIFT_PRIOR = 0.5
# Systems larger than these are thinned (for the fit) or averaged over blocks of cells (for the field).
MOST_IN_FIT = 256
MOST_IN_SYSTEM = 2000
# Cells of a grid that is transformed as a whole, which takes some 100 bytes each.
MOST_TRANSFORMED = 4_000_000


class Variogram(NamedTuple):
    """Exponential covariance: e-folding distance in cells, share of the nugget, and the variance of both together."""

    distance: float
    nugget: float
    variance: float


class KrigedDay(NamedTuple):
    """What kriging makes of one day.

    Attributes
    ----------
    fields : (quantities, rows, columns)
    variogram : the covariance they were made with
    slopes : (quantities, maps), of each quantity on each map
    """

    fields: Tensor
    variogram: Variogram
    slopes: Tensor


@torch.no_grad()
def krige(
    quantities: Tensor, mask: Tensor, coarse_from: int | None = None, factor: int = 2, zero_mean: bool = False,
    offsets: Tensor | None = None,
) -> KrigedDay:
    """Krige several quantities that were read at the same cells.

    The covariance is fitted to the first quantity.

    Parameters
    ----------
    quantities : Tensor
        What was read, about standardised; any finite number where nothing was. Shape (quantities, rows, columns).
    mask : Tensor
        How many readings the cell's value is the mean of, 0 where there is none; shape (rows, columns).
        The nugget of a mean of n readings is an n-th of that of one.
    coarse_from, factor : int
        Quantities from this one on are maps: they act as external drift in the fit, slopes on them are estimated, and
        they are spread on blocks of factor x factor cells and refined bilinearly, which is quicker and enough for them.
    zero_mean : bool
        Simple kriging about zero, which far from every reading tends to zero, in place of ordinary kriging.
    offsets : Tensor
        Where in its cell a reading was taken: rows south and columns east of its centre, shape (2, rows, columns);
        without it, in the centre.

    Returns
    -------
    KrigedDay
        float32; zeros where there is no reading at all.
    """
    shape, device = mask.shape, mask.device
    first_map = len(quantities) if coarse_from is None else coarse_from
    cells = torch.nonzero(mask > 0)
    if not len(cells):
        return KrigedDay(
            torch.zeros(quantities.shape, device=device), Variogram(math.exp(RANGE_PRIOR[0]), 1.0, 0.0),
            torch.zeros(first_map, len(quantities) - first_map, device=device),
        )
    read = quantities[:, cells[:, 0], cells[:, 1]].double().T  # (stations, quantities)
    places, counts = cells.double(), mask[cells[:, 0], cells[:, 1]].double()
    if offsets is not None:
        places = places + offsets[:, cells[:, 0], cells[:, 1]].double().T
    block = 1
    while len(places) > MOST_IN_SYSTEM:
        block *= 2
        places, read, counts = _block_means(cells, mask, quantities, block)

    ones = torch.ones_like(read[:, :1])
    variogram = _fit(places, counts, read[:, 0], torch.cat([ones, read[:, first_map:]], dim=1))
    covariance = (1 - variogram.nugget) * torch.exp(-torch.cdist(places, places) / variogram.distance)
    covariance.diagonal().add_(variogram.nugget / counts)
    solved = torch.cholesky_solve(torch.cat([read, ones], dim=1), torch.linalg.cholesky(covariance))
    mean = solved[:, :-1].sum(0) / solved[:, -1].sum() * (not zero_mean)
    solved = solved[:, :-1] - solved[:, -1:] * mean  # of the departures from the mean
    products = read[:, first_map:].T @ solved
    ridge = torch.eye(len(products), dtype=torch.float64, device=device) / DRIFT_PRIOR**2
    slopes = torch.linalg.solve(products[:, first_map:] + ridge, products[:, :first_map]).T.float()

    weights = (solved * (1 - variogram.nugget)).float()
    parts = [_spread(weights[:, :first_map], places, shape, variogram.distance, block)]
    if len(quantities) > first_map:
        parts.append(_spread(weights[:, first_map:], places, shape, variogram.distance, max(factor, block)))
    return KrigedDay(torch.cat(parts) + mean.float()[:, None, None], variogram, slopes)


def _fit(places: Tensor, counts: Tensor, read: Tensor, drift: Tensor) -> Variogram:
    """Range and nugget of greatest restricted likelihood times prior, over the table of both.

    Parameters
    ----------
    drift : (stations, 1 + maps), ones and the maps
    """
    step = -(-len(places) // MOST_IN_FIT)
    places, counts, read, drift = (x[::step] for x in (places, counts, read, drift))
    n = len(places)
    device = places.device
    # A choice from a table needs no more digits than float32 has: the nuggets keep the systems well conditioned.
    places, counts, read, drift = places.float(), counts.float(), read.float(), drift.float()
    ranges = torch.tensor(RANGES, device=device)
    nuggets = torch.tensor(NUGGETS, device=device)
    correlation = torch.exp(-torch.cdist(places, places)[None] / ranges[:, None, None])
    covariance = (1 - nuggets)[None, :, None, None] * correlation[:, None]
    covariance.diagonal(dim1=-2, dim2=-1).add_(nuggets[None, :, None] / counts)
    factorised = torch.linalg.cholesky(covariance)
    columns = torch.cat([read[:, None], drift], dim=1)
    whitened = torch.linalg.solve_triangular(
        factorised, columns.expand(*factorised.shape[:2], *columns.shape), upper=False
    )
    products = whitened.mT @ whitened
    ridge = torch.ones(drift.shape[1], device=device) / DRIFT_PRIOR**2
    ridge[0] = 0  # the mean is free
    normal, right = products[..., 1:, 1:] + torch.diag(ridge), products[..., 1:, :1]
    # A few readings can't tell the variance: two pseudo-readings of variance 1 (they are standardised) hold it.
    squares = (products[..., 0, 0] - (right * torch.linalg.solve(normal, right)).sum((-2, -1))).clamp_min(0) + 2
    degrees = n - 1 + 2
    logarithm = (
        -degrees / 2 * torch.log(squares / degrees)
        - torch.log(factorised.diagonal(dim1=-2, dim2=-1)).sum(-1) - torch.logdet(normal) / 2
        - ((torch.log(ranges) - RANGE_PRIOR[0]) / RANGE_PRIOR[1])[:, None] ** 2 / 2
        - ((torch.log(nuggets) - NUGGET_PRIOR[0]) / NUGGET_PRIOR[1])[None] ** 2 / 2
    )
    i, j = divmod(int(logarithm.argmax()), len(NUGGETS))
    return Variogram(RANGES[i], NUGGETS[j], float(squares[i, j] / degrees))


def _block_means(cells: Tensor, mask: Tensor, quantities: Tensor, block: int) -> tuple[Tensor, Tensor, Tensor]:
    """Mean places and readings of the stations in each block of cells, and how many readings there are."""
    columns = quantities.shape[-1] // block + 1
    blocks, member = torch.unique(cells[:, 0] // block * columns + cells[:, 1] // block, return_inverse=True)
    readings = mask[cells[:, 0], cells[:, 1]].double()

    def total(x: Tensor) -> Tensor:
        return torch.zeros(len(blocks), *x.shape[1:], dtype=torch.float64, device=cells.device).index_add_(0, member, x)

    counts = total(readings)

    def mean(x: Tensor) -> Tensor:
        return total(x * readings[:, None]) / counts[:, None]

    return mean(cells.double()), mean(quantities[:, cells[:, 0], cells[:, 1]].double().T), counts


def _spread(weights: Tensor, places: Tensor, shape: torch.Size, distance: float, factor: int) -> Tensor:
    """Sum over stations of weight times exp(-distance / range) at every cell, on blocks of `factor` cells."""
    rows, columns = (-(-side // factor) for side in shape)
    lengths = [next_fast_len(2 * side - 1, real=True) for side in (rows, columns)]
    device = weights.device
    if rows * columns > MOST_TRANSFORMED:
        at = torch.floor_divide(places + 0.5, factor).long()
        field = spread_by_parts(weights, at, (rows, columns), factor / distance)
    else:
        near = [torch.arange(length, device=device, dtype=torch.float32) for length in lengths]
        near = [torch.minimum(x, length - x) for x, length in zip(near, lengths)]
        kernel = torch.exp(-torch.sqrt(near[0][:, None] ** 2 + near[1][None] ** 2) * (factor / distance))
        sources = _at_nodes(weights, (places + 0.5) / factor - 0.5, (rows, columns))
        field = torch.fft.irfft2(torch.fft.rfft2(sources, lengths) * torch.fft.rfft2(kernel), lengths)[:, :rows, :columns]
    if factor == 1:
        return field
    fine = F.interpolate(field[None], scale_factor=factor, mode="bilinear", align_corners=False)[0]
    return fine[:, : shape[0], : shape[1]]


def _at_nodes(weights: Tensor, places: Tensor, shape: tuple[int, int]) -> Tensor:
    """The stations' weights shared out bilinearly among the four centres round each; (quantities, rows, columns)."""
    sources = torch.zeros(weights.shape[1], *shape, device=weights.device)
    quantity = torch.arange(weights.shape[1], device=weights.device)[:, None]
    last = torch.tensor(shape, device=weights.device) - 1
    first = torch.floor(places)
    part = (places - first).float()
    for down in (0, 1):
        for right in (0, 1):
            share = (part[:, 0] if down else 1 - part[:, 0]) * (part[:, 1] if right else 1 - part[:, 1])
            at = torch.minimum((first.long() + torch.tensor([down, right], device=weights.device)).clamp_min(0), last)
            sources.index_put_((quantity, at[None, :, 0], at[None, :, 1]), (weights * share[:, None]).T, accumulate=True)
    return sources
