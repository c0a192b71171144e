"""A decade of days through one worker: memory flat, speed flat, no file too many."""

from __future__ import annotations

import os
import shutil
import statistics
from datetime import timedelta
from pathlib import Path

import numpy as np

from trials.faults.engines import Feedback, _client
from trials.outcome import SANE, WRONG, Outcome
from trials.pool import cpu_seconds
from trials.world import DAYS, FIRST, GRID

DECADE = 3653
_PARTS = 10
_MOST_GROWTH, _MOST_SLOWER = 24 << 20, 1.5


def decade(number: int, random: np.random.Generator, folder: Path, world: Path) -> tuple[Outcome, str]:
    """Every day a run of `reanalyse` of its own, by the plugin's client; the readings come round every eight days.

    The first tenth is the warming up. Time is that of the processor, so that other programs do not count.
    """
    engine, feedback = _client(), Feedback()
    out = folder / "out"
    out.mkdir()
    request = {
        "stations": str(world / "stations.csv"),
        "value": "pm25",
        "time": "day",
        "id": "station",
        "grid": GRID,
        "device": "cpu",
        "model": str(world / "tiny.safetensors"),
    }
    engine.run("info", {}, feedback, [])
    pid, files = engine.pid, len(os.listdir(f"/proc/{engine.pid}/fd"))
    seconds, memory = [], []
    for day in range(DECADE):
        if day % (DECADE // _PARTS) == 0:
            seconds.append(cpu_seconds(pid))
            memory.append(_resident(pid))
        engine.run("reanalyse", {**request, "date": str(FIRST + timedelta(day % DAYS)), "out": str(out / f"{day:04d}.tif")}, feedback, [])
    memory.append(_resident(pid))
    parts = list(np.diff(seconds))[1:]
    growth, slower = memory[-1] - memory[2], parts[-1] / statistics.median(parts[:3])
    count, opened = len(list(out.iterdir())), len(os.listdir(f"/proc/{pid}/fd"))
    done = (
        f"{DECADE} days, {growth / 2**20:+.1f} MiB from {memory[2] / 2**20:.0f} MiB, {slower:.2f} times the time at the start, "
        f"{1000 * parts[-1] / (DECADE // _PARTS):.0f} ms of CPU a day, {count} files, {opened - files:+d} open files"
    )
    shutil.rmtree(out)
    if engine.pid != pid:
        return Outcome(WRONG, f"another worker: {done}"), done
    if growth > _MOST_GROWTH or slower > _MOST_SLOWER or count != DECADE or opened > files + 20:
        return Outcome(WRONG, done), done
    return Outcome(SANE, done), done


def _resident(pid: int) -> int:
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
