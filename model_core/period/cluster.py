"""A period's steps on a Dask cluster.

    this process: stations -> steps that must be computed --small batches--> scheduler --> workers
    worker: model, maps and network once; then each batch: predict, write its regions of the store on the shared disk

Only readings (some 20 kB a step) and an account of what was done travel. A worker that is lost costs the batches that it
had: the scheduler gives them to another one, and a step that is written twice has the same bytes. What a period is, what is
kept of an earlier run and how the output gets its name is all as on one machine.
"""

from __future__ import annotations

import asyncio
import pickle  # only this process's own task is packed, and unpacked by workers, to which Dask sends pickles anyway  # nosec B403
import queue
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Iterable, Iterator, Sequence

from model_core import __version__
from model_core.errors import ClusterError, InputError, ReanalysisError
from model_core.period.compute import StepDone, Task, compute_days
from model_core.period.outputs import GeotiffFolder, SingleOutput
from model_core.period.pipeline import Account, Steps, wanted
from model_core.period.step_readings import StepReadings
from model_core.period.stores import GeotiffDays, ZarrDays
from model_core.progress import Progress

Batch = list[tuple[int, StepReadings]]
# A second or so of work on a processor, so that a lost worker costs little, and sending costs less.
_BATCH_CELLS, _MOST_STEPS = 1_000_000, 4
# Beyond those that work: enough that nobody waits, few enough that memory does not grow with the period.
_AHEAD_PER_WORKER, _AHEAD = 2, 2
_CONNECT_SECONDS, _LOST_SECONDS, _REST_SECONDS = 10, 60, 30
_RETRIES = 2  # of a batch that failed with an error: a shared disk has its moods
_GONE = "the scheduler is gone; the steps that are done are kept: start one, and run again to go on"
_PARTIAL = "*.partial"  # what zarr calls a file until it is complete

# A worker computes one batch at a time, with as many threads of torch as it has itself.
_computing = threading.Lock()


def run_on_cluster(
    task: Task, address: str, steps: Steps, output: SingleOutput | GeotiffFolder, account: Account, progress: Progress
) -> None:
    """Have computed what is missing, until all steps of the period are in the output's store.

    Parameters
    ----------
    address : of the scheduler, as it says when it starts (``tcp://host:8786``), or its scheduler file

    Raises
    ------
    ClusterError
        If no scheduler answers, it is lost for a minute, or a batch ended several workers.
    Cancelled
        If the progress says so; what was computed by then is in the store.
    InputError, ModelFileError, OutputError
        As on one machine.
    """
    with connect(address) as client:
        if note := unprotected(client.scheduler.address):
            progress.warn(note)
        _Run(client, _seen_from_elsewhere(task), output, account, progress).go(steps)


def connect(address: str) -> Any:
    """A client of the scheduler, to be closed; `ClusterError` if none answers, `InputError` if Dask is not installed."""
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError(
            f"a scheduler needs dask.distributed, which is not installed here ({error}); "
            f"install it, here and where the workers run: {sys.executable} -m pip install distributed"
        ) from error
    place = {"scheduler_file": address} if Path(address).is_file() else {"address": address}
    try:
        return Client(**place, timeout=_CONNECT_SECONDS, set_as_default=False, name="ctm-reanalysis")
    except (OSError, ValueError, TimeoutError) as error:
        raise ClusterError(
            f"no Dask scheduler answers at '{address}' ({error}); start one with 'dask scheduler' and give the address that it says"
        ) from error


def unprotected(address: str) -> str:
    """A sentence if a scheduler's address leads through a network without encryption; else ""."""
    kind, _, place = address.partition("://")
    host = place.rpartition(":")[0].strip("[]")
    if kind in ("tls", "inproc") or host in ("localhost", "::1") or host.startswith("127."):
        return ""
    return (
        f"the scheduler at {address} is reached without TLS: whoever reaches its port can run code on the workers; use it in a closed "
        "network only, or with tls:// (see the documentation of clusters)"
    )


