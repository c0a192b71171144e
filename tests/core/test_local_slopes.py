"""Slopes that differ from place to place: kriging by the textbook's covariance, and better where the truth is so."""

import numpy as np
import pytest
import torch

from model_core.configuration import NetworkConfiguration, Transform
from model_core.errors import InputError
from model_core.network.kriged_background import kriged_background
from model_core.network.kriging import krige
from model_core.network.local_slopes import local_slopes
from model_core.network.reading_maps import at_places
from model_core.network.reading_quantities import StationReadings

SHAPE = (36, 48)


@pytest.fixture(scope="module")
def world():
    """A rough map, which adds to the readings in the west and takes from them in the east; 300 places off the centres."""
    rng = np.random.default_rng(3)
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    field = torch.from_numpy(np.sin(rows / 2.0) * np.cos(columns / 3.0)).float()[None]
    places = torch.from_numpy(np.stack([rng.uniform(0, SHAPE[0] - 1, 300), rng.uniform(0, SHAPE[1] - 1, 300)], axis=1)).float()
    slope = torch.from_numpy(np.cos(np.pi * columns / SHAPE[1])).float()
    return field, places, slope * field[0]


def read(field, places):
    return at_places(field, places)


def test_the_field_is_that_of_kriging_with_the_slopes_in_the_covariance(world):
    field, places, truth = world
    local = local_slopes(field, torch.ones_like(field), places, (0.4, 20.0))
    values = read(truth[None], places)
    day = krige(places, values, SHAPE, local=local)
    at, c = np.argwhere(np.ones(SHAPE)).astype(float), np.asarray(local.fields).reshape(-1)
    v, known, own = day.variogram, np.asarray(places, float), np.asarray(local.at[:, 0], float)

    def covariance(a, b, of_a, of_b):
        apart = np.linalg.norm(a[:, None] - b[None], axis=-1)
        return (1 - v.nugget) * np.exp(-apart / v.distance) + 0.4**2 * np.outer(of_a, of_b) * np.exp(-apart / 20.0)

    system = np.pad(covariance(known, known, own, own) + v.nugget * np.eye(len(known)), (0, 1), constant_values=1)
    system[-1, -1] = 0
    weights = np.linalg.solve(system, np.pad(covariance(known, at, own, c), ((0, 1), (0, 0)), constant_values=1))
    expected = (np.asarray(values[:, 0], float) @ weights[:-1]).reshape(SHAPE)
    difference = np.abs(np.asarray(day.fields[0]) - expected)
    assert np.median(difference) < 0.01 * truth.std() and difference.mean() < 0.03 * truth.std()


def test_what_is_left_unexplained_is_little_at_a_reading_and_grows_with_the_map_far_from_it(world):
    """On heights, where a map's departures from its mean are large, the slopes' own variance is large too: but not where a reading tells."""
    field, places, _ = world
    field, places = 3 * field, places[places[:, 1] < 24]
    values = torch.sin(places[:, 0] / 6) + torch.cos(places[:, 1] / 5)
    known, flat = torch.ones_like(field)[None], torch.full((1, 1, 1), 0.0)
    day = StationReadings(places, values, torch.ones(len(places)))
    found = kriged_background([day], Transform("linear", 0.0, 1.0), flat, flat + 1, field[None], known, slopes_vary=(0.4, 20.0))
    local = local_slopes(field, known[0], places, (0.4, 20.0))
    nugget, distance = float(found.day[0, 1]), 25 * float(found.day[0, 0].exp())
    at, c, own = np.argwhere(np.ones(SHAPE)).astype(float), np.asarray(local.fields).reshape(-1), np.asarray(local.at[:, 0], float)

    def covariance(a, b, of_a, of_b):
        apart = np.linalg.norm(a[:, None] - b[None], axis=-1)
        return (1 - nugget) * np.exp(-apart / distance) + 0.4**2 * np.outer(of_a, of_b) * np.exp(-apart / 20.0)

    stations = np.asarray(places, float)
    given = covariance(stations, at, own, c)
    exact = (
        1 + 0.4**2 * c**2 - (given * np.linalg.solve(covariance(stations, stations, own, own) + nugget * np.eye(len(own)), given)).sum(0)
    )
    left = found.unexplained[0, 0].numpy()
    cells = (stations + 0.5).astype(int)
    read, far = (cells[:, 0], cells[:, 1]), np.s_[:, 40:]
    for where in (read, far):
        assert 0.7 < left[where].mean() / exact.reshape(SHAPE)[where].mean() < 1.4


def test_where_slopes_differ_they_are_found(world):
    field, places, truth = world
    known, level = torch.ones_like(field)[None], torch.full((1, 1, 1), 0.0)
    day = StationReadings(places, 20 + 5 * read(truth[None], places)[:, 0], torch.ones(len(places)))
    rule, spread = Transform("linear", 20.0, 1.0), torch.full((1, 1, 1), 5.0)

    def error(how):
        found = kriged_background([day], rule, level, spread, field[None], known, slopes_vary=how).field[0, 0]
        return float((found - 20 - 5 * truth).square().mean())

    assert error((0.5, 20.0)) < 0.8 * error(())


def test_an_unknown_map_has_no_say(world):
    field, places, _ = world
    east = torch.ones_like(field)
    east[:, :, :24] = 0
    local = local_slopes(field * east, east, places, (0.4, 20.0))
    west = places[:, 1] < 23
    assert not local.at[west].any() and not local.fields[:, :, :24].any()
    assert abs(float(local.at[~west].sum())) < 0.5
    assert local_slopes(field, torch.ones_like(field), places, ()) is None


def test_a_model_made_before_has_slopes_that_are_the_same_everywhere():
    before = {key: value for key, value in NetworkConfiguration(kriging=True, standardise="day").to_dict().items() if key != "local_slopes"}
    assert NetworkConfiguration.from_dict(before).local_slopes == ()


@pytest.mark.parametrize("wrong", [(0.25,), (0.25, -1.0), (0.0, 20.0)])
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(InputError, match="local_slopes"):
        NetworkConfiguration(kriging=True, standardise="day", local_slopes=wrong)
