"""Readings sorted into local months: in memory while they are few, in unnamed files where they are many."""

from __future__ import annotations

import tempfile
from typing import IO

import numpy as np

from model_core.errors import InputError
from model_core.stations.reading_report import ReadingReport
from model_core.stations.readings import Observations
from model_core.stations.screening import settled

_ROW = np.dtype(
    [("time", "<i8"), ("x", "<f8"), ("y", "<f8"), ("value", "<f8"), ("station", "<i4"), ("rows", "<i4"), ("flags", "u1"), ("error", "<f8")]
)
# What a month may take of memory before its readings go to the disk: 1500 stations' daily means stay in memory.
_MONTH_BYTES = 2 << 20


class ReadingSpool:
    """Readings of one variable come in any order and go out month by month.

    Attributes
    ----------
    first, last : datetime64[s] of the earliest and latest reading up to now, or None
    """

    def __init__(self) -> None:
        self.first: np.datetime64 | None = None
        self.last: np.datetime64 | None = None
        self._months: dict[np.datetime64, IO[bytes]] = {}
        self._like: Observations | None = None
        self._numbers: dict[str, int] = {}

    def add(self, observations: Observations) -> None:
        """Keep readings, which must have times; `InputError` if their CRS is another than that of readings before."""
        if not len(observations):
            return
        if self._like is None:
            self._like = observations.select(np.arange(0))
        elif self._like.crs != observations.crs:
            raise InputError(
                f"the files of a period must have one CRS; they have {self._like.crs.name} and {observations.crs.name}: name it"
            )
        rows = np.empty(len(observations), _ROW)
        for name in ("x", "y", "value"):
            rows[name] = getattr(observations, name)
        rows["time"] = observations.time.astype("datetime64[s]").astype(np.int64)
        rows["station"] = self._stations(observations.id)
        rows["rows"] = 1 if observations.rows is None else observations.rows
        rows["flags"] = 0 if observations.flags is None else observations.flags
        rows["error"] = 0 if observations.error is None else observations.error
        earliest, latest = observations.time.min(), observations.time.max()
        self.first = earliest if self.first is None else min(self.first, earliest)
        self.last = latest if self.last is None else max(self.last, latest)
        months, place = np.unique(observations.time.astype("datetime64[M]"), return_inverse=True)
        order = np.argsort(place, kind="stable")  # the first of two duplicates stays, so the order within a month is kept
        for month, part in zip(months, np.split(rows[order], np.cumsum(np.bincount(place))[:-1])):
            if month not in self._months:
                self._months[month] = tempfile.SpooledTemporaryFile(_MONTH_BYTES)
            self._months[month].write(part.tobytes())

    def months(self, before: np.datetime64 | None = None) -> list[np.datetime64]:
        """The months that hold readings, in order; with `before`, those that end by then."""
        return sorted(m for m in self._months if before is None or (m + 1).astype("datetime64[s]") <= before)

    def take(self, month: np.datetime64) -> Observations:
        """A month's readings with each station and time once; they are not kept any longer."""
        with self._months.pop(month) as file:
            file.seek(0)
            rows = np.frombuffer(file.read(), _ROW)
        ids = None
        if self._numbers:
            ids = np.array(list(self._numbers))[rows["station"]]
        x, y, value, count, flags = (np.ascontiguousarray(rows[name]) for name in ("x", "y", "value", "rows", "flags"))
        time = rows["time"].astype("datetime64[s]")
        report = ReadingReport(int(count.sum()), int(count.sum()))
        like = self._like
        error = None if like.error is None else np.ascontiguousarray(rows["error"])
        return settled(Observations(x, y, value, like.crs, like.species, report, time, ids, rows=count, flags=flags, error=error))

    def close(self) -> None:
        """Let go of what was not taken."""
        for file in self._months.values():
            file.close()
        self._months.clear()

    def _stations(self, ids: np.ndarray | None) -> np.ndarray | int:
        """A number for each station's id, the same in every part."""
        if ids is None:
            return 0
        distinct, place = np.unique(ids, return_inverse=True)
        numbers = [self._numbers.setdefault(str(name), len(self._numbers)) for name in distinct]
        return np.array(numbers, np.int32)[place]
