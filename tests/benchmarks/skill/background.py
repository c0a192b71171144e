"""What a CTM's field of the day is worth as background: simulated days with backgrounds from excellent to useless, and an American day.

    $(make -s engine-python) tests/benchmarks/skill/background.py [--model M] [--draws N] [--device D]

Simulated days over China's relief are read at the places of the Chinese network, with errors of 8 %. 15, 40 or 100 cities are given,
or nine cities in ten, N times; the other stations are asked for (`stations`), and the whole land without noise (`land`). The background
is the day itself, degraded (`model_core.background.degrading`): `excellent`, `good`, `fair` and `poor` are severities of 0.1, 0.25, 0.5
and 1.2, `other day` is a day of another season, `useless` a random field. `share` is what the model took of it on average. Ratios are
root mean squares over days and draws of the model's RMSE with the background: over that without it (`to_without`, `land`), and over
those of methods that have it too: the better regression kriging of values and of logs (`to_rk`), `evna`, `avna`, and the background
itself (`to_ctm`). `worst` is the worst day and draw of `to_without`.

The American day is 15 January 2016 with CMAQ's field of 108 km, ten folds of stations and of metropolitan areas. It is for judging only.
So are two Chinese days with a climatology, the mean of CMAQ's January 2020 of 36 km: ten folds of cities, and 15, 40 and 100 cities given, twice.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Iterator

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np  # noqa: E402
import usa  # noqa: E402
from command_line import Setting, run  # noqa: E402
from cross_validation import on_grid  # noqa: E402
from ctm_stations import CMAQ, store_of  # noqa: E402
from real_stations import DAYS, stations_of  # noqa: E402

from model_core.background.degrading import degrade  # noqa: E402
from model_core.background.given import with_background  # noqa: E402
from model_core.background.reading import background_days  # noqa: E402
from model_core.days import parse_day  # noqa: E402
from model_core.grid import PRESETS, parse_grid  # noqa: E402
from model_core.progress import Progress  # noqa: E402
from model_core.simulation.days import simulate_days  # noqa: E402
from model_core.simulation.terrain import Terrain  # noqa: E402
from model_core.stations.daily import not_below_zero  # noqa: E402
from model_core.stations.gridding import grid_observations  # noqa: E402
from model_core.training.variety import random_field  # noqa: E402
from model_core.validation.baselines import predict_baselines  # noqa: E402
from model_core.validation.cross_validation import Day, cross_validate  # noqa: E402
from model_core.validation.places import at_stations, plane_km  # noqa: E402
from model_core.validation.splits import Scheme  # noqa: E402

DRAWS, GIVEN, READING_ERROR = 1, (15, 40, 100, 0), 0.08
_CLIMATOLOGY_DRAWS = 2
# In pairs of opposite seasons.
STARTS = (date(2018, 1, 20), date(2019, 6, 20), date(2017, 4, 20), date(2017, 10, 20), date(2019, 12, 10), date(2018, 7, 10))
SEVERITY = {"excellent": 0.1, "good": 0.25, "fair": 0.5, "poor": 1.2}
LEVELS = (*SEVERITY, "other day", "useless")
_WITH_IT = ("rk", "rklog", "evna", "avna", "ctm")
COLUMNS = ("case", "background", "share", "n", "rmse", "to_without", "worst", "land", "to_rk", "to_evna", "to_avna", "to_ctm")


def rows_of(setting: Setting, draws: int = DRAWS) -> list[dict[str, Any]]:
    """A row for each number of cities and each background, and those of the American day."""
    found = list(simulated(setting, draws))
    rows = []
    for given in GIVEN:
        for level in LEVELS:
            some = [one for one in found if one["given"] == given and one["background"] == level]
            row = {"case": f"{given} cities" if given else "nine cities in ten", "background": level, "n": sum(one["n"] for one in some)}
            row |= {key: float(np.mean([one[key] for one in some])) for key in ("share", "rmse")}
            keys = ("to_without", "land", "to_rk", "to_evna", "to_avna", "to_ctm")
            row |= {key: float(np.sqrt(np.mean([one[key] ** 2 for one in some]))) for key in keys}
            rows.append(row | {"worst": max(one["to_without"] for one in some)})
    return rows + american(setting) + climatology(setting)


def simulated(setting: Setting, draws: int) -> Iterator[dict[str, Any]]:
    """One result for each day, network and background."""
    grid = PRESETS["china12km"]
    predictor = setting.predictor(grid)
    maps = {name: np.nan_to_num(predictor.maps[name]) for name in ("elevation", "urban")}
    terrain = Terrain.from_arrays(maps["elevation"], maps["urban"])
    stations = on_grid(stations_of(next(iter(DAYS)), setting.data), grid)
    worlds = [[day.pm25 for day in simulate_days(grid, start, 5, 20 + n, terrain)] for n, start in enumerate(STARTS)]
    for number, world in enumerate(worlds):
        truth, other_season = world[1], worlds[number ^ 1][1]
        for draw in range(draws):
            rng = np.random.default_rng([number, draw])
            at = at_stations(truth, stations, grid)
            read = replace(stations, value=at * np.exp(READING_ERROR * rng.standard_normal(len(at))))
            backgrounds = {
                level: degrade(truth, severity, rng, urban=maps["urban"], other=world[4]) for level, severity in SEVERITY.items()
            }
            backgrounds |= {"other day": other_season, "useless": 30 * np.exp(random_field(truth.shape, rng))}
            for given in GIVEN:
                cities = np.unique(read.group)
                chosen = np.isin(read.group, rng.choice(cities, given or len(cities) * 9 // 10, replace=False))
                yield from _network(
                    predictor, read, chosen, at, truth, terrain.land, backgrounds, {"given": given, "day": number, "draw": draw}
                )
                print(f"day {number}, draw {draw}, {given or 'most'} cities: done", file=sys.stderr, flush=True)


def _network(
    predictor: Any,
    read: Any,
    chosen: np.ndarray,
    at: np.ndarray,
    truth: np.ndarray,
    land: np.ndarray,
    backgrounds: dict[str, np.ndarray],
    labels: dict[str, Any],
) -> Iterator[dict[str, Any]]:
    grid, position = predictor.grid, plane_km(read, predictor.grid)
    gridded = grid_observations(read.select(chosen), grid)

    def errors(field: np.ndarray) -> tuple[float, float]:
        at_asked = at_stations(field, read.select(~chosen), grid)
        return _rms(at_asked - at[~chosen]), _rms((field - truth)[land])

    without = errors(predictor.predict([{"pm25": gridded}])[0].field)
    for level, background in backgrounds.items():
        given, trust = with_background(gridded, background, predictor)
        stations, over_land = errors(predictor.predict([{"pm25": given}])[0].field)
        modelled = at_stations(background, read, grid)
        said = predict_baselines(_WITH_IT, position[chosen], read.value[chosen], position[~chosen], modelled[chosen], modelled[~chosen])
        rmse = {name: _rms(one.mean - at[~chosen]) for name, one in said.items()}
        yield {
            **labels,
            "background": level,
            "share": trust.share,
            "n": int((~chosen).sum()),
            "rmse": stations,
            "to_without": stations / without[0],
            "land": over_land / without[1],
            "to_rk": stations / min(rmse["rk"], rmse["rklog"]),
            **{f"to_{name}": stations / max(rmse[name], 1e-9) for name in ("evna", "avna", "ctm")},
        }


def american(setting: Setting) -> list[dict[str, Any]]:
    """The American day, with the field of CMAQ and without."""
    grid = parse_grid(usa.GRID)
    predictor = setting.predictor(grid, covariates=usa.maps_of(grid, setting.data))
    sites = not_below_zero(usa.observations_of(usa.site_means(usa.aqs_rows(setting.data)), grid))
    file, day = next((setting.data / "us_cmaq").glob("dailyavg*.nc")), parse_day(usa.DAY)
    days = background_days({"background": [str(file)]}, "pm25", grid, Progress())
    return [
        {"case": f"USA {usa.DAY}, {scheme} left out", "background": "CMAQ, 108 km", **row}
        for scheme in ("stations", "groups")
        for _, row in _validated(predictor, sites, day, lambda: days.field(day), Scheme(scheme))
    ]


def climatology(setting: Setting) -> list[dict[str, Any]]:
    """Two Chinese days with the mean of CMAQ's days of another January."""
    grid, store = PRESETS["china12km"], store_of(setting.data / CMAQ)
    predictor = setting.predictor(grid)
    mean = np.mean([store.field("pm25", index) for index in range(len(store))], axis=0)
    return [
        {"case": f"China {day}, {f'{given} cities' if given else 'groups left out'}", "background": "CMAQ, mean January", **row}
        for day in DAYS
        for scheme in (Scheme("groups"), Scheme("thin", given=GIVEN[:3], draws=_CLIMATOLOGY_DRAWS))
        for given, row in _validated(predictor, on_grid(stations_of(day, setting.data), grid), parse_day(day), lambda: mean, scheme)
    ]


