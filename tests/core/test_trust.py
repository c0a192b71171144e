"""A network is believed as far as readings that were left out support it, and never much beyond its own kriging."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from model_core.configuration import NetworkConfiguration, Transform
from model_core.errors import InputError, ModelFileError
from model_core.grid import PRESETS, Grid
from model_core.jobs import JOBS
from model_core.left_out_cells import left_out_together
from model_core.model_file import Model, StaticMaps, load_model, replace_card, save_model
from model_core.network.reanalysis_network import ReanalysisNetwork
from model_core.network.transforms import inverse, transform
from model_core.network.trust import KRIGING_ALONE, Trust, share_at
from model_core.period.choice import kept_file
from model_core.prediction import Predictor
from model_core.progress import Progress
from model_core.stations.gridding import grid_observations
from model_core.stations.observations import from_arrays
from model_core.trust_choice import _best_shares, _LeftOut, _widths, as_asked, choose_trust, mixed, sample_of
from model_core.validation.cross_validation import Day, cross_validate

GRID = Grid.from_lower_left(PRESETS["china12km"].crs, -180_000.0, -720_000.0, (36_000.0, 36_000.0), (32, 32))
CPU, LOGS, OWN = torch.device("cpu"), Transform("log", 2.0, 1.0), (0.75, 0.75)
CONFIGURATION = NetworkConfiguration(
    station_variables=("pm25",),
    covariates=("elevation",),
    kernels=(5, 3),
    combine="channels",
    readings=True,
    availability=True,
    width=2,
    levels=2,
    output="correction",
    correction_share=OWN,
    kriging=True,
    uncertainty=True,
    standardise="day",
    transforms={"pm25": LOGS, "elevation": Transform("linear", 0.0, 1000.0)},
)


def made_at_random(grid=GRID):
    """A model whose network knows nothing: its corrections are as large as they can be, and of no use."""
    torch.manual_seed(3)
    network = ReanalysisNetwork(CONFIGURATION)
    torch.nn.init.normal_(network.unet.head.weight, std=300.0)
    row, column = np.indices(grid.shape)
    height = (800 + 700 * np.sin(row / 2) * np.cos(column / 3)).astype(np.float32)
    card = {"created": "", "software": "", "target": "pm25", "unit": "ug m-3"}
    return Model(network.eval(), card, grid, StaticMaps(grid, {"elevation": height}), "made at random")


@pytest.fixture(scope="module")
def predictor():
    return Predictor(made_at_random(), GRID, CPU)


def stations(number=150, seed=0):
    """Readings of a smooth field with noise, each with a city of its own."""
    rng = np.random.default_rng(seed)
    row, column = rng.uniform(1, 30, (2, number))
    value = 60 + 30 * np.sin(row / 6) * np.cos(column / 7) + rng.normal(0, 3, number)
    x, y = GRID.transform @ (column, row)
    return from_arrays(x, y, value, GRID.crs, id=[f"s{n:03d}" for n in range(number)], group=[f"c{n // 5}" for n in range(number)])


def gridded(observations):
    return {"pm25": grid_observations(observations, GRID)}


def test_no_share_of_the_correction_is_exactly_the_kriging(predictor):
    day = gridded(stations())
    (alone,) = predictor.trusting(KRIGING_ALONE).predict([day])
    (kriged,) = predictor.kriged([day])
    (parts,) = predictor.parts([day])
    np.testing.assert_allclose(alone.field, kriged, rtol=1e-5)
    np.testing.assert_allclose(parts.background, kriged, rtol=1e-5)
    assert abs(predictor.predict([day])[0].field - kriged).max() > 5


def test_a_network_that_knows_nothing_ends_near_kriging_and_the_choice_says_so(predictor):
    day = gridded(stations())
    choice = choose_trust(predictor, [day])
    assert max(choice.trust.shares) <= 0.1 and choice.rmse["chosen"] < 1.02 * choice.rmse["kriging"] < 0.8 * choice.rmse["model"]
    assert "(the model's own 75% and 75%)" in choice.in_words() or "switched off" in choice.in_words()
    assert json.dumps(choice.summary()) and type(choice).from_dict(json.loads(json.dumps(choice.to_dict()))) == choice


def test_the_order_of_stations_changes_no_choice(predictor):
    observations = stations(60)
    one, other = (choose_trust(predictor, [gridded(observations.select(order))]) for order in (np.arange(60), np.arange(60)[::-1]))
    assert one.trust.shares == other.trust.shares and one.trust.drift == other.trust.drift
    assert one.trust.widths == pytest.approx(other.trust.widths, rel=1e-3)


def test_with_few_readings_the_model_stays_as_it_is_and_that_is_said(predictor):
    choice = choose_trust(predictor, [gridded(stations(15))])
    assert choice.trust == Trust() and choice.in_words() == "the model as it is: fewer than 20 cells have readings"


def left_out(full, observed, background, doubt, unit=None):
    n = len(observed)
    return _LeftOut(observed, np.ones(n), np.zeros(n), background, full, doubt, 0.3 * background, np.arange(n) if unit is None else unit)


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.floats(0.1, 0.6), st.integers(100, 600))
def test_whatever_a_useless_network_says_little_of_it_is_taken_and_a_perfect_one_is_kept(seed, size, number):
    rng = np.random.default_rng(seed)
    background, doubt = np.exp(rng.normal(3.5, 0.4, number)), rng.uniform(0, 1, number)
    observed = background * np.exp(rng.normal(0, 0.25, number))
    useless = left_out(background * np.exp(rng.normal(0, size, number)), observed, background, doubt)
    error = {
        shares: np.sqrt(((mixed(useless, shares, LOGS) - observed) ** 2).mean())
        for shares in ((0.0, 0.0), _best_shares(useless, OWN, LOGS))
    }
    assert list(error.values())[-1] <= 1.05 * error[0.0, 0.0]
    perfect = left_out(observed, observed, background, doubt)
    assert min(_best_shares(perfect, OWN, LOGS)) >= 0.75


def test_a_network_that_helps_far_from_readings_alone_is_believed_there_alone():
    rng = np.random.default_rng(0)
    background, doubt = np.full(800, 40.0), np.repeat([0.05, 0.95], 400)
    truth = background * np.exp(rng.normal(0, 0.4, 800))
    full = np.where(doubt > 0.5, truth, background * np.exp(rng.normal(0, 0.4, 800)))
    near, far = _best_shares(left_out(full, truth, background, doubt), OWN, LOGS)
    assert near < 0.15 and far > 0.9


def test_few_readings_leave_the_share_near_the_models_own():
    rng = np.random.default_rng(1)
    background, doubt = np.full(400, 40.0), rng.uniform(0, 1, 400)
    observed, full = background * np.exp(rng.normal(0, 0.3, 400)), background * np.exp(rng.normal(0, 0.1, 400))
    few, many = (_best_shares(left_out(full[:n], observed[:n], background[:n], doubt[:n]), OWN, LOGS) for n in (20, 400))
    assert sum(few) > sum(many) + 0.3


def test_intervals_are_widened_near_and_far_by_what_the_errors_there_ask_for():
    rng = np.random.default_rng(2)
    mean, doubt = np.full(4000, 40.0), np.repeat([0.0, 1.0], 2000)
    sd = np.sqrt(np.log1p(0.3**2))
    observed = mean * np.exp(rng.normal(0, 1, 4000) * sd * np.where(doubt > 0, 1.6, 0.8))
    near, far = _widths(left_out(mean, observed, mean, doubt), mean, LOGS)
    assert near == pytest.approx(0.8, rel=0.08) and far == pytest.approx(1.6, rel=0.08)


@settings(max_examples=20)
@given(st.integers(20, 300), st.integers(0, 1000))
def test_each_cell_is_left_out_once_and_every_fold_has_single_cells_and_clusters(number, seed):
    places = np.random.default_rng(seed).choice(60 * 60, number, replace=False)
    cells = np.stack(np.unravel_index(np.sort(places), (60, 60)), axis=1)
    fold, unit = left_out_together(cells, 5, seed)
    assert set(fold) == set(range(5)) and all(len(set(fold[unit == one])) == 1 for one in set(unit))
    sizes = np.bincount(unit)
    assert all((sizes[unit[fold == one]] == 1).any() for one in range(5)) and (sizes > 1).sum() >= 3


def test_the_days_of_a_sample_are_spread_evenly():
    assert sample_of([3, 5], 12) == [3, 5] and sample_of(range(365), 12)[0] == 15
    gaps = np.diff(sample_of(range(365), 12))
    assert len(gaps) == 11 and gaps.min() >= 30 and gaps.max() <= 31


def test_without_maps_it_is_ordinary_kriging_and_other_drifts_are_tried(predictor):
    day = gridded(stations())
    without = Predictor(replace(predictor.model, maps=None), GRID, CPU, covariates={"elevation": np.full(GRID.shape, 100.0, np.float32)})
    ordinary, flat, drifted = (one.kriged([day])[0] for one in (predictor.trusting(Trust(drift=())), without, predictor))
    np.testing.assert_allclose(ordinary, flat, rtol=0.02)
    assert abs(drifted - ordinary).max() > 0.5


def test_in_another_region_the_kriging_is_taken_alone_and_the_user_is_told(predictor):
    far = Grid.from_lower_left(PRESETS["china12km"].crs, 2_500_000.0, -720_000.0, (36_000.0, 36_000.0), (32, 32))
    elsewhere = Predictor(predictor.model, far, CPU)
    assert elsewhere.trust == KRIGING_ALONE and any("--analysis auto" in note for note in elsewhere.notes)
    asked = elsewhere.trusting(as_asked(elsewhere, "network").trust)
    assert not any("kriging is taken without" in note for note in asked.notes), "the correction is applied"
    assert set(asked.notes) < set(elsewhere.notes)
    assert predictor.trust == Trust() and not any("--analysis" in note for note in predictor.notes)


def test_a_model_that_corrects_no_kriging_can_not_be_believed_more_or_less(tiny_model):
    with pytest.raises(InputError, match="does not correct kriging"):
        Predictor(load_model(str(tiny_model)), GRID, CPU).trusting(KRIGING_ALONE)


def test_a_cross_validation_chooses_anew_in_each_fold_without_what_is_left_out(predictor):
    observations = stations(120)
    value = observations.value.copy()
    value[7] = 900.0
    first, second = (
        cross_validate([Day(one)], GRID, predictor, "groups", 2, baselines=(), analysis="auto")
        for one in (observations, replace(observations, value=value))
    )
    own = (first.table.fold == first.table.fold[7]).to_numpy()
    assert set(first.choices) == {0, 1} and first.choices[first.table.fold[7]] == second.choices[first.table.fold[7]]
    assert first.prediction("model")[own] == pytest.approx(second.prediction("model")[own], rel=1e-6)


def test_a_configuration_can_be_changed_where_its_weights_fit(tmp_path):
    path = tmp_path / "m.safetensors"
    save_model(path, made_at_random())
    before = load_model(str(path))
    with_people = replace(CONFIGURATION, drift=("population_near",))
    replace_card(path, {**before.card, "summary": "changed"}, with_people)
    after = load_model(str(path))
    assert after.configuration.drift == ("population_near",) and after.weights_sha256 == before.weights_sha256
    with pytest.raises(ModelFileError, match="don't fit"):
        replace_card(path, before.card, replace(CONFIGURATION, width=4))
    assert load_model(str(path)).sha256 == after.sha256


@pytest.fixture(scope="module")
def period(tmp_path_factory):
    """A model file and a table of four days."""
    folder = tmp_path_factory.mktemp("period")
    save_model(folder / "model.safetensors", made_at_random())
    observations = stations(80)
    lon, lat = Transformer.from_crs(GRID.crs, "EPSG:4326", always_xy=True).transform(observations.x, observations.y)
    table = pd.concat(
        [
            pd.DataFrame({"day": f"2019-01-0{day}", "id": observations.id, "lon": lon, "lat": lat, "pm25": observations.value + day})
            for day in (1, 2, 3, 4)
        ]
    )
    table.to_csv(folder / "stations.csv", index=False)
    return folder, table


def test_a_period_chooses_once_keeps_its_choice_and_goes_on_with_it_as_it_grows(period, tmp_path):
    folder, table = period
    table[table.day < "2019-01-04"].to_csv(tmp_path / "s.csv", index=False)
    request = {
        "stations": str(tmp_path / "s.csv"),
        "value": "pm25",
        "time": "day",
        "model": str(folder / "model.safetensors"),
        "device": "cpu",
        "grid": ",".join(map(str, GRID.bounds)) + f",36000@{GRID.crs.to_wkt()}",
        "out": str(tmp_path / "p.nc"),
        "analysis": "auto",
    }
    first = JOBS["reanalyse-period"](request, Progress())
    assert first["days"]["computed"] == 3 and first["analysis"]["days"] == 3
    table.to_csv(tmp_path / "s.csv", index=False)
    second = JOBS["reanalyse-period"](request, Progress())
    assert (second["days"]["computed"], second["days"]["kept"]) == (1, 3) and second["analysis"] == first["analysis"]
    kept_file(tmp_path / "p.nc").write_text("{}")
    with pytest.raises(InputError, match="keeps no choice"):
        JOBS["reanalyse-period"](request, Progress())
    alone = JOBS["reanalyse-period"]({**request, "analysis": "kriging", "out": str(tmp_path / "k.nc")}, Progress())
    assert alone["analysis"]["shares"] == [0.0, 0.0] and not kept_file(tmp_path / "k.nc").exists()


def test_the_share_goes_from_near_to_far_within_the_reach():
    doubt = np.array([0.0, 0.05, 0.1, 0.5, 1.0])
    np.testing.assert_allclose(share_at(doubt, (0.2, 0.8), 0.1), [0.2, 0.5, 0.8, 0.8, 0.8])
    np.testing.assert_allclose(share_at(torch.from_numpy(doubt), (0.2, 0.8)), 0.2 + 0.6 * doubt)


def test_a_model_with_a_reach_has_its_whole_share_from_there_on(predictor):
    own, day = predictor.model, gridded(stations(40))
    configuration = replace(own.configuration, correction_share=(0.0, 0.75), correction_reach=0.1)
    network = ReanalysisNetwork(configuration)
    network.load_state_dict(own.network.state_dict())
    reaching = Predictor(replace(own, network=network.eval()), GRID, CPU)
    (parts,), (full,) = (one.parts([day]) for one in (reaching, predictor.trusting(Trust(shares=(1.0, 1.0)))))
    assert parts.doubt.min() < 0.1 < parts.doubt.max()
    before, whole = (transform(torch.from_numpy(x), LOGS) for x in (full.background, full.field))
    expected = inverse(before + (whole - before) * torch.from_numpy(0.75 * (parts.doubt / 0.1).clip(0, 1)), LOGS)
    np.testing.assert_allclose(parts.field, expected, rtol=1e-3)
    choice = choose_trust(reaching, [gridded(stations())])
    assert choice.own.shares == (0.0, 0.75) and max(choice.trust.shares) <= 0.1


def test_a_reach_of_nothing_is_refused_and_files_of_before_have_none():
    with pytest.raises(InputError, match="correction_reach"):
        replace(made_at_random().configuration, correction_reach=0.0)
    before = made_at_random().configuration.to_dict() | {"drift_share": 0.0}
    del before["correction_reach"]
    assert NetworkConfiguration.from_dict(before) == made_at_random().configuration
