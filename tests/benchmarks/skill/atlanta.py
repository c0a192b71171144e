"""A sparse regional network: 37 AQS monitors around Atlanta, 2003 and 2005, on the 12 km grid of a CMAQ run.

    $(make -s engine-python) tests/benchmarks/skill/atlanta.py [--model M] [--every N] [--device D]

On most days 1 to 4 monitors report; every third day it is up to 36. Days with 20 readings or more are taken, every N-th of them;
none lies in the 20 days of the CMAQ file, June 2004, which has no readings. 10 folds of monitors, the same on all days; scores are
pooled over all days, as on one day a fold has two or three monitors. Kriging has the variogram of each day, or the
median of all days, or elevation as external drift; the best counts. Elevation and, in a further
row, wind speed at the monitors are those of the files.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from command_line import DATA, Setting, run  # noqa: E402
from cross_validation import OUT, folds, judge_all, krige_all, predict_left_out  # noqa: E402
from fields_figure import draw  # noqa: E402
from kriging import as_kriged, krige_left_out  # noqa: E402

from model_core.ctm.daily_store import open_store  # noqa: E402
from model_core.grid import Grid  # noqa: E402
from model_core.stations.gridding import grid_observations  # noqa: E402
from model_core.stations.observations import Observations, from_arrays  # noqa: E402
from model_core.validation.baselines.variogram import fit_exponential  # noqa: E402
from model_core.validation.distributions import Distribution  # noqa: E402
from model_core.validation.places import plane_km  # noqa: E402

FEWEST = 20
KINDS = ("values", "logs")


def days_of(every: int, data: Path = DATA) -> list[tuple[str, pd.DataFrame]]:
    """(day, table) of every N-th of the days with enough readings."""
    table = pd.read_csv(data / "atlanta_cmaq" / "atlanta_aqs_pm25_2003_2005.csv")
    full = [(str(day), rows) for day, rows in table.groupby("date") if len(rows) >= FEWEST]
    return full[::every]


def rows_of(setting: Setting, every: int = 4) -> list[dict[str, Any]]:
    """Pooled rows of all methods, and a figure of the day with the highest readings."""
    store = open_store([setting.data / "atlanta_cmaq" / "atlanta12km_cmaq_pm25_20040601-20.nc"], ["pm25", "elevation"], None, stores())
    grid, maps = store.grid, store.maps
    predictor = setting.predictor(grid, covariates=maps)
    days = days_of(every, setting.data)
    monitors = np.array(sorted({monitor for _, table in days for monitor in table.space_id}))
    fold_of = dict(zip(monitors, folds(np.arange(len(monitors)))))
    given = [(observations_of(table), table.space_id.map(fold_of).to_numpy()) for _, table in days]
    common = {kind: common_variogram(given, grid, kind) for kind in KINDS}
    several: dict[str, list[Distribution]] = {}
    for (_, table), (observations, fold) in zip(days, given):
        answers: dict[str, Distribution] = krige_all(observations, predictor, fold)
        for kind, variogram in common.items():
            scaled = _in_variances(variogram, as_kriged(observations.value, kind))
            answers[f"kriging of {kind}, one variogram"] = krige_left_out(
                plane_km(observations, grid), observations.value, fold, kind, variogram=scaled
            )
        answers["model"] = predict_left_out(predictor, observations, fold)
        wind = from_arrays(table.lon, table.lat, table.wind, species="wind")
        answers["model with wind"] = predict_left_out(predictor, observations, fold, others={"wind": grid_observations(wind, grid)})
        for name, answer in answers.items():
            several.setdefault(name, []).append(answer)
    pooled = {
        name: replace(parts[0], mean=np.concatenate([part.mean for part in parts]), sd=np.concatenate([part.sd for part in parts]))
        for name, parts in several.items()
    }
    highest = int(np.argmax([o.value.mean() for o, _ in given]))
    draw(predictor, given[highest][0], OUT / "atlanta.png", f"PM2.5 on {days[highest][0]} around Atlanta")
    observed = np.concatenate([o.value for o, _ in given])
    return judge_all(pooled, observed, {"day": f"{len(days)} days, {days[0][0]} to {days[-1][0]}", "scheme": "LSCV"})


def common_variogram(given: list[tuple[Observations, np.ndarray]], grid: Grid, kind: str) -> dict[str, float]:
    """The median of the days' variograms, with nugget and sill in variances of the day's readings."""
    fitted = []
    for observations, _ in given:
        value = as_kriged(observations.value, kind)
        variogram = fit_exponential(plane_km(observations, grid), value)
        fitted.append([variogram["psill"] / value.var(), variogram["range"], variogram["nugget"] / value.var()])
    return dict(zip(("psill", "range", "nugget"), np.median(fitted, axis=0)))


def _in_variances(variogram: dict[str, float], value: np.ndarray) -> dict[str, float]:
    return variogram | {key: float(variogram[key] * value.var()) for key in ("psill", "nugget")}


def observations_of(table: pd.DataFrame) -> Observations:
    """The readings of a day."""
    return from_arrays(table.lon, table.lat, table.pm25_obs, id=table.space_id)


def stores() -> Path:
    """The folder of the prepared days."""
    folder = OUT / "daily_fields"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    run(rows_of, __doc__, "atlanta", every=4)
