"""Readings that lie far from what all others say of them are moved nearer, so that one odd reading does not spoil the field around it.

With the precision Q of kriging with drift, (Q z)_i / Q_ii is how far reading i lies from what the others say of it, and 1 / Q_ii the
variance of that as a share of the variance (Dubrule 1983, doi:10.1007/BF01033030). Limiting such a distance, as Huber's estimator does
(1964, doi:10.1214/aoms/1177703732), leaves the reading its sign and a bounded say.
"""

from __future__ import annotations

import torch
from torch import Tensor

# With fewer readings none can be told to be odd.
FEWEST = 8


def moved_nearer(read: Tensor, weights: Tensor, factorised: Tensor, of_drift: Tensor, normal: Tensor, limit: float) -> Tensor:
    """The readings, (readings, quantities), none more than `limit` standard deviations from what the others say of it.

    Parameters
    ----------
    read : (readings, quantities)
    weights : Q times the readings, (readings, quantities)
    factorised : lower Cholesky factor of the readings' covariance
    of_drift : the inverse covariance times the drift, its first column that of the mean, (readings, 1 + maps)
    normal : normal matrix of the drift, (1 + maps, 1 + maps)
    limit : in standard deviations, as the readings' own distances have them
    """
    if len(read) < FEWEST:
        return read
    inverse = torch.linalg.solve_triangular(factorised, torch.eye(len(read), device=read.device), upper=False)
    precision = inverse.square().sum(0) - (of_drift @ torch.linalg.inv(normal) * of_drift).sum(1)
    precision = precision.clamp_min(1e-6)[:, None]
    apart = weights / precision
    sd = ((weights * apart).mean(0) / precision).sqrt()
    return read - apart + torch.maximum(torch.minimum(apart, limit * sd), -limit * sd)
