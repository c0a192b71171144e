"""Station points in the colours of their field."""

from __future__ import annotations

from qgis.core import QgsGraduatedSymbolRenderer, QgsMarkerSymbol, QgsRendererRange, QgsVectorLayer

from .ramps import RAMPS, Ramp


def style_points(layer: QgsVectorLayer, variable: str, field: str, ramp: Ramp | None = None) -> None:
    """Give the points the classes of a ramp, by default the variable's, by a field; without a ramp, or without points, nothing changes."""
    ramp = ramp or RAMPS.get(variable)
    if ramp is None or not layer.isSpatial():
        return
    last, ranges = len(ramp.breaks) - 1, []
    for number, (value, colour) in enumerate(zip(ramp.breaks, ramp.colours)):
        # Readings may lie a little below zero, and beyond the ramp.
        low = -1e9 if number == 0 else value
        high = 1e9 if number == last else ramp.breaks[number + 1]
        label = f"{value:g} +" if number == last else f"{value:g} – {high:g}"
        symbol = QgsMarkerSymbol.createSimple({"color": colour, "outline_color": "#333333", "outline_width": "0.15", "size": "2.4"})
        ranges.append(QgsRendererRange(low, high, symbol, ramp.label(number) if ramp.classes else f"{label} {ramp.unit}".strip()))
    layer.setRenderer(QgsGraduatedSymbolRenderer(field, ranges))
    layer.triggerRepaint()
