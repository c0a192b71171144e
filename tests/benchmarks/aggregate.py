"""Aggregating a year of fields beside making it: 366 days of 1500 stations on China at 12 km, with the bundled model.

    $(make -s engine-python) tests/benchmarks/aggregate.py [--days 366] [--model M] [--fields F.nc]

Each job in a process of its own, through the job that the command line and the plugin call. The year is made as `period.py` makes it;
`--fields` takes one that is there instead, and then only the aggregation is measured. Set against it are the means of the months, and the
year with percentiles and all sets of limits, which sorts every cell's days. Peak memory is that of the process; a third of the days shows
whether it is flat.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import china
from machine import in_own_process, peak_mb
from rows import Row, record

# What is asked of the year; the share lets fewer days stand for a period.
ASKED = {
    "means of the months": {"by": "month"},
    "the year with percentiles and all limits": {"by": "year", "percentiles": [50, 98], "limits": ["all"]},
}
TARGET = 0.1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=china.DAYS)
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--fields")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--out", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one == "make":
        print(json.dumps(make(options.days, options.model, options.out)))
        return 0
    if options.one:
        print(json.dumps(aggregate(options.fields, options.one, options.days, options.out)))
        return 0
    china.BUILD.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=china.BUILD) as folder:
        fields, made = options.fields or str(Path(folder) / "year.nc"), None
        if not options.fields:
            china.year_of_readings()
            made = in_own_process(__file__, "--one", "make", "--days", options.days, "--model", options.model, "--out", fields)
            record(Row(f"{options.days} days made", made["seconds"], "s"))
        for what in ASKED:
            runs = {
                days: in_own_process(__file__, "--one", what, "--days", days, "--fields", fields, "--out", Path(folder) / "aggregate.nc")
                for days in (max(options.days // 3, 1), options.days)
            }
            some, every = runs.values()
            record(
                Row(
                    f"{options.days} days aggregated: {what}",
                    every["seconds"],
                    "s",
                    made and every["seconds"] / made["seconds"],
                    "making them",
                    f"ratio <= {TARGET:g}" if made else "value <= 10",
                ),
                Row(
                    f"{options.days} days aggregated: {what}, peak memory",
                    every["peak"],
                    "MB",
                    every["peak"] / some["peak"],
                    "a third of the days",
                    "ratio <= 1.3",
                ),
            )
    return 0


def make(days: int, model: str, out: str) -> dict:
    """In a process of its own: the fields of the days."""
    from model_core.jobs import JOBS
    from model_core.progress import Progress

    table = str(china.year_of_readings())
    request = {
        "stations": table,
        "value": "pm25",
        "time": "date",
        "id": "station",
        "rh": f"{table}:rh",
        "wind": f"{table}:wind",
        "start": str(china.FIRST_DAY),
        "end": str(china.FIRST_DAY + timedelta(days=days - 1)),
        "grid": "china12km",
        "model": model,
        "out": out,
    }
    begin = time.perf_counter()
    result = JOBS["reanalyse-period"](request, Progress())
    if result["days"]["computed"] != days:
        sys.exit(f"{result['days']} of {days} days")
    return {"seconds": time.perf_counter() - begin, "peak": peak_mb()}


def aggregate(fields: str, what: str, days: int, out: str) -> dict:
    """In a process of its own: the first days of the fields, the engine's start included as a user waits for it."""
    begin = time.perf_counter()
    from model_core.jobs import JOBS
    from model_core.progress import Progress

    end = str(china.FIRST_DAY + timedelta(days=days - 1))
    result = JOBS["aggregate"]({"fields": [fields], "minimum_share": 0, "end": end, "out": out, **ASKED[what]}, Progress())
    if result["days"] != days:
        sys.exit(f"{result['days']} of {days} days")
    return {"seconds": time.perf_counter() - begin, "peak": peak_mb()}


if __name__ == "__main__":
    sys.exit(main())
