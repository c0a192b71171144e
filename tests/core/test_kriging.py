"""The kriging layer does what the textbook's equations say, for any number of stations."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model_core.network import kriging
from model_core.network.kriging import krige
from model_core.network.kriged_background import kriged_background


def readings(shape=(30, 44), stations=60, seed=0, quantities=2):
    rng = np.random.default_rng(seed)
    mask = np.zeros(shape, np.float32)
    mask.ravel()[rng.choice(mask.size, stations, replace=False)] = 1
    return torch.from_numpy(rng.standard_normal((quantities, *shape)).astype(np.float32)), torch.from_numpy(mask)


def textbook(quantity, mask, variogram):
    """Ordinary kriging at every cell from the full system with a Lagrange multiplier (Cressie 1993, eq. 3.2.5)."""
    at = np.argwhere(mask.numpy() > 0).astype(float)
    z = quantity.numpy()[mask.numpy() > 0].astype(float)
    cells = np.argwhere(np.ones(mask.shape)).astype(float)

    def covariance(a, b):
        return (1 - variogram.nugget) * np.exp(-np.linalg.norm(a[:, None] - b[None], axis=-1) / variogram.distance)

    n = len(at)
    system = np.ones((n + 1, n + 1))
    system[:n, :n] = covariance(at, at) + variogram.nugget * np.eye(n)
    system[n, n] = 0
    right = np.ones((n + 1, len(cells)))
    right[:n] = covariance(at, cells)
    return (z @ np.linalg.solve(system, right)[:n]).reshape(mask.shape)


@given(st.integers(0, 10_000), st.integers(1, 80))
def test_it_is_ordinary_kriging(seed, stations):
    quantities, mask = readings((17, 23), stations, seed)
    day = krige(quantities, mask)
    np.testing.assert_allclose(day.fields[0].numpy(), textbook(quantities[0], mask, day.variogram), atol=2e-4)


def test_where_in_its_cell_a_reading_was_taken_counts():
    quantities, mask = readings((40, 40), 120, 9, quantities=1)
    rng = np.random.default_rng(9)
    offsets = torch.from_numpy(rng.uniform(-0.5, 0.5, (2, 40, 40)).astype(np.float32))
    day = krige(quantities, mask, offsets=offsets)
    at = np.argwhere(mask.numpy() > 0)
    exact = at + offsets.numpy()[:, at[:, 0], at[:, 1]].T
    z = quantities[0].numpy()[mask.numpy() > 0].astype(float)

    def covariance(a, b):
        return (1 - day.variogram.nugget) * np.exp(-np.linalg.norm(a[:, None] - b[None], axis=-1) / day.variogram.distance)

    system = np.pad(covariance(exact, exact) + day.variogram.nugget * np.eye(len(z)), (0, 1), constant_values=1)
    system[-1, -1] = 0
    cells = np.argwhere(np.ones((40, 40)))
    expected = (z @ np.linalg.solve(system, np.pad(covariance(exact, cells), ((0, 1), (0, 0)), constant_values=1))[:-1]).reshape(40, 40)
    far = np.ones((40, 40), bool)
    far[at[:, 0], at[:, 1]] = False  # the exponential's cusp is rounded in the station's own cell
    assert np.abs(day.fields[0].numpy() - expected)[far].mean() < 0.02
    assert np.abs(krige(quantities, mask).fields[0].numpy() - expected)[far].mean() > np.abs(day.fields[0].numpy() - expected)[far].mean()
    assert torch.allclose(krige(quantities, mask, offsets=torch.zeros_like(offsets)).fields, krige(quantities, mask).fields)


def test_a_mean_of_many_readings_is_believed_more():
    quantities, mask = readings(quantities=1)
    row, column = torch.nonzero(mask)[0]
    counted = mask.clone()
    counted[row, column] = 25

    def miss(layout):
        return (krige(quantities, layout).fields[0] - quantities[0])[row, column].abs()

    assert miss(counted) < 0.5 * miss(mask)


def test_context_on_blocks_is_close_to_the_whole():
    rng = np.random.default_rng(1)
    smooth = np.add.outer(np.sin(np.arange(60) / 15), np.cos(np.arange(80) / 20)).astype(np.float32)
    _, mask = readings((60, 80), 150, 2)
    both = torch.from_numpy(np.stack([smooth + 0.05 * rng.standard_normal(smooth.shape).astype(np.float32)] * 2))
    day = krige(both, mask, coarse_from=1)
    assert (day.fields[0] - day.fields[1]).abs().mean() < 0.05


def test_a_slope_on_a_map_is_found_and_with_it_kriging_with_external_drift():
    rng = np.random.default_rng(8)
    height = np.abs(rng.standard_normal((40, 40))).astype(np.float32)  # rough: nothing that plain kriging could follow
    _, mask = readings((40, 40), 300, 8)
    read = torch.from_numpy(-0.8 * height + 0.01 * rng.standard_normal(height.shape).astype(np.float32))
    day = krige(torch.stack([read, torch.from_numpy(height)]), mask, coarse_from=1, factor=1)
    assert day.slopes.shape == (1, 1) and float(day.slopes[0, 0]) == pytest.approx(-0.8, abs=0.05)
    drifted = day.fields[0] + day.slopes[0, 0] * (torch.from_numpy(height) - day.fields[1])
    assert (drifted - read).abs().mean() < 0.1 * (day.fields[0] - read).abs().mean()


def test_a_constant_stays_and_no_reading_gives_zero():
    _, mask = readings()
    assert torch.allclose(krige(torch.full((1, *mask.shape), 3.25), mask).fields, torch.tensor(3.25), atol=1e-4)
    nothing = krige(torch.ones(2, 9, 9), torch.zeros(9, 9))
    assert nothing.fields.shape == (2, 9, 9) and not nothing.fields.any()


def test_what_stands_where_there_is_no_reading_does_not_matter():
    quantities, mask = readings()
    other = torch.where(mask > 0, quantities, torch.tensor(1e6))
    assert torch.equal(krige(quantities, mask).fields, krige(other, mask).fields)


@pytest.mark.parametrize("true_range", [6.0, 50.0])
def test_the_fitted_range_follows_the_field(true_range):
    rng = np.random.default_rng(3)
    at = rng.uniform(0, 120, (300, 2)).round()
    at = np.unique(at, axis=0)
    distance = np.linalg.norm(at[:, None] - at[None], axis=-1)
    found = []
    for _ in range(5):
        z = np.linalg.cholesky(np.exp(-distance / true_range) + 0.05 * np.eye(len(at))) @ rng.standard_normal(len(at))
        found.append(kriging._fit(torch.from_numpy(at), torch.ones(len(at)), torch.from_numpy((z - z.mean()) / z.std()), torch.ones(len(at), 1).double()).distance)
    assert true_range / 2.1 <= np.median(found) <= true_range * 2.1


def test_more_stations_than_a_system_takes_are_averaged_over_blocks(monkeypatch):
    quantities = torch.from_numpy(np.add.outer(np.arange(64), np.arange(64)).astype(np.float32))[None] / 40
    _, mask = readings((64, 64), 1500, 4)
    whole = krige(quantities, mask).fields
    monkeypatch.setattr(kriging, "MOST_IN_SYSTEM", 500)
    assert (krige(quantities, mask).fields - whole).abs().mean() < 0.03


def test_a_batch_is_its_days_one_by_one():
    both = [readings(seed=seed, quantities=1) for seed in (5, 6)]
    z, mask = torch.cat([a for a, _ in both]), torch.stack([b for _, b in both])
    maps = torch.rand(2, 2, *mask.shape[1:], generator=torch.Generator().manual_seed(0))
    known = torch.ones_like(maps)
    known[:, 1] = 0
    together = kriged_background(z, z * 5 + 40, mask, maps, known)
    for i in range(2):
        alone = kriged_background(*(x[i : i + 1] for x in (z, z * 5 + 40, mask, maps, known)))
        assert all(torch.equal(a[i : i + 1], b) for a, b in zip(together, alone))
    assert not together.contrast[:, 1].any()


def test_kriged_values_stay_near_the_range_of_the_readings():
    quantities, mask = readings(quantities=1)
    values = torch.exp(quantities * 2) * 30
    maps = torch.zeros(1, 0, *mask.shape)
    field = kriged_background(quantities, values, mask[None], maps, maps).values
    read = values[0][mask > 0]
    assert field.min() >= 0.5 * read.min() and field.max() <= 1.5 * read.max()
