"""The weather: moving highs and lows, the wind around them, and what they bring: rain, humidity, mixing depth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model_core.simulation.climate import Landscape, Season
from model_core.simulation.geometry import Geometry
from model_core.simulation.synoptic import DriftingField, SlowNumber
from model_core.simulation.variety import Variety

# Friction turns the low-level wind by this angle toward low pressure, over land and sea.
TURNING_LAND, TURNING_SEA = np.radians(28.0), np.radians(14.0)
# Boundary-layer wind per geostrophic wind.
FRICTION_LAND, FRICTION_SEA = 0.62, 0.82
# 10 m wind per boundary-layer wind (log profile, roughness 0.5 m, 1 mm and 2 m), and the unresolved gusts (m/s).
NEAR_SURFACE_LAND, NEAR_SURFACE_SEA, NEAR_SURFACE_TOWN, GUSTS = 0.62, 0.80, 0.42, 0.9
# Systems drift east at about half the speed of the jet (km/h), faster in winter.
DRIFT_KMH = 17.0
# Stagnant episodes begin where their field exceeds this many standard deviations: a quarter of all places and days.
CALM_THRESHOLD, DEEPEST_CALM = 0.7, np.float32(1.5)


@dataclass(frozen=True)
class State:
    """Weather of some hours; float32 (rows, columns).

    `east`, `north` wind (m/s) that carries pollution; `wind` 10 m speed (m/s); `rh` (%); `mixing_depth` (m);
    `rain` (mm/h); `free_air`, one number: how dirty the air above is, relative to the season's mean.
    """

    east: np.ndarray
    north: np.ndarray
    wind: np.ndarray
    rh: np.ndarray
    mixing_depth: np.ndarray
    rain: np.ndarray
    free_air: float


class Weather:
    """A seeded sequence of weather on a grid; `advance` moves on, `state` gives the maps."""

    def __init__(self, geometry: Geometry, land: Landscape, rng: np.random.Generator, variety: Variety = Variety()):
        self._land, self._variety = land, variety

        def field(peak_km: float, shortest_km: float, decay: float, memory_hours: float) -> DriftingField:
            return DriftingField(rng, geometry, peak_km=peak_km, shortest_km=shortest_km, decay=decay, memory_hours=memory_hours)

        self._pressure = field(3000, 240, 5.8, 100)
        self._moisture = field(2200, 120, 3.8, 80)
        self._instability = field(2600, 250, 4.4, 96)
        self._showers = field(450, 100, 3.0, 12)
        self._calm = field(2200, 400, 4.5, 130)
        self._vigour, self._flow, self._origin = SlowNumber(rng, 110), SlowNumber(rng, 80), SlowNumber(rng, 150)
        friction = FRICTION_SEA + (FRICTION_LAND - FRICTION_SEA) * land.near_land
        turning = TURNING_SEA + (TURNING_LAND - TURNING_SEA) * land.near_land
        self._along = (friction * np.cos(turning)).astype(np.float32)
        self._across = (friction * np.sin(turning)).astype(np.float32)
        near_surface = NEAR_SURFACE_SEA + (NEAR_SURFACE_LAND - NEAR_SURFACE_SEA) * land.terrain.land
        near_surface = near_surface + (NEAR_SURFACE_TOWN - near_surface) * np.sqrt(land.terrain.urban)
        self._near_surface = near_surface.astype(np.float32)
        # The mean flow, too, is slowed by the land.
        self._openness = (1.7 - 0.7 * land.near_land).astype(np.float32)
        self._hemisphere = np.where(geometry.latitude >= 0, 1, -1).astype(np.float32)

    def advance(self, hours: float, season: Season) -> None:
        """Let time pass."""
        drift = DRIFT_KMH * (1 + 0.3 * float(season.winter.mean())) * (1 + 0.3 * self._flow.value)
        fields = ((self._pressure, 1.0), (self._moisture, 0.6), (self._instability, 0.35), (self._showers, 1.0), (self._calm, 0.2))
        for field, share in fields:
            field.advance(hours, drift * share, -0.25 * drift * share)
        for number in (self._vigour, self._flow, self._origin):
            number.advance(hours)

    def state(self, season: Season) -> State:
        """The maps of now."""
        slope_x, slope_y = self._pressure.gradient()
        # Geostrophic wind of a pressure field with unit RMS gradient, scaled; both components share the energy.
        speed = season.synoptic_wind * np.float32(self._variety.wind * np.exp(0.25 * self._vigour.value))
        geo_east, geo_north = -speed * slope_y * self._hemisphere, speed * slope_x * self._hemisphere
        mean_flow = np.float32(1 + 0.35 * self._flow.value) * self._openness
        # The wind has low pressure on its left (northern hemisphere) and leans toward it.
        east = self._along * geo_east - self._across * speed * slope_x + season.east * mean_flow
        north = self._along * geo_north - self._across * speed * slope_y + season.north * mean_flow
        calm = self._stagnation(season)
        still = np.exp(-0.45 * calm)
        east, north = self._follow_terrain(east * still, north * still)
        wind10 = np.hypot(self._near_surface * np.hypot(east, north), np.float32(GUSTS))
        low = self._pressure.curvature()
        moisture = self._moisture.value()
        poleward = geo_north * self._hemisphere / 8  # warm air comes from there, moist
        rh_logit = season.rh_logit + 0.6 * moisture + 0.2 * low + 0.2 * np.clip(poleward, -2, 2)
        unstable = self._instability.value()
        rh_logit = rh_logit - 0.2 * unstable + 0.2 * calm
        rain = self._rain(season, rh_logit, low)
        rh_logit = rh_logit + 0.8 * np.minimum(rain, 1.0)
        rh = 100 / (1 + np.exp(-rh_logit))
        depth = season.mixing_depth * (0.62 + 0.38 * np.minimum(wind10 / 3.0, 2.0))
        # Ridges (low < 0) bring subsidence and a low lid.
        depth = depth * np.exp(0.34 * unstable + 0.10 * np.clip(low, -2, 2) - 0.5 * calm)
        maps = (east, north, wind10, np.clip(rh, 4, 100), np.clip(depth, 170, 3500), rain)
        return State(*(np.asarray(m, np.float32) for m in maps), free_air=float(np.exp(0.4 * self._origin.value)))

    def _stagnation(self, season: Season) -> np.ndarray:
        """How deep a place lies in a stagnant high: mostly 0, 1 to 2 in the episodes, which winter deepens."""
        excess = np.maximum(self._calm.value() - np.float32(CALM_THRESHOLD), 0)
        depth = np.float32(self._variety.stagnation) * (0.75 + 0.3 * season.winter) * excess
        return np.minimum(depth, DEEPEST_CALM)

    def _follow_terrain(self, east: np.ndarray, north: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Shelter in basins; flow up a slope is blocked and turned along it, flow down it partly passes above."""
        land = self._land
        east, north = east * land.exposure, north * land.exposure
        uphill = east * land.slope_east + north * land.slope_north
        stopped = land.blocking * np.where(uphill > 0, uphill, 0.45 * uphill)
        return east - stopped * land.slope_east, north - stopped * land.slope_north

    def _rain(self, season: Season, rh_logit: np.ndarray, low: np.ndarray) -> np.ndarray:
        """Rain (mm/h) where moist air rises; showery in the warm season."""
        warmth = (1 - season.winter) / 2
        lift = 0.55 * low + (0.5 + 0.5 * warmth) * self._showers.value()
        return 1.1 * np.maximum(rh_logit - 1.95 + 0.75 * lift + 0.1 * warmth, 0) ** 1.5
