"""Truth between the stations: cities left out in several draws of the folds, thinned networks, and scores by distance.

    $(make -s engine-python) tests/benchmarks/skill/between_stations.py [--model M] [--draws N] [--device D]

On the shared days: two of China (cities), one of the United States (metropolitan areas, and states), and days around Atlanta, whose
monitors stand alone. `CV` leaves each city out once, in ten folds, N times with other folds (seeds 0 to N - 1). `15 given` and so on
give that many cities and ask for all other stations, N times. Everything is made by `crossvalidate` itself, with its own kriging:
ordinary (ok, oklog) and with the model's maps as external drift (ked, kedlog). `kriging inside` is the model without its network's correction. `ratio` is the RMSE over that of the best of the four,
all draws together, `worst` that of the worst draw against the best of that draw. The `pooled` ratio is the root mean square of those of
the days above it, so that days count alike whatever their level.

`by_distance` has the cross-validations of all days by the distance to the nearest station that was given: `nmb` is the bias over the
mean observed, `nmb_se` its standard error with cities as clusters (`class_scores.bias_with_error`).
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Iterator, NamedTuple, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import atlanta  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import usa  # noqa: E402
from command_line import Setting, run  # noqa: E402
from cross_validation import KRIGING_CACHE, on_grid  # noqa: E402
from kriging import once  # noqa: E402
from real_stations import DAYS, stations_of  # noqa: E402

from model_core.ctm.daily_store import open_store  # noqa: E402
from model_core.days import parse_day  # noqa: E402
from model_core.grid import PRESETS, parse_grid  # noqa: E402
from model_core.network.trust import KRIGING_ALONE  # noqa: E402
from model_core.stations.daily import not_below_zero  # noqa: E402
from model_core.validation.class_scores import class_scores  # noqa: E402
from model_core.validation.classes import groupings  # noqa: E402
from model_core.validation.cross_validation import CrossValidation, Day, cross_validate  # noqa: E402
from model_core.validation.splits import Scheme  # noqa: E402

KRIGING = ("ok", "oklog", "ked", "kedlog")
INSIDE = "kriging inside"
DRAWS, GIVEN = 5, (15, 40, 100)
COLUMNS = ("day", "scheme", "method", "n", "rmse", "ratio", "worst", "nmb", "coverage_90", "crps", "crps_ratio")
DISTANCE_COLUMNS = ("day", "distance", "method", "n", "clusters", "rmse", "ratio", "nmb", "nmb_se", "coverage_90", "crps", "crps_ratio")
_ATLANTA_EVERY = 12
_kept: dict[tuple[int, int], list[tuple[str, str, CrossValidation]]] = {}


class Case(NamedTuple):
    """Days that are judged together.

    `given` : numbers of groups that thinned networks have; none where groups are too few or too unlike, such as states.
    """

    name: str
    predictor: Any
    days: list[Day]
    given: tuple[int, ...]


def cases(setting: Setting) -> Iterator[Case]:
    """The shared days."""
    grid = PRESETS["china12km"]
    predictor = setting.predictor(grid)
    for day in DAYS:
        yield Case(f"China {day}", predictor, [Day(on_grid(stations_of(day, setting.data), grid), date=parse_day(day))], GIVEN)
    grid, sites = parse_grid(usa.GRID), usa.site_means(usa.aqs_rows(setting.data))
    predictor = setting.predictor(grid, covariates=usa.maps_of(grid, setting.data))
    for group, given in (("city", GIVEN), ("state", ())):
        readings = not_below_zero(usa.observations_of(sites, grid, group))  # as `crossvalidate` reads them
        yield Case(f"USA {usa.DAY}, {group}", predictor, [Day(readings, date=parse_day(usa.DAY))], given)
    file = setting.data / "atlanta_cmaq" / "atlanta12km_cmaq_pm25_20040601-20.nc"
    store = open_store([file], ["pm25", "elevation"], None, atlanta.stores())
    days = [Day(atlanta.observations_of(table), date=parse_day(day)) for day, table in atlanta.days_of(_ATLANTA_EVERY, setting.data)]
    yield Case(f"Atlanta, {len(days)} days", setting.predictor(store.grid, covariates=store.maps), days, (15,))


def validations(setting: Setting, draws: int) -> list[tuple[str, str, CrossValidation]]:
    """(day, scheme, what was found) of every case; the draws are numbered by `draw` in the table. Made once."""
    if (id(setting), draws) not in _kept:
        found = _kept[id(setting), draws] = []
        for case in cases(setting):
            folds = "stations" if case.days[0].observations.group is None else "groups"
            several = [_found(case, Scheme(folds, 10, seed)) for seed in range(draws)]
            tables = [one.table.assign(draw=seed) for seed, one in enumerate(several)]
            found.append((case.name, "CV", replace(several[0], table=pd.concat(tables, ignore_index=True))))
            if case.given:
                thinned = _found(case, Scheme("thin", given=case.given, draws=draws))
                for size, table in thinned.table.groupby("given"):
                    of_size = table.assign(draw=table["fold"]).reset_index(drop=True)
                    found.append((case.name, f"{size} given", replace(thinned, table=of_size)))
            print(f"{case.name}: done", file=sys.stderr, flush=True)
    return _kept[id(setting), draws]


def _found(case: Case, scheme: Scheme) -> CrossValidation:
    """What `crossvalidate` finds; its kriging is kept for the next model."""
    days, grid, maps = case.days, case.predictor.grid, case.predictor.maps
    columns = [*KRIGING, *(f"{name}_sd" for name in KRIGING)]

    def kriged() -> tuple[np.ndarray, ...]:
        table = cross_validate(days, grid, None, scheme, baselines=KRIGING, maps=maps).table
        return tuple(table[column].to_numpy(float) for column in columns)

    found = _with_inside(case, scheme, cross_validate(days, grid, case.predictor, scheme, baselines=(), maps=maps))
    told = found.table[["x", "y", "observed", "fold", *found.maps]].to_numpy(float)
    kept = once(kriged, KRIGING_CACHE, (scheme, [str(day.date) for day in days]), told)
    return replace(found, table=found.table.assign(**dict(zip(columns, kept))), methods=(*found.methods, *KRIGING))


def _with_inside(case: Case, scheme: Scheme, found: CrossValidation) -> CrossValidation:
    """The same with a method more, the model without its network's correction; where nothing is corrected that is the model itself."""
    inside = found
    if case.predictor.trust != KRIGING_ALONE and case.predictor.corrects_kriging:
        inside = cross_validate(
            case.days, case.predictor.grid, case.predictor, scheme, baselines=(), maps=case.predictor.maps, analysis="kriging"
        )
    columns = {INSIDE: inside.table["predicted"], f"{INSIDE}_sd": inside.table["sd"]}
    return replace(found, table=found.table.assign(**columns), methods=(*found.methods, INSIDE))


