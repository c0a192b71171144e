"""The interpolators that a model is compared with do what is known of them."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.spatial import Delaunay
from scipy.stats import lognorm, norm

from model_core.validation.baselines import BASELINES, NEED_CTM, NEED_MAPS, predict_baselines
from model_core.validation.baselines.external_drift import krige_with_drift
from model_core.validation.baselines.kriging import LOG_OFFSET, krige_logs, krige_values
from model_core.validation.baselines.neighbours import avna, evna, idw, vna_weights
from model_core.validation.baselines.variogram import fit_exponential
from model_core.validation.distributions import Gaussian, LogNormal, interval_scores

SEEDS = st.integers(0, 2**32 - 1)


def world(seed, count=40, places=15):
    rng = np.random.default_rng(seed)
    return rng.uniform(0, 500, (count, 2)), rng.lognormal(3, 0.5, count), rng.uniform(-50, 550, (places, 2))


def drift(seed, *several):
    """Two maps with an offset and waves of their own, at each of several sets of places."""
    level, length = np.random.default_rng(seed).uniform(50, 200, (2, 2))
    return [np.stack([level[k] + 30 * np.sin(place[:, k] / length[k]) for k in (0, 1)], axis=1) for place in several]


def gaussian_field(position, reach, sill, nugget, seed):
    distance = np.hypot(*(position[:, None] - position[None]).transpose(2, 0, 1))
    covariance = sill * np.exp(-3 * distance / reach) + nugget * np.eye(len(position))
    return np.linalg.cholesky(covariance) @ np.random.default_rng(seed).standard_normal(len(position))


@settings(max_examples=10)
@given(SEEDS, st.floats(0.5, 400))
def test_a_constant_field_comes_back_from_every_baseline(seed, level):
    position, _, at = world(seed)
    ones, (maps, maps_at) = np.full(len(position), 3.0), drift(seed, position, at)
    found = predict_baselines(tuple(BASELINES), position, np.full(len(position), level), at, ones, np.full(len(at), 3.0), maps, maps_at)
    assert set(found) == set(BASELINES)
    assert (found.pop("ctm").mean == 3).all()  # it knows of no reading
    for name, baseline in found.items():
        assert baseline.mean == pytest.approx(level, rel=1e-6), name


@settings(max_examples=10)
@given(SEEDS)
def test_every_baseline_gives_a_station_its_own_reading(seed):
    """Without a nugget kriging is exact; PyKrige is so at a station with one too."""
    position, value, _ = world(seed)
    modelled = np.random.default_rng(seed).uniform(1, 9, len(value))
    # Kriging with drift knows that a reading has an error of its own, and the CTM knows no reading.
    exact = tuple(name for name in BASELINES if name not in (*NEED_MAPS, "ctm", "rk", "rklog"))
    for name, baseline in predict_baselines(exact, position, value, position[:7], modelled, modelled[:7]).items():
        tolerance = 1e-6 if name != "oklog" else 1e-4
        assert baseline.mean == pytest.approx(value[:7], rel=tolerance), name


@settings(max_examples=10)
@given(SEEDS, st.floats(0.1, 10), st.floats(-1000, 1000), st.floats(-1000, 1000))
def test_neither_the_unit_nor_the_place_of_the_origin_matters(seed, factor, east, north):
    position, value, at = world(seed)
    names = ("idw", "ok", "vna")
    first = predict_baselines(names, position, value, at)
    other = predict_baselines(names, position + (east, north), value * factor, at + (east, north))
    for name in names:
        # The fitted variogram is as exact as its optimiser: about 1e-4 of a prediction.
        assert other[name].mean == pytest.approx(first[name].mean * factor, rel=1e-3), name


@settings(max_examples=10)
@given(SEEDS)
def test_weighted_means_stay_between_the_lowest_and_the_highest_reading(seed):
    position, value, at = world(seed)
    for name in ("idw", "vna"):
        mean = predict_baselines((name,), position, value, at)[name].mean
        assert (mean >= value.min() - 1e-9).all() and (mean <= value.max() + 1e-9).all()


def test_the_variogram_that_made_a_field_is_found_again():
    position = np.random.default_rng(1).uniform(0, 2000, (900, 2))
    fits = [fit_exponential(position, gaussian_field(position, 300.0, 10.0, 2.0, seed)) for seed in range(4)]
    mean = {key: np.mean([fit[key] for fit in fits]) for key in fits[0]}
    assert mean["psill"] == pytest.approx(10, rel=0.3) and mean["range"] == pytest.approx(300, rel=0.4)
    assert mean["nugget"] == pytest.approx(2, abs=1.2)


def test_intervals_of_kriging_hold_what_they_promise_where_its_assumptions_hold():
    position = np.random.default_rng(2).uniform(0, 1000, (700, 2))
    value = 100 + gaussian_field(position, 400.0, 90.0, 10.0, 3)
    left_out = np.arange(700) % 3 == 0
    found = interval_scores(krige_values(position[~left_out], value[~left_out], position[left_out]), value[left_out])
    assert 0.84 < found["coverage_90"] < 0.96 and 0.42 < found["coverage_50"] < 0.59
    assert found["width_50"] == pytest.approx(found["width_90"] * norm.ppf(0.75) / norm.ppf(0.95))


def test_kriging_of_logs_is_the_log_normal_of_kriging_the_logs():
    position, value, at = world(5)
    logs, found = krige_values(position, np.log(value + LOG_OFFSET), at), krige_logs(position, value, at)
    expected = np.exp(logs.mean) - LOG_OFFSET  # the median
    assert found.quantiles((0.5,))[0] == pytest.approx(expected, rel=1e-5)
    assert found.quantiles((0.95,))[0] == pytest.approx(np.exp(logs.mean + norm.ppf(0.95) * logs.sd) - LOG_OFFSET, rel=1e-5)
    assert (found.mean > expected).all()


def test_two_stations_at_one_place_and_readings_of_zero_are_no_trouble():
    position, value, at = world(6)
    position[1], value[:3] = position[0], (0.0, 8.0, 0.0)
    found = predict_baselines(("ok", "oklog", "vna", "idw"), position, value, np.vstack([at, position[:1]]))
    for name, baseline in found.items():
        assert np.isfinite(baseline.mean).all() and (baseline.mean >= 0).all(), name
        assert baseline.mean[-1] == pytest.approx(np.expm1(np.log1p(value[:2]).mean()) if name == "oklog" else 4.0, abs=0.3), name


def test_too_few_stations_for_a_variogram_give_no_kriging_and_still_distance_weights():
    position, value, at = world(7, count=3)
    found = predict_baselines(("ok", "oklog", "idw", "vna"), position, value, at)
    assert np.isnan(found["ok"].mean).all() and np.isnan(found["oklog"].mean).all()
    assert np.isfinite(found["idw"].mean).all() and np.isfinite(found["vna"].mean).all()


@settings(max_examples=15)
@given(SEEDS)
def test_voronoi_neighbours_are_those_that_insertion_joins(seed):
    position, _, at = world(seed)
    weights = vna_weights(position, at)
    assert weights.sum(1) == pytest.approx(1)
    for place, row in zip(at, weights):
        triangles = Delaunay(np.vstack([position, place]))
        start, neighbours = triangles.vertex_neighbor_vertices
        joined = neighbours[start[len(position)] : start[len(position) + 1]]
        assert set(np.flatnonzero(row)) == set(joined)


def test_stations_on_a_line_are_all_neighbours():
    position = np.stack([np.arange(6) * 10.0, np.zeros(6)], 1)
    assert (vna_weights(position, np.array([[25.0, 3.0]])) > 0).all()


@settings(max_examples=10)
@given(SEEDS, st.floats(0.2, 5))
def test_a_ctm_that_is_right_but_for_a_factor_or_an_offset_is_put_right(seed, factor):
    position, modelled, at = world(seed)
    modelled_at = np.random.default_rng(seed).lognormal(3, 0.5, len(at))
    weights = vna_weights(position, at)
    assert evna(weights, factor * modelled, modelled, modelled_at) == pytest.approx(factor * modelled_at)
    assert avna(weights, modelled + 7, modelled, modelled_at) == pytest.approx(modelled_at + 7)


def test_stations_where_the_ctm_has_nothing_take_no_part():
    position, value, at = world(8)
    modelled = np.where(np.arange(len(value)) < 5, np.nan, 10.0)
    found = predict_baselines(NEED_CTM, position, value, at, modelled, np.full(len(at), 10.0))
    others = predict_baselines(NEED_CTM, position[5:], value[5:], at, modelled[5:], np.full(len(at), 10.0))
    for name in NEED_CTM:
        assert found[name].mean == pytest.approx(others[name].mean) and np.isfinite(found[name].mean).all()
    without = predict_baselines(NEED_CTM, position, value, at)
    assert all(np.isnan(without[name].mean).all() for name in NEED_CTM)


def test_inverse_distance_of_a_worked_example():
    position = np.array([[0.0, 0.0], [3.0, 0.0]])
    assert idw(position, np.array([10.0, 40.0]), np.array([[1.0, 0.0]])) == pytest.approx((10 / 1 + 40 / 4) / (1 / 1 + 1 / 4))


@pytest.mark.parametrize(
    "distribution, exact",
    [
        (Gaussian(np.array([20.0]), np.array([6.0])), norm(20, 6)),
        (LogNormal(np.array([20.0]), np.array([6.0])), lognorm(np.sqrt(np.log1p(0.09)), scale=20 / np.sqrt(1.09))),
        (
            LogNormal(np.array([20.0]), np.array([6.0]), 1.0),
            lognorm(np.sqrt(np.log1p((6 / 21) ** 2)), loc=-1, scale=21 / np.sqrt(1 + (6 / 21) ** 2)),
        ),
    ],
)
def test_distributions_agree_with_scipy_and_crps_with_its_integral(distribution, exact):
    assert distribution.quantiles((0.05, 0.5, 0.95))[:, 0] == pytest.approx(exact.ppf([0.05, 0.5, 0.95]), rel=1e-5)
    x = np.linspace(-60, 200, 400_001)
    for observed in (0.0, 12.0, 20.0, 70.0):
        integral = np.trapezoid((exact.cdf(x) - (x >= observed)) ** 2, x)
        assert distribution.crps(np.array([observed]))[0] == pytest.approx(integral, rel=1e-3)


def test_a_certain_distribution_has_its_error_as_crps_and_unknown_ones_do_not_count():
    certain = Gaussian(np.array([5.0, np.nan]), np.array([0.0, np.nan]))
    found = interval_scores(certain, np.array([8.0, 1.0]))
    assert found["crps"] == pytest.approx(3) and found["coverage_90"] == 0
    assert np.isnan(interval_scores(Gaussian(np.array([np.nan]), np.array([np.nan])), np.array([1.0]))["crps"])


@settings(max_examples=10)
@given(SEEDS, st.floats(-5, 5), st.floats(-5, 5))
@example(184, 4.892011398918935, 0.26206852574643147)  # the standard deviation differs by 0.6 %
def test_what_the_maps_explain_is_given_back_wherever_the_maps_are_known(seed, first, second):
    """Whatever multiple of the maps is added to the readings, the same is added to what kriging with drift says."""
    position, value, at = world(seed)
    maps, maps_at = drift(seed, position, at)
    plain, plain_sd = krige_with_drift(position, value, at, maps, maps_at)
    more, more_sd = krige_with_drift(position, value + maps @ (first, second), at, maps, maps_at)
    # The variogram is fitted in float32, whose last digits change with the readings.
    assert more == pytest.approx(plain + maps_at @ (first, second), rel=2e-3, abs=1e-3) and more_sd == pytest.approx(plain_sd, rel=1e-2)


def test_kriging_with_drift_is_that_of_the_library():
    from pykrige.uk import UniversalKriging

    position, value, at = world(11)
    maps, maps_at = drift(11, position, at)
    variogram = {"psill": 60.0, "range": 300.0, "nugget": 9.0}
    library = UniversalKriging(
        *position.T,
        value,
        variogram_model="exponential",
        variogram_parameters=variogram,
        drift_terms=["specified"],
        specified_drift=list(maps.T),
    )
    mean, variance = library.execute("points", *at.T, specified_drift_arrays=list(maps_at.T))
    found, sd = krige_with_drift(position, value, at, maps, maps_at, variogram)
    assert found == pytest.approx(np.asarray(mean), rel=1e-6) and sd**2 == pytest.approx(np.asarray(variance), rel=1e-6)


def test_a_map_that_says_nothing_of_its_own_changes_nothing():
    position, value, at = world(12)
    maps, maps_at = drift(12, position, at)
    idle = [np.column_stack([m, np.full(len(m), 4.0), m[:, 0] * 3 - 1]) for m in (maps, maps_at)]
    for first, second in zip(krige_with_drift(position, value, at, maps, maps_at), krige_with_drift(position, value, at, *idle)):
        assert second == pytest.approx(first, rel=1e-9)


def test_drift_that_is_unknown_at_a_place_counts_as_its_mean_at_the_stations():
    position, value, at = world(13)
    maps, maps_at = drift(13, position, at)
    unknown = maps_at.copy()
    unknown[0] = np.nan
    mean = np.vstack([maps.mean(0), maps_at[1:]])
    for first, second in zip(krige_with_drift(position, value, at, maps, unknown), krige_with_drift(position, value, at, maps, mean)):
        assert first == pytest.approx(second)


def test_kriging_with_drift_needs_a_station_for_each_map_beside_five():
    position, value, at = world(14, count=6)
    maps, maps_at = drift(14, position, at)
    found = predict_baselines(NEED_MAPS, position, value, at, maps=maps, maps_at=maps_at)
    assert all(np.isnan(found[name].mean).all() for name in NEED_MAPS)
    assert all(np.isnan(baseline.mean).all() for baseline in predict_baselines(NEED_MAPS, position, value, at).values())


@settings(max_examples=10)
@given(SEEDS, st.floats(0.2, 5), st.floats(-5, 50))
def test_regression_kriging_takes_any_multiple_of_the_ctm_with_any_offset(seed, factor, offset):
    position, modelled, at = world(seed)
    modelled_at = np.random.default_rng(seed).lognormal(3, 0.5, len(at))
    found = predict_baselines(("ctm", "rk"), position, factor * modelled + offset, at, modelled, modelled_at)
    assert found["rk"].mean == pytest.approx(np.maximum(factor * modelled_at + offset, 0), rel=1e-6, abs=1e-6)
    assert (found["ctm"].mean == modelled_at).all()


def test_where_the_ctm_has_no_value_what_needs_it_says_nothing():
    position, value, at = world(15)
    found = predict_baselines(NEED_CTM, position, value, at, value * 0.8, np.where(np.arange(len(at)) < 4, np.nan, 20.0))
    for name in NEED_CTM:
        assert np.isnan(found[name].mean[:4]).all() and np.isfinite(found[name].mean[4:]).all(), name
