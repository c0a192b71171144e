"""Batches drawn ahead of the step that needs them, the same ones whoever draws them and whenever."""

from __future__ import annotations

import queue
import threading
from typing import Callable, Iterator

import numpy as np

from model_core.configuration import NetworkConfiguration, TrainingConfiguration
from model_core.training.samples import Sample, TrainingDays, draw_sample
from model_core.training.split import Split

AHEAD = 2
# A cancelled training does not wait for a batch that nobody will see.
CLOSING_SECONDS = 0.2


class BatchDrawer:
    """Draws the batch of an iteration, or one process's part of it.

    Every iteration has a generator of its own for the choice of days, and every sample in it another, seeded by
    (seed, iteration, place in the batch). So a resumed training sees the samples that an uninterrupted one would have
    seen, and several processes draw, each its own part, what a single one would have drawn.

    Parameters
    ----------
    processes, rank : how many processes share an iteration, `configuration.batch` samples each, and which one this is
    """

    def __init__(
        self, data: list[TrainingDays], split: Split, network: NetworkConfiguration,
        configuration: TrainingConfiguration, seed: int, processes: int = 1, rank: int = 0,
    ):
        self._data, self._network, self._configuration = data, network, configuration
        self._seed, self._processes, self._rank = seed, processes, rank
        self._days = split.training

    def draw(self, iteration: int) -> list[Sample]:
        """This process's samples of an iteration."""
        rng = np.random.default_rng([self._seed, iteration])
        batch = self._configuration.batch
        chosen = [self._days[i] for i in rng.integers(len(self._days), size=batch * self._processes)]
        return [
            draw_sample(
                self._data[source], day, self._network, self._configuration,
                np.random.default_rng([self._seed, iteration, 1 + place]),
            )
            for place in range(self._rank * batch, (self._rank + 1) * batch) for source, day in [chosen[place]]
        ]


def drawn_ahead(draw: Callable[[int], list[Sample]], start: int, stop: int, ahead: int = AHEAD) -> Iterator[list[Sample]]:
    """``draw(start), ..., draw(stop - 1)``, made in a thread up to `ahead` of where the reader is.

    An error in `draw` is raised where its result would have come. Close the iterator to stop the thread early.
    """
    ready: queue.Queue = queue.Queue(maxsize=max(1, ahead))
    closed = threading.Event()

    def put(item: object) -> bool:
        while not closed.is_set():
            try:
                ready.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def work() -> None:
        for iteration in range(start, stop):
            try:
                item: object = draw(iteration)
            except BaseException as error:  # whatever it is, it belongs to the training, not to this thread
                put(error)
                return
            if not put(item):
                return

    thread = threading.Thread(target=work, name="batches", daemon=True)
    thread.start()
    try:
        for _ in range(start, stop):
            item = ready.get()
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        closed.set()
        thread.join(CLOSING_SECONDS)
