"""The temporal controller, set to the steps of a series, so that its play button plays them."""

from __future__ import annotations

from typing import Sequence

from qgis.core import Qgis, QgsDateTimeRange, QgsInterval, QgsTemporalNavigationObject

from .intervals import step_range


def step_through(controller: QgsTemporalNavigationObject, days: Sequence) -> None:
    """Have the controller step through the days, or from datetimes through the hours, as its own panel would."""
    first, second, last = (step_range(days[number]) for number in (0, 1, -1))
    controller.setNavigationMode(Qgis.TemporalNavigationMode.Animated)
    controller.setTemporalExtents(QgsDateTimeRange(first.begin(), last.end()))
    seconds = first.begin().secsTo(second.begin())
    unit = (86400, Qgis.TemporalUnit.Days) if seconds % 86400 == 0 else (3600, Qgis.TemporalUnit.Hours)
    controller.setFrameDuration(QgsInterval(seconds / unit[0], unit[1]))


def make_ready_to_play(days: Sequence) -> None:
    """Set QGIS's controller to the days of a series that was loaded; one that the user has set to something stays as it is."""
    from qgis.utils import iface  # there is one only in QGIS's windows

    canvas = iface.mapCanvas() if iface is not None else None
    controller = canvas.temporalController() if canvas is not None else None
    if controller is not None and len(days) > 1 and controller.navigationMode() == Qgis.TemporalNavigationMode.Disabled:
        step_through(controller, days)
