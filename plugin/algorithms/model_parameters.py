"""The parameters that choose a model and how it runs, the same in every algorithm that predicts."""

from __future__ import annotations

from qgis.core import Qgis, QgsProcessingParameterFile, QgsProcessingParameterNumber, QgsProcessingParameterString

from ..translate import tr
from .base import ANY_FILE, DEVICES, EngineAlgorithm
from .choices import Choice

MODEL, COVARIATES, DEVICE, PRECISION, MEMORY, UNCERTAINTY = "MODEL", "COVARIATES", "DEVICE", "PRECISION", "MEMORY", "UNCERTAINTY"
PRECISIONS = ("auto", "fp32", "bf16", "fp16")
UNCERTAINTIES = ("none", "sd", "quantiles")
ANALYSIS, ANALYSES = "ANALYSIS", ("off", "auto", "network", "kriging", "on")


def add_model_parameters(algorithm: EngineAlgorithm, memory: bool = True) -> None:
    """Model, covariates, device and, with `memory`, precision and memory; all advanced, since the defaults serve most."""
    algorithm.add(
        QgsProcessingParameterString(MODEL, tr("Model"), "bundled"),
        tr("'bundled', the name of a bundled model, or the path of a model file (.safetensors)."),
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterFile(
            COVARIATES, tr("Covariates"), fileFilter=f"{tr('Maps')} (*.nc *.ncf *.nc4 *.tif *.tiff);;{ANY_FILE}", optional=True
        ),
        tr(
            "File with elevation and urban fraction, as Make covariates writes it. Where it has values they overrule "
            "the maps that the model carries."
        ),
        advanced=True,
    )
    algorithm.add(Choice(DEVICE, tr("Device"), DEVICES), tr("Where the network runs; 'auto' takes a GPU if there is one."), advanced=True)
    if not memory:
        return
    algorithm.add(
        Choice(PRECISION, tr("Precision"), PRECISIONS),
        tr("'auto' computes in half the width where the processor is fast in it, else in 32 bits."),
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterNumber(MEMORY, tr("Memory in MB"), Qgis.ProcessingNumberParameterType.Integer, optional=True, minValue=100),
        tr(
            "Most memory that the prediction may take; larger grids are then computed in overlapping tiles. Empty: as the plugin's options say."
        ),
        advanced=True,
    )


def add_uncertainty_parameter(algorithm: EngineAlgorithm) -> None:
    """What is told of the uncertainty beside the field."""
    algorithm.add(
        Choice(UNCERTAINTY, tr("Uncertainty"), UNCERTAINTIES),
        tr("'sd' adds the standard deviation of a station's reading in the cell, 'quantiles' its 5, 50 and 95 % quantiles."),
    )


def add_analysis_parameter(algorithm: EngineAlgorithm) -> None:
    """Whether the analysis step is applied; advanced."""
    algorithm.add(
        Choice(ANALYSIS, tr("Analysis step"), ANALYSES),
        tr(
            "How far the network is believed. 'off': as trained, and its kriging alone in another region. 'auto' leaves readings out in turn: "
            "they choose the maps of the kriging, the share of the network's correction and the width of the uncertainty, at five more "
            "predictions of a day or of 12 days of a period. 'network' and 'kriging' take one of them whatever the readings say. "
            "'on' spreads all that the field leaves at its stations."
        ),
        advanced=True,
    )


def model_request(algorithm: EngineAlgorithm, parameters: dict, context) -> dict:
    """The engine's words for them."""
    request = {
        "model": algorithm.parameterAsString(parameters, MODEL, context).strip() or "bundled",
        "covariates": algorithm.parameterAsFile(parameters, COVARIATES, context),
    }
    for name in (DEVICE, PRECISION, UNCERTAINTY, ANALYSIS):
        if algorithm.parameterDefinition(name) is not None:
            request[name.lower()] = algorithm.parameterAsEnumString(parameters, name, context)
    if algorithm.parameterDefinition(MEMORY) is not None:
        request["memory"] = algorithm.parameterAsInt(parameters, MEMORY, context) if parameters.get(MEMORY) is not None else None
    return request
