"""What a field of pollution looks like in numbers: its variance by scale, its skewness, its memory from day to day.

Made for comparing simulated with real CTM days: each number is free of the level and most are free of the spread, so
that a clean summer and a polluted winter can be held against each other.
"""

from __future__ import annotations

from typing import Sequence

import numpy as np

from model_core.errors import InputError


def spectrum_shares(field: np.ndarray, cell_km: float, edges_km: Sequence[float]) -> np.ndarray:
    """Share of the variance in bands of wavelength.

    The mean is taken out and a Hann window lets the edges fade, so that the jump from one edge to the opposite one does
    not look like short waves (Press et al. 2007, Numerical Recipes, 13.4).

    Parameters
    ----------
    field : (rows, columns), a value in every cell
    cell_km : side of a cell
    edges_km : falling wavelengths, n + 1 of them for n bands: each holds waves up to its first edge and above its second

    Returns
    -------
    (n,) array that sums to 1

    Raises
    ------
    InputError
        If the field has gaps or no variance in the bands.
    """
    if not np.isfinite(field).all():
        raise InputError("a spectrum needs a value in every cell; cut out a window without gaps")
    rows, columns = field.shape
    window = np.hanning(rows)[:, None] * np.hanning(columns)[None, :]
    anomaly = field - (field * window).sum() / window.sum()
    power = np.abs(np.fft.fft2(anomaly * window)) ** 2
    wavenumber = np.hypot(np.fft.fftfreq(rows, cell_km)[:, None], np.fft.fftfreq(columns, cell_km)[None, :])
    with np.errstate(divide="ignore"):
        wavelength = 1 / wavenumber
    shares = np.array([power[(wavelength <= long) & (wavelength > short)].sum() for long, short in zip(edges_km, edges_km[1:])])
    if not shares.sum() > 0:
        raise InputError("the field has no variance at these wavelengths")
    return shares / shares.sum()


def variogram(field: np.ndarray, mask: np.ndarray, cell_km: float, lags_km: Sequence[float]) -> np.ndarray:
    """Half the mean squared difference of cells of the mask that are so far apart, per variance inside the mask.

    Pairs lie along rows and along columns; a lag is rounded to whole cells, at least one (Matheron 1963, Econ. Geol. 58,
    1246). Near 0 the two cells are alike, at 1 they have nothing to do with each other.

    Returns
    -------
    array, one value per lag; NaN where no pair lies so far apart
    """
    variance = field[mask].var()
    result = []
    for lag in lags_km:
        step = max(1, int(round(lag / cell_km)))
        squares = [
            (one - other)[both] ** 2
            for one, other, both in (
                (field[step:], field[:-step], mask[step:] & mask[:-step]),
                (field[:, step:], field[:, :-step], mask[:, step:] & mask[:, :-step]),
            )
        ]
        pairs = np.concatenate(squares)
        result.append(pairs.mean() / 2 / variance if len(pairs) and variance > 0 else np.nan)
    return np.array(result)


def skewness(values: np.ndarray) -> float:
    """Third central moment per cubed standard deviation: 0 for symmetric values, above 0 with a long upper tail."""
    centred = np.asarray(values, float) - np.mean(values)
    return float((centred**3).mean() / (centred**2).mean() ** 1.5)


def day_correlation(fields: np.ndarray, mask: np.ndarray, lags: Sequence[int]) -> np.ndarray:
    """Mean spatial correlation of days that lie so many days apart, after the mean over all days was taken out.

    Few days make it smaller by about 1 / (days - 1), for the mean holds each of them: compare runs of one length.

    Parameters
    ----------
    fields : (days, rows, columns), consecutive days
    """
    series = fields[:, mask] - fields[:, mask].mean(axis=0)
    if max(lags) >= len(series):
        raise InputError(f"{len(series)} days can't say how days {max(lags)} apart are related")
    return np.array([np.mean([np.corrcoef(one, other)[0, 1] for one, other in zip(series[:-lag], series[lag:])]) for lag in lags])


def response(values: np.ndarray, driver: np.ndarray, edges: Sequence[float]) -> np.ndarray:
    """Median of values in bins of something else that was there at the time, per median of all; NaN for an empty bin.

    `values` and `driver` have one shape; bins reach from one edge to the next.
    """
    inside = [values[(driver >= low) & (driver < high)] for low, high in zip(edges, edges[1:])]
    return np.array([np.median(part) if len(part) else np.nan for part in inside]) / np.median(values)
