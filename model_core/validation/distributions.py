"""What a prediction says about a reading that it has not seen: a distribution with quantiles and a score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import ndtr, ndtri

from model_core import uncertainty


class Distribution(Protocol):
    """Distributions of any number of readings; every array has their shape."""

    mean: np.ndarray
    sd: np.ndarray

    def quantiles(self, probabilities: tuple[float, ...]) -> np.ndarray:
        """(probabilities, ...), in the unit of the values."""

    def crps(self, observed: np.ndarray) -> np.ndarray:
        """Continuous ranked probability score of each reading, in the unit of the values."""

    def at(self, rows: np.ndarray) -> "Distribution":
        """Those of some of the readings."""


@dataclass(frozen=True)
class Gaussian:
    """What kriging on values says: its mean and its kriging variance. It may reach below zero."""

    mean: np.ndarray
    sd: np.ndarray

    def quantiles(self, probabilities: tuple[float, ...]) -> np.ndarray:
        return np.stack([self.mean + self.sd * ndtri(p) for p in probabilities])

    def crps(self, observed: np.ndarray) -> np.ndarray:
        """Closed form: Gneiting et al. (2005), doi:10.1175/MWR2904.1, eq. 5; with sd 0 it is the absolute error."""
        sd = np.maximum(self.sd, 1e-9)
        z = (observed - self.mean) / sd
        density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
        return sd * (z * (2 * ndtr(z) - 1) + 2 * density - 1 / np.sqrt(np.pi))

    def at(self, rows: np.ndarray) -> "Gaussian":
        return Gaussian(self.mean[rows], self.sd[rows])


@dataclass(frozen=True)
class LogNormal:
    """What a model says, and kriging on logs: the reading plus `offset` is log-normal (`model_core.uncertainty`)."""

    mean: np.ndarray
    sd: np.ndarray
    offset: float = 0.0

    def quantiles(self, probabilities: tuple[float, ...]) -> np.ndarray:
        return uncertainty.quantiles(self.mean + self.offset, self.sd, probabilities) - self.offset

    def crps(self, observed: np.ndarray) -> np.ndarray:
        return uncertainty.crps(self.mean + self.offset, self.sd, observed + self.offset)

    def at(self, rows: np.ndarray) -> "LogNormal":
        return LogNormal(self.mean[rows], self.sd[rows], self.offset)


def interval_scores(distribution: Distribution, observed: np.ndarray) -> dict[str, float]:
    """`crps`, and the coverage (0 to 1) and mean width of the central 50 and 90 % intervals, over readings with a distribution.

    Coverage counts readings on or between the interval's ends. All NaN where no reading has a distribution.
    """
    q05, q25, q75, q95 = distribution.quantiles((0.05, 0.25, 0.75, 0.95))
    known = np.isfinite(q05) & np.isfinite(observed)
    result = dict.fromkeys(INTERVAL_SCORES, float("nan"))
    if known.any():
        result["crps"] = float(np.mean(distribution.crps(observed)[known]))
        for name, low, high in (("50", q25, q75), ("90", q05, q95)):
            result[f"coverage_{name}"] = float(np.mean((observed >= low)[known] & (observed <= high)[known]))
            result[f"width_{name}"] = float(np.mean((high - low)[known]))
    return result


INTERVAL_SCORES = ("crps", "coverage_50", "width_50", "coverage_90", "width_90")
