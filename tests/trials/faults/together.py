"""Two runs at once: of one output, of one cache of daily fields, of one folder."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from trials.faults.aftermath import as_if_nothing_had_been, half_written, judged, left_in
from trials.faults.forked import Running
from trials.faults.jobs import NAMES, requests, sound
from trials.faults.kills import RENEWED
from trials.outcome import SANE, WRONG, Outcome

CACHED = ("train", "reproduce")


def two_runs(number: int, random: np.random.Generator, folder: Path, world: Path) -> tuple[Outcome, str]:
    """Each ends with its result or with a message; what is there is that of one whole run."""
    name = NAMES[number % len(NAMES)]
    known = sound(name, world, folder)
    out = folder / "out"
    out.mkdir()
    wait = float(random.uniform(0, 0.7 * known.seconds))
    job = requests(world, out)[name]
    first = Running(*job, folder / "tmp1")
    time.sleep(wait)
    second = Running(*job, folder / "tmp2")
    ended = [first.wait(), second.wait()]
    done = f"{name} twice to one output, {wait:.3f} s apart"
    left = left_in(folder / "tmp1") or left_in(folder / "tmp2")
    return Outcome(WRONG, left) if left else _judge(ended, out, known, name, job, folder), done


def one_cache(number: int, random: np.random.Generator, folder: Path, world: Path) -> tuple[Outcome, str]:
    """Two jobs with outputs of their own prepare the same daily fields; both give what they give alone."""
    outs, jobs, running = [folder / "out1", folder / "out2"], [], []
    names = [CACHED[(number >> bit) % 2] for bit in (0, 1)]
    knowns = [sound(name, world, folder / f"alone{i}") for i, name in enumerate(names) if (folder / f"alone{i}").mkdir() is None]
    cache = folder / "cache"
    cache.mkdir()
    for out, name in zip(outs, names):
        out.mkdir()
        command, request = requests(world, out)[name]
        jobs.append((command, {**request, "cache": str(cache)}))
    wait = float(random.uniform(0, 0.3))
    for place, job in enumerate(jobs):
        running.append(Running(*job, folder / f"tmp{place}"))
        time.sleep(wait)
    done = f"{' and '.join(names)} with one cache, {wait:.3f} s apart"
    for one, out, known in zip(running, outs, knowns):
        ended = one.wait()
        if not ended.worked:
            outcome = judged(ended)
            return (outcome if outcome.failed else Outcome(WRONG, f"one of them was refused: {outcome.told}")), done
        if wrong := half_written(out, known):
            return Outcome(WRONG, wrong), done
    if wrong := left_in(folder / "tmp0") or left_in(folder / "tmp1"):
        return Outcome(WRONG, wrong), done
    left = [path.name for path in cache.iterdir() if path.suffix != ".nc" or path.name.startswith(".")]
    return (Outcome(WRONG, f"left in the cache: {left}") if left else Outcome(SANE)), done


def _judge(ended, out, known, name, job, folder) -> Outcome:
    outcomes = [judged(one) for one in ended]
    for outcome in outcomes:
        if outcome.failed:
            return outcome
    if not any(one.worked for one in ended):
        return Outcome(WRONG, f"neither run worked: {[outcome.told for outcome in outcomes]}")
    if wrong := half_written(out, known):
        return Outcome(WRONG, wrong)
    if missing := sorted(set(known.contents) - {str(path.relative_to(out)) for path in out.rglob("*")}):
        return Outcome(WRONG, f"missing after two runs: {missing}")
    again = as_if_nothing_had_been(job, out, folder / "tmp3", known, RENEWED.get(name, ()) if name == "train, resumed" else ())
    return again or next((outcome for outcome in outcomes if outcome.kind != SANE), outcomes[0])
