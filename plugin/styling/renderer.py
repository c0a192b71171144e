"""From a colour ramp to what QGIS draws with."""

from __future__ import annotations

import math

from qgis.core import Qgis, QgsColorRampShader, QgsRasterLayer, QgsRasterShader, QgsSingleBandPseudoColorRenderer
from qgis.PyQt.QtGui import QColor

from .ramps import RAMPS, Ramp, neutral_ramp

_SAMPLE = 250_000  # cells that the range of a field is taken from


def colour_function(ramp: Ramp) -> QgsColorRampShader:
    """The ramp as a QGIS shader; values beyond its ends take the end colours."""
    last = len(ramp.breaks) - 1
    if ramp.classes:  # QGIS names a class by its upper end
        method, ends = Qgis.ShaderInterpolationMethod.Discrete, (*ramp.breaks[1:], math.inf)
    else:
        method, ends = Qgis.ShaderInterpolationMethod.Linear, ramp.breaks
    function = QgsColorRampShader(ramp.breaks[0], ramp.breaks[last], None, method)
    function.setColorRampItemList(
        [
            QgsColorRampShader.ColorRampItem(end, QColor(colour), ramp.label(number))
            for number, (end, colour) in enumerate(zip(ends, ramp.colours))
        ]
    )
    function.setClip(False)
    legend = function.legendSettings()
    if legend is not None:
        legend.setUseContinuousLegend(False)  # a bar in proportion to the values would squeeze the low classes
    return function


def ramp_of(layer: QgsRasterLayer, variable: str, unit: str = "") -> Ramp:
    """The ramp of a variable; one that has none gets a neutral ramp over most of the layer's values."""
    return RAMPS.get(variable) or neutral_ramp(*_range(layer), unit)


def style(layer: QgsRasterLayer, variable: str, band: int = 1, unit: str = "", ramp: Ramp | None = None) -> Ramp:
    """Give the layer a ramp, by default that of its variable, see `ramp_of`, and return it."""
    ramp = ramp or ramp_of(layer, variable, unit)
    shader = QgsRasterShader()
    shader.setRasterShaderFunction(colour_function(ramp))
    renderer = QgsSingleBandPseudoColorRenderer(layer.dataProvider(), band, shader)
    renderer.setClassificationMin(ramp.breaks[0])
    renderer.setClassificationMax(ramp.breaks[-1])
    layer.setRenderer(renderer)
    return ramp


def _range(layer: QgsRasterLayer) -> tuple[float, float]:
    """From the 2nd to the 98th per cent of the values, of a series over its first, middle and last band; 0 to 1 where there are none."""
    provider, count = layer.dataProvider(), layer.bandCount()
    ends = [provider.cumulativeCut(band, 0.02, 0.98, layer.extent(), _SAMPLE) for band in sorted({1, (count + 1) // 2, count})]
    known = [(low, high) for low, high in ends if math.isfinite(low) and math.isfinite(high) and low <= high]
    if not known:
        return 0.0, 1.0
    return min(low for low, _ in known), max(high for _, high in known)
