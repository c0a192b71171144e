"""What kriging makes of a batch of days, as channels and as the field that the network corrects."""

from __future__ import annotations

import math
from typing import NamedTuple, Sequence

import torch
from scipy.spatial import cKDTree
from torch import Tensor
from torch.nn import functional as F

from model_core.configuration import Transform
from model_core.network.kriging import krige
from model_core.network.transforms import inverse, transform

# Kriged values may leave the range of the readings only by these factors.
_BELOW, _ABOVE = 0.5, 1.5
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
    """

    places: Tensor
    values: Tensor
    counts: Tensor
    errors: Tensor | None = None

    @classmethod
    def in_cells(cls, values: Tensor, counts: Tensor) -> "StationReadings":
        """Of cell means in the centres of their cells; values and counts are (rows, columns), counts 0 where there is none."""
        cells = torch.nonzero(counts > 0)
        rows, columns = cells.T
        return cls(cells.float(), values[rows, columns].float(), counts[rows, columns].float())


class KrigedBackground(NamedTuple):
    """Kriged fields of the target, (batch, 1, rows, columns), and what the network should know of them.

    Attributes
    ----------
    field : the background, in the target's units: the mean of kriging in standardised units (as the expected value of a
        log-normal, where those are logs) and of kriging in the target's units, both with the maps as external drift
    standardised : kriged in the network's standardised units, with the maps as external drift
    values : kriged in the target's units, likewise
    plain : kriged in standardised units without drift
    unexplained : kriging variance of a reading as a share of the variance, see `KrigedDay`
    contrast : (batch, maps, rows, columns), how much each map exceeds what kriging makes of it from the stations' cells:
        how much higher than the stations a cell lies that the kriged value comes from; 0 where the map is unknown
    day : (batch, 3), log of the fitted range in cells over 25, nugget share, and variance
    """

    field: Tensor
    standardised: Tensor
    values: Tensor
    plain: Tensor
    unexplained: Tensor
    contrast: Tensor
    day: Tensor

    @property
    def sigma(self) -> Tensor:
        """Standard deviation of a reading in standardised units, (batch, 1, rows, columns)."""
        return torch.sqrt(self.day[:, 2, None, None, None] * self.unexplained)

    @property
    def doubt(self) -> Tensor:
        """From 0 where readings tell all that a reading can tell to 1 where they tell nothing, (batch, 1, rows, columns)."""
        nugget = self.day[:, 1, None, None, None]
        return ((self.unexplained - nugget) / (1 - nugget).clamp_min(1e-3)).clamp(0, 1)


def kriged_background(
    days: Sequence[StationReadings], rule: Transform, level: Tensor, spread: Tensor, maps: Tensor, known: Tensor, drift: Tensor | None = None
) -> KrigedBackground:
    """Krige each day of a batch.

    Parameters
    ----------
    days : of each day its readings
    rule : the target's transform
    level, spread : (batch, 1, 1), what leads from transformed to standardised units
    maps, known : Tensor
        Scaled maps, 0 where unknown, and 1 where they are known; (batch, maps, rows, columns).
    drift : which of the maps act as external drift, bool (maps,); None for all
    """
    with torch.autocast(maps.device.type, enabled=False):  # a training in half precision leaves kriging alone
        fields = [_of_day(*day, rule, drift) for day in zip(days, level, spread, maps, known)]
    return KrigedBackground(*(torch.stack(parts) for parts in zip(*fields)))


def _of_day(
    readings: StationReadings, level: Tensor, spread: Tensor, maps: Tensor, known: Tensor, rule: Transform,
    drift: Tensor | None,
) -> tuple[Tensor, ...]:
    """The fields of `KrigedBackground` of one day."""
    n = len(readings.values)
    z = (transform(readings.values, rule) - level[0, 0]) / spread[0, 0]
    # Logs bear a gross error; in original units it would reach far.
    v = torch.minimum(readings.values, inverse(_highest(z, readings.places) * spread[0, 0] + level[0, 0], rule))
    middle = v.sum() / max(n, 1)
    # As in logs: five pseudo-readings of half the mean hold the spread of a few.
    width = torch.sqrt((((v - middle) ** 2).sum() + 5 * (0.5 * middle) ** 2) / (n + 5)).clamp_min(1e-6)
    read = torch.cat([z[:, None], ((v - middle) / width)[:, None], _at(maps, readings.places)], dim=1)
    noise = None
    if readings.errors is not None:
        noise = ((transform(readings.values + readings.errors, rule) - transform(readings.values, rule)) / spread[0, 0]) ** 2
    kriged = krige(readings.places, read, maps.shape[-2:], counts=readings.counts, first_map=2, noise=noise, drift=drift)
    variogram, unexplained = kriged.variogram, kriged.unexplained[None]
    contrast = torch.where(known > 0, maps - kriged.fields[2:], 0.0)
    drifted = kriged.fields[:2] + torch.einsum("qm,mrc->qrc", kriged.slopes, contrast)
    standardised, values = drifted[:1], drifted[1:] * width + middle
    expected = standardised * spread + level
    if rule.kind == "log":
        variance = variogram.variance * unexplained * (spread * rule.scale) ** 2
        expected = expected + variance.clamp_max(_MOST_VARIANCE) / (2 * rule.scale)
    low, high = (float(readings.values.min()) * _BELOW, float(readings.values.max()) * _ABOVE) if n else (0.0, 0.0)
    expected, values = inverse(expected, rule).clamp(low, high), values.clamp(low, high)
    day = torch.tensor([math.log(variogram.distance / 25.0), variogram.nugget, variogram.variance], device=v.device)
    return (expected + values) / 2, standardised, values, kriged.fields[:1], unexplained, contrast, day


def _highest(z: Tensor, places: Tensor) -> Tensor:
    """The highest standardised reading that is believed beside its neighbours': their median and `_BESIDE` more; (readings,)."""
    if len(z) <= _NEIGHBOURS:
        return torch.full_like(z, torch.inf)
    where = places.cpu().numpy()
    nearest = torch.from_numpy(cKDTree(where).query(where, _NEIGHBOURS + 1)[1][:, 1:]).to(z.device)
    return z[nearest].median(dim=1).values + _BESIDE


def _at(maps: Tensor, places: Tensor) -> Tensor:
    """Maps at places, bilinear between the centres of cells, (places, maps)."""
    if not len(maps) or not len(places):
        return maps.new_zeros(len(places), len(maps))
    last = torch.tensor(maps.shape[-2:], device=maps.device) - 1
    grid = (places / last.clamp_min(1) * 2 - 1).flip(-1)  # grid_sample wants x first, from -1 to 1
    return F.grid_sample(maps[None], grid[None, None], mode="bilinear", padding_mode="border", align_corners=True)[0, :, 0].T
