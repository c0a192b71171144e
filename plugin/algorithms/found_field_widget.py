"""The widget of a field that is found: QGIS's own choice of fields, set to what the layer's fields tell."""

from __future__ import annotations

from qgis.core import QgsProcessingContext, QgsProcessingParameters, QgsProject, QgsVectorLayer
from qgis.gui import QgsFieldComboBox

from .. import forms
from ..reading_fields import found_fields, target_of
from .dialog_widget import DialogWidget
from .model_parameters import MODEL
from .table_parameters import SPECIES


class FoundFieldWidget(DialogWidget):
    """A choice of one field of the parent layer."""

    def __init__(self, param, dialog, row=0, col=0, what: str = "", **options):
        self._what, self._parent, self._named, self._context = what, None, None, QgsProcessingContext()
        super().__init__(param, dialog, row, col, **options)

    def createWidget(self) -> QgsFieldComboBox:
        widget = QgsFieldComboBox()
        widget.setAllowEmptyFieldName(True)
        widget.fieldChanged.connect(lambda _: self.widgetValueHasChanged.emit(self))
        return widget

    def postInitialize(self, wrappers):
        """Follow the layer, and what is read of it."""
        by_name = {wrapper.parameterDefinition().name(): wrapper for wrapper in wrappers}
        self._context.setProject(QgsProject.instance())
        self._parent = by_name[self.parameterDefinition().parentLayerParameterName()]
        self._named = by_name.get(SPECIES) or by_name.get(MODEL)
        for wrapper in (self._parent, self._named):
            if wrapper is not None:
                wrapper.widgetValueHasChanged.connect(self._find)
        self._find()

    def setValue(self, value) -> None:
        self.widget.setField(value or "")

    def value(self) -> str | None:
        return self.widget.currentField() or None

    def _find(self, *_) -> None:
        """Offer the layer's fields, and choose the one that is found; none where rows or a published form must decide with it."""
        definition = self._parent.parameterDefinition()
        layer = QgsProcessingParameters.parameterAsVectorLayer(
            definition, {definition.name(): self._parent.parameterValue()}, self._context
        )
        self.widget.setLayer(layer if isinstance(layer, QgsVectorLayer) else None)
        if isinstance(layer, QgsVectorLayer):
            found = found_fields(layer, self._species())
            by_form = self._what in ("value", "time", "unit_field") and forms.may_be_known(layer.fields().names())
            self.setValue("" if found.where or by_form else getattr(found, self._what))

    def _species(self) -> str:
        if self._named is None:
            return "pm25"
        text = str(self._named.parameterValue() or "")
        return text.partition(":")[0] if self._named.parameterDefinition().name() == SPECIES else target_of(text)
