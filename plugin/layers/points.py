"""Readings as a layer of points with a name, the colours of their field, and their times for the temporal controller."""

from __future__ import annotations

from functools import partial

from qgis.core import Qgis, QgsProcessingContext, QgsVectorLayer

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
        details[path].setPostProcessor(new_dresser(partial(dress_points, variable=result["species"], unit=result["unit"])))
        context.setLayersToLoadOnCompletion(details)
    return path


def dress_points(layer: QgsVectorLayer, variable: str, unit: str = "") -> None:
    """Style the points by their value, and date them by their day or hour, which are texts."""
    style_points(layer, variable, "value", unit)
    for field, seconds in (("day", 86400), ("time", 3600)):
        if layer.fields().lookupField(field) >= 0:
            start, properties = f'to_datetime("{field}")', layer.temporalProperties()
            properties.setMode(Qgis.VectorTemporalMode.FeatureDateTimeStartAndEndFromExpressions)
            properties.setStartExpression(start)
            properties.setEndExpression(f"{start} + to_interval('{seconds - 1} seconds')")  # ends are included
            properties.setIsActive(True)


def readings_name(result: dict) -> str:
    """Such as "PM2.5 readings 2018-02-20 – 2018-02-25 (µg m⁻³)"."""
    days = dict.fromkeys(day for day in (result["days"]["first"], result["days"]["last"]) if day)
    species = LABELS.get(result["species"], result["species"].upper())
    what = " ".join([tr("{} readings").format(species), " – ".join(days)]).strip()
    return f"{what} ({pretty_unit(result['unit'])})"
