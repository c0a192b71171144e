"""The classes of faults, with the number of trials of a full run and the CPU seconds that one may take."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Callable

import numpy as np

from trials.faults import disks, engines, kills, memory, qgis, soak, together
from trials.outcome import Outcome

Trial = Callable[[int, np.random.Generator, Path, Path], tuple[Outcome, str]]

FAULTS: dict[str, tuple[Trial, int, float]] = {
    "job-killed": (kills.job_killed, 108, 120.0),
    "disk-full": (disks.disk_full, 36, 120.0),
    "folder-refuses": (disks.folder_refuses, 36, 120.0),
    "out-of-memory": (memory.out_of_memory, 36, 120.0),
    "two-runs": (together.two_runs, 18, 240.0),
    "one-cache": (together.one_cache, 8, 240.0),
    "worker-killed": (engines.worker_killed, 20, 240.0),
    "qgis-killed": (qgis.qgis_killed, 4, 600.0),
    "two-qgis": (qgis.two_qgis, 6, 600.0),
    "dask-worker-killed": (engines.dask_worker_killed, 2, 600.0),
    "decade": (soak.decade, 1, 3600.0),
}


def lacking(name: str) -> str:
    """What a class needs and this machine has not; "" where it can be run."""
    if name in ("qgis-killed", "two-qgis") and shutil.which("qgis_process") is None:
        return "no qgis_process on the PATH"
    if name == "dask-worker-killed" and importlib.util.find_spec("distributed") is None:
        return "the package distributed is not installed"
    return ""


def run_trial(name: str, number: int, seed: int, folder: Path, world: Path) -> tuple[Outcome, str]:
    """(outcome, what was done) of the trial of that number."""
    random = np.random.default_rng([seed, number, *name.encode()])
    return FAULTS[name][0](number, random, folder, world)
