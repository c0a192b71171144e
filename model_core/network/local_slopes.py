"""Slopes on maps that differ from place to place: what a town adds to the air around it is not the same in every region.

The slope of a map in kriging with external drift is a constant and a random field of its own (Gelfand et al. 2003,
doi:10.1198/016214503000000170). With c_m a map less its mean at the readings, their covariance gains

    sd^2 * sum over m of c_m(a) c_m(b) exp(-|a - b| / distance).

In the dual form of kriging that is, for each map, one more sum of kernels about the stations, times the map.
"""

from __future__ import annotations

from typing import Callable, NamedTuple

import torch
from torch import Tensor

from model_core.network.blocks import refine
from model_core.network.reading_maps import at_places
from model_core.network.variogram import decaying

# Side in cells of the blocks that the slopes' fields are spread on, and refined from bilinearly: they vary slowly.
_BLOCK = 4


class LocalSlopes(NamedTuple):
    """Maps whose slopes vary.

    Attributes
    ----------
    at : (readings, maps), the maps at the readings less their means there; 0 where a map is unknown
    fields : (maps, rows, columns), likewise in every cell
    sd : standard deviation of a slope about its mean, in standard deviations of the readings
    distance : e-folding distance of the slopes' covariance, in cells
    """

    at: Tensor
    fields: Tensor
    sd: float
    distance: float

    def covariance(self, apart: Tensor) -> Tensor:
        """Of readings at these distances from one another, as a share of the variance; (readings, readings)."""
        return decaying(apart, self.distance).mul_(self.sd**2 * (self.at @ self.at.T))

    def variance(self) -> Tensor:
        """In every cell before any reading, as a share of the variance; (rows, columns)."""
        return self.sd**2 * self.fields.square().sum(0)

    def select(self, readings: Tensor) -> "LocalSlopes":
        """Of some readings, by their numbers."""
        return self._replace(at=self.at[readings])

    def spread(
        self, weights: Tensor, places: Tensor, sums: Callable[[Tensor, Tensor, tuple[int, int], float, int], Tensor], least: int
    ) -> Tensor:
        """What the slopes' departures from their means add to kriged fields.

        Parameters
        ----------
        weights : (readings, quantities), solutions of kriging's system of equations
        places : (readings, 2), in cells
        sums : kernels about the places summed up, from (weights, places, shape, distance, block), in blocks of cells
        least : side of the smallest blocks

        Returns
        -------
        Tensor
            (quantities, rows, columns).
        """
        block, shape = max(_BLOCK, least), tuple(self.fields.shape[-2:])
        number, maps = weights.shape[1], self.at.shape[1]
        shares = (weights[:, :, None] * self.at[:, None]).reshape(len(weights), -1) * self.sd**2
        blocks = sums(shares, places, shape, self.distance, block).reshape(number, maps, *(-(-side // block) for side in shape))
        total = weights.new_zeros(number, *shape)
        for one, field in zip(blocks.unbind(1), self.fields):
            total.addcmul_(refine(one[None], block, shape)[0], field)
        return total


def local_slopes(maps: Tensor, known: Tensor, places: Tensor, how: tuple[float, ...]) -> LocalSlopes | None:
    """Of maps at readings; None where no map has one, or nothing is to vary.

    Parameters
    ----------
    maps, known : (maps, rows, columns), scaled, 0 where unknown; and 1 where they are known
    places : (readings, 2), in cells
    how : sd and distance, see `LocalSlopes`; empty where slopes do not vary
    """
    if not how or not len(maps) or not len(places):
        return None
    read, seen = at_places(torch.cat([maps, known]), places).split(len(maps), dim=1)
    mean = read.sum(0) / seen.sum(0).clamp_min(1e-6)
    return LocalSlopes(read - seen * mean, maps - known * mean[:, None, None], *how)
