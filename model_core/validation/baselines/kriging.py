"""Ordinary kriging at left-out stations from all others, by PyKrige, on values and on their logs."""

from __future__ import annotations

import numpy as np

from model_core.validation.baselines.variogram import fit_exponential
from model_core.validation.distributions import Gaussian, LogNormal

# ug m-3 (or the target's unit): readings of zero have a logarithm then, and small ones don't rule the variogram.
LOG_OFFSET = 1.0
_FEWEST = 5  # stations for a variogram


def krige_values(position: np.ndarray, value: np.ndarray, at: np.ndarray) -> Gaussian:
    """Kriging of the values; the distribution is Gaussian with the kriging variance.

    Parameters
    ----------
    position : float (stations, 2), plane coordinates in km
    value : float (stations,)
    at : float (places, 2)

    Returns
    -------
    Gaussian
        Of shape (places,); the variance is that of a reading, the nugget included. A mean below zero, which kriging can give
        between unlike stations, is raised to it, as a model's would be. NaN with fewer than five stations.
    """
    mean, sd = _krige(position, value, at)
    return Gaussian(np.maximum(mean, 0), sd)


def krige_logs(position: np.ndarray, value: np.ndarray, at: np.ndarray) -> LogNormal:
    """Kriging of log(value + `LOG_OFFSET`); the distribution is the log-normal of its mean and variance.

    Parameters and result as for `krige_values`; the mean is that of the log-normal, not its median.
    """
    mean, sd = _krige(position, np.log(value + LOG_OFFSET), at)
    back = np.exp(mean + sd**2 / 2)
    return LogNormal(back - LOG_OFFSET, back * np.sqrt(np.expm1(sd**2)), LOG_OFFSET)


def _krige(position: np.ndarray, value: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation at each place."""
    from pykrige.ok import OrdinaryKriging

    # Two readings at one place make the system singular; their mean is what a variogram can speak of.
    place, station, count = np.unique(position, axis=0, return_inverse=True, return_counts=True)
    mean = np.bincount(station.ravel(), value) / count
    if len(place) < _FEWEST:
        return np.full(len(at), np.nan), np.full(len(at), np.nan)
    if np.ptp(mean) <= 1e-9 * max(abs(float(mean[0])), 1e-9):  # no variogram, and nothing to weigh
        return np.full(len(at), mean[0]), np.zeros(len(at))
    kriging = OrdinaryKriging(*place.T, mean, variogram_model="exponential", variogram_parameters=fit_exponential(place, mean))
    predicted, variance = kriging.execute("points", *at.T)
    return np.asarray(predicted, float), np.sqrt(np.maximum(np.asarray(variance, float), 0))
