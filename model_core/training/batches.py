"""Batches drawn ahead of the step that needs them, the same ones whoever draws them and whenever."""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, Iterator, TypeVar

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from model_core.configuration import NetworkConfiguration, TrainingConfiguration
from model_core.training.samples import Sample, TrainingDays, draw_sample, stacked
from model_core.training.split import Split

T = TypeVar("T")
AHEAD, MOST_HELPERS = 2, 8


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
        self,
        data: list[TrainingDays],
        split: Split,
        network: NetworkConfiguration,
        configuration: TrainingConfiguration,
        seed: int,
        processes: int = 1,
        rank: int = 0,
    ):
        self._data, self._network, self._configuration = data, network, configuration
        self._seed, self._processes, self._rank = seed, processes, rank
        self._days = split.training

    def draw(self, iteration: int) -> list[Sample]:
        """This process's samples of an iteration."""
        rng = np.random.default_rng([self._seed, iteration])
        batch = self._configuration.batch
        chosen = [self._days[i] for i in rng.integers(len(self._days), size=batch * self._processes)]
        with_background = rng.random() < self._configuration.background_batches
        return [
            draw_sample(
                self._data[source],
                day,
                self._network,
                self._configuration,
                np.random.default_rng([self._seed, iteration, 1 + place]),
                with_background=with_background,
            )
            for place in range(self._rank * batch, (self._rank + 1) * batch)
            for source, day in [chosen[place]]
        ]


def drawn_ahead(draw: Callable[[int], T], start: int, stop: int) -> Iterator[T]:
    """``draw(start), ..., draw(stop - 1)``, made in a thread up to `AHEAD` of where the reader is.

    An error in `draw` is raised where its result would have come. Close the iterator to stop the thread early.
    """
    closed = threading.Event()

    def work(iteration: int) -> T | None:
        return None if closed.is_set() else draw(iteration)

    pool = ThreadPoolExecutor(1, thread_name_prefix="batches")
    try:
        ready = deque(pool.submit(work, iteration) for iteration in range(start, min(start + AHEAD, stop)))
        for following in range(start + AHEAD, stop + AHEAD):
            if not ready:
                return
            drawn = ready.popleft().result()
            if following < stop:
                ready.append(pool.submit(work, following))
            yield drawn
    finally:
        closed.set()
        pool.shutdown(wait=False, cancel_futures=True)


def batches(draw: Callable[[int], list[Sample]], start: int, stop: int, device: torch.device) -> Iterator[Sample]:
    """The batches of iterations `start` to `stop` - 1, as tensors that are not on the device yet.

    A processor is busy with the batches before, and one thread draws beside it. A graphics card is through with a batch
    before one thread has drawn the next: under Linux several processes draw for it.
    """
    helpers = min(MOST_HELPERS, max(1, (os.cpu_count() or 1) - 1))
    if device.type != "cuda" or not sys.platform.startswith("linux"):
        yield from drawn_ahead(lambda iteration: stacked(draw(iteration)), start, stop)
        return
    loader = DataLoader(
        _Drawn(draw, start, stop),
        batch_size=None,
        num_workers=helpers,
        prefetch_factor=AHEAD,
        pin_memory=True,
        multiprocessing_context="fork",
    )
    for tensors in loader:
        yield Sample(**tensors)


class _Drawn(Dataset):
    """Iterations as a data set of batches, for `DataLoader`."""

    def __init__(self, draw: Callable[[int], list[Sample]], start: int, stop: int):
        self._draw, self._start, self._stop = draw, start, stop

    def __len__(self) -> int:
        return self._stop - self._start

    def __getitem__(self, number: int) -> dict[str, torch.Tensor]:
        batch = stacked(self._draw(self._start + number))
        return {name: getattr(batch, name) for name in Sample.__dataclass_fields__}
