"""Disks that fill, and output folders that can't be written to or vanish."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator

import numpy as np

from trials.faults.aftermath import as_if_nothing_had_been, half_written, judged, left_in
from trials.faults.events import at_event
from trials.faults.forked import Ended, run
from trials.faults.jobs import NAMES, Sound, requests, sound
from trials.faults.kills import RENEWED
from trials.outcome import CLEAN, WRONG, Outcome

_NOBODY = 65534


def disk_full(number: int, random: np.random.Generator, folder: Path, world: Path) -> tuple[Outcome, str]:
    """A file that may not grow beyond a size, or, where one can be mounted, a small file system."""
    name = NAMES[number % len(NAMES)]
    known = sound(name, world, folder)
    out = folder / "out"
    out.mkdir()
    if number % 2 and _mountable(folder):
        size = int(4096 * 2 ** random.uniform(0, 8))
        with _small_disk(out, size):
            ended, wrong = run(*requests(world, out)[name], folder / "tmp"), half_written(out, known, RENEWED.get(name, ()))
        done = f"{name} on a disk of {size} bytes"
    else:
        size = int(2 ** random.uniform(0, 18))
        ended = run(*requests(world, out)[name], folder / "tmp", lambda: _limit_files(size))
        wrong, done = half_written(out, known, RENEWED.get(name, ())), f"{name}, files of {size} bytes at most"
    return _after(ended, wrong, name, known, out, folder, world), done


def folder_refuses(number: int, random: np.random.Generator, folder: Path, world: Path) -> tuple[Outcome, str]:
    """A folder that is read-only, or becomes so, or is taken away, before or in the middle of a job."""
    name = NAMES[number % len(NAMES)]
    known = sound(name, world, folder)
    out = folder / "out"
    out.mkdir()
    event = -1 if random.random() < 0.3 else int(random.integers(known.events))
    way = ("read-only", "taken away", "a file instead")[int(random.integers(3))]
    actions: dict[str, Callable[[], object]] = {
        "read-only": lambda: os.chmod(out, 0o555),
        "taken away": lambda: os.rename(out, folder / "elsewhere"),
        "a file instead": lambda: (os.rename(out, folder / "elsewhere"), out.write_text("")),
    }

    def tamper() -> None:
        for path in (folder, folder.parent):
            path.chmod(0o755)
        if event < 0:
            actions[way]()
        if way == "read-only" and os.getuid() == 0:  # whom no mode of a folder stops
            (folder / "tmp").chmod(0o777)
            os.chown(out, _NOBODY, _NOBODY)
            os.setresgid(_NOBODY, _NOBODY, _NOBODY)
            os.setresuid(_NOBODY, _NOBODY, _NOBODY)
        if event >= 0:
            at_event(event, actions[way])

    ended = run(*requests(world, out)[name], folder / "tmp", tamper)
    elsewhere = folder / "elsewhere"
    if elsewhere.exists():
        if out.is_dir():
            wrong = half_written(out, known, RENEWED.get(name, ()))  # a job may make the folder anew
            shutil.rmtree(out)
        else:
            wrong = ""
            out.unlink(missing_ok=True)
        os.rename(elsewhere, out)
    else:
        wrong = ""
    out.chmod(0o755)
    wrong = half_written(out, known, RENEWED.get(name, ())) or wrong
    # Where the folder is out of reach nobody can take away an unfinished file.
    outcome = _after(ended, wrong, name, known, out, folder, world, reachable=False)
    return outcome, f"{name}, folder {way} at write {event} of {known.events}"


def _after(ended: Ended, wrong: str, name: str, known: Sound, out: Path, folder: Path, world: Path, reachable: bool = True) -> Outcome:
    """The outcome of a job that ended by itself, and of the next run."""
    outcome = judged(ended)
    if outcome.failed:
        return outcome
    if wrong := wrong or left_in(folder / "tmp"):
        return Outcome(WRONG, wrong)
    if outcome.kind == CLEAN:
        left = [str(path.relative_to(out)) for path in out.rglob("*") if path.name.endswith((".partial", ".lock"))]
        if left and reachable:
            return Outcome(WRONG, f"left after the error: {left}")
    return as_if_nothing_had_been(requests(world, out)[name], out, folder / "tmp", known) or outcome


def _limit_files(size: int) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def unmount_below(folder: Path) -> None:
    """Take away small file systems that a trial left which was ended in the middle."""
    for line in Path("/proc/mounts").read_text().splitlines():
        place = line.split()[1]
        if place.startswith(f"{folder}{os.sep}"):
            subprocess.run(["umount", "-l", place], check=False)


_can_mount: bool | None = None


def _mountable(folder: Path) -> bool:
    global _can_mount
    if _can_mount is None:
        try:
            with _small_disk(folder / "try", 65536):
                _can_mount = True
        except (OSError, subprocess.CalledProcessError):
            _can_mount = False
    return _can_mount


@contextmanager
def _small_disk(at: Path, size: int) -> Iterator[None]:
    """A file system of so many bytes; what is on it is on the disk below afterwards."""
    at.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(at)], check=True, capture_output=True)
    kept = at.with_name(f"{at.name}.kept")
    try:
        yield
        shutil.copytree(at, kept)
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True, capture_output=True)
        if kept.exists():
            shutil.copytree(kept, at, dirs_exist_ok=True)
            shutil.rmtree(kept)
