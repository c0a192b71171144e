"""A batch of days in QGIS, a run of `reanalyse` each, against one run of `reanalyseperiod`; both give the same rasters.

    $(make -s engine-python) tests/benchmarks/batch_against_period.py [--days N] [--model M]

In one QGIS without windows and with one warm engine, from one table of a year at 1500 stations as a layer to GeoTIFFs of China
at 12 km. Ends with an error if a raster of the one way differs from that of the other in any bit.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys

import china
from machine import ROOT, in_own_process
from qgis_start import PROFILE, QGIS_PYTHON
from rows import Row, record

SCRIPT = ROOT / "tests" / "benchmarks" / "in_qgis" / "batch.py"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--model", default="bundled")
    options = parser.parse_args()
    name = f"{options.days} days by the batch dialog's way"
    if not QGIS_PYTHON.exists():
        record(Row(name, None, "s", target="ratio <= 2", note="no QGIS environment here; make setup makes it"))
        return 0
    (PROFILE / "runtime").mkdir(parents=True, exist_ok=True, mode=0o700)
    run = in_own_process(
        str(SCRIPT),
        china.year_of_readings(),
        options.model,
        options.days,
        python=QGIS_PYTHON,
        QT_QPA_PLATFORM="offscreen",
        CTM_REANALYSIS_ENGINE_PYTHON=os.environ.get("CTM_REANALYSIS_ENGINE_PYTHON", sys.executable),
        XDG_DATA_HOME=str(PROFILE / "data"),
        XDG_CONFIG_HOME=str(PROFILE / "config"),
        XDG_RUNTIME_DIR=str(PROFILE / "runtime"),
    )
    record(
        Row(
            name,
            run["batch"],
            "s",
            run["batch"] / run["period"],
            "the period algorithm",
            "ratio <= 2",
            f"median {statistics.median(run['rows']):.2f} s a row; the second row passes over the layer, {run['rows'][1]:.1f} s; "
            "the rasters are equal",
        ),
        Row(f"{options.days} days by the period algorithm", run["period"], "s", note="in QGIS, layer to a folder of GeoTIFFs"),
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
