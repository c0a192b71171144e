"""One day of 1500 stations onto China at 12 km: our field against what else can be had, in one run.

    $(make -s engine-python) tests/benchmarks/interpolators.py [--model M] [--without-vectorised]

Each gets positions on the grid's plane and two processors, start-up left out: of ours the model and its maps, of QGIS the
application, of PyKrige and GSTools the import. Ours grids the readings and predicts; kriging fits an exponential variogram
(PyKrige) or takes that one (GSTools), and predicts. PyKrige's vectorised mode holds a matrix of cells x stations several
times: it runs alone, once, and only where so much memory is free.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import china
import numpy as np
from machine import ROOT, free_mb, in_own_process, in_turns, peak_mb, seconds
from rows import Row, record

VECTORISED_MB = 11_000
NEIGHBOURS, TURNS = 30, 8
# GSTools solves for each cell alone; its time for a sample of cells stands for all.
GSTOOLS_CELLS = 600
QGIS_PYTHON = ROOT / ".build" / "qgis-tests" / "bin" / "python"
IDW = ROOT / "tests" / "benchmarks" / "in_qgis" / "idw.py"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--without-vectorised", action="store_true")
    parser.add_argument("--one", choices=("vectorised",), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        kriging = krige_with_pykrige()
        begin = time.perf_counter()
        kriging("vectorized", None)
        print(json.dumps({"seconds": time.perf_counter() - begin, "peak_mb": peak_mb()}))
        return 0

    ours, kriging = reanalyse(options.model), krige_with_pykrige()
    ours()
    backends = {name: lambda name=name: kriging(name, NEIGHBOURS) for name in ("C", "loop")}
    once = in_turns(backends, 1)
    backend = min(once, key=once.get)
    times = in_turns({"ours": ours, backend: backends[backend]}, TURNS)
    record(Row("one day, ours: gridding and field", times["ours"], "s", note=f"best of {TURNS}, a day by itself"))
    record(compared(f"PyKrige, {NEIGHBOURS} neighbours, backend {backend}", times[backend], times["ours"], "ratio >= 10"))
    record(compared_with_qgis(ours))
    record(compared_with_gstools(ours))
    record(compared_with_vectorised(ours, options.without_vectorised))
    return 0


def compared(name: str, other: float, ours: float, target: str = "", note: str = "") -> Row:
    """What another takes, as a multiple of what ours took beside it."""
    return Row(f"one day, {name}", other, "s", other / ours, "ours", target, note)


def reanalyse(name: str):
    """The work of one day with a model that is ready."""
    from model_core.device import choose_device
    from model_core.model_file import load_model
    from model_core.prediction import Predictor
    from model_core.stations.gridding import grid_observations

    grid, observations = china.grid(), china.observations()
    predictor = Predictor(load_model(name), grid, choose_device("cpu"))
    return lambda: predictor.predict([{"pm25": grid_observations(observations, grid)}])


def on_plane() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x and y of the stations on the grid's plane in km, and their readings."""
    from pyproj import Transformer

    observations = china.observations()
    x, y = Transformer.from_crs(china.LONLAT, china.grid().crs, always_xy=True).transform(observations.x, observations.y)
    return np.asarray(x) / 1e3, np.asarray(y) / 1e3, observations.value


def krige_with_pykrige():
    """PyKrige's work of one day, by backend and number of neighbours."""
    from pykrige.ok import OrdinaryKriging

    (x, y, value), grid = on_plane(), china.grid()

    def work(backend, neighbours):
        OrdinaryKriging(x, y, value, variogram_model="exponential").execute(
            "grid", grid.x / 1e3, grid.y / 1e3, backend=backend, n_closest_points=neighbours
        )

    return work


def compared_with_qgis(ours) -> Row:
    """QGIS's own inverse distance weighting, timed inside QGIS."""
    name = "QGIS's own IDW"
    if not QGIS_PYTHON.exists():
        return Row(f"one day, {name}", None, "s", note="no QGIS environment here; make setup makes it")
    import geopandas

    (x, y, value), grid = on_plane(), china.grid()
    west, south, east, north = grid.bounds
    with tempfile.TemporaryDirectory() as folder:
        points = Path(folder) / "stations.gpkg"
        geopandas.GeoDataFrame({"value": value}, geometry=geopandas.points_from_xy(x * 1e3, y * 1e3), crs=grid.crs).to_file(points)
        before = seconds(ours)
        runs = in_own_process(str(IDW), points, f"{west},{east},{south},{north}", grid.cell_size[0], 2, python=QGIS_PYTHON)["seconds"]
    return compared(name, min(runs), min(before, seconds(ours)), "ratio >= 20", "qgis:idwinterpolation, exponent 2, best of 2")


def compared_with_gstools(ours) -> Row:
    """GSTools's ordinary kriging with PyKrige's variogram, its set-up whole and its cells from a sample."""
    import gstools
    from pykrige.ok import OrdinaryKriging

    (x, y, value), grid = on_plane(), china.grid()
    sill, reach, nugget = OrdinaryKriging(x, y, value, variogram_model="exponential").variogram_model_parameters
    gstools.config.NUM_THREADS = os.cpu_count()
    random = np.random.default_rng(0)
    at = (random.choice(grid.x, GSTOOLS_CELLS) / 1e3, random.choice(grid.y, GSTOOLS_CELLS) / 1e3)
    before = seconds(ours)
    begin = time.perf_counter()
    model = gstools.Exponential(dim=2, var=sill, len_scale=reach / 3, nugget=nugget)  # reach: where it is 95 % of the sill
    kriging = gstools.krige.Ordinary(model, (x, y), value, exact=False, pseudo_inv=False)
    set_up = time.perf_counter() - begin
    begin = time.perf_counter()
    kriging(at, return_var=False, chunk_size=GSTOOLS_CELLS // 4)
    cells = grid.shape[0] * grid.shape[1]
    whole = set_up + (time.perf_counter() - begin) / GSTOOLS_CELLS * cells
    return compared(
        "GSTools ordinary kriging", whole, min(before, seconds(ours)), note=f"set-up, and {GSTOOLS_CELLS} cells taken for {cells}"
    )


def compared_with_vectorised(ours, leave_out: bool) -> Row:
    """PyKrige over all stations at once, in a process of its own."""
    name, free = "PyKrige, vectorised", free_mb()
    if leave_out or free is None or free < VECTORISED_MB:
        reason = "left out" if leave_out else f"needs {VECTORISED_MB / 1e3:.0f} GB of free memory, {(free or 0) / 1e3:.1f} are"
        return Row(f"one day, {name}", None, "s", target="ratio >= 100", note=reason)
    before = seconds(ours)
    run = in_own_process(__file__, "--one", "vectorised")
    return compared(name, run["seconds"], min(before, seconds(ours)), "ratio >= 100", f"once, peak {run['peak_mb'] / 1e3:.1f} GB")


if __name__ == "__main__":
    sys.exit(main())
