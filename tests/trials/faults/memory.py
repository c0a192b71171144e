"""Processes that get no more memory."""

from __future__ import annotations

import resource
import signal
from pathlib import Path

import numpy as np

from trials.faults.aftermath import as_if_nothing_had_been, half_written, judged, left_in
from trials.faults.forked import run
from trials.faults.jobs import NAMES, requests, sound
from trials.faults.kills import RENEWED
from trials.outcome import CLEAN, CRASH, WRONG, Outcome


def out_of_memory(number: int, random: np.random.Generator, folder: Path, world: Path) -> tuple[Outcome, str]:
    """A limit on the address space, somewhere above what is in use when the job begins.

    From 16 MiB on: with less, libraries get no thread or no buffer of their own and crash or wait for ever, which nobody can mend from
    here. A library may end the process where it gets no memory; that is told from outside, by `plugin.engine`.
    """
    name = NAMES[number % len(NAMES)]
    known = sound(name, world, folder)
    out = folder / "out"
    out.mkdir()
    more = int(2 ** random.uniform(24, 29))
    ended = run(*requests(world, out)[name], folder / "tmp", lambda: _limit(more))
    done = f"{name}, {more >> 10} KiB more than at its start"
    outcome = judged(ended)
    if ended.error.get("kind") == "OutOfMemory":
        outcome = Outcome(CLEAN, ended.error["message"])
    elif outcome.kind == CRASH and ended.status in (-signal.SIGABRT, -signal.SIGSEGV, 1, 127):
        outcome = _explained(ended, outcome)
    if outcome.failed:
        return outcome, done
    if wrong := half_written(out, known, RENEWED.get(name, ())):
        return Outcome(WRONG, wrong), done
    if ended.status == 0 and (wrong := left_in(folder / "tmp")):
        return Outcome(WRONG, wrong), done
    return as_if_nothing_had_been(requests(world, out)[name], out, folder / "tmp", known) or outcome, done


def _explained(ended, otherwise: Outcome) -> Outcome:
    """What the plugin says of a process that ended so."""
    from plugin.engine.worker_process import explain_end

    told = explain_end(ended.status, ended.words, "python")
    return Outcome(CLEAN, told) if "memory" in told else Outcome(CRASH, f"{told} {otherwise.told}")


def _limit(more: int) -> None:
    with open("/proc/self/statm") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + more, resource.getrlimit(resource.RLIMIT_AS)[1]))
