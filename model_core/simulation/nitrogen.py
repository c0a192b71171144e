"""Nitrogen dioxide of the demonstration CTM: emitted with what people and works emit, carried like the particles, and short-lived.

It is one tracer, NOx counted as NO2, that leaves PM2.5 as it is: no ozone, no cycle of the day, no chemistry between them.
"""

from __future__ import annotations

import numpy as np

from model_core.simulation.climate import Season
from model_core.simulation.weather import State

# NOx (as NO2) per primary PM2.5 of people and works: 29 and 12 Tg in China in 2010 (MIX inventory, Li et al. 2017, Atmos. Chem.
# Phys. 17, 935).
NOX_RATIO = 2.4
# Lifetime of NOx over China in winter and in summer, s (21 and 5.9 h: Shah et al. 2020, Atmos. Chem. Phys. 20, 1483).
LIFETIME_WINTER, LIFETIME_SUMMER = 21 * 3600.0, 5.9 * 3600.0
# Share of NO2 in NOx at the ground in the mean of a day; networks have about 0.6 at kerbs and 0.9 in the country.
NO2_SHARE = 0.75
# NO2 of air that has seen no town for days, ug m-3.
BACKGROUND = 0.2


class NitrogenOxides:
    """Source and loss of the columns under one weather, dB/dt = E - B / lifetime, solved exactly for a step."""

    def __init__(self, emitted: np.ndarray, air: State, season: Season, seconds: float):
        """`emitted`: primary PM2.5 of people and works, ug m-2 s-1."""
        summer = (1 - season.winter) / 2
        lifetime = LIFETIME_WINTER * (LIFETIME_SUMMER / LIFETIME_WINTER) ** summer
        self.background = (BACKGROUND / NO2_SHARE * air.mixing_depth).astype(np.float32)
        left = np.exp(-seconds / lifetime)
        source = NOX_RATIO * emitted + self.background / lifetime
        self._left, self._made = left.astype(np.float32), (source * lifetime * (1 - left)).astype(np.float32)

    def step(self, burden: np.ndarray) -> np.ndarray:
        """Column burden (ug m-2, as NO2) after a step without transport."""
        return burden * self._left + self._made


def surface_no2(burden: np.ndarray, air: State, emitted: np.ndarray, resistance: float) -> np.ndarray:
    """NO2 (ug m-3) at the ground from the column burden (ug m-2); what was just emitted is not yet mixed, as in `surface_pm25`."""
    fresh = NOX_RATIO * emitted * (np.float32(resistance) * np.sqrt(500 / air.mixing_depth))
    return NO2_SHARE * (burden / air.mixing_depth + fresh)
