"""The period job: 366 simulated days of 1500 stations on China at 12 km, from table to NetCDF, with the bundled model.

    $(make -s engine-python) tests/benchmarks/period.py [--days 30 366] [--model M] [--out .nc|.zarr]

Each length in a process of its own, through the job that the command line and the plugin call; from the start of the job to
its end, reading the table, starting torch and writing included. Peak memory is that of the process. The days per second of
the whole job are set against those of the prediction alone in the same run: what reading, gridding and writing leave of it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import china
from machine import in_own_process, peak_mb
from processors import processor_name
from rows import Row, record

# For the year on two cores.
TARGETS = {"AMX": "value <= 60", "AVX-512": "value <= 100", "AVX2": "value <= 100"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, nargs="+", default=[30, china.DAYS])
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--out", default=".nc", choices=(".nc", ".zarr"))
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one_period(options.one, options.model, options.out)))
        return 0
    china.year_of_readings()
    runs = {days: in_own_process(__file__, "--one", days, "--model", options.model, "--out", options.out) for days in options.days}
    first, last = min(runs), max(runs)
    year, whole = runs[last], last == china.DAYS
    record(
        Row(
            f"{last} days, table to {options.out}: wall",
            year["seconds"],
            "s",
            year["seconds"] / (last * year["alone"]),
            "the prediction alone",
            TARGETS.get(processor_name(), "") if whole else "",
            f"{processor_name()}, {os.cpu_count()} cores",
        ),
        Row(
            f"{last} days: speed",
            last / year["seconds"],
            "days/s",
            last / year["seconds"] * year["alone"],
            "the prediction alone",
            note=f"prediction alone {1 / year['alone']:.1f} days/s",
        ),
        Row(
            f"{last} days: processor time",
            year["busy"],
            "s",
            year["busy"] / year["seconds"],
            "the wall",
            note="near the number of processors where nothing else runs",
        ),
        *(
            Row(
                f"{days} days: peak memory",
                run["peak"],
                "MB",
                run["peak"] / runs[first]["peak"],
                f"{first} days",
                "value <= 2000" if days == last else "",
            )
            for days, run in runs.items()
        ),
    )
    if first != last:
        record(
            Row(
                f"memory of {last} days over {first} days",
                year["peak"] - runs[first]["peak"],
                "MB",
                year["peak"] / runs[first]["peak"],
                f"{first} days",
                "ratio <= 1.1",
                "flat",
            )
        )
    return 0


def one_period(days: int, model: str, suffix: str) -> dict:
    """In a process of its own: the job, its peak, and then the prediction alone."""
    from model_core.jobs import JOBS
    from model_core.progress import Progress

    end = china.FIRST_DAY + timedelta(days=days - 1)
    table = str(china.year_of_readings())
    with tempfile.TemporaryDirectory(dir=china.BUILD) as folder:
        request = {
            "stations": table,
            "value": "pm25",
            "time": "date",
            "id": "station",
            "rh": f"{table}:rh",
            "wind": f"{table}:wind",
            "start": str(china.FIRST_DAY),
            "end": str(end),
            "grid": "china12km",
            "model": model,
            "out": str(Path(folder) / f"period{suffix}"),
        }
        begin, busy = time.perf_counter(), time.process_time()
        result = JOBS["reanalyse-period"](request, Progress())
        seconds, busy = time.perf_counter() - begin, time.process_time() - busy
    if result["days"]["computed"] != days:
        sys.exit(f"{result['days']} of {days} days")
    return {"seconds": seconds, "busy": busy, "peak": peak_mb(), "alone": prediction_alone(model)}


def prediction_alone(model: str, days: int = 16) -> float:
    """Seconds a day of the predictor, with the readings gridded before."""
    from inference import gridded_days
    from machine import best

    from model_core.device import choose_device
    from model_core.model_file import load_model
    from model_core.prediction import Predictor

    predictor, readings = Predictor(load_model(model), china.grid(), choose_device("auto")), gridded_days(days)
    predictor.predict(readings[:2])
    return best(lambda: predictor.predict(readings), 2) / days


if __name__ == "__main__":
    sys.exit(main())
