"""The engine's own Python environment, made because the user asked for it."""

from __future__ import annotations

from qgis.core import (
    Qgis, QgsProcessingException, QgsProcessingOutputString, QgsProcessingParameterBoolean,
    QgsProcessingParameterFile, QgsProcessingParameterString, QgsSettings,
)

from ..engine import environment, locate
from ..engine.base_python import NEWEST, OLDEST
from ..engine.client import stop_worker
from ..engine.errors import SetUpCancelled, SetUpError
from ..engine.qgis_side import SETTING, proxy
from ..engine.room import size_of
from ..translate import tr
from .base import ANY_FILE, EngineAlgorithm
from .choices import Choice

DEVICE, WHEELS, BASE_PYTHON, FOLDER = "DEVICE", "WHEELS", "BASE_PYTHON", "FOLDER"
INDEX, TORCH_INDEX, REBUILD = "INDEX", "TORCH_INDEX", "REBUILD"
PYTHON = "PYTHON"
_SIZES = [number for device in environment.DEVICES for number in (size_of(device).download, size_of(device).disk)]
_FOLDER_BEHAVIOUR = Qgis.ProcessingFileParameterBehavior.Folder


class SetUpEngine(EngineAlgorithm):
    """``setupengine``: a virtual environment with the engine's libraries, from a network or a wheel folder."""

    NAME = "setupengine"
    TITLE = tr("Set up engine")
    GROUP = "engine"
    SUMMARY = tr("Makes a Python environment of its own for the engine and installs the engine's libraries there; QGIS "
                 "itself stays as it is. Before it begins it says what is downloaded and how much room there is: on this system "
                 "about {} GB, and {} GB on the disk; with GPU libraries {} and {} GB. Where the environment is ready it does "
                 "nothing; where an update of QGIS took its Python away, it is repaired.").format(*_SIZES)
    TAGS = ("install", "engine", "python", "gpu", "torch", "offline")

    def initAlgorithm(self, configuration=None) -> None:
        self.add(Choice(DEVICE, tr("Compute on"), environment.DEVICES),
            tr("'cpu' is enough to use a model; 'gpu' is for training, and needs a driver and more space. The build of PyTorch that "
               "fits is fetched from PyTorch's own package index where that can be reached, else from pip's."))
        self.add(QgsProcessingParameterFile(WHEELS, tr("Folder of wheels"), _FOLDER_BEHAVIOUR, optional=True),
            tr("Install from the wheel files in this folder, without a network."))
        self.add(QgsProcessingParameterFile(BASE_PYTHON, tr("Python to start from"), fileFilter=ANY_FILE, optional=True),
            tr("Python {}.{} to {}.{}. Empty: one is searched for.").format(*OLDEST, *NEWEST), advanced=True)
        self.add(QgsProcessingParameterString(INDEX, tr("Package index"), optional=True),
            tr("Address of a package index to use in place of pip's own, such as a mirror that is nearer."), advanced=True)
        self.add(QgsProcessingParameterString(TORCH_INDEX, tr("Package index for torch"), optional=True),
            tr("Address of a package index that has torch for your device. Empty: chosen by the device."), advanced=True)
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
        through, refused = proxy()
        if refused:
            feedback.pushWarning(refused)
        try:
            status = environment.create(
                folder or None,
                wheels=self.parameterAsString(parameters, WHEELS, context),
                device=self.parameterAsEnumString(parameters, DEVICE, context),
                index=self.parameterAsString(parameters, INDEX, context),
                torch_index=self.parameterAsString(parameters, TORCH_INDEX, context), proxy=through,
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
