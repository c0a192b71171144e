"""A CTM's field of the day helps as far as the readings confirm it, and does no harm where they don't."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model_core.background.degrading import degrade
from model_core.background.given import with_background
from model_core.background.leave_out import LeaveOut
from model_core.configuration import NetworkConfiguration
from model_core.ctm.fields import read_ctm
from model_core.model_file import Model, load_model, save_model
from model_core.network.reanalysis_network import ReanalysisNetwork
from model_core.network.variogram import DRIFT_PRIOR, fit_variogram
from model_core.prediction import Predictor
from model_core.stations.gridding import GriddedReadings
from model_core.stations.reading_report import ReadingReport
from model_core.training.variety import random_field


@pytest.fixture(scope="module")
def day(tiny_ctm):
    """Grid, field and land of a simulated day, and its field two days later."""
    ctm = read_ctm(tiny_ctm)
    return ctm.grid, ctm.fields["pm25"][2], ctm.static["land"] > 0.5, ctm.fields["pm25"][4]


@pytest.fixture(scope="module")
def predictor(day, tmp_path_factory):
    """Of a network whose correction is still zero: its field is its kriging."""
    torch.manual_seed(0)
    configuration = NetworkConfiguration.from_dict(
        {
            "width": 4,
            "levels": 3,
            "combine": "channels",
            "kernels": [9, 5],
            "readings": True,
            "availability": True,
            "output": "correction",
            "standardise": "day",
            "kriging": True,
            "uncertainty": True,
            "covariates": [],
            "transforms": {"pm25": {"kind": "log", "offset": 2.0}},
        }
    )
    path = tmp_path_factory.mktemp("kriging") / "kriging.safetensors"
    save_model(path, Model(ReanalysisNetwork(configuration), {"name": "kriging", "target": "pm25", "unit": "ug m-3"}, day[0]))
    return Predictor(load_model(str(path)), day[0], torch.device("cpu"))


def readings_of(field, land, number=60, seed=0, noise=0.1):
    rng = np.random.default_rng(seed)
    cells = np.argwhere(land)
    counts = np.zeros(field.shape, np.int32)
    counts[tuple(cells[rng.choice(len(cells), number, replace=False)].T)] = 1
    values = np.where(counts > 0, field * np.exp(noise * rng.standard_normal(field.shape)), 0).astype(np.float32)
    return GriddedReadings(values, counts, ReadingReport(number, number))


def predicted(predictor, readings):
    return predictor.predict([{"pm25": readings}])[0]


def rmse(field, truth, land):
    return float(np.sqrt(((field - truth)[land] ** 2).mean()))


@pytest.mark.parametrize("number", [15, 40, 100])
def test_a_background_that_is_the_truth_gives_nearly_the_truth(day, predictor, number):
    _, truth, land, _ = day
    readings = readings_of(truth, land, number)
    given_it, found = with_background(readings, truth, predictor)
    without, field = predicted(predictor, readings), predicted(predictor, given_it)
    assert found.share > 0.7
    assert rmse(field.field, truth, land) < 0.5 * rmse(without.field, truth, land)
    assert np.median(field.sd) < np.median(without.sd)


def test_a_constant_background_changes_nothing(day, predictor):
    _, truth, land, _ = day
    readings = readings_of(truth, land)
    given_it, found = with_background(readings, np.full_like(truth, 30.0), predictor)
    assert found.share == 0 and "same" in found.in_words()
    np.testing.assert_array_equal(predicted(predictor, given_it).field, predicted(predictor, readings).field)


def test_a_background_of_noise_is_hardly_ever_believed_and_does_no_harm(day, predictor):
    _, truth, land, _ = day
    believed = 0
    for seed in range(8):
        readings = readings_of(truth, land, (15, 60, 150)[seed % 3], seed)
        given_it, found = with_background(readings, 30 * np.exp(random_field(truth.shape, np.random.default_rng(seed))), predictor)
        without, field = (predicted(predictor, one) for one in (readings, given_it))
        assert rmse(field.field, truth, land) <= 1.01 * rmse(without.field, truth, land)
        if found.share:
            believed += 1
        else:
            np.testing.assert_array_equal(field.field, without.field)
            assert found.in_words().startswith("not used: ")
    assert believed <= 1  # of eight smooth fields one may look like the day by chance


@settings(max_examples=4)
@given(factor=st.floats(1e-6, 1e6))
def test_the_unit_of_a_background_plays_no_part(day, predictor, factor):
    _, truth, land, other = day
    readings, background = readings_of(truth, land), np.sqrt(truth * other)
    as_it_is, scaled = (with_background(readings, field, predictor) for field in (background, background * np.float32(factor)))
    assert as_it_is[1].share > 0 and scaled[1].share == pytest.approx(as_it_is[1].share, abs=0.051)
    if scaled[1].share == as_it_is[1].share:
        np.testing.assert_allclose(*(predicted(predictor, one).field for one in (as_it_is[0], scaled[0])), rtol=1e-3)


def test_where_the_background_is_unknown_the_field_is_made_without_it(day, predictor):
    _, truth, land, _ = day
    readings, west = readings_of(truth, land, 100), np.arange(truth.shape[1]) < 24
    given_it, found = with_background(readings, np.where(west, truth, np.nan), predictor)
    without, field = (predicted(predictor, one).field for one in (readings, given_it))
    assert found.share > 0
    np.testing.assert_allclose(field[:, ~west], without[:, ~west], rtol=1e-5)
    assert rmse(field, truth, land & west) < rmse(without, truth, land & west)


def test_few_readings_can_confirm_nothing(day, predictor):
    _, truth, land, _ = day
    for number in (1, 4):
        assert with_background(readings_of(truth, land, number), truth, predictor)[1].share == 0


def test_poorer_backgrounds_are_believed_less(day, predictor):
    _, truth, land, other = day
    readings = readings_of(truth, land, 100)
    means = []
    for severity in (0.0, 0.5, 2.0):
        rng = np.random.default_rng(1)
        means.append(np.mean([with_background(readings, degrade(truth, severity, rng, other=other), predictor)[1].share for _ in range(3)]))
    assert means[0] > means[1] > means[2]


def test_a_background_that_is_not_degraded_is_the_field_itself_and_gaps_stay(day):
    truth = np.where(np.arange(day[1].shape[1]) < 5, np.nan, day[1])
    np.testing.assert_allclose(degrade(truth, 0.0, np.random.default_rng(0)), truth, rtol=1e-4, atol=1e-3)
    worse = degrade(truth, 1.0, np.random.default_rng(0), other=day[3])
    np.testing.assert_array_equal(np.isnan(worse), np.isnan(truth))
    assert np.nanmin(worse) >= 0


@pytest.mark.parametrize("maps", [0, 2])
def test_what_is_left_out_is_kriged_from_the_others(maps):
    """The closed form against the equations solved without the group, with the covariance of all."""
    rng = np.random.default_rng(0)
    places = torch.from_numpy(rng.uniform(0, 40, (30, 2)).astype(np.float32))
    read, drift = (torch.from_numpy(rng.standard_normal((30, n)).astype(np.float32)) for n in (1, maps))
    counts, groups = torch.ones(30), np.arange(30) // 4
    left = LeaveOut(places, read, drift, counts)(groups)

    variogram = fit_variogram(places, counts, read[:, 0], torch.cat([torch.ones(30, 1), drift], dim=1))
    covariance = variogram.covariance(places, places).double() + variogram.nugget * torch.eye(30)
    covariance = (covariance + DRIFT_PRIOR**2 * drift.double() @ drift.double().T).numpy()  # a slope of known variance
    for number in range(8):
        out = groups == number
        inverse, near = np.linalg.inv(covariance[np.ix_(~out, ~out)]), covariance[np.ix_(~out, out)]
        ones, z = np.ones((~out).sum()), read[:, 0].double().numpy()
        level = ones @ inverse @ z[~out] / (ones @ inverse @ ones)
        expected = level + near.T @ inverse @ (z[~out] - level)
        variance = np.diag(covariance)[out] - np.diag(near.T @ inverse @ near) + (1 - ones @ inverse @ near) ** 2 / (ones @ inverse @ ones)
        np.testing.assert_allclose(left.values[out, 0], expected, atol=1e-4)
        np.testing.assert_allclose(left.variance[out], variogram.variance * variance, rtol=1e-3)
