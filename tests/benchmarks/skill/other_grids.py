"""The model on cells of another size than it was trained on: the two days of the Chinese network on 6, 24 and 36 km.

    $(make -s engine-python) tests/benchmarks/skill/other_grids.py [--model M] [--device D]

On coarse cells no field can tell stations of one cell apart. How much that alone costs, `kriging of values, on cells` shows: kriged
at the cell centres, and read at the stations like the model.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np  # noqa: E402
from command_line import COLUMNS, Setting, run  # noqa: E402
from cross_validation import KRIGING_CACHE, OUT, compare, folds, judge_all, krige_all, on_grid, schemes_of  # noqa: E402
from fields_figure import draw, land_of  # noqa: E402
from kriging import krige_field  # noqa: E402
from real_stations import DAYS, stations_of  # noqa: E402

from model_core.grid import PRESETS, Grid  # noqa: E402
from model_core.stations.observations import Observations  # noqa: E402
from model_core.validation.distributions import Gaussian  # noqa: E402
from model_core.validation.places import at_stations, plane_km  # noqa: E402

CELLS_KM = (6, 24, 36)
ON_CELLS = "kriging of values, on cells"


def china(cell_km: int) -> Grid:
    """The region of china12km on cells of another size."""
    original = PRESETS["china12km"]
    return Grid.from_extent(*original.bounds, cell_km * 1000.0, original.crs)


def rows_of(setting: Setting) -> list[dict[str, Any]]:
    """Rows of each grid and day, and a figure of each grid."""
    rows = []
    for cell_km in CELLS_KM:
        grid = china(cell_km)
        predictor = setting.predictor(grid)
        for day in DAYS:
            # The stations of china12km, on all grids the same: a coarser grid may reach a little further.
            stations = on_grid(stations_of(day, setting.data), PRESETS["china12km"])
            made = compare(predictor, stations, day)
            for scheme, key in schemes_of(stations).items():
                fold = folds(key)
                answers = {**krige_all(stations, predictor, fold), ON_CELLS: kriged_on_cells(stations, grid, fold)}
                made += [row for row in judge_all(answers, stations.value, {"day": day, "scheme": scheme}) if row["method"] == ON_CELLS]
            rows += [{"cells": f"{cell_km} km", **row} for row in made]
        draw(predictor, stations, OUT / f"china_{cell_km}km.png", f"PM2.5 on {day}, cells of {cell_km} km", land_of(setting.model, grid))
    return rows


def kriged_on_cells(stations: Observations, grid: Grid, fold: np.ndarray) -> Gaussian:
    """Kriging of values at the cell centres around each left-out station, read there as a field is; without sd."""
    position, mean = plane_km(stations, grid), np.empty(len(stations))
    x, y = np.meshgrid(grid.x / 1000, grid.y / 1000)
    for number in np.unique(fold):
        out = fold == number
        near = cells_around(stations.select(out), grid)
        field = np.full(grid.shape, np.nan)
        field[near] = krige_field(position[~out], stations.value[~out], np.stack([x[near], y[near]], 1), "values", KRIGING_CACHE).mean
        mean[out] = at_stations(field, stations.select(out), grid)
    return Gaussian(mean, np.full(len(mean), np.nan))


def cells_around(stations: Observations, grid: Grid) -> np.ndarray:
    """The cells whose centres are the corners around a station, as bool (rows, columns)."""
    row, column = (np.floor(place - 0.5).astype(int) for place in grid.locate(stations.x, stations.y, stations.crs))
    near = np.zeros(grid.shape, bool)
    for down in (0, 1):
        for across in (0, 1):
            near[np.clip(row + down, 0, grid.shape[0] - 1), np.clip(column + across, 0, grid.shape[1] - 1)] = True
    return near


if __name__ == "__main__":
    run(rows_of, __doc__, "other_grids", ("cells", *COLUMNS))
