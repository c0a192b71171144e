"""From a colour ramp to what QGIS draws with."""

from __future__ import annotations

from qgis.core import (
    Qgis, QgsColorRampShader, QgsRasterLayer, QgsRasterShader, QgsSingleBandPseudoColorRenderer,
)
from qgis.PyQt.QtGui import QColor

from .ramps import RAMPS, Ramp


def colour_function(ramp: Ramp) -> QgsColorRampShader:
    """The ramp as a QGIS shader; values beyond its ends take the end colours."""
    last = len(ramp.breaks) - 1
    items = []
    for number, (value, colour) in enumerate(zip(ramp.breaks, ramp.colours)):
        label = f"{value:g}{' +' if number == last else ''}{' ' + ramp.unit if ramp.unit else ''}"
        items.append(QgsColorRampShader.ColorRampItem(value, QColor(colour), label))
    function = QgsColorRampShader(ramp.breaks[0], ramp.breaks[-1], None, Qgis.ShaderInterpolationMethod.Linear)
    function.setColorRampItemList(items)
    function.setClip(False)
    legend = function.legendSettings()
    if legend is not None:
        legend.setUseContinuousLegend(False)  # a bar in proportion to the values would squeeze the low classes
    return function


def style(layer: QgsRasterLayer, variable: str, band: int = 1) -> None:
    """Give the layer the ramp of its variable; a variable without ramp keeps QGIS's style."""
    if variable not in RAMPS:
        return
    shader = QgsRasterShader()
    shader.setRasterShaderFunction(colour_function(RAMPS[variable]))
    renderer = QgsSingleBandPseudoColorRenderer(layer.dataProvider(), band, shader)
    renderer.setClassificationMin(RAMPS[variable].breaks[0])
    renderer.setClassificationMax(RAMPS[variable].breaks[-1])
    layer.setRenderer(renderer)
