"""Whole QGIS processes: one that is killed, and two at once with one profile and one engine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from trials.faults.aftermath import half_written, left_in
from trials.faults.contents import contents
from trials.faults.engines import ROOT, gone
from trials.faults.jobs import requests, sound
from trials.outcome import CLEAN, HANG, SANE, TRACEBACK, WRONG, Outcome

_SECONDS = 400


def qgis_killed(number: int, random: np.random.Generator, folder: Path, world: Path) -> tuple[Outcome, str]:
    """kill -9 of a `qgis_process` in the middle of an algorithm; its worker ends, and the next run works."""
    known, environment = sound("simulate", world, folder), _environment(folder / "tmp")
    out = folder / "out"
    out.mkdir()
    command = _simulate(world, out)
    running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    workers: list[int] = []
    deadline, after = time.monotonic() + 200, None
    while running.poll() is None and time.monotonic() < deadline:
        workers = workers or _children(running.pid)
        if workers and after is None:
            after = time.monotonic() + float(random.uniform(0, 4))
        if after is not None and time.monotonic() > after:
            running.kill()
        time.sleep(0.02)
    running.kill()
    running.wait()
    done = f"killed with workers {len(workers)}, status {running.returncode}"
    if any(not gone(pid) for pid in workers):
        return Outcome(WRONG, f"worker {workers} still runs"), done
    if wrong := half_written(out, known):
        return Outcome(WRONG, wrong), done
    again = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_SECONDS)
    if again.returncode or contents(out) != known.contents:
        return Outcome(WRONG, f"the next run: status {again.returncode}, {again.stderr[-300:]}"), done
    return Outcome(SANE), done


def two_qgis(number: int, random: np.random.Generator, folder: Path, world: Path) -> tuple[Outcome, str]:
    """Two `qgis_process` at once, to one output and to two in turns: each ends with its result, or is refused by the output's name."""
    known, one_output = sound("simulate", world, folder), number % 2 == 0
    outs = [folder / "out1", folder / ("out1" if one_output else "out2")]
    wait, running = float(random.uniform(0, 3)), []
    for place, out in enumerate(outs):
        out.mkdir(exist_ok=True)
        environment = _environment(folder / f"tmp{place}")
        running.append(subprocess.Popen(_simulate(world, out), env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        time.sleep(wait)
    done = f"two at once to {'one output' if one_output else 'two outputs'}, {wait:.1f} s apart"
    said = []
    for process in running:
        try:
            said.append("".join(process.communicate(timeout=_SECONDS)))
        except subprocess.TimeoutExpired:
            for each in running:
                each.kill()
            return Outcome(HANG), done
    refused = [words for process, words in zip(running, said) if process.returncode]
    if any("Traceback" in words for words in said):
        return Outcome(TRACEBACK, next(words for words in said if "Traceback" in words)[-400:]), done
    if len(refused) > one_output or any(str(outs[0]) not in words for words in refused):
        return Outcome(WRONG, f"refused: {[words[-300:] for words in refused]}"), done
    for out in dict.fromkeys(outs):
        if wrong := half_written(out, known):
            return Outcome(WRONG, wrong), done
        if contents(out) != known.contents:
            return Outcome(WRONG, f"'{out.name}' is not what one run gives"), done
    if wrong := left_in(folder / "tmp0") or left_in(folder / "tmp1"):
        return Outcome(WRONG, wrong), done
    return Outcome(CLEAN if refused else SANE, refused[0][-200:] if refused else ""), done


def _simulate(world: Path, out: Path) -> list[str]:
    """A command that simulates a CTM into a folder, as the job `simulate` of the trials does."""
    request = requests(world, out)["simulate"][1]
    words = {"GRID": request["grid"], "START": request["start"], "DAYS": request["days"], "SEED": request["seed"], "OUTPUT": request["out"]}
    program = shutil.which("qgis_process") or "qgis_process"
    return [program, "--json", "run", "ctm_reanalysis:simulatectm", *(f"--{name}={value}" for name, value in words.items())]


def _environment(temporary: Path) -> dict[str, str]:
    """Of a QGIS whose profile, the same for all trials, has the plugin enabled."""
    profile = Path(tempfile.gettempdir()) / "trials-qgis"
    environment = _qgis_environment(profile, temporary)
    if not (profile / "ready").exists():
        enable = ["qgis_process", "plugins", "enable", "ctm_reanalysis"]
        subprocess.run(enable, env=environment, capture_output=True, timeout=300, check=True)
        (profile / "ready").touch()
    return environment


def _qgis_environment(profile: Path, temporary: Path) -> dict[str, str]:
    plugins = profile / "plugins"
    plugins.mkdir(parents=True, exist_ok=True)
    temporary.mkdir(exist_ok=True)
    runtime = profile / "runtime"  # Qt would make one in the temporary folder
    runtime.mkdir(mode=0o700, exist_ok=True)
    if not (plugins / "ctm_reanalysis").exists():
        (plugins / "ctm_reanalysis").symlink_to(ROOT, target_is_directory=True)
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "QGIS_PLUGINPATH": str(plugins),
        "QGIS_CUSTOM_CONFIG_PATH": str(profile / "profile"),
        "CTM_REANALYSIS_ENGINE_PYTHON": sys.executable,
        "TMPDIR": str(temporary),
        "XDG_RUNTIME_DIR": str(runtime),
    }
    for name in ("QGIS_OPTIONS_PATH", "PYTHONPATH", "PYTHONHOME"):
        environment.pop(name, None)
    return environment


def _children(pid: int) -> list[int]:
    """Processes under a process that run the worker."""
    found, stack = [], [pid]
    while stack:
        each = stack.pop()
        try:
            if b"model_core\0worker" in Path(f"/proc/{each}/cmdline").read_bytes():
                found.append(each)
            for task in Path(f"/proc/{each}/task").iterdir():
                stack += map(int, (task / "children").read_text().split())
        except OSError:
            continue
    return found
