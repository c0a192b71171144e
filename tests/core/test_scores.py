"""Scores follow their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from model_core.scores import scores

FIELDS = arrays(float, 20, elements=st.floats(0.1, 500))


def test_scores_of_a_worked_example():
    s = scores(np.array([2.0, 4.0, 6.0]), np.array([1.0, 4.0, 7.0]))
    assert s["n"] == 3
    assert s["rmse"] == pytest.approx(np.sqrt(2 / 3))
    assert s["mae"] == pytest.approx(2 / 3)
    assert s["r2_det"] == pytest.approx(1 - 2 / 18)
    assert s["r2_pearson"] == pytest.approx(1)
    assert s["nmb"] == pytest.approx(0)
    assert s["nme"] == pytest.approx(2 / 12)
    assert s["ioa"] == pytest.approx(1 - 2 / (5**2 + 5**2))
    assert s["mfb"] == pytest.approx((2 / 3 + 0 - 2 / 13) / 3)
    assert s["mfe"] == pytest.approx((2 / 3 + 0 + 2 / 13) / 3)


@given(FIELDS)
def test_a_perfect_field_scores_perfectly(field):
    s = scores(field, field)
    assert s["rmse"] == s["mae"] == s["nmb"] == s["mfe"] == 0


@given(FIELDS, FIELDS)
def test_errors_bound_each_other(modelled, true):
    s = scores(modelled, true)
    assert s["mae"] <= s["rmse"] + 1e-9
    assert abs(s["nmb"]) <= s["nme"] + 1e-12
    assert s["mfe"] <= 2


def test_missing_values_do_not_count():
    assert scores(np.array([1.0, np.nan, 3.0]), np.array([1.0, 5.0, np.nan]))["n"] == 1
    assert np.isnan(scores(np.array([np.nan]), np.array([1.0]))["rmse"])
