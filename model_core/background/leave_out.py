"""What kriging with drift says of readings that are left out in groups, without kriging once for each group.

With the covariance C of the readings and drift F of known (ridge) or unknown mean, the precision matrix

    Q = C^-1 - C^-1 F (F' C^-1 F + R)^-1 F' C^-1

holds all of them: the errors at the group G are Q_GG^-1 (Q z)_G, and their covariance is Q_GG^-1 (Dubrule 1983,
doi:10.1007/BF01033030, for ordinary kriging with one reading left out; Rasmussen and Williams 2006, sect. 5.4.2, for any
Gaussian model). The slopes are those of the readings that stay; the variogram is that of all.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from model_core.network.variogram import DRIFT_PRIOR, fit_variogram


class LeftOut(NamedTuple):
    """What is said of each reading by those of other groups.

    Attributes
    ----------
    values : (readings, quantities)
    variance : (readings,), the kriging variance of the first quantity, the nugget included
    """

    values: Tensor
    variance: Tensor


class LeaveOut:
    """Kriging of a day's readings, from which groups are left out.

    Parameters
    ----------
    places, counts, noise : as for `kriging.krige`
    read : (readings, quantities); the covariance is fitted to the first
    maps : (readings, maps), the drift
    scale : what quantities are divided by for the fit, see `background_drift.spread_left`
    """

    def __init__(self, places: Tensor, read: Tensor, maps: Tensor, counts: Tensor, noise: Tensor | None = None, scale: float = 1.0):
        read, noise = read / scale, None if noise is None else noise / scale**2
        drift = torch.cat([torch.ones_like(read[:, :1]), maps], dim=1)
        variogram = fit_variogram(places, counts, read[:, 0], drift, noise)
        if noise is not None:  # as a share of the variance, which only a first fit tells
            noise = noise / variogram.variance
            variogram = fit_variogram(places, counts, read[:, 0], drift, noise)
        nuggets = variogram.nugget / counts if noise is None else variogram.nugget / counts + noise
        # In double precision: what is left of a group is a small difference.
        covariance = variogram.covariance(places, places).double()
        covariance.diagonal().add_(nuggets.double())
        inverse, drift = torch.cholesky_inverse(torch.linalg.cholesky(covariance)), drift.double()
        ridge = torch.full((drift.shape[1],), 1 / DRIFT_PRIOR**2, dtype=torch.float64)
        ridge[0] = 0  # the mean is free
        of_drift = inverse @ drift
        self._precision = inverse - of_drift @ torch.linalg.solve(drift.T @ of_drift + torch.diag(ridge), of_drift.T)
        self._read, self._variance, self._scale = read, variogram.variance, scale
        self._weighted = self._precision @ read.double()

    def __call__(self, groups: np.ndarray) -> LeftOut:
        """Each group's readings from those of the others; `groups` are numbers from 0, int (readings,)."""
        errors, variance = torch.empty_like(self._weighted), torch.empty(len(self._read), dtype=torch.float64)
        for members in _members(groups):
            own = torch.linalg.inv(self._precision[members[:, None], members])
            errors[members], variance[members] = own @ self._weighted[members], own.diagonal()
        return LeftOut((self._read - errors.float()) * self._scale, self._variance * variance.float() * self._scale**2)


def _members(groups: np.ndarray) -> list[Tensor]:
    order = np.argsort(groups, kind="stable")
    ends = np.cumsum(np.bincount(groups))
    return [torch.from_numpy(part) for part in np.split(order, ends[:-1]) if len(part)]
