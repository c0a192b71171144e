"""Work done in batches that shrink where the memory does not suffice."""

from __future__ import annotations

from typing import Callable, Sequence, TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_batches(
    work: Callable[[Sequence[Item]], list[Result]], items: Sequence[Item], size: int, on_smaller: Callable[[int], None]
) -> list[Result]:
    """`work` on all items, `size` of them at once, or fewer where memory runs out.

    Parameters
    ----------
    work : takes a batch of items, and returns a result of each
    on_smaller : is told the new size when batches become smaller

    Raises
    ------
    The error of `work` if memory runs out for a single item, and any other error at once.
    """
    results: list[Result] = []
    while len(results) < len(items):
        try:
            results += work(items[len(results) : len(results) + size])
            continue
        except (RuntimeError, MemoryError) as error:
            if size == 1 or not is_out_of_memory(error):
                raise
        # Outside of the except block: there the error still holds the tensors that filled the memory.
        free_cached_memory()
        size = (size + 1) // 2
        on_smaller(size)
    return results


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, on a card or on the processor (whose allocator says so in words only)."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(
        text in str(error) for text in ("can't allocate memory", "not enough memory", "CUDA out of memory")
    )


def free_cached_memory() -> None:
    """Give back what torch keeps of a card's memory."""
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
