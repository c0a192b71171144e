"""Units as files write them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_core.errors import InputError
from model_core.units import convert


@pytest.mark.parametrize("text", [
    "ug m-3", "ug/m3", "ug/m**3", "ug/m^3", "ug.m-3", "UG/M3", "µg/m³", "μg/m³", "µg m⁻³", "micrograms/m**3",
    "micrograms m-3", "Micrograms/cubic meter (LC)", "ug m**-3", " ug m-3  ",
])
def test_a_microgram_per_cubic_metre_has_many_spellings(text):
    assert convert([35.0], text, "ug m-3", "x") == pytest.approx([35.0])


@pytest.mark.parametrize("value, source, target, expected", [
    (2e-8, "kg m-3", "ug m-3", 20), (0.02, "mg m-3", "ug m-3", 20), (0.02, "MG/M3", "ug m-3", 20),
    (45, "PERCENT", "1", 0.45), (45, "%", "1", 0.45), (0.45, "FRACTION", "%", 45), (0.45, "DECIMAL", "1", 0.45),
    (1, "CATEGORY", "1", 1), (3, "M/S", "m s-1", 3), (36, "km/h", "m s-1", 10), (10, "knots", "m s-1", 5.14444),
    (20, "degC", "K", 293.15), (20, "°C", "K", 293.15), (20, "C", "K", 293.15), (300, "K", "K", 300),
    (50, "degF", "K", 283.15), (120, "M", "m", 120), (1, "km", "m", 1000), (10, "ft", "m", 3.048),
])
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
