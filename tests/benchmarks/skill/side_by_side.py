"""The models that ship, side by side: real stations left out, CTM days given back, seconds and memory of a day.

    $(make -s engine-python) tests/benchmarks/skill/side_by_side.py [--models bundled paper] [--data DIR]

Stations and cities left out as in real_stations.py (RMSE in ug m-3, and its ratio to the better ordinary kriging). The real CMAQ days from 800
cells, as in reproduction.py; of the last three days, `paper` was trained on the first. A day's seconds are the best of three, the models in turns;
memory is the peak of a process of its own.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[3]), str(Path(__file__).resolve().parents[1])]

from command_line import DATA, Setting  # noqa: E402
from cross_validation import OUT, compare, on_grid  # noqa: E402
from machine import peak_mb  # noqa: E402
from real_stations import DAYS, stations_of  # noqa: E402
from reproduction import rows_of as reproduced  # noqa: E402
from tables import markdown, write_rows  # noqa: E402

from model_core.grid import PRESETS  # noqa: E402
from model_core.model_file import load_model  # noqa: E402
from model_core.stations.gridding import grid_observations  # noqa: E402

GRID = PRESETS["china12km"]
TURNS = 3


def skill(setting: Setting) -> dict[str, str]:
    """The model's scores, as text by what they are of."""
    told: dict[str, str] = {}
    for day in DAYS:
        for row in compare(setting.predictor(GRID), on_grid(stations_of(day, setting.data), GRID), day):
            if row["method"] == "model":
                told[f"{day}, {row['scheme']}: RMSE (ratio)"] = f"{row['rmse']:.1f} ({row['ratio']:.3f})"
    for row in reproduced(setting, days=0):
        if row["method"] == "model":
            told[f"{row['days']} CMAQ days from {row['stations']}: r2_det, RMSE, NME"] = (
                f"{row['r2_det']:.3f}, {row['rmse']:.1f}, {row['nme']:.2f}"
            )
    return told


def a_day(setting: Setting) -> Any:
    """A predictor and the readings of a day for it."""
    day = next(iter(DAYS))
    return setting.predictor(GRID), {"pm25": grid_observations(on_grid(stations_of(day, setting.data), GRID), GRID)}


def seconds(settings: dict[str, Setting]) -> dict[str, float]:
    """Of a day, the best of some turns."""
    ready = {name: a_day(setting) for name, setting in settings.items()}
    best = dict.fromkeys(ready, float("inf"))
    for _ in range(TURNS + 1):  # the first one also wakes the machine up
        for name, (predictor, day) in ready.items():
            begin = time.perf_counter()
            predictor.predict([day])
            best[name] = min(best[name], time.perf_counter() - begin)
    return best


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["bundled", "paper"])
    parser.add_argument("--data", type=Path, default=DATA, help="folder of real data")
    parser.add_argument("--memory-of", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory_of:
        predictor, day = a_day(Setting(load_model(options.memory_of), "auto", options.data))
        predictor.predict([day])
        print(peak_mb())
        return 0
    settings = {name: Setting(load_model(name), "auto", options.data) for name in options.models}
    columns = {name: skill(setting) for name, setting in settings.items()}
    for name, best in seconds(settings).items():
        columns[name]["a day, s"] = f"{best:.2f}"
    for name in settings:
        done = subprocess.run(
            [sys.executable, __file__, "--memory-of", name, "--data", str(options.data)], capture_output=True, text=True, check=True
        )
        columns[name]["peak memory of a day, MB"] = f"{float(done.stdout.split()[-1]):.0f}"
    rows = [{"what": what, **{name: columns[name][what] for name in settings}} for what in columns[options.models[0]]]
    write_rows(rows, OUT / "side_by_side", ("what", *settings))
    print(markdown(rows, ("what", *settings)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
