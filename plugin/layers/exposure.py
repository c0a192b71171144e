"""The polygons of an exposure as a layer in the colours of the field, by the mean that people breathe."""

from __future__ import annotations

from functools import partial

from qgis.core import QgsFillSymbol, QgsGraduatedSymbolRenderer, QgsProcessingContext, QgsProcessingUtils, QgsRendererRange, QgsVectorLayer

from ..styling.ramps import RAMPS, pretty_unit
from ..translate import tr
from .description import LABELS
from .dress import new_dresser


def load_exposure(path: str, result: dict, context: QgsProcessingContext) -> str:
    """Have the table named and styled when QGIS loads it, if it does; return what QGIS opens."""
    source = f"{path}|layername=exposure" if path.lower().endswith(".gpkg") else path
    details = context.layersToLoadOnCompletion()
    if path in details:
        wanted = details.pop(path)
        species = LABELS.get(result["species"], result["species"].upper())
        wanted.name = tr("Exposure to {species} ({unit})").format(species=species, unit=pretty_unit(result["unit"]))
        wanted.forceName = True
        wanted.layerTypeHint = QgsProcessingUtils.LayerHint.Vector
        wanted.setPostProcessor(new_dresser(partial(style_polygons, variable=result["species"], field="mean")))
        details[source] = wanted
        context.setLayersToLoadOnCompletion(details)
    return source


def style_polygons(layer: QgsVectorLayer, variable: str, field: str) -> None:
    """Give polygons the classes of the variable's ramp by a field; without a ramp, or without polygons, nothing changes."""
    if variable not in RAMPS or not layer.isSpatial():
        return
    ramp, last = RAMPS[variable], len(RAMPS[variable].breaks) - 1
    ranges = []
    for number, (value, colour) in enumerate(zip(ramp.breaks, ramp.colours)):
        high = 1e9 if number == last else ramp.breaks[number + 1]
        label = f"{value:g} +" if number == last else f"{value:g} – {high:g}"
        symbol = QgsFillSymbol.createSimple({"color": colour, "outline_color": "#555555", "outline_width": "0.15"})
        ranges.append(QgsRendererRange(value, high, symbol, f"{label} {ramp.unit}".strip()))
    layer.setRenderer(QgsGraduatedSymbolRenderer(field, ranges))
    layer.triggerRepaint()
