"""A background field, such as a CTM's of the day, as a drift of kriging: in the units that kriging is done in, whatever its own."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from model_core.configuration import Transform
from model_core.network.reading_maps import at_places
from model_core.network.transforms import transform
from model_core.network.variogram import DRIFT_PRIOR

# Readings are expected to follow a background of their level as it is, and more or less by this much: mean and standard deviation
# of the slope of both in the units of the transform.
SLOPE_PRIOR = (1.0, 0.1)
# Below this share of the readings' spread it says nothing at the stations.
_CONSTANT = 1e-3
# Of the four cells around a reading, by their weights in its interpolation, that must be known.
_KNOWN = 0.999


class Background(NamedTuple):
    """A field of the day that is no reading.

    Attributes
    ----------
    field : (rows, columns), in the target's units or any multiple of them, NaN where unknown
    share : of what kriging makes of it, from 0 to 1
    """

    field: Tensor
    share: float = 1.0


class DriftColumns(NamedTuple):
    """A background as drift of kriging.

    Attributes
    ----------
    field : (rows, columns), 0 where it is unknown
    at_readings : (readings,), likewise
    known : (rows, columns), 1 where the background is known, 0 elsewhere
    lowest, highest : of the background, brought to the level of the readings, in the target's units
    unit, middle : what leads from the field to the network's standardised units: the background there is field * unit + middle
    scale : the spread that the background leaves of the standardised readings, see `spread_left`
    """

    field: Tensor
    at_readings: Tensor
    known: Tensor
    lowest: float
    highest: float
    unit: float
    middle: float
    scale: float

    @property
    def expected(self) -> float:
        """The slope that standardised readings are expected to have on the field."""
        return SLOPE_PRIOR[0] * self.unit

    def standardised(self) -> Tensor:
        """The background in the network's standardised units, 0 where it is unknown; (rows, columns)."""
        return (self.field * self.unit + self.middle) * self.known


def drift_columns(
    field: Tensor, places: Tensor, values: Tensor, standardised: Tensor, level: float, spread: float, rule: Transform
) -> DriftColumns | None:
    """The drift that a background is; None where it is known at fewer than two readings, or is the same at all of them.

    The background is first multiplied so that its mean at the readings is theirs, so that its unit plays no part, and then
    transformed as they are.

    Parameters
    ----------
    field : as in `Background`
    places, values : of the readings, as in `StationReadings`
    standardised : of the readings, in the network's standardised units, (readings,)
    level, spread : what leads from transformed to standardised units
    rule : the target's transform
    """
    known = torch.isfinite(field)
    filled = torch.where(known, field, 0.0)
    at, seen = at_places(torch.stack([filled, known.float()]), places).T
    there = seen > _KNOWN
    if there.sum() < 2 or float(at[there].mean()) <= 0:
        return None
    factor = values[there].mean() / at[there].mean()
    scaled, scaled_at = ((transform(x * factor, rule) - level) / spread for x in (filled, at))
    middle = scaled_at[there].mean()
    if float(scaled_at[there].std()) <= _CONSTANT * max(float(standardised.std()), 1e-6):
        return None
    column = torch.where(there, scaled_at - middle, 0.0)
    scale = float(spread_left(standardised, column))
    # So wide that the prior of every slope (`variogram.DRIFT_PRIOR`), of readings over `scale`, is the one of this slope.
    unit = DRIFT_PRIOR * scale / SLOPE_PRIOR[1]
    return DriftColumns(
        torch.where(known, (scaled - middle) / unit, 0.0),
        column / unit,
        known.float(),
        float(field[known].min() * factor),
        float(field[known].max() * factor),
        unit,
        float(middle),
        scale,
    )


def spread_left(read: Tensor, background: Tensor) -> Tensor:
    """The spread that a straight line on the background leaves of standardised readings, at most 1; both (readings,).

    Divided by it the readings are about standardised again, as the fit of the covariance takes what it is given: its prior would
    otherwise hold what a good background leaves for a small part of a field, and not for noise. One pseudo-reading holds the spread of a few.
    """
    x, y = background - background.mean(), read - read.mean()
    rest = y - x * (x @ y) / (x @ x).clamp_min(1e-6)
    return torch.sqrt((rest @ rest + 1) / (len(read) + 1)).clamp(max=1.0)
