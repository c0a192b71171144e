"""The model on cells of another size than it was trained on: the two days of the Chinese network on 6, 24 and 36 km.

    $(make -s engine-python) tests/benchmarks/skill/other_grids.py [--model M] [--device D]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from command_line import COLUMNS, Setting, run  # noqa: E402
from cross_validation import OUT, compare, on_grid  # noqa: E402
from fields_figure import draw, land_of  # noqa: E402
from real_stations import DAYS, stations_of  # noqa: E402

from model_core.grid import PRESETS, Grid  # noqa: E402

CELLS_KM = (6, 24, 36)


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
            rows += [{"cells": f"{cell_km} km", **row} for row in compare(predictor, stations, day)]
        draw(predictor, stations, OUT / f"china_{cell_km}km.png", f"PM2.5 on {day}, cells of {cell_km} km", land_of(setting.model, grid))
    return rows


if __name__ == "__main__":
    run(rows_of, __doc__, "other_grids", ("cells", *COLUMNS))
