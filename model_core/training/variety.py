"""Accidents that make a CTM's fields more various than the days there are.

A CTM is one world: its terrain effects, its cities and its weather patterns are about right, but real ones differ.
What is learnt from many possible worlds is to see from the readings which one this day is.
"""

from __future__ import annotations

from typing import Mapping

import numpy as np
from scipy.fft import irfft2, rfft2
from scipy.ndimage import uniform_filter

# Half-width in cells of the surroundings that a cell's height and city are compared with (about 200 km at 12 km).
SURROUNDINGS = 17


def more_various(
    field: np.ndarray, other: np.ndarray | None, maps: Mapping[str, np.ndarray], probability: float, rng: np.random.Generator
) -> np.ndarray:
    """The field of a day that could have been.

    Parameters
    ----------
    field : float32 array (rows, columns), 0 or more, NaN where unknown
    other : the field of another day on the same grid, to blend with, or None
    maps : "elevation" in m, "urban" as a fraction and "population_near", where they are known
    probability : of each accident
    """
    logarithm = np.log1p(np.maximum(field, 0))
    if other is not None and rng.random() < probability:
        share = rng.uniform(0, 1)
        logarithm = (1 - share) * logarithm + share * np.log1p(np.maximum(other, 0))
    if rng.random() < probability:  # flatter or steeper
        middle = np.nanmean(logarithm)
        logarithm = middle + np.exp(rng.normal(0, 0.25)) * (logarithm - middle)
    if rng.random() < probability:
        logarithm = logarithm + np.exp(rng.uniform(np.log(0.08), np.log(0.5))) * random_field(field.shape, rng)
    if "elevation" in maps and rng.random() < probability:
        logarithm = logarithm + rng.normal(0, 0.5) * np.clip(_departure(maps["elevation"]) / 1000, -2, 2)
    if "urban" in maps and rng.random() < probability:
        logarithm = logarithm + rng.normal(0, 0.5) * _departure(maps["urban"])
    if "population_near" in maps and rng.random() < probability:
        logarithm = logarithm + rng.normal(0, 0.1) * _departure(maps["population_near"])
    return np.expm1(np.clip(logarithm, 0, np.log(2000.0))).astype(np.float32)


def random_field(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """A Gaussian field of mean 0 and variance 1, of random smoothness and a random longest scale of 8 to 150 cells; float32."""
    longest, smoothness = np.exp(rng.uniform(np.log(8), np.log(150))), rng.uniform(1.2, 2.2)
    rows, columns = (side + side // 2 for side in shape)  # beyond the edge, so that opposite edges are strangers
    noise = rfft2(rng.standard_normal((rows, columns), np.float32))
    wave = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(columns)[None])
    field = irfft2(noise * ((wave**2 + longest**-2) ** (-smoothness / 2)).astype(np.float32), (rows, columns))
    field = field[: shape[0], : shape[1]]
    return ((field - field.mean()) / max(field.std(), 1e-9)).astype(np.float32)


def _departure(values: np.ndarray) -> np.ndarray:
    values = np.nan_to_num(values)
    return values - uniform_filter(values, 2 * SURROUNDINGS + 1, mode="nearest")