def _validated(predictor: Any, stations: Any, day: date, field: Any, scheme: Scheme) -> Iterator[tuple[int, dict[str, Any]]]:
    """(cities given, or 0, and what was found) of each network of a scheme, with the background that `field` gives."""
    result, plain = (
        cross_validate([one], predictor.grid, predictor, scheme, baselines=baselines)
        for one, baselines in ((Day(stations, date=day, ctm=field, background=field), _WITH_IT), (Day(stations, date=day), ()))
    )
    observed, known = result.table["observed"].to_numpy(float), np.isfinite(result.prediction("ctm"))
    networks = result.table["given"].to_numpy(int) if "given" in result.table else np.zeros(len(observed), int)
    for given in np.unique(networks):
        asked = known & (networks == given)
        rmse = {name: _rms((result.prediction(name) - observed)[asked]) for name in result.methods}
        yield (
            int(given),
            {
                "share": float(result.table["background_share"][asked].mean()),
                "n": int(asked.sum()),
                "rmse": rmse["model"],
                "to_without": rmse["model"] / _rms((plain.prediction("model") - observed)[asked]),
                "to_rk": rmse["model"] / min(rmse["rk"], rmse["rklog"]),
                **{f"to_{name}": rmse["model"] / rmse[name] for name in ("evna", "avna", "ctm")},
            },
        )


def _rms(errors: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(errors))))


if __name__ == "__main__":
    run(rows_of, __doc__, "background", COLUMNS, draws=DRAWS)
