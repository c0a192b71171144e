"""A real worker that lines are sent to, kept warm from case to case."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from trials.outcome import CLEAN, CRASH, HANG, SANE, TRACEBACK, WRONG, Outcome, of_error

ROOT = Path(__file__).resolve().parents[2]
_SILENT_SECONDS = 40.0
_PING = {"id": "are you there", "command": "info", "request": {}}


class Worker:
    """``python -m model_core worker``, and what it says."""

    def __init__(self) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "-m", "model_core", "worker"],
            cwd=tempfile.gettempdir(),
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.said: queue.Queue = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def send(self, line: bytes) -> None:
        """Write a line."""
        self.child.stdin.write(line + b"\n")
        self.child.stdin.flush()

    def until(self, identity: str) -> tuple[list[dict[str, Any]], str]:
        """(all messages up to the answer to that request, "" or how the wait ended instead)."""
        messages, deadline = [], time.monotonic() + _SILENT_SECONDS
        while True:
            try:
                line = self.said.get(timeout=max(0.1, deadline - time.monotonic()))
            except queue.Empty:
                return messages, HANG
            if line is None:
                return messages, CRASH
            deadline = time.monotonic() + _SILENT_SECONDS
            message = json.loads(line)
            if message["type"] in ("result", "error") and message["id"] == identity:
                return messages, ""
            messages.append(message)

    def end(self) -> None:
        """Kill it."""
        self.child.kill()
        self.child.wait()

    def _read(self) -> None:
        for line in self.child.stdout:
            self.said.put(line)
        self.said.put(None)


_worker: Worker | None = None


def ask(lines: list[str]) -> Outcome:
    """Send lines (bytes as latin-1 text) to the worker; each must be answered once, and the worker must live."""
    global _worker
    if _worker is None or _worker.child.poll() is not None:
        _worker = Worker()
    due, unknown, stopped = _expected(lines)
    try:
        for line in lines:
            _worker.send(line.encode("latin-1", "surrogateescape") if line.isascii() or _latin(line) else line.encode())
        _worker.send(json.dumps(_PING).encode())
        messages, ended = _worker.until(_PING["id"])
    except OSError:
        messages, ended = [], CRASH
    if ended:
        _worker.end()
        _worker = None
        if not (stopped and ended == CRASH):
            return Outcome(ended, f"the worker {'says nothing any more' if ended == HANG else 'ended'}")
    answers = [message for message in messages if message["type"] in ("result", "error")]
    ids = sorted(json.dumps(message["id"]) for message in answers)
    if ids != sorted([*due, *["null"] * unknown]) and not stopped:
        return Outcome(WRONG, f"answers for {ids} where {due} and {unknown} refusals were due")
    for message in answers:
        if message["type"] == "error":
            outcome = of_error(Exception(), message)
            if outcome.kind == TRACEBACK and not message["kind"] == "Cancelled":
                return outcome
    refused = any(message["type"] == "error" for message in answers)
    return Outcome(CLEAN if refused else SANE, answers[0].get("message", "") if answers else "")


def _latin(line: str) -> bool:
    return all(ord(letter) < 256 for letter in line)


def _expected(lines: list[str]) -> tuple[list[str], int, bool]:
    """(ids of requests as JSON, number of lines that are none, whether one of them stops the worker)."""
    due, unknown = [], 0
    for line in lines:
        content = line.encode("latin-1") if _latin(line) else line.encode()
        for part in content.split(b"\n"):
            if not part.strip():
                continue
            try:
                message = json.loads(part)
                assert isinstance(message, dict) and isinstance(message.get("request") or {}, dict)
            except (ValueError, AssertionError, RecursionError):
                unknown += 1
                continue
            if message.get("command") == "stop":
                return due, unknown, True
            identity = message.get("id")
            if isinstance(identity, bool) or not isinstance(identity, (str, int, float, type(None))):
                unknown += 1  # of a cancel too
            elif message.get("command") != "cancel":
                due.append(json.dumps(identity))
    return due, unknown, False
