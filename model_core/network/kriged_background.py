"""What kriging makes of a batch of days, as channels and as the field that the network corrects."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from model_core.network.kriging import krige

# Kriged values may leave the range of the readings only by these factors.
_BELOW, _ABOVE = 0.5, 1.5


class KrigedBackground(NamedTuple):
    """Kriged fields of the target, (batch, 1, rows, columns), and what the network should know of them.

    Attributes
    ----------
    standardised : kriged in the network's standardised units, with the maps as external drift
    values : the same in the target's units
    plain : kriged in standardised units without drift
    contrast : (batch, maps, rows, columns), how much each map exceeds what kriging makes of it from the stations' cells:
        how much higher than the stations a cell lies that the kriged value comes from; 0 where the map is unknown
    day : (batch, 3), log of the fitted range in cells over 25, nugget share, and variance
    """

    standardised: Tensor
    values: Tensor
    plain: Tensor
    contrast: Tensor
    day: Tensor


def kriged_background(
    standardised: Tensor, values: Tensor, mask: Tensor, maps: Tensor, known: Tensor, offsets: Tensor | None = None
) -> KrigedBackground:
    """Krige each day of a batch.

    Parameters
    ----------
    standardised, values : Tensor
        The target's readings in standardised transformed units and in its own; (batch, rows, columns).
    mask : Tensor
        How many readings each is the mean of, 0 where there is none; (batch, rows, columns).
    maps, known : Tensor
        Scaled maps, 0 where unknown, and 1 where they are known; (batch, maps, rows, columns).
    offsets : Tensor
        Where in their cells the readings were taken, see `krige`; (batch, 2, rows, columns).
    """
    results = []
    within = [None] * len(values) if offsets is None else offsets
    for z, v, m, here, there, offset in zip(standardised, values, mask, maps, known, within):
        there_is = m > 0
        count = there_is.sum().clamp_min(1)
        level = (v * there_is).sum() / count
        # As in logs: five pseudo-readings of half the mean hold the spread of a few.
        spread = torch.sqrt((((v - level) ** 2 * there_is).sum() + 5 * (0.5 * level) ** 2) / (count + 5)).clamp_min(1e-6)
        kriged = krige(torch.cat([z[None], ((v - level) / spread)[None], here]), m, coarse_from=2, offsets=offset)
        read = v[there_is]
        low, high = (float(read.min()) * _BELOW, float(read.max()) * _ABOVE) if len(read) else (0.0, 0.0)
        day = torch.tensor(
            [math.log(kriged.variogram.distance / 25.0), kriged.variogram.nugget, kriged.variogram.variance], device=v.device
        )
        contrast = torch.where(there > 0, here - kriged.fields[2:], 0.0)
        drifted = kriged.fields[:2] + torch.einsum("qm,mrc->qrc", kriged.slopes, contrast)
        results.append((
            drifted[:1], (drifted[1:] * spread + level).clamp(low, high), kriged.fields[:1], contrast, day,
        ))
    return KrigedBackground(*(torch.stack(parts) for parts in zip(*results)))
