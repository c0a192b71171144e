"""The table of known variables."""

import pytest

from model_core.errors import InputError
from model_core.units import convert
from model_core.variables import VARIABLES, get_variable, preference, recognise


@pytest.mark.parametrize(
    "name, key",
    [
        ("PM25_TOT", "pm25"),
        ("PM25_FRM", "pm25"),
        ("PM25_CMAQ", "pm25"),
        ("PM2_5_DRY", "pm25"),
        ("pm2p5", "pm25"),
        ("RH", "rh"),
        ("WSPD10", "wind"),
        ("WSPD", "wind"),
        ("TEMP2", "temperature"),
        ("T2", "temperature"),
        ("SFC_TMP", "temperature"),
        ("HT", "elevation"),
        ("HGT", "elevation"),
        ("PURB", "urban"),
        ("URBFRAC", "urban"),
        ("LWMASK", "land"),
        ("LANDFRAC", "land"),
        ("LANDMASK", "land"),
        ("O3", "o3"),
    ],
)
def test_names_of_cmaq_mcip_and_wrf_are_recognised(name, key):
    assert recognise(name).key == key


def test_a_cf_standard_name_tells_what_a_foreign_name_hides():
    assert recognise("xyz", "mass_concentration_of_pm2p5_ambient_aerosol_particles_in_air").key == "pm25"
    assert recognise("xyz", "") is None and recognise("TFLAG") is None


def test_the_first_alias_is_preferred():
    assert min(["PM25_FRM", "PM25_TOT"], key=preference) == "PM25_TOT"


def test_no_name_stands_for_two_variables():
    names = [name.upper() for v in VARIABLES.values() for name in {*v.aliases, v.key.upper()}]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("variable", VARIABLES.values(), ids=lambda v: v.key)
def test_canonical_units_are_units_and_limits_are_ordered(variable):
    assert convert([1.0], variable.unit, variable.unit, "x") == [1.0]
    assert variable.limits[0] < variable.limits[1]


def test_an_unknown_key_lists_the_known_ones():
    with pytest.raises(InputError, match="unknown variable 'pm2.5'; known are pm25, pm10"):
        get_variable("pm2.5")
