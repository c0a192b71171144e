"""What the machine can do, and what a piece of work takes of it."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / ".build" / "benchmarks"


def matrix_product_rate(device: Any, precision: Any, size: int = 2048) -> float:
    """Operations per second of a square matrix product in torch, the best of five after a first."""
    import torch

    a, b = (torch.randn(size, size, device=device, dtype=precision) for _ in range(2))
    return 2 * size**3 / best(lambda: (a @ b, _synchronise(device)), 6)


def best(work: Callable[[], Any], times: int) -> float:
    """Seconds of the fastest of some runs: what else the machine does only ever adds."""
    return min(seconds(work) for _ in range(times))


def seconds(work: Callable[[], Any]) -> float:
    """Seconds of one run."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def in_turns(works: dict[str, Callable[[], Any]], times: int) -> dict[str, float]:
    """Seconds of the fastest run of each; they take turns, so that a busy spell hits all of them."""
    rounds = [{name: seconds(work) for name, work in works.items()} for _ in range(times)]
    return {name: min(one[name] for one in rounds) for name in works}


def peak_mb() -> float:
    """Highest resident size of this process so far, in MB of 10^6 bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def free_mb() -> float | None:
    """Memory that can be had without swapping, in MB; None where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1e3 for line in lines if line.startswith("MemAvailable")), None)


def in_own_process(script: str, *arguments: Any, python: str | Path = sys.executable, **environment: str) -> dict[str, Any]:
    """The JSON that a script prints as its last line, run alone so that its peak memory is its own.

    Raises
    ------
    RuntimeError
        If it fails; with what it said.
    """
    done = subprocess.run([str(python), script, *map(str, arguments)], capture_output=True, text=True, env={**os.environ, **environment})
    if done.returncode:
        raise RuntimeError(f"{Path(script).name} {' '.join(map(str, arguments))} failed:\n{done.stderr[-4000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def _synchronise(device: Any) -> None:
    import torch

    if torch.device(device).type == "cuda":
        torch.cuda.synchronize()
