"""The shares of the corrections that are applied are those that held-out days support."""

import numpy as np
import pytest
import torch

from model_core.configuration import NetworkConfiguration, Transform
from model_core.network.network_output import NetworkOutput
from model_core.training.samples import Sample, TrainingDays
from model_core.training.shrinkage import SHARES, best_share, best_shares, errors_by_share, station_cells, unlikelihood_by_share

SHAPE = (40, 48)
NETWORK = NetworkConfiguration(transforms={"pm25": Transform("log", 1.0, 1.0)})


def day(near: float, far: float | None = None, seed: int = 0, kriged_sd: float = 1.0, noise: float = 0.1):
    """A truth, a background that misses it at random, and a field that goes a part of the way, or beyond.

    Above, where `doubt` is 0, it goes by `near`, below, where it is 1, by `far`. The background's sd is `kriged_sd` times the
    right one, the field's is right.
    """
    rng = np.random.default_rng(seed)
    truth = rng.gamma(4, 10, SHAPE).astype(np.float32)
    doubt = np.zeros(SHAPE, np.float32)
    doubt[SHAPE[0] // 2 :] = 1
    part = near + ((near if far is None else far) - near) * doubt
    background = (truth + 1) * np.exp(0.3 * rng.standard_normal(SHAPE)).astype(np.float32) - 1
    field = (background + 1) * ((truth + 1) / (background + 1)) ** part - 1
    mask = np.zeros((3, *SHAPE), np.float32)
    mask[0, :5] = 1
    zeros = np.zeros((2, *SHAPE), np.float32)
    sample = Sample(mask * truth, mask, zeros, zeros, truth, np.ones(SHAPE, np.float32), np.float32(noise), truth)
    one = torch.zeros(1, 1, 1)
    field, background, doubt = (torch.from_numpy(x)[None] for x in (field, background, doubt))
    right = float(np.sqrt(np.expm1(0.3**2 * (1 - near) ** 2 + noise**2)))
    output = NetworkOutput(field, one, one, one, right * field, background, kriged_sd * right * background, doubt)
    return TrainingDays({"pm25": [truth]}, {}, np.ones(SHAPE, bool)), sample, output


@pytest.mark.parametrize(
    "near, far, shares",
    [(1.0, 1.0, (1.0, 1.0)), (2.0, 2.0, (0.5, 0.5)), (-1.0, -1.0, (0.0, 0.0)), (-1.0, 1.0, (0.0, 1.0)), (1.0, 2.0, (1.0, 0.5))],
)
def test_the_best_shares_undo_what_the_correction_overdoes_near_stations_and_far_from_them(near, far, shares):
    assert best_shares([errors_by_share(*day(near, far, seed), NETWORK) for seed in range(3)]) == shares


def test_errors_are_those_of_the_background_and_of_the_field_at_both_ends():
    days, sample, output = day(0.7)
    errors = errors_by_share(days, sample, output, NETWORK)
    asked = station_cells(days, sample, NETWORK)
    rmse = [np.sqrt(((x[0].numpy().clip(0) - sample.truth)[asked] ** 2).mean()) for x in (output.background, output.field)]
    assert errors[0, 0] == 1 and errors[-1, -1] == pytest.approx(rmse[1] / rmse[0], rel=1e-3)
    assert errors.shape == (len(SHARES), len(SHARES))


def test_stations_and_the_land_without_any_count_alike():
    days, sample, output = day(-1.0, 1.0)
    # Real stations stand above only, where the correction is wrong; the land lies half and half.
    stand = TrainingDays(days.fields, days.maps, days.land, (np.array([[8.5, 3.5], [10.5, 30.5], [15.2, 40.9]]),))
    errors = errors_by_share(stand, sample, output, NETWORK)
    assert errors[-1, 0] > errors[0, 0] > errors[0, -1]


def test_it_is_asked_where_stations_stand_and_none_was_given():
    days, sample, _ = day(1.0)
    assert station_cells(days, sample, NETWORK).sum() == 35 * 48
    real = TrainingDays(days.fields, days.maps, days.land, (np.array([[2.5, 3.5], [10.5, 3.5], [11.2, 4.9]]),))
    assert np.argwhere(station_cells(real, sample, NETWORK)).tolist() == [[10, 3], [11, 4]]


@pytest.mark.parametrize("kriged_sd, share", [(1.0, 0.0), (2.0, 1.0), (0.5, 1.0)])
def test_the_standard_deviation_is_corrected_where_kriging_has_it_wrong(kriged_sd, share):
    scores = [unlikelihood_by_share(*day(0.0, seed=seed, kriged_sd=kriged_sd), NETWORK) for seed in range(3)]
    assert best_share(scores) == pytest.approx(share, abs=0.25)


def test_what_makes_no_difference_is_left_out():
    assert best_share([np.ones(len(SHARES))]) == 0.0
    assert best_shares([np.ones((len(SHARES), len(SHARES)))]) == (0.0, 0.0)
