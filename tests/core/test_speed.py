"""The speed that is told is measured on a part of the grid, and is that of the whole within a factor that the work explains."""

import time

import numpy as np
import pytest
import torch

from model_core.grid import PRESETS
from model_core.inference.speed import STATIONS, _middle, measure_speed
from model_core.jobs import JOBS
from model_core.model_file import load_model
from model_core.prediction import Predictor
from model_core.progress import Progress
from model_core.stations.gridding import grid_observations
from model_core.stations.observations import from_arrays


@pytest.mark.parametrize("name", PRESETS)
def test_the_part_lies_in_the_middle_of_the_grid(name):
    grid = PRESETS[name]
    part = _middle(grid)
    assert part.cell_size == grid.cell_size and part.shape[0] * part.shape[1] <= 100_000
    west, south, east, north = part.bounds
    assert grid.bounds[0] < west < east < grid.bounds[2] and grid.bounds[1] < south < north < grid.bounds[3]
    middle = [(part.bounds[i] + part.bounds[i + 2]) / 2 - (grid.bounds[i] + grid.bounds[i + 2]) / 2 for i in (0, 1)]
    assert np.abs(middle).max() <= grid.cell_size[0]


def test_the_estimate_is_near_what_a_whole_day_takes():
    """Within a factor of four: other programs run on the machine of the test, too."""
    model, rng = load_model("bundled"), np.random.default_rng(1)
    told = measure_speed(model, torch.device("cpu"))
    west, south, east, north = model.grid.bounds
    x, y = rng.uniform(west, east, STATIONS), rng.uniform(south, north, STATIONS)
    day = {"pm25": grid_observations(from_arrays(x, y, rng.gamma(3, 20, STATIONS), model.grid.crs), model.grid)}
    predictor, begin = Predictor(model, model.grid, torch.device("cpu")), time.perf_counter()
    predictor.predict([day])
    assert 1 / 4 < told.days_a_minute * (time.perf_counter() - begin) / 60 < 4


def test_the_job_tells_it_where_it_is_asked():
    assert "speed" not in JOBS["info"]({}, Progress())
    assert "days a minute (estimate" in JOBS["info"]({"speed": True}, Progress())["speed"]
