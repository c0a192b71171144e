"""The JSON-lines server that the plugin keeps warm between runs: ``python -m model_core worker``.

One JSON object per line. On stdin ``{"id", "command", "request"}``, ``{"command": "cancel", "id"}`` or
``{"command": "stop"}``; on stdout one ``ready`` line, then for each request a ``begun`` line, ``progress``, ``log``, ``warning``
lines and one ``result`` or ``error`` line, all with its ``id``, and every few seconds an ``alive`` line while a request is worked on:
a worker that is not heard any more hangs, and one that ends before it has said ``begun`` has done nothing of the request. A result in another language than English has ``said``, its texts with what they are in that
language. ``stop`` ends the worker after the requests before it; the end
of stdin cancels what runs, because nobody is left to read the answer.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import queue
import signal
import sys
import threading
import time
from typing import Any, BinaryIO

from model_core import __version__
from model_core.errors import Cancelled, InputError
from model_core.failures import explain
from model_core.language import say, sentences
from model_core.progress import Progress
from model_core.run_log import RunLog

PROTOCOL = 2
DEFAULT_IDLE_SECONDS = 900.0
# How long a job may take to notice that its reader is gone before the process ends under it.
ORPHAN_SECONDS = 5.0
ALIVE_SECONDS = 5.0
# More progress lines than this per second tell a user nothing.
PROGRESS_INTERVAL_S = 0.05

_STOP = object()


class Channel:
    """The worker's private stream of replies; safe to use from several threads."""

    def __init__(self, stream: BinaryIO):
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, message: dict[str, Any]) -> None:
        """Write one line. If the reader is gone the process ends: there is nobody to work for."""
        line = json.dumps(message).encode() + b"\n"
        try:
            with self._lock:
                self._stream.write(line)
                self._stream.flush()
        except OSError:
            _end_with_children()


class Job(Progress):
    """One request on its way: its progress goes to the channel under its id."""

    def __init__(self, channel: Channel, message: dict[str, Any]):
        self.cancelled = threading.Event()
        super().__init__(self.cancelled.is_set)
        self.id = message.get("id")
        self.command = message.get("command")
        self.request = message.get("request") or {}
        self._channel = channel
        self._last_step = (-1.0, "")
        self._last_time = 0.0

    def reply(self, message_type: str, /, **content: Any) -> None:
        self._channel.send({"type": message_type, "id": self.id, **content})

    def on_step(self, fraction: float, message: str) -> None:
        step, now = (fraction, message), time.monotonic()
        if step == self._last_step:
            return
        if message == self._last_step[1] and fraction < 1 and now - self._last_time < PROGRESS_INTERVAL_S:
            return
        self._last_step, self._last_time = step, now
        self.reply("progress", fraction=round(float(fraction), 4), message=say(message))

    def on_log(self, message: str) -> None:
        self.reply("log", message=say(message))

    def on_warning(self, message: str) -> None:
        self.reply("warning", message=say(message))


def run(job: Job) -> None:
    """Run one job and send its result or its error; nothing that a job raises ends the worker."""
    job.reply("begun")
    try:
        if job.cancelled.is_set():
            raise Cancelled("Cancelled.")
        perform = _find_job(job.command)
        job.log_file = RunLog(str(job.command), job.request)
        result = perform(job.request, job)
        job.log_file.close("done")
        said = sentences(result)
        job.reply("result", result=result, **({"said": said} if said else {}))
        return
    except BaseException as error:  # SystemExit too: a library's exit() must not take the warm worker along
        explanation = explain(error, job.log_file)
    _release_memory(explanation["kind"] == "OutOfMemory")  # only here are the failed job's frames, and the arrays in them, let go
    job.reply("error", **explanation)


def _find_job(command: Any):
    from model_core.jobs import JOBS  # the first request pays for the imports, the start does not

    if not isinstance(command, str) or command not in JOBS:
        raise InputError(f"unknown command {command!r}; known are {', '.join(JOBS)}")
    return JOBS[command]


