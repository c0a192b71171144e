"""The kriging layer does what the textbook's equations say, for any number of stations."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from model_core.configuration import Transform
from model_core.network import kriging
from model_core.network.kriged_background import KrigedBackground, kriged_background
from model_core.network.kriging import krige
from model_core.network.reading_quantities import StationReadings
from model_core.network.variogram import fit_variogram

SHAPE = (30, 44)
LOG = Transform("log", 2.0, 1.0)


def stations(number=60, seed=0, quantities=1, shape=SHAPE, at_centres=True):
    """Places and readings, each in a cell of its own."""
    rng = np.random.default_rng(seed)
    places = np.stack(np.unravel_index(rng.choice(shape[0] * shape[1], number, replace=False), shape), axis=1).astype(np.float32)
    if not at_centres:
        places += rng.uniform(-0.5, 0.5, places.shape).astype(np.float32)
    return torch.from_numpy(places), torch.from_numpy(rng.standard_normal((number, quantities)).astype(np.float32))


def correlated(number=60, seed=0, distance=15.0):
    """Readings of a random field with this range, anywhere in their cells."""
    places, white = stations(number, seed, at_centres=False)
    apart = torch.cdist(places.double(), places.double())
    return places, (torch.linalg.cholesky(torch.exp(-apart / distance) + 0.05 * torch.eye(number)) @ white.double()).float()


def textbook(places, read, variogram, at):
    """Ordinary kriging of one quantity from the full system with a Lagrange multiplier (Cressie 1993, eq. 3.2.5).

    Returns the values at `at`, and the variance of a reading there as a share of the variance.
    """
    places, at = np.asarray(places, float), np.asarray(at, float)

    def covariance(a, b):
        return (1 - variogram.nugget) * np.exp(-np.linalg.norm(a[:, None] - b[None], axis=-1) / variogram.distance)

    system = np.pad(covariance(places, places) + variogram.nugget * np.eye(len(places)), (0, 1), constant_values=1)
    system[-1, -1] = 0
    right = np.pad(covariance(places, at), ((0, 1), (0, 0)), constant_values=1)
    weights = np.linalg.solve(system, right)
    return np.asarray(read, float) @ weights[:-1], 1 - (weights * right).sum(0)


def centres(shape=SHAPE):
    return np.argwhere(np.ones(shape))


def away_from(places, cells, shape=SHAPE):
    """Cells whose centre is farther from every station than its tip reaches."""
    distance = np.linalg.norm(centres(shape)[:, None] - np.asarray(places)[None], axis=-1).min(1).reshape(shape)
    return distance > cells


@given(st.integers(0, 10_000), st.integers(1, 40))
def test_away_from_stations_it_is_ordinary_kriging(seed, number):
    places, read = correlated(number, seed)
    day = krige(places, read, SHAPE)
    expected, _ = textbook(places, read[:, 0], day.variogram, centres())
    away = away_from(places, 6)
    np.testing.assert_allclose(day.fields[0].numpy()[away], expected.reshape(SHAPE)[away], atol=5e-3)


@pytest.mark.parametrize("number", [5, 400])
def test_read_between_the_centres_it_is_nearer_to_the_textbook_than_values_at_the_centres(number):
    places, read = correlated(number, 3)
    day = krige(places, read, SHAPE)
    at = np.random.default_rng(5).uniform(2, 27, (4000, 2))
    expected, _ = textbook(places, read[:, 0], day.variogram, at)
    exact, _ = textbook(places, read[:, 0], day.variogram, centres())

    def miss(field):
        return np.sqrt(((map_coordinates(field, at.T, order=1) - expected) ** 2).mean())

    assert miss(day.fields[0].numpy()) < 0.85 * miss(exact.reshape(SHAPE))


@pytest.mark.parametrize("number, seed", [(1, 0), (8, 1), (150, 2), (600, 3)])
def test_what_is_left_unexplained_is_the_textbooks_variance(number, seed):
    places, read = correlated(number, seed)
    day = krige(places, read, SHAPE)
    _, expected = textbook(places, read[:, 0], day.variogram, centres())
    found = day.unexplained.numpy().ravel()
    assert np.corrcoef(found, expected)[0, 1] > 0.85 or number == 1
    np.testing.assert_allclose(found.mean(), expected.mean(), rtol=0.1)
    assert np.median(np.abs(found / expected - 1)) < 0.1
    at_stations = np.ravel_multi_index((places.numpy() + 0.5).astype(int).T, SHAPE)
    np.testing.assert_allclose(found[at_stations].mean(), expected[at_stations].mean(), rtol=0.15)
    assert found.min() >= day.variogram.nugget * 0.999


def test_a_mean_of_many_readings_is_believed_more():
    places, read = stations()
    counts = torch.ones(len(places))
    counts[0] = 25
    row, column = places[0].long()

    def miss(counts):
        return (krige(places, read, SHAPE, counts=counts).fields[0, row, column] - read[0, 0]).abs()

    assert miss(counts) < 0.5 * miss(torch.ones(len(places)))


def test_the_order_of_readings_means_nothing_to_speak_of():
    places, read = stations(300, 6)
    order = torch.randperm(300, generator=torch.Generator().manual_seed(1))
    one, other = krige(places, read, SHAPE), krige(places[order], read[order], SHAPE)
    assert (one.fields - other.fields).abs().mean() < 0.05


def test_context_on_blocks_is_close_to_the_whole():
    rng = np.random.default_rng(1)
    shape = (60, 80)
    smooth = np.add.outer(np.sin(np.arange(60) / 15), np.cos(np.arange(80) / 20)).astype(np.float32)
    places, _ = stations(150, 2, shape=shape)
    rows, columns = places.long().T
    both = torch.from_numpy(np.stack([smooth + 0.05 * rng.standard_normal(shape).astype(np.float32)] * 2))[:, rows, columns].T
    day = krige(places, both, shape, first_map=1)
    assert (day.fields[0] - day.fields[1]).abs().mean() < 0.05


def test_a_slope_on_a_map_is_found_and_with_it_kriging_with_external_drift():
    rng = np.random.default_rng(8)
    height = np.abs(rng.standard_normal((40, 40))).astype(np.float32)  # rough: nothing that plain kriging could follow
    places, _ = stations(300, 8, shape=(40, 40))
    rows, columns = places.long().T
    here = torch.from_numpy(height)[rows, columns]
    read = -0.8 * here + 0.01 * torch.from_numpy(rng.standard_normal(300).astype(np.float32))
    day = krige(places, torch.stack([read, here], dim=1), (40, 40), first_map=1, factor=1)
    assert day.slopes.shape == (1, 1) and float(day.slopes[0, 0]) == pytest.approx(-0.8, abs=0.05)
    drifted = day.fields[0] + day.slopes[0, 0] * (torch.from_numpy(height) - day.fields[1])
    truth = -0.8 * torch.from_numpy(height)
    assert (drifted - truth).abs().mean() < 0.1 * (day.fields[0] - truth).abs().mean()


def test_a_constant_stays_and_no_reading_gives_zero():
    places, read = stations()
    assert torch.allclose(krige(places, torch.full_like(read, 3.25), SHAPE).fields, torch.tensor(3.25), atol=1e-3)
    nothing = krige(torch.zeros(0, 2), torch.zeros(0, 2), (9, 9))
    assert nothing.fields.shape == (2, 9, 9) and not nothing.fields.any() and (nothing.unexplained == 1).all()


def test_stations_in_one_place_and_on_the_grids_rim_are_no_trouble():
    places = torch.tensor([[0.0, 0.0], [0.0, 0.0], [29.4, 43.4], [-0.5, 20.0], [29.49, -0.49]])
    day = krige(places, torch.tensor([[1.0], [2.0], [0.0], [1.0], [0.5]]), SHAPE)
    assert torch.isfinite(day.fields).all() and 1 < day.fields[0, 0, 0] < 2


@pytest.mark.parametrize("true_range", [6.0, 50.0])
@pytest.mark.parametrize("number", [200, 700])
def test_the_fitted_range_follows_the_field(true_range, number):
    rng = np.random.default_rng(3)
    at = np.unique(rng.uniform(0, 120, (number, 2)), axis=0)
    distance = np.linalg.norm(at[:, None] - at[None], axis=-1)
    found = []
    for _ in range(5):
        z = np.linalg.cholesky(np.exp(-distance / true_range) + 0.05 * np.eye(len(at))) @ rng.standard_normal(len(at))
        read = torch.from_numpy((z - z.mean()) / z.std())
        found.append(fit_variogram(torch.from_numpy(at), torch.ones(len(at)), read, torch.ones(len(at), 1)).distance)
    assert true_range / 2.1 <= np.median(found) <= true_range * 2.1


def test_more_stations_than_a_system_takes_are_averaged_over_blocks(monkeypatch):
    places, _ = stations(1500, 4, shape=(64, 64))
    read = places.sum(1, keepdim=True) / 40
    whole = krige(places, read, (64, 64)).fields
    monkeypatch.setattr(kriging, "MOST_IN_SYSTEM", 500)
    assert (krige(places, read, (64, 64)).fields - whole).abs().mean() < 0.03


def background(days, maps=None, known=None, rule=LOG) -> KrigedBackground:
    maps = torch.zeros(len(days), 0, *SHAPE) if maps is None else maps
    transformed = [torch.log(day.values + 2) for day in days]
    level, spread = (torch.stack([f(x) for x in transformed])[:, None, None] for f in (torch.mean, torch.std))
    return kriged_background(days, rule, level, spread, maps, torch.ones_like(maps) if known is None else known)


def readings(seed=0, number=60, scale=1.0):
    places, read = stations(number, seed)
    return StationReadings(places, torch.exp(scale * read[:, 0]) * 30, torch.ones(number))


def test_a_batch_is_its_days_one_by_one():
    days = [readings(5), readings(6, 45)]
    maps = torch.rand(2, 2, *SHAPE, generator=torch.Generator().manual_seed(0))
    known = torch.ones_like(maps)
    known[:, 1] = 0
    together = background(days, maps, known)
    for i, day in enumerate(days):
        alone = background([day], maps[i : i + 1], known[i : i + 1])
        assert all(torch.equal(a[i : i + 1], b) for a, b in zip(together, alone) if a is not None)
    assert not together.contrast[:, 1].any()


def test_kriged_values_stay_near_the_range_of_the_readings():
    day = readings(scale=2.0)
    made = background([day])
    for field in (made.values, made.field):
        assert field.min() >= 0.5 * day.values.min() and field.max() <= 1.5 * day.values.max()


def test_a_gross_error_reaches_no_farther_in_original_units_than_a_bound_beside_its_neighbours():
    day = readings(scale=0.5, number=200)
    wrong = day.values.clone()
    wrong[7] = 5000.0
    away = torch.from_numpy(away_from(day.places[7:8], 12))
    plain, led_astray = (background([day._replace(values=v)]).values[0, 0] for v in (day.values, wrong))
    assert (led_astray - plain).abs()[away].mean() < 0.1 * plain[away].mean()
    # What several stations agree on is no error.
    plume = day.values.clone()
    near = torch.cdist(day.places, day.places[7:8])[:, 0].argsort()[:12]
    plume[near] = 1500.0
    assert background([day._replace(values=plume)]).values.max() > 1000


def test_doubt_grows_from_next_to_nothing_at_stations_to_one_far_away():
    places = torch.tensor([[10.0, 10.0], [10.0, 12.0], [12.0, 10.0], [11.0, 11.0], [9.0, 10.0]])
    shape = (24, 1500)
    day = StationReadings(places, torch.tensor([30.0, 32.0, 28.0, 31.0, 33.0]), torch.ones(5))
    maps = torch.zeros(1, 0, *shape)
    made = kriged_background([day], LOG, torch.full((1, 1, 1), 3.4), torch.full((1, 1, 1), 0.3), maps, maps)
    doubt = made.doubt[0, 0, 11]
    assert doubt[11] < 0.2 and (doubt[20:].diff() >= -1e-4).all() and doubt[-1] > 0.95
    assert (made.sigma[0, 0, 11, 20:].diff() >= -1e-4).all()


def test_in_logs_the_background_expects_more_where_it_knows_less():
    """The mean of a log-normal lies above its median by half the variance; kriging of logs alone gives the median."""
    made = background([readings(3, 40)])
    median = (
        torch.exp(made.standardised * torch.std(torch.log(readings(3, 40).values + 2)) + torch.mean(torch.log(readings(3, 40).values + 2)))
        - 2
    )
    assert (2 * made.field - made.values - median).mean() > 0


def test_readings_in_cells_are_where_the_counts_are():
    counts = torch.zeros(4, 5)
    counts[1, 2], counts[3, 0] = 2, 1
    found = StationReadings.in_cells(counts * 10, counts)
    assert found.places.tolist() == [[1, 2], [3, 0]] and found.values.tolist() == [20, 10] and found.counts.tolist() == [2, 1]
