"""A raster of differences as a layer: blue below zero, red above it."""

from __future__ import annotations

from qgis.core import (
    Qgis,
    QgsColorRampShader,
    QgsProcessingContext,
    QgsProcessingUtils,
    QgsRasterLayer,
    QgsRasterShader,
    QgsSingleBandPseudoColorRenderer,
)
from qgis.PyQt.QtGui import QColor

from ..styling.ramps import pretty_unit
from ..translate import tr
from .dress import new_dresser

# ColorBrewer's RdBu, from -1 to 1.
_COLOURS = ("#2166ac", "#67a9cf", "#d1e5f0", "#f7f7f7", "#fddbc7", "#ef8a62", "#b2182b")
_SPREADS = 2.5  # standard deviations at which the colours end


def load_difference(path: str, unit: str, context: QgsProcessingContext, output: str) -> str:
    """Have the first band loaded and styled when the run is complete, where there is a project; return what QGIS opens."""
    if context.project() is not None:
        details = QgsProcessingContext.LayerDetails(tr("Difference ({})").format(tr(pretty_unit(unit))), context.project(), output)
        details.forceName = True
        details.layerTypeHint = QgsProcessingUtils.LayerHint.Raster
        details.setPostProcessor(new_dresser(style_difference))
        context.addLayerToLoadOnCompletion(path, details)
    return path


def style_difference(layer: QgsRasterLayer) -> None:
    """Colours in even steps on both sides of zero, as far as the values of the layer spread."""
    widest = _SPREADS * layer.dataProvider().bandStatistics(1).stdDev or 1.0
    middle = len(_COLOURS) // 2
    items = []
    for number, colour in enumerate(_COLOURS):
        value = widest * (number - middle) / middle
        items.append(QgsColorRampShader.ColorRampItem(value, QColor(colour), f"{value:.3g}"))
    function = QgsColorRampShader(-widest, widest, None, Qgis.ShaderInterpolationMethod.Linear)
    function.setColorRampItemList(items)
    shader = QgsRasterShader()
    shader.setRasterShaderFunction(function)
    renderer = QgsSingleBandPseudoColorRenderer(layer.dataProvider(), 1, shader)
    renderer.setClassificationMin(-widest)
    renderer.setClassificationMax(widest)
    layer.setRenderer(renderer)
    layer.triggerRepaint()
