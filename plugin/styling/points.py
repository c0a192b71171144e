"""Station points in the colours of their field."""

from __future__ import annotations

from qgis.core import QgsGraduatedSymbolRenderer, QgsMarkerSymbol, QgsRendererRange, QgsVectorLayer

from .ramps import RAMPS


def style_points(layer: QgsVectorLayer, variable: str, field: str) -> None:
    """Give the points the classes of the variable's ramp by a field; without a ramp, or without points, nothing changes."""
    if variable not in RAMPS or not layer.isSpatial():
        return
    ramp, last = RAMPS[variable], len(RAMPS[variable].breaks) - 1
    ranges = []
    for number, (value, colour) in enumerate(zip(ramp.breaks, ramp.colours)):
        # Readings may lie a little below zero, and beyond the ramp.
        low = -1e9 if number == 0 else value
        high = 1e9 if number == last else ramp.breaks[number + 1]
        label = f"{value:g} +" if number == last else f"{value:g} – {high:g}"
        symbol = QgsMarkerSymbol.createSimple({"color": colour, "outline_color": "#555555", "outline_width": "0.15", "size": "2.4"})
        ranges.append(QgsRendererRange(low, high, symbol, f"{label} {ramp.unit}".strip()))
    layer.setRenderer(QgsGraduatedSymbolRenderer(field, ranges))
    layer.triggerRepaint()
