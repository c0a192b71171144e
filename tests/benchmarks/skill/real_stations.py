"""The bundled model against ordinary kriging on real stations that it has never seen: two days of the Chinese network.

    $(make -s engine-python) tests/benchmarks/skill/real_stations.py [--model M] [--device D]

10 folds of stations (LSCV) and of cities (LCCV), seed 0. `ratio` is the RMSE over that of the best kriging: on values or on
logs, with the maps as external drift or without. The two days are for judging, never for choosing: choose with ctm_stations.py.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from command_line import DATA, Setting, run  # noqa: E402
from cross_validation import OUT, compare, on_grid  # noqa: E402
from fields_figure import draw, land_of  # noqa: E402

from model_core.grid import PRESETS  # noqa: E402
from model_core.stations.observations import Observations, read_observations  # noqa: E402

DAYS = {"2018-02-20": "cnemc_snapshot_20180220T07.csv", "2019-07-18": "cnemc_snapshot_20190718T12.csv"}


def stations_of(day: str, data: Path = DATA, column: str = "pm2_5_24h", species: str = "pm25") -> Observations:
    """The 24 h means of one of the two days, grouped by city."""
    return read_observations(data / "cnemc" / DAYS[day], column, species, id="station_code", group="city")


def rows_of(setting: Setting) -> list[dict[str, Any]]:
    """Rows of both days and both schemes, and a figure of each day."""
    grid, rows = PRESETS["china12km"], []
    predictor, land = setting.predictor(grid), land_of(setting.model, grid)
    for day in DAYS:
        stations = on_grid(stations_of(day, setting.data), grid)
        rows += compare(predictor, stations, day)
        draw(predictor, stations, OUT / f"china_{day}.png", f"PM2.5 on {day}, {len(stations)} stations of the Chinese network", land)
    return rows


if __name__ == "__main__":
    run(rows_of, __doc__, "real_stations")
