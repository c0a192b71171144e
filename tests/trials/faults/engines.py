"""The engine as QGIS uses it: a worker that is killed or stopped, and a Dask worker that is killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from trials.faults.aftermath import half_written
from trials.faults.contents import contents
from trials.faults.jobs import requests, sound
from trials.outcome import CLEAN, CRASH, HANG, SANE, TRACEBACK, WRONG, Outcome

ROOT = Path(__file__).resolve().parents[3]
IN_WORKER = ("reanalyse", "reanalyse-period", "simulate", "covariates", "read-stations")
_GONE_SECONDS = 20.0


class Feedback:
    """What the client tells QGIS."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def isCanceled(self) -> bool:
        return False

    def pushWarning(self, text: str) -> None:
        self.warnings.append(text)

    def _nothing(self, *_: Any) -> None:
        return None

    setProgress = setProgressText = pushInfo = pushDebugInfo = _nothing


_engine: Any = None


def _client() -> Any:
    """The plugin's client, with limits that suit a trial; its worker stays warm from trial to trial."""
    global _engine
    if _engine is None:
        os.environ["CTM_REANALYSIS_ENGINE_PYTHON"] = sys.executable
        from plugin.engine import client

        client.SILENT_SECONDS, client.HUNG_SECONDS = 8.0, 16.0
        _engine = client.Engine()
    return _engine


def worker_killed(number: int, random: np.random.Generator, folder: Path, world: Path) -> tuple[Outcome, str]:
    """kill -9 of the worker that QGIS waits for; every fourth trial stops it (SIGSTOP) instead, so that it hangs."""
    from plugin.engine.errors import EngineError

    name = IN_WORKER[number % len(IN_WORKER)]
    known = sound(name, world, folder)
    engine, feedback, out = _client(), Feedback(), folder / "out"
    out.mkdir()
    command, request = requests(world, out)[name]
    engine.run("info", {}, feedback, [])  # it is warm
    pid, after = engine.pid, float(random.uniform(0, known.seconds))
    sent = signal.SIGSTOP if number % 4 == 3 else signal.SIGKILL
    timer = threading.Timer(after, lambda: os.kill(pid, sent))
    timer.start()
    done = f"{name}, {sent.name} after {after:.3f} of {known.seconds:.3f} s"
    try:
        engine.run(command, request, feedback, [request["out"]])
        outcome = Outcome(SANE)
    except EngineError as error:
        expected = "not been heard" if sent == signal.SIGSTOP else "killed"
        outcome = Outcome(CLEAN if expected in str(error) else TRACEBACK, str(error))
    timer.join()
    if outcome.kind == SANE and sent == signal.SIGSTOP:
        os.kill(pid, signal.SIGKILL)
    if outcome.failed:
        return outcome, done
    # Killed after its answer, it must be gone too.
    if not gone(pid):
        return Outcome(WRONG, f"worker {pid} still runs"), done
    if wrong := half_written(out, known):
        return Outcome(WRONG, wrong), done
    left = [path.name for path in out.rglob(".*.partial")]
    if left:
        return Outcome(WRONG, f"left beside the output: {left}"), done
    try:
        engine.run(command, request, feedback, [request["out"]])
    except EngineError as error:
        return Outcome(WRONG, f"the next run does not work: {error}"), done
    return (outcome if contents(out) == known.contents else Outcome(WRONG, "the next run gives another result")), done


def dask_worker_killed(number: int, random: np.random.Generator, folder: Path, world: Path) -> tuple[Outcome, str]:
    """kill -9 of one of two Dask workers in the middle of a period; the other one does its work."""
    from trials.faults.forked import Running

    name = ("reanalyse-period", "reanalyse-period to a folder")[number % 2]
    known = sound(name, world, folder)
    out = folder / "out"
    out.mkdir()
    command, request = requests(world, out)[name]
    processes, logs = [], folder / "dask"
    logs.mkdir()
    try:
        scheduler, address = _dask(
            logs, "scheduler", r"Scheduler at:\s+(tcp://\S+)", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show"
        )
        processes.append(scheduler)
        for place in range(2):
            processes.append(
                _dask(
                    logs,
                    f"worker{place}",
                    r"Registered to:\s+(tcp://\S+)",
                    address,
                    "--nthreads",
                    "1",
                    "--no-nanny",
                    "--no-dashboard",
                    "--local-directory",
                    str(logs),
                )[0]
            )
        running = Running(command, {**request, "scheduler": address}, folder / "tmp")
        after = float(random.uniform(0.5, 6))
        time.sleep(after)
        processes[1 + int(random.integers(2))].kill()
        ended = running.wait()
    finally:
        for process in processes:
            process.kill()
            process.wait()
    done = f"{name}, a worker killed after {after:.1f} s"
    if not ended.worked:
        return Outcome(HANG if ended.status == -signal.SIGALRM else CRASH, f"{ended.error or ended.words[-300:]}"), done
    found = contents(out)
    return (Outcome(SANE) if found.keys() == known.contents.keys() else Outcome(WRONG, f"other files: {sorted(found)}")), done


def _dask(logs: Path, name: str, said: str, *options: str) -> tuple[subprocess.Popen, str]:
    kind = "worker" if name.startswith("worker") else name
    environment = {**os.environ, "DASK_TEMPORARY_DIRECTORY": str(logs), "PYTHONPATH": str(ROOT)}
    with open(logs / f"{name}.log", "wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "dask", kind, *options], stdout=log, stderr=log, cwd=logs, env=environment)
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        if found := re.search(said, (logs / f"{name}.log").read_text(errors="replace")):
            return process, found[1]
        time.sleep(0.1)
    process.kill()
    raise RuntimeError(f"dask {kind} did not start: {(logs / f'{name}.log').read_text(errors='replace')[-500:]}")


def gone(pid: int) -> bool:
    """Whether a process ends within some seconds, with all its threads: until then its parent is told that it lives."""
    deadline = time.monotonic() + _GONE_SECONDS
    while time.monotonic() < deadline:
        try:
            ended = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
            if ended and len(os.listdir(f"/proc/{pid}/task")) == 1:
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False
