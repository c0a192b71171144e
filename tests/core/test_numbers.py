"""Numbers and coordinates that stand in tables as text."""

import re
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_core.errors import InputError
from model_core.stations import distinct
from model_core.stations.numbers import coordinates, decimal_sign, numbers

NONE = np.nan


def read(*texts, decimal=None):
    return numbers(pd.Series(texts, dtype=object), decimal)[0].tolist()


def case(shared_data, name, **options):
    return pd.read_csv(shared_data / "field_cases" / name, dtype=str, keep_default_na=False, **options)


@pytest.mark.parametrize(
    "file, options",
    [
        ("excel_unicode.txt", {"sep": "\t", "encoding": "utf-16"}),
        ("quoted.csv", {}),
        ("quoted_values_only.csv", {}),
        ("semicolon.csv", {"sep": ";"}),
    ],
)
def test_field_case_15_keeps_all_its_readings_in_every_dress(shared_data, file, options):
    table = case(shared_data, f"15_decimal_comma/{file}", **options)
    fifth = 1031.2 if file == "semicolon.csv" else 31.2  # that file writes 1.031,2
    assert numbers(table["pm25"])[0].tolist() == [12, 13.5, 20.1, 8, 7.75, fifth, 10, 11][: len(table)]
    assert coordinates(table["lon"]) == pytest.approx(9 + 0.3 * np.arange(len(table)))


def test_field_case_43_keeps_its_five_readings_beside_a_gap(shared_data):
    table = case(shared_data, "43_qgis_decimal_comma_gap/gap.csv", sep=";")
    assert numbers(table["pm25"])[0] == pytest.approx([12, 13.5, 20.1, 8, 7.75, NONE], nan_ok=True)


def test_field_case_13_has_the_mean_that_its_agency_has(shared_data):
    table = case(shared_data, "13_hour_24/uba_utf8.csv", sep=";")
    values = pd.Series(numbers(table["PM2,5 (µg/m³)"])[0]).groupby(table["Stationscode"]).mean()
    assert values.iloc[0] == 16.25 and np.isfinite(coordinates(table["Länge"])).all()


@pytest.mark.parametrize(
    "texts, expected",
    [
        (["13,5", "8"], [13.5, 8]),
        (["13.5", "8"], [13.5, 8]),
        (["1.031,2", "12"], [1031.2, 12]),
        (["1,031.2", "12"], [1031.2, 12]),
        (["1,031", "13.5"], [1031, 13.5]),
        (["1.031", "13,5"], [1031, 13.5]),
        (["1.031.200", "5"], [1031200, 5]),
        (["1,031,200", "5"], [1031200, 5]),
        (["1,031"], [1.031]),
        (["1.031", "5"], [1.031, 5]),
        (["1,031", "0,997"], [1.031, 0.997]),
        (["1234,567"], [1234.567]),
        (["0,125"], [0.125]),
        (["1 031,2", "1\u00a0031,2", "1\u202f031,2", "1'031,2", "1’031,2"], [1031.2] * 5),
        (["1 031.2", "1 031"], [1031.2, 1031]),
        (["\u22125,5", "-5,5", "+5,5", "\u20135,5"], [-5.5, -5.5, 5.5, -5.5]),
        (["1,5e3", "2,5E-1"], [1500, 0.25]),
        ([",5", "5,"], [0.5, 5]),
        (["１２．５"], [12.5]),
        (["13,5", 13.0, 1.031], [13.5, 13, 1.031]),
        ([Decimal("21.070"), Decimal("1.031")], [21.07, 1.031]),
        (["13,5", "13.5"], [13.5, 13.5]),
    ],
)
def test_the_column_says_which_sign_is_the_decimal_one(texts, expected):
    assert read(*texts) == expected


