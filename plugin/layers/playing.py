"""The temporal controller, set to the steps of a series, so that its play button plays them."""

from __future__ import annotations

from typing import Sequence

from qgis.core import Qgis, QgsDateTimeRange, QgsInterval, QgsTemporalNavigationObject

_DAY = 86400  # seconds


def step_through(controller: QgsTemporalNavigationObject, steps: Sequence[QgsDateTimeRange]) -> None:
    """Have the controller step through days or hours, as its own panel would; of longer periods, such as months, each is a frame."""
    first, second, last = steps[0], steps[1], steps[-1]
    controller.setNavigationMode(Qgis.TemporalNavigationMode.Animated)
    controller.setTemporalExtents(QgsDateTimeRange(first.begin(), last.end()))
    if any(step.begin().secsTo(step.end()) >= _DAY for step in steps):  # a day ends a second early
        controller.setAvailableTemporalRanges(list(steps))
        controller.setFrameDuration(QgsInterval(1, Qgis.TemporalUnit.IrregularStep))
        return
    seconds = first.begin().secsTo(second.begin())
    unit = (_DAY, Qgis.TemporalUnit.Days) if seconds % _DAY == 0 else (3600, Qgis.TemporalUnit.Hours)
    controller.setFrameDuration(QgsInterval(seconds / unit[0], unit[1]))


def make_ready_to_play(steps: Sequence[QgsDateTimeRange]) -> None:
    """Set QGIS's controller to the steps of a series that was loaded; one that the user has set to something stays as it is."""
    from qgis.utils import iface  # there is one only in QGIS's windows

    canvas = iface.mapCanvas() if iface is not None else None
    controller = canvas.temporalController() if canvas is not None else None
    if controller is not None and len(steps) > 1 and controller.navigationMode() == Qgis.TemporalNavigationMode.Disabled:
        step_through(controller, steps)
