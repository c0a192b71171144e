"""Children that run cases, each watched: one that dies or hangs is replaced, and its case is told."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Callable, Iterable

from trials.outcome import CRASH, HANG

CPU_SECONDS = 10.0  # more than this for one case is a hang
IDLE_SECONDS = 60.0  # without an answer and without computing
_POLL = 0.1


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and all its descendants, those that ended too; 0 for one that is gone."""
    total, stack = 0.0, [pid]
    while stack:
        each = stack.pop()
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()
            total += sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
            for task in Path(f"/proc/{each}/task").iterdir():
                stack += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return total


class Child:
    """One process that runs cases."""

    def __init__(self, world: Path, work: Path):
        self.work = work
        work.mkdir(parents=True, exist_ok=True)
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "OMP_WAIT_POLICY": "PASSIVE",
            "XDG_STATE_HOME": str(work / "state"),
            "TMPDIR": str(work),
        }
        self._log = open(work / "stderr.txt", "w")
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("child.py")), str(world), str(work)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            start_new_session=True,
            env=environment,
        )
        self._said: queue.Queue = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        ready = self._said.get(timeout=300)
        if ready is None:
            raise RuntimeError(f"a child did not start: {(work / 'stderr.txt').read_text()[-2000:]}")

    def run(self, order: dict[str, Any]) -> dict[str, Any]:
        """The outcome of one case, however it ends."""
        limit = order.get("cpu_seconds", CPU_SECONDS)
        before, last, moved = cpu_seconds(self.process.pid), 0.0, time.monotonic()
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        while True:
            try:
                line = self._said.get(timeout=_POLL)
            except queue.Empty:
                used = cpu_seconds(self.process.pid) - before
                if used > last + 0.05:
                    last, moved = used, time.monotonic()
                if used > limit or time.monotonic() - moved > IDLE_SECONDS:
                    self.end()
                    told = f"after {used:.1f} s of CPU" if used > limit else f"waits for something since {IDLE_SECONDS:.0f} s"
                    return self._lost(order, HANG, told)
                continue
            if line is None:
                status = self.process.wait()
                told = f"{signal.Signals(-status).name}" if status < 0 else f"status {status}"
                return self._lost(order, CRASH, f"the process died: {told}; {(self.work / 'stderr.txt').read_text()[-300:]}")
            return json.loads(line)

    def end(self) -> None:
        """Kill it with all that it started."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self._log.close()

    @property
    def alive(self) -> bool:
        """Whether it can take another case."""
        return self.process.poll() is None

    def _lost(self, order: dict[str, Any], kind: str, told: str) -> dict[str, Any]:
        folder = Path(order.get("folder") or self.work / f"{order['name']}-{order['number']}")
        try:
            done = json.loads((folder / "case.json").read_text())["done"]
        except OSError:
            done = "?"
        return {"kind": kind, "told": told, "traceback": "", "done": done, "folder": str(folder)}

    def _read(self) -> None:
        for line in self.process.stdout:
            self._said.put(line)
        self._said.put(None)


def run_all(
    orders: Iterable[dict[str, Any]],
    world: Path,
    work: Path,
    failures: Path,
    processes: int,
    tell: Callable[[dict[str, Any], dict[str, Any]], None],
) -> None:
    """Run all cases in some processes; `tell(order, outcome)` hears of each. The folders of failures are kept under `failures`."""
    waiting: queue.Queue = queue.Queue()
    for order in orders:
        waiting.put(order)
    lock = threading.Lock()

    def serve(number: int) -> None:
        child = None
        while True:
            try:
                order = waiting.get_nowait()
            except queue.Empty:
                break
            if child is None or not child.alive:
                child = Child(world, work / f"child{number}")
            begun = time.monotonic()
            outcome = child.run(order)
            outcome["seconds"] = time.monotonic() - begun
            folder = Path(outcome["folder"])
            with lock:
                tell(order, outcome)
                if "folder" not in order and folder.exists():
                    if outcome["kind"] in (CRASH, HANG, "traceback", "silent wrong"):
                        kept = failures / folder.name
                        shutil.rmtree(kept, ignore_errors=True)
                        kept.parent.mkdir(parents=True, exist_ok=True)
                        (folder / "outcome.json").write_text(json.dumps(outcome, indent=1))
                        shutil.move(folder, kept)
                    else:
                        shutil.rmtree(folder, ignore_errors=True)
        if child is not None:
            child.end()

    threads = [threading.Thread(target=serve, args=(number,)) for number in range(processes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
