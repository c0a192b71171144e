"""What happens to a column of air in some hours: sources, formation of secondary aerosol, deposition, washout."""

from __future__ import annotations

import numpy as np

from model_core.simulation.climate import Landscape, Season
from model_core.simulation.weather import State

# Deposition velocities (m/s) of PM2.5 and of precursor gases: typical of Zhang et al. 2001, Atmos. Environ. 35, 549.
DEPOSITION_PARTICLES, DEPOSITION_GASES = 0.0016, 0.004
# Share of precursors that becomes aerosol per second in dry winter air; clouds and haze speed it up several times.
FORMATION_DRY, FORMATION_MOIST = 0.010 / 3600, 0.055 / 3600
# Exchange with the free air: lifetimes (s) over lowland in winter, in summer, and above 3500 m.
EXCHANGE_WINTER, EXCHANGE_SUMMER, EXCHANGE_UPLAND = 6.0 * 86400, 2.0 * 86400, 0.8 * 86400
# Washout 1.2e-4 per s at 1 mm/h, growing with rain^0.7 (below-cloud and in-cloud together; Slinn 1984).
WASHOUT, WASHOUT_POWER = 1.2e-4, 0.7
# Particles in the free air, ug m-3.
FREE_AIR = 1.5
# Hygroscopicity of mixed aerosol (Petters and Kreidenweis 2007, Atmos. Chem. Phys. 7, 1961), the density of water per
# that of particles, and the share of the ambient water that a reading at 30 to 50 % humidity still sees.
KAPPA, DENSITY_RATIO, WATER_SEEN, MOST_MOIST = 0.30, 1 / 1.5, 0.22, 0.93


def react(
    particles: np.ndarray, gases: np.ndarray, emitted: tuple[np.ndarray, np.ndarray],
    air: State, season: Season, land: Landscape, seconds: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Column burdens (ug m-2) of particles and of precursors (as aerosol) after some seconds without transport.

    Each loss is linear, so each equation dB/dt = E - L B is solved exactly for the step and any step is stable.
    """
    summer = (1 - season.winter) / 2
    exchange = 1 / EXCHANGE_WINTER + summer * (1 / EXCHANGE_SUMMER - 1 / EXCHANGE_WINTER)
    exchange = exchange + land.upland**2 * (1 / EXCHANGE_UPLAND)
    # Converging air leaves through the top with what it carries; the transport has gathered it in the column.
    rising = np.maximum(-air.divergence, 0)
    rained = WASHOUT * air.rain**WASHOUT_POWER
    moist = (air.rh / 100) ** 3
    formation = (FORMATION_DRY + FORMATION_MOIST * moist) * (0.8 + 0.5 * summer)
    shared = exchange + rising + rained
    loss = shared + DEPOSITION_GASES / air.mixing_depth + formation
    gases, mean_gases = _relax(gases, emitted[1], loss, seconds)
    source = emitted[0] + formation * mean_gases + exchange * FREE_AIR * air.mixing_depth
    particles, _ = _relax(particles, source, shared + DEPOSITION_PARTICLES / air.mixing_depth, seconds)
    return particles, gases


def _relax(burden: np.ndarray, source: np.ndarray, loss: np.ndarray, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """End and mean of dB/dt = source - loss B."""
    steady = source / loss
    left = np.exp(-loss * seconds)
    end = steady + (burden - steady) * left
    mean = steady + (burden - steady) * (1 - left) / (loss * seconds)
    return end, mean


def surface_pm25(particles: np.ndarray, air: State) -> np.ndarray:
    """PM2.5 (ug m-3) at the ground from the column burden (ug m-2), with the water that a reading sees."""
    activity = np.minimum(air.rh / 100, MOST_MOIST)
    growth = 1 + WATER_SEEN * KAPPA * DENSITY_RATIO * activity / (1 - activity)
    return particles / air.mixing_depth * growth
