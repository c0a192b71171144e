"""The day's covariance: an exponential one, fitted to its readings by restricted maximum likelihood with a weak prior.

The prior is there so that a handful of readings gives a sane field too.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, Sequence

import torch
from torch import Tensor

from model_core.side_by_side import meanwhile

if TYPE_CHECKING:
    from model_core.network.local_slopes import LocalSlopes

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
# Of a large covariance so many rows at a time are computed: they stay in the processor's cache.
_ROWS_AT_ONCE = 128


class Variogram(NamedTuple):
    """Exponential covariance: e-folding distance in cells, share of the nugget, and the variance of both together."""

    distance: float
    nugget: float
    variance: float

    def covariance(self, a: Tensor, b: Tensor) -> Tensor:
        """Between places, without the nugget, as a share of the variance; (places of a, places of b)."""
        whole = torch.empty(len(a), len(b), dtype=a.dtype, device=a.device)
        for begin in range(0, len(a), _ROWS_AT_ONCE):
            rows = slice(begin, begin + _ROWS_AT_ONCE)
            whole[rows] = self.of_distance(distances(a[rows], b))
        return whole

    def covariance_below(self, places: Tensor) -> Tensor:
        """Between places, its lower triangle, which is what a Cholesky factorisation reads; what stands above is not set."""
        whole = torch.empty(len(places), len(places), dtype=places.dtype, device=places.device)
        for begin in range(0, len(places), _ROWS_AT_ONCE):
            end = min(begin + _ROWS_AT_ONCE, len(places))
            whole[begin:end, :end] = self.of_distance(distances(places[begin:end], places[:end]))
        return whole

    def of_distance(self, apart: Tensor) -> Tensor:
        """At distances in cells, without the nugget, as a share of the variance."""
        return decaying(apart, self.distance).mul_(1 - self.nugget)


def fit_variogram(
    places: Tensor, counts: Tensor, read: Tensor, drift: Tensor, noise: Tensor | None = None, local: LocalSlopes | None = None
) -> Variogram:
    """Range and nugget of greatest restricted likelihood times prior.

    Many readings are dealt into groups, whose likelihoods are multiplied as if they were independent (a composite
    likelihood, Varin et al. 2011): nearly as good as the whole, and cheap. The first group climbs on the table of ranges
    and nuggets, from the best of every other one to a place that is better than those around it. All groups choose among
    the neighbours of that place, and a parabola through these refines it.

    Parameters
    ----------
    places : (readings, 2), in cells
    counts : (readings,), how many readings each is the mean of
    read : (readings,), about standardised
    drift : (readings, 1 + maps), ones and the maps
    noise : (readings,), variance of each reading's error as a share of the variance, beside its nugget; None for none
    local : what slopes that vary from place to place add to the covariance; None for none
    """
    number = -(-len(places) // MOST_IN_GROUP)
    # A choice from a table needs no more digits than float32 has: the nuggets keep the systems well conditioned.
    # Dealt at random, with one seed, each group holds close pairs as well as distant ones.
    order = torch.randperm(len(places), generator=torch.Generator().manual_seed(0)).to(places.device)
    groups = [
        _Group(*(None if x is None else x.float()[some] for x in (places, counts, read, drift, noise)), local and local.select(some))
        for some in (order[start::number] for start in range(number))
    ]
    i, j = _climb(groups[0])
    rows, columns = _around(i, len(RANGES)), _around(j, len(NUGGETS))
    logarithm, variance = _posterior(groups, rows, columns)
    i, j = divmod(int(logarithm.argmax()), len(columns))
    ranges, nuggets = [RANGES[row] for row in rows], [NUGGETS[column] for column in columns]
    distance = math.exp(_peak([math.log(x) for x in ranges], logarithm[:, j].tolist(), i))
    nugget = math.exp(_peak([math.log(x) for x in nuggets], logarithm[i].tolist(), j))
    return Variogram(distance, nugget, float(variance[i, j]))


class _Group:
    """The restricted likelihood of some readings at places of the table, each computed once.

    Parameters
    ----------
    places, counts, read, drift, noise, local : as for `fit_variogram`
    """

    def __init__(self, places: Tensor, counts: Tensor, read: Tensor, drift: Tensor, noise: Tensor | None, local: LocalSlopes | None = None):
        self._noise = noise
        self._apart, self._counts, self.device = distances(places, places), counts, places.device
        self._of_slopes = None if local is None else local.covariance(self._apart)
        self._columns = torch.cat([read[:, None], drift], dim=1)
        self._ridge = torch.ones(drift.shape[1], device=places.device) / DRIFT_PRIOR**2
        self._ridge[0] = 0  # the mean is free
        self._known: dict[tuple[int, int], Tensor] = {}

    def __len__(self) -> int:
        return len(self._apart)

    def at(self, rows: Sequence[int], columns: Sequence[int]) -> Tensor:
        """Logarithm of the determinants' part of the likelihood, and the sum of squares; (2, rows, columns) of the table."""
        for row in rows:
            lacking = [column for column in columns if (row, column) not in self._known]
            if lacking:
                found = self._compute(RANGES[row], [NUGGETS[column] for column in lacking])
                self._known.update(((row, column), values) for column, values in zip(lacking, found.T))
        return torch.stack([torch.stack([self._known[row, column] for column in columns], dim=1) for row in rows], dim=1)

    def _compute(self, distance: float, nuggets: Sequence[float]) -> Tensor:
        share = torch.tensor(nuggets, device=self.device)
        covariance = (1 - share)[:, None, None] * decaying(self._apart, distance)
        covariance.diagonal(dim1=-2, dim2=-1).add_(share[:, None] / self._counts)
        if self._of_slopes is not None:
            covariance.add_(self._of_slopes)
        if self._noise is not None:
            covariance.diagonal(dim1=-2, dim2=-1).add_(self._noise)
        factorised = torch.linalg.cholesky(covariance)
        whitened = torch.linalg.solve_triangular(factorised, self._columns.expand(len(share), -1, -1), upper=False)
        products = whitened.mT @ whitened
        normal, right = products[:, 1:, 1:] + torch.diag(self._ridge), products[:, 1:, :1]
        squares = (products[:, 0, 0] - (right * torch.linalg.solve(normal, right)).sum((-2, -1))).clamp_min(0)
        logarithm = -torch.log(factorised.diagonal(dim1=-2, dim2=-1)).sum(-1) - torch.logdet(normal) / 2
        return torch.stack([logarithm, squares])


