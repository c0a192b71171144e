"""Where the time of a day goes: seconds of each step of a reanalysis on China at 12 km, 1500 stations.

    $(make -s engine-python) tests/benchmarks/steps.py [--model M] [--days N]

Days come one by one, with PM2.5 alone, and then also with RH and wind. What stands under kriging is a part of it; the rest is
putting the channels together, the background from afar, and the way back to the field's own units.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import china
from processors import processor_name
from rows import Row, record

# (name in the table, module, function); what has a colon is a part of what stands before it
STEPS = (
    ("kriging", "model_core.network.reanalysis_network", "kriged_background"),
    ("kriging: variogram", "model_core.network.kriging", "fit_variogram"),
    ("kriging: variance, from the nearest readings", "model_core.network.kriging", "left_by_nearest"),
    ("kriging: variance, exact on a mesh", "model_core.network.kriging", "unexplained"),
    ("kriging: spreading", "model_core.network.kriging", "_spread"),
)
PARTS = (("PointConv", "pointconv"), ("UNet++", "unet"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--days", type=int, default=8)
    options = parser.parse_args()
    for names in (("pm25",), ("pm25", "rh", "wind")):
        record(*split(options.model, options.days, names))
    return 0


def split(name: str, number: int, variables: tuple[str, ...]) -> list[Row]:
    """Mean seconds a day of each step, the fastest of three rounds over the days."""
    from inference import gridded_days

    from model_core.device import choose_device
    from model_core.model_file import load_model
    from model_core.prediction import Predictor

    predictor = Predictor(load_model(name), china.grid(), choose_device("cpu"))
    days = [{key: day[key] for key in variables} for day in gridded_days(number)]
    predictor.predict(days[:1])
    with Stopwatch(predictor) as watch:
        rounds = []
        for _ in range(3):
            watch.seconds.clear()
            begin = time.perf_counter()
            for day in days:
                predictor.predict([day])
            rounds.append({"whole": time.perf_counter() - begin, **watch.seconds})
    best = {what: seconds / number for what, seconds in min(rounds, key=lambda one: one["whole"]).items()}
    whole = best.pop("whole")
    best["the rest"] = whole - sum(seconds for what, seconds in best.items() if ":" not in what)
    of = f"a day with {', '.join(variables)}"
    rows = [Row(f"{of}: {what}", seconds, "s", seconds / whole, "the day") for what, seconds in best.items()]
    if variables == ("pm25",):
        rows += [Row(f"{of}: {what}", seconds, "s", seconds / whole, "the day", note="beside it") for what, seconds in beside().items()]
    return [*rows, Row(of, whole, "s", note=f"{processor_name()}, {predictor.precision}, by itself")]


def beside() -> dict[str, float]:
    """Seconds of what is done with a day before and after its prediction."""
    import numpy as np
    import pandas as pd
    from machine import best

    from model_core.output import write_geotiff
    from model_core.stations.gridding import grid_observations
    from model_core.stations.observations import read_observations

    table = pd.read_csv(china.year_of_readings(), nrows=china.STATIONS)
    field = np.random.default_rng(0).gamma(2, 20, china.grid().shape).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "day.csv"
        table.to_csv(path, index=False)
        return {
            "reading and gridding": best(
                lambda: grid_observations(read_observations(path, "pm25", time="date", id="station"), china.grid()), 5
            ),
            "writing a GeoTIFF": best(lambda: write_geotiff(Path(folder) / "day.tif", china.grid(), [("PM2.5", field, "ug m-3")], {}), 5),
        }


class Stopwatch:
    """Takes the time of each step of a predictor while it is open."""

    def __init__(self, predictor: Any):
        self.seconds: dict[str, float] = defaultdict(float)
        self._network, self._before = predictor._network, []

    def __enter__(self) -> "Stopwatch":
        from importlib import import_module

        for name, module, function in STEPS:
            self._watch(import_module(module), function, name)
        for name, part in PARTS:
            self._watch(getattr(self._network, part), "forward", name)
        return self

    def __exit__(self, *error: Any) -> None:
        for owner, name, before in self._before:
            setattr(owner, name, before)

    def _watch(self, owner: Any, name: str, called: str) -> None:
        before = getattr(owner, name)

        def watched(*arguments: Any, **options: Any) -> Any:
            begin = time.perf_counter()
            try:
                return before(*arguments, **options)
            finally:
                self.seconds[called] += time.perf_counter() - begin

        self._before.append((owner, name, before))
        setattr(owner, name, watched)


if __name__ == "__main__":
    sys.exit(main())
