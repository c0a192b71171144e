"""The variables that the engine knows: their names in CTM files, units, plausible limits and CF names."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Mapping

from model_core.errors import InputError
from model_core.gases import MOLAR_MASS


@dataclass(frozen=True)
class Variable:
    """One physical quantity.

    Attributes
    ----------
    key : str
        The engine's name for it.
    long_name, standard_name : str
        For people, and from the CF standard name table ("" where CF has none that fits).
    unit : str
        Canonical unit: everything inside the engine is in it.
    limits : (float, float)
        Lowest and highest value, in the canonical unit, that a daily mean or hourly reading can have in nature.
        They are wide on purpose: they find wrong units and broken instruments, not extremes.
    aliases : tuple of str
        Names in the files of the models that docs/ctm_files.md lists, in order of preference; case does not matter.
    static : bool
        Whether it is a map that does not change from day to day.
    noise : float
        How far below zero, in the canonical unit, a reading may lie that is zero but for the noise of its instrument: what the
        US EPA accepts into AQS (PM 10 ug m-3, O3 and NO2 5 ppb, SO2 4 ppb, CO 0.4 ppm).
    other_standard_names : tuple of str
        CF names that files use for the same quantity.
    molar_mass : float or None
        Of a gas, g mol-1; None for what is none, or is in `gases.MOLAR_MASS`.
    """

    key: str
    long_name: str
    standard_name: str
    unit: str
    limits: tuple[float, float]
    aliases: tuple[str, ...]
    static: bool = False
    noise: float = 0.0
    other_standard_names: tuple[str, ...] = ()
    molar_mass: float | None = None


_CONCENTRATION = "mass_concentration_of_{}_in_air"
_AEROSOL = _CONCENTRATION.format("{}_ambient_aerosol_particles")


def _gas(*names: str) -> tuple[str, ...]:
    """Names of a gas: of CMAQ, WRF-Chem, CHIMERE and global CAMS, then of CAMS Europe, EMEP, SILAM and GEOS-Chem."""
    name = names[0]
    return (
        *names,
        f"{name}_CONC",
        f"SURF_UG_{name}",
        f"SURF_PPB_{name}",
        f"CNC_{name}_GAS",
        f"VMR_{name}_GAS",
        f"DAYMEAN_CNC_{name}_GAS",
        f"SPECIESCONC_{name}",
        f"SPECIESCONCVV_{name}",
        f"SCONC{name}",
    )


def _fractions(name: str) -> tuple[str, ...]:
    return f"mole_fraction_of_{name}_in_air", f"mass_fraction_of_{name}_in_air"


VARIABLES: dict[str, Variable] = {
    variable.key: variable
    for variable in (
        Variable(
            "pm25",
            "PM2.5",
            _AEROSOL.format("pm2p5"),
            "ug m-3",
            (0, 2000),
            (
                "PM25_TOT",
                "PM25_FRM",
                "PM25_CMAQ",
                "PM2_5_DRY",
                "PM2P5",
                "PM2P5_CONC",
                "SURF_UG_PM25_RH50",
                "SURF_UG_PM25",
                "CNC_PM2_5",
                "PM25_SRF",
                "PMTF_surface",
                "DAYMEAN_CNC_PM2_5",
                "TPM25",
                "PM25_RH35_GCC",
                "SCONCPM2P5",
                "MMRPM2P5",
                "PM25_AVG",
                "PM2_5",
                "PM25",
            ),
            noise=10,
            other_standard_names=(
                _CONCENTRATION.format("pm2p5_ambient_aerosol"),
                _CONCENTRATION.format("pm2p5_dry_aerosol_particles"),
                "mass_fraction_of_pm2p5_ambient_aerosol_particles_in_air",
            ),
        ),
        Variable(
            "pm10",
            "PM10",
            _AEROSOL.format("pm10"),
            "ug m-3",
            (0, 15000),
            (
                "PM10_TOT",
                "PM10_CMAQ",
                "PM10_CONC",
                "SURF_UG_PM10_RH50",
                "SURF_UG_PM10",
                "CNC_PM10",
                "DAYMEAN_CNC_PM10",
                "TPM10",
                "SCONCPM10",
                "MMRPM10",
                "PM10",
                "PMC_TOT_PM10",
            ),
            noise=10,
            other_standard_names=(_CONCENTRATION.format("pm10_ambient_aerosol"), _CONCENTRATION.format("pm10_dry_aerosol_particles")),
        ),
        Variable(
            "o3",
            "ozone",
            _CONCENTRATION.format("ozone"),
            "ug m-3",
            (0, 1500),
            _gas("O3", "OZONE", "GO3"),
            noise=10,
            other_standard_names=_fractions("ozone"),
        ),
        Variable(
            "no2",
            "nitrogen dioxide",
            _CONCENTRATION.format("nitrogen_dioxide"),
            "ug m-3",
            (0, 2000),
            _gas("NO2"),
            noise=9.6,
            other_standard_names=_fractions("nitrogen_dioxide"),
        ),
        Variable(
            "so2",
            "sulfur dioxide",
            _CONCENTRATION.format("sulfur_dioxide"),
            "ug m-3",
            (0, 5000),
            _gas("SO2"),
            noise=10.7,
            other_standard_names=_fractions("sulfur_dioxide"),
        ),
        Variable(
            "co",
            "carbon monoxide",
            _CONCENTRATION.format("carbon_monoxide"),
            "ug m-3",
            (0, 150000),
            _gas("CO"),
            noise=466,
            other_standard_names=_fractions("carbon_monoxide"),
        ),
        Variable("rh", "relative humidity", "relative_humidity", "%", (0, 110), ("RH", "RH2", "RELH", "HURS")),
        Variable("wind", "wind speed at 10 m", "wind_speed", "m s-1", (0, 100), ("WSPD10", "WSPD", "WIND_SPEED", "SFCWIND", "WIND")),
        Variable(
            "temperature",
            "air temperature at 2 m",
            "air_temperature",
            "K",
            (180, 340),
            ("TEMP2", "SFC_TMP", "T2", "T2M", "TMP2M", "TMP", "TAS", "TEMPERATURE"),
        ),
        Variable(
            "elevation",
            "terrain elevation",
            "surface_altitude",
            "m",
            (-500, 9000),
            ("HT", "HGT", "HGT_M", "ELEVATION", "TOPO", "OROG"),
            static=True,
        ),
        Variable(
            "elevation_spread",
            "standard deviation of the terrain elevation within the cell",
            "",
            "m",
            (0, 5000),
            ("ELEVATION_SPREAD", "HT_SPREAD"),
            static=True,
        ),
        Variable("urban", "urban fraction", "", "1", (0, 1), ("URBFRAC", "PURB", "URBAN"), static=True),
        Variable(
            "land", "land fraction", "land_area_fraction", "1", (0, 1), ("LANDFRAC", "LANDMASK", "LWMASK", "LAND", "FRLAND"), static=True
        ),
        # log10(1 + people / 1000) and log10(1 + people / 10000), see `world_maps`.
        Variable("population_near", "log10 of 1 + thousands of people within about 15 km", "", "1", (0, 6), (), static=True),
        Variable("population_far", "log10 of 1 + tens of thousands of people within about 60 km", "", "1", (0, 6), (), static=True),
    )
}

_BY_NAME = {alias.upper(): (v, rank) for v in VARIABLES.values() for rank, alias in enumerate((*v.aliases, v.key))}
_BY_STANDARD_NAME = {name: v for v in VARIABLES.values() for name in (v.standard_name, *v.other_standard_names) if name}


# The table of the job that runs: a user may have extended it (`variable_table.in_use`).
IN_USE: ContextVar[Mapping[str, Variable]] = ContextVar("variables", default=VARIABLES)


def known_variables() -> Mapping[str, Variable]:
    """All variables that the job that runs knows, by key."""
    return IN_USE.get()


def get_variable(key: str) -> Variable:
    """The variable of this key; `InputError` that lists the known ones if there is none."""
    known = known_variables()
    if key not in known:
        raise InputError(f"unknown variable '{key}'; known are {', '.join(known)}; others are defined in a variable table (--variables)")
    return known[key]


def molar_mass(variable: Variable) -> float | None:
    """g mol-1 of a gas; None where none is known."""
    return variable.molar_mass or MOLAR_MASS.get(variable.key)


def recognise(name: str, standard_name: str = "") -> Variable | None:
    """The variable behind a name in a file, or behind its CF standard name; None if it is not a known one."""
    found = _BY_NAME.get(name.strip().upper())
    return found[0] if found else _BY_STANDARD_NAME.get(standard_name)


def preference(name: str) -> int:
    """Rank of a name among the aliases of its variable, 0 first; for files that hold several of them."""
    found = _BY_NAME.get(name.strip().upper())
    return found[1] if found else 1000
