"""Mean, valid days, exceedance days and percentiles of a period, from fields that come one day after the other."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Sequence

import numpy as np

from model_core.errors import OutputError

# What a block of rows of all days may take of memory while it is sorted.
_BLOCK_BYTES = 48 << 20


@dataclass(frozen=True)
class Percentile:
    """A percentile of the daily values.

    Attributes
    ----------
    percent : from 0 to 100
    rule : "linear" between the two nearest of n values in order, at 1 + (n - 1) p / 100, as numpy and China's HJ 663-2013 have it;
        or "epa": the value number int(n p / 100) + 1, as 40 CFR part 50, appendix N, has it
    """

    percent: float
    rule: str = "linear"

    @property
    def name(self) -> str:
        """Such as p98 or p98_epa."""
        return f"p{self.percent:g}".replace(".", "_") + ("_epa" if self.rule == "epa" else "")


@dataclass(frozen=True)
class Result:
    """What a period comes to, arrays of one shape (rows, columns); NaN where too few days are valid, but for `days`.

    Attributes
    ----------
    days : float32, number of valid days
    share : float32, of the days that the period has, valid or not; never NaN
    mean : float32
    above : threshold -> float32, days with a value above it
    percentiles : percentile -> float32
    sd_bound : float32 or None, mean of the daily standard deviations
    """

    days: np.ndarray
    share: np.ndarray
    mean: np.ndarray
    above: dict[float, np.ndarray]
    percentiles: dict[Percentile, np.ndarray]
    sd_bound: np.ndarray | None = None


class PeriodStatistics:
    """Takes the days of a period in any order; a few fields are held, and for percentiles all days lie in an unnamed file.

    Parameters
    ----------
    shape : (rows, columns) of the fields
    thresholds : whose exceedances are counted; a value equal to the threshold does not exceed it
    percentiles : that are asked for
    with_sd : whether standard deviations come with the fields
    folder : where the unnamed file lies; the system's temporary folder by default
    """

    def __init__(
        self,
        shape: tuple[int, int],
        thresholds: Sequence[float] = (),
        percentiles: Sequence[Percentile] = (),
        with_sd: bool = False,
        folder: Path | None = None,
    ):
        self._shape, self._percentiles = shape, tuple(percentiles)
        self._sum, self._count = np.zeros(shape), np.zeros(shape, np.int32)
        self._above = {float(threshold): np.zeros(shape, np.int32) for threshold in thresholds}
        self._sd = np.zeros(shape) if with_sd else None
        self._fields, self._file = 0, tempfile.TemporaryFile(dir=folder) if self._percentiles else None

    def add(self, field: np.ndarray, sd: np.ndarray | None = None) -> None:
        """Add a day: float32 (rows, columns), NaN where it has no value; its standard deviation is known wherever it is.

        Raises
        ------
        OutputError
            If there is no room for the unnamed file.
        """
        valid = np.isfinite(field)
        every = bool(valid.all())
        self._sum += field if every else np.where(valid, field, 0)
        self._count += valid
        for threshold, count in self._above.items():
            count += field > threshold
        if self._sd is not None and sd is not None:
            self._sd += np.where(valid, sd, 0)
        self._fields += 1
        if self._file is not None:
            try:
                self._file.write(np.ascontiguousarray(field, np.float32).data)
            except OSError as error:
                raise OutputError(
                    f"percentiles need {self._fields * field.size * 4 / 1e6:.0f} MB and more on the disk for the days of a period, and "
                    f"they can't be written: {error.strerror or error}; make room there, or leave percentiles and limits by percentile out"
                ) from error

    def result(self, expected: int, minimum_share: float, step: Callable[[], None] = lambda: None) -> Result:
        """What the days come to.

        Parameters
        ----------
        expected : days that the period has, valid or not
        minimum_share : of them that must be valid in a cell, from 0 to 1; at least one must be
        step : called now and then; it may raise to end the work
        """
        count = self._count
        # 0.75 of 30 days are 22.5: 22 are too few, and rounding must not make 0.7 of 10 days more than 7.
        enough = (count >= minimum_share * expected - 1e-9) & (count > 0)

        def where_enough(values: np.ndarray) -> np.ndarray:
            return np.where(enough, values, np.nan).astype(np.float32)

        divisor = np.maximum(count, 1)
        return Result(
            count.astype(np.float32),
            (count / max(expected, 1)).astype(np.float32),
            where_enough(self._sum / divisor),
            {threshold: where_enough(days) for threshold, days in self._above.items()},
            {percentile: where_enough(values) for percentile, values in self._sorted(step).items()},
            None if self._sd is None else where_enough(self._sd / divisor),
        )

    def close(self) -> None:
        """Let go of the unnamed file."""
        if self._file is not None:
            self._file.close()

    def _sorted(self, step: Callable[[], None]) -> dict[Percentile, np.ndarray]:
        """The percentiles, row block after row block: of every day a block is read, and its cells are sorted over the days."""
        if self._file is None:
            return {}
        rows, columns = self._shape
        found = {percentile: np.full(self._shape, np.nan) for percentile in self._percentiles}
        at_a_time = max(1, min(rows, _BLOCK_BYTES // max(1, 4 * columns * self._fields)))
        self._file.flush()
        for first in range(0, rows, at_a_time):
            block = slice(first, min(first + at_a_time, rows))
            cells = (block.stop - block.start) * columns
            values = np.empty((cells, self._fields), np.float32)
            for day in range(self._fields):
                self._file.seek(4 * (day * rows + first) * columns)
                values[:, day] = np.frombuffer(self._file.read(4 * cells), np.float32)
                if day % 100 == 0:
                    step()
            values.sort(axis=1)  # NaN come last
            count = self._count[block].ravel()
            for percentile, result in found.items():
                result[block] = percentile_of_sorted(values, count, percentile).reshape(-1, columns)
        return found


def percentile_of_sorted(values: np.ndarray, count: np.ndarray, percentile: Percentile) -> np.ndarray:
    """A percentile of each row.

    Parameters
    ----------
    values : (cells, days), each row in rising order with NaN last
    count : int (cells,), how many of a row are not NaN

    Returns
    -------
    float64 (cells,), NaN where there is no value
    """
    cells, last = np.arange(len(values)), np.maximum(count - 1, 0)
    if percentile.rule == "epa":
        picked = np.minimum((count * percentile.percent / 100 + 1e-9).astype(int), last)
        return np.where(count > 0, values[cells, picked].astype(float), np.nan)
    place = last * percentile.percent / 100
    low = np.floor(place + 1e-9).astype(int)
    high = np.minimum(low + 1, last)
    below, above = values[cells, low].astype(float), values[cells, high].astype(float)
    return np.where(count > 0, below + np.maximum(place - low, 0) * (above - below), np.nan)
