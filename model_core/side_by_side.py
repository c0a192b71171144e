"""Work on several items at once, one processor each."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Callable, Sequence, TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")
# Processors for the work on one item: more than one where there are fewer items than processors.
_processors: ContextVar[int] = ContextVar("processors", default=1)


def side_by_side(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """`work` on each item in a thread that computes on one processor, as many as there are at a time; results in order.

    For what gains little from a second processor, such as the factorisations of kriging, whose last bits depend on how many
    there are: this way an item comes out the same by itself as among others.
    """
    threads = torch.get_num_threads()
    at_once = max(1, min(len(items), threads))
    inference = torch.is_inference_mode_enabled()  # each thread has a mode of its own

    def alone(item: Item) -> Result:
        _processors.set(threads // at_once)
        with torch.inference_mode(inference):
            return work(item)

    with ThreadPoolExecutor(at_once, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        return list(pool.map(alone, items))


def meanwhile(work: Callable[[], Result]) -> Callable[[], Result]:
    """What gives the result of a piece of work on an item of `side_by_side`: computed from now on where a processor is free for it, else when it is asked
    for, which is to be done once."""
    if _processors.get() < 2:
        return work
    inference, gradients = torch.is_inference_mode_enabled(), torch.is_grad_enabled()

    def elsewhere() -> Result:
        with torch.inference_mode(inference), torch.set_grad_enabled(gradients and not inference):
            return work()

    pool = ThreadPoolExecutor(1, initializer=torch.set_num_threads, initargs=(1,))
    try:
        return pool.submit(elsewhere).result
    finally:
        pool.shutdown(wait=False)  # its thread ends with the work
