"""A grid larger than the memory is predicted window by window, and nobody can tell."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from model_core.configuration import NetworkConfiguration, Transform
from model_core.errors import InputError
from model_core.grid import PRESETS, Grid
from model_core.inference.fast_network import fast_network
from model_core.inference.folded_unet import FoldedUNet, Place
from model_core.inference.precision import processor_lacks
from model_core.inference.tiles import predict_in_windows, window_alignment, window_halo, window_length
from model_core.inference.windows import spans, windows
from model_core.model_file import Model, StaticMaps
from model_core.network import kriging
from model_core.network.reanalysis_network import ReanalysisNetwork
from model_core.network.unetplusplus import RegrUNetPP
from model_core.prediction import Predictor
from model_core.stations.gridding import GriddedReadings, PlacedReadings
from model_core.stations.observations import ReadingReport

CPU = torch.device("cpu")


@pytest.mark.parametrize("size, length, halo, align", [(100, 100, 8, 8), (101, 40, 8, 8), (333, 64, 16, 8), (1000, 96, 32, 32)])
def test_windows_cover_an_axis_and_their_shares_sum_to_one(size, length, halo, align):
    total, counted = np.zeros(size), np.zeros(size, bool)
    for span in spans(size, length, halo, align):
        assert span.start % align == 0 and span.stop - span.start <= length
        total[span.cells] += span.weights
        counted[span.cells] |= span.weights > 0
        inner = slice(halo if span.start else 0, len(span.weights) - (halo if span.stop < size else 0))
        outside = np.ones(len(span.weights), bool)
        outside[inner] = False
        assert not span.weights[outside].any()
    np.testing.assert_allclose(total, 1, atol=1e-6)
    assert counted.all()


def test_windows_too_small_for_their_halos_are_refused():
    with pytest.raises(ValueError, match="nothing in between"):
        list(windows((200, 200), 40, 20, 8))


def configured(**changes) -> NetworkConfiguration:
    return NetworkConfiguration(
        **{
            "width": 4,
            "levels": 3,
            "combine": "channels",
            "coarse_factors": (4, 8),
            "kriging": True,
            "uncertainty": True,
            "readings": True,
            "availability": True,
            "output": "correction",
            "standardise": "day",
            "unet_factor": 2,
            "transforms": {"pm25": Transform("log", 2.0, 1.0), "elevation": Transform("linear", 0.0, 1000.0)},
            **changes,
        }
    )


def world(shape=(200, 230), stations=60, **changes):
    """A model with random weights, its grid, and a day of readings on it."""
    torch.manual_seed(1)
    network = ReanalysisNetwork(configured(**changes)).eval()
    nn.init.normal_(network.unet.head.weight, std=0.5)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_var.fill_(0.1)
    rng = np.random.default_rng(2)
    grid = Grid.from_lower_left(PRESETS["china12km"].crs, 0.0, 0.0, (12_000.0, 12_000.0), shape)
    maps = {"elevation": rng.random(shape, np.float32) * 2000, "urban": np.where(rng.random(shape) < 0.3, np.nan, 0.5).astype(np.float32)}
    day = {}
    for name in ("pm25", "rh"):
        counts = np.zeros(shape, np.int32)
        counts.flat[rng.choice(counts.size, stations, replace=False)] = rng.integers(1, 4, stations)
        values = np.where(counts > 0, rng.gamma(4, 10, shape), 0).astype(np.float32)
        cells = np.repeat(np.flatnonzero(counts), counts[counts > 0]).astype(np.int32)
        places = np.stack(np.unravel_index(cells, shape), axis=1) + rng.uniform(-0.5, 0.5, (len(cells), 2))
        placed = PlacedReadings(places.astype(np.float32), values.ravel()[cells], cells)
        day[name] = GriddedReadings(values, counts, ReadingReport(stations, stations, {}), placed)
    return Model(network, {}, grid, StaticMaps(grid, maps)), grid, day


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"kriging": False},
        {"unet_factor": 1, "coarse_factors": (4, 16)},
        {"kriging": False, "coarse_factors": (), "output": "field", "standardise": "none", "combine": "sum", "uncertainty": False},
    ],
)
def test_windows_give_what_the_whole_gives(changes):
    model, grid, day = world(**changes)
    configuration = model.configuration
    whole = Predictor(model, grid, CPU, precision="fp32").predict([day])[0]
    network = fast_network(model.network, CPU, torch.float32)
    maps = np.stack([model.maps.fields[name] for name in configuration.maps])
    length = 2 * window_halo(configuration) + 2 * window_alignment(configuration)
    assert length < min(grid.shape)  # there are several windows
    field, sd = predict_in_windows(network, day, maps, CPU, length)
    np.testing.assert_allclose(np.maximum(field, 0), whole.field, rtol=5e-4, atol=2e-3)
    assert (sd is None) == (whole.sd is None)
    if sd is not None:
        np.testing.assert_allclose(sd, whole.sd, rtol=5e-4, atol=2e-3)


@pytest.mark.skipif(bool(processor_lacks("bf16")), reason=f"bf16: {processor_lacks('bf16')}")
def test_in_half_precision_windows_add_nothing_to_its_rounding():
    model, grid, day = world()
    maps = np.stack([model.maps.fields[name] for name in model.configuration.maps])
    exact = Predictor(model, grid, CPU, precision="fp32").predict([day])[0].field
    network = fast_network(model.network, CPU, torch.bfloat16)
    length = 2 * window_halo(model.configuration) + 2 * window_alignment(model.configuration)
    in_windows, _ = predict_in_windows(network, day, maps, CPU, length)
    whole, _ = predict_in_windows(network, day, maps, CPU, 1000)
    errors = [np.abs(np.maximum(field, 0) - exact) for field in (in_windows, whole)]
    assert errors[0].max() < 2 * errors[1].max() and errors[0].mean() < 1.2 * errors[1].mean()


def test_the_memory_decides_on_windows_and_the_field_stays_the_same():
    model, grid, day = world((260, 300))
    whole = Predictor(model, grid, CPU, precision="fp32").predict([day])[0]
    with pytest.raises(InputError, match="give at least") as error:
        Predictor(model, grid, CPU, precision="fp32", memory=1)
    needed = int(str(error.value).split("at least ")[1].split(" MB")[0])
    small = Predictor(model, grid, CPU, precision="fp32", memory=needed + 2)
    assert small._window and small._window < 260
    found = small.predict([day])[0]
    np.testing.assert_allclose(found.field, whole.field, rtol=5e-4, atol=2e-3)
    assert found.missing_inputs == whole.missing_inputs == ["wind"]


def test_a_larger_memory_gives_larger_windows_until_the_whole_grid_fits():
    shape, configuration = (4464, 5112), configured(width=16, levels=5, coarse_factors=(4, 16))
    lengths = [window_length(configuration, 40, shape, torch.bfloat16, memory) for memory in (4500, 6000, 9000, 60000)]
    assert lengths[0] < lengths[1] < lengths[2] and lengths[3] is None
    assert all(length % window_alignment(configuration) == 0 for length in lengths[:3])


@torch.no_grad()
def test_a_window_of_the_unet_is_exact_away_from_its_rim():
    torch.manual_seed(0)
    unet = FoldedUNet(RegrUNetPP(3, 1, 4, 3).eval())
    x = torch.randn(1, 3, 93, 121)
    whole = unet(x)
    unet.whole = Place((32, 93), (24, 121))
    window = unet(x[..., 32:92, 24:120])
    torch.testing.assert_close(window[..., 28:-28, 28:-28], whole[..., 60:64, 52:92], rtol=0, atol=1e-6)


@pytest.mark.parametrize("distance", [3.0, 25.0, 200.0])
def test_kriging_spreads_by_parts_as_in_one(distance, monkeypatch):
    rng = torch.Generator().manual_seed(4)
    shape = torch.Size((260, 1300))
    at = torch.stack([torch.randint(0, size, (150,), generator=rng) for size in shape], dim=1)
    weights = torch.randn(150, 2, generator=rng)
    in_one = kriging._spread(weights, at.float(), shape, distance, 1)
    monkeypatch.setattr(kriging, "MOST_TRANSFORMED", 1000)
    by_parts = kriging._spread(weights, at.float(), shape, distance, 1)
    assert float((by_parts - in_one).abs().max()) < 3e-4 * float(in_one.abs().max())
