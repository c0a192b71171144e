"""A network that sees a background corrects days that have one, and leaves the others as they were."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from listening import Listening
from test_tiles import CPU, world
from torch import nn

from model_core.background.degrading import imperfect
from model_core.errors import InputError
from model_core.inference.fast_network import fast_network
from model_core.inference.tiles import predict_in_windows, window_alignment, window_halo
from model_core.jobs import JOBS
from model_core.model_file import load_model
from model_core.network.reanalysis_network import ReanalysisNetwork
from model_core.prediction import Predictor
from model_core.progress import Progress
from model_core.stations.gridding import BackgroundField
from model_core.training.backgrounds import grown, only_of_background, stations_with_backgrounds
from model_core.training.processes import _gather_statistics
from model_core.training.samples import Sample, stack


@pytest.fixture(scope="module")
def seeing():
    """A model with random weights that sees backgrounds, the one that it was grown from, its grid, and a day without and with a background."""
    plain, grid, day = world()
    torch.manual_seed(3)
    network = ReanalysisNetwork(replace(plain.configuration, background_width=2)).eval()
    network.load_state_dict(grown(plain.network.state_dict(), network))
    nn.init.normal_(network.unet_of_background.head.weight, std=0.5)
    rows, columns = np.indices(grid.shape)
    field = (30 + 20 * np.sin(rows / 30) * np.cos(columns / 40)).astype(np.float32)
    with_one = {**day, "pm25": replace(day["pm25"], background=BackgroundField(field, 0.6))}
    return replace(plain, network=network), plain, grid, day, with_one


def test_without_a_background_the_field_is_the_same_to_the_last_bit(seeing):
    model, plain, grid, day, _ = seeing
    one, other = (Predictor(each, grid, CPU).predict([day])[0] for each in (model, plain))
    np.testing.assert_array_equal(one.field, other.field)
    np.testing.assert_array_equal(one.sd, other.sd)


def test_a_background_is_seen(seeing):
    model, plain, grid, day, with_one = seeing
    without, one = (Predictor(model, grid, CPU).predict([each])[0].field for each in (day, with_one))
    kriging = Predictor(plain, grid, CPU).kriged([with_one])[0]
    before = Predictor(plain, grid, CPU).predict([with_one])[0].field
    assert all(np.abs(one - other).max() > 1 for other in (without, kriging, before))
    flat = {**with_one, "pm25": replace(with_one["pm25"], background=BackgroundField(with_one["pm25"].background.field[::-1].copy(), 0.6))}
    assert np.abs(Predictor(model, grid, CPU).predict([flat])[0].field - one).max() > 1


def test_days_with_and_without_a_background_share_a_batch(seeing):
    model, _, grid, day, with_one = seeing
    predictor = Predictor(model, grid, CPU)
    with torch.inference_mode():  # as a graphics card takes them
        together = predictor._together([day, with_one, day]).field.numpy()
    for number, each in enumerate((day, with_one)):
        np.testing.assert_allclose(np.maximum(together[number], 0), predictor.predict([each])[0].field, rtol=1e-4, atol=1e-3)
    np.testing.assert_array_equal(together[0], together[2])


def test_windows_give_with_a_background_what_the_whole_gives(seeing):
    model, _, grid, _, with_one = seeing
    whole = Predictor(model, grid, CPU, precision="fp32").predict([with_one])[0]
    c = model.configuration
    length = 2 * window_halo(c) + 2 * window_alignment(c)
    assert length < min(grid.shape)
    maps = np.stack([model.maps.fields[name] for name in c.maps])
    field, _ = predict_in_windows(fast_network(model.network, CPU, torch.float32), with_one, maps, CPU, length)
    np.testing.assert_allclose(np.maximum(field, 0), whole.field, rtol=5e-4, atol=2e-3)


@pytest.fixture(scope="module")
def kriging_configuration(tiny_configuration, tmp_path_factory):
    path = tmp_path_factory.mktemp("kriging") / "tiny.toml"
    path.write_text(tiny_configuration.read_text().replace("[network]\n", "[network]\nkriging = true\n", 1))
    return path


@pytest.fixture(scope="module")
def train(tiny_ctm, kriging_configuration, tmp_path_factory):
    """Train on the tiny CTM and load the model."""
    folder = tmp_path_factory.mktemp("trained")

    def run(name, progress=None, **more):
        out = folder / f"{name}.safetensors"
        JOBS["train"]({"ctm": [str(tiny_ctm)], "config": str(kriging_configuration), "out": str(out), **more}, progress or Progress())
        return out

    return run


def test_a_model_is_taught_to_see_backgrounds_and_keeps_the_rest_of_its_weights(train):
    base = train("base")
    progress = Listening()
    taught = load_model(str(train("taught", progress, **{"from": str(base), "background_batches": 1})))
    before, after = load_model(str(base)).network.state_dict(), taught.network.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert taught.configuration.background_width == 2 and after["unet_of_background.head.weight"].abs().sum() > 0
    assert taught.configuration.correction_share == load_model(str(base)).configuration.correction_share
    assert any("of what backgrounds add" in line for line in progress.lines)
    assert taught.card["training"]["background_batches"] == 1


def test_a_training_in_half_precision_believes_a_background_as_one_in_full_does(seeing):
    model, _, grid, day, with_one = seeing
    field = with_one["pm25"].background.field
    read = field * np.exp(0.3 * np.random.default_rng(0).standard_normal(field.shape))
    readings = replace(day["pm25"], values=np.where(day["pm25"].counts > 0, read, 0).astype(np.float32))
    variables = np.stack([readings.values, *[np.zeros_like(field)] * 2]), np.stack([readings.counts, *[np.zeros_like(field)] * 2])
    maps = np.stack([np.nan_to_num(model.maps.fields[name]) for name in model.configuration.maps])
    batch = stack([Sample(*variables, maps, np.ones_like(maps), field, np.ones_like(field), np.float32(0), field)], CPU)
    full = stations_with_backgrounds(model.network, batch, grid.cell_size_km)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = stations_with_backgrounds(model.network, batch, grid.cell_size_km)
    assert half[0].background.share == full[0].background.share and 0.1 < full[0].background.share < 0.99


def test_what_is_not_trained_stays_so_where_several_processes_train(seeing):
    """They exchange batch normalisation for one over all of their samples."""
    network = ReanalysisNetwork(seeing[0].configuration)
    only_of_background(network)
    _gather_statistics(network)
    assert {name.split(".")[0] for name, parameter in network.named_parameters() if parameter.requires_grad} == {"unet_of_background"}


def test_both_are_trained_where_some_batches_have_a_background(train):
    model = load_model(str(train("both", background_batches=0.5)))
    assert all(unet.head.weight.abs().sum() > 0 for unet in model.network.unets) and len(model.network.unets) == 2


@pytest.mark.parametrize(
    "request_, config, words",
    [
        ({"background_batches": 1}, "", "give a model to train on"),
        ({"background_batches": 1.5}, "", "background_batches must be from 0 to 1"),
        ({}, "background_width = 2\n", "background_batches is 0"),
        ({"background_batches": 0.5}, "kriging = false\n", "needs network.kriging"),
    ],
)
def test_what_can_not_be_trained_is_refused(train, kriging_configuration, tmp_path, request_, config, words):
    path, text = tmp_path / "c.toml", kriging_configuration.read_text()
    path.write_text(text.replace("kriging = true\n", config if "kriging" in config else f"kriging = true\n{config}", 1))
    with pytest.raises(InputError, match=words):
        train("refused", config=str(path), **request_)


@settings(max_examples=25)
@given(arrays(np.float32, (9, 12), elements=st.floats(0, 500, width=32)), st.integers(0, 2**32), st.booleans())
def test_an_imperfect_version_is_a_concentration_and_keeps_gaps(field, seed, whole):
    field = field if whole else np.where(np.arange(12) < 3, np.nan, field)
    background = imperfect(field, np.random.default_rng(seed), urban=np.ones_like(field), other=np.nan_to_num(field[::-1]))
    np.testing.assert_array_equal(np.isnan(background), np.isnan(field))
    assert np.nanmin(background) >= 0 and np.isfinite(background[np.isfinite(field)]).all()