@pytest.mark.parametrize(
    "texts",
    [
        ["<3"],
        ["True"],
        ["13.5 (a)"],
        ["12,34,5"],
        ["1.5.2"],
        ["n.d."],
        ["-;"],
        ["1_000"],
        ["0x10"],
        ["--5"],
        ["5-"],
        ["1.03,5"],
        [True],
        ["1,03 5"],
    ],
)
def test_what_is_no_number_is_none(texts):
    values, empty = numbers(pd.Series(texts))
    assert np.isnan(values).all() and not empty.any()


def test_empty_rows_are_told_from_text():
    values, empty = numbers(pd.Series(["", None, "NA", " nan ", "x", "5", np.nan], dtype=object))
    assert empty.tolist() == [True, True, True, True, False, False, True] and values[5] == 5 and np.isnan(values[[0, 4]]).all()


def test_numbers_pass_as_they_are():
    values, empty = numbers(pd.Series([1.031, np.nan]))
    assert values[0] == 1.031 and empty.tolist() == [False, True]
    assert numbers(pd.Series([1, None], dtype="Int64"))[1].tolist() == [False, True]


def test_thousands_or_decimals_beside_whole_numbers_are_asked_for():
    with pytest.raises(InputError, match=r"'1,031' may be 1.031 or 1031; say which with --decimal"):
        read("980", "1,031")
    assert read("980", "1,031", decimal=".") == [980, 1031]
    assert read("980", "1,031", decimal=",") == [980, 1.031]
    assert decimal_sign(pd.Series(["980", "1,031"]), separator=";") == ","


def test_a_text_that_may_be_either_in_a_column_of_both_is_none():
    assert read("13,5", "13.5", "1,031")[:2] == [13.5, 13.5] and np.isnan(read("13,5", "13.5", "1,031")[2])


def test_a_sign_that_is_asked_for_is_the_only_one():
    assert read("13,5", "13.5", decimal=",") == pytest.approx([13.5, NONE], nan_ok=True)
    assert read("13,5", "13.5", decimal=".") == pytest.approx([NONE, 13.5], nan_ok=True)


@pytest.mark.parametrize(
    "texts, sign",
    [
        (["13,5", "12"], ","),
        (["13.5", "12"], "."),
        (["12"], "."),
        (["13,5", "13.5"], "."),
        (["1.031,2"], ","),
        (["1,031.2"], "."),
        (["1,031"], ","),
        (["1.031"], "."),
        ([], "."),
        (["n.d.", "-"], "."),
    ],
)
def test_the_decimal_sign_of_a_column(texts, sign):
    assert decimal_sign(pd.Series(texts, dtype=object)) == sign


@pytest.mark.parametrize(
    "text, degrees",
    [
        ("39°52'30\"N", 39.875),
        ("39°52′30″ N", 39.875),
        ("39° 52' 30.0\" S", -39.875),
        ("116 12 00 E", 116.2),
        ("116 12 00", 116.2),
        ("-39:52:30", -39.875),
        ("39d52m30s", 39.875),
        ("39°52.5'", 39.875),
        ("39 52.5 N", 39.875),
        ("N 39.875", 39.875),
        ("W074°30'", -74.5),
        ("39.875°", 39.875),
        ("33.5S", -33.5),
        ("39,875° N", 39.875),
        ("39°52'30,0\"N", 39.875),
        ("0°0'36\"W", -0.01),
        ("-0°0'36\"", -0.01),
        ("116.25", 116.25),
        ("39d52m30s S", -39.875),
        ("39d52.5m", 39.875),
        ("39 52 30 S", -39.875),
        ("s 33.5", -33.5),
        ("116.2e", 116.2),
    ],
)
def test_degrees_minutes_and_seconds_are_degrees(text, degrees):
    assert coordinates(pd.Series([text, "", None])) == pytest.approx([degrees, NONE, NONE], nan_ok=True)


@pytest.mark.parametrize(
    "text",
    [
        "39°60'00\"",
        "39°52'61\"",
        "95°00'00\"N",
        "-39°52'30\"S",
        "N39°52'30\"N",
        "11612E",
        "116 12",
        "O 12°30'",
        "39,52,30 N",
        "x",
        "33.5s",
        "39 52 30 s",
        "39 52m",
    ],
)
def test_what_is_no_place_is_none(text):
    assert np.isnan(coordinates(pd.Series([text]))).all()


