"""The bar that `make benchmark-skill` sets is the same kriging that `crossvalidate` offers, only faster."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "benchmarks" / "skill"))

from done_when import done_when  # noqa: E402
from kriging import krige_left_out  # noqa: E402

from model_core.validation.baselines.external_drift import krige_drift_logs, krige_drift_values  # noqa: E402
from model_core.validation.baselines.kriging import krige_logs, krige_values  # noqa: E402
from model_core.validation.folds import deal  # noqa: E402


@pytest.fixture
def stations():
    """Sixty readings with a gradient and noise, two of them at one place: km (60, 2) and values (60,)."""
    rng = np.random.default_rng(3)
    position = rng.uniform(0, 800, (60, 2))
    position[1] = position[0]
    return position, 30 + position[:, 0] / 20 + 10 * np.sin(position[:, 1] / 90) + rng.normal(0, 2, 60)


@pytest.mark.parametrize("kind, baseline", [("values", krige_values), ("logs", krige_logs)])
def test_kriging_is_that_of_the_library(stations, kind, baseline):
    position, value = stations
    fold = deal(np.array([0, 0, *range(1, 59)]), 5, 0)  # the two at one place are left out together
    said = krige_left_out(position, value, fold, kind)
    for number in range(5):
        out = fold == number
        expected = baseline(position[~out], value[~out], position[out])
        assert said.mean[out] == pytest.approx(expected.mean, rel=1e-4)
        assert said.sd[out] == pytest.approx(expected.sd, rel=1e-3)


@pytest.mark.parametrize("kind, baseline", [("values", krige_drift_values), ("logs", krige_drift_logs)])
def test_kriging_with_drift_is_that_of_crossvalidate(stations, kind, baseline):
    position, value = stations
    maps, fold = np.sin(position / 90), deal(np.array([0, 0, *range(1, 59)]), 5, 0)
    said = krige_left_out(position, value, fold, kind, maps=maps)
    for number in range(5):
        out = fold == number
        expected = baseline(position[~out], value[~out], position[out], maps[~out], maps[out])
        assert said.mean[out] == pytest.approx(expected.mean) and said.sd[out] == pytest.approx(expected.sd)


def test_kriging_is_kept_and_found_again(stations, tmp_path):
    position, value = stations
    fold = deal(np.arange(60), 5, 0)
    first = krige_left_out(position, value, fold, "logs", tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    again = krige_left_out(position, value, fold, "logs", tmp_path)
    krige_left_out(position, value + 1, fold, "logs", tmp_path)
    assert np.array_equal(first.mean, again.mean) and len(list(tmp_path.iterdir())) == 2


def test_what_is_asked_is_held_against_what_was_reached():
    row = {"part": "real_stations", "day": "2018-02-20", "scheme": "LCCV", "coverage_90": 0.9, "crps_ratio": float("nan")}
    asked = done_when([{**row, "method": "model", "ratio": 0.96}, {**row, "method": "kriging of logs", "ratio": 1.0}])
    assert [(entry["reached"], entry["met"]) for entry in asked[:2]] == [(0.96, "no"), (0.9, "yes")]
    assert [entry["met"] for entry in asked] == ["no", "yes", "not told"]


def test_what_is_asked_between_the_stations_is_asked_of_the_pooled_rows():
    drawn = {"part": "between_stations", "day": "pooled", "scheme": "CV", "method": "model", "ratio": 0.95, "worst": 1.02}
    scored = {"nmb": -0.07, "coverage_90": 0.9, "crps_ratio": 0.99}
    near = {"part": "by_distance", "day": "pooled", "distance": "<10 km", "method": "model", **scored}
    asked = done_when([drawn, {**drawn, "day": "China 2018-02-20"}, near, {**near, "method": "ked"}])
    assert [entry["met"] for entry in asked] == ["yes", "no", "no", "yes", "yes"]
    assert asked[2]["what"] == "Cities left out: bias over the mean, pooled, <10 km"
