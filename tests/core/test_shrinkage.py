"""The share of a correction that is applied is the one that held-out days support."""

import numpy as np
import pytest
import torch

from model_core.configuration import NetworkConfiguration
from model_core.network.reanalysis_network import NetworkOutput
from model_core.training.samples import Sample, TrainingDays
from model_core.training.shrinkage import SHARES, best_share, errors_by_share, station_cells

SHAPE = (20, 24)
NETWORK = NetworkConfiguration()


def day(corrected_by: float, seed: int = 0):
    """A truth, a background that misses it at random, and a field that goes a part of the way, or beyond."""
    rng = np.random.default_rng(seed)
    truth = rng.gamma(4, 10, SHAPE).astype(np.float32)
    background = (truth + 1) * np.exp(0.3 * rng.standard_normal(SHAPE)).astype(np.float32) - 1
    field = (background + 1) * ((truth + 1) / (background + 1)) ** corrected_by - 1
    mask = np.zeros((3, *SHAPE), np.float32)
    mask[0, :5] = 1
    zeros = np.zeros((2, *SHAPE), np.float32)
    sample = Sample(mask * truth, mask, zeros, zeros, truth, np.ones(SHAPE, np.float32), np.float32(0))
    one = torch.zeros(1, 1, 1)
    output = NetworkOutput(torch.from_numpy(field)[None], one, one, one, None, torch.from_numpy(background)[None])
    return TrainingDays({"pm25": [truth]}, {}, np.ones(SHAPE, bool)), sample, output


@pytest.mark.parametrize("corrected_by, share", [(1.0, 1.0), (2.0, 0.5), (-1.0, 0.0), (0.5, 1.0)])
def test_the_best_share_undoes_what_the_correction_overdoes(corrected_by, share):
    assert best_share([errors_by_share(*day(corrected_by, seed), NETWORK) for seed in range(3)]) == share


def test_errors_are_those_of_the_background_and_of_the_field_at_both_ends():
    days, sample, output = day(0.7)
    errors = errors_by_share(days, sample, output, NETWORK)
    asked = station_cells(days, sample, NETWORK)
    rmse = [np.sqrt(((x[0].numpy().clip(0) - sample.truth)[asked] ** 2).mean()) for x in (output.background, output.field)]
    assert errors[0] == 1 and errors[-1] == pytest.approx(rmse[1] / rmse[0], rel=1e-3) and len(errors) == len(SHARES)


def test_it_is_asked_where_stations_stand_and_none_was_given():
    days, sample, _ = day(1.0)
    assert station_cells(days, sample, NETWORK).sum() == 15 * 24
    real = TrainingDays(days.fields, days.maps, days.land, (np.array([[2.5, 3.5], [10.5, 3.5], [11.2, 4.9]]),))
    assert np.argwhere(station_cells(real, sample, NETWORK)).tolist() == [[10, 3], [11, 4]]


def test_what_makes_no_difference_is_left_out():
    assert best_share([np.ones(len(SHARES))]) == 0.0
