"""Kriging with external drift (KED) at left-out stations: maps such as elevation explain a part, kriging spreads the rest.

With the field of a chemical transport model as its only map this is regression kriging on the CTM: the two differ in how the
sums are written, not in what comes out (Hengl et al. 2007, doi:10.1016/j.cageo.2007.05.001).
"""

from __future__ import annotations

from typing import Mapping

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.spatial.distance import cdist

from model_core.validation.baselines.kriging import LOG_OFFSET
from model_core.validation.baselines.variogram import fit_exponential
from model_core.validation.distributions import Gaussian, LogNormal

_FEWEST = 5  # stations for a variogram, beside one for each map
# The residuals depend on the slopes, these on the variogram, and that on the residuals; after two rounds nothing changes that counts.
_ROUNDS = 2
_SAME = 1e-6  # share of a map's spread below which other maps, or a constant, say all that it says


def krige_drift_values(position: np.ndarray, value: np.ndarray, at: np.ndarray, maps: np.ndarray, maps_at: np.ndarray) -> Gaussian:
    """Kriging of the values with the maps as external drift; the distribution is Gaussian with the kriging variance.

    Parameters
    ----------
    position : float (stations, 2), plane coordinates in km
    value : float (stations,)
    at : float (places, 2)
    maps, maps_at : float (stations, maps), (places, maps)
        What the maps say there, in any unit. An unknown value (NaN) counts as the mean of the known ones at the stations.

    Returns
    -------
    Gaussian
        Of shape (places,); the variance is that of a reading, the nugget included, and holds that of the slopes. A mean below
        zero is raised to it. NaN with fewer stations than five and one for each map.
    """
    mean, sd = krige_with_drift(position, value, at, maps, maps_at)
    return Gaussian(np.maximum(mean, 0), sd)


def krige_drift_logs(position: np.ndarray, value: np.ndarray, at: np.ndarray, maps: np.ndarray, maps_at: np.ndarray) -> LogNormal:
    """Kriging of log(value + `LOG_OFFSET`) with the maps as external drift; parameters as for `krige_drift_values`.

    The distribution is the log-normal of the kriged log and its variance; its mean is that of the log-normal, not its median.
    """
    mean, sd = krige_with_drift(position, np.log(value + LOG_OFFSET), at, maps, maps_at)
    back = np.exp(mean + sd**2 / 2)
    return LogNormal(back - LOG_OFFSET, back * np.sqrt(np.expm1(sd**2)), LOG_OFFSET)


def krige_with_drift(
    position: np.ndarray,
    value: np.ndarray,
    at: np.ndarray,
    maps: np.ndarray,
    maps_at: np.ndarray,
    variogram: Mapping[str, float] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of kriging with external drift at `at`; parameters as for `krige_drift_values`.

    `variogram` is that of the residuals, as `fit_exponential` gives it; by default it is fitted.

    With f the constant and the maps at a place, F those at the stations, C the covariance of the readings and c that of the
    readings with the place (Chiles and Delfiner 2012, Geostatistics, sect. 3.4.4; Wackernagel 2003, ch. 37):

        b        = (F' C^-1 F)^-1 F' C^-1 z
        mean     = f' b + c' C^-1 (z - F b)
        variance = nugget + sill - c' C^-1 c + g' (F' C^-1 F)^-1 g,  g = f - F' C^-1 c

    The exponential covariance is fitted to the residuals z - F b as ordinary kriging's is to the readings: first those of least
    squares, then those of generalised least squares with that covariance (Neuman and Jacobson 1984, doi:10.1007/BF01886329).
    """
    place, station, count = np.unique(position, axis=0, return_inverse=True, return_counts=True)
    mean_of_place = np.stack([np.bincount(station.ravel(), column) / count for column in (value, *_filled(maps, maps).T)], axis=1)
    read, (drift, drift_at) = mean_of_place[:, 0], _standardised(mean_of_place[:, 1:], _filled(maps_at, maps))
    if len(place) < _FEWEST + drift.shape[1] - 1:
        return np.full(len(at), np.nan), np.full(len(at), np.nan)
    slopes = np.linalg.lstsq(drift, read, rcond=None)[0]
    apart, apart_at = cdist(place, place), cdist(place, at)
    for _ in range(_ROUNDS):
        residual = read - drift @ slopes
        if np.ptp(residual) <= 1e-9 * max(float(np.abs(read).max()), 1e-9):  # the maps say it all: nothing is left to krige
            return drift_at @ slopes, np.zeros(len(at))
        fitted = variogram or fit_exponential(place, residual)
        reach, sill, nugget = fitted["range"] / 3, fitted["psill"], fitted["nugget"]
        covariance = sill * np.exp(-apart / reach)
        covariance[np.diag_indices_from(covariance)] += nugget
        factor = cho_factor(covariance, lower=True, overwrite_a=True)
        of_drift = cho_solve(factor, drift)
        normal = cho_factor(drift.T @ of_drift)
        slopes = cho_solve(normal, of_drift.T @ read)
    near = sill * np.exp(-apart_at / reach)
    solved = cho_solve(factor, near)
    beyond = drift_at.T - drift.T @ solved
    variance = nugget + sill - (near * solved).sum(0) + (beyond * cho_solve(normal, beyond)).sum(0)
    return drift_at @ slopes + (read - drift @ slopes) @ solved, np.sqrt(np.maximum(variance, 0))


def _filled(maps: np.ndarray, at_stations: np.ndarray) -> np.ndarray:
    """The maps with the mean of the known values at the stations where they are unknown; 0 for a map that is known at none."""
    known = np.isfinite(at_stations)
    mean = np.where(known, at_stations, 0).sum(0) / np.maximum(known.sum(0), 1)
    return np.where(np.isfinite(maps), maps, mean)


def _standardised(maps: np.ndarray, maps_at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ones and the maps, in standard deviations at the stations, there and at the places.

    A map that is constant at the stations, or that the ones before it determine, has no slope to estimate and is left out.
    """
    drift, drift_at = np.ones((len(maps), 1)), np.ones((len(maps_at), 1))
    for column, column_at in zip(maps.T, maps_at.T):
        middle, spread = column.mean(), column.std()
        if spread <= _SAME * max(abs(middle), 1e-12):
            continue
        column, column_at = (column - middle) / spread, (column_at - middle) / spread
        left = column - drift @ np.linalg.lstsq(drift, column, rcond=None)[0]
        if left.std() > _SAME:
            drift, drift_at = np.column_stack([drift, column]), np.column_stack([drift_at, column_at])
    return drift, drift_at
