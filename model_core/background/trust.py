"""How much of a background the day's own readings confirm: a share from 0 to 1 of what kriging makes of it.

Readings are left out in clusters, from neighbours to a region. What kriging says of them without the background
and with it as drift is compared: the share of the difference that meets them best is taken, less what chance can do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Sequence

import numpy as np
import torch
from scipy.cluster.hierarchy import fcluster, linkage
from torch import Tensor

from model_core.background.leave_out import LeaveOut, LeftOut
from model_core.configuration import Transform
from model_core.network.background_drift import drift_columns
from model_core.network.kriged_background import Quantities, StationReadings, bounds, expected_value, quantities
from model_core.network.reading_maps import at_places
from model_core.network.transforms import inverse, transform

# Largest extent in km of what is left out together: stations side by side, a city, and a region.
CLUSTERS_KM = (25.0, 75.0, 300.0)
# With fewer clusters than this nothing can be told.
FEWEST_CLUSTERS = 5
# Readings that are looked at; of more, so many at random.
MOST_READINGS = 1000
# The left-out RMSE must fall by this share at least.
LEAST_GAIN = 0.01
SHARES = np.linspace(0, 1, 21)
# By how much more a gain is shrunk than its standard error asks for: the best of many shares always gains a little by chance.
_DOUBT = 1.5


@dataclass(frozen=True)
class Trust:
    """What was found of a background.

    Attributes
    ----------
    share : of the difference that it makes, from 0 (not used) to 1
    rmse_without, rmse_with : of the left-out readings, in the target's unit, without it and with this share; NaN where nothing was tried
    clusters : how many were left out in turn
    reason : why the share is 0, in words; "" where it is not
    """

    share: float
    rmse_without: float = float("nan")
    rmse_with: float = float("nan")
    clusters: int = 0
    reason: str = ""

    def summary(self) -> dict[str, Any]:
        """Plain values for JSON."""
        told = {"share": round(self.share, 3), "clusters": self.clusters, "reason": self.reason or None}
        if np.isfinite(self.rmse_without):
            told["left_out_rmse"] = {"without": round(self.rmse_without, 3), "with": round(self.rmse_with, 3)}
        return told

    def in_words(self) -> str:
        """One line for the log."""
        if not self.share:
            return f"not used: {self.reason}"
        return (
            f"{self.share:.0%} of the difference that it makes is taken (RMSE of {self.clusters} left-out clusters of readings "
            f"{self.rmse_without:.3g} without it, {self.rmse_with:.3g} with it)"
        )


def trust(
    readings: StationReadings, field: Tensor, level: Tensor, spread: Tensor, maps: Tensor, rule: Transform, cell_km: float
) -> Trust:
    """The share of a background that the readings of its day confirm.

    Parameters
    ----------
    readings, level, spread, maps, rule : of one day, as for `kriged_background`
    field : (rows, columns), the background in any unit, NaN where unknown
    cell_km : side of a cell
    """
    readings = _some(readings)
    if len(readings.values) < FEWEST_CLUSTERS:
        return Trust(0.0, reason=f"the day has fewer than {FEWEST_CLUSTERS} readings")
    columns = drift_columns(field, readings.places, readings.values, rule)
    if columns is None:
        return Trust(0.0, reason="it says nothing at the stations: it is unknown there, or everywhere the same")
    clusters = [_clusters(readings.places.numpy() * cell_km, size) for size in CLUSTERS_KM]
    clusters = [groups for groups in clusters if groups.max() + 1 >= FEWEST_CLUSTERS]
    if not clusters:
        return Trust(0.0, reason=f"the readings lie in fewer than {FEWEST_CLUSTERS} places")
    given, at = quantities(readings, level, spread, rule), at_places(maps, readings.places)
    said = _Said(readings, given, at, columns.at_readings, level, spread, rule)
    return _chosen([said.squares(groups) for groups in clusters], clusters)


class _Said:
    """What kriging says of left-out readings, with the background as drift and without."""

    def __init__(
        self, readings: StationReadings, given: Quantities, maps: Tensor, column: Tensor, level: Tensor, spread: Tensor, rule: Transform
    ):
        self._readings, self._given, self._rule, self._standard = readings, given, rule, (level[0, 0], spread[0, 0])
        about, both = (readings.counts, given.noise), torch.stack([given.standardised, given.values], dim=1)
        self._without = LeaveOut(readings.places, both, maps, *about)
        self._with = LeaveOut(readings.places, both[:, :1], torch.cat([maps, column[:, None]], dim=1), *about)

    def squares(self, groups: np.ndarray) -> np.ndarray:
        """Squared error of each left-out reading for each of `SHARES`, and last of kriging that differs from a share of 1 by the background
        alone; (shares + 1, readings).
        """
        given, rule, read = self._given, self._rule, self._readings.values
        low, high = bounds(read)
        left = self._without(groups)
        values = (left.values[:, 1] * given.width + given.middle).clamp(low, high)
        without = transform((self._expected(left).clamp(low, high) + values) / 2, rule)
        drifted = transform(self._expected(self._with(groups)).clamp(low, high), rule)
        fields = [inverse(torch.lerp(without, drifted, float(share)), rule) for share in SHARES]
        return np.stack([((field - read) ** 2).numpy() for field in (*fields, self._expected(left).clamp(low, high))])

    def _expected(self, left: LeftOut) -> Tensor:
        return expected_value(left.values[:, 0], left.variance, *self._standard, self._rule)


def _chosen(squares: Sequence[np.ndarray], members: Sequence[np.ndarray]) -> Trust:
    """The share, from `_Said.squares` of readings that are left out in clusters of each size; `members` are their clusters.

    It must be right where clusters count alike, as for land, and where readings do, as for people: the smaller of both is taken.
    """
    rmse = np.sqrt(np.mean([part.mean(axis=1) for part in squares], axis=0))
    number = max(int(groups.max()) + 1 for groups in members)
    sums = [np.stack([np.bincount(groups, one) for one in part]) for part, groups in zip(squares, members)]
    means = [part / np.bincount(groups) for part, groups in zip(sums, members)]
    best, certain = min(_best(means), _best(sums), key=lambda found: found[0] * found[1])
    if best == 0 or certain == 0:
        return Trust(0.0, float(rmse[0]), float(rmse[0]), number, "left-out readings are met no better with it")
    chosen = round(best * certain)
    if rmse[chosen] > (1 - LEAST_GAIN) * rmse[0]:
        return Trust(0.0, float(rmse[0]), float(rmse[chosen]), number, "what left-out readings gain by it may be chance")
    return Trust(float(SHARES[chosen]), float(rmse[0]), float(rmse[chosen]), number)


def _best(losses: Sequence[np.ndarray]) -> tuple[int, float]:
    """Number of the share of least loss, and how much of it is certain: as a James-Stein estimate it is shrunk by what the standard error
    of the gain over the clusters says of chance.

    Parameters
    ----------
    losses : of each size of clusters, (shares + 1, clusters)
    """
    relative = np.concatenate([part / part[0].sum() for part in losses], axis=1)
    best = int(relative[:-1].sum(axis=1).argmin())
    # A background must be the cause, not that it is kriged in other units.
    return best, min(_certain(relative[0] - relative[best]), _certain(relative[-1] - relative[-2]))


def _certain(gains: np.ndarray) -> float:
    """How much of a gain is left, from 0 to 1, from that of each cluster."""
    if gains.sum() <= 0:
        return 0.0
    return max(0.0, 1 - _DOUBT * (np.sqrt(len(gains)) * gains.std() / gains.sum()) ** 2)


def _clusters(places_km: np.ndarray, size: float) -> np.ndarray:
    """Numbers from 0 of clusters of at most this extent, (readings,)."""
    return fcluster(linkage(places_km, "complete"), size, "distance") - 1


def _some(readings: StationReadings) -> StationReadings:
    """On the processor, and no more than are looked at."""
    parts = [None if part is None else part.cpu() for part in readings[:4]]
    if len(parts[1]) > MOST_READINGS:
        chosen = torch.randperm(len(parts[1]), generator=torch.Generator().manual_seed(0))[:MOST_READINGS].sort().values
        parts = [None if part is None else part[chosen] for part in parts]
    return StationReadings(*parts)
