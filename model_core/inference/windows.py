"""A grid cut into overlapping windows that are put together again without seams."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Iterator

import numpy as np


@dataclass(frozen=True)
class Span:
    """A window along one axis.

    Attributes
    ----------
    start, stop : cells of the whole axis
    weights : float32 (stop - start,), share of this window in the result; those of all windows sum to 1 in every cell
    """

    start: int
    stop: int
    weights: np.ndarray

    @property
    def cells(self) -> slice:
        """As an index into the whole axis."""
        return slice(self.start, self.stop)


def spans(size: int, length: int, halo: int, align: int) -> list[Span]:
    """Windows of at most `length` cells over an axis of `size` cells.

    Each starts at a multiple of `align`. Within `halo` cells of an end of a window that is not an end of the axis its
    result counts for nothing; where two windows are left they are blended linearly.

    Raises
    ------
    ValueError
        If `length` leaves nothing of a window between its halos.
    """
    if size <= length:
        return [Span(0, size, np.ones(size, np.float32))]
    length = length // align * align
    step = (length - 2 * halo) // align
    if step < 1:
        raise ValueError(f"windows of {length} cells with halos of {halo} leave nothing in between")
    last = -(-(size - length) // align)
    number = -(-last // step)
    # Evenly spread, so that no cell lies in more than two windows of which it uses something.
    starts = [index * last // number * align for index in range(number + 1)]
    stops = [*(start + length for start in starts[:-1]), size]
    found = []
    for number, (start, stop) in enumerate(zip(starts, stops)):
        cell, weights = np.arange(start, stop) + 0.5, np.ones(stop - start, np.float32)
        if number:
            weights *= _ramp(cell, start, stops[number - 1], halo)
        if number + 1 < len(starts):
            weights *= 1 - _ramp(cell, starts[number + 1], stop, halo)
        found.append(Span(start, stop, weights))
    return found


def windows(shape: tuple[int, int], length: int, halo: int, align: int) -> Iterator[tuple[Span, Span]]:
    """(rows, columns) of the windows that cover a grid; see `spans`."""
    yield from product(*(spans(size, length, halo, align) for size in shape))


def _ramp(cell: np.ndarray, begin: int, end: int, halo: int) -> np.ndarray:
    """From 0 to 1 across what two halos leave of the overlap from `begin` to `end`."""
    low, high = begin + halo, end - halo
    return np.clip((cell - low) / (high - low) if high > low else cell > low, 0, 1).astype(np.float32)
