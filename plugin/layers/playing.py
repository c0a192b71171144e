"""The temporal controller, set to the steps of a series, so that its play button plays them."""

from __future__ import annotations

from typing import Sequence

from qgis.core import Qgis, QgsDateTimeRange, QgsInterval, QgsTemporalNavigationObject

from ..translate import tr

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
    """Set QGIS's controller to the steps of a result that was loaded, so that it is seen, and a series plays.

    One that the user has set to something stays as it is as long as the result can be seen with it. If it shows a time that the result
    has nothing of, it goes to the first step that it can reach, and is set to the result's steps (of a single one: turned off) where it
    reaches none; that is said in the message bar.
    """
    from qgis.utils import iface  # there is one only in QGIS's windows

    canvas = iface.mapCanvas() if iface is not None else None
    controller = canvas.temporalController() if canvas is not None else None
    if controller is None or not steps:
        return
    mode = controller.navigationMode()
    if mode == Qgis.TemporalNavigationMode.Disabled:
        if len(steps) > 1:
            step_through(controller, steps)
        return
    shown = canvas.temporalRange()
    if shown.isInfinite() or any(shown.overlaps(step) for step in steps):
        return
    before = shown.begin().toString("yyyy-MM-dd HH:mm")
    within = [step for step in steps if mode == Qgis.TemporalNavigationMode.Animated and controller.temporalExtents().contains(step)]
    if within:
        controller.setCurrentFrameNumber(controller.findBestFrameNumberForFrameStart(within[0].begin()))
        text = tr("The temporal controller showed {before}, of which the new layer has nothing. It now shows the layer's first step.")
    elif len(steps) > 1:
        step_through(controller, steps)
        text = tr("The temporal controller showed {before}, of which the new layer has nothing. It now steps through that layer.")
    else:
        controller.setNavigationMode(Qgis.TemporalNavigationMode.Disabled)
        text = tr(
            "The temporal controller showed {before}, of which the new layer has nothing. It was turned off, so that the layer is seen."
        )
    iface.messageBar().pushMessage(tr("CTM Reanalysis"), text.format(before=before), Qgis.MessageLevel.Info, 10)
