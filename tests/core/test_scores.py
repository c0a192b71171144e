"""Scores follow their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from model_core.scores import SCORES, ScoreSums, mean_scores, scores

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


def by_definition(m, o):
    """The scores as the method notes write them, one line each."""
    error, mean = m - o, o.mean()
    return {
        "n": len(o),
        "r2_det": 1 - (error**2).sum() / ((o - mean) ** 2).sum(),
        "r2_pearson": np.corrcoef(m, o)[0, 1] ** 2,
        "rmse": np.sqrt((error**2).mean()),
        "mae": np.abs(error).mean(),
        "nme": np.abs(error).sum() / o.sum(),
        "nmb": error.sum() / o.sum(),
        "ioa": 1 - (error**2).sum() / ((np.abs(m - mean) + np.abs(o - mean)) ** 2).sum(),
        "mfb": (2 * error / (m + o)).mean(),
        "mfe": (2 * np.abs(error) / (m + o)).mean(),
    }


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 1e4), st.floats(0.01, 2), st.floats(0, 1e4))
def test_running_sums_give_what_the_definitions_give(seed, size, noise, offset):
    rng = np.random.default_rng(seed)
    o = offset + size * rng.lognormal(0, 1, 60)
    m = np.maximum(o + noise * size * rng.normal(size=60), 0)
    sums = ScoreSums(o.mean())
    for part in np.split(np.arange(60), sorted(rng.integers(0, 60, 4))):  # days of any length, empty ones too
        sums.add(m[part], o[part])
    pooled, expected = sums.scores(), by_definition(m, o)
    assert set(pooled) == set(expected) == {"n", *SCORES}
    for key, value in expected.items():
        assert pooled[key] == pytest.approx(value, rel=1e-7, abs=1e-9), key
        assert scores(m, o)[key] == pytest.approx(value, rel=1e-7, abs=1e-9), key


def test_what_is_not_defined_is_nan_and_never_infinite():
    flat = scores(np.array([5.0, 6.0, 7.0]), np.full(3, 0.1 + 0.2))
    assert np.isnan(flat["r2_det"]) and np.isnan(flat["r2_pearson"]) and flat["rmse"] > 0
    nothing = scores(np.ones(4), np.zeros(4))
    assert np.isnan(nothing["nme"]) and np.isnan(nothing["nmb"])
    assert not any(np.isinf(value) for value in (*flat.values(), *nothing.values()))


def test_the_mean_of_daily_scores_leaves_out_days_where_a_score_is_not_defined():
    days = [scores(np.array([1.0, 2.0]), np.array([1.0, 3.0])), scores(np.array([1.0, 2.0]), np.zeros(2))]
    mean = mean_scores(days)
    assert mean["rmse"] == pytest.approx((days[0]["rmse"] + days[1]["rmse"]) / 2)
    assert mean["nme"] == days[0]["nme"]
    assert np.isnan(mean_scores([])["rmse"])
