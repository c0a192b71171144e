"""The engine's own Python environment, made because the user asked for it."""

from __future__ import annotations

import os
from pathlib import Path

from qgis.core import (
    Qgis,
    QgsProcessingException,
    QgsProcessingOutputString,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFile,
    QgsProcessingParameterString,
    QgsSettings,
)

from ..engine import environment, locate
from ..engine.base_python import NEWEST, OLDEST
from ..engine.client import stop_worker
from ..engine.errors import SetUpCancelled, SetUpError
from ..engine.qgis_side import SETTING, proxy
from ..engine.room import check_room, size_of
from ..engine.upkeep import remove_environment, repair
from ..translate import tr
from .base import ANY_FILE, EngineAlgorithm
from .choices import Choice, chosen_word

DEVICE, WHEELS, BASE_PYTHON, FOLDER = "DEVICE", "WHEELS", "BASE_PYTHON", "FOLDER"
INDEX, TORCH_INDEX, REBUILD = "INDEX", "TORCH_INDEX", "REBUILD"
ACTION, PYTHON, LOG = "ACTION", "PYTHON", "LOG"
ACTIONS = (
    f"setup: {tr('make it or complete it')}",
    f"repair: {tr('try every library and mend what is broken')}",
    f"remove: {tr('take it away')}",
)
_SIZES = [number for device in environment.DEVICES for number in (size_of(device).download, size_of(device).disk)]
_FOLDER_BEHAVIOUR = Qgis.ProcessingFileParameterBehavior.Folder


class SetUpEngine(EngineAlgorithm):
    """``setupengine``: a virtual environment with the engine's libraries, from a network or a wheel folder."""

    NAME = "setupengine"
    TITLE = tr("Set up engine")
    GROUP = "engine"
    SUMMARY = tr(
        "Makes a Python environment of its own for the engine and installs the engine's libraries there; QGIS "
        "itself stays as it is. Before it begins it says what is downloaded and how much room there is: on this system "
        "about {} GB, and {} GB on the disk; with GPU libraries {} and {} GB. Where the environment is ready it does "
        "nothing; where an update of QGIS took its Python away, it is repaired."
    ).format(*_SIZES)
    TAGS = ("install", "engine", "python", "gpu", "torch", "offline")

    def initAlgorithm(self, configuration=None) -> None:
        self.add(
            Choice(ACTION, tr("What to do"), ACTIONS),
            tr(
                "'repair' imports every library and makes the environment anew where one is broken; 'remove' takes the environment away, with "
                "all that was downloaded for it. All profiles of a user share one environment."
            ),
        )
        self.add(
            Choice(DEVICE, tr("Compute on"), environment.DEVICES),
            tr(
                "'cpu' is enough to use a model; 'gpu' is for training, and needs a driver and more space. The build of PyTorch that "
                "fits is fetched from PyTorch's own package index where that can be reached, else from pip's."
            ),
        )
        self.add(
            QgsProcessingParameterFile(WHEELS, tr("Folder of wheels"), _FOLDER_BEHAVIOUR, optional=True),
            tr("Install from the wheel files in this folder, without a network."),
        )
        self.add(
            QgsProcessingParameterFile(BASE_PYTHON, tr("Python to start from"), fileFilter=ANY_FILE, optional=True),
            tr("Python {}.{} to {}.{}. Empty: one is searched for.").format(*OLDEST, *NEWEST),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterString(INDEX, tr("Package index"), optional=True),
            tr("Address of a package index to use in place of pip's own, such as a mirror that is nearer."),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterString(TORCH_INDEX, tr("Package index for torch"), optional=True),
            tr("Address of a package index that has torch for your device. Empty: chosen by the device."),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterFile(FOLDER, tr("Folder of the environment"), _FOLDER_BEHAVIOUR, optional=True),
            tr("Where to make the environment; the option 'Engine Python' then names it. Empty: {}.").format(environment.default_folder()),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterBoolean(REBUILD, tr("Make it anew"), defaultValue=False),
            tr("Even where it is ready; for an environment that does not work."),
            advanced=True,
        )
        self.addOutput(QgsProcessingOutputString(PYTHON, tr("The engine's Python")))
        self.addOutput(QgsProcessingOutputString(LOG, tr("Log file")))

    def canExecute(self) -> tuple[bool, str]:
        return True, ""

    def shortHelpString(self) -> str:
        """The help, and above it what would be downloaded now and how much room there is for it."""
        state = environment.status()
        room = ""
        if state.state != "ready":
            try:
                room = tr("{}.").format(check_room(environment.default_folder(), size_of(environment.DEVICES[0])))
            except SetUpError as error:
                room = str(error)
        now = f"{state.message} {room}".replace(f"{Path.home()}{os.sep}", f"~{os.sep}")
        return f"<p><i>{now}</i></p>{super().shortHelpString()}"

    def compute(self, parameters, context, feedback) -> dict:
        folder = self.parameterAsString(parameters, FOLDER, context)
        stop_worker()  # it may run from the environment that is renewed
        if chosen_word(self, parameters, ACTION, context) == "remove":
            return self._remove(folder, feedback)
        status = self._make(folder, parameters, context, feedback)
        if folder:
            QgsSettings().setValue(SETTING, status.python)
        locate.forget()
        return {PYTHON: status.python, LOG: str(Path(status.python).parent.parent / environment.LOG)}

    @staticmethod
    def _remove(folder: str, feedback) -> dict:
        try:
            size = remove_environment(Path(folder) if folder else None)
        except SetUpError as error:
            raise QgsProcessingException(str(error)) from error
        if folder and QgsSettings().value(SETTING, "") == str(environment.python_in(Path(folder))):
            QgsSettings().remove(SETTING)
        locate.forget()
        feedback.pushInfo(tr("{} MB were taken away.").format(size))
        return {PYTHON: "", LOG: ""}

    def _make(self, folder: str, parameters, context, feedback) -> environment.Status:
        def report(fraction: float, line: str) -> None:
            feedback.setProgress(100 * fraction)
            feedback.pushInfo(line)

        through, refused = proxy()
        if refused:
            feedback.pushWarning(refused)
        repairs = chosen_word(self, parameters, ACTION, context) == "repair"
        anew = {} if repairs else {"rebuild": self.parameterAsBoolean(parameters, REBUILD, context)}
        try:
            return (repair if repairs else environment.create)(
                Path(folder) if folder else None,
                wheels=self.parameterAsString(parameters, WHEELS, context),
                device=self.parameterAsEnumString(parameters, DEVICE, context),
                index=self.parameterAsString(parameters, INDEX, context),
                torch_index=self.parameterAsString(parameters, TORCH_INDEX, context),
                proxy=through,
                base_python=self.parameterAsString(parameters, BASE_PYTHON, context),
                report=report,
                is_cancelled=feedback.isCanceled,
                **anew,
            )
        except (SetUpCancelled, SetUpError) as error:
            raise QgsProcessingException(str(error)) from error
