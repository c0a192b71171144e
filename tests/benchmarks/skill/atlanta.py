"""A sparse regional network: 37 AQS monitors around Atlanta, 2003 and 2005, on the 12 km grid of a CMAQ run.

    $(make -s engine-python) tests/benchmarks/skill/atlanta.py [--model M] [--every N] [--device D]

On most days 1 to 4 monitors report; every third day it is up to 36. Days with 20 readings or more are taken, every N-th of them;
none lies in the 20 days of the CMAQ file, June 2004, which has no readings. 10 folds of monitors, the same on all days; scores are
pooled over all days, as on one day a fold has two or three monitors. Kriging has the variogram of each day, or one
of all days together, fitted to the readings divided by the day's mean; the best of the four counts. Elevation and, in a further
row, wind speed at the monitors are those of the files.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from cross_validation import OUT, folds, judge_all, kilometres, krige_both, predict_left_out  # noqa: E402
from fields_figure import draw  # noqa: E402
from kriging import krige_with_common_variogram  # noqa: E402
from real_stations import COLUMNS, DATA  # noqa: E402
from tables import markdown, write_rows  # noqa: E402

from model_core.ctm.daily_store import open_store  # noqa: E402
from model_core.device import choose_device  # noqa: E402
from model_core.model_file import Model, load_model  # noqa: E402
from model_core.prediction import Predictor  # noqa: E402
from model_core.stations.gridding import grid_observations  # noqa: E402
from model_core.stations.observations import Observations, from_arrays  # noqa: E402

FEWEST = 20


def days_of(every: int, data: Path = DATA) -> list[tuple[str, pd.DataFrame]]:
    """(day, table) of every N-th of the days with enough readings."""
    table = pd.read_csv(data / "atlanta_cmaq" / "atlanta_aqs_pm25_2003_2005.csv")
    full = [(str(day), rows) for day, rows in table.groupby("date") if len(rows) >= FEWEST]
    return full[::every]


def rows_of(model: Model, device: str, every: int = 2, data: Path = DATA) -> list[dict[str, Any]]:
    """Pooled rows of all methods, and a figure of the day with the highest readings."""
    store = open_store([data / "atlanta_cmaq" / "atlanta12km_cmaq_pm25_20040601-20.nc"], ["pm25", "elevation"], None, _stores())
    grid, maps = store.grid, store.maps
    predictor = Predictor(model, grid, choose_device(device), covariates=maps)
    days = days_of(every, data)
    monitors = np.array(sorted({monitor for _, table in days for monitor in table.space_id}))
    fold_of = dict(zip(monitors, folds(np.arange(len(monitors)))))
    given = [(_observations(table), table.space_id.map(fold_of).to_numpy()) for _, table in days]
    pooled: dict[str, list[tuple[np.ndarray, Any]]] = {}
    for (_, table), (observations, fold) in zip(days, given):
        answers: dict[str, Any] = krige_both(observations, grid, fold)
        answers["model"] = predict_left_out(predictor, observations, fold)
        wind = from_arrays(table.lon, table.lat, table.wind, species="wind")
        answers["model with wind"] = predict_left_out(predictor, observations, fold, others={"wind": grid_observations(wind, grid)})
        for name, answer in answers.items():
            pooled.setdefault(name, []).append(answer)
    for kind in ("values", "logs"):
        pooled[f"kriging of {kind}, one variogram"] = krige_with_common_variogram(
            [kilometres(o, grid) for o, _ in given], [o.value for o, _ in given], [fold for _, fold in given], kind
        )
    observed = np.concatenate([o.value for o, _ in given])
    answers = {name: tuple(None if part[0] is None else np.concatenate(part) for part in zip(*several)) for name, several in pooled.items()}
    worst = int(np.argmax([o.value.mean() for o, _ in given]))
    draw(predictor, given[worst][0], OUT / "atlanta.png", f"PM2.5 on {days[worst][0]} around Atlanta")
    order = sorted(answers, key=lambda name: name.startswith("model"))
    return judge_all({name: answers[name] for name in order}, observed, {"day": f"{len(days)} days, {days[0][0]} to {days[-1][0]}", "scheme": "LSCV"})


def _observations(table: pd.DataFrame) -> Observations:
    return from_arrays(table.lon, table.lat, table.pm25_obs, id=table.space_id)


def _stores() -> Path:
    folder = OUT / "daily_fields"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--every", type=int, default=2)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--data", type=Path, default=DATA)
    options = parser.parse_args()
    rows = rows_of(load_model(options.model), options.device, options.every, options.data)
    write_rows(rows, OUT / "atlanta", COLUMNS)
    print(markdown(rows, COLUMNS))


if __name__ == "__main__":
    main()
