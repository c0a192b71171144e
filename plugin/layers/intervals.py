"""Days, hours, months and years as the temporal ranges of layers and bands."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Sequence

from osgeo import gdal
from qgis.core import Qgis, QgsDateTimeRange, QgsRasterLayer
from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QTime


def step_range(start) -> QgsDateTimeRange:
    """A whole day, or from a datetime an hour. It ends a second early: project files forget that an end is excluded, and
    steps would overlap.
    """
    hourly = isinstance(start, datetime)
    begin = QDateTime(QDate(start.year, start.month, start.day), QTime(start.hour if hourly else 0, 0), Qt.TimeSpec.UTC)
    return QgsDateTimeRange(begin, begin.addSecs((3600 if hourly else 86400) - 1))


def steps_in(source: str, days: Sequence) -> list[QgsDateTimeRange]:
    """What each band of a file is of: the period that the file states, else the day or hour that begins with an entry of `days`."""
    return periods_in(source) or [step_range(day) for day in days]


def set_periods(layer: QgsRasterLayer) -> bool:
    """Tell the temporal controller the period of each band, as a file of aggregated fields says it; whether it says any."""
    ranges = dict(enumerate(periods_in(layer.source()), start=1))
    if not ranges:
        return False
    properties = layer.temporalProperties()
    if len(ranges) == 1:
        properties.setMode(Qgis.RasterTemporalMode.FixedTemporalRange)
        properties.setFixedTemporalRange(ranges[1])
    else:
        properties.setMode(Qgis.RasterTemporalMode.FixedRangePerBand)
        properties.setFixedRangePerBand(ranges)
    properties.setIsActive(True)
    return True


def periods_in(source: str) -> list[QgsDateTimeRange]:
    """The periods that a file states (ISO 8601 intervals in the attribute `periods`); they end a second early, as days do."""
    tags = gdal.Open(source).GetMetadata()
    found = re.findall(r"(\d{4}-\d\d-\d\d)/(\d{4}-\d\d-\d\d)", tags.get("NC_GLOBAL#periods", "") or tags.get("periods", ""))
    return [QgsDateTimeRange(_midnight(start), _midnight(end).addSecs(-1)) for start, end in found]


def _midnight(day: str) -> QDateTime:
    moment = datetime.fromisoformat(day)
    return QDateTime.fromSecsSinceEpoch(int((moment - datetime(1970, 1, 1)) / timedelta(seconds=1)), Qt.TimeSpec.UTC)
