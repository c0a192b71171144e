"""Nitrogen dioxide and ozone of the demonstration CTM: the one emitted with what people and works emit, carried like the particles, and short-lived;
the other what the sum of both leaves.

NOx is one tracer, counted as NO2, that leaves PM2.5 as it is. Ozone is no tracer: the sum of both, by volume, is a regional level and a share of NOx
(Clapp and Jenkin 2001, Atmos. Environ. 35, 6391), of which NO2 takes its part. No cycle of the day.
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


# The regional level of O3 + NO2 in ppb (Clapp and Jenkin found 31 to 40 over a year in Britain; here lower in winter and higher in the
# summer of a continent), what drier or moister air than 60 % adds per %, and a kilometre of height; and the local share of NOx.
OX_WINTER, OX_SUMMER, OX_BY_RH, OX_BY_KM, OX_SHARE = 30.0, 55.0, -0.15, 4.0, 0.11
# ug m-3 per ppb at 293.15 K and 1013.25 hPa, and the least ozone that mixing from above leaves, ug m-3.
NO2_PER_PPB, O3_PER_PPB, LEAST_O3 = 1.9125, 1.9957, 4.0


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


def surface_o3(no2: np.ndarray, rh: np.ndarray, season: Season, elevation: np.ndarray) -> np.ndarray:
    """O3 (ug m-3) at the ground beside NO2 (ug m-3), in air of a relative humidity (%), at a height (m)."""
    ppb = no2 / NO2_PER_PPB
    summer = (1 - season.winter) / 2
    regional = OX_WINTER + (OX_SUMMER - OX_WINTER) * summer + OX_BY_RH * (rh - 60) + OX_BY_KM * np.maximum(elevation, 0) / 1000
    ozone = regional + OX_SHARE * ppb / NO2_SHARE - ppb
    # A smooth floor: where NO2 takes all of it, some is mixed down from above.
    return LEAST_O3 + O3_PER_PPB * np.logaddexp(0, ozone / 4) * 4
