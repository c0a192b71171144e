"""Is the engine there, and what has it got?"""

from __future__ import annotations

import json

from qgis.core import (
    QgsProcessingOutputBoolean, QgsProcessingOutputString, QgsProcessingParameterFileDestination,
)

from ..engine.client import EngineError, run_job
from ..engine.locate import find_engine
from ..report import lines_of, write_page
from ..translate import tr
from .base import EngineAlgorithm

REPORT, READY, PYTHON, INFO = "REPORT", "READY", "PYTHON", "INFO"


class CheckEngine(EngineAlgorithm):
    """``checkengine``: versions, device and models; or what is missing, and what to do."""

    NAME = "checkengine"
    TITLE = tr("Check engine")
    GROUP = "engine"
    SUMMARY = tr("Tells which Python runs the engine, its versions, the device and the models found. "
                 "Where the engine is missing or broken it tells what to do.")
    TAGS = ("engine", "version", "gpu", "diagnose", "models")

    def initAlgorithm(self, configuration=None) -> None:
        self.add(QgsProcessingParameterFileDestination(
            REPORT, tr("Report"), "HTML (*.html)", optional=True, createByDefault=False),
            tr("The report as a page to keep or send."))
        self.addOutput(QgsProcessingOutputBoolean(READY, tr("The engine is ready")))
        self.addOutput(QgsProcessingOutputString(PYTHON, tr("The engine's Python")))
        self.addOutput(QgsProcessingOutputString(INFO, tr("What the engine says of itself, as JSON")))

    def canExecute(self) -> tuple[bool, str]:
        return True, ""  # it is the way to find out why the others can't

    def compute(self, parameters, context, feedback) -> dict:
        lines, python, info, ready = [], "", {}, False
        try:
            engine = find_engine()
            python = engine.path
            lines.append((tr("Python"), f"{engine.path} ({engine.source})"))
            info = run_job("info", {}, feedback, [])
            lines += lines_of(info)
            ready = True
        except EngineError as error:
            lines.append((tr("Problem"), str(error)))
            feedback.reportError(str(error))
        for label, text in lines:
            feedback.pushInfo(f"{label}: {text}")
        outputs = {READY: ready, PYTHON: python, INFO: json.dumps(info, ensure_ascii=False)}
        report = self.parameterAsFileOutput(parameters, REPORT, context)
        if report:
            write_page(report, self.TITLE, lines)
            outputs[REPORT] = report
        return outputs
