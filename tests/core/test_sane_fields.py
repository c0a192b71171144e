"""Whatever the day's readings are like, the bundled model makes a sane field of them.

Bounds are generous: they tell a field that nobody could use from one that is merely not the best.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pyproj import Transformer

from model_core.grid import PRESETS, Grid
from model_core.model_file import load_model
from model_core.prediction import Predictor
from model_core.stations.gridding import grid_observations
from model_core.stations.observations import from_arrays

CHINA = PRESETS["china12km"]
# Half of it holds eastern China, and the tests take seconds.
EAST = Grid.from_lower_left(CHINA.crs, -480_000.0, -1_392_000.0, (12_000.0, 12_000.0), (176, 160))


@pytest.fixture(scope="module")
def predictor():
    return Predictor(load_model("bundled"), EAST, torch.device("cpu"))


@pytest.fixture(scope="module")
def places():
    """Four hundred stations all over the grid: (x, y) in its CRS, each (400,)."""
    rng = np.random.default_rng(0)
    west, south, east, north = EAST.bounds
    return rng.uniform(west, east, 400), rng.uniform(south, north, 400)


def smooth(x, y):
    """A day as days are: 20 to 100 ug m-3, high in one region."""
    west, south, east, north = EAST.bounds
    return 20 + 80 * np.exp(-(((x - west - 0.55 * (east - west)) / 5e5) ** 2 + ((y - south - 0.6 * (north - south)) / 4e5) ** 2))


def observations(x, y, value):
    return from_arrays(x, y, value, EAST.crs)


def reanalyse(predictor, x, y, value):
    """The day's result; every field has to be finite and nowhere negative."""
    result = predictor.predict([{"pm25": grid_observations(observations(x, y, value), predictor.grid)}])[0]
    assert result.field.shape == predictor.grid.shape and np.isfinite(result.field).all() and (result.field >= 0).all()
    if result.sd is not None:
        assert np.isfinite(result.sd).all() and (result.sd >= 0).all()
    return result


def cells(x, y):
    row, column = EAST.locate(x, y, EAST.crs)
    return np.floor(row).astype(int), np.floor(column).astype(int)


def distance_km(x, y):
    """Of every cell to the nearest place; (rows, columns)."""
    gx, gy = np.meshgrid(EAST.x, EAST.y)
    return np.min([np.hypot(gx - px, gy - py) for px, py in zip(np.atleast_1d(x), np.atleast_1d(y))], axis=0) / 1000


@pytest.mark.parametrize("level", [5.0, 40.0, 300.0])
def test_a_constant_stays_constant(predictor, places, level):
    field = reanalyse(predictor, *places, np.full(400, level)).field
    near = distance_km(*places) < 100
    assert np.abs(field[near] / level - 1).mean() < 0.05
    assert (np.abs(field / level - 1) < 0.5).all()


def test_without_readings_in_the_west_the_east_is_as_it_was(predictor, places):
    x, y = places
    east = x > np.mean(EAST.bounds[::2])
    whole, half = reanalyse(predictor, x, y, smooth(x, y)).field, reanalyse(predictor, x[east], y[east], smooth(x, y)[east]).field
    far_east = slice(int(0.75 * EAST.shape[1]), None)
    assert np.abs(half - whole)[:, far_east].mean() < 0.1 * whole[:, far_east].mean()
    assert half.max() < 1.5 * smooth(x, y).max()


def test_a_single_city_says_something_of_its_surroundings_and_nothing_absurd_of_the_rest(predictor):
    west, south, east, north = EAST.bounds
    rng = np.random.default_rng(1)
    x, y = (west + east) / 2 + rng.normal(0, 10_000, 6), (south + north) / 2 + rng.normal(0, 10_000, 6)
    value = np.array([70.0, 82, 75, 90, 66, 78])
    field = reanalyse(predictor, x, y, value).field
    row, column = cells(x, y)
    assert 0.7 * value.mean() < field[row, column].mean() < 1.3 * value.mean()
    assert field.max() < 3 * value.max() and field.min() > value.min() / 20


def test_one_reading(predictor):
    west, south, east, north = EAST.bounds
    x, y = np.array([(west + east) / 2]), np.array([(south + north) / 2])
    field = reanalyse(predictor, x, y, np.array([50.0])).field
    assert field.max() < 150 and 25 < field[cells(x, y)][0] < 100


def test_thirty_stations(predictor, places):
    x, y = (axis[:30] for axis in places)
    value = smooth(x, y)
    field = reanalyse(predictor, x, y, value).field
    row, column = cells(x, y)
    assert np.corrcoef(field[row, column], value)[0, 1] > 0.8
    assert value.min() / 5 < field.min() and field.max() < 2 * value.max()


@pytest.mark.parametrize("absurd", [2000.0, 5000.0])
def test_one_absurd_reading_stays_where_it_is(predictor, places, absurd):
    x, y = places
    value = smooth(x, y)
    sane = reanalyse(predictor, x, y, value).field
    wrong = int(np.argmin(np.hypot(x - np.mean(EAST.bounds[::2]), y - np.mean(EAST.bounds[1::2]))))
    poisoned = reanalyse(predictor, x, y, np.where(np.arange(400) == wrong, absurd, value)).field
    far = distance_km(x[wrong], y[wrong]) > 600
    assert np.abs(poisoned - sane)[far].mean() < 0.1 * sane[far].mean()
    assert np.abs(poisoned - sane)[far].max() < 0.5 * value.max()
    assert poisoned.max() <= 1.5 * absurd


@pytest.mark.parametrize("absurd", [9999.0, -999.0, 1e20])
def test_what_no_instrument_reads_never_reaches_the_model(places, absurd):
    value = smooth(*places)
    value[7] = absurd
    kept = observations(*places, value)
    assert len(kept) == 399 and sum(kept.report.dropped.values()) == 1


def test_with_nothing_but_pm25_on_a_grid_that_the_model_has_no_maps_of(places):
    """The same stations, moved to South America, where the model knows no cities, and elevation from the world map alone."""
    lon, lat = Transformer.from_crs(EAST.crs, "EPSG:4326", always_xy=True).transform(*places)
    crs = "+proj=lcc +lat_1=-25 +lat_2=-10 +lat_0=-18 +lon_0=-58 +R=6370000"
    grid = Grid.from_extent(-960_000, -1_056_000, 960_000, 1_056_000, 12_000, crs)
    elsewhere = Predictor(load_model("bundled"), grid, torch.device("cpu"))
    x, y = places[0] - np.mean(EAST.bounds[::2]), places[1] - np.mean(EAST.bounds[1::2])
    result = elsewhere.predict([{"pm25": grid_observations(from_arrays(x, y, smooth(*places), crs), grid)}])[0]
    assert set(result.missing_inputs) == {"rh", "wind", "urban"}
    assert np.isfinite(result.field).all() and (result.field >= 0).all() and result.field.max() < 200


def test_it_is_less_sure_far_from_stations(predictor, places):
    x, y = places
    west_half = x < np.mean(EAST.bounds[::2])
    result = reanalyse(predictor, x[west_half], y[west_half], smooth(x, y)[west_half])
    if result.sd is None:
        assert not predictor.model.configuration.uncertainty, "the model has an uncertainty head, and gave no standard deviation"
        pytest.skip("the bundled model gives no uncertainty")
    distance, share = distance_km(x[west_half], y[west_half]), result.sd / np.maximum(result.field, 1.0)
    assert np.median(share[distance > 400]) > 1.3 * np.median(share[distance < 25])
    assert (result.sd < 10 * smooth(x, y).max()).all()
