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
from rows import VARIABLE

FOLDER = ROOT / "tests" / "benchmarks"
# In this order: the short ones first, what needs most memory while nothing else runs.
BENCHMARKS = (
    "inference", "interpolators", "qgis_start", "worker_warmth", "cells", "stations", "period", "batch_against_period", "cluster",
    "training_throughput", "reading_memory",
)
COLUMNS = ("benchmark", "name", "value", "unit", "ratio", "against", "target", "met", "note")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=BENCHMARKS, metavar="NAME", help=", ".join(BENCHMARKS))
    names = parser.parse_args().names
    BUILD.mkdir(parents=True, exist_ok=True)
    collected, rows, failed = BUILD / "rows.jsonl", [], []
    for name in names:
        collected.unlink(missing_ok=True)
        print(f"== {name}", flush=True)
        begin = time.perf_counter()
        status = subprocess.run([sys.executable, str(FOLDER / f"{name}.py")], env={**os.environ, VARIABLE: str(collected)}).returncode
        print(f"   {time.perf_counter() - begin:.0f} s", flush=True)
        if status:
            failed.append(name)
        if collected.exists():
            rows += [{"benchmark": name, **json.loads(line)} for line in collected.read_text(encoding="utf-8").splitlines()]
    collected.unlink(missing_ok=True)
    write_csv(BUILD / "benchmark.csv", rows)
    draw(BUILD / "benchmark.png", rows)
    missed = [row["name"] for row in rows if row["met"] is False]
    print(f"\n{len(rows)} figures in {BUILD / 'benchmark.csv'} and .png;  targets met: {sum(row['met'] is True for row in rows)}, missed: {len(missed)}")
    for name in missed:
        print(f"  missed: {name}")
    if failed:
        print(f"FAILED: {' '.join(failed)}")
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
    table = axes.table(cells, colLabels=columns, cellLoc="left", loc="upper left", bbox=(0, 0, 1, 1),
                       colWidths=[0.40, 0.08, 0.10, 0.06, 0.20, 0.10, 0.06])
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
