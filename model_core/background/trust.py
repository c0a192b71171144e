"""How much of a background the day's own readings confirm: a share from 0 to 1 of what kriging makes of it.

Readings are left out in clusters, from neighbours to a region. What kriging says of them without the background
and with it as drift is compared: the share of the difference that meets them best is taken, less what chance can do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Sequence

import numpy as np
import torch
from scipy.cluster.hierarchy import fcluster, linkage
from torch import Tensor

from model_core.background.leave_out import LeaveOut, LeftOut
from model_core.configuration import Transform
from model_core.network.background_drift import DriftColumns, drift_columns
from model_core.network.reading_maps import at_places
from model_core.network.reading_quantities import Quantities, StationReadings, bounds, expected_value, quantities
from model_core.network.transforms import inverse, transform

# Largest extent in km of what is left out together: stations side by side, a city, and a region.
CLUSTERS_KM = (25.0, 75.0, 300.0)
# With fewer clusters than this nothing can be told.
FEWEST_CLUSTERS = 5
# Readings that are looked at; of more, so many at random.
MOST_READINGS = 1000
# The left-out RMSE must fall by this share at least.
LEAST_GAIN = 0.01
# By how much more a share is shrunk than its standard error asks for: clusters that touch are not independent.
_DOUBT = 4.0


@dataclass(frozen=True)
class BackgroundTrust:
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
) -> BackgroundTrust:
    """The share of a background that the readings of its day confirm.

    Parameters
    ----------
    readings, level, spread, maps, rule : of one day, as for `kriged_background`
    field : (rows, columns), the background in any unit, NaN where unknown
    cell_km : side of a cell
    """
    readings = _some(readings)
    if len(readings.values) < FEWEST_CLUSTERS:
        return BackgroundTrust(0.0, reason=f"the day has fewer than {FEWEST_CLUSTERS} readings")
    given = quantities(readings, level, spread, rule)
    columns = drift_columns(field, readings.places, readings.values, given.standardised, float(level), float(spread), rule)
    if columns is None:
        return BackgroundTrust(0.0, reason="it says nothing at the stations: it is unknown there, or everywhere the same")
    clusters = [_clusters(readings.places.numpy() * cell_km, size) for size in CLUSTERS_KM]
    clusters = [groups for groups in clusters if groups.max() + 1 >= FEWEST_CLUSTERS]
    if not clusters:
        return BackgroundTrust(0.0, reason=f"the readings lie in fewer than {FEWEST_CLUSTERS} places")
    said = _Said(readings, given, at_places(maps, readings.places), columns, level, spread, rule)
    return _chosen([said.left_out(groups) for groups in clusters], clusters, readings.values.numpy().astype(float), rule)


class _Fields(NamedTuple):
    """What kriging says of left-out readings, (readings,) each in the target's unit: without the background, in logs and values; without it
    in logs alone; and, in logs alone, with it."""

    without: np.ndarray
    plain: np.ndarray
    drifted: np.ndarray


class _Said:
    """Kriging of a day's readings with the background as drift and without, from which groups are left out."""

    def __init__(
        self,
        readings: StationReadings,
        given: Quantities,
        maps: Tensor,
        columns: DriftColumns,
        level: Tensor,
        spread: Tensor,
        rule: Transform,
    ):
        self._given, self._rule, self._standard, self._bounds = given, rule, (level[0, 0], spread[0, 0]), bounds(readings.values)
        about, both = (readings.counts, given.noise), torch.stack([given.standardised, given.values], dim=1)
        self._without = LeaveOut(readings.places, both, maps, *about)
        self._expected_of_background = columns.expected * columns.at_readings[:, None]
        maps, read = torch.cat([maps, columns.at_readings[:, None]], dim=1), both[:, :1] - self._expected_of_background
        self._with = LeaveOut(readings.places, read, maps, *about, columns.scale)

    def left_out(self, groups: np.ndarray) -> _Fields:
        """Of each reading what those of other groups say; as the model kriges (`kriged_background`)."""
        left, with_it = self._without(groups), self._with(groups)
        with_it = with_it._replace(values=with_it.values + self._expected_of_background)
        plain, drifted = (self._expected(one) for one in (left, with_it))
        values = (left.values[:, 1] * self._given.width + self._given.middle).clamp(*self._bounds)
        return _Fields(*(part.numpy().astype(float) for part in ((plain + values) / 2, plain, drifted)))

    def _expected(self, left: LeftOut) -> Tensor:
        return expected_value(left.values[:, 0], left.variance, *self._standard, self._rule).clamp(*self._bounds)


