"""Where pollution comes from: towns, people in the country, works, fires, dust and sea spray."""

from __future__ import annotations

from datetime import date

import numpy as np

from model_core.simulation.climate import Landscape, winterness
from model_core.simulation.geometry import Geometry
from model_core.simulation.synoptic import DriftingField
from model_core.simulation.terrain import fractal_noise
from model_core.simulation.variety import Variety

# Primary PM2.5 of a fully built-up cell and of the densest farmland, ug m-2 s-1 (0.1 is about 3 t km-2 a-1; eastern
# China had 1 to 5 t km-2 a-1 as provincial means in the 2010s, Li et al. 2017, Natl. Sci. Rev. 4, 834, MIX inventory).
TOWN_EMISSION, COUNTRY_EMISSION, WILD_EMISSION = 0.46, 0.24, 0.028
# Precursor gases (SO2, NOx, NH3, VOC) as the aerosol that they can become, per primary emission.
PRECURSOR_RATIO = 3.2
# One large works per so many km2 of settled land; its median strength in ug s-1 (30 g/s).
WORKS_AREA_KM2, WORKS_EMISSION = 4500.0, 1.2e7
# One burning area per so many km2 and day, at its season's peak, and its median strength in ug s-1.
FIRE_AREA_KM2, FIRE_EMISSION = 250_000.0, 2.0e8
# Traffic and works are ordered to stop as the air gets worse: half of them at this PM2.5 (ug m-3).
RED_ALERT_PM25 = 350.0
# Sea spray grows with the 3.41th power of the wind (Monahan et al. 1986); ug m-2 s-1 of PM2.5 at 10 m/s.
SPRAY_AT_10_MS = 0.05
# Precursors from the sea's plankton (DMS), as aerosol, ug m-2 s-1.
PLANKTON_GASES = 0.0016
# Dust: dry bare ground above a threshold wind (m/s); ug m-2 s-1 per (m/s)^3 of excess.
DUST_THRESHOLD, DUST_FACTOR = 5.3, 0.03


