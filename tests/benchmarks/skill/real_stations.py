"""The bundled model against ordinary kriging on real stations that it has never seen: two days of the Chinese network.

    $(make -s engine-python) tests/benchmarks/skill/real_stations.py [--model M] [--grid G] [--device D] [--map DIR]

10 folds of stations (LSCV) and of cities (LCCV), seed 0. `ratio` is the RMSE over that of the better of kriging on values and
on logs. The two days are for judging, never for choosing: choose with ctm_stations.py.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from cross_validation import OUT, compare, on_grid  # noqa: E402
from tables import markdown, write_rows  # noqa: E402

from model_core.device import choose_device  # noqa: E402
from model_core.grid import Grid, parse_grid  # noqa: E402
from model_core.model_file import Model, load_model  # noqa: E402
from model_core.prediction import Predictor  # noqa: E402
from model_core.stations.observations import Observations, read_observations  # noqa: E402

DATA = ROOT.parent / "shared" / "data"
DAYS = {"2018-02-20": "cnemc_snapshot_20180220T07.csv", "2019-07-18": "cnemc_snapshot_20190718T12.csv"}
COLUMNS = ("day", "scheme", "method", "n", "rmse", "ratio", "r2_det", "coverage_90", "width_90", "crps", "crps_ratio")


def stations_of(day: str, data: Path = DATA, column: str = "pm2_5_24h", species: str = "pm25") -> Observations:
    """The 24 h means of one of the two days, grouped by city."""
    return read_observations(data / "cnemc" / DAYS[day], column, species, id="station_code", group="city")


def rows_of(model: Model, grid: Grid, device: str, data: Path = DATA) -> list[dict[str, Any]]:
    """Rows of both days and both schemes."""
    predictor = Predictor(model, grid, choose_device(device))
    return [row for day in DAYS for row in compare(predictor, on_grid(stations_of(day, data), grid), day)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--grid", default="china12km")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--data", type=Path, default=DATA)
    options = parser.parse_args()
    begin = time.perf_counter()
    rows = rows_of(load_model(options.model), parse_grid(options.grid), options.device, options.data)
    write_rows(rows, OUT / "real_stations", COLUMNS)
    print(markdown(rows, COLUMNS))
    print(f"{time.perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    main()
