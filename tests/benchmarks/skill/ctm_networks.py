"""What the network adds to its own kriging where a CTM knows the truth: networks of all sizes on held-out days, at stations and over all land.

    $(make -s engine-python) tests/benchmarks/skill/ctm_networks.py [--model M] [--worlds N] [--device D]

The days are the last three of the real CMAQ days, which no recipe trains on, and one of each of N simulated worlds (default 8) of seeds that no recipe
has, made once. Stations are those of the Chinese network, read as in ctm_stations.py. They are left out one by one and city by city, in ten folds, and 15, 40 or
100 cities are given and all other stations asked. `land` is all land, compared with the CTM's field itself. `ratio` is the RMSE over that of the kriging that the
network corrects, the root mean square over days, `worst` that of the worst day; `near` is the ratio of left-out readings within 25 km of the next one that was given.
`to_alone` is the RMSE over that of the model's kriging where it is taken alone (`--analysis kriging`), which may be another one (`network.local_slopes`).
Choices of how far the correction acts are made here (`resources/recipes/after_training.py`), so that the real days stay unseen.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Any, Iterator, Sequence

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "resources" / "recipes")]

import numpy as np  # noqa: E402
from command_line import Setting, run  # noqa: E402
from cross_validation import OUT, folds, on_grid  # noqa: E402
from ctm_stations import held_out_days, pseudo_stations, store_of  # noqa: E402
from make_model import simulate_runs  # noqa: E402
from real_stations import stations_of  # noqa: E402
from scipy.spatial import cKDTree  # noqa: E402

from model_core.grid import PRESETS, Grid  # noqa: E402
from model_core.network.trust import KRIGING_ALONE  # noqa: E402
from model_core.prediction import Predictor  # noqa: E402
from model_core.stations.gridding import grid_observations  # noqa: E402
from model_core.stations.observations import Observations  # noqa: E402
from model_core.validation.places import at_stations, plane_km, station_names  # noqa: E402

COLUMNS = ("source", "scheme", "days", "rmse", "ratio", "worst", "near", "to_alone")
GIVEN, NEAR_KM = (15, 40, 100), 25.0
_SEED, _MONTHS = 4000, (1, 4, 7, 10)


def rows_of(setting: Setting, worlds: int = 8) -> list[dict[str, Any]]:
    """A row for each source and scheme."""
    grid = PRESETS["china12km"]
    predictor, stations = setting.predictor(grid), on_grid(stations_of("2018-02-20", setting.data), grid)
    found: dict[tuple[str, str], list[tuple[np.ndarray, np.ndarray]]] = {}
    for number, (source, truth, land) in enumerate(_days(setting, worlds)):
        readings = pseudo_stations(truth, stations, grid, seed=number)
        for scheme, errors in _errors(predictor, readings, np.where(land, truth, np.nan), seed=number):
            found.setdefault((source, scheme), []).append(errors)
        print(f"{source} {number}", file=sys.stderr, flush=True)
    return [{"source": source, "scheme": scheme, **_judged(errors)} for (source, scheme), errors in found.items()]


def _days(setting: Setting, worlds: int) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """(source, field, land) of the CMAQ days and of a day of each world."""
    for source, store, index in held_out_days(setting, 0):
        yield source, store.field("pm25", index), store.maps["land"] > 0.5
    for file in _simulated(setting, worlds):
        store = store_of(file)
        yield "simulated", store.field("pm25", len(store) - 1), store.maps["land"] > 0.5


def _simulated(setting: Setting, worlds: int) -> Iterator[Path]:
    folder = OUT / "other_worlds"
    folder.mkdir(parents=True, exist_ok=True)
    yield from simulate_runs(
        setting.data, folder, [(date(2017, _MONTHS[number % len(_MONTHS)], 10), _SEED + number) for number in range(worlds)]
    )


def _errors(
    predictor: Predictor, readings: Observations, truth: np.ndarray, seed: int
) -> Iterator[tuple[str, tuple[np.ndarray, np.ndarray]]]:
    """(scheme, (squared errors of `fields` (3, asked), distance of each asked place to the next reading given in km; of land 0))."""
    grid, rng, known = predictor.grid, np.random.default_rng(seed), np.isfinite(truth)
    alone = predictor.trusting(KRIGING_ALONE)
    cities = np.unique(readings.group)

    def fields(given: np.ndarray) -> list[np.ndarray]:
        """With the correction, without it, and of kriging alone."""
        day = {"pm25": grid_observations(readings.select(given), grid)}
        (parts,) = predictor.parts([day])
        return [np.maximum(parts.field, 0), parts.background, alone.predict([day])[0].field]

    def at_others(given: np.ndarray, made: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        asked = readings.select(~given)
        squares = np.stack([(at_stations(field, asked, grid) - asked.value) ** 2 for field in made])
        return squares, _nearest_km(asked, readings.select(given), grid)

    for scheme, key in (("stations left out", station_names(readings)), ("cities left out", readings.group)):
        fold = folds(key)
        parts = [at_others(fold != one, fields(fold != one)) for one in np.unique(fold)]
        yield scheme, tuple(np.concatenate(column, axis=-1) for column in zip(*parts))
    for number in (*GIVEN, len(cities)):
        given = np.isin(readings.group, rng.choice(cities, number, replace=False))
        made = fields(given)
        if number < len(cities):
            yield f"{number} cities given", at_others(given, made)
        squares = np.stack([(field - truth)[known] ** 2 for field in made])
        yield f"land, {number if number < len(cities) else 'all'} cities given", (squares, np.zeros(known.sum()))


def _nearest_km(asked: Observations, given: Observations, grid: Grid) -> np.ndarray:
    return cKDTree(plane_km(given, grid)).query(plane_km(asked, grid))[0]


def _judged(days: Sequence[tuple[np.ndarray, np.ndarray]]) -> dict[str, Any]:
    """RMSE of the model, the mean of days, and its ratios to the krigings."""
    rmse = np.array([np.sqrt(squares.mean(axis=1)) for squares, _ in days])
    ratios = rmse[:, :1] / rmse[:, 1:]
    near = [squares[:, km < NEAR_KM].sum(axis=1) for squares, km in days if km.any() and (km < NEAR_KM).any()]
    near = np.sqrt(np.mean([of_model / of_kriging for of_model, of_kriging, _ in near])) if near else float("nan")
    return {
        "days": len(days),
        "rmse": float(rmse[:, 0].mean()),
        "ratio": float(np.sqrt((ratios[:, 0] ** 2).mean())),
        "worst": float(ratios[:, 0].max()),
        "near": float(near),
        "to_alone": float(np.sqrt((ratios[:, 1] ** 2).mean())),
    }


if __name__ == "__main__":
    run(rows_of, __doc__, "ctm_networks", COLUMNS, worlds=8)
