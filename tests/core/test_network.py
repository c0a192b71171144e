"""The networks take any size and any list of inputs, and do without those that are missing."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from model_core.configuration import NetworkConfiguration, Transform, read_configuration
from model_core.errors import InputError
from model_core.network.reanalysis_network import ReanalysisNetwork
from model_core.network.transforms import inverse, transform
from model_core.network.unetplusplus import RegrUNetPP, pad_to_multiple


def small(**changes) -> NetworkConfiguration:
    return replace(read_configuration("improved")[0], width=4, levels=3, **changes)


def inputs(configuration: NetworkConfiguration, shape=(37, 51), seed=0, stations=0.05):
    rng = np.random.default_rng(seed)
    variables, covariates = len(configuration.station_variables), len(configuration.maps)
    mask = torch.from_numpy((rng.random((1, variables, *shape)) < stations).astype(np.float32))
    mask[0, :, 5, 5] = 1
    values = torch.from_numpy(rng.gamma(2, 25, mask.shape).astype(np.float32)) * mask
    maps = torch.from_numpy(rng.random((1, covariates, *shape)).astype(np.float32))
    return values, mask, maps, torch.ones_like(maps)


def test_the_paper_configuration_has_the_papers_size():
    paper, training = read_configuration("paper")
    network = ReanalysisNetwork(paper)
    assert sum(p.numel() for p in network.unet.parameters()) == pytest.approx(9.16e6, rel=0.001)
    assert network.pointconv.first.kernel.shape == (3, 1, 21, 21)
    assert network.pointconv.second.kernel.shape == (3, 1, 11, 11)
    assert (training.loss, training.batch, training.iterations, training.stations) == ("mae", 10, 20000, (1500, 2500))


def test_the_paper_sums_its_two_convolutions():
    configuration = replace(read_configuration("paper")[0], width=2, levels=2)
    network = ReanalysisNetwork(configuration).eval()
    seen = []
    network.unet.register_forward_pre_hook(lambda module, arguments: seen.append(arguments[0]))
    values, mask, maps, known = inputs(configuration)
    network(values, mask, maps, known)
    fields = network.pointconv(values / torch.tensor([50.0, 50.0, 5.0]).view(1, 3, 1, 1), mask)
    assert torch.allclose(seen[0][:, :3], fields.first + fields.second, atol=1e-5)
    assert seen[0].shape[1] == 5  # three variables, elevation, urban fraction


def test_a_relu_at_the_output_is_the_same_field_where_it_is_positive_and_zero_elsewhere():
    linear = replace(read_configuration("paper")[0], width=2, levels=2)
    torch.manual_seed(3)
    plain, clipped = ReanalysisNetwork(linear).eval(), ReanalysisNetwork(replace(linear, output="relu")).eval()
    clipped.load_state_dict(plain.state_dict())
    with torch.no_grad():
        for network in (plain, clipped):  # so that some of the field is below zero, and some above
            network.unet.head.bias.zero_()
        before = plain(*inputs(linear)).field
        for network in (plain, clipped):
            network.unet.head.bias.fill_(-float(before.min() + before.max()) / 2 / 50)
        there, here = plain(*inputs(linear)).field, clipped(*inputs(linear)).field
    assert (there < 0).any() and (there > 0).any()
    np.testing.assert_array_equal(here.numpy(), np.maximum(there.numpy(), 0))


def test_a_network_with_a_relu_at_the_output_starts_where_it_can_learn():
    configuration = replace(read_configuration("paper_literal")[0], width=2, levels=2)
    torch.manual_seed(0)
    network = ReanalysisNetwork(configuration).train()
    output = network(*inputs(configuration))
    assert (output.field > 0).float().mean() > 0.3
    (output.field - 30).abs().mean().backward()
    assert network.unet.head.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("shape", [(1, 1), (15, 17), (16, 32), (33, 50)])
@pytest.mark.parametrize("name", ["paper", "paper_literal", "improved"])
def test_any_size_comes_back_in_its_own_size(name, shape):
    configuration = replace(read_configuration(name)[0], width=2)
    network = ReanalysisNetwork(configuration).eval()
    values, mask = torch.zeros(1, 3, *shape), torch.zeros(1, 3, *shape)
    values[0, 0, 0, 0], mask[0, 0, 0, 0] = 40.0, 1.0
    maps = torch.zeros(1, len(configuration.maps), *shape)
    field = network(values, mask, maps, torch.ones_like(maps)).field
    assert field.shape == (1, *shape) and torch.isfinite(field).all()


def test_padding_repeats_the_edge():
    padded = pad_to_multiple(torch.arange(6.0).reshape(1, 1, 2, 3), 4)
    assert padded.shape == (1, 1, 4, 4)
    assert padded[0, 0, 3].tolist() == [3, 4, 5, 5]


def test_width_and_levels_are_configured():
    narrow, wide = (sum(p.numel() for p in RegrUNetPP(3, width=w, levels=3).parameters()) for w in (4, 8))
    assert 3.5 < wide / narrow < 4.5
    with pytest.raises(ValueError):
        RegrUNetPP(3, levels=1)


@pytest.mark.parametrize(
    "variables, covariates", [(("pm25",), ()), (("rh", "pm25"), ("urban",)), (("pm25", "o3", "wind"), ("elevation", "urban"))]
)
def test_any_list_of_inputs_makes_a_network(variables, covariates):
    configuration = small(station_variables=variables, covariates=covariates)
    network = ReanalysisNetwork(configuration).eval()
    assert torch.isfinite(network(*inputs(configuration)).field).all()


def test_another_species_can_be_the_target():
    configuration = small(target="o3", station_variables=("o3", "wind"))
    assert torch.isfinite(ReanalysisNetwork(configuration).eval()(*inputs(configuration)).field).all()


def test_an_untrained_correction_is_the_background_and_keeps_a_constant():
    configuration = small()
    values, mask, maps, known = inputs(configuration)
    field = ReanalysisNetwork(configuration).eval()(torch.full_like(values, 60.0), mask, maps, known).field
    assert torch.allclose(field, torch.tensor(60.0), atol=0.05)


def test_twice_the_readings_give_about_twice_the_field_in_logs():
    configuration = small(transforms={"pm25": Transform("log", 1e-3, 1.0)})
    network = ReanalysisNetwork(configuration).eval()
    values, mask, maps, known = inputs(configuration)
    doubled = values.clone()
    doubled[:, 0] *= 2
    once, twice = network(values, mask, maps, known).field, network(doubled, mask, maps, known).field
    assert torch.allclose(twice, 2 * once, rtol=0.01)


def test_far_from_every_reading_the_field_is_still_finite_and_plausible():
    configuration = small()
    shape = (60, 400)
    values, mask = torch.zeros(1, 3, *shape), torch.zeros(1, 3, *shape)
    values[0, 0, :8, :8], mask[0, 0, :8, :8] = 30.0, 1.0
    maps = torch.zeros(1, len(configuration.maps), *shape)
    field = ReanalysisNetwork(configuration).eval()(values, mask, maps, maps).field
    assert torch.allclose(field[0, :, -20:], torch.tensor(30.0), rtol=0.2)


def test_the_correction_is_bounded():
    configuration = small(correction_limit=0.5)
    network = ReanalysisNetwork(configuration).eval()
    values, mask, maps, known = inputs(configuration)
    background = network(values, mask, maps, known).standardised
    torch.nn.init.constant_(network.unet.head.bias[:1], 1e6)
    assert (network(values, mask, maps, known).standardised - background).max() <= 0.5 + 1e-5


def test_a_missing_variable_and_an_unknown_map_change_nothing_but_their_own_channels():
    configuration = small()
    network = ReanalysisNetwork(configuration).eval()
    values, mask, maps, known = inputs(configuration)
    mask[:, 1:] = 0
    garbage = values.clone()
    garbage[:, 1:] = 999.0
    one = network(values, mask, maps, torch.zeros_like(known)).field
    other = network(garbage, mask, maps + 5, torch.zeros_like(known)).field
    assert torch.equal(one, other)


@pytest.mark.parametrize("rule", [Transform("linear", 60.0, 25.0), Transform("log", 2.0, 1.0), Transform("log", 1.0, 0.5)])
def test_transforms_can_be_undone(rule):
    x = torch.tensor([0.0, 0.5, 35.0, 335.0])
    assert torch.allclose(inverse(transform(x, rule), rule), x, rtol=1e-4, atol=1e-4)


def test_a_drift_is_seen_by_kriging_alone():
    torch.manual_seed(5)
    two = ("elevation", "urban")
    without, drifted = small(covariates=two), small(covariates=two, drift=("population_near",))
    plain, network = ReanalysisNetwork(without).eval(), ReanalysisNetwork(drifted).eval()
    network.load_state_dict(plain.state_dict())  # the same weights: the UNet++ has no channel more
    values, mask, maps, known = inputs(drifted, shape=(40, 48))
    row, column = torch.meshgrid(torch.arange(40.0), torch.arange(48.0), indexing="ij")
    people = 2 * torch.sin(row / 3) * torch.cos(column / 4)
    maps[0, -1] = people
    values[0, 0] = 30 * torch.exp(0.8 * people) * (mask[0, 0] > 0)  # where people are, the air is worse
    truth, far = 30 * torch.exp(0.8 * people), mask[0, 0] == 0
    with torch.no_grad():
        kriged = plain(values, mask, maps[:, :-1], known[:, :-1]).background[0]
        with_drift = network(values, mask, maps, known).background[0]
    assert (with_drift - truth)[far].abs().mean() < 0.6 * (kriged - truth)[far].abs().mean()
    unknown = network(values, mask, maps, torch.cat([known[:, :-1], torch.zeros_like(known[:, -1:])], dim=1)).background[0]
    assert torch.allclose(unknown, kriged, atol=1e-3)


def test_a_drift_needs_kriging_and_is_named_once():
    with pytest.raises(InputError, match="network.drift: population_far can only be a drift of kriging"):
        replace(read_configuration("paper")[0], drift=("population_far",))
    with pytest.raises(InputError, match="named twice"):
        small(drift=("urban",))


def test_a_training_in_half_precision_kriges_in_full():
    configuration = small()
    network = ReanalysisNetwork(configuration).train()
    arguments = inputs(configuration)
    full = network(*arguments)
    network._fuse = lambda unet, channels, shape: torch.zeros(1, 2, *shape)  # convolutions in bfloat16 need a processor that has them
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = network(*arguments)
    assert torch.equal(half.background, full.background) and torch.equal(half.background_sd, full.background_sd)
