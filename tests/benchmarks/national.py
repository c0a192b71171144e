"""A day on the national grid at 1 km (4464 x 5112 cells), in windows: seconds, and peak memory against what was allowed.

    $(make -s engine-python) tests/benchmarks/national.py [--model M] [--memory MB] [--stations N]

Takes minutes and the memory that it is given, so `make benchmark` leaves it out.
"""

from __future__ import annotations

import argparse
import sys

import china
from machine import peak_mb, seconds
from rows import Row, record


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--memory", type=int, default=4000)
    parser.add_argument("--stations", type=int, default=china.STATIONS)
    options = parser.parse_args()
    from model_core.device import choose_device
    from model_core.model_file import load_model
    from model_core.prediction import Predictor
    from model_core.stations.gridding import grid_observations

    grid = china.grid_of_cells(1)
    day = {"pm25": grid_observations(china.observations(options.stations), grid)}
    predictor = Predictor(load_model(options.model), grid, choose_device("auto"), memory=options.memory)
    before = peak_mb()
    took = seconds(lambda: predictor.predict([day]))
    million = grid.shape[0] * grid.shape[1] / 1e6
    record(
        Row("a day at 1 km", took, "s", took / million, "one million cells", note=f"{million:.1f} million cells, {predictor.precision}"),
        Row(
            "peak memory of a day at 1 km",
            peak_mb(),
            "MB",
            peak_mb() / options.memory,
            "the memory allowed",
            note=f"{before:.0f} MB before the prediction",
        ),
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
