"""What happens to a column of air in some hours: sources, formation of secondary aerosol, deposition, washout."""

from __future__ import annotations

import numpy as np

from model_core.simulation.climate import Landscape, Season
from model_core.simulation.variety import Variety
from model_core.simulation.weather import State

# Deposition velocities (m/s) of PM2.5 and of precursor gases: typical of Zhang et al. 2001, Atmos. Environ. 35, 549.
DEPOSITION_PARTICLES, DEPOSITION_GASES = 0.0016, 0.004
# Share of precursors that becomes aerosol per second in dry winter air; clouds and haze speed it up several times.
FORMATION_DRY, FORMATION_MOIST = 0.010 / 3600, 0.055 / 3600
# Haze that halves the light, and so the oxidants, at the ground (Zheng et al. 2015, Atmos. Chem. Phys. 15, 2969);
# what forms in the droplets of moist haze is in FORMATION_MOIST.
DIMMING_PM25 = 200.0
# Aerodynamic resistance of the surface layer, s/m, daily mean over calm nights and windy noons (Seinfeld and Pandis
# 2016, Atmospheric Chemistry and Physics, ch. 19).
SURFACE_RESISTANCE = 35.0
# Exchange with the free air: lifetimes (s) over lowland in winter, in summer, and above 3500 m.
EXCHANGE_WINTER, EXCHANGE_SUMMER, EXCHANGE_UPLAND = 6.0 * 86400, 2.0 * 86400, 0.8 * 86400
# Washout 1.2e-4 per s at 1 mm/h, growing with rain^0.7 (below-cloud and in-cloud together; Slinn 1984).
WASHOUT, WASHOUT_POWER = 1.2e-4, 0.7
# Particles in the free air, ug m-3: the background that subsiding and exchanged air brings down.
FREE_AIR_WINTER, FREE_AIR_SUMMER = 2.2, 4.0
# Hygroscopicity of mixed aerosol (Petters and Kreidenweis 2007, Atmos. Chem. Phys. 7, 1961), the density of water per
# that of particles, and the share of the ambient water that a reading at 30 to 50 % humidity still sees.
KAPPA, DENSITY_RATIO, WATER_SEEN, MOST_MOIST = 0.30, 1 / 1.5, 0.22, 0.93


class Reactions:
    """Sources and losses of the columns under one weather, prepared once and applied to any number of steps.

    Each loss is linear, so each equation dB/dt = E - L B is solved exactly for the step and any step is stable.
    """

    def __init__(
        self,
        emitted: tuple[np.ndarray, np.ndarray],
        air: State,
        season: Season,
        land: Landscape,
        seconds: float,
        haze: np.ndarray | float = 0.0,
        variety: Variety = Variety(),
    ):
        """`emitted`: particles and precursor gases (as aerosol), ug m-2 s-1; `seconds`: length of a step; `haze`:
        PM2.5 (ug m-3) that dims the light.
        """
        summer = (1 - season.winter) / 2
        exchange = 1 / EXCHANGE_WINTER + summer * (1 / EXCHANGE_SUMMER - 1 / EXCHANGE_WINTER)
        exchange = exchange + land.upland**2 * (1 / EXCHANGE_UPLAND)
        rained = WASHOUT * air.rain**WASHOUT_POWER
        moist = (air.rh / 100) ** 3
        formation = (FORMATION_DRY + FORMATION_MOIST * moist) * (0.8 + 0.5 * summer) * np.float32(variety.formation)
        formation = formation / (1 + haze / DIMMING_PM25)
        exchange = exchange * np.float32(variety.exchange)
        shared = exchange + rained
        free_air = variety.background * air.free_air * (FREE_AIR_WINTER + summer * (FREE_AIR_SUMMER - FREE_AIR_WINTER))
        self.background = (free_air * air.mixing_depth).astype(np.float32)  # burden of clean air
        settling = variety.deposition / air.mixing_depth
        self._gases = _Relaxation(shared + DEPOSITION_GASES * settling + formation, seconds)
        self._particles = _Relaxation(shared + DEPOSITION_PARTICLES * settling, seconds)
        self._gas_source = emitted[1].astype(np.float32)
        self._particle_source = (emitted[0] + exchange * self.background).astype(np.float32)
        self._formation = formation.astype(np.float32)

    def step(self, particles: np.ndarray, gases: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Column burdens (ug m-2) of particles and of precursors after a step without transport."""
        mean_gases = self._gases.mean(gases, self._gas_source)
        source = self._particle_source + self._formation * mean_gases
        return self._particles.end(particles, source), self._gases.end(gases, self._gas_source)


class _Relaxation:
    """The solution of dB/dt = source - loss B over a step."""

    def __init__(self, loss: np.ndarray, seconds: float):
        decayed = loss * seconds  # strictly positive: deposition never stops
        self._left = np.exp(-decayed).astype(np.float32)
        self._mean_left = ((1 - self._left) / decayed).astype(np.float32)
        self._lifetime = (1 / loss).astype(np.float32)

    def end(self, burden: np.ndarray, source: np.ndarray) -> np.ndarray:
        steady = source * self._lifetime
        return steady + (burden - steady) * self._left

    def mean(self, burden: np.ndarray, source: np.ndarray) -> np.ndarray:
        steady = source * self._lifetime
        return steady + (burden - steady) * self._mean_left


def surface_pm25(particles: np.ndarray, air: State, emitted: np.ndarray | float = 0.0, resistance: float = 0.0) -> np.ndarray:
    """PM2.5 (ug m-3) at the ground from the column burden (ug m-2), with the water that a reading sees.

    What was just emitted (ug m-2 s-1) has not yet spread over the mixing depth; `resistance` (s/m, where that is
    500 m) keeps it at the ground, the more so the shallower the layer.
    """
    fresh = emitted * (np.float32(resistance) * np.sqrt(500 / air.mixing_depth))
    return (particles / air.mixing_depth + fresh) * humidity_growth(air.rh)


def humidity_growth(rh: np.ndarray) -> np.ndarray:
    """Mass of moist particles per mass of dry ones, as a reading sees it, at some relative humidity (%)."""
    activity = np.minimum(rh / 100, MOST_MOIST)
    return 1 + WATER_SEEN * KAPPA * DENSITY_RATIO * activity / (1 - activity)
