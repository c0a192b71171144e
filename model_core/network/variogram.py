"""The day's covariance: an exponential one, fitted to its readings by restricted maximum likelihood with a weak prior.

The prior is there so that a handful of readings gives a sane field too.
"""

from __future__ import annotations

import math
from typing import NamedTuple, Sequence

import torch
from torch import Tensor

# Ranges (e-folding distances in cells) and nuggets (shares of the variance) that are tried.
RANGES = (3.0, 6.0, 12.0, 25.0, 50.0, 100.0, 200.0)
NUGGETS = (0.03, 0.08, 0.16, 0.3, 0.5)
# Prior on both, as mean and standard deviation in logs.
RANGE_PRIOR = (math.log(25.0), 1.0)
NUGGET_PRIOR = (math.log(0.12), 1.0)
# Standard deviation of a slope on a map: standardised readings change by this much in 1 km of height, or from country to city.
DRIFT_PRIOR = 0.5
# More readings than these are dealt into groups for the fit.
MOST_IN_GROUP = 256


class Variogram(NamedTuple):
    """Exponential covariance: e-folding distance in cells, share of the nugget, and the variance of both together."""

    distance: float
    nugget: float
    variance: float

    def covariance(self, a: Tensor, b: Tensor) -> Tensor:
        """Between places, without the nugget, as a share of the variance; (places of a, places of b)."""
        return self.of_distance(distances(a, b))

    def of_distance(self, apart: Tensor) -> Tensor:
        """At distances in cells, without the nugget, as a share of the variance."""
        return decaying(apart, self.distance).mul_(1 - self.nugget)


def fit_variogram(places: Tensor, counts: Tensor, read: Tensor, drift: Tensor) -> Variogram:
    """Range and nugget of greatest restricted likelihood times prior.

    Many readings are dealt into groups, whose likelihoods are multiplied as if they were independent (a composite
    likelihood, Varin et al. 2011): nearly as good as the whole, and cheap. The first group chooses from the table of
    ranges and nuggets, all of them among the neighbours of its choice, and a parabola through these refines it.

    Parameters
    ----------
    places : (readings, 2), in cells
    counts : (readings,), how many readings each is the mean of
    read : (readings,), about standardised
    drift : (readings, 1 + maps), ones and the maps
    """
    number = -(-len(places) // MOST_IN_GROUP)
    # A choice from a table needs no more digits than float32 has: the nuggets keep the systems well conditioned.
    # Dealt at random, with one seed, each group holds close pairs as well as distant ones.
    order = torch.randperm(len(places), generator=torch.Generator().manual_seed(0)).to(places.device)
    groups = [[x.float()[order[start::number]] for x in (places, counts, read, drift)] for start in range(number)]
    ranges, nuggets = RANGES, NUGGETS
    i, j = divmod(int(_likelihoods(groups[:1], ranges, nuggets)[0].argmax()), len(nuggets))
    ranges, nuggets = ranges[max(i - 1, 0) : i + 2], nuggets[max(j - 1, 0) : j + 2]
    logarithm, variance = _likelihoods(groups, ranges, nuggets)
    i, j = divmod(int(logarithm.argmax()), len(nuggets))
    distance = math.exp(_peak([math.log(x) for x in ranges], logarithm[:, j].tolist(), i))
    nugget = math.exp(_peak([math.log(x) for x in nuggets], logarithm[i].tolist(), j))
    return Variogram(distance, nugget, float(variance[i, j]))


def _likelihoods(groups: Sequence[Sequence[Tensor]], ranges: Sequence[float], nuggets: Sequence[float]) -> tuple[Tensor, Tensor]:
    """Logarithm of the likelihood times prior, and the variance, for each (range, nugget) of a table."""
    device = groups[0][0].device
    scale, share = torch.tensor(ranges, device=device), torch.tensor(nuggets, device=device)
    # A few readings can't tell the variance: two pseudo-readings of variance 1 (they are standardised) hold it.
    logarithm, squares, degrees = 0.0, 2.0, 2
    for places, counts, read, drift in groups:
        correlation = decaying(distances(places, places)[None], scale[:, None, None])
        covariance = (1 - share)[None, :, None, None] * correlation[:, None]
        covariance.diagonal(dim1=-2, dim2=-1).add_(share[None, :, None] / counts)
        factorised = torch.linalg.cholesky(covariance)
        columns = torch.cat([read[:, None], drift], dim=1)
        whitened = torch.linalg.solve_triangular(
            factorised, columns.expand(*factorised.shape[:2], *columns.shape), upper=False
        )
        products = whitened.mT @ whitened
        ridge = torch.ones(drift.shape[1], device=device) / DRIFT_PRIOR**2
        ridge[0] = 0  # the mean is free
        normal, right = products[..., 1:, 1:] + torch.diag(ridge), products[..., 1:, :1]
        squares = squares + (products[..., 0, 0] - (right * torch.linalg.solve(normal, right)).sum((-2, -1))).clamp_min(0)
        degrees += len(places) - 1
        logarithm = logarithm - torch.log(factorised.diagonal(dim1=-2, dim2=-1)).sum(-1) - torch.logdet(normal) / 2
    logarithm = (
        logarithm - degrees / 2 * torch.log(squares / degrees)
        - ((torch.log(scale) - RANGE_PRIOR[0]) / RANGE_PRIOR[1])[:, None] ** 2 / 2
        - ((torch.log(share) - NUGGET_PRIOR[0]) / NUGGET_PRIOR[1])[None] ** 2 / 2
    )
    return logarithm, squares / degrees


def distances(a: Tensor, b: Tensor) -> Tensor:
    """Between places, (..., places of a, places of b)."""
    # Not by matrix products: those lose a tenth of a cell between neighbours. PyTorch's cdist without them takes thrice as long.
    square = (a[..., :, None, 0] - b[..., None, :, 0]).square_()
    return square.add_((a[..., :, None, 1] - b[..., None, :, 1]).square_()).sqrt_()


def decaying(apart: Tensor, distance: float | Tensor) -> Tensor:
    """exp(-apart / distance), and at its smallest exp(-40): far below what float32 tells from 0 beside 1.

    Smaller ones end as numbers that processors are ten times as slow with.
    """
    return (apart / -distance).clamp_(min=-40.0).exp_()


def _peak(x: list[float], y: list[float], best: int) -> float:
    """Where the parabola through the best of a table and its neighbours peaks; the best itself at the table's ends."""
    if not 0 < best < len(x) - 1:
        return x[best]
    (x0, x1, x2), (y0, y1, y2) = x[best - 1 : best + 2], y[best - 1 : best + 2]
    left, right = (y1 - y0) / (x1 - x0), (y2 - y1) / (x2 - x1)
    bend = (right - left) / (x2 - x0)
    if bend > -1e-9:
        return x1
    return min(max((x0 + x1) / 2 - left / (2 * bend), x0), x2)
