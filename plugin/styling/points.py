"""Station points in the colours of their field."""

from __future__ import annotations

from qgis.core import QgsAggregateCalculator, QgsGraduatedSymbolRenderer, QgsMarkerSymbol, QgsRendererRange, QgsVectorLayer

from .ramps import RAMPS, Ramp, neutral_ramp


def style_points(layer: QgsVectorLayer, variable: str, field: str, unit: str = "", ramp: Ramp | None = None) -> None:
    """Give the points the classes of a ramp by a field: the variable's by default, or a neutral one; without points nothing changes."""
    if not layer.isSpatial():
        return
    ramp = ramp or RAMPS.get(variable) or neutral_ramp(*_range(layer, field), unit)
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


def _range(layer: QgsVectorLayer, field: str) -> tuple[float, float]:
    """Smallest and largest value of a field; 0 to 1 where there is none."""
    ends = [layer.aggregate(which, field)[0] for which in (QgsAggregateCalculator.Aggregate.Min, QgsAggregateCalculator.Aggregate.Max)]
    return (0.0, 1.0) if None in ends else (float(ends[0]), float(ends[1]))
