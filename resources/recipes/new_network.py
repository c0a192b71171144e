"""A newly set-up network of low-cost sensors beside a few monitors: what telling their errors gains, where the truth is known.

    $(make -s engine-python) resources/recipes/new_network.py [--out town.csv]

Days of the demonstration CTM are read by monitors and sensors with log-normal noise; the bundled model predicts each day with the errors
told, with none told, and from the monitors alone. It prints the table of docs/species.md, and writes the readings of the first
day of the first network, to try the command there.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from model_core.grid import PRESETS, Grid  # noqa: E402
from model_core.model_file import load_model  # noqa: E402
from model_core.prediction import Predictor  # noqa: E402
from model_core.simulation import simulate_days  # noqa: E402
from model_core.stations.gridding import grid_observations  # noqa: E402
from model_core.stations.observations import from_arrays  # noqa: E402

GRID = Grid.from_lower_left(PRESETS["china12km"].crs, 0.0, -300_000.0, (12_000.0, 12_000.0), (32, 32))
START, DAYS, WORLDS = date(2019, 1, 5), 3, 3
# Monitors, sensors, their errors as shares, and the rows and columns where they stand.
NETWORKS = ((3, 20, 0.05, 0.5, slice(9, 23)), (12, 60, 0.03, 0.5, slice(1, 31)), (5, 20, 0.05, 0.7, slice(9, 23)))


def main() -> None:
    """Print the table, and write the first day's readings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("town.csv"))
    out = parser.parse_args().out
    predictor, (lon, lat), first = Predictor(load_model("bundled"), GRID, torch.device("cpu")), GRID.lonlat(), True
    for monitors, sensors, certain, uncertain, where in NETWORKS:
        scores = []
        for world in range(WORLDS):
            rng = np.random.default_rng(world)
            for day in simulate_days(GRID, START, DAYS, world):
                row, column = rng.integers(where.start, where.stop, (2, monitors + sensors))
                share = np.where(np.arange(len(row)) < monitors, certain, uncertain)
                value = day.pm25[row, column] * np.exp(share * rng.standard_normal(len(row)) - share**2 / 2)
                x, y = (axis[row, column] + rng.uniform(-0.02, 0.02, len(row)) for axis in (lon, lat))
                readings = from_arrays(x, y, value)
                if first:
                    write(out, day.date, x, y, value, monitors)
                    first = False
                fields = [
                    predictor.predict([{"pm25": grid_observations(one, GRID)}])[0]
                    for one in (readings, replace(readings, error=share * value), readings.select(np.arange(len(row)) < monitors))
                ]
                errors = [float(np.sqrt(((one.field - day.pm25)[where, where] ** 2).mean())) for one in fields]
                scores.append(errors + [float(one.sd[where, where].mean()) for one in fields[:2]])
        table = np.array(scores)
        print(
            f"{monitors} monitors ({certain:.0%}), {sensors} sensors ({uncertain:.0%}): RMSE not told {table[:, 0].mean():.1f}, told "
            f"{table[:, 1].mean():.1f}, monitors alone {table[:, 2].mean():.1f}; mean sd {table[:, 3].mean():.1f}, told {table[:, 4].mean():.1f}; "
            f"better on {(table[:, 1] < table[:, 0]).sum()} of {len(table)} days",
            flush=True,
        )


def write(out: Path, day: date, x: np.ndarray, y: np.ndarray, value: np.ndarray, monitors: int) -> None:
    """The readings as a table, with the network of each."""
    kind = np.where(np.arange(len(x)) < monitors, "reference", "sensor")
    table = {
        "code": [f"S{n}" for n in range(len(x))],
        "kind": kind,
        "day": str(day),
        "lon": x.round(5),
        "lat": y.round(5),
        "pm25": value.round(1),
    }
    pd.DataFrame(table).to_csv(out, index=False)


if __name__ == "__main__":
    main()
