"""A layer's readings sorted by day, kept between runs: a batch of days passes over the layer once, not once a day.

Only layers of files are kept, which say by time and size whether they have changed; and only from the second run on, since a
single run is faster with the provider's own filter.
"""

from __future__ import annotations

import csv
import io
import os
import re
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any, Callable, Iterable

from qgis.core import QgsProcessingFeatureSourceDefinition, QgsProviderRegistry, QgsVectorLayer
from qgis.PyQt.QtCore import QDate, QDateTime

FILE_PROVIDERS = ("ogr", "delimitedtext")
KEPT = 3  # the stations, and layers with humidity and wind
_ISO = re.compile(r"\s*(\d{4}-\d{2}-\d{2})")
_ANY = ""  # the day of readings whose day is not known; they go with every day


def identity(value: Any, layer: QgsVectorLayer | None) -> tuple | None:
    """What changes when a layer's features do; None for a layer that is edited, is no file, or of which a part was chosen.

    `value` is the parameter that names the layer.
    """
    if isinstance(value, QgsProcessingFeatureSourceDefinition) and (
        value.selectedFeaturesOnly or value.featureLimit != -1 or value.filterExpression
    ):
        return None
    if not isinstance(layer, QgsVectorLayer) or layer.isEditable() or layer.providerType() not in FILE_PROVIDERS:
        return None
    path = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source()).get("path", "")
    states = []
    for file in (path, f"{path}-wal"):  # where SQLite keeps what is not yet in the file itself
        try:
            status = os.stat(file)
            states.append((status.st_mtime_ns, status.st_size))
        except OSError:
            states.append(None)
    return (layer.source(), layer.subsetString(), *states) if states[0] else None


class ReadingsByDay:
    """The rows of a layer on the disk, day by day."""

    def __init__(self, header: list[str], rows: Iterable[tuple[Any, list[str]]]):
        """`rows` are the time and the cells of each row."""
        texts: dict[str, io.StringIO] = {}
        counts: dict[str, int] = {}
        for when, cells in rows:
            day = _day(when)
            if day not in texts:
                texts[day], counts[day] = io.StringIO(newline=""), 0
            csv.writer(texts[day]).writerow(cells)
            counts[day] += 1
        self.header = header
        self._file, self._places, self._lock = tempfile.TemporaryFile(), {}, threading.Lock()
        for day, text in texts.items():
            block = text.getvalue().encode()
            self._places[day] = (self._file.tell(), len(block), counts[day])
            self._file.write(block)

    def write(self, path: Path, first: QDate, last: QDate) -> int:
        """Write the rows of the days, and those whose day is not known, as CSV; their number."""
        days = [first.addDays(n).toString("yyyy-MM-dd") for n in range(first.daysTo(last) + 1)]
        rows = 0
        with open(path, "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerow(self.header)
        with self._lock, open(path, "ab") as file:
            for start, length, count in (self._places[day] for day in (*days, _ANY) if day in self._places):
                self._file.seek(start)
                file.write(self._file.read(length))
                rows += count
        return rows


_kept: OrderedDict[tuple, ReadingsByDay | None] = OrderedDict()


def kept_readings(key: tuple, make: Callable[[], ReadingsByDay]) -> ReadingsByDay | None:
    """The readings kept under the key; None when they are asked for the first time."""
    seen = key in _kept
    if seen and _kept[key] is None:
        _kept[key] = make()
    _kept.setdefault(key, None)
    _kept.move_to_end(key)
    while len(_kept) > KEPT:
        _kept.popitem(last=False)
    return _kept[key]


def forget_readings() -> None:
    """Let go of all that is kept."""
    _kept.clear()


def _day(when: Any) -> str:
    """The day of a time as ISO text; `_ANY` where it can't be told."""
    if isinstance(when, QDateTime):
        when = when.date()
    if isinstance(when, QDate):
        return when.toString("yyyy-MM-dd") if when.isValid() else _ANY
    found = _ISO.match(str(when))
    return found.group(1) if found else _ANY
