"""Mean state of the air by season, latitude, distance from the sea and terrain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from model_core.simulation.geometry import Geometry
from model_core.simulation.terrain import Terrain
from model_core.simulation.variety import Variety

# Lengths over which the land feels the sea, a basin its rim, and low-level flow a slope.
SEA_INFLUENCE_KM, SLOPE_KM = 450.0, 20.0
# Basins come in all sizes, valleys to the Tarim: rims within these distances (km) shelter with these weights.
RIMS_KM = {45.0: 1.3, 100.0: 1.0, 180.0: 0.75, 300.0: 0.4}
# Reach of the land's heat and friction over the sea.
COAST_KM = 18.0
# Slope at which half of the upslope flow is blocked: winter lapse rates stop 5 m/s below ridges of some 500 m.
BLOCKING_SLOPE = 0.006
# Rim height that shelters a basin to 1/e of the wind outside.
SHELTER_RIM_M = 1000.0


@dataclass(frozen=True)
class Landscape:
    """Maps derived once from the terrain, float32 (rows, columns).

    `maritime` 1 over open sea to 0 far inland; `near_land` 1 inland to 0 offshore, within the coast's own reach;
    `basin` height (m) of the surroundings above the place; `slope_east`, `slope_north` unit vector uphill;
    `blocking` share of the upslope flow that is stopped; `upland` 0 in lowlands to 1 above 3500 m; `exposure` wind
    relative to open lowland.
    """

    terrain: Terrain
    maritime: np.ndarray
    near_land: np.ndarray
    basin: np.ndarray
    slope_east: np.ndarray
    slope_north: np.ndarray
    blocking: np.ndarray
    upland: np.ndarray
    exposure: np.ndarray

    @classmethod
    def of(cls, terrain: Terrain, geometry: Geometry, variety: Variety = Variety()) -> "Landscape":
        """Derive the maps; the lengths are physical, so that they mean the same on any grid."""
        height = terrain.elevation
        smooth_height = geometry.smooth(height, SLOPE_KM)
        basin = np.zeros(height.shape)
        for distance, weight in RIMS_KM.items():
            basin = np.maximum(basin, weight * (geometry.smooth(height, distance) - smooth_height))
        east, north = geometry.gradient(smooth_height)
        slope = np.hypot(east, north)
        safe = np.maximum(slope, 1e-9)
        upland = np.clip((smooth_height - 1500) / 2500, 0, 1)
        exposure = np.exp(-variety.shelter * basin / SHELTER_RIM_M) * (1 + smooth_height / 8000)
        maritime = geometry.smooth(~terrain.land, SEA_INFLUENCE_KM)
        near_land = geometry.smooth(terrain.land, COAST_KM)
        blocking = slope / (slope + BLOCKING_SLOPE / variety.blocking)
        maps = (maritime, near_land, basin, east / safe, north / safe, blocking, upland, exposure)
        return cls(terrain, *(np.asarray(m, np.float32) for m in maps))


def winterness(day: date, latitude: np.ndarray) -> np.ndarray:
    """1 in mid-January, -1 in mid-July, reversed south of the equator, weak in the tropics; shape of `latitude`."""
    season = np.cos(2 * np.pi * (day.timetuple().tm_yday - 15) / 365.25)
    return (season * np.clip(latitude / 30, -1, 1)).astype(np.float32)


@dataclass(frozen=True)
class Season:
    """Mean state on one day: wind components (m/s), mixing depth (m), logit of RH, RMS of the synoptic wind (m/s)."""

    winter: np.ndarray
    east: np.ndarray
    north: np.ndarray
    mixing_depth: np.ndarray
    rh_logit: np.ndarray
    synoptic_wind: np.ndarray

    @classmethod
    def of(cls, day: date, geometry: Geometry, land: Landscape) -> "Season":
        """Season of a day; profiles are rounded from reanalysis climatologies of the lower 500 m."""
        latitude = geometry.latitude
        winter = winterness(day, latitude)
        distance = np.abs(latitude)
        # Trade winds below 28 degrees, westerlies beyond; outflow of the continent in winter, inflow in summer.
        trades = np.clip((28 - distance) / 12, -1, 1)
        east = -4.0 * np.maximum(trades, 0) + 3.0 * np.maximum(-trades, 0) + 0.5 * winter
        north = np.sign(latitude) * (-2.2 * winter * np.clip(1.6 - distance / 45, 0, 1) - 0.8 * np.maximum(trades, 0))
        # Well-mixed layer, daily mean: shallow over cold ground, deep over dry warm land, steady over sea.
        over_land = 720 - 330 * winter + 500 * land.upland * (1 - winter) / 2
        over_land = over_land * (1 + 0.35 * (1 - land.maritime) * (1 - winter) / 2) * np.exp(-land.basin / 2500)
        depth = land.near_land * over_land + (1 - land.near_land) * 620
        # RH: about 76 % over sea, 65 % in moist lowlands, 45 % deep inland; cold air is nearer to saturation.
        dryness = np.clip(1 - 2.2 * land.maritime, 0, 1)
        rh_logit = 1.15 - 1.25 * dryness + 0.3 * winter * np.clip((distance - 38) / 12, -1, 1) * dryness
        rh_logit += -0.35 * winter * np.clip((distance - 28) / 8, 0, 1) * (1 - dryness) * land.near_land
        rh_logit += 0.5 * np.minimum(land.basin / 800, 1.2) - 0.25 * land.upland
        synoptic = np.clip(distance / 35, 0.5, 1.15) * (7.5 + 1.5 * winter)
        maps = (winter, east, north, depth, rh_logit, synoptic)
        return cls(*(np.asarray(m, np.float32) for m in maps))
