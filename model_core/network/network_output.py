"""What comes out of the network, and what of a day a window of it must be told."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from model_core.network.kriged_background import KrigedBackground


class NetworkOutput(NamedTuple):
    """The predicted field, shape (batch, rows, columns).

    `field` is in the target's units and not yet kept from being negative; `standardised` is what the
    network computes in, and `level` and `spread`, shape (batch, 1, 1), lead from one to the other.
    `sd` is the standard deviation of a reading in the cell, in the target's units, where the network tells it;
    `background` is the field, in the target's units, that was corrected, where there is one. With kriging, `background_sd`
    is the standard deviation that kriging tells, and `doubt` how little the readings say, see `KrigedBackground`; `before_background` is the field
    before a second UNet++ adds to it what it sees in backgrounds, where there is one and a day has a background.
    """

    field: Tensor
    standardised: Tensor
    level: Tensor
    spread: Tensor
    sd: Tensor | None = None
    background: Tensor | None = None
    background_sd: Tensor | None = None
    doubt: Tensor | None = None
    before_background: Tensor | None = None


class Survey(NamedTuple):
    """What of a batch of days depends on all of their readings, wherever they are.

    Attributes
    ----------
    level, spread : (batch, 1, 1), as in `NetworkOutput`
    stations : (batch,), how many of 192² cells hold readings, on average
    coarse : of each coarse scale the sums that the far background is made of, each (batch, 1, blocks, blocks)
    kriged : KrigedBackground, or None where the network does without
    origin : the window's first row and column
    """

    level: Tensor
    spread: Tensor
    stations: Tensor
    coarse: list[tuple[Tensor, Tensor]]
    kriged: KrigedBackground | None
    origin: tuple[int, int] = (0, 0)

    def window(self, rows: slice, columns: slice) -> "Survey":
        """For some rows and columns, which begin at multiples of the coarse factors."""
        kriged = self.kriged and KrigedBackground._make(
            part[..., rows, columns] if part is not None and part.ndim == 4 else part for part in self.kriged
        )
        return self._replace(kriged=kriged, origin=(rows.start, columns.start))
