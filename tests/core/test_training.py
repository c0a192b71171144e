"""Training learns from CTM days, repeats itself, and goes on where it stopped."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model_core.configuration import TrainingConfiguration, read_configuration
from model_core.errors import Cancelled, InputError
from model_core.jobs import JOBS
from model_core.model_file import load_model
from model_core.network.network_output import NetworkOutput
from model_core.network.reanalysis_network import ReanalysisNetwork
from model_core.progress import Progress
from model_core.training.layouts import remove_cities, uniform_layout, varied_layout
from model_core.training.objective import learning_rate, training_loss
from model_core.training.plan import TrainingPlan
from model_core.training.samples import Sample, TrainingDays, draw_sample
from model_core.training.split import split_by_time
from model_core.training.trainer import train_network

LAND = np.zeros((60, 80), bool)
LAND[:, 20:] = True
URBAN = np.zeros(LAND.shape, np.float32)
URBAN[30:34, 50:54] = 0.8


@given(st.integers(0, 10_000))
def test_nominal_stations_stand_on_land_in_the_configured_number(seed):
    mask = uniform_layout(LAND, (50, 120), np.random.default_rng(seed))
    assert 50 <= mask.sum() <= 120 and not (mask & ~LAND).any()


@given(st.integers(0, 10_000))
@settings(deadline=None)
def test_varied_layouts_stand_on_land_and_are_never_empty(seed):
    rng = np.random.default_rng(seed)
    network = np.stack([rng.uniform(0, 60, 40), rng.uniform(0, 80, 40)], axis=1)
    mask = varied_layout(LAND, URBAN, [network], (5, 200), rng)
    assert 1 <= mask.sum() <= 200 and not (mask & ~LAND).any()


def test_urban_layouts_crowd_in_towns():
    shares = []
    for seed in range(60):
        mask = varied_layout(LAND, URBAN, [], (100, 100), np.random.default_rng(seed))
        shares.append(mask[URBAN > 0].sum() / max(mask.sum(), 1))
    assert np.mean(shares) > 3 * (URBAN > 0).sum() / LAND.sum()


@given(st.integers(0, 10_000))
def test_removing_cities_only_removes(seed):
    rng = np.random.default_rng(seed)
    mask = uniform_layout(LAND, (30, 30), rng)
    left = remove_cities(mask, rng)
    assert left.any() and not (left & ~mask).any()


def days(**maps) -> TrainingDays:
    rng = np.random.default_rng(0)
    fields = {"pm25": rng.gamma(2, 20, (3, *LAND.shape)).astype(np.float32), "rh": np.full((3, *LAND.shape), 70, np.float32)}
    fields["pm25"][:, :, :25] = np.nan
    return TrainingDays(fields, {"urban": URBAN, **maps}, LAND)


@given(st.integers(0, 10_000))
@settings(deadline=None, max_examples=30)
def test_a_sample_reads_what_the_field_holds(seed):
    network, training = read_configuration("improved")
    training = replace(training, crop=32, reading_noise=(0.0, 0.0))
    sample = draw_sample(days(), 1, network, training, np.random.default_rng(seed))
    assert sample.values.shape == (3, 32, 32) and sample.truth.shape == (32, 32)
    read = sample.mask[0] > 0
    assert read.any() and (sample.valid[read] == 1).all()
    np.testing.assert_allclose(sample.values[0][read], sample.truth[read], rtol=1e-5)
    assert np.isfinite(sample.truth).all() and not sample.mask[2].any()  # no wind in these days


def test_whole_inputs_are_removed_as_often_as_configured():
    network, training = read_configuration("improved")
    training = replace(training, remove_variable=0.5, remove_covariate=0.25)
    samples = [draw_sample(days(), 0, network, training, np.random.default_rng(seed)) for seed in range(200)]
    assert np.mean([not s.mask[1].any() for s in samples]) == pytest.approx(0.5, abs=0.12)
    assert np.mean([not s.maps_known[1].any() for s in samples]) == pytest.approx(0.25, abs=0.1)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=5), st.floats(0, 0.9))
def test_held_out_days_are_the_last_and_never_trained_on(lengths, share):
    split = split_by_time(lengths, share)
    assert not set(split.training) & set(split.validation)
    assert len(split.training) + len(split.validation) == sum(lengths)
    for number in range(len(lengths)):
        trained = [day for source, day in split.training if source == number]
        held = [day for source, day in split.validation if source == number]
        assert trained and (not held or max(trained) < min(held))


def test_the_cosine_schedule_warms_up_and_ends_near_zero():
    configuration = TrainingConfiguration(iterations=1000, schedule="cosine", learning_rate=1.0)
    rates = [learning_rate(configuration, i) for i in range(1000)]
    assert rates[0] < 0.02 and max(rates) == pytest.approx(1.0) and rates[-1] < 1e-4


def quick(folder, name, ctm, configuration, **request):
    out = folder / f"{name}.safetensors"
    result = JOBS["train"]({"ctm": [str(ctm)], "config": str(configuration), "out": str(out), **request}, Progress())
    return load_model(str(out)), result


def test_the_same_seed_gives_the_same_model_and_another_does_not(tiny_ctm, tiny_configuration, tiny_model, tmp_path):
    first = load_model(str(tiny_model))  # of the seed that is taken where none is asked for
    second, _ = quick(tmp_path, "b", tiny_ctm, tiny_configuration, seed=0)
    third, _ = quick(tmp_path, "c", tiny_ctm, tiny_configuration, seed=2)
    assert first.network.state_dict().keys() == second.network.state_dict().keys()
    for key, value in first.network.state_dict().items():
        assert torch.equal(value, second.network.state_dict()[key])
    assert not torch.equal(first.network.unet.head.weight, third.network.unet.head.weight)


class CancelAt(Progress):
    """Cancels as a user would, at a share of the job."""

    def __init__(self, share: float):
        self.reached = False
        super().__init__(lambda: self.reached)
        self._share = share

    def on_step(self, fraction, message):
        self.reached = fraction >= self._share


def test_a_resumed_training_ends_where_an_uninterrupted_one_does(tiny_ctm, tiny_configuration, tiny_model, tmp_path):
    whole = load_model(str(tiny_model))
    request = {"ctm": [str(tiny_ctm)], "config": str(tiny_configuration), "out": str(tmp_path / "broken.safetensors")}
    with pytest.raises(Cancelled):
        JOBS["train"](request, CancelAt(0.75))
    assert (tmp_path / "broken.checkpoint").exists()
    JOBS["train"]({**request, "resume": True}, Progress())
    resumed = load_model(request["out"])
    for key, value in whole.network.state_dict().items():
        assert torch.equal(value, resumed.network.state_dict()[key])
    assert resumed.card["scores"] == whole.card["scores"]
    assert not (tmp_path / "broken.checkpoint").exists()


def test_a_checkpoint_of_another_training_is_refused(tiny_ctm, tiny_configuration, tmp_path):
    request = {"ctm": [str(tiny_ctm)], "config": str(tiny_configuration), "out": str(tmp_path / "m.safetensors")}
    with pytest.raises(Cancelled):
        JOBS["train"](request, CancelAt(0.75))
    with pytest.raises(InputError, match="other settings"):
        JOBS["train"]({**request, "resume": True, "seed": 9}, Progress())


def test_training_lowers_the_error(tiny_ctm, tmp_path):
    """The network learns a field whose shape neither the readings nor a drift along the map tell: high at middle heights."""
    rng = np.random.default_rng(0)
    elevation = rng.uniform(0, 3000, (32, 32)).astype(np.float32)
    pm25 = np.stack([level * np.where(abs(elevation - 1500) < 750, 1.0, 0.5) for level in rng.uniform(50, 200, 12)]).astype(np.float32)
    data = TrainingDays({"pm25": pm25}, {"elevation": elevation}, np.ones((32, 32), bool))
    network, training = read_configuration("improved")
    network = replace(network, width=8, levels=3, unet_factor=1, station_variables=("pm25",), covariates=("elevation",))
    training = replace(
        training,
        iterations=240,
        batch=2,
        crop=0,
        validate_every=60,
        remove_covariate=0.0,
        layouts="uniform",
        stations=(6000, 6000),
        learning_rate=5e-3,
        reading_noise=(0.0, 0.0),
        rescale=0.0,
    )
    plan = TrainingPlan([data], split_by_time([12], 0.1), network, training, torch.device("cpu"))
    result = train_network(plan, tmp_path / "c.checkpoint", False, Progress())
    assert result.best["r2_det"] > 0.7 and result.history[0]["mae"] > 1.3 * result.best["mae"]
    assert result.best["rmse_to_background"] < 0.75 < 0.9 < result.history[0]["rmse_to_background"]


@pytest.mark.parametrize("far", [1.0, 4.0])
def test_errors_count_by_what_kriging_leaves_open(far):
    """An error of as many of kriging's standard deviations costs the same near stations and far from them."""
    settings, _ = read_configuration("improved")
    network = ReanalysisNetwork(replace(settings, uncertainty=False, width=4, levels=2))
    truth, sd = torch.full((1, 4, 6), 30.0), torch.full((1, 4, 6), 9.5)
    sd[..., 3:] = far * (9.5 + 0.5) - 0.5
    none = torch.zeros(1, 2, 4, 6)
    batch = Sample(none, none, none, none, truth, torch.ones(1, 4, 6), torch.zeros(1), truth)

    def loss(error):
        nothing = torch.zeros(1, 1, 1)
        return float(training_loss(network, NetworkOutput(truth + error, truth, nothing, nothing + 1, background_sd=sd), batch, "mean"))

    near = torch.zeros_like(truth)
    near[..., 0] = 10.0
    assert loss(near) == pytest.approx(loss(far * near.flip(-1))) == pytest.approx(0.5 / 6)


