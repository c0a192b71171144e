"""What a day costs against the number of its stations: 100 to 100 000, on China at 12 km.

    $(make -s engine-python) tests/benchmarks/stations.py [--numbers 100 1000 10000 100000] [--model M]

Told apart: checking the readings and putting them on the grid, which grows with their number, and the field, which
should not: the network sees cells.
"""

from __future__ import annotations

import argparse
import sys

import china
from machine import best
from rows import Row, record


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--numbers", type=int, nargs="+", default=[100, 1000, 10_000, 100_000])
    parser.add_argument("--model", default="bundled")
    options = parser.parse_args()
    from model_core.device import choose_device
    from model_core.model_file import load_model
    from model_core.prediction import Predictor
    from model_core.stations.gridding import grid_observations

    grid = china.grid()
    predictor = Predictor(load_model(options.model), grid, choose_device("auto"))
    first = None
    for number in options.numbers:
        readings = {"pm25": grid_observations(china.observations(number), grid)}
        gridding = best(lambda: grid_observations(china.observations(number), grid), 3)
        predictor.predict([readings])
        field = best(lambda: predictor.predict([readings]), 3)
        first = first or gridding + field
        record(
            Row(
                f"one day of {number} stations",
                gridding + field,
                "s",
                (gridding + field) / first,
                f"{options.numbers[0]} stations",
                note=f"readings {gridding * 1e3:.0f} ms, field {field * 1e3:.0f} ms, {readings['pm25'].cells} cells with readings",
            )
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
