"""Odd readings: they keep a bounded say, and others are as they were."""

import numpy as np
import pytest
import torch

from model_core.configuration import NetworkConfiguration
from model_core.errors import InputError
from model_core.network.kriging import krige
from model_core.network.trust import KRIGING_ALONE, Trust

SHAPE = (24, 32)


@pytest.fixture(scope="module")
def smooth():
    """Places and readings, with a little noise, of a smooth field; and the field."""
    rng = np.random.default_rng(4)
    field = np.sin(np.arange(SHAPE[0]) / 7)[:, None] + np.cos(np.arange(SHAPE[1]) / 9)[None]
    cells = np.stack([rng.integers(0, size, 120) for size in SHAPE], axis=1)
    cells = np.unique(cells, axis=0)
    read = field[tuple(cells.T)] + rng.normal(0, 0.1, len(cells))
    return torch.from_numpy(cells).float(), torch.from_numpy(read).float()[:, None], torch.from_numpy(field).float()


def error(day, field):
    return float((day.fields[0] - field).square().mean().sqrt())


def test_one_odd_reading_spoils_less_of_the_field(smooth):
    places, read, field = smooth
    odd = read.clone()
    odd[7] += 5
    before, limited = krige(places, odd, SHAPE), krige(places, odd, SHAPE, limit=2.5)
    assert error(limited, field) < 0.8 * error(before, field)
    row, column = places[7].long()
    near, far = (abs(float(day.fields[0, row, column] - field[row, column])) for day in (limited, before))
    assert near < 0.7 * far


def test_where_none_is_odd_nothing_is_moved(smooth):
    places, read, _ = smooth
    torch.testing.assert_close(krige(places, read, SHAPE, limit=10.0).fields, krige(places, read, SHAPE).fields, atol=1e-4, rtol=1e-4)


def test_it_is_moved_to_the_limit_of_what_kriging_without_it_says(smooth):
    """By kriging once without each reading, with the same covariance, as a textbook has it."""
    places, read, _ = smooth
    places, read = places[:40], read[:40].clone()
    read[3] += 4
    variogram = krige(places, read, SHAPE).variogram
    n, known, value = len(places), places.double().numpy(), read[:, 0].double().numpy()
    apart = np.linalg.norm(known[:, None] - known[None], axis=-1)
    system = np.ones((n + 1, n + 1))
    system[:n, :n] = (1 - variogram.nugget) * np.exp(-apart / variogram.distance) + variogram.nugget * np.eye(n)
    system[n, n] = 0
    off, left = np.empty(n), np.empty(n)
    for one in range(n):
        others = np.r_[0:one, one + 1 : n + 1]
        weights = np.linalg.solve(system[np.ix_(others, others)], system[others, one])
        off[one] = value[one] - weights[:-1] @ value[others[:-1]]
        left[one] = 1 - weights @ system[others, one]
    most = 2.0 * np.sqrt((off**2 / left).mean() * left)
    moved = value - off + np.clip(off, -most, most)
    assert (moved != value).any()
    expected = krige(places, torch.from_numpy(np.stack([value, moved], axis=1)).float(), SHAPE).fields[1]
    torch.testing.assert_close(krige(places, read, SHAPE, limit=2.0).fields[0], expected, atol=2e-3, rtol=2e-3)


def test_only_kriging_that_is_taken_alone_moves_readings_and_models_made_before_move_none():
    configuration = NetworkConfiguration(kriging=True, standardise="day", outlier_limit=2.5)
    assert KRIGING_ALONE.outlier_limit_of(configuration) == 2.5 and Trust().outlier_limit_of(configuration) == 0
    before = {key: value for key, value in configuration.to_dict().items() if key != "outlier_limit"}
    assert NetworkConfiguration.from_dict(before).outlier_limit == 0


@pytest.mark.parametrize("wrong", [{"outlier_limit": 0.5}, {"outlier_limit": -1.0}, {"outlier_limit": 2.5, "kriging": False}])
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(InputError, match="outlier_limit"):
        NetworkConfiguration(**{"kriging": True, "standardise": "day", **wrong})
