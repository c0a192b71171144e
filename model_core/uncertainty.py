"""The predictive distribution of a concentration: log-normal, given by its mean and standard deviation.

A log-normal is never negative, is skewed as concentrations are, and its quantiles and its score have closed forms.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

# What a reanalysis writes beside the mean when it is asked for quantiles.
PROBABILITIES = (0.05, 0.5, 0.95)
# A mean of zero has no logarithm; no species has a meaningful concentration as small as this.
_SMALLEST_MEAN = 1e-6
# How many readings a change of the interval's width must be learnt from before half of it is believed, and how far it may go.
_DOUBT = 40
_WIDTHS = (0.5, 2.5)
_Z90 = 1.645  # nine in ten values of a standard normal distribution lie so near to 0


def quantiles(mean: np.ndarray, sd: np.ndarray, probabilities: tuple[float, ...] = PROBABILITIES) -> np.ndarray:
    """Quantiles of the distribution.

    Parameters
    ----------
    mean, sd : ndarray
        Of one shape and unit, `mean` 0 or more; NaN where there is none.
    probabilities : from above 0 to below 1

    Returns
    -------
    float32 array (probabilities, ...)
    """
    location, scale = log_parameters(mean, sd)
    return np.stack([np.exp(location + scale * ndtri(p)) for p in probabilities]).astype(np.float32)


def crps(mean: np.ndarray, sd: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Continuous ranked probability score in the unit of the values; 0 is perfect, and with `sd` 0 it is the absolute error.

    The closed form for the log-normal is that of Baran and Lerch (2015), doi:10.1002/qj.2521, eq. 5.
    """
    location, scale = log_parameters(mean, sd)
    observed = np.asarray(observed, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(observed > 0, (np.log(np.maximum(observed, 1e-300)) - location) / scale, -np.inf)
    below = ndtr(z)
    expected = np.exp(location + scale**2 / 2)
    return observed * (2 * below - 1) - 2 * expected * (ndtr(z - scale) + ndtr(scale / np.sqrt(2)) - 1)


def log_parameters(mean: np.ndarray, sd: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the logarithm."""
    mean = np.maximum(np.asarray(mean, float), _SMALLEST_MEAN)
    variance = np.log1p((np.asarray(sd, float) / mean) ** 2)
    return np.log(mean) - variance / 2, np.sqrt(np.maximum(variance, 1e-12))


def standard_errors(mean: np.ndarray, sd: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Errors in the logs, in standard deviations of the log-normal with this mean and sd."""
    location, scale = log_parameters(mean, sd)
    return (np.log(np.maximum(observed, 0.02 * np.maximum(mean, 1e-6))) - location) / scale


def width_factor(quantile: float, number: float) -> float:
    """What standard deviations are multiplied by where nine in ten of so many independent `standard_errors` are not larger than `quantile`.

    Then nine in ten lie in the 90 % interval. The fewer errors there are, the less of the change is believed.
    """
    return float(np.clip((quantile / _Z90) ** (number / (number + _DOUBT)), *_WIDTHS))
