"""The model against ordinary kriging on pseudo-observations: held-out CTM days read where real stations stand.

    $(make -s engine-python) tests/benchmarks/skill/ctm_stations.py [--model M] [--ctm FILES] [--days N] [--device D]

This is where choices are made, so that the real days stay unseen. The days are those that were held out of every training by the
recipe: the last three of the real CMAQ days, regridded to china12km, and of each simulated file the last day (its last 15 % are
held out; --days N takes N of them). Stations and cities are those of the Chinese network; each reads its cell's value, bilinear between
cells, with an error of its own, log-normal with a spread of 8 to 15 %. Folds and scores are those of real_stations.py. Last come
the means over days: `ratio` is the mean of the days' ratios.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any, Iterator, Sequence

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from cross_validation import OUT, at_stations, compare, on_grid  # noqa: E402
from real_stations import DATA, stations_of  # noqa: E402
from tables import markdown, write_rows  # noqa: E402

from model_core.ctm.daily_store import DailyStore, open_store  # noqa: E402
from model_core.device import choose_device  # noqa: E402
from model_core.grid import PRESETS, Grid  # noqa: E402
from model_core.model_file import Model, load_model  # noqa: E402
from model_core.prediction import Predictor  # noqa: E402
from model_core.stations.observations import Observations, from_arrays  # noqa: E402

CMAQ = Path("china_cmaq") / "china36km_cmaq_pm25_20200103-20.nc"
STORES = OUT / "daily_fields"
HELD_OUT_SHARE = 0.15  # as the configuration of the bundled model has it
NOISE = (0.08, 0.15)  # of an instrument and its street, from station to station
COLUMNS = ("source", "scheme", "method", "days", "rmse", "ratio", "r2_det", "coverage_90", "width_90", "crps", "crps_ratio", "worst")


def held_out_days(files: Sequence[Path], grid: Grid, per_file: int | None) -> Iterator[tuple[str, DailyStore, int]]:
    """(source, store, index) of the last 15 % of each file's days, or the last `per_file` of these."""
    STORES.mkdir(parents=True, exist_ok=True)
    for file in files:
        store = open_store([file], ["pm25", "rh", "wind", "land"], grid, STORES)
        held = max(1, round(len(store) * HELD_OUT_SHARE))
        for index in range(len(store) - min(held, per_file or held), len(store)):
            yield ("CMAQ" if "cmaq" in file.name else "simulated"), store, index


def pseudo_stations(field: np.ndarray, stations: Observations, grid: Grid, seed: int) -> Observations:
    """What the stations would have read of a field, with errors; stations where it is unknown are left out."""
    rng = np.random.default_rng(seed)
    value = at_stations(field, stations, grid) * np.exp(rng.normal(0, rng.uniform(*NOISE, len(stations))))
    known = np.isfinite(value)
    picked = stations.select(known)
    return from_arrays(picked.x, picked.y, np.maximum(value[known], 0), picked.crs, id=picked.id, group=picked.group)


def rows_of(model: Model, files: Sequence[Path], device: str, per_file: int | None, data: Path = DATA) -> list[dict[str, Any]]:
    """Rows of every day."""
    grid = PRESETS["china12km"]
    predictor, stations, rows = Predictor(model, grid, choose_device(device)), on_grid(stations_of("2018-02-20", data), grid), []
    for source, store, index in held_out_days(files, grid, per_file):
        readings = pseudo_stations(store.field("pm25", index), stations, grid, seed=index)
        day = str(store.times[index])
        rows += [{"source": source, **row} for row in compare(predictor, readings, day)]
        ratios = ", ".join(f"{row['scheme']} {row['ratio']:.3f}" for row in rows[-6:] if row["method"] == "model")
        print(f"{source} {day}: {ratios}", file=sys.stderr, flush=True)
    return rows


def means(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Means over the days of each source and of all; `worst` is the largest ratio of a day."""
    table = []
    for source in [*dict.fromkeys(row["source"] for row in rows), "all"]:
        for scheme in dict.fromkeys(row["scheme"] for row in rows):
            for method in dict.fromkeys(row["method"] for row in rows):
                some = [r for r in rows if source in (r["source"], "all") and r["scheme"] == scheme and r["method"] == method]
                mean = {key: float(np.mean([r[key] for r in some])) for key in some[0] if isinstance(some[0][key], float)}
                table.append({"source": source, "scheme": scheme, "method": method, "days": len(some), **mean,
                              "worst": max(r["ratio"] for r in some)})
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--ctm", type=Path, nargs="*", help="CTM files; default: the CMAQ days and .build/model/simulated*.nc")
    parser.add_argument("--days", type=int, default=1, help="of each file, the last of those held out; the CMAQ file always gives three")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--data", type=Path, default=DATA)
    options = parser.parse_args()
    begin, model = time.perf_counter(), load_model(options.model)
    files = options.ctm or sorted((ROOT / ".build" / "model").glob("simulated*.nc"))
    rows = [] if options.ctm else rows_of(model, [options.data / CMAQ], options.device, None, options.data)
    rows += rows_of(model, files, options.device, options.days, options.data)
    table = means(rows)
    write_rows(rows, OUT / "ctm_stations_by_day", ("source", "day", *COLUMNS[1:3], *COLUMNS[4:-1]))
    write_rows(table, OUT / "ctm_stations", COLUMNS)
    print(markdown(table, COLUMNS))
    print(f"{time.perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    main()
