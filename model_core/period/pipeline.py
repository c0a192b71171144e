"""Reading, prediction and writing of a period, overlapped on this machine.

    reader thread --queue--> this thread: what must be computed? predict --queue--> writer thread

The queues are short: memory does not grow with the period. `wanted` is shared with ways to compute elsewhere, such as a
cluster: it says which steps must be computed, and keeps account of the others.
"""

from __future__ import annotations

import queue
import threading
import time
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any, Callable, Iterable, Iterator

from model_core.period.compute import StepDone, Task, predict_days
from model_core.period.outputs import GeotiffFolder, SingleOutput
from model_core.period.step_readings import StepReadings
from model_core.prediction import Predictor
from model_core.progress import Progress

Steps = Iterable[tuple[int, StepReadings | None]]
# Cells that a batch of fields may have: 48 days of 372 x 426 would be as fast as two, and hold more memory.
_BATCH_CELLS, _MOST_ON_GPU, _MOST_ON_CPU = 8_000_000, 16, 2
_AHEAD = 16  # steps that may be read before they are predicted: some 20 kB each


@dataclass
class Account:
    """What became of the steps.

    Attributes
    ----------
    total : steps of the period
    computed, kept : numbers of steps
    missing : starts of the steps without readings
    backgrounds : of each step computed with a background the share of it that was taken
    spread : number of steps computed with the analysis step, by the share of the residuals that it spread
    """

    total: int
    unit: str = "day"
    computed: int = 0
    kept: int = 0
    missing: list[Any] = field(default_factory=list)
    negative_cells: int = 0
    missing_inputs: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    spread: dict[float, int] = field(default_factory=dict)
    backgrounds: list[float] = field(default_factory=list)
    _begun: float = field(default_factory=time.monotonic)
    _first: float | None = None

    def add(self, done: StepDone) -> None:
        """A step was computed."""
        self.computed += 1
        self.negative_cells += done.negative_cells
        for name in done.missing_inputs:
            self.missing_inputs[name] = self.missing_inputs.get(name, 0) + 1
        self.notes += [note for note in done.notes if note not in self.notes]
        if done.background is not None:
            self.backgrounds.append(done.background)
        if done.spread is not None:
            self.spread[done.spread] = self.spread.get(done.spread, 0) + 1

    def begin(self) -> None:
        """The first step is about to be computed: from here the rate counts."""
        self._first = self._first or time.monotonic()

    @property
    def handled(self) -> int:
        """Steps that are done with."""
        return self.computed + self.kept + len(self.missing)

    @property
    def seconds(self) -> float:
        """Since the account was opened."""
        return time.monotonic() - self._begun

    @property
    def rate(self) -> float:
        """Computed steps a second; 0 before there are any."""
        return self.computed / max(time.monotonic() - self._first, 1e-9) if self.computed and self._first else 0.0

    def __str__(self) -> str:
        text = f"{self.handled} of {self.total} {self.unit}s"
        if not self.rate:
            return text
        left = round((self.total - self.handled) / self.rate)
        minutes, seconds = divmod(left, 60)
        hours, minutes = divmod(minutes, 60)
        return f"{text}, {self.rate:.1f} {self.unit}s/s, {f'{hours}:{minutes:02d}' if hours else minutes}:{seconds:02d} left"


def wanted(
    steps: Steps,
    basis: str,
    account: Account,
    has: Callable[[int, str], bool],
    keep: Callable[[int, str], Any],
    without: Callable[[int], Any],
    start_of: Callable[[int], Any],
) -> Iterator[tuple[int, StepReadings]]:
    """The steps that must be computed; the others are handed to `keep` or `without`, and counted."""
    for number, readings in steps:
        if readings is None:
            account.missing.append(start_of(number))
            without(number)
        elif has(number, fingerprint := readings.fingerprint(basis)):
            account.kept += 1
            keep(number, fingerprint)
        else:
            yield number, readings


