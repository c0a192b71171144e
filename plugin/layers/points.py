"""Readings as a layer of points with a name and the colours of their field."""

from __future__ import annotations

from functools import partial

from qgis.core import QgsProcessingContext

from ..styling.points import style_points
from ..styling.ramps import pretty_unit
from ..translate import tr
from .description import LABELS
from .dress import new_dresser


def load_readings(path: str, result: dict, context: QgsProcessingContext) -> str:
    """Have the output of ``read-stations`` named and styled when QGIS loads it, if it does; return what QGIS opens."""
    details = context.layersToLoadOnCompletion()
    if path in details:
        details[path].name = readings_name(result)
        details[path].forceName = True
        details[path].setPostProcessor(new_dresser(partial(style_points, variable=result["species"], field="value")))
        context.setLayersToLoadOnCompletion(details)
    return path


def readings_name(result: dict) -> str:
    """Such as "PM2.5 readings 2018-02-20 – 2018-02-25 (µg m⁻³)"."""
    days = dict.fromkeys(day for day in (result["days"]["first"], result["days"]["last"]) if day)
    species = LABELS.get(result["species"], result["species"].upper())
    what = " ".join([tr("{} readings").format(species), " – ".join(days)]).strip()
    return f"{what} ({pretty_unit(result['unit'])})"
