"""The PM2.5 model on other species: the readings are scaled to what it knows, and its field is scaled back.

    $(make -s engine-python) tests/benchmarks/skill/other_species.py [--model M] [--device D]

PM10, NO2 (24 h means) and O3 (the highest 8 h mean) of the two days of the Chinese network. The factor makes the day's mean
reading 35 ug m-3. What the model has learnt of PM2.5, such as that it gathers in basins and cities, is wrong for ozone.
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

from model_core.grid import PRESETS  # noqa: E402

SPECIES = {"pm10": "pm10_24h", "o3": "o3_8h_24h", "no2": "no2_24h"}
_TYPICAL = 35.0  # ug m-3, a mean day of PM2.5


def rows_of(setting: Setting) -> list[dict[str, Any]]:
    """Rows of each species and day, and a figure of each species."""
    grid, rows = PRESETS["china12km"], []
    predictor, land = setting.predictor(grid), land_of(setting.model, grid)
    for species, column in SPECIES.items():
        for day in DAYS:
            stations = on_grid(stations_of(day, setting.data, column, species), grid)
            scale = float(f"{_TYPICAL / stations.value.mean():.2g}")
            rows += [{"species": species, "factor": scale, **row} for row in compare(predictor, stations, day, scale=scale)]
        draw(predictor, stations, OUT / f"china_{species}.png", f"{species.upper()} on {day}, {len(stations)} stations", land, scale)
    return rows


if __name__ == "__main__":
    run(rows_of, __doc__, "other_species", ("species", "factor", *COLUMNS))
