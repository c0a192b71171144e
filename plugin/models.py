"""The models of the graphical modeler that ship with the plugin, as a provider of their own beside the user's models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import Qgis, QgsMessageLog, QgsProcessingModelAlgorithm, QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from .provider import ICON
from .translate import tr

FOLDER = Path(__file__).resolve().parent.parent / "resources" / "modeler"
# Keys of a model's file whose values people read; `help` of the whole is a map of such texts.
_SHOWN = ("description", "help", "component_description")


class ShippedModel(QgsProcessingModelAlgorithm):
    """A model whose texts are in QGIS's language; its name, by which scripts call it, stays as the file has it."""

    def displayName(self) -> str:
        return tr(self.name())

    def createInstance(self) -> "ShippedModel":
        return _model_of(self.toVariant(), self.sourceFilePath())


class ModelsProvider(QgsProcessingProvider):
    """Provider ``ctm_reanalysis_models``; to be added after the provider whose algorithms the models use."""

    def id(self) -> str:
        return "ctm_reanalysis_models"

    def name(self) -> str:
        return tr("CTM Reanalysis models")

    def icon(self) -> QIcon:
        return QIcon(str(ICON))

    def svgIconPath(self) -> str:
        return str(ICON)

    def loadAlgorithms(self) -> None:
        for file in sorted(FOLDER.glob("*.model3")):
            model = QgsProcessingModelAlgorithm()
            if model.fromFile(str(file)):
                translated = _model_of(_translated(model.toVariant()), str(file))
                translated.setGroup("")  # there is but one, and it is the provider's name
                self.addAlgorithm(translated)
            else:
                text = tr("The model {} can't be read; install the plugin again.").format(file.name)
                QgsMessageLog.logMessage(text, self.name(), Qgis.MessageLevel.Warning)


def _model_of(content: dict, file: str) -> ShippedModel:
    model = ShippedModel()
    model.loadVariant(content)
    model.setSourceFilePath(file)
    # QGIS makes the name of an output, by which scripts call it, of its description's ASCII letters: it is translated afterwards.
    for shown in (*model.destinationParameterDefinitions(), *model.outputDefinitions()):
        shown.setDescription(tr(shown.description()))
    return model


def _translated(content: Any, shown: bool = False) -> Any:
    """A model as `toVariant` gives it, with what people read in QGIS's language, outputs excepted; `shown`: so are all texts of a map."""
    if isinstance(content, dict):
        return {
            key: value
            if key == "outputs"
            else tr(value)
            if isinstance(value, str) and value and (shown or key in _SHOWN)
            else _translated(value, key == "help")
            for key, value in content.items()
        }
    return [_translated(value) for value in content] if isinstance(content, list) else content
