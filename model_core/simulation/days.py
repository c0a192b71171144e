"""The demonstration CTM: weather moves, towns emit, air mixes and reacts, a day passes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Iterator

import numpy as np

from model_core.errors import InputError
from model_core.grid import Grid
from model_core.progress import Progress
from model_core.simulation.chemistry import SURFACE_RESISTANCE, Reactions, surface_pm25
from model_core.simulation.climate import Landscape, Season
from model_core.simulation.emission import Emission
from model_core.simulation.geometry import Geometry
from model_core.simulation.nitrogen import NitrogenOxides, surface_no2, surface_o3
from model_core.simulation.terrain import Terrain
from model_core.simulation.transport import Advection, diffuse
from model_core.simulation.variety import Variety
from model_core.simulation.weather import State, Weather

# Days before the first one, so that its air has a history.
SPIN_UP_DAYS = 4
# The weather stands still for so long; transport takes shorter steps on fine grids.
WEATHER_HOURS = 3.0
# A step may carry air over about this many cells at this wind, so that plumes don't become rows of puffs.
CELLS_PER_STEP, TYPICAL_WIND = 3.0, 8.0
SHORTEST_STEP_HOURS = 0.25
# Eddies smaller than the weather's shortest wave, m2/s.
DIFFUSIVITY = 2.0e3
# Air that enters is so much like the air in the edge cell, the rest like clean air, so that the edge does not show.
INFLOW = 0.85


@dataclass(frozen=True)
class SimulatedDay:
    """Daily means of one day; float32 (rows, columns), row 0 north: PM2.5 (ug m-3), RH (%), 10 m wind speed (m/s); NO2 and O3 (ug m-3) or None."""

    date: date
    pm25: np.ndarray
    rh: np.ndarray
    wind: np.ndarray
    no2: np.ndarray | None = None
    o3: np.ndarray | None = None


def simulate_days(
    grid: Grid, start: date, days: int, seed: int, terrain: Terrain | None = None, progress: Progress | None = None, gases: bool = False
) -> Iterator[SimulatedDay]:
    """Simulate consecutive days, one after the other in bounded memory.

    The same grid, start, seed and terrain give the same fields to the last bit on one machine. The seed makes the
    weather and the emissions, and the landscape where no terrain is given. With `gases` the days have nitrogen dioxide and ozone too; the other
    fields are the same with it and without.

    Raises
    ------
    InputError
        If days or seed are out of range, or the terrain does not fit the grid.
    Cancelled
        If the progress says so.
    """
    progress = progress or Progress()
    if days < 1:
        raise InputError(f"the number of days to simulate must be 1 or more, got {days}")
    if seed < 0:
        raise InputError(f"the seed must be 0 or more, got {seed}")
    if terrain is None:
        terrain = Terrain.synthetic(grid, seed)
    if terrain.elevation.shape != grid.shape:
        raise InputError(
            f"the terrain has {terrain.elevation.shape} (rows, columns) and the grid {grid.shape}; warp the terrain to the grid"
        )
    return _run(_World(grid, start, seed, terrain, gases), start, days, progress)


def _run(world: "_World", start: date, days: int, progress: Progress) -> Iterator[SimulatedDay]:
    total = SPIN_UP_DAYS + days
    for number in range(total):
        day = start + timedelta(days=number - SPIN_UP_DAYS)
        progress.step(number / total, f"simulating {day}" if number >= SPIN_UP_DAYS else "spinning up")
        fields = world.pass_day(day)
        if number >= SPIN_UP_DAYS:
            yield fields
    progress.step(1.0, "simulated")


class _World:
    """The state that one day hands to the next: weather, fires and the burdens of particles and precursors."""

    def __init__(self, grid: Grid, start: date, seed: int, terrain: Terrain, gases: bool):
        self._geometry = Geometry.of(grid)
        self._variety = Variety.draw(np.random.default_rng([seed, 4]))
        self._land = Landscape.of(terrain, self._geometry, self._variety)
        # Inventories belong to the seed alone; weather and fires also to the start, so that every period has its own.
        inventory, weather, daily = (
            np.random.default_rng(key) for key in ([seed, 1], [seed, 2, start.toordinal()], [seed, 3, start.toordinal()])
        )
        self._emission = Emission(self._geometry, self._land, inventory, daily, self._variety)
        self._weather = Weather(self._geometry, self._land, weather, self._variety)
        self._particles = np.zeros(grid.shape, np.float32)
        self._gases = np.zeros(grid.shape, np.float32)
        self._nox = np.zeros(grid.shape, np.float32) if gases else None
        self._x_first = False
        # Mass per cell, up to a constant, is burden times width: columns of a lon-lat grid narrow to the poles.
        self._relative_area = np.broadcast_to(
            (self._geometry.width_m / self._geometry.width_m.mean()).astype(np.float32)[:, None], grid.shape
        )
        cell_km = min(self._geometry.height_m, float(self._geometry.width_m.min())) / 1000
        hours = np.clip(CELLS_PER_STEP * cell_km / (TYPICAL_WIND * 3.6), SHORTEST_STEP_HOURS, WEATHER_HOURS)
        self._steps = int(np.ceil(WEATHER_HOURS / hours))
        self._seconds = WEATHER_HOURS * 3600 / self._steps

    def pass_day(self, day: date) -> SimulatedDay:
        """Move on by 24 hours; the means of the day."""
        season = Season.of(day, self._geometry, self._land)
        self._emission.start_day(day)
        blocks = int(24 / WEATHER_HOURS)
        pm25, rh, wind, no2, o3 = (np.zeros(self._geometry.shape) for _ in range(5))
        resistance = SURFACE_RESISTANCE * self._variety.surface
        for _ in range(blocks):
            self._weather.advance(WEATHER_HOURS, season)
            air = self._weather.state(season)
            rh += air.rh
            wind += air.wind
            particles, emitted, nox = self._pass_block(day, season, air)
            pm25 += surface_pm25(particles, air, emitted, resistance)
            if nox is not None:
                now = surface_no2(nox, air, self._emission.burning, resistance)
                no2 += now
                o3 += surface_o3(now, air.rh, season, self._land.terrain.elevation)
        fields = (pm25, rh, wind) if self._nox is None else (pm25, rh, wind, no2, o3)
        return SimulatedDay(day, *((field / blocks).astype(np.float32) for field in fields))

    def _pass_block(self, day: date, season: Season, air: State) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Some hours of constant weather; mean burden of particles, their emission, and mean burden of NOx where it is asked for."""
        seconds = self._seconds
        self._x_first = not self._x_first
        advection = Advection(self._geometry, air.east, air.north, seconds, self._x_first)
        haze = self._particles / air.mixing_depth
        emitted = self._emission.rates(day, air.wind, air.rh, haze)
        reactions = Reactions(emitted, air, season, self._land, seconds, haze, self._variety)
        nitrogen = None if self._nox is None else NitrogenOxides(self._emission.burning, air, season, seconds)
        # What a step makes of air that is the same everywhere: above 1 where air converges, below where it diverges.
        gathered = advection.step(self._relative_area) / self._relative_area
        kept, sinking = 1 / np.maximum(gathered, 1), np.maximum(1 - gathered, 0)
        total, nox = (np.zeros(self._geometry.shape, np.float32) for _ in range(2))
        for _ in range(self._steps):
            particles = self._carry(advection, self._particles, reactions.background)
            gases = self._carry(advection, self._gases, None)
            # Converging air leaves through the top with what it carries; diverging air is replaced from above.
            particles = kept * particles + sinking * reactions.background
            self._particles, self._gases = reactions.step(particles, kept * gases)
            total += self._particles
            if nitrogen is not None:
                carried = kept * self._carry(advection, self._nox, nitrogen.background) + sinking * nitrogen.background
                self._nox = nitrogen.step(carried)
                nox += self._nox
        return total / self._steps, emitted[0], None if nitrogen is None else nox / self._steps

    def _carry(self, advection: Advection, burden: np.ndarray, background: np.ndarray | None) -> np.ndarray:
        """The burden after advection and diffusion of a step."""
        outside = INFLOW * burden if background is None else INFLOW * burden + (1 - INFLOW) * background
        mass = advection.step(burden * self._relative_area, outside * self._relative_area)
        return diffuse(self._geometry, mass, DIFFUSIVITY * self._variety.diffusion, self._seconds) / self._relative_area
