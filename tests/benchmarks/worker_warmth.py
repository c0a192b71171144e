"""What a warm worker saves: 20 single-day reanalyses through the plugin's client, against a new worker for each.

    $(make -s engine-python) tests/benchmarks/worker_warmth.py [--runs N] [--model M]

The engine's Python is asked to tell every import (`-X importtime`), so that the table shows in which runs torch was
imported, and how long that took. Ends with an error if more than one worker was started or torch came in twice.
"""

import argparse
import csv
import os
import re
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from rows import Row, record  # noqa: E402

from plugin.engine.client import Engine  # noqa: E402
from plugin.engine.locate import VARIABLE  # noqa: E402

SAMPLE = ROOT / "resources" / "sample" / "stations.csv"
COLD_RUNS = 3


class Silent:
    """A feedback that nobody watches."""

    def isCanceled(self):
        return False

    def ignore(self, *_):
        return None

    setProgress = setProgressText = pushInfo = pushWarning = pushDebugInfo = ignore


class ImportLog:
    """A Python that writes down its imports, and what it has written since it was last asked."""

    def __init__(self, folder):
        self.path, self._seen = folder / "imports.log", 0
        self.python = folder / "python"
        self.python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -X importtime "$@" 2>>"{self.path}"\n')
        self.python.chmod(0o755)

    def torch_imports(self):
        """Seconds of each import of torch since the last call."""
        text = self.path.read_text(errors="replace")
        new, self._seen = text[self._seen :], len(text)
        return [int(us) / 1e6 for us in re.findall(r"^import time:\s+\d+ \|\s+(\d+) \|\s*torch$", new, re.MULTILINE)]


def days_of_sample():
    with open(SAMPLE, encoding="utf-8", newline="") as file:
        return sorted({row["date"] for row in csv.DictReader(file)})


def run(engine, day, folder, model):
    """Seconds of one single-day reanalysis."""
    out = str(folder / f"{day}.tif")
    request = {
        "stations": str(SAMPLE),
        "value": "pm25",
        "unit": "ug m-3",
        "x": "lon",
        "y": "lat",
        "crs": "EPSG:4326",
        "time": "date",
        "date": day,
        "rh": f"{SAMPLE}:rh",
        "wind": f"{SAMPLE}:wind",
        "grid": "china12km",
        "model": model,
        "device": "auto",
        "out": out,
    }
    begin = time.perf_counter()
    engine.run("reanalyse", request, Silent(), [out])
    return time.perf_counter() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--model", default="bundled")
    options = parser.parse_args()
    days = days_of_sample()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log = ImportLog(folder)
        os.environ[VARIABLE] = str(log.python)

        print("run  day         worker   seconds  torch imported")
        engine, seconds, imports, pids = Engine(), [], [], set()
        for number in range(options.runs):
            day = days[number % len(days)]
            seconds.append(run(engine, day, folder, options.model))
            new = log.torch_imports()
            imports += new
            pids.add(engine.pid)
            print(f"{number + 1:3}  {day}  {engine.pid:7}  {seconds[-1]:7.2f}  {', '.join(f'{s:.2f} s' for s in new) or '-'}")
        engine.stop()

        cold = []
        for number in range(COLD_RUNS):
            cold.append(run(engine, days[number % len(days)], folder, options.model))
            engine.stop()
    warm = sorted(seconds[1:])[len(seconds[1:]) // 2]
    new_each_time = sorted(cold)[len(cold) // 2]
    print(f"workers started for {options.runs} runs: {len(pids)};  imports of torch: {len(imports)}")
    print(f"median of a warm run: {warm:.2f} s;  of a run with a new worker: {new_each_time:.2f} s;  ratio {new_each_time / warm:.1f}")
    record(
        Row(
            "warm run of the engine",
            warm,
            "s",
            warm / new_each_time,
            "a run that starts the engine",
            note="one day of the sample to GeoTIFF",
        ),
        Row(f"imports of torch in {options.runs} runs", len(imports), "imports", len(imports) / options.runs, "runs", "value <= 1"),
    )
    return 0 if len(pids) == 1 and len(imports) == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
