"""What every algorithm of the provider shares: identity, help, and the way to the engine."""

from __future__ import annotations

import os
from pathlib import Path

from qgis.core import (
    Qgis,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingException,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingParameterDefinition,
)
from qgis.PyQt.QtGui import QIcon

from ..engine import process
from ..engine.client import EngineCancelled, EngineError, EngineMissing, run_job
from ..engine.locate import find_engine
from ..engine.options import engine_options
from ..failures import explain
from ..layers.in_use import layers_showing
from ..translate import tr
from .choices import Choice
from .groups import GROUPS, group_icon, icon_file
from .relative_paths import made_absolute
from .wording import OwnWords, in_own_words

# QGIS's own "All files (*.*)" refuses names without a dot, which IOAPI files and Pythons often have.
ANY_FILE = tr("All files (*)")
DEVICES = ("auto", "cpu", "cuda")


class EngineAlgorithm(QgsProcessingAlgorithm):
    """An algorithm that the engine computes.

    Subclasses give NAME, TITLE, GROUP, SUMMARY and TAGS, add their parameters with `add`, and have `check` and `compute`.
    """

    NAME = TITLE = GROUP = SUMMARY = ""
    TAGS: tuple[str, ...] = ()

    def name(self) -> str:
        return self.NAME

    def displayName(self) -> str:
        return self.TITLE

    def group(self) -> str:
        return GROUPS[self.GROUP]

    def groupId(self) -> str:
        return self.GROUP

    def tags(self) -> list[str]:
        return list(self.TAGS)

    def shortDescription(self) -> str:
        return self.SUMMARY

    def icon(self) -> QIcon:
        return group_icon(self.GROUP)

    def svgIconPath(self) -> str:
        return icon_file(self.GROUP)

    def createInstance(self) -> "EngineAlgorithm":
        return type(self)()

    def add(self, parameter: QgsProcessingParameterDefinition, help_text: str, advanced: bool = False) -> None:
        """Add a parameter with its help; advanced ones fold away in the dialog."""
        parameter.setHelp(help_text)
        if advanced:
            parameter.setFlags(parameter.flags() | Qgis.ProcessingParameterFlag.Advanced)
        self.addParameter(parameter)

    def shortHelpString(self) -> str:
        pairs = [(p.description(), p.help()) for p in self.parameterDefinitions()]
        entries = "".join(f"<p><b>{label}</b><br>{help_text}</p>" for label, help_text in pairs)
        return f"<p>{self.SUMMARY}</p>{entries}"

    def canExecute(self) -> tuple[bool, str]:
        try:
            find_engine()
        except EngineMissing as error:
            return False, str(error)
        return True, ""

    def check(self, parameters: dict, context) -> str:
        """What is wrong with parameters that QGIS itself accepts, or ''."""
        return ""

    def compute(self, parameters: dict, context, feedback) -> dict:
        """Run with parameters that were checked, and return the outputs."""
        raise NotImplementedError

    def completed(self, parameters: dict, context) -> tuple[dict, list[tuple[bool, str]]]:
        """The parameters with what can be found for those that are empty, and (whether it is a warning, what was found) of each."""
        return parameters, []

    def checkParameterValues(self, parameters, context) -> tuple[bool, str]:
        parameters = made_absolute(self, self._with_words(parameters))
        try:
            valid, message = super().checkParameterValues(parameters, context)
            message = self.check(self.completed(parameters, context)[0], context) if valid else message
        except QgsProcessingException as error:
            valid, message = False, str(error)
        except Exception as error:  # nobody at a dialog can do anything with a traceback
            valid, message = False, explain(error, f"{self.NAME} {parameters}")
        return valid and not message, message

    def processAlgorithm(self, parameters, context, feedback) -> dict:
        try:
            parameters, found = self.completed(made_absolute(self, self._with_words(parameters)), context)
            for doubtful, text in found:
                (feedback.pushWarning if doubtful else feedback.pushInfo)(text)
            return {name: _seven_digits(value) for name, value in self.compute(parameters, context, OwnWords(feedback, self)).items()}
        except QgsProcessingException as error:
            raise QgsProcessingException(in_own_words(self, str(error))) from None
        except Exception as error:
            raise QgsProcessingException(explain(error, f"{self.NAME} {parameters}")) from None

    def _with_words(self, parameters: dict) -> dict:
        """The parameters, of choices the words."""
        choices = {name: self.parameterDefinition(name) for name in parameters}
        return {name: choices[name].named(value) if isinstance(choices[name], Choice) else value for name, value in parameters.items()}


def _seven_digits(value):
    """A number as a raster holds it: what lies beyond the digits of a float32 is none of the result, and is hard to read."""
    return float(f"{value:.7g}") if isinstance(value, float) else value


def run_engine(command: str, request: dict, feedback, outputs: list[str], cancelled: str = "") -> dict:
    """Run a job in the engine.

    `cancelled` is what a user is told who cancelled, where that is not that nothing was written.

    Raises
    ------
    QgsProcessingException
        With the engine's message, or when the user cancelled: nothing was written then.
    """
    try:
        return run_job(command, engine_options().complete(request), feedback, outputs)
    except EngineCancelled as error:
        raise QgsProcessingException(cancelled or tr("Cancelled: nothing was written.")) from error
    except EngineError as error:
        raise QgsProcessingException(str(error)) from error


def day_text(algorithm: EngineAlgorithm, parameters: dict, name: str, context) -> str:
    """A day as the engine writes it, YYYY-MM-DD; '' where none was chosen."""
    day = algorithm.parameterAsDateTime(parameters, name, context).date()
    return day.toString("yyyy-MM-dd") if day.isValid() else ""


def is_temporary(destination) -> bool:
    """Whether a destination's value leaves it to Processing to name a temporary file."""
    if isinstance(destination, QgsProcessingOutputLayerDefinition):
        destination = destination.sink.staticValue()
    return destination == QgsProcessing.TEMPORARY_OUTPUT


def check_destination(algorithm: EngineAlgorithm, parameters: dict, name: str, context) -> str:
    """What is wrong with the name of an output file, or ''."""
    if parameters.get(name) in (None, ""):
        return ""
    target = algorithm.parameterAsFileOutput(parameters, name, context)
    folder = Path(target).parent
    if not folder.is_dir():
        return tr("Folder '{}' does not exist; create it or choose another.").format(folder)
    if not os.access(folder, os.W_OK):
        return tr("Folder '{}' is not writable; choose another.").format(folder)
    return check_not_shown(target)


def check_not_shown(target: str | Path) -> str:
    """Why a file can't be replaced while a layer shows it, or ''; only Windows refuses that."""
    if process.WINDOWS and (shown := layers_showing(target)):
        return tr(
            "'{}' is shown by the layer '{}', and Windows replaces no file that is open; remove the layer, or choose another name."
        ).format(target, "', '".join(shown))
    return ""
