"""How far a network is believed where it is used: what its training chose, or what the readings there say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from torch import Tensor

from model_core.configuration import NetworkConfiguration

Array = TypeVar("Array", Tensor, np.ndarray)


@dataclass(frozen=True)
class Trust:
    """What may differ from a model's configuration where it is used; None keeps what its training chose.

    Only a network that corrects kriging can be believed more or less (`NetworkConfiguration.kriging`).

    Attributes
    ----------
    shares : of the whole correction to kriging, next to readings and far from them, each from 0 (kriging alone) to 1
    drift : names of the maps that act as external drift of the kriging; without any it is ordinary kriging. None: those of the model
        (`drift_of`)
    deviation_share : of the correction to kriging's standard deviation, from 0 to 1
    widths : what the standard deviation is multiplied by, next to readings and far from them
    """

    shares: tuple[float, float] | None = None
    drift: tuple[str, ...] | None = None
    deviation_share: float | None = None
    widths: tuple[float, float] = (1.0, 1.0)

    @property
    def kriging_alone(self) -> bool:
        """Whether nothing of the network is applied, so that it need not be computed."""
        return self.shares == (0.0, 0.0) and self.deviation_share == 0.0

    def drift_of(self, configuration: NetworkConfiguration) -> tuple[str, ...]:
        """The maps that act as external drift."""
        if self.drift is not None:
            return self.drift
        return configuration.covariates if configuration.drift_alone and not self.kriging_alone else configuration.maps

    def local_slopes_of(self, configuration: NetworkConfiguration) -> tuple[float, ...]:
        """How slopes on the maps vary: with `drift_alone` only where the kriging is taken alone, as the correction was trained without."""
        return () if configuration.drift_alone and not self.kriging_alone else configuration.local_slopes

    def outlier_limit_of(self, configuration: NetworkConfiguration) -> float:
        """How far readings may lie from what the others say of them: limited only where the kriging is taken alone."""
        return configuration.outlier_limit if self.kriging_alone else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "shares": None if self.shares is None else list(self.shares),
            "drift": None if self.drift is None else list(self.drift),
            "deviation_share": self.deviation_share,
            "widths": list(self.widths),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Trust":
        """From what `to_dict` gives."""
        shares, drift = values["shares"], values["drift"]
        return cls(
            None if shares is None else tuple(shares),
            None if drift is None else tuple(drift),
            values["deviation_share"],
            tuple(values["widths"]),
        )


# The network's own kriging, with what it says of its error.
KRIGING_ALONE = Trust(shares=(0.0, 0.0), deviation_share=0.0)


def share_at(doubt: Array, shares: tuple[float, float], reach: float = 1.0) -> Array:
    """The share that is applied where the readings leave so much open, `doubt` from 0 to 1; a tensor or an array of its shape.

    It goes in a straight line from the first of `shares`, next to readings, to the second, which it has from a doubt of `reach` on.
    """
    near, far = shares
    return near + (far - near) * (doubt / reach).clip(0, 1)
