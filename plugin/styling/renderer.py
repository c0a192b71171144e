"""From a colour ramp to what QGIS draws with."""

from __future__ import annotations

import math

from qgis.core import (
    Qgis, QgsColorRampShader, QgsRasterLayer, QgsRasterShader, QgsSingleBandPseudoColorRenderer,
)
from qgis.PyQt.QtGui import QColor

from .ramps import RAMPS, Ramp


def colour_function(ramp: Ramp) -> QgsColorRampShader:
    """The ramp as a QGIS shader; values beyond its ends take the end colours."""
    last = len(ramp.breaks) - 1
    if ramp.classes:  # QGIS names a class by its upper end
        method, ends = Qgis.ShaderInterpolationMethod.Discrete, (*ramp.breaks[1:], math.inf)
    else:
        method, ends = Qgis.ShaderInterpolationMethod.Linear, ramp.breaks
    function = QgsColorRampShader(ramp.breaks[0], ramp.breaks[last], None, method)
    function.setColorRampItemList([
        QgsColorRampShader.ColorRampItem(end, QColor(colour), ramp.label(number))
        for number, (end, colour) in enumerate(zip(ends, ramp.colours))])
    function.setClip(False)
    legend = function.legendSettings()
    if legend is not None:
        legend.setUseContinuousLegend(False)  # a bar in proportion to the values would squeeze the low classes
    return function


def style(layer: QgsRasterLayer, variable: str, band: int = 1, ramp: Ramp | None = None) -> None:
    """Give the layer a ramp, by default that of its variable; a variable without one keeps QGIS's style."""
    ramp = ramp or RAMPS.get(variable)
    if ramp is None:
        return
    shader = QgsRasterShader()
    shader.setRasterShaderFunction(colour_function(ramp))
    renderer = QgsSingleBandPseudoColorRenderer(layer.dataProvider(), band, shader)
    renderer.setClassificationMin(ramp.breaks[0])
    renderer.setClassificationMax(ramp.breaks[-1])
    layer.setRenderer(renderer)
