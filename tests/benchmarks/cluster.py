"""The period job on a Dask cluster of one worker and of two, one thread each, on this machine.

    $(make -s engine-python) tests/benchmarks/cluster.py [--days N] [--workers 1 2] [--model M]

China at 12 km, into one Zarr store. The workers have computed a few days before the clock starts, as they have on every day
but the first of a long period; the rest of the job (connecting, reading the table, making the store) counts. Set against
one worker, and against the job without a cluster in one thread.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import china
from machine import seconds
from rows import Row, record

WARM_DAYS = 6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--model", default="bundled")
    options = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    request = {
        "stations": str(china.year_of_readings()),
        "value": "pm25",
        "time": "date",
        "id": "station",
        "grid": "china12km",
        "model": options.model,
        "device": "cpu",
        "start": str(china.FIRST_DAY),
    }
    alone = timed(request, options.days)
    rates = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=china.BUILD)))
        file = folder / "scheduler.json"
        start(
            stack, folder, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show", "--scheduler-file", str(file)
        )
        running = 0
        for number in sorted(options.workers):
            while running < number:
                start(
                    stack,
                    folder,
                    "worker",
                    "--scheduler-file",
                    str(file),
                    "--nthreads",
                    "1",
                    "--no-nanny",
                    "--no-dashboard",
                    "--local-directory",
                    str(folder),
                )
                running += 1
            wait_for(file, number)
            rates[number] = timed({**request, "scheduler": str(file)}, options.days, WARM_DAYS * number)
    first = min(rates)
    record(
        Row(
            f"cluster, {first} worker of one thread",
            rates[first],
            "days/s",
            rates[first] / alone,
            "the job without a cluster, one thread",
            note=f"{options.days} days",
        )
    )
    for number, rate in rates.items():
        if number != first:
            record(
                Row(
                    f"cluster, {number} workers of one thread",
                    rate,
                    "days/s",
                    rate / rates[first],
                    f"{first} worker",
                    note=f"{options.days} days, {os.cpu_count()} processors, which scheduler and job share",
                )
            )
    return 0


def timed(request: dict, days: int, warm: int = WARM_DAYS) -> float:
    """Days per second of the job, after a short one."""
    from model_core.jobs import JOBS
    from model_core.progress import Progress

    def run(number: int) -> None:
        with tempfile.TemporaryDirectory(dir=china.BUILD) as folder:
            end = china.FIRST_DAY + timedelta(days=number - 1)
            result = JOBS["reanalyse-period"]({**request, "end": str(end), "out": str(Path(folder) / "days.zarr")}, Progress())
        if result["days"]["computed"] != number:
            sys.exit(f"{result['days']} of {number} days")

    run(warm)
    return days / seconds(lambda: run(days))


def start(stack: ExitStack, folder: Path, *command: str) -> None:
    """A process of Dask's, ended with the stack."""
    log = stack.enter_context(open(folder / "dask.log", "ab"))
    process = subprocess.Popen([sys.executable, "-m", "dask", *command], stdout=log, stderr=log, env={**os.environ, "OMP_NUM_THREADS": "1"})
    stack.callback(process.wait)
    stack.callback(process.kill)


def wait_for(file: Path, workers: int) -> None:
    """Until the scheduler has so many workers."""
    from model_core.period.cluster import connect

    until = time.monotonic() + 60
    while not file.exists():
        if time.monotonic() > until:
            sys.exit("the Dask scheduler does not start")
        time.sleep(0.1)
    with connect(str(file)) as client:
        client.wait_for_workers(workers, timeout=60)


if __name__ == "__main__":
    sys.exit(main())
