"""Readings as a layer of points with a name, the colours of their field, and their times for the temporal controller."""

from __future__ import annotations

from datetime import date
from functools import partial

from qgis.core import Qgis, QgsProcessingContext, QgsVectorLayer

from ..styling.points import style_points
from ..styling.ramps import CONTINUOUS, pretty_unit, ramp_for
from ..translate import tr
from .description import LABELS
from .dress import new_dresser
from .tree import STATIONS

# Properties of a layer of readings: what is read, its unit, and the first day.
VARIABLE, UNIT, DAY = "ctm_reanalysis/variable", "ctm_reanalysis/unit", "ctm_reanalysis/day"


def load_readings(path: str, result: dict, context: QgsProcessingContext, look: str = CONTINUOUS) -> str:
    """Have a table of readings named and styled when QGIS loads it, if it does, on top of all; return what QGIS opens.

    `result` names species, unit and days (first, last); `look` is one of `styling.ramps.STYLES`.
    """
    details = context.layersToLoadOnCompletion()
    if path in details:
        details[path].name, details[path].forceName, details[path].layerSortKey = readings_name(result), True, STATIONS
        dressed = partial(dress_points, variable=result["species"], unit=result["unit"], look=look, day=result["days"]["first"])
        details[path].setPostProcessor(new_dresser(dressed, STATIONS))
        context.setLayersToLoadOnCompletion(details)
    return path


def dress_points(layer: QgsVectorLayer, variable: str, unit: str = "", look: str = CONTINUOUS, day: str | None = None) -> None:
    """Style the points by their value, and date them by their day or hour, which are texts; `day` is the first, as YYYY-MM-DD."""
    for name, value in ((VARIABLE, variable), (UNIT, unit), (DAY, day or "")):
        layer.setCustomProperty(name, value)
    colour_points(layer, look)
    for field, seconds in (("day", 86400), ("time", 3600)):
        if layer.fields().lookupField(field) >= 0:
            start, properties = f'to_datetime("{field}")', layer.temporalProperties()
            properties.setMode(Qgis.VectorTemporalMode.FeatureDateTimeStartAndEndFromExpressions)
            properties.setStartExpression(start)
            properties.setEndExpression(f"{start} + to_interval('{seconds - 1} seconds')")  # ends are included
            properties.setIsActive(bool(day))


def colour_points(layer: QgsVectorLayer, look: str) -> str:
    """Give points that `dress_points` has dressed the colours of a style; return what the user should know of it, or ''."""
    variable, day = layer.customProperty(VARIABLE), layer.customProperty(DAY)
    ramp, note = ramp_for(variable, look, date.fromisoformat(day[:10]) if day else None)
    style_points(layer, variable, "value", layer.customProperty(UNIT, ""), ramp)
    return note


def readings_name(result: dict) -> str:
    """Such as "PM2.5 readings 2018-02-20 – 2018-02-25 (µg m⁻³)"."""
    days = dict.fromkeys(day for day in (result["days"]["first"], result["days"]["last"]) if day)
    species = LABELS.get(result["species"], result["species"].upper())
    what = " ".join([tr("{} readings").format(species), " – ".join(days)]).strip()
    return f"{what} ({pretty_unit(result['unit'])})"
