"""The readings of a day, and what of them is kriged: in the network's standardised units and in the target's."""

from __future__ import annotations

from typing import NamedTuple

import torch
from scipy.spatial import cKDTree
from torch import Tensor

from model_core.configuration import Transform
from model_core.network.background_drift import Background
from model_core.network.transforms import inverse, transform

# Kriged values may leave the range of the readings only by these factors.
BELOW, _ABOVE = 0.5, 1.5
# A reading in original units is believed up to so many spreads above the median of so many neighbours.
_NEIGHBOURS, _BESIDE = 8, 4.0
# Largest variance in logs that the mean of a log-normal is corrected for.
_MOST_VARIANCE = 1.0


class StationReadings(NamedTuple):
    """The target's readings of one day, each where it was taken.

    Attributes
    ----------
    places : (readings, 2), rows south and columns east of the centre of the first cell
    values : (readings,), in the target's units
    counts : (readings,), how many readings each is the mean of
    errors : (readings,), standard deviation of each about the truth, in the target's units; None where nothing is said of them
    background : another field of the day, as a further drift, and the share of what kriging makes of it; None for none
    """

    places: Tensor
    values: Tensor
    counts: Tensor
    errors: Tensor | None = None
    background: Background | None = None

    @classmethod
    def in_cells(cls, values: Tensor, counts: Tensor) -> "StationReadings":
        """Of cell means in the centres of their cells; values and counts are (rows, columns), counts 0 where there is none."""
        cells = torch.nonzero(counts > 0)
        rows, columns = cells.T
        return cls(cells.float(), values[rows, columns].float(), counts[rows, columns].float())


class Quantities(NamedTuple):
    """What of a day's readings is kriged: each (readings,).

    Attributes
    ----------
    standardised : in the network's standardised units
    values : in the target's units less `middle`, over `width`; without what `_highest` does not believe
    noise : variance of each reading's error in standardised units, None where nothing is said of errors
    """

    standardised: Tensor
    values: Tensor
    middle: Tensor
    width: Tensor
    noise: Tensor | None


def quantities(readings: StationReadings, level: Tensor, spread: Tensor, rule: Transform) -> Quantities:
    """The quantities that are kriged; arguments as for `kriged_background`, of one day."""
    n = len(readings.values)
    z = (transform(readings.values, rule) - level[0, 0]) / spread[0, 0]
    # Logs bear a gross error; in original units it would reach far.
    v = torch.minimum(readings.values, inverse(_highest(z, readings.places) * spread[0, 0] + level[0, 0], rule))
    middle = v.sum() / max(n, 1)
    # As in logs: five pseudo-readings of half the mean hold the spread of a few.
    width = torch.sqrt((((v - middle) ** 2).sum() + 5 * (0.5 * middle) ** 2) / (n + 5)).clamp_min(1e-6)
    noise = None
    if readings.errors is not None:
        noise = ((transform(readings.values + readings.errors, rule) - transform(readings.values, rule)) / spread[0, 0]) ** 2
    return Quantities(z, (v - middle) / width, middle, width, noise)


def expected_value(standardised: Tensor, variance: Tensor, level: Tensor, spread: Tensor, rule: Transform) -> Tensor:
    """Of kriged standardised units in the target's: of logs the mean of the log-normal; `variance` is that of kriging."""
    expected = standardised * spread + level
    if rule.kind == "log":
        expected = expected + (variance * (spread * rule.scale) ** 2).clamp_max(_MOST_VARIANCE) / (2 * rule.scale)
    return inverse(expected, rule)


def bounds(values: Tensor) -> tuple[float, float]:
    """The lowest and highest value that kriging may give, from readings in the target's units; 0 and 0 without any."""
    return (float(values.min()) * BELOW, float(values.max()) * _ABOVE) if len(values) else (0.0, 0.0)


def _highest(z: Tensor, places: Tensor) -> Tensor:
    """The highest standardised reading that is believed beside its neighbours': their median and `_BESIDE` more; (readings,)."""
    if len(z) <= _NEIGHBOURS:
        return torch.full_like(z, torch.inf)
    where = places.cpu().numpy()
    nearest = torch.from_numpy(cKDTree(where).query(where, _NEIGHBOURS + 1)[1][:, 1:]).to(z.device)
    return z[nearest].median(dim=1).values + _BESIDE