class Emission:
    """Emission of one invented world: maps that stay, and from day to day fires and what people are up to."""

    def __init__(
        self, geometry: Geometry, land: Landscape, rng: np.random.Generator, daily_rng: np.random.Generator, variety: Variety = Variety()
    ):
        """`rng` makes the maps, `daily_rng` what changes with the days."""
        self._geometry, self._land, self._daily_rng = geometry, land, daily_rng
        terrain = land.terrain
        # Inventories differ by factors: the total, the share of towns, and every region have their own.
        total = variety.emission
        pattern = 0.4 * fractal_noise(rng, geometry, 900.0) + 0.15 * fractal_noise(rng, geometry, 120.0)
        region = np.exp(variety.regional * pattern)
        low = np.exp(-((np.maximum(terrain.elevation, 0) / 1500.0) ** 1.3))
        flat = np.exp(-geometry.smooth(np.hypot(*geometry.gradient(terrain.elevation)), 15.0) / 0.012)
        towns_nearby = np.maximum(geometry.smooth(terrain.urban, 70.0), 0)  # running means round
        crowding = (towns_nearby / (towns_nearby + 0.02)) ** 0.6
        # Plains are tilled and lived on even where the map shows no town.
        tilled = 0.8 * low * flat * np.clip(0.25 + 3 * land.maritime, 0, 1) * (np.abs(geometry.latitude) < 48)
        if terrain.tilled is not None:
            tilled = np.where(np.isfinite(terrain.tilled), terrain.tilled, tilled)
        settled = 0.45 * geometry.smooth(tilled, 20.0) + 0.55 * crowding * (0.15 + 0.85 * low) * (0.3 + 0.7 * flat)
        country = COUNTRY_EMISSION * settled * terrain.land
        # Works and traffic don't end at the town's wall: much of a town's emission lies within some 20 km round it.
        outskirts = np.maximum(geometry.smooth(terrain.urban, 18.0), 0)
        towns = 0.6 * terrain.urban**0.75 + 0.4 * outskirts**0.75
        if terrain.people is not None:
            towns = _where_people_live(towns, terrain.people * terrain.land, geometry.cell_area_km2, variety.heads)
        # No two towns of a size are alike, nor are the quarters of one.
        quarters = np.exp(0.5 * fractal_noise(rng, geometry, 40.0))
        town = TOWN_EMISSION * variety.towns * towns * quarters * terrain.land
        self._people = (total * region * (town + country)).astype(np.float32)
        self._wild = (WILD_EMISSION * variety.remote * region * terrain.land).astype(np.float32)
        works = self._scatter_works(rng, (0.97 * settled + 0.03) * terrain.land)  # some lie in the wild
        self._works = (total * variety.works * works).astype(np.float32)
        self._growth = (crowding * low * terrain.land).astype(np.float32)
        bare = np.clip(1 - 6 * land.maritime, 0, 1) * np.exp(-towns_nearby / 0.004) * (1 - 0.7 * land.upland)
        self._bare = (bare * terrain.land * np.exp(0.5 * rng.standard_normal())).astype(np.float32)
        gas_ratio = PRECURSOR_RATIO * variety.precursors * np.exp(0.25 * fractal_noise(rng, geometry, 700.0))
        self._gas_ratio = gas_ratio.astype(np.float32)
        self._fires = np.zeros(geometry.shape, np.float32)
        # Of the last `rates`: primary PM2.5 of people and works, ug m-2 s-1, with which other species are emitted.
        self.burning = np.zeros(geometry.shape, np.float32)
        # Heating, holidays, harvests and orders to close: regions change what they emit for some days.
        self._activity = DriftingField(daily_rng, geometry, peak_km=1300, shortest_km=350, decay=4.0, memory_hours=110)

    def _scatter_works(self, rng: np.random.Generator, settled: np.ndarray) -> np.ndarray:
        """Point sources spread over their cell, ug m-2 s-1."""
        area = self._geometry.cell_area_km2 * np.ones(settled.shape)
        weight = (settled * area).ravel() ** 0.7
        works = np.zeros(settled.size)
        if weight.sum() > 0:
            count = rng.poisson(float(np.minimum(settled / 0.2, 1).ravel() @ (area / WORKS_AREA_KM2).ravel()))
            places = rng.choice(settled.size, size=count, p=weight / weight.sum())
            np.add.at(works, places, WORKS_EMISSION * np.exp(0.9 * rng.standard_normal(count)))
        return works.reshape(settled.shape) / (area * 1e6)

    def start_day(self, day: date) -> None:
        """Draw the day's fires, of which yesterday's mostly go out, and how busy the regions are."""
        geometry, rng = self._geometry, self._daily_rng
        # Straw burns after harvest (June, October) and before sowing (March).
        month = day.timetuple().tm_yday / 365.25 * 12
        season = 0.15 + sum(np.exp(-((month - peak) ** 2) / 0.4) for peak in (2.8, 5.4, 9.6))
        area = geometry.cell_area_km2 * np.ones(geometry.shape)
        weight = (self._growth * area).ravel().astype(float)
        self._fires *= np.float32(0.3)
        self._activity.advance(24, 0.0, 0.0)
        self._busy = self._liveliness(day)
        if weight.sum() > 0:
            count = rng.poisson(season * weight.sum() / FIRE_AREA_KM2)
            places = rng.choice(weight.size, size=count, p=weight / weight.sum())
            strength = FIRE_EMISSION * np.exp(0.9 * rng.standard_normal(count))
            fires = np.zeros(weight.size)
            np.add.at(fires, places, strength)
            self._fires += geometry.smooth(fires.reshape(geometry.shape) / (area * 1e6), 8.0).astype(np.float32)

    def _liveliness(self, day: date) -> np.ndarray:
        """Factor on people's emission: log-normal over regions and weeks, with a longer tail to the bad side."""
        wave = np.clip(self._activity.value(), -2.5, 2.5)
        wave = wave + np.float32(0.3) * np.clip(wave - 1, 0, 1.5) ** 2
        return np.exp(wave * (0.32 + 0.10 * winterness(day, self._geometry.latitude)))

    def rates(self, day: date, wind: np.ndarray, rh: np.ndarray, haze: np.ndarray | float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """Emission of particles and of precursors (as aerosol), ug m-2 s-1, float32 (rows, columns).

        `haze`: PM2.5 (ug m-3) of now.
        """
        orders = 1 / (1 + (haze / RED_ALERT_PM25) ** 2)
        winter = winterness(day, self._geometry.latitude)
        cold = np.clip((np.abs(self._geometry.latitude) - 27) / 10, 0, 1)
        people = orders * self._people * (1 + 0.30 * winter * cold) * self._busy
        spray = SPRAY_AT_10_MS * (wind / 10) ** np.float32(3.41) * ~self._land.terrain.land
        dry = np.clip((60 - rh) / 30, 0, 1)
        # Thawed, not yet green: April has the most, frozen January hardly any.
        loose = 0.08 + 0.92 * np.exp(-((((day.timetuple().tm_yday - 105 + 182) % 365 - 182) / 40.0) ** 2))
        dust = DUST_FACTOR * loose * self._bare * dry * np.maximum(wind - DUST_THRESHOLD, 0) ** 3
        wild = self._wild * (1 - 0.5 * winter)  # soil and plants
        works = orders * self._works
        self.burning = people + works
        burnt = people + wild + works + self._fires
        sea = PLANKTON_GASES * ~self._land.terrain.land
        reactive = orders * self._people * self._busy * (1 + 0.1 * winter) + wild + 1.3 * works + 0.2 * self._fires
        gases = sea + self._gas_ratio * reactive
        return burnt + spray + dust, gases


def _where_people_live(towns: np.ndarray, people: np.ndarray, area_km2: np.ndarray, share: float) -> np.ndarray:
    """The towns' emission with a share that goes with the 0.75th power of people per km2, the total as it was; (rows, columns)."""
    crowd = people.astype(float) ** 0.75
    whole, total = float((crowd * area_km2).sum()), float((towns * area_km2).sum())
    return towns if whole == 0 else (1 - share) * towns + share * crowd * (total / whole)
