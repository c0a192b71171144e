"""Mixing ratios of gases, and what they are as mass in a cubic metre."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

# Molar gas constant, J mol-1 K-1, exact by the SI's definition of 2019. (scipy.constants has it too, and takes a while to load.)
R = 8.31446261815324
# g mol-1 by species; nitrogen oxides count as NO2, as networks report them.
MOLAR_MASS = {"o3": 47.998, "no2": 46.006, "no": 30.006, "nox": 46.006, "so2": 64.066, "co": 28.010, "nh3": 17.031, "hcho": 30.026}
MOLAR_MASS_OF_AIR = 28.9647  # g mol-1, dry


class State(NamedTuple):
    """Of air: temperature in K and pressure in Pa. The default is what the EU's reports of gases in ug m-3 are at."""

    temperature_k: float = 293.15
    pressure_pa: float = 101325.0

    def __str__(self) -> str:
        return f"{self.temperature_k:g} K and {self.pressure_pa / 100:g} hPa"


STANDARD = State()


@dataclass(frozen=True)
class Gas:
    """A gas in air of a known state.

    Attributes
    ----------
    molar_mass_g_mol : float
    temperature_k, pressure_pa : float, or arrays that fit the shape of the values
    """

    molar_mass_g_mol: float
    temperature_k: Any
    pressure_pa: Any

    def concentration(self, mole_ratio: np.ndarray) -> np.ndarray:
        """g m-3 of a mixing ratio in mol mol-1: x M p / (R T), the ideal gas."""
        return mole_ratio * (self.molar_mass_g_mol * self._moles_of_air())

    def mole_ratio(self, concentration: np.ndarray) -> np.ndarray:
        """mol mol-1 of a concentration in g m-3."""
        return concentration / (self.molar_mass_g_mol * self._moles_of_air())

    def mole_ratio_of_mass_ratio(self, mass_ratio: np.ndarray) -> np.ndarray:
        """mol mol-1 of a mixing ratio in kg kg-1 of dry air; at any temperature and pressure."""
        return mass_ratio * (MOLAR_MASS_OF_AIR / self.molar_mass_g_mol)

    def mass_ratio(self, mole_ratio: np.ndarray) -> np.ndarray:
        """kg kg-1 of a mixing ratio in mol mol-1."""
        return mole_ratio * (self.molar_mass_g_mol / MOLAR_MASS_OF_AIR)

    def _moles_of_air(self) -> np.ndarray:
        """mol m-3 of air."""
        return np.asarray(self.pressure_pa, float) / (R * np.asarray(self.temperature_k, float))
