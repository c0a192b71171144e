"""How QGIS has a job done: one warm engine process, shared by all runs, that is asked in JSON lines."""

from __future__ import annotations

import atexit
import contextlib
import threading
import time
from typing import Any, Sequence

from .errors import EngineCancelled, EngineError
from .job_folder import job_folder
from .language import language, learn
from .leftovers import remove_leftovers
from .locate import EngineMissing, find_engine
from .options import engine_options
from .qgis_side import tr
from .windows_faults import remedy_of
from .worker_process import WORKER, WorkerGone, WorkerProcess

__all__ = ["EngineCancelled", "EngineError", "EngineMissing", "job_folder", "run_job", "stop_worker"]

# How long a cancelled job may take to end by itself, which keeps the worker warm; then the process is ended.
CANCEL_SECONDS = 1.0
POLL_SECONDS = 0.05
# A worker that has work tells every five seconds that it lives. A machine that swaps can keep it from that for a while.
SILENT_SECONDS, HUNG_SECONDS = 30.0, 120.0


class Engine:
    """The one worker of this QGIS: started by the first run, kept for the next ones, replaced when it ended."""

    def __init__(self, arguments: tuple[str, ...] = WORKER) -> None:
        self._arguments = arguments
        self._busy = threading.Lock()
        self._worker: WorkerProcess | None = None
        self._count = 0
        self.started = 0  # how many workers this process has started

    def run(self, command: str, request: dict[str, Any], feedback, outputs: Sequence[str]) -> dict[str, Any]:
        """See `run_job`; runs from several threads wait for each other."""
        while not self._busy.acquire(timeout=POLL_SECONDS):
            _raise_if_cancelled(feedback)
        try:
            for attempt in (1, 2):
                worker = self._warm_worker(feedback)
                self._count += 1
                try:
                    return self._ask(worker, f"{command}-{self._count}", command, request, feedback)
                except WorkerGone as error:
                    # A worker that stopped or was killed before it began with the request has done nothing of it: ask a new one.
                    if attempt == 1 and not error.begun:
                        continue
                    raise EngineError(error.explanation, "Crash", error.last_words) from error
        except BaseException as error:
            # A failed job leaves a warm worker; a dead one, or one that still works for nobody, is done with.
            if self._worker is not None and not (isinstance(error, EngineError) and self._worker.alive()):
                self._end_worker()
                remove_leftovers(outputs)
            raise
        finally:
            self._busy.release()

    @property
    def pid(self) -> int | None:
        """Process id of the worker, if there is one."""
        return self._worker.pid if self._worker is not None and self._worker.alive() else None

    def stop(self) -> None:
        """End the worker; a job that runs in it ends with an error."""
        worker = self._worker
        if worker is not None:
            worker.stop()

    def _warm_worker(self, feedback) -> WorkerProcess:
        python, options = find_engine(), engine_options()
        wanted = (python.path, options.start(), language())
        worker = self._worker
        if worker is not None and ((worker.python, worker.options.start(), worker.language) != wanted or not worker.alive()):
            self._end_worker()
        if self._worker is None:
            feedback.setProgressText(tr("Starting the engine"))
            self._worker = WorkerProcess(python.path, self._arguments, options)
            self.started += 1
            self._worker.wait_until_ready(feedback.isCanceled)
        return self._worker

    def _end_worker(self) -> None:
        self._worker, worker = None, self._worker
        worker.stop()

    def _ask(self, worker: WorkerProcess, job: str, command: str, request: dict[str, Any], feedback) -> dict[str, Any]:
        worker.send({"id": job, "command": command, "request": request})
        deadline, silence = None, _Silence(feedback)
        while True:
            if deadline is None and feedback.isCanceled():
                deadline = time.monotonic() + CANCEL_SECONDS
                with contextlib.suppress(WorkerGone):
                    worker.send({"command": "cancel", "id": job})
            if deadline is not None and time.monotonic() > deadline:
                worker.kill()
                raise EngineCancelled(tr("Cancelled; the engine was busy and was ended."))
            try:
                message = worker.receive(POLL_SECONDS)
            except WorkerGone:
                if deadline is not None:
                    raise EngineCancelled(tr("Cancelled.")) from None
                raise
            if not silence.goes_on(message is None):
                worker.kill()
                raise EngineError(silence.in_words(), "Hung", worker.last_words())
            if message is None or message.get("id") != job:
                continue
            if message["type"] == "result":
                # A job that ended in the moment of cancelling has its output in place; saying so is the truth.
                learn(message.get("said", {}))
                return message["result"]
            if message["type"] == "error":
                raise _error(message)
            _pass_on(message, feedback)