def test_coordinates_with_commas_are_degrees_unless_they_are_too_large():
    assert coordinates(pd.Series(["116,397", "39"])).tolist() == [116.397, 39]
    assert coordinates(pd.Series(["512,300", "4,512,300"])).tolist() == [512300, 4512300]  # metres, by the second
    with pytest.raises(InputError, match="--decimal"):
        coordinates(pd.Series(["512,300", "512,400"]))


CENTS = st.integers(-(10**9), 10**9)


def dressed(cents, groups, decimal, places):
    """A number of hundredths as text with at least one decimal, thousands set apart by `groups`."""
    text = f"{abs(cents) // 100:,}".replace(",", groups) + decimal + f"{abs(cents) % 100:02}"
    return ("-" if cents < 0 else "") + (text[:-1] if places == 1 and text.endswith("0") else text)


@given(
    st.lists(CENTS, min_size=1),
    st.sampled_from([",.", ".,", " ,", " .", "'.", "’,", "\u00a0,", "\u202f,"]),
    st.booleans(),
    st.integers(1, 2),
    st.booleans(),
)
def test_numbers_in_any_decimal_dress_come_back(cents, signs, grouped, places, minus):
    texts = [dressed(one, signs[0] if grouped else "", signs[1], places) for one in cents]
    texts = [text.replace("-", "\u2212") for text in texts] if minus else texts
    assert decimal_sign(pd.Series(texts)) == signs[1]
    assert numbers(pd.Series(texts))[0].tolist() == [one / 100 for one in cents]


@given(st.lists(st.floats(-1e12, 1e12), min_size=1), st.sampled_from(".,"))
def test_any_float_comes_back_from_its_shortest_text_or_is_refused(values, sign):
    texts = pd.Series([repr(value).replace(".", sign) for value in values])
    try:
        assert numbers(texts)[0].tolist() == values
    except InputError as error:
        assert "--decimal" in str(error)
    assert numbers(texts, sign)[0].tolist() == values


@given(st.lists(st.floats(0.01, 999, allow_subnormal=False), min_size=2, max_size=20))
def test_never_are_the_whole_numbers_of_a_comma_column_all_that_is_left(values):
    texts = [re.sub(r",0$", "", f"{round(value, 1)}".replace(".", ",")) for value in values]
    assert numbers(pd.Series(texts))[0].tolist() == [round(value, 1) for value in values]


@given(
    st.integers(-90 * 36000, 90 * 36000),
    st.sampled_from(["{d}°{m}'{s}\"", "{d} {m} {s}", "{d}:{m}:{s}", "{d}° {m}′ {s}″", "{d}d{m}m{s}s"]),
    st.booleans(),
    st.sampled_from(["EW", "NS"]),
)
def test_tenths_of_seconds_come_back_from_any_form_of_degrees(tenths, form, hemisphere, sides):
    d, rest = divmod(abs(tenths), 36000)
    m, s = divmod(rest, 600)
    text = form.format(d=d, m=f"{m:02}", s=f"{s // 10:02}.{s % 10}")
    text = f"{text} {sides[tenths < 0]}" if hemisphere else ("-" if tenths < 0 else "") + text
    assert coordinates(pd.Series([text])) == pytest.approx([tenths / 36000])


def test_lists_and_tables_in_cells_are_no_numbers():
    raw = pd.Series([[1.0], {"a": 1}, "5", None, np.array([2.0])], dtype=object)
    values, empty = distinct.numbers(raw)
    assert np.isnan(values[[0, 1, 3, 4]]).all() and values[2] == 5 and empty.tolist() == [False, False, False, True, False]
    assert np.isnan(distinct.coordinates(raw)[[0, 1, 3, 4]]).all()