def test_epochs_are_passes_over_the_training_days(tiny_ctm, tiny_configuration, tmp_path):
    _, result = quick(tmp_path, "epochs", tiny_ctm, tiny_configuration, epochs=2)
    assert result["iterations"] == 7  # two passes over 7 of 8 days in batches of 2


def test_files_on_several_grids_need_a_grid(tiny_ctm, tiny_configuration, shared_data, tmp_path):
    other = shared_data / "china_cmaq" / "china36km_cmaq_pm25_20200103-20.nc"
    request = {"ctm": [str(tiny_ctm), str(other)], "config": str(tiny_configuration), "out": str(tmp_path / "m.safetensors")}
    with pytest.raises(InputError, match="on another grid.*127 rows.*40 rows"):
        JOBS["train"](request, Progress())
    result = JOBS["train"]({**request, "grid": str(tiny_ctm), "iterations": 2}, Progress())
    assert load_model(result["out"]).grid.shape == (40, 48)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"out": "model.onnx"}, "must end in .safetensors"),
        ({"iterations": 2, "epochs": 2}, "not both"),
        ({"config": "perfect"}, "improved, paper"),
        ({"device": "tpu"}, "unknown device"),
    ],
)
def test_wrong_requests_are_explained(tiny_ctm, tiny_configuration, tmp_path, change, message):
    request = {"ctm": [str(tiny_ctm)], "config": str(tiny_configuration), "out": str(tmp_path / "m.safetensors"), **change}
    with pytest.raises(InputError, match=message):
        JOBS["train"](request, Progress())
