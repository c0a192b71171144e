"""Work on several items at once, one processor each."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Callable, Sequence, TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")


def side_by_side(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """`work` on each item in a thread that computes on one processor, as many as there are at a time; results in order.

    For what gains little from a second processor, such as the factorisations of kriging, whose last bits depend on how many
    there are: this way an item comes out the same by itself as among others.
    """
    inference = torch.is_inference_mode_enabled()  # each thread has a mode of its own

    def alone(item: Item) -> Result:
        with torch.inference_mode(inference):
            return work(item)

    with ThreadPoolExecutor(min(len(items), torch.get_num_threads()), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        return list(pool.map(alone, items))
