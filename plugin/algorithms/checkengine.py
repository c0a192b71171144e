"""Is the engine there, and what has it got?"""

from __future__ import annotations

import json
import platform

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsProcessingOutputBoolean,
    QgsProcessingOutputString,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFileDestination,
)
from qgis.PyQt.QtCore import QT_VERSION_STR

from ..engine import environment
from ..engine.client import EngineError, run_job
from ..engine.locate import find_engine
from ..report import lines_of, write_page
from ..translate import tr
from .base import EngineAlgorithm

REPORT, READY, PYTHON, INFO = "REPORT", "READY", "PYTHON", "INFO"
DIAGNOSTICS, COPY, PERSONAL, SPEED = "DIAGNOSTICS", "COPY", "PERSONAL", "SPEED"


class CheckEngine(EngineAlgorithm):
    """``checkengine``: versions, device and models; or what is missing, and what to do."""

    NAME = "checkengine"
    TITLE = tr("Check engine")
    GROUP = "engine"
    SUMMARY = tr(
        "Tells which Python runs the engine, its versions, the device, the models found and the speed. "
        "Where the engine is missing or broken it tells what to do."
    )
    TAGS = ("engine", "version", "gpu", "diagnose", "models")

    def initAlgorithm(self, configuration=None) -> None:
        self.add(
            QgsProcessingParameterFileDestination(REPORT, tr("Report"), "HTML (*.html)", optional=True, createByDefault=False),
            tr("The report as a page to keep; it shows paths."),
        )
        self.add(
            QgsProcessingParameterBoolean(SPEED, tr("Measure the speed"), defaultValue=True),
            tr(
                "Predicts a part of a day with the bundled model, and says how many days a minute that comes to: an estimate, which takes some "
                "seconds."
            ),
        )
        self.add(
            QgsProcessingParameterBoolean(COPY, tr("Copy diagnostics"), defaultValue=False),
            tr(
                "Puts a text to send with a question on the clipboard, and into the log: versions, system, processor, memory, libraries, models "
                "and the end of the last run's log. It names no folder, user or computer."
            ),
        )
        self.add(
            QgsProcessingParameterBoolean(PERSONAL, tr("Leave folders and names in the diagnostics"), defaultValue=False),
            tr("Where a problem lies in a folder's name, say: the text then shows paths and names as they are."),
            advanced=True,
        )
        self.addOutput(QgsProcessingOutputBoolean(READY, tr("The engine is ready")))
        self.addOutput(QgsProcessingOutputString(PYTHON, tr("The engine's Python")))
        # INFO and DIAGNOSTICS are results too, but no outputs: QGIS would print them below what the log has said in lines.

    def canExecute(self) -> tuple[bool, str]:
        return True, ""  # it is the way to find out why the others can't

    def compute(self, parameters, context, feedback) -> dict:
        lines, python, info, ready, self._to_copy = [], "", {}, False, ""
        try:
            engine = find_engine()
            python = engine.path
            lines.append((tr("Python"), f"{engine.path} ({_found_in(engine.source)})"))
            info = run_job("info", {"speed": self.parameterAsBoolean(parameters, SPEED, context)}, feedback, [])
            lines += lines_of(info)
            ready = True
        except EngineError as error:
            lines.append((tr("Problem"), str(error)))
            feedback.reportError(str(error))
        for label, text in lines:
            feedback.pushInfo(f"{label}: {text}")
        if ready:
            feedback.pushInfo(tr("The engine is ready."))
        if self.parameterAsBoolean(parameters, COPY, context):
            self._to_copy = self._diagnostics(ready, self.parameterAsBoolean(parameters, PERSONAL, context), feedback)
            feedback.pushInfo(self._to_copy)
        outputs = {READY: ready, PYTHON: python, INFO: json.dumps(info, ensure_ascii=False), DIAGNOSTICS: self._to_copy}
        report = self.parameterAsFileOutput(parameters, REPORT, context)
        if report:
            write_page(report, self.TITLE, lines)
            outputs[REPORT] = report
        return outputs

    def postProcessAlgorithm(self, context, feedback) -> dict:
        """In QGIS's main thread, which alone may use the clipboard; qgis_process has none."""
        if getattr(self, "_to_copy", "") and QgsApplication.instance() is not None and QgsApplication.clipboard() is not None:
            QgsApplication.clipboard().setText(self._to_copy)
        return {}

    @staticmethod
    def _diagnostics(ready: bool, personal: bool, feedback) -> str:
        """Of QGIS, and of the engine where it answers; of one that is missing only what names no path."""
        own = [f"QGIS {Qgis.QGIS_VERSION}, Qt {QT_VERSION_STR}, Python {platform.python_version()}, {platform.platform()}"]
        if not ready:
            return "\n".join([*own, f"engine: not ready; the managed environment is {environment.status().state}"]) + "\n"
        return run_job("info", {"diagnostics": True, "personal": personal, "more": own}, feedback, [])["diagnostics"]


def _found_in(source: str) -> str:
    """Where the engine's Python was found, for people; see `EnginePython.source`."""
    return {
        "setting": tr("by the options"),
        "variable": tr("by an environment variable"),
        "managed": tr("made by the plugin"),
        "qgis": tr("QGIS's own"),
    }[source]
