"""Units as files write them."""

import ast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_core.errors import InputError
from model_core.units import MOLAR_MASS, Gas, convert

OZONE = Gas(MOLAR_MASS["o3"], 293.15, 101325.0)


@pytest.mark.parametrize(
    "text",
    [
        "ug m-3",
        "ug/m3",
        "ug/m**3",
        "ug/m^3",
        "ug.m-3",
        "UG/M3",
        "µg/m³",
        "μg/m³",
        "µg m⁻³",
        "micrograms/m**3",
        "micrograms m-3",
        "Micrograms/cubic meter (LC)",
        "Micrograms/cubic meter ( LC )",
        "ug m**-3",
        " ug m-3  ",
    ],
)
def test_a_microgram_per_cubic_metre_has_many_spellings(text):
    assert convert([35.0], text, "ug m-3", "x") == pytest.approx([35.0])


@pytest.mark.parametrize(
    "value, source, target, expected",
    [
        (2e-8, "kg m-3", "ug m-3", 20),
        (0.02, "mg m-3", "ug m-3", 20),
        (0.02, "MG/M3", "ug m-3", 20),
        (45, "PERCENT", "1", 0.45),
        (45, "%", "1", 0.45),
        (0.45, "FRACTION", "%", 45),
        (0.45, "DECIMAL", "1", 0.45),
        (1, "CATEGORY", "1", 1),
        (3, "M/S", "m s-1", 3),
        (36, "km/h", "m s-1", 10),
        (10, "knots", "m s-1", 5.14444),
        (20, "degC", "K", 293.15),
        (20, "°C", "K", 293.15),
        (20, "C", "K", 293.15),
        (300, "K", "K", 300),
        (50, "degF", "K", 283.15),
        (120, "M", "m", 120),
        (1, "km", "m", 1000),
        (10, "ft", "m", 3.048),
    ],
)
def test_units_that_networks_and_models_use(value, source, target, expected):
    assert convert([value], source, target, "x") == pytest.approx([expected], rel=1e-5)


@pytest.mark.parametrize("unit", ["banana", "", "ug m-3; x", "3", "2 ug m-3", "微克"])
def test_an_unknown_unit_is_named_with_its_place_and_examples(unit):
    with pytest.raises(InputError) as error:
        convert([1.0], unit, "ug m-3", "field 'pm25'")
    assert "field 'pm25'" in str(error.value) and f"'{unit}'" in str(error.value) and "'ug m-3'" in str(error.value)


def test_units_of_different_things_are_not_converted():
    with pytest.raises(InputError, match="unit 'Pa' can't be converted to 'K'"):
        convert([1.0], "Pa", "K", "x")


