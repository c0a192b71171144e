"""Processes that are killed in the middle of a job, at any moment or right before a file is written or renamed."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np

from trials.faults.aftermath import as_if_nothing_had_been, half_written
from trials.faults.events import at_event
from trials.faults.forked import Running
from trials.faults.jobs import NAMES, requests, sound
from trials.outcome import SANE, TRACEBACK, WRONG, Outcome

RENEWED = {"train": ("model",), "train, resumed": ("model",), "reproduce": ("daily_fields",)}


def job_killed(number: int, random: np.random.Generator, folder: Path, world: Path) -> tuple[Outcome, str]:
    """kill -9 of the process of a job."""
    name = NAMES[number % len(NAMES)]
    known = sound(name, world, folder)
    out = folder / "out"
    out.mkdir()
    job = requests(world, out)[name]
    if random.random() < 0.5:
        event = int(random.integers(known.events))
        done = f"{name}, killed at write {event} of {known.events}"
        running = Running(*job, folder / "tmp", lambda: at_event(event, lambda: os.kill(os.getpid(), signal.SIGKILL)))
    else:
        after = float(random.uniform(0, known.seconds))
        done = f"{name}, killed after {after:.3f} of {known.seconds:.3f} s"
        running = Running(*job, folder / "tmp")
        time.sleep(after)
        running.kill()
    ended = running.wait()
    renewed = RENEWED.get(name, ())
    if ended.status not in (0, -signal.SIGKILL) or ended.error:
        return Outcome(TRACEBACK, f"status {ended.status}, {ended.error}"), done
    if orphans := running.orphans():
        return Outcome(WRONG, f"processes {orphans} still run"), done
    if wrong := half_written(out, known, renewed):
        return Outcome(WRONG, wrong), done
    return as_if_nothing_had_been(job, out, folder / "tmp", known) or Outcome(SANE), done
