"""One run that says what a graphics card is worth: is it right, how long is a year, how fast is the published training.

    $(make -s engine-python) tests/benchmarks/gpu.py [--device auto|cpu|cuda] [--days N] [--small]

Right: the fields of some days against the processor's in float32, in every precision that the device has. The year: the period
job, table to NetCDF, with the bundled model. The training: iterations of the published schedule (batches of 10 whole
fields, 9.16 million weights), and how long 20 000 of them would take. `--small` does a little of each, on any machine and a part of
China.
Made to fit into a few minutes of a lent machine; prints a Markdown table for the docs as its last part.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import china
import numpy as np
from processors import processor_name
from rows import Row, record

ITERATIONS_OF_THE_PAPER, SMALL = 20_000, 2
LCC = "+proj=lcc +lat_1=25 +lat_2=40 +lat_0=34 +lon_0=110 +R=6370000 +units=m"
CHINA, PART_OF_CHINA = "china12km", f"0,-720000,960000,240000,12000@{LCC}"
LARGEST, MOST = 0.5, 0.2  # ug m-3, at every cell and at 99.9 % of them


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--days", type=int, default=china.DAYS, help="of the period job")
    parser.add_argument("--small", action="store_true", help="two days on 80 x 80 cells, one iteration")
    options = parser.parse_args()

    from model_core.device import choose_device, describe_device

    device = choose_device(options.device)
    grid = PART_OF_CHINA if options.small else CHINA
    rows = [
        *agreement(device, grid, *((1, SMALL) if options.small else (8, china.DAYS))),
        *period(options, grid),
        training(device, options.small),
    ]
    record(*rows)
    where = describe_device(device) + (f", {processor_name()}" if device.type == "cpu" else "")
    print(f"\n| {where} | | |\n|---|---|---|")
    for row in rows:
        print(f"| {row.name} | {row.value:.4g} {row.unit} | {row.note} |")
    return 1 if any(row.met is False for row in rows) else 0


def agreement(device: Any, grid: str, number: int, of: int) -> list[Row]:
    """Of each precision of the device the difference from float32 on the processor, on the first days of a table of `of` days."""
    import torch
    from inference import gridded_days

    from model_core.grid import parse_grid
    from model_core.inference.precision import PRECISIONS, choose_precision
    from model_core.model_file import load_model
    from model_core.prediction import Predictor

    model, rows, place = load_model("bundled"), [], parse_grid(grid)
    days = gridded_days(number, of, place)

    def fields(device: Any, precision: str) -> np.ndarray:
        return np.stack([day.field for day in Predictor(model, place, device, precision=precision).predict(days)])

    exact = fields(torch.device("cpu"), "fp32")
    for precision in PRECISIONS:
        if choose_precision(precision, device) != precision:
            continue  # the device does not compute in it
        begin = time.perf_counter()
        difference = np.abs(fields(device, precision) - exact)
        note = f"99.9 %: {np.percentile(difference, 99.9):.2g}; {(time.perf_counter() - begin) / number:.2f} s a day, loading included"
        rows.append(
            Row(
                f"{precision} against the processor's float32, largest of {number} days",
                float(difference.max()),
                "ug m-3",
                target=f"value <= {LARGEST}",
                note=note,
            )
        )
        if np.percentile(difference, 99.9) > MOST:
            raise SystemExit(f"{precision}: 99.9 % of the cells differ by up to {np.percentile(difference, 99.9):.2f} ug m-3")
    return rows


def period(options: argparse.Namespace, grid: str) -> list[Row]:
    """Seconds of the period job, table to NetCDF."""
    from datetime import timedelta

    from model_core.jobs import JOBS
    from model_core.progress import Progress

    days, of = (SMALL, SMALL) if options.small else (options.days, china.DAYS)
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        JOBS["reanalyse-period"](
            {
                "stations": str(china.year_of_readings(of)),
                "value": "pm25",
                "time": "date",
                "id": "station",
                "grid": grid,
                "start": str(china.FIRST_DAY),
                "end": str(china.FIRST_DAY + timedelta(days=days - 1)),
                "model": "bundled",
                "device": options.device,
                "out": str(Path(folder) / "period.nc"),
            },
            Progress(),
        )
        seconds = time.perf_counter() - begin
    return [Row(f"{days} days, table to NetCDF", seconds, "s", note=f"{days / seconds:.1f} days a second")]


def training(device: Any, small: bool) -> Row:
    """Seconds an iteration of the published schedule."""
    import torch
    from training_throughput import iterations

    seconds, batch, shape = iterations("paper", *((1, device, (48, 48), 1) if small else (20, device, china.grid().shape)))
    peak = f"; {torch.cuda.max_memory_allocated() / 1e9:.1f} GB of its memory" if device.type == "cuda" else ""
    hours = seconds * ITERATIONS_OF_THE_PAPER / 3600
    return Row(
        "the published training, an iteration",
        seconds,
        "s",
        note=f"batch {batch} of {shape[0]} x {shape[1]} cells; {ITERATIONS_OF_THE_PAPER} take {hours:.1f} h{peak}",
    )


if __name__ == "__main__":
    sys.exit(main())
