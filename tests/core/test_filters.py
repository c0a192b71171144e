"""Conditions on rows: what is text is compared as text, what is a number as a number, and what can't be met is said."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_core.errors import InputError
from model_core.stations.filters import conditions, rows_that_meet
from model_core.stations.observations import read_observations

TABLE = pd.DataFrame(
    {
        "parameter": ["pm25", " pm25 ", "PM25", "o3", ""],
        "Validity": ["1", "2.0", "-1", "n.d.", "0"],
        "a=b": list("xyzxy"),
        "POC": [1, 3, 1, 3, None],
    }
)


def met(*texts):
    return rows_that_meet(TABLE, conditions(texts, list(TABLE.columns)), "the table").tolist()


@pytest.mark.parametrize(
    "text, rows",
    [
        ("parameter=pm25", [1, 1, 0, 0, 0]),
        ("parameter = pm25 , o3", [1, 1, 0, 1, 0]),
        ("parameter!=pm25", [0, 0, 1, 1, 1]),
        ("parameter=", [0, 0, 0, 0, 1]),
        ("parameter!=", [1, 1, 1, 1, 0]),
        ("Validity>=1", [1, 1, 0, 0, 0]),
        ("Validity>1", [0, 1, 0, 0, 0]),
        ("Validity<=0", [0, 0, 1, 0, 1]),
        ("Validity<0", [0, 0, 1, 0, 0]),
        ("Validity=2", [0, 1, 0, 0, 0]),
        ("Validity=1.0,n.d.", [1, 0, 0, 1, 0]),
        ("POC=1", [1, 0, 1, 0, 0]),
        ("POC!=1", [0, 1, 0, 1, 1]),
        ("a=b=x", [1, 0, 0, 1, 0]),
    ],
)
def test_a_condition_keeps_the_rows_that_meet_it(text, rows):
    assert met(text) == [bool(row) for row in rows]


def test_several_conditions_must_all_hold():
    assert met("parameter=pm25", "Validity>1") == [False, True, False, False, False]


@pytest.mark.parametrize(
    "text, message",
    [
        ("parameter", "write COLUMN=VALUE"),
        ("=pm25", "write COLUMN=VALUE"),
        ("Validity>=many", ">= needs a number, not 'many'"),
        ("pollutant=pm25", "no column 'pollutant'; it has parameter, Validity, a=b, POC"),
    ],
)
def test_a_condition_that_can_not_be_is_explained(text, message):
    with pytest.raises(InputError, match=message):
        met(text)


@given(st.lists(st.sampled_from(["pm25", "o3", "1", "1.0", "", "x y"]), min_size=1, max_size=20), st.sampled_from(["pm25", "1", "x y"]))
def test_equal_and_unequal_share_the_rows_between_them(cells, value):
    column = pd.DataFrame({"c": cells})
    equal, unequal = (rows_that_meet(column, conditions([f"c{sign}{value}"]), "t") for sign in ("=", "!="))
    assert (equal ^ unequal).all()


def test_rows_that_are_filtered_are_counted_and_values_that_are_there_named(tmp_path):
    path = tmp_path / "stations.csv"
    path.write_text("lon,lat,kind,v\n116,40,pm25,35\n116,41,o3,60\n", encoding="utf-8")
    readings = read_observations(path, "v", where=("kind=pm25",))
    assert readings.value.tolist() == [35] and readings.report.dropped == {"filtered": 1}
    with pytest.raises(InputError, match="no row of .* has kind=no2: 'kind' holds pm25, o3"):
        read_observations(path, "v", where=("kind=no2",))
    with pytest.raises(InputError, match="no column 'sort'; it has lon, lat, kind, v"):
        read_observations(path, "v", where=("sort=no2",))
    assert np.isfinite(readings.x).all()
