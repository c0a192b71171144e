"""Other colours for layers of this plugin that are loaded already."""

from __future__ import annotations

from qgis.core import (
    Qgis,
    QgsProcessingException,
    QgsProcessingOutputNumber,
    QgsProcessingParameterMultipleLayers,
    QgsRasterLayer,
    QgsVectorLayer,
)

from ..layers.description import UnreadableFile, describe
from ..layers.dress import colour
from ..layers.points import VARIABLE, colour_points
from ..styling.ramps import RAMPS
from ..translate import tr
from .base import EngineAlgorithm
from .preselected import preselect
from .style_parameters import add_style_parameter, style_of

LAYERS, COUNT = "LAYERS", "COUNT"


class Restyle(EngineAlgorithm):
    """``restyle``: the colours of fields and stations, by another index or by the continuous ramp."""

    NAME = "restyle"
    TITLE = tr("Restyle")
    GROUP = "after"
    SUMMARY = tr(
        "Gives layers of this plugin other colours: one continuous ramp, or the classes of China, of the US EPA or of the European "
        "Air Quality Index that are valid on the day of the data. Fields and stations get the same colours."
    )
    TAGS = ("style", "colours", "legend", "aqi", "index", "classes", "symbology", "hj 633", "epa", "eaqi")

    def flags(self):
        return super().flags() | Qgis.ProcessingAlgorithmFlag.NoThreading  # it changes layers of the project

    def canExecute(self) -> tuple[bool, str]:
        return True, ""  # QGIS draws by itself

    def initAlgorithm(self, configuration=None) -> None:
        layers = QgsProcessingParameterMultipleLayers(LAYERS, tr("Layers"), Qgis.ProcessingSourceType.MapLayer)
        preselect(layers)
        self.add(layers, tr("Fields, series and stations that algorithms of this plugin have made."))
        add_style_parameter(self)
        self.addOutput(QgsProcessingOutputNumber(COUNT, tr("Layers with new colours")))

    def compute(self, parameters, context, feedback) -> dict:
        look, count = style_of(self, parameters, context), 0
        for layer in self.parameterAsLayerList(parameters, LAYERS, context):
            note = self._restyle(layer, look)
            if note is None:
                feedback.pushWarning(
                    tr("Layer '{}' holds no concentrations that this plugin has made; it stays as it is.").format(layer.name())
                )
                continue
            if note:
                feedback.pushWarning(note)
            layer.triggerRepaint()
            layer.emitStyleChanged()
            count += 1
        if not count:
            raise QgsProcessingException(tr("None of the layers was made by this plugin; choose fields or stations."))
        return {COUNT: count}

    @staticmethod
    def _restyle(layer, look: str) -> str | None:
        """Colour a layer; what the user should know of it, or None where it is none of this plugin."""
        if isinstance(layer, QgsVectorLayer):
            return colour_points(layer, look) if layer.customProperty(VARIABLE) else None
        if not isinstance(layer, QgsRasterLayer):
            return None
        try:
            field = describe(layer.source())
        except UnreadableFile:
            return None
        return colour(layer, field, look) if field.variable in RAMPS else None