class _Run:
    """One period on a cluster."""

    def __init__(self, client: Any, task: Task, output: SingleOutput | GeotiffFolder, account: Account, progress: Progress):
        self._client, self._task, self._output, self._account, self._progress = client, task, output, account, progress
        # Not scattered: that would be lost with the worker that holds it. What the scheduler can compute, it computes again.
        self._shared = client.submit(pickle.loads, pickle.dumps(task), pure=False)
        self._finished: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._waiting: dict[str, tuple[Any, Batch]] = {}
        self._workers = _Workers(client, progress)

    def go(self, steps: Steps) -> None:
        starts = self._output.store.frame.times.starts
        batches = _in_batches(
            wanted(
                steps,
                self._task.basis,
                self._account,
                self._output.has,
                self._output.keep,
                lambda number: self._output.without(number, self._progress.warn),
                starts.__getitem__,
            ),
            max(1, min(_MOST_STEPS, _BATCH_CELLS // (self._task.grid.shape[0] * self._task.grid.shape[1]))),
        )
        more = True
        try:
            while more or self._waiting:
                while more and len(self._waiting) < _AHEAD + _AHEAD_PER_WORKER * self._workers.number():
                    batch = next(batches, None)
                    more = batch is not None and self._submit(batch)
                    self._tell()
                if self._waiting:
                    self._take()
        except BaseException:
            self._stop()
            raise
        _tidy(self._task.store)

    def _submit(self, batch: Batch) -> bool:
        from distributed.client import ClosedClientError

        self._account.begin()
        try:
            future = self._client.submit(compute_on_worker, self._shared, __version__, batch, pure=False, retries=_RETRIES)
        except ClosedClientError as error:
            raise ClusterError(_GONE) from error
        self._waiting[future.key] = future, batch
        future.add_done_callback(self._finished.put)
        return True

    def _take(self) -> None:
        """Wait a moment for a batch, and account for it."""
        try:
            future = self._finished.get(timeout=0.2)
        except queue.Empty:
            self._workers.check()
        else:
            _, batch = self._waiting.pop(future.key)
            fingerprints = {number: readings.fingerprint(self._task.basis) for number, readings in batch}
            for done in self._result(future, batch):
                self._output.collect(done.number, fingerprint=fingerprints[done.number], readings=done.readings)
                self._account.add(done)
        self._tell()

    def _tell(self) -> None:
        self._progress.step(self._account.handled / self._account.total, str(self._account))

    def _result(self, future: Any, batch: Batch) -> list[StepDone]:
        from distributed import KilledWorker

        try:
            return future.result()
        except ReanalysisError:
            raise
        except KilledWorker as error:
            raise ClusterError(
                f"the steps {batch[0][1].step} to {batch[-1][1].step} ended several workers one after the other, for want of memory "
                f"perhaps; see the workers' logs, give each more memory, or limit the prediction's ({error})"
            ) from error
        except ImportError as error:
            raise ClusterError(f"a worker lacks '{error.name}': install the same package {__version__} in its environment") from error
        except Exception as error:
            raise ClusterError(f"a worker failed: {type(error).__name__}: {error}") from error

    def _stop(self) -> None:
        """Nothing more is begun, and what runs comes to its end before the caller goes on: it writes into the same store."""
        if self._client.status != "running":
            return
        with suppress(OSError):  # gone in this moment: there is nobody to be stopped, and why the run ends is said by another
            self._client.cancel([future for future, _ in self._waiting.values()])
            self._client.run(_come_to_rest, time.time() + _REST_SECONDS, on_error="ignore")


class _Workers:
    """How many there are, asked once a second, and whether the scheduler is still there."""

    def __init__(self, client: Any, progress: Progress):
        self._client, self._progress = client, progress
        self._number, self._asked, self._warned = 0, 0.0, False
        self._last_seen = self._answered = time.monotonic()

    def number(self) -> int:
        """Of workers; warns once where there are none."""
        self.check()
        now = time.monotonic()
        if now - self._asked > 1 and self._client.status == "running":
            self._asked = now
            try:
                self._number = len(self._client.nthreads())
            except (OSError, AttributeError) as error:  # it went away in this very moment, or the client gave up and has none any more
                if time.monotonic() - self._answered > _LOST_SECONDS:
                    raise ClusterError(f"{_GONE} ({error})") from error
                return self._number
            self._answered = now
            if not self._number and not self._warned:
                self._progress.warn("the scheduler has no workers; waiting for some: dask worker ADDRESS --nthreads 1")
                self._warned = True
        return self._number

    def check(self) -> None:
        """`ClusterError` if the scheduler has been away for long."""
        now = time.monotonic()
        if self._client.status == "running":
            self._last_seen = now
        elif self._client.status in ("closing", "closed") or now - self._last_seen > _LOST_SECONDS:
            raise ClusterError(_GONE)


def compute_on_worker(task: Task, version: str, batch: Sequence[tuple[int, StepReadings]]) -> list[StepDone]:
    """`compute_days` as a worker does it.

    Raises
    ------
    ClusterError
        If this worker has another version of the package: its fields might differ.
    """
    import torch
    from distributed import get_worker

    if version != __version__:
        raise ClusterError(f"worker {get_worker().address} has version {__version__} of the package, the job {version}: install the same")
    with _computing:
        torch.set_num_threads(get_worker().state.nthreads)
        return compute_days(task, batch)


async def _come_to_rest(until: float) -> None:
    """On a worker: wait for the batch that is being computed."""
    while _computing.locked() and time.time() < until:
        await asyncio.sleep(0.05)


def _in_batches(steps: Iterable[tuple[int, StepReadings]], size: int) -> Iterator[Batch]:
    batch: Batch = []
    for step in steps:
        batch.append(step)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _seen_from_elsewhere(task: Task) -> Task:
    """The task with its store by a full path; workers have working folders of their own."""
    store = task.store
    if isinstance(store, ZarrDays):
        return replace(task, store=ZarrDays(store.path.absolute(), store.frame))
    return replace(task, store=GeotiffDays(store.folder.absolute(), store.frame))


def _tidy(store: ZarrDays | GeotiffDays) -> None:
    """Take away the files that a lost worker was just writing; under Windows one that it still writes stays."""
    if isinstance(store, ZarrDays):
        leftovers = store.path.rglob(_PARTIAL)
    else:
        leftovers = store.folder.glob(f".{store.frame.fields[0].name}_*.tif.partial")
    for leftover in leftovers:
        with suppress(OSError):
            leftover.unlink()
