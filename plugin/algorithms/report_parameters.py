"""The report of a run, the same parameter in every algorithm that writes one."""

from __future__ import annotations

from qgis.core import QgsProcessingOutputHtml, QgsProcessingParameterFileDestination

from ..translate import tr
from .base import EngineAlgorithm, check_destination

REPORT = "REPORT"


def add_report_parameter(algorithm: EngineAlgorithm, what: str) -> None:
    """A page to write, which the results viewer lists by the algorithm's name; `what` is what it tells."""
    parameter = QgsProcessingParameterFileDestination(REPORT, tr("Report"), "HTML (*.html)", optional=True)
    parameter.setHelp(tr("Page that tells {}; it needs no other file and opens in the results viewer.").format(what))
    algorithm.addParameter(parameter, createOutput=False)
    algorithm.addOutput(QgsProcessingOutputHtml(REPORT, tr("{}: report").format(algorithm.displayName())))


def check_report(algorithm: EngineAlgorithm, parameters: dict, context) -> str:
    """What is wrong with the report's name, or ''."""
    return check_destination(algorithm, parameters, REPORT, context)


def report_request(algorithm: EngineAlgorithm, parameters: dict, context) -> dict:
    """The part of the request that asks for it."""
    return {"report": algorithm.parameterAsFileOutput(parameters, REPORT, context)}


def report_result(result: dict) -> dict:
    """The output, where there is one."""
    return {REPORT: result["report"]} if result.get("report") else {}
