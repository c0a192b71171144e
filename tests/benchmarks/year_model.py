"""The sample's year by one shipped model: from the stations to the panel of seasons and the exposure by province.

    $(make -s engine-python) tests/benchmarks/year_model.py [--keep FOLDER]

*Period to exposure* in a QGIS without windows, with an engine that starts with it, on `resources/sample/year`: 365 days of 227
stations, 31 provinces. Ends with an error unless each province has its row.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from machine import ROOT, in_own_process
from qgis_start import PROFILE, QGIS_PYTHON
from rows import Row, record

SCRIPT = ROOT / "tests" / "benchmarks" / "in_qgis" / "year_model.py"
NAME = "the sample's year to panel and exposure, by one model"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, help="folder for the results, which are taken away otherwise")
    options = parser.parse_args()
    if not QGIS_PYTHON.exists():
        record(Row(NAME, None, "s", target="value <= 180", note="no QGIS environment here; make setup makes it"))
        return 0
    (PROFILE / "runtime").mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory() as folder:
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
        run = in_own_process(
            str(SCRIPT),
            str(options.keep or folder),
            python=QGIS_PYTHON,
            QT_QPA_PLATFORM="offscreen",
            CTM_REANALYSIS_ENGINE_PYTHON=os.environ.get("CTM_REANALYSIS_ENGINE_PYTHON", sys.executable),
            XDG_DATA_HOME=str(PROFILE / "data"),
            XDG_CONFIG_HOME=str(PROFILE / "config"),
            XDG_RUNTIME_DIR=str(PROFILE / "runtime"),
        )
    told, before = [], 0.0
    for name, end in sorted(run["steps"].items(), key=lambda step: step[1]):  # QGIS chooses their order
        told.append(f"{name} {end - before:.0f} s")
        before = end
    record(
        Row(NAME, run["seconds"], "s", target="value <= 180", note=", ".join(told)),
        Row("processor time of that", sum(run["processor"].values()), "s", note=f"of it {run['processor']['engine']:.0f} s of the engine"),
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
