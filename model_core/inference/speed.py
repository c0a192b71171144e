"""How many days a minute this machine predicts: an estimate, from a quarter of a grid."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import torch
from affine import Affine

from model_core.grid import Grid
from model_core.model_file import Model
from model_core.prediction import Predictor
from model_core.stations.gridding import grid_observations
from model_core.stations.observations import from_arrays

STATIONS = 1500  # of a day on a whole national grid, such as China's
MOST_CELLS = 100_000  # of the grid that is computed


@dataclass(frozen=True)
class Speed:
    """What was measured, and what it comes to.

    Attributes
    ----------
    days_a_minute : float, for the whole grid with `STATIONS` stations
    seconds : float, of the part that was computed
    cells, all_cells : int, of the part and of the grid
    precision : str, that the predictor chose
    """

    days_a_minute: float
    seconds: float
    cells: int
    all_cells: int
    precision: str

    def in_words(self) -> str:
        """For people."""
        return (
            f"about {self.days_a_minute:.0f} days a minute (estimate: {self.cells} of {self.all_cells} cells with as large a share of "
            f"{STATIONS} stations took {self.seconds:.2f} s in {self.precision}; reading tables and writing files comes on top)"
        )


def measure_speed(model: Model, device: torch.device) -> Speed:
    """Predict a day in the middle of the model's grid, and scale its time by the cells.

    The network's work grows with the cells and kriging's with the stations, of which the part has its share. The first prediction
    warms up; the faster of two after it counts.
    """
    part, target = _middle(model.grid), model.configuration.target
    share = part.shape[0] * part.shape[1] / (model.grid.shape[0] * model.grid.shape[1])
    rng = np.random.default_rng(0)
    west, south, east, north = part.bounds
    x, y = (rng.uniform(low, high, max(1, round(STATIONS * share))) for low, high in ((west, east), (south, north)))
    values = 40 + 30 * np.sin(6 * (x - west) / (east - west)) + rng.gamma(2, 5, x.size)
    day = {target: grid_observations(from_arrays(x, y, values, part.crs, target), part)}
    predictor, seconds = Predictor(model, part, device), []
    for _ in range(3):
        begin = time.perf_counter()
        predictor.predict([day])  # its fields are arrays of the host, so that a card has done its work
        seconds.append(time.perf_counter() - begin)
    best = min(seconds[1:])
    return Speed(60 * share / best, best, part.shape[0] * part.shape[1], model.grid.shape[0] * model.grid.shape[1], predictor.precision)


def _middle(grid: Grid) -> Grid:
    """The middle of a grid, half as many rows and columns; of a large one fewer, of a small one all."""
    rows, columns = grid.shape
    factor = min(1.0, max(0.5, 128 / min(rows, columns)), (MOST_CELLS / (rows * columns)) ** 0.5)
    size = max(1, round(rows * factor)), max(1, round(columns * factor))
    row, column = (rows - size[0]) // 2, (columns - size[1]) // 2
    whole = grid.transform
    return Grid(grid.crs, Affine(whole.a, 0, whole.c + column * whole.a, 0, whole.e, whole.f + row * whole.e), size)