def rows_of(setting: Setting, draws: int = DRAWS) -> list[dict[str, Any]]:
    """A row for each day, scheme and method, and pooled ones for all folds and all thinned networks."""
    rows = []
    for day, scheme, result in validations(setting, draws):
        of_day = _judged(result, {"day": day, "scheme": scheme})
        worst = [_judged(replace(result, table=table.reset_index(drop=True)), {}) for _, table in result.table.groupby("draw")]
        for number, row in enumerate(of_day):
            row["worst"] = max(one[number]["ratio"] for one in worst)
        rows += of_day
    return rows + _pooled(rows, "CV", ["CV"]) + _pooled(rows, "thinned", [f"{size} given" for size in GIVEN])


def distance_rows_of(setting: Setting, draws: int = DRAWS) -> list[dict[str, Any]]:
    """The model's row of each day and distance, and a row for each method of all days together, without the states."""
    found = [(day, result) for day, scheme, result in validations(setting, draws) if scheme == "CV" and not day.endswith("state")]
    together = replace(found[0][1], table=pd.concat([one.table for _, one in found], ignore_index=True), maps=())
    rows = []
    for day, result in [*found, ("pooled", together)]:
        of_distance = [grouping for grouping in groupings(result) if grouping.name == "distance"]
        for distance in of_distance[0].classes:
            of_class = [row for row in class_scores(result, of_distance) if row["class"] == distance]
            judged = _with_ratios([{"day": day, "distance": distance, **row} for row in of_class])
            rows += [row for row in judged if day == "pooled" or row["method"] == "model"]
    return rows + _judged(together, {"day": "pooled", "distance": "all"})


def _judged(result: CrossValidation, labels: dict[str, Any]) -> list[dict[str, Any]]:
    """A row for each method over all readings."""
    table = replace(result, table=result.table.assign(given=0))  # one class of all
    return _with_ratios([{**labels, **row} for row in class_scores(table, [one for one in groupings(table) if one.name == "given"])])


def _with_ratios(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if not rows:
        return rows
    best = {key: min(row[key] for row in rows if row["method"] in KRIGING) for key in ("rmse", "crps")}
    return [{**row, "ratio": row["rmse"] / best["rmse"], "crps_ratio": row["crps"] / best["crps"]} for row in rows]


def _pooled(rows: Sequence[dict[str, Any]], name: str, schemes: list[str]) -> list[dict[str, Any]]:
    """The root mean square of the ratios of each method over the rows of some schemes."""
    made = []
    for method in dict.fromkeys(row["method"] for row in rows):
        some = [row for row in rows if row["method"] == method and row["scheme"] in schemes]
        ratios = {key: float(np.sqrt(np.mean([row[key] ** 2 for row in some]))) for key in ("ratio", "crps_ratio")}
        made.append({"day": "pooled", "scheme": name, "method": method, **ratios, "worst": max(row["worst"] for row in some)})
    return made


if __name__ == "__main__":
    run(rows_of, __doc__, "between_stations", COLUMNS, draws=DRAWS)
