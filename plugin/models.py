"""The models of the graphical modeler that ship with the plugin, as a provider of their own beside the user's models."""

from __future__ import annotations

from pathlib import Path

from qgis.core import Qgis, QgsMessageLog, QgsProcessingModelAlgorithm, QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from .provider import ICON
from .translate import tr

FOLDER = Path(__file__).resolve().parent.parent / "resources" / "modeler"


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
                model.setGroup("")  # there is but one, and it is the provider's name
                self.addAlgorithm(model)
            else:
                text = tr("The model {} can't be read; install the plugin again.").format(file.name)
                QgsMessageLog.logMessage(text, self.name(), Qgis.MessageLevel.Warning)
