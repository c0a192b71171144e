"""What a model is, as a page."""

from __future__ import annotations

from qgis.core import QgsProcessingOutputString, QgsProcessingParameterFileDestination, QgsProcessingParameterString

from ..translate import tr
from .base import EngineAlgorithm, check_destination, run_engine
from .model_parameters import MODEL

OUTPUT, NAME, SHA256 = "OUTPUT", "NAME", "SHA256"


class ModelCard(EngineAlgorithm):
    """``modelcard``: data, licences, recipe, scores and limits of a model, from its file."""

    NAME = "modelcard"
    TITLE = tr("Model card")
    GROUP = "training"
    SUMMARY = tr(
        "Tells what a model is, as a page: what it is for, its scores and limits, the data that it learnt from with their "
        "licences, how to make it again, its network, and the hash of its file."
    )
    TAGS = ("model card", "scores", "licence", "recipe", "documentation", "html")

    def initAlgorithm(self, configuration=None) -> None:
        self.add(
            QgsProcessingParameterString(MODEL, tr("Model"), "bundled"),
            tr("'bundled', the name of a bundled model, or the path of a model file (.safetensors)."),
        )
        self.add(
            QgsProcessingParameterFileDestination(OUTPUT, tr("Model card"), "HTML (*.html)"), tr("Page to write; it needs no other file.")
        )
        self.addOutput(QgsProcessingOutputString(NAME, tr("Name of the model")))
        self.addOutput(QgsProcessingOutputString(SHA256, tr("SHA-256 of the model file")))

    def check(self, parameters, context) -> str:
        return check_destination(self, parameters, OUTPUT, context)

    def compute(self, parameters, context, feedback) -> dict:
        output = self.parameterAsFileOutput(parameters, OUTPUT, context)
        model = self.parameterAsString(parameters, MODEL, context).strip() or "bundled"
        result = run_engine("modelcard", {"model": model, "out": output}, feedback, [output])
        feedback.pushInfo(tr("The card of model '{name}' is in {file}").format(name=result["model"]["name"], file=output))
        return {OUTPUT: output, NAME: result["model"]["name"], SHA256: result["model"]["sha256"]}