def _chosen(fields: Sequence[_Fields], members: Sequence[np.ndarray], read: np.ndarray, rule: Transform) -> BackgroundTrust:
    """The share, from what is said of readings that are left out in clusters of each size; `members` are their clusters."""
    number = max(int(groups.max()) + 1 for groups in members)
    before = _rmse([one.without for one in fields], read)
    shares, caused = [], []
    # It must be right where clusters count alike, as for land, and where readings do, as for people.
    for weights in ([1 / np.bincount(groups)[groups] for groups in members], [np.ones(len(read)) for _ in members]):
        shares.append(_share([(one.drifted - one.without, read - one.without) for one in fields], members, weights))
        # The background must be the cause, and not that it is kriged in logs alone.
        caused.append(_share([(one.drifted - one.plain, read - one.plain) for one in fields], members, weights))
    share = round(min(shares), 2) if min(caused) > 0 else 0.0
    if share == 0:
        return BackgroundTrust(
            0.0, before, before, number, "left-out readings are met no better with it, or no more than chance would have it"
        )
    after = _rmse([_shared(one, share, rule) for one in fields], read)
    if after > (1 - LEAST_GAIN) * before:
        return BackgroundTrust(0.0, before, after, number, f"it would meet left-out readings less than {LEAST_GAIN:.0%} better")
    return BackgroundTrust(share, before, after, number)


def _share(pairs: Sequence[tuple[np.ndarray, np.ndarray]], members: Sequence[np.ndarray], weights: Sequence[np.ndarray]) -> float:
    """What share of a change meets the errors best, from 0 to 1, less what chance may have done.

    It is the slope of the errors on the change, without intercept, shrunk as a James-Stein estimate by its standard error; that allows for
    errors that are alike within a cluster (Liang and Zeger 1986, doi:10.1093/biomet/73.1.13). The sizes of clusters hold the same readings, so
    that their standard errors add.

    Parameters
    ----------
    pairs : of each size of clusters the change and the error, (readings,) each
    members, weights : likewise the cluster of each reading and its weight, (readings,)
    """
    weights = [one / max(float((one * error**2).sum()), 1e-12) for one, (_, error) in zip(weights, pairs)]
    products = sum(float((one * change * error).sum()) for one, (change, error) in zip(weights, pairs))
    squares = sum(float((one * change**2).sum()) for one, (change, _) in zip(weights, pairs))
    if products <= 0 or squares <= 0:
        return 0.0
    slope = products / squares
    spread = sum(
        float(np.sqrt((np.bincount(groups, one * change * (error - slope * change)) ** 2).sum()))
        for groups, one, (change, error) in zip(members, weights, pairs)
    )
    return min(1.0, slope) * max(0.0, 1 - _DOUBT * (spread / squares / slope) ** 2)


def _shared(fields: _Fields, share: float, rule: Transform) -> np.ndarray:
    """As `kriged_background` has it: a share of the difference in the units of the transform."""
    without, drifted = (transform(torch.from_numpy(part), rule) for part in (fields.without, fields.drifted))
    return inverse(torch.lerp(without, drifted, share), rule).numpy()


def _rmse(fields: Sequence[np.ndarray], read: np.ndarray) -> float:
    return float(np.sqrt(np.mean([((one - read) ** 2).mean() for one in fields])))


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
