"""What the plugin's own widgets for the dialog of an algorithm share."""

from __future__ import annotations

from processing.gui.wrappers import DIALOG_STANDARD, WidgetWrapper, dialogTypes
from qgis.gui import QgsGui, QgsProcessingGui
from qgis.PyQt.QtCore import QCoreApplication


class DialogWidget(WidgetWrapper):
    """A parameter's widget in the dialog; in batch and modeler QGIS's own widget takes its place."""

    def __new__(cls, param, dialog, row=0, col=0, **options):
        kind = dialogTypes.get(dialog.__class__.__name__, QgsProcessingGui.WidgetType.Standard)
        if kind == DIALOG_STANDARD:
            return super().__new__(cls)
        registry = QgsGui.processingGuiRegistry()
        if kind == QgsProcessingGui.WidgetType.Modeler:
            wrapper = registry.createModelerParameterWidget(dialog.model, dialog.childId, param, dialog.context)
        else:
            wrapper = registry.createParameterWidgetWrapper(param, kind)
        wrapper.setDialog(dialog)
        return wrapper

    def tr(self, text: str, *_) -> str:
        """QGIS's own words, such as [optional], from QGIS's catalogue, where they stand under the name of the class above."""
        return QCoreApplication.translate("WidgetWrapper", text)
