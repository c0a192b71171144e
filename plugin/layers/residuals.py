"""Stations with their residuals as a layer: red where the model is too high, blue where it is too low."""

from __future__ import annotations

from pathlib import Path

from qgis.core import Qgis, QgsProcessingContext, QgsProcessingException, QgsProcessingUtils, QgsVectorLayer

from ..translate import tr
from .dress import new_dresser

_TIME = "time"
STYLE = Path(__file__).resolve().parent.parent.parent / "resources" / "styles" / "residuals.qml"


def load_residuals(path: str, context: QgsProcessingContext, output: str, name: str = "") -> str:
    """Have the points loaded and styled when the run is complete, where there is a project; return what QGIS opens.

    `name` is that of the layer, by default that of a cross-validation.
    """
    if context.project() is not None:
        details = QgsProcessingContext.LayerDetails(name or tr("Residuals of the cross-validation (µg m⁻³)"), context.project(), output)
        details.forceName = True
        details.layerTypeHint = QgsProcessingUtils.LayerHint.Vector
        details.setPostProcessor(new_dresser(style_residuals))
        context.addLayerToLoadOnCompletion(path, details)
    return path


def style_residuals(layer: QgsVectorLayer) -> None:
    """Give the layer the style of residuals; `QgsProcessingException` if the style can't be read."""
    message, ok = layer.loadNamedStyle(str(STYLE))
    if not ok:
        raise QgsProcessingException(tr("The style of the residuals can't be read: {}").format(message))
    for number, part in enumerate(layer.renderer().ranges()):
        layer.renderer().updateRangeLabel(number, _said(part.label()))
    _date(layer)
    layer.triggerRepaint()


def _date(layer: QgsVectorLayer) -> None:
    """Have the temporal controller show the residuals of a day on their day, where there are several days."""
    number = layer.fields().lookupField(_TIME)
    if number < 0 or len(layer.uniqueValues(number, 2)) < 2:
        return
    properties = layer.temporalProperties()
    properties.setMode(Qgis.VectorTemporalMode.FeatureDateTimeInstantFromField)
    properties.setStartField(_TIME)
    properties.setFixedDuration(1)
    properties.setDurationUnits(Qgis.TemporalUnit.Hours)
    properties.setIsActive(True)


def _said(label: str) -> str:
    """The label of a range, such as ``+5 to +10`` or ``above +40``, in the user's language."""
    first, *rest = label.split(" ")
    if rest[:1] == ["to"]:
        return tr("{low} to {high}").format(low=first, high=rest[1])
    return {"above": tr("above {value}"), "below": tr("below {value}")}[first].format(value=rest[0])