def _climb(group: _Group) -> tuple[int, int]:
    """Row and column of a place of the table whose likelihood times prior is greatest among its neighbours."""
    rows, columns = range(1, len(RANGES), 2), range(1, len(NUGGETS), 2)
    best = int(_posterior([group], rows, columns)[0].argmax())
    i, j = rows[best // len(columns)], columns[best % len(columns)]
    while True:
        rows, columns = _around(i, len(RANGES)), _around(j, len(NUGGETS))
        logarithm = _posterior([group], rows, columns)[0]
        best = int(logarithm.argmax())
        here = rows.index(i) * len(columns) + columns.index(j)
        # Strictly better, so that no tie and no NaN is walked around for ever.
        if best == here or not logarithm.flatten()[best] > logarithm.flatten()[here]:
            return i, j
        i, j = rows[best // len(columns)], columns[best % len(columns)]


def _around(index: int, length: int) -> list[int]:
    return list(range(max(index - 1, 0), min(index + 2, length)))


def _posterior(groups: Sequence[_Group], rows: Sequence[int], columns: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Logarithm of the likelihood times prior, and the variance, at places of the table; (rows, columns) each."""
    scale, share = (
        torch.tensor([table[n] for n in chosen], device=groups[0].device) for table, chosen in ((RANGES, rows), (NUGGETS, columns))
    )
    half = -(-len(groups) // 2)
    others = meanwhile(lambda: [group.at(rows, columns) for group in groups[half:]]) if groups[half:] else list
    logarithm, squares = sum([group.at(rows, columns) for group in groups[:half]] + others())
    # A few readings can't tell the variance: two pseudo-readings of variance 1 (they are standardised) hold it.
    squares, degrees = squares + 2.0, 2 + sum(len(group) - 1 for group in groups)
    logarithm = (
        logarithm
        - degrees / 2 * torch.log(squares / degrees)
        - ((torch.log(scale) - RANGE_PRIOR[0]) / RANGE_PRIOR[1])[:, None] ** 2 / 2
        - ((torch.log(share) - NUGGET_PRIOR[0]) / NUGGET_PRIOR[1])[None] ** 2 / 2
    )
    return logarithm, squares / degrees


def distances(a: Tensor, b: Tensor) -> Tensor:
    """Between places, (..., places of a, places of b)."""
    # Not by matrix products: those lose a tenth of a cell between neighbours. PyTorch's cdist without them takes thrice as long.
    square = (a[..., :, None, 0] - b[..., None, :, 0].contiguous()).square_()
    across = a[..., :, None, 1] - b[..., None, :, 1].contiguous()
    return square.addcmul_(across, across).sqrt_()


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
