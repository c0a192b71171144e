"""The engine process: started in a clean environment, spoken to in JSON lines, and explained when it dies."""

from __future__ import annotations

import collections
import json
import queue
import signal
import subprocess  # the engine is a process of its own  # nosec B404
import threading
import time
from pathlib import Path
from typing import IO, Any, Callable

from . import process
from .errors import EngineCancelled, EngineError
from .language import VARIABLE, language
from .options import EngineOptions
from .qgis_side import engine_setting, tr
from .windows_faults import remedy_of

ROOT = Path(__file__).resolve().parents[2]
PROTOCOL = 2
WORKER = ("-m", "model_core", "worker")
# A first start from a cold network disk, with a virus scanner looking on, takes its time.
START_SECONDS = 90.0
STOP_SECONDS = 1.0
LAST_LINES = 60
SIGKILL = 9  # Windows' module signal has no such name


class WorkerGone(Exception):
    """The process ended; says why, and whether it had begun with the last request."""

    def __init__(self, explanation: str, last_words: str, begun: bool):
        super().__init__(explanation)
        self.explanation, self.last_words, self.begun = explanation, last_words, begun


class WorkerProcess:
    """One engine process; raises `EngineError` if it can't be started."""

    def __init__(self, python: str, arguments: tuple[str, ...] = WORKER, options: EngineOptions | None = None):
        options = options or EngineOptions()
        self.python, self.options, self.language = python, options, language()
        more = options.arguments() if arguments == WORKER else ()
        self._said: queue.Queue = queue.Queue()
        self._stderr: collections.deque = collections.deque(maxlen=LAST_LINES)
        self._begun = False
        try:
            self._child = process.start(
                [python, *arguments, *more],
                cwd=str(ROOT),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**process.clean_environment(), **options.environ(), VARIABLE: self.language},
            )
        except OSError as error:
            raise EngineError(
                tr("The engine's Python {python} can't be started: {reason}. {remedy}")
                .format(python=python, reason=error, remedy=remedy_of(str(error)))
                .rstrip(),
                "Start",
            ) from error
        self._readers = [
            threading.Thread(target=self._read_replies, args=(self._child.stdout,), daemon=True),
            threading.Thread(target=self._read_stderr, args=(self._child.stderr,), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        return self._child.pid

    def alive(self) -> bool:
        return self._child.poll() is None

    def wait_until_ready(self, is_cancelled: Callable[[], bool], seconds: float = START_SECONDS) -> None:
        """Wait for the greeting; ends the process and raises if it does not come."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                message = self.receive(0.05)
            except WorkerGone as error:
                raise EngineError(
                    tr("The engine did not start. {reason}").format(reason=error.explanation), "Start", error.last_words
                ) from error
            if message and message.get("type") == "ready":
                break
            if is_cancelled():
                self.kill()
                raise EngineCancelled(tr("Cancelled."))
            if time.monotonic() > deadline:
                self.kill()
                raise EngineError(
                    tr("The engine did not start within {seconds:.0f} seconds ({python}).").format(seconds=seconds, python=self.python),
                    "Start",
                    self.last_words(),
                )
        if message.get("protocol") != PROTOCOL:
            self.kill()
            raise EngineError(
                tr(
                    "{python} runs engine {version}, which this plugin does not understand. Remove the other installation "
                    "of model_core from it."
                ).format(python=self.python, version=message.get("version")),
                "Start",
            )

    def send(self, message: dict[str, Any]) -> None:
        """Write one line; raises `WorkerGone` if nobody reads it."""
        self._begun = False if "request" in message else self._begun
        try:
            self._child.stdin.write(json.dumps(message).encode() + b"\n")
            self._child.stdin.flush()
        except (OSError, ValueError):
            raise self._gone() from None

    def receive(self, seconds: float) -> dict[str, Any] | None:
        """The next message, or None if there is none within that time; raises `WorkerGone` when there will be none."""
        try:
            message = self._said.get(timeout=seconds)
        except queue.Empty:
            return None
        if message is None:
            self._said.put(None)
            raise self._gone()
        self._begun = self._begun or message.get("type") == "begun"
        return message

    def stop(self) -> None:
        """End the process: politely, by closing its stdin, then by force, with all that it started."""
        try:
            self._child.stdin.close()
        except (OSError, ValueError):
            pass  # it is gone already
        try:
            self._child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        self.kill()

    def kill(self) -> None:
        """End the process and all that it started, now."""
        process.kill(self._child)
        for reader in self._readers:
            reader.join(1.0)

    def last_words(self) -> str:
        """The last lines of its stderr."""
        return "\n".join(self._stderr)

    def _read_replies(self, stream: IO[bytes]) -> None:
        for line in stream:
            try:
                message = json.loads(line)
            except ValueError:
                message = None
            if isinstance(message, dict):
                self._said.put(message)
            else:  # a launcher or site hook that prints before the engine owns the stream
                self._stderr.append(process.text_of(line).rstrip())
        self._said.put(None)

    def _read_stderr(self, stream: IO[bytes]) -> None:
        for line in stream:
            self._stderr.append(process.text_of(line).rstrip())

    def _gone(self) -> WorkerGone:
        try:
            self._child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:  # it closed its stream but lives: nothing good comes from it any more
            process.kill(self._child)
        self._readers[1].join(1.0)
        status, words = self._child.returncode, self.last_words()
        return WorkerGone(explain_end(status, words, self.python), words, self._begun)


# Windows' exit codes for what POSIX says by a signal.
_WINDOWS_CRASHES = {
    0xC0000005: "ACCESS_VIOLATION",
    0xC000001D: "ILLEGAL_INSTRUCTION",
    0xC00000FD: "STACK_OVERFLOW",
    0xC0000409: "STACK_BUFFER_OVERRUN",
    0xC0000374: "HEAP_CORRUPTION",
}


def explain_end(status: int, last_words: str, python: str) -> str:
    """What the end of the engine process was, from its exit status and its last words, with a remedy where there is one."""
    if "No module named" in last_words:
        line = next(line for line in reversed(last_words.splitlines()) if "No module named" in line)
        if python == engine_setting():  # it goes before the environment that would be set up
            return tr(
                "A library is missing ({reason}) in {python}, which the option 'Engine Python' names. Clear the option in Settings > "
                "Options > CTM Reanalysis, or name a Python that has the engine's libraries."
            ).format(reason=line.strip(), python=python)
        return tr("A library is missing ({reason}) in {python}. Run the algorithm 'Set up engine'.").format(
            reason=line.strip(), python=python
        )
    if "No Python at" in last_words:  # what Windows' starter of a virtual environment says, with status 103
        return tr(
            "QGIS was updated, or the Python that the engine was made from was removed ({reason}). Run the algorithm 'Set up "
            "engine': it repairs the engine."
        ).format(reason=last_words.strip().splitlines()[-1])
    if status == -SIGKILL:
        return tr(
            "The engine process was killed (SIGKILL): the system ran out of memory, or somebody ended it. If it "
            "happens again, use a smaller grid or close other programs."
        )
    told_by_libraries = "MemoryError" in last_words or "bad_alloc" in last_words or "not enough memory" in last_words
    if told_by_libraries or "cannot allocate memory" in last_words:  # the last of the dynamic linker
        return tr("The engine ran out of memory. Use a smaller grid or close other programs.")
    if remedy := remedy_of(last_words, status):
        reason = next((line for line in reversed(last_words.splitlines()) if remedy_of(line)), f"0x{status & 0xFFFFFFFF:X}")
        return tr("The engine's libraries can't be used ({reason}). {remedy}").format(reason=reason.strip(), remedy=remedy)
    if status < 0 or status & 0xFFFFFFFF in _WINDOWS_CRASHES:
        return tr(
            "The engine process crashed inside a library ({signal}). Please report it with the log; the next run starts a new engine."
        ).format(signal=_crash_name(status))
    last = last_words.strip().splitlines()[-1] if last_words.strip() else tr("it said nothing")
    return tr("The engine process ended unexpectedly with status {status}: {last}").format(status=status, last=last)


def _crash_name(status: int) -> str:
    if status & 0xFFFFFFFF in _WINDOWS_CRASHES:
        return _WINDOWS_CRASHES[status & 0xFFFFFFFF]
    try:
        return signal.Signals(-status).name
    except ValueError:
        return str(-status)
