"""Jobs in processes that may be killed, starved or tampered with: forked from one that has imported all, so that each starts at once."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable

LONGEST_SECONDS = 300.0  # of wall-clock time for one job on a busy machine


@dataclass
class Ended:
    """How a job's process ended.

    Attributes
    ----------
    status : as of `os.waitstatus_to_exitcode`; negative is a signal
    told : {"result": ...} or {"error": kind, message}; empty where the process said nothing
    words : its stderr
    seconds : of wall-clock time
    """

    status: int
    told: dict[str, Any] = field(default_factory=dict)
    words: str = ""
    seconds: float = 0.0

    @property
    def error(self) -> dict[str, str]:
        """Kind and message, empty where there is none."""
        return self.told.get("error", {})

    @property
    def worked(self) -> bool:
        """Whether there is a result."""
        return self.status == 0 and "result" in self.told


class Running:
    """A job in a process of its own, in a session of its own."""

    def __init__(self, command: str, request: dict[str, Any], temporary: Path, tamper: Callable[[], None] = lambda: None):
        self.temporary = temporary
        temporary.mkdir(parents=True, exist_ok=True)
        self._answer, self._words = temporary.with_name(f"{temporary.name}.answer"), temporary.with_name(f"{temporary.name}.stderr")
        self._answer.unlink(missing_ok=True)
        self.begun = time.monotonic()
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            self._work(command, request, tamper)

    def wait(self, seconds: float = LONGEST_SECONDS) -> Ended:
        """Until it ends; a job that takes longer is killed, and its status is that of SIGALRM."""
        deadline = time.monotonic() + seconds
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > deadline:
                self.kill()
                os.waitpid(self.pid, 0)
                return Ended(-signal.SIGALRM, {}, self._words.read_text(errors="replace"), seconds)
            time.sleep(0.005)
        said = self._answer.read_text() if self._answer.exists() else ""
        try:
            told = json.loads(said or "{}")
        except ValueError:  # it was killed while it spoke
            told = {}
        words = self._words.read_text(errors="replace") if self._words.exists() else ""
        return Ended(os.waitstatus_to_exitcode(status), told, words, time.monotonic() - self.begun)

    def kill(self) -> None:
        """SIGKILL to the process alone, as the system or a user does; what it started must end by itself."""
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def orphans(self, seconds: float = 8.0) -> list[int]:
        """Processes of its session that still run after some seconds."""
        deadline = time.monotonic() + seconds
        while True:
            left = list(_session(self.pid))
            if not left or time.monotonic() > deadline:
                return left
            time.sleep(0.05)

    def _work(self, command: str, request: dict[str, Any], tamper: Callable[[], None]) -> None:
        """In the child: never returns."""
        status = 1
        try:
            os.setsid()
            words = os.open(self._words, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(words, 1)
            os.dup2(words, 2)
            os.environ["TMPDIR"] = str(self.temporary)
            os.environ["XDG_STATE_HOME"] = str(self.temporary.with_name(f"{self.temporary.name}.state"))
            import tempfile

            tempfile.tempdir = None
            answer = os.open(self._answer, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            from model_core.failures import explain
            from model_core.jobs import JOBS
            from model_core.progress import Progress

            try:
                tamper()
                told = {"result": JOBS[command](request, Progress())}
            except BaseException as error:
                told = {"error": explain(error)}
            for limit in (resource.RLIMIT_FSIZE, resource.RLIMIT_AS):  # they were for the job, not for its answer
                most = resource.getrlimit(limit)[1]
                resource.setrlimit(limit, (most, most))
            os.write(answer, json.dumps(told, default=str).encode())
            threading._shutdown()  # as an interpreter ends: threads that still write or tidy up are waited for
            status = 0
        finally:
            os._exit(status)


def run(command: str, request: dict[str, Any], temporary: Path, tamper: Callable[[], None] = lambda: None) -> Ended:
    """A job from beginning to end."""
    return Running(command, request, temporary, tamper).wait()


def _session(leader: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[3]) == leader and fields[0] != "Z":
                found.append(int(entry.name))
    return found
