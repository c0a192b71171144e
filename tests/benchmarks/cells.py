"""Peak memory and time of one day against the number of cells: China from 48 km down to 6 km.

    $(make -s engine-python) tests/benchmarks/cells.py [--kilometres 48 24 12 6] [--model M] [--memory MB]

Each size in a process of its own, from the station table to the GeoTIFF, so that the peak is that of a run as a user makes
it. The last grid is predicted once more with a limit of memory, in overlapping tiles. What the interpreter and the
libraries take is told apart: it does not grow.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import china
from machine import in_own_process, peak_mb
from rows import Row, record


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kilometres", type=float, nargs="+", default=[48, 24, 12, 6])
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--memory", type=int, default=400, help="limit in MB for the last grid's tiles")
    parser.add_argument("--one", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--limit", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one_day(options.one, options.model, options.limit)))
        return 0
    first = None
    for kilometres in options.kilometres:
        run = in_own_process(__file__, "--one", kilometres, "--model", options.model)
        first = first or run
        record(*rows_of(run, first, f"{kilometres:g} km"))
    limited = in_own_process(__file__, "--one", kilometres, "--model", options.model, "--limit", options.memory)
    record(
        Row(
            f"one day, {kilometres:g} km cells in tiles: peak memory above the libraries",
            limited["peak"] - limited["libraries"],
            "MB",
            (limited["peak"] - limited["libraries"]) / max(run["peak"] - run["libraries"], 1),
            "the same without a limit",
            note=f"limit for the prediction {options.memory} MB; {limited['seconds'] / run['seconds']:.2f} x the time",
        )
    )
    return 0


def rows_of(run: dict, first: dict, size: str) -> list[Row]:
    """Memory and time of a run, each as a multiple of the first grid's."""
    cells = run["rows"] * run["columns"]
    about = f"{run['rows']} x {run['columns']} cells, {cells / (first['rows'] * first['columns']):.0f} x the first"
    above = {name: one["peak"] - one["libraries"] for name, one in (("run", run), ("first", first))}
    return [
        Row(
            f"one day, {size} cells: peak memory",
            run["peak"],
            "MB",
            above["run"] / max(above["first"], 1),
            "the coarsest grid, above the libraries",
            note=f"{about}; libraries {run['libraries']:.0f} MB",
        ),
        Row(
            f"one day, {size} cells: time",
            run["seconds"],
            "s",
            run["seconds"] / first["seconds"],
            "the coarsest grid",
            note=f"{about}; {run['busy'] / cells * 1e6:.2f} s of processor time per million cells",
        ),
    ]


def one_day(kilometres: float, model: str, limit: int | None) -> dict:
    """In a process of its own: memory with all libraries loaded, and after one day."""
    import netCDF4  # noqa: F401
    import rasterio.warp  # noqa: F401

    from model_core.device import choose_device
    from model_core.model_file import load_model
    from model_core.output import write_geotiff
    from model_core.prediction import Predictor
    from model_core.stations.gridding import grid_observations

    loaded, grid = load_model(model), china.grid_of_cells(kilometres)
    Predictor(loaded, china.grid_of_cells(192), choose_device("cpu")).predict(
        [{"pm25": grid_observations(china.observations(), china.grid_of_cells(192))}]
    )
    libraries = peak_mb()
    begin, busy = time.perf_counter(), time.process_time()
    predictor = Predictor(loaded, grid, choose_device("cpu"), memory=limit)
    field = predictor.predict([{"pm25": grid_observations(china.observations(), grid)}])[0].field
    with tempfile.TemporaryDirectory() as folder:
        write_geotiff(Path(folder) / "day.tif", grid, [("PM2.5", field, "ug m-3")], {})
    rows, columns = grid.shape
    return {
        "rows": rows,
        "columns": columns,
        "libraries": libraries,
        "peak": peak_mb(),
        "seconds": time.perf_counter() - begin,
        "busy": time.process_time() - busy,
    }


if __name__ == "__main__":
    sys.exit(main())
