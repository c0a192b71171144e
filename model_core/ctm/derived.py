"""Variables computed from others of the same file: relative humidity and wind speed."""

from __future__ import annotations

from typing import Callable, NamedTuple

import numpy as np

_WATER_TO_AIR = 0.622  # ratio of the molar masses
_FREEZING_K = 273.15


class Quantity(NamedTuple):
    """Something that is only read to compute with: its names in MCIP, WRF and MERRA-2, its CF name, its unit and limits here.

    A unit of None leaves the values as they are in the file.
    """

    names: tuple[str, ...]
    standard_name: str
    unit: str | None
    limits: tuple[float, float] = (-np.inf, np.inf)


class Recipe(NamedTuple):
    """How a variable is computed; `compute` takes one float32 array per quantity, in the quantity's unit."""

    key: str
    quantities: tuple[Quantity, ...]
    compute: Callable[..., np.ndarray]
    remark: str = ""


def saturation_vapour_pressure(temperature: np.ndarray) -> np.ndarray:
    """Over water in Pa, from K. Bolton (1980), Mon. Wea. Rev. 108, eq. 10; within 0.1 % from -30 to 35 degrees C."""
    celsius = temperature - np.float32(_FREEZING_K)
    return np.float32(611.2) * np.exp(np.float32(17.67) * celsius / (celsius + np.float32(243.5)))


def humidity_from_mixing_ratio(mixing_ratio: np.ndarray, temperature: np.ndarray, pressure: np.ndarray) -> np.ndarray:
    """Relative humidity over water in %, 0 to 100, from kg/kg (dry air), K and Pa: e / es with e = p w / (0.622 + w)."""
    vapour = pressure * mixing_ratio / (_WATER_TO_AIR + mixing_ratio)
    return np.clip(100 * vapour / saturation_vapour_pressure(temperature), 0, 100).astype(np.float32)


def humidity_from_specific(specific: np.ndarray, temperature: np.ndarray, pressure: np.ndarray) -> np.ndarray:
    """As `humidity_from_mixing_ratio`, from kg of water in a kg of moist air."""
    return humidity_from_mixing_ratio(specific / (1 - specific), temperature, pressure)


def humidity_from_dew_point(dew_point: np.ndarray, temperature: np.ndarray) -> np.ndarray:
    """Relative humidity over water in %, 0 to 100, from two temperatures in K."""
    ratio = saturation_vapour_pressure(dew_point) / saturation_vapour_pressure(temperature)
    return np.clip(100 * ratio, 0, 100).astype(np.float32)


def speed(eastward: np.ndarray, northward: np.ndarray) -> np.ndarray:
    """Wind speed from its components, in their unit; the same whether they follow the grid or the globe."""
    return np.hypot(eastward, northward)


def eastward_of(wind_speed: np.ndarray, from_direction: np.ndarray) -> np.ndarray:
    """Component to the east of a wind that comes from a direction, in degrees clockwise from north."""
    return -wind_speed * np.sin(np.radians(from_direction))


def northward_of(wind_speed: np.ndarray, from_direction: np.ndarray) -> np.ndarray:
    """Component to the north, otherwise as `eastward_of`."""
    return -wind_speed * np.cos(np.radians(from_direction))


_MIXING_RATIO = Quantity(("Q2",), "humidity_mixing_ratio", "1", (0, 0.1))
_SPECIFIC = Quantity(("QV2M", "Q2M", "HUSS"), "specific_humidity", "1", (0, 0.1))
_DEW_POINT = Quantity(("D2M", "TDEW2", "T2MDEW"), "dew_point_temperature", "K", (150, 350))
_TEMPERATURE = Quantity(("TEMP2", "T2", "T2M", "TAS", "SFC_TMP"), "", "K", (150, 350))
_PRESSURE = Quantity(("PRSFC", "PSFC", "PS", "SP"), "surface_air_pressure", "Pa", (1e4, 1.2e5))


def _component(*names: str) -> Quantity:
    """Of the wind."""
    return Quantity(names, "", "m s-1", (-150, 150))


_SPEED = Quantity(("WSPD10", "WSPD", "SFCWIND", "WIND_SPEED"), "wind_speed", "m s-1", (0, 100))
_DIRECTION = Quantity(("WDIR10", "WDIR", "WIND_DIRECTION"), "wind_from_direction", "degree", (0, 360))
_U10, _V10 = _component("U10", "U10M", "UAS"), _component("V10", "V10M", "VAS")
_U, _V = _component("U"), _component("V")
_LOWEST = "wind at 10 m is not there, so that of the lowest model layer is taken, which is stronger"

RECIPES = (  # in order of preference
    Recipe("rh", (_MIXING_RATIO, _TEMPERATURE, _PRESSURE), humidity_from_mixing_ratio),
    Recipe("rh", (_SPECIFIC, _TEMPERATURE, _PRESSURE), humidity_from_specific),
    Recipe("rh", (_DEW_POINT, _TEMPERATURE), humidity_from_dew_point),
    Recipe("wind", (_U10, _V10), speed),
    Recipe("wind", (_U, _V), speed, _LOWEST),
    # Components of the wind, for tables that know them (`description.wind`); the others never ask.
    Recipe("wind_x", (_U10, _V10), lambda x, y: x),
    Recipe("wind_x", (_SPEED, _DIRECTION), eastward_of),
    Recipe("wind_x", (_U, _V), lambda x, y: x, _LOWEST),
    Recipe("wind_y", (_U10, _V10), lambda x, y: y),
    Recipe("wind_y", (_SPEED, _DIRECTION), northward_of),
    Recipe("wind_y", (_U, _V), lambda x, y: y, _LOWEST),
)


def find(recipe: Recipe, names: dict[str, str]) -> list[str] | None:
    """The names in a file of all quantities of a recipe, or None if one is missing.

    `names` maps upper-case names and CF standard names to names in the file.
    """
    found = [first_name(quantity, names) for quantity in recipe.quantities]
    return None if None in found else found


def first_name(quantity: Quantity, names: dict[str, str]) -> str | None:
    """The name in a file of a quantity, or None; `names` as for `find`."""
    return next((names[name] for name in (*quantity.names, quantity.standard_name) if name in names), None)
