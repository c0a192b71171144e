"""Every benchmark one after the other, and all their figures in one table: .build/benchmarks/benchmark.csv and .png.

    $(make -s engine-python) tests/benchmarks/run_all.py [NAME ...]

A benchmark is a script of its own that can be run alone; here each gets a process, so that none takes the memory or the
threads of another. A target that is missed is shown, not fatal: what else the machine does decides it too. A benchmark
that fails, fails the whole.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from machine import BUILD, ROOT
from processors import settings
from rows import VARIABLE

FOLDER = ROOT / "tests" / "benchmarks"
# In this order: the short ones first, what needs most memory while nothing else runs.
BENCHMARKS = (
    "steps",
    "inference",
    "interpolators",
    "qgis_start",
    "worker_warmth",
    "cells",
    "stations",
    "period",
    "batch_against_period",
    "year_model",
    "cluster",
    "training_throughput",
    "reading_memory",
    "aggregate",
)
# What is measured as the processor is and, where that has more, as one with AVX2 alone.
ON_EACH_PROCESSOR = ("steps", "interpolators", "period")
COLUMNS = ("benchmark", "processor", "name", "value", "unit", "ratio", "against", "target", "met", "note")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=BENCHMARKS, metavar="NAME", help=", ".join(BENCHMARKS))
    names = parser.parse_args().names
    BUILD.mkdir(parents=True, exist_ok=True)
    collected, rows, failed, processors = BUILD / "rows.jsonl", [], [], settings()
    for name in names:
        for processor, environment in list(processors.items())[: None if name in ON_EACH_PROCESSOR else 1]:
            collected.unlink(missing_ok=True)
            print(f"== {name} on {processor}", flush=True)
            begin = time.perf_counter()
            command = [sys.executable, str(FOLDER / f"{name}.py")]
            status = subprocess.run(command, env={**os.environ, **environment, VARIABLE: str(collected)}).returncode
            print(f"   {time.perf_counter() - begin:.0f} s", flush=True)
            if status:
                failed.append(f"{name} on {processor}")
            if collected.exists():
                lines = collected.read_text(encoding="utf-8").splitlines()
                rows += [{"benchmark": name, "processor": processor, **json.loads(line)} for line in lines]
    collected.unlink(missing_ok=True)
    write_csv(BUILD / "benchmark.csv", rows)
    draw(BUILD / "benchmark.png", rows)
    missed = [f"{row['name']} ({row['processor']})" for row in rows if row["met"] is False]
    print(
        f"\n{len(rows)} figures in {BUILD / 'benchmark.csv'} and .png;  targets met: {sum(row['met'] is True for row in rows)}, missed: {len(missed)}"
    )
    for name in missed:
        print(f"  missed: {name}")
    if failed:
        print(f"FAILED: {', '.join(failed)}")
    return 1 if failed else 0


def write_csv(path: Path, rows: list[dict]) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows({column: shown(row[column]) for column in COLUMNS} for row in rows)


def draw(path: Path, rows: list[dict]) -> None:
    """The table as a picture; green where a target is met, red where it is missed."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    columns = [c for c in COLUMNS if c not in ("benchmark", "met", "note")] + ["met"]
    cells = [[shown(row[c]) for c in columns] for row in rows]
    figure, axes = pyplot.subplots(figsize=(15, 0.5 + 0.27 * len(rows)))
    axes.axis("off")
    table = axes.table(
        cells,
        colLabels=columns,
        cellLoc="left",
        loc="upper left",
        bbox=(0, 0, 1, 1),
        colWidths=[0.08, 0.38, 0.08, 0.09, 0.06, 0.18, 0.09, 0.04],
    )
    table.auto_set_font_size(False)
    table.set_fontsize(8)
    for (line, column), cell in table.get_celld().items():
        cell.set_edgecolor("#d0d0d0")
        if line == 0:
            cell.set_facecolor("#e8e8e8")
        elif columns[column] == "met":
            cell.set_facecolor({"yes": "#c7e9c0", "no": "#fcbba1", "": "white"}[cells[line - 1][column]])
    figure.savefig(path, dpi=110, bbox_inches="tight")


def shown(value) -> str:
    """A value as the table writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main())
