"""Cold and warm: the first run of `reanalyse` in a fresh QGIS, and the next ones, against the prediction alone.

    $(make -s engine-python) tests/benchmarks/qgis_start.py [--runs N] [--model M]

In QGIS without windows, with the plugin of this checkout, the sample's stations as a layer and a GeoTIFF as output. The
first run starts the engine, which imports torch and reads the model; QGIS's own start is told apart. The prediction alone
is that of the same day in this process, with the model ready.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys

import china
from machine import ROOT, best, in_own_process
from rows import Row, record

QGIS_PYTHON = ROOT / ".build" / "qgis-tests" / "bin" / "python"
FIRST_RUN = ROOT / "tests" / "benchmarks" / "in_qgis" / "first_run.py"
PROFILE = ROOT / ".build" / "benchmarks" / "qgis-profile"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10, help="warm runs")
    parser.add_argument("--model", default="bundled")
    options = parser.parse_args()
    if not QGIS_PYTHON.exists():
        record(Row("first run in a fresh QGIS", None, "s", target="value <= 6", note="no QGIS environment here; make setup makes it"))
        return 0
    (PROFILE / "runtime").mkdir(parents=True, exist_ok=True, mode=0o700)
    run = in_own_process(
        str(FIRST_RUN),
        china.SAMPLE,
        options.model,
        options.runs,
        python=QGIS_PYTHON,
        QT_QPA_PLATFORM="offscreen",
        CTM_REANALYSIS_ENGINE_PYTHON=os.environ.get("CTM_REANALYSIS_ENGINE_PYTHON", sys.executable),
        XDG_DATA_HOME=str(PROFILE / "data"),
        XDG_CONFIG_HOME=str(PROFILE / "config"),
        XDG_RUNTIME_DIR=str(PROFILE / "runtime"),
    )
    alone, warm = prediction_alone(options.model), statistics.median(run["warm"])
    record(
        Row("prediction alone", alone, "s", note="one day of the sample, PM2.5, RH and wind, gridding left out"),
        Row(
            "first run in a fresh QGIS",
            run["first"],
            "s",
            run["first"] / warm,
            "a warm run",
            "value <= 6",
            f"QGIS's own start took {run['started']:.1f} s before",
        ),
        Row("warm run in QGIS", warm, "s", warm / alone, "the prediction alone", note=f"median of {options.runs}, layer to GeoTIFF"),
        Row("warm run in QGIS above the prediction alone", warm - alone, "s", (warm - alone) / alone, "the prediction alone", "value <= 1"),
    )
    return 0


def prediction_alone(model: str) -> float:
    """Seconds of the network's work on the sample's first day."""
    import pandas as pd

    from model_core.device import choose_device
    from model_core.model_file import load_model
    from model_core.prediction import Predictor
    from model_core.stations.gridding import grid_observations
    from model_core.stations.observations import from_arrays

    table = pd.read_csv(china.SAMPLE)
    day = table[table.date == table.date.min()]
    readings = {
        key: grid_observations(from_arrays(day.lon, day.lat, day[key], china.LONLAT, key), china.grid()) for key in ("pm25", "rh", "wind")
    }
    predictor = Predictor(load_model(model), china.grid(), choose_device("auto"))
    predictor.predict([readings])
    return best(lambda: predictor.predict([readings]), 5)


if __name__ == "__main__":
    sys.exit(main())
