"""The script that is prepared for a machine with a graphics card runs on one without."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[1] / "benchmarks" / "gpu.py"


def test_it_prints_its_table_on_the_processor():
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--device", "cpu", "--small"],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    table = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")]
    figures = {row[0]: float(row[1].split()[0]) for row in table[1:]}
    differences = [value for name, value in figures.items() if "against the processor's float32" in name]
    assert len(differences) >= 1 and max(differences) <= 0.5
    assert figures["2 days, table to NetCDF"] > 0 and figures["the published training, an iteration"] > 0