class _Silence:
    """How long a worker has not been heard; counted in waits, so that the sleep of the whole machine does not count."""

    def __init__(self, feedback) -> None:
        self._feedback, self._waits = feedback, 0

    def goes_on(self, silent: bool) -> bool:
        """Whether to go on waiting; a worker that is silent for long is told to the user once, before it is given up."""
        seconds = self._waits * POLL_SECONDS
        self._waits = self._waits + 1 if silent else 0
        if seconds < SILENT_SECONDS <= self._waits * POLL_SECONDS:
            self._feedback.pushWarning(
                tr(
                    "The engine has not been heard for {seconds:.0f} seconds. It may be stopped, or the machine may be short of memory. "
                    "Cancel to end it; else it is ended after {limit:.0f} seconds."
                ).format(seconds=SILENT_SECONDS, limit=HUNG_SECONDS)
            )
        return self._waits * POLL_SECONDS < HUNG_SECONDS

    @staticmethod
    def in_words() -> str:
        """What is said of a worker that is given up."""
        return tr(
            "The engine hangs: it has not been heard for {seconds:.0f} seconds and was ended. The next run starts a new one; if it "
            "happens again, use a smaller grid or close other programs, and please report it."
        ).format(seconds=HUNG_SECONDS)


def _pass_on(message: dict[str, Any], feedback) -> None:
    if message["type"] == "progress":
        feedback.setProgress(100.0 * message["fraction"])
        if message["message"]:
            feedback.setProgressText(message["message"])
    elif message["type"] == "log":
        feedback.pushInfo(message["message"])
    elif message["type"] == "warning":
        feedback.pushWarning(message["message"])


def _error(message: dict[str, Any]) -> EngineError:
    if message["kind"] == "Cancelled":
        return EngineCancelled(tr("Cancelled."))
    if remedy := remedy_of(message["message"]):  # torch reports a DLL that is missing as an OSError, others as an ImportError
        return EngineError(f"{message['message']} {remedy}", "MissingLibrary", message.get("traceback", ""))
    if message["kind"] == "Internal":
        text = tr("The engine failed. {message}")  # which names the engine's log, where one could be written
        return EngineError(text.format(message=message["message"]), "Internal", "" if message.get("log") else message.get("traceback", ""))
    return EngineError(message["message"], message["kind"])


def _raise_if_cancelled(feedback) -> None:
    if feedback.isCanceled():
        raise EngineCancelled(tr("Cancelled."))


engine = Engine()
atexit.register(engine.stop)


def run_job(command: str, request: dict[str, Any], feedback, outputs: Sequence[str] = ()) -> dict[str, Any]:
    """Have the engine do one job and return its result.

    Parameters
    ----------
    command, request : see `model_core.jobs`.
    feedback : a `QgsProcessingFeedback`, or anything with its methods.
    outputs : files that the job writes; if the engine dies, their unfinished parts are removed.

    Raises
    ------
    EngineMissing
        If there is no engine to ask.
    EngineCancelled
        If the feedback was cancelled; no later than two seconds after that.
    EngineError
        If the job failed or the engine died, with what it was.
    """
    try:
        return engine.run(command, request, feedback, outputs)
    except EngineError as error:
        if error.details:
            feedback.pushDebugInfo(error.details)
        raise


def stop_worker() -> None:
    """End the engine process, if there is one; the next run starts a new one."""
    engine.stop()