def run_here(
    task: Task, predictor: Predictor, steps: Steps, output: SingleOutput | GeotiffFolder, account: Account, progress: Progress
) -> None:
    """Compute on this machine what is missing, until all steps of the period are in the output's store.

    Raises
    ------
    Cancelled
        If the progress says so. What was computed by then is written.
    InputError, OutputError
        From reading, prediction or writing.
    """
    cells = task.grid.shape[0] * task.grid.shape[1]
    batch_size = max(1, min(_MOST_ON_GPU if predictor.device.type == "cuda" else _MOST_ON_CPU, _BATCH_CELLS // cells))
    writer = _Writer(output, progress, 2 * batch_size)
    reader = _Reader(steps)
    starts = output.store.frame.times.starts

    def compute(batch: list[tuple[int, StepReadings]]) -> None:
        account.begin()
        for number, readings, fields, done in predict_days(task, batch, predictor):
            writer.put(writer.write, number, fields, readings.fingerprint(task.basis), done.readings)
            account.add(done)
            progress.step(account.handled / account.total, str(account))

    try:
        batch: list[tuple[int, StepReadings]] = []
        chosen = wanted(
            _reported(reader, account, progress),
            task.basis,
            account,
            output.has,
            lambda *kept: writer.put(output.keep, *kept),
            lambda number: writer.put(output.without, number, progress.warn),
            starts.__getitem__,
        )
        for one in chosen:
            batch.append(one)
            if len(batch) == batch_size:
                compute(batch)
                batch = []
        if batch:
            compute(batch)
    finally:
        reader.stop()
        writer.end()


def _reported(reader: "_Reader", account: Account, progress: Progress) -> Iterator[tuple[int, StepReadings | None]]:
    """The reader's steps; while it reads on, the progress can cancel."""
    while True:
        try:
            item = reader.queue.get(timeout=0.2)
        except queue.Empty:
            progress.step(account.handled / account.total, str(account) if account.handled else "reading stations")
            continue
        if item is _END:
            if reader.error:
                raise reader.error
            return
        yield item


_END = object()


class _Reader(threading.Thread):
    """Goes through an iterable ahead of who uses it."""

    def __init__(self, steps: Steps):
        super().__init__(daemon=True)
        self.queue: queue.Queue[Any] = queue.Queue(_AHEAD)
        self.error: BaseException | None = None
        self._steps, self._stopped = steps, threading.Event()
        self._variables = copy_context()  # the job's; a thread of Python 3.14 has a `_context` of its own
        self.start()

    def run(self) -> None:
        self._variables.run(self._read)

    def _read(self) -> None:
        try:
            for step in self._steps:
                if not self._put(step):
                    return
        except BaseException as error:  # raised again by the thread that uses the steps
            self.error = error
        self._put(_END)

    def stop(self) -> None:
        """End, also where nobody takes the steps any more."""
        self._stopped.set()
        self.join()

    def _put(self, item: Any) -> bool:
        while not self._stopped.is_set():
            try:
                self.queue.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False


class _Writer(threading.Thread):
    """Does what it is given, in order; the first error is raised by the next `put` or by `end`."""

    def __init__(self, output: SingleOutput | GeotiffFolder, progress: Progress, ahead: int):
        super().__init__(daemon=True)
        self._output, self._queue = output, queue.Queue(ahead)
        self._error: BaseException | None = None
        self._variables = copy_context()
        self.start()

    def write(self, number: int, fields: Any, fingerprint: str, readings: int) -> None:
        """Into the store and on to the output."""
        self._output.store.write(number, fields, fingerprint, readings)
        self._output.collect(number, fields, fingerprint, readings)

    def put(self, action: Callable[..., Any], *arguments: Any) -> None:
        """Have something done; waits while much is waiting."""
        self._raise()
        self._queue.put((action, arguments))

    def end(self) -> None:
        """Wait until all is done."""
        self._queue.put(None)
        self.join()
        self._raise()

    def run(self) -> None:
        self._variables.run(self._work)

    def _work(self) -> None:
        while (item := self._queue.get()) is not None:
            if self._error is None:
                try:
                    item[0](*item[1])
                except BaseException as error:
                    self._error = error

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error
