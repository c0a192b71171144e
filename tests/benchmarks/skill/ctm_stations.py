"""The model against ordinary kriging on pseudo-observations: held-out CTM days read where real stations stand.

    $(make -s engine-python) tests/benchmarks/skill/ctm_stations.py [--model M] [--days N] [--device D]

This is where choices are made, so that the real days stay unseen. The days are the last three of the real CMAQ days, regridded
to china12km, which no recipe trains on, and N simulated ones (default 12), spread over the files simulated*.nc in the folders
.build/model*: the last day of each, which is held out of trainings. If the model's card names any of these files, only those count.
Stations and cities are those of the Chinese network; each reads the field, bilinear between cells, with an error of
its own, log-normal with a spread of 8 to 15 %. Folds and scores are those of real_stations.py; the table has the means over
days: `ratio` is the mean of the days' ratios, `worst` the largest.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Iterator, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np  # noqa: E402
from command_line import COLUMNS, Setting, run  # noqa: E402
from cross_validation import OUT, ROOT, compare, on_grid  # noqa: E402
from real_stations import stations_of  # noqa: E402
from tables import write_rows  # noqa: E402

from model_core.ctm.daily_store import DailyStore, open_store  # noqa: E402
from model_core.grid import PRESETS, Grid  # noqa: E402
from model_core.model_file import Model  # noqa: E402
from model_core.stations.observations import Observations, from_arrays  # noqa: E402
from model_core.validation.places import at_stations  # noqa: E402

CMAQ, CMAQ_DAYS = Path("china_cmaq") / "china36km_cmaq_pm25_20200103-20.nc", 3
NOISE = (0.08, 0.15)  # of an instrument and its street, from station to station
_MEAN_COLUMNS = ("source", "scheme", "method", "days", *COLUMNS[4:], "worst")


def held_out_days(setting: Setting, simulated: int) -> Iterator[tuple[str, DailyStore, int]]:
    """(source, store, index) of the CMAQ days and of as many simulated days."""
    days = store_of(setting.data / CMAQ)
    for index in range(len(days) - CMAQ_DAYS, len(days)):
        yield "CMAQ", days, index
    for file in simulated_files(setting.model, simulated):
        days = store_of(file)
        yield "simulated", days, len(days) - 1


def simulated_files(model: Model, number: int) -> list[Path]:
    """Evenly chosen among the files that the model's card names, else among all that are there."""
    files = sorted((ROOT / ".build").glob("model*/simulated*.nc"))
    named = {name for source in model.card.get("training", {}).get("data", []) for name in (source.get("file"), *source.get("files", ()))}
    files = [file for file in files if file.name in named] or files
    return [files[i] for i in np.unique(np.linspace(0, len(files) - 1, min(number, len(files))).round().astype(int))] if files else []


def store_of(file: Path) -> DailyStore:
    """Daily fields of a CTM file on china12km, prepared once."""
    folder = OUT / "daily_fields"
    folder.mkdir(parents=True, exist_ok=True)
    return open_store([file], ["pm25", "rh", "wind", "land", "elevation"], PRESETS["china12km"], folder)


def pseudo_stations(field: np.ndarray, stations: Observations, grid: Grid, seed: int) -> Observations:
    """What the stations would have read of a field, with errors; stations where it is unknown are left out."""
    rng = np.random.default_rng(seed)
    value = at_stations(field, stations, grid) * np.exp(rng.normal(0, rng.uniform(*NOISE, len(stations))))
    known = np.isfinite(value)
    picked = stations.select(known)
    return from_arrays(picked.x, picked.y, np.maximum(value[known], 0), picked.crs, id=picked.id, group=picked.group)


def rows_by_day(setting: Setting, simulated: int) -> list[dict[str, Any]]:
    """Rows of every day."""
    grid, rows = PRESETS["china12km"], []
    predictor, stations = setting.predictor(grid), on_grid(stations_of("2018-02-20", setting.data), grid)
    for source, days, index in held_out_days(setting, simulated):
        readings = pseudo_stations(days.field("pm25", index), stations, grid, seed=index)
        rows += [{"source": source, "file": days.path.name, **row} for row in compare(predictor, readings, str(days.times[index]))]
        ratios = ", ".join(f"{row['scheme']} {row['ratio']:.3f}" for row in rows[-6:] if row["method"] == "model")
        print(f"{source} {days.times[index]}: {ratios}", file=sys.stderr, flush=True)
    return rows


def means(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Means over the days of each source and of all; `worst` is the largest ratio of a day."""
    table = []
    for source in [*dict.fromkeys(row["source"] for row in rows), "all"]:
        for scheme in dict.fromkeys(row["scheme"] for row in rows):
            for method in dict.fromkeys(row["method"] for row in rows):
                some = [r for r in rows if source in (r["source"], "all") and r["scheme"] == scheme and r["method"] == method]
                mean = {key: float(np.mean([r[key] for r in some])) for key in some[0] if isinstance(some[0][key], float)}
                table.append(
                    {
                        "source": source,
                        "scheme": scheme,
                        "method": method,
                        "days": len(some),
                        **mean,
                        "worst": max(r["ratio"] for r in some),
                    }
                )
    return table


def rows_of(setting: Setting, days: int = 12) -> list[dict[str, Any]]:
    """Means over days; the days themselves go to ctm_stations_by_day."""
    rows = rows_by_day(setting, days)
    write_rows(rows, OUT / "ctm_stations_by_day", ("source", *COLUMNS))
    return means(rows)


if __name__ == "__main__":
    run(rows_of, __doc__, "ctm_stations", _MEAN_COLUMNS, days=12)
