"""An exponential variogram with a nugget, fitted to readings."""

from __future__ import annotations

import numpy as np
from scipy.optimize import least_squares
from scipy.spatial.distance import pdist

_LAGS = 40
# Farther pairs say more about the whole region than about what lies between stations; a third of the diagonal is usual.
_FARTHEST_SHARE = 1 / 3


def fit_exponential(position: np.ndarray, value: np.ndarray) -> dict[str, float]:
    """Partial sill, practical range and nugget of psill (1 - exp(-3 h / range)) + nugget.

    Weighted least squares after Cressie (1985), doi:10.1007/BF01032109: a lag counts by its pairs and by its relative error.
    Lags widen with the distance, so that there are short ones, which decide, in dense networks and enough pairs in sparse ones.

    Parameters
    ----------
    position : float (readings, 2), no two the same
    value : float (readings,), not all the same; 5 or more

    Returns
    -------
    dict with `psill`, `range` and `nugget`, as PyKrige takes them; `range` in the unit of the positions
    """
    distance, half_square = pdist(position), pdist(value[:, None], "sqeuclidean") / 2
    farthest = _FARTHEST_SHARE * float(np.hypot(*np.ptp(position, axis=0)))
    lag = np.minimum((np.sqrt(distance / farthest) * _LAGS).astype(int), _LAGS)
    pairs = np.bincount(lag, minlength=_LAGS + 1)[:_LAGS]
    held = pairs > 0
    if not held.any():  # very few stations, none of them near another
        lag, pairs, held, farthest = np.zeros_like(lag), np.array([len(lag)]), np.array([True]), float(distance.max())
    mean = [np.bincount(lag, weights, len(pairs) + 1)[: len(pairs)][held] / pairs[held] for weights in (distance, half_square)]
    distance, half_square, weight = *mean, np.sqrt(pairs[held] / pairs[held].mean())
    variance = float(np.var(value))

    def misfit(parameters: np.ndarray) -> np.ndarray:
        psill, reach, nugget = np.exp(parameters)
        return weight * (half_square / variance / (nugget + psill * -np.expm1(-3 * distance / (reach * farthest))) - 1)

    bounds = np.log([(1e-2, 30.0), (1e-2, 30.0), (1e-3, 3.0)])  # in variances of the readings, and farthest lags
    psill, reach, nugget = np.exp(least_squares(misfit, np.log([1.0, 1.0, 0.05]), bounds=bounds.T).x)
    return {"psill": psill * variance, "range": reach * farthest, "nugget": nugget * variance}