def _release_memory(kept_too: bool) -> None:
    """Give back what a failed job held, on the GPU too, so that the next, smaller job has room.

    `kept_too` also lets go of the models that are kept ready.
    """
    ready = sys.modules.get("model_core.ready")
    if kept_too and ready is not None:
        ready.forget()
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()


class Requests:
    """Reads stdin in a thread of its own, so that a cancel is heard while a job runs."""

    def __init__(self, stream: BinaryIO, channel: Channel):
        self.pending: queue.Queue = queue.Queue()
        self._stream, self._channel = stream, channel
        self._jobs: dict[Any, Job] = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._read, name="requests", daemon=True).start()

    def done(self, job: Job) -> None:
        """Forget a finished job; a late cancel for it is then ignored."""
        with self._lock:
            self._jobs.pop(job.id, None)

    def _read(self) -> None:
        for line in self._stream:
            if line.strip() and self._take(line):
                self.pending.put(_STOP)
                return
        with self._lock:
            for job in self._jobs.values():
                job.cancelled.set()
        self.pending.put(_STOP)
        time.sleep(ORPHAN_SECONDS)  # a daemon thread: it is gone long before where the job listens
        _end_with_children()

    def _take(self, line: bytes) -> bool:
        """Handle one line; whether it asks to stop."""
        try:
            message = json.loads(line)
            _check_form(message)
        except (ValueError, RecursionError) as error:
            self._channel.send({"type": "error", "id": None, "kind": "InputError", "message": f"not a request: {error}"})
            return False
        command = message.get("command")
        if command == "stop":
            return True
        if command == "cancel":
            with self._lock:
                job = self._jobs.get(message.get("id"))
            if job:
                job.cancelled.set()
            return False
        job = Job(self._channel, message)
        with self._lock:
            self._jobs[job.id] = job
        self.pending.put(job)
        return False


def _check_form(message: Any) -> None:
    """Raise `ValueError` if a message is not of the form that the head of this file describes."""
    if not isinstance(message, dict) or not isinstance(message.get("request") or {}, dict):
        raise ValueError("a request is a JSON object, and so is its 'request'")
    identity = message.get("id")
    if isinstance(identity, bool) or not isinstance(identity, (str, int, float, type(None))):
        raise ValueError("its 'id' is a text or a number")


def _say_alive(channel: Channel, busy: threading.Event) -> None:
    while busy.wait():
        time.sleep(ALIVE_SECONDS)
        if busy.is_set():
            channel.send({"type": "alive", "id": None})


def _end_with_children() -> None:
    """End at once, and take along what a job started, where the plugin gave this process a group of its own."""
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(0)


def claim_streams() -> tuple[BinaryIO, BinaryIO]:
    """Take stdin and stdout away from everybody else in this process: (requests, replies).

    What Python code or a C library prints then lands on stderr and can't corrupt the replies; what reads stdin finds
    it empty. On Windows it also keeps DLLs that inspect the standard handles while they load from waiting for the
    thread that reads the requests.
    """
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return requests, replies


def serve(idle_seconds: float = DEFAULT_IDLE_SECONDS) -> int:
    """Answer requests until told to stop, stdin ends, or no request came for `idle_seconds`; the exit status."""
    incoming, outgoing = claim_streams()
    faulthandler.enable()
    # Ctrl-C in the terminal that QGIS was started from is for QGIS, which then cancels or closes stdin.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel = Channel(outgoing)
    channel.send({"type": "ready", "protocol": PROTOCOL, "version": __version__, "pid": os.getpid()})
    requests, busy = Requests(incoming, channel), threading.Event()
    threading.Thread(target=_say_alive, args=(channel, busy), name="alive", daemon=True).start()
    while True:
        try:
            job = requests.pending.get(timeout=idle_seconds)
        except queue.Empty:
            return 0
        if job is _STOP:
            return 0
        busy.set()
        run(job)
        busy.clear()
        requests.done(job)
