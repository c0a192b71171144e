"""The engine's own Python environment, made because the user asked for it."""

from __future__ import annotations

from qgis.core import (
    Qgis, QgsProcessingException, QgsProcessingOutputString, QgsProcessingParameterBoolean,
    QgsProcessingParameterFile, QgsProcessingParameterString, QgsSettings,
)

from ..engine import environment, locate
from ..engine.client import stop_worker
from ..engine.errors import SetUpCancelled, SetUpError
from ..engine.qgis_side import SETTING
from ..translate import tr
from .base import ANY_FILE, EngineAlgorithm
from .choices import Choice

DEVICE, WHEELS, BASE_PYTHON, TORCH_INDEX, FOLDER = "DEVICE", "WHEELS", "BASE_PYTHON", "TORCH_INDEX", "FOLDER"
REBUILD = "REBUILD"
PYTHON = "PYTHON"
_FOLDER_BEHAVIOUR = Qgis.ProcessingFileParameterBehavior.Folder


class SetUpEngine(EngineAlgorithm):
    """``setupengine``: a virtual environment with the engine's libraries, from a network or a wheel folder."""

    NAME = "setupengine"
    TITLE = tr("Set up engine")
    GROUP = "engine"
    SUMMARY = tr("Makes a Python environment of its own for the engine and installs the engine's libraries there; QGIS "
                 "itself stays as it is. It fetches a few hundred megabytes, with GPU libraries a few gigabytes. "
                 "Where the environment is ready it does nothing.")
    TAGS = ("install", "engine", "python", "gpu", "torch", "offline")

    def initAlgorithm(self, configuration=None) -> None:
        self.add(Choice(DEVICE, tr("Compute on"), environment.DEVICES),
            tr("'cpu' is enough to use a model; 'gpu' is for training, and needs a driver and more space."))
        self.add(QgsProcessingParameterFile(WHEELS, tr("Folder of wheels"), _FOLDER_BEHAVIOUR, optional=True),
            tr("Install from the wheel files in this folder, without a network."))
        self.add(QgsProcessingParameterFile(BASE_PYTHON, tr("Python to start from"), fileFilter=ANY_FILE, optional=True),
            tr("Python 3.11 or newer. Empty: one is searched for."), advanced=True)
        self.add(QgsProcessingParameterString(TORCH_INDEX, tr("Package index for torch"), optional=True),
            tr("Address of a package index that has torch for your device."), advanced=True)
        self.add(QgsProcessingParameterFile(FOLDER, tr("Folder of the environment"), _FOLDER_BEHAVIOUR, optional=True),
            tr("Where to make the environment; the provider's option 'Engine Python' then names it. "
               "Empty: {}.").format(environment.default_folder()), advanced=True)
        self.add(QgsProcessingParameterBoolean(REBUILD, tr("Make it anew"), defaultValue=False),
            tr("Even where it is ready; for an environment that does not work."), advanced=True)
        self.addOutput(QgsProcessingOutputString(PYTHON, tr("The engine's Python")))

    def canExecute(self) -> tuple[bool, str]:
        return True, ""

    def compute(self, parameters, context, feedback) -> dict:
        def report(fraction: float, line: str) -> None:
            feedback.setProgress(100 * fraction)
            feedback.pushInfo(line)

        folder = self.parameterAsString(parameters, FOLDER, context)
        stop_worker()  # it may run from the environment that is renewed
        try:
            status = environment.create(
                folder or None,
                wheels=self.parameterAsString(parameters, WHEELS, context),
                device=self.parameterAsEnumString(parameters, DEVICE, context),
                torch_index=self.parameterAsString(parameters, TORCH_INDEX, context),
                base_python=self.parameterAsString(parameters, BASE_PYTHON, context),
                rebuild=self.parameterAsBoolean(parameters, REBUILD, context),
                report=report, is_cancelled=feedback.isCanceled,
            )
        except (SetUpCancelled, SetUpError) as error:
            raise QgsProcessingException(str(error)) from error
        if folder:
            QgsSettings().setValue(SETTING, status.python)
        locate.forget()
        feedback.pushInfo(status.message)
        return {PYTHON: status.python}