@pytest.mark.parametrize("unit", ["ppbv", "ppmV", "ppb"])
def test_a_mixing_ratio_needs_more_than_a_factor_and_the_error_says_so(unit):
    with pytest.raises(InputError, match="molar mass, temperature and pressure"):
        convert([1.0], unit, "ug m-3", "x")


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1),
    st.sampled_from([("ug m-3", "kg m-3"), ("%", "1"), ("degC", "K"), ("km/h", "m s-1"), ("ft", "m")]),
)
def test_there_and_back_changes_nothing(values, units):
    there = convert(values, *units, "x")
    assert np.allclose(convert(there, *reversed(units), "x"), values, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shape_and_floating_type_stay(dtype):
    converted = convert(np.ones((2, 3), dtype), "mg m-3", "ug m-3", "x")
    assert converted.dtype == dtype and converted.shape == (2, 3)


def test_whole_numbers_become_floating():
    assert convert(np.array([45]), "%", "1", "x") == pytest.approx([0.45])


def test_missing_values_stay_missing():
    assert np.isnan(convert([np.nan], "degC", "K", "x")).all()


def spellings(shared_data):
    """The spellings of field case 69 with what one of each is in ug m-3; None where it can't be told."""
    script = ast.parse((next((shared_data / "field_cases").glob("69_*")) / "units.py").read_text(encoding="utf-8"))
    return next(ast.literal_eval(node.value) for node in script.body if isinstance(node, ast.Assign) and node.targets[0].id == "exp")


def test_every_spelling_of_field_case_69_has_its_right_value_or_says_what_it_takes(shared_data):
    expected = spellings(shared_data)
    assert len(expected) == 55
    for text, right in expected.items():
        if right is None:
            with pytest.raises(InputError, match="molar mass, temperature and pressure"):
                convert([1.0], text, "ug m-3", "x")
            assert convert([1.0], text, "ug m-3", "x", OZONE)[0] > 0
        else:
            assert convert([1.0], text, "ug m-3", "x") == pytest.approx([right]), text


@pytest.mark.parametrize(
    "text, factor",
    [
        ("ugm-3 (Ref.eq)", 1),
        ("ug/m³ (FDMS)", 1),
        ("ugm-3 (TEOM FDMS)", 1),
        ("UG/M3 LC", 1),
        ("μg/m3 (20°C, 1013 hPa)", 1),
        ("㎍/㎥", 1),
        ("µg/m<sup>3</sup>", 1),
        ("毫克/立方米", 1000),
        ("微克每立方米", 1),
        ("мкг/м³", 1),
        ("mg/Nm3", 1000),
        ("ug Nm-3", 1),
        ("10^-9 kg/m3", 1),
        ("1.0E-9 kg m-3", 1),
        ("ug·m−3", 1),
        ("mg.m-3", 1000),
        ("milligrammes/m3", 1000),
        ("kgm-3", 1e9),
        ("Milligrams/cubic meter (25 C)", 1000),
        ("Nanograms/cubic meter (LC)", 1e-3),
    ],
)
def test_concentrations_as_agencies_spell_them(text, factor):
    assert convert([1.0], text, "ug m-3", "x") == pytest.approx([factor])


@pytest.mark.parametrize(
    "text",
    [
        "deg C",
        "Deg C",
        "DEG C",
        "deg. C",
        "°C",
        "° C",
        "℃",
        "C",
        "Celsius",
        "degC",
        "deg_C",
        "degree_Celsius",
        "degrees Celsius",
        "degrees C",
        "degrees_C",
        "Degrees Centigrade",
        "摄氏度",
    ],
)
def test_degrees_celsius_are_a_temperature_never_an_angle_times_something(text):
    assert convert([25.0], text, "K", "x") == pytest.approx([298.15])


@pytest.mark.parametrize(
    "text, kelvin", [("deg F", 283.15), ("Degrees Fahrenheit", 283.15), ("°F", 283.15), ("deg K", 50), ("degrees Kelvin", 50), ("°K", 50)]
)
def test_degrees_of_other_scales(text, kelvin):
    assert convert([50.0], text, "K", "x") == pytest.approx([kelvin])


@pytest.mark.parametrize("text", ["deg C m", "degree celsius m", "deg m", "radian K", "deg s-1", "degree C/km"])
def test_an_angle_times_something_is_refused(text):
    with pytest.raises(InputError, match="would be an angle times something"):
        convert([1.0], text, "K", "x")


def test_an_angle_is_no_share():
    for units in (("degree", "%"), ("1", "degree"), ("degree", "K")):
        with pytest.raises(InputError, match="can't be converted"):
            convert([1.0], *units, "x")
    assert convert([180.0], "degree", "radian", "x") == pytest.approx([np.pi])


@pytest.mark.parametrize(
    "text",
    [
        "ug m3",
        "ug m-3 (as N)",
        "ug N m-3",
        "ugC m-3",
        "ug/m2",
        "ug/m3 (x10)",
        "Parts per billion Carbon",
        "10 ug m-3",
        "1e-9",
        "ppbC",
        "ug/m3/day",
        "mol m-3",
        "ug/mol",
        "mol/kg",
        "kg-1 kg",
        "mol/mol-1",
    ],
)
def test_what_is_not_quite_a_concentration_is_refused(text):
    with pytest.raises(InputError):
        convert([1.0], text, "ug m-3", "x", OZONE)


@pytest.mark.parametrize(
    "gas, from_unit, to_unit, expected",
    [
        # EU: at 20 degC and 1013.25 hPa, to the four digits of the UK's table of conversion factors
        ("o3", "ppb", "ug m-3", 1.9957),
        ("no2", "ppb", "ug m-3", 1.9125),
        ("co", "ppm", "mg m-3", 1.1642),
        ("so2", "ppb", "ug m-3", 2.6609),
        ("no", "ppb", "ug m-3", 1.2473),
    ],
)
def test_gases_have_the_factors_that_agencies_use(gas, from_unit, to_unit, expected):
    state = Gas(MOLAR_MASS[gas], 293.15, 101325.0)
    assert convert([1.0], from_unit, to_unit, "x", state) == pytest.approx([expected], rel=1.2e-3)
    by_hand = MOLAR_MASS[gas] * 101325 / (8.314462618 * 293.15) * 1e-3  # mg m-3 of one ppm, g m-3 of a thousand
    assert convert([1.0], "ppm", "mg m-3", "x", state) == pytest.approx([by_hand], rel=1e-9)


def test_a_mole_of_gas_takes_24_litres_at_20_degrees_and_22_at_zero():
    for temperature, litres in ((293.15, 24.055), (273.15, 22.414)):
        assert convert([1.0], "mol mol-1", "g m-3", "x", Gas(1.0, temperature, 101325)) == pytest.approx([1000 / litres], rel=1e-4)


def test_colder_and_denser_air_holds_more_of_a_gas():
    temperature, pressure = np.array([[273.15, 293.15]]), np.array([[101325.0, 60000.0]])
    field = convert(np.full((1, 2), 50, np.float32), "ppb", "ug m-3", "x", Gas(MOLAR_MASS["o3"], temperature, pressure))
    assert field.dtype == np.float32 and field.shape == (1, 2)
    assert field[0, 0] / field[0, 1] == pytest.approx(293.15 / 273.15 * 101325 / 60000, rel=1e-6)


@pytest.mark.parametrize(
    "text", ["ppb", "PPB", "ppbV", "ppbv", "nmol mol-1", "nmol/mol", "Parts per billion", "parts per billion by volume", "nanomole mole-1"]
)
def test_a_billionth_of_the_molecules_has_many_spellings(text):
    assert convert([3.0], text, "ppm", "x") == pytest.approx([0.003])
    assert convert([3.0], text, "ug m-3", "x", OZONE) == pytest.approx(convert([3.0], "ppb", "ug m-3", "x", OZONE))


def test_a_share_of_the_mass_is_none_of_the_molecules():
    assert convert([1.0], "kg kg-1", "mol mol-1", "x", OZONE) == pytest.approx([28.9647 / 47.998])
    # 1 ug per kg of air of 1.2041 kg m-3, whatever the gas.
    assert convert([1.0], "ug kg-1", "ug m-3", "x", OZONE) == pytest.approx([1.2041], rel=1e-4)
    assert convert([1.0], "ug/kg-dryair", "ug m-3", "x", OZONE) == pytest.approx([1.2041], rel=1e-4)
    with pytest.raises(InputError, match="molar mass"):
        convert([1.0], "ppb", "kg kg-1", "x")
    assert convert([1.0], "g kg-1", "kg kg-1", "x") == pytest.approx([1e-3])


AMOUNTS = ("ppb", "ppm", "mol mol-1", "ug m-3", "mg m-3", "kg m-3", "kg kg-1", "ug kg-1")


@given(
    st.lists(st.floats(1e-3, 1e6), min_size=1),
    st.sampled_from(AMOUNTS),
    st.sampled_from(AMOUNTS),
    st.sampled_from(sorted(MOLAR_MASS)),
    st.floats(220, 320),
    st.floats(50_000, 105_000),
)
def test_gases_go_there_and_back_and_twice_the_molecules_are_twice_the_mass(values, unit, other, gas, temperature, pressure):
    state = Gas(MOLAR_MASS[gas], temperature, pressure)
    there = convert(values, unit, other, "x", state)
    assert convert(there, other, unit, "x", state) == pytest.approx(values, rel=1e-9)
    assert convert(2 * np.array(values), unit, other, "x", state) == pytest.approx(2 * there, rel=1e-12)


@given(st.text(max_size=12))
def test_any_text_is_a_unit_or_refused_with_the_place(text):
    try:
        convert([1.0], text, "ug m-3", "field 'pm25'")
    except InputError as error:
        assert "field 'pm25'" in str(error)
