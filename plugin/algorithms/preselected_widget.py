"""The widget of a layer that is chosen when the dialog opens: QGIS's own widget, with a layer in it.

QGIS itself chooses the active layer alone, and none for an optional parameter or one that takes several layers.
"""

from __future__ import annotations

from itertools import chain
from typing import Any, Iterable

from qgis.core import (
    Qgis,
    QgsMapLayer,
    QgsProcessingContext,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFile,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.gui import QgsGui, QgsProcessingGui

from .. import forms
from ..reading_fields import found_fields
from .dialog_widget import DialogWidget
from .field_parameters import file_of


class PreselectedWidget(DialogWidget):
    """For a source of points the active layer or another with readings; for fields the active raster, or its file; for a file of a
    series the NetCDF of the active raster, or of the first with several bands.
    """

    def __init__(self, param, dialog, row=0, col=0, instead: str = "", **options):
        self._instead, self._active = instead, ""
        self._is_ours, self._made_room = False, False  # whether the layer was chosen here, and whether it was taken out for `instead`
        self._other: Any = None  # the widget of `instead`
        self._context = QgsProcessingContext()
        self._context.setProject(QgsProject.instance())
        super().__init__(param, dialog, row, col, **options)

    def createWidget(self):
        self._native = QgsGui.processingGuiRegistry().createParameterWidgetWrapper(
            self.parameterDefinition(), QgsProcessingGui.WidgetType.Standard
        )
        widget = self._native.createWrappedWidget(self._context)
        self._native.widgetValueHasChanged.connect(self._changed)
        return widget

    def setWidgetContext(self, context) -> None:
        super().setWidgetContext(context)
        self._native.setWidgetContext(context)
        self._active = context.activeLayer().id() if context.activeLayer() is not None else ""  # the layer may go before the dialog
        self._choose()

    def registerProcessingContextGenerator(self, generator) -> None:
        super().registerProcessingContextGenerator(generator)
        self._native.registerProcessingContextGenerator(generator)

    def postInitialize(self, wrappers) -> None:
        """Follow the parameter that takes the layer's place."""
        self._other = next((wrapper for wrapper in wrappers if wrapper.parameterDefinition().name() == self._instead), None)
        if self._other is not None:
            self._other.widgetValueHasChanged.connect(self._make_room)

    def setValue(self, value) -> None:
        self._native.setParameterValue(value, self._context)

    def value(self):
        return self._native.parameterValue()

    def _changed(self, *_) -> None:
        self._is_ours = self._made_room = False
        self.widgetValueHasChanged.emit(self)

    def _make_room(self, *_) -> None:
        """No layer while the other parameter says something, if it is not the user who chose the layer; and back, if it was taken out here."""
        if self._other.parameterValue() and self._is_ours:
            self.setValue(None)
            self._made_room = True
        elif not self._other.parameterValue() and self._made_room:
            self._choose()

    def _choose(self) -> None:
        """The active layer if it fits; of points else the first that holds readings, or the first, in the order of the layer tree.

        Points that a run has made go last: they are on top and active when it ends. No other raster is taken than the active one,
        since it may be a map of anything.
        """
        active = QgsProject.instance().mapLayer(self._active)
        layers: Iterable[QgsMapLayer] = [active] if active is not None else []
        tree = [node.layer() for node in QgsProject.instance().layerTreeRoot().findLayers() if node.layer() is not None]
        if isinstance(self.parameterDefinition(), QgsProcessingParameterFile):
            layers = [*layers, *tree]
        if isinstance(self.parameterDefinition(), QgsProcessingParameterFeatureSource):
            points = [layer for layer in (*layers, *tree) if self._fitting(layer)]
            others = [layer for layer in points if not _is_result(layer)]
            # To look for readings takes a look at the layer's data, so that it is left where the active layer will do.
            layers = chain([layer for layer in others if layer.id() == self._active], filter(_holds_readings, others), others, points)
        value = next(filter(None, map(self._fitting, layers)), None)
        if value is not None:
            self.setValue(value)
            self._is_ours = True

    def _fitting(self, layer: QgsMapLayer):
        """How the parameter takes a layer; None where it does not."""
        parameter = self.parameterDefinition()
        if isinstance(parameter, QgsProcessingParameterFeatureSource):
            points = isinstance(layer, QgsVectorLayer) and layer.geometryType() == QgsWkbTypes.PointGeometry
            return layer.id() if points else None
        if not isinstance(layer, QgsRasterLayer) or layer.providerType() != "gdal":
            return None
        if isinstance(parameter, QgsProcessingParameterFile):
            return file_of(layer.source()) if layer.bandCount() > 1 and layer.source().upper().startswith("NETCDF:") else None
        if parameter.layerType() != Qgis.ProcessingSourceType.File:
            return [layer.id()]
        return [layer.source()]


def _is_result(layer: QgsVectorLayer) -> bool:
    """Whether a run has made the points: readings beside a field, or left out and predicted."""
    names = set(layer.fields().names())
    return {"field", "difference"} <= names or {"predicted", "residual"} <= names


def _holds_readings(layer: QgsVectorLayer) -> bool:
    """Whether readings would be found in a layer, or it looks like a published table."""
    return forms.may_be_known(layer.fields().names()) or bool(found_fields(layer).value)
