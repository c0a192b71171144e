"""The parameters of a CTM's field of the day, which helps the readings as far as they confirm it."""

from __future__ import annotations

from qgis.core import Qgis, QgsProcessingParameterMultipleLayers, QgsProcessingParameterNumber, QgsProcessingParameterString

from ..translate import tr
from .base import EngineAlgorithm

BACKGROUND, BACKGROUND_VARIABLE, BACKGROUND_LEAD_DAY = "BACKGROUND", "BACKGROUND_VARIABLE", "BACKGROUND_LEAD_DAY"


def add_background_parameters(algorithm: EngineAlgorithm) -> None:
    """Files, and how they are read; all advanced."""
    algorithm.add(
        QgsProcessingParameterMultipleLayers(BACKGROUND, tr("Background"), Qgis.ProcessingSourceType.File, optional=True),
        tr(
            "NetCDF files with a CTM's field of the day or days: a run or a forecast of CMAQ, WRF-Chem, CAMS and so on, on any grid. It becomes "
            "a drift of kriging, and as much of it is taken as readings that are left out in turn confirm; the log says how much."
        ),
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterString(BACKGROUND_VARIABLE, tr("Variable of the background"), optional=True),
        tr("Its name in these files. Empty: recognised by its name."),
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterNumber(
            BACKGROUND_LEAD_DAY, tr("Lead day of the background"), Qgis.ProcessingNumberParameterType.Integer, optional=True, minValue=0
        ),
        tr("The day of each forecast to take, where the files are forecasts that overlap. Empty: that of the newest."),
        advanced=True,
    )


def background_request(algorithm: EngineAlgorithm, parameters: dict, context) -> dict:
    """The engine's words for them; nothing where there is no background."""
    files = [file for file in algorithm.parameterAsFileList(parameters, BACKGROUND, context) if file]
    if not files:
        return {}
    request = {"background": files, "background_variable": algorithm.parameterAsString(parameters, BACKGROUND_VARIABLE, context).strip()}
    if parameters.get(BACKGROUND_LEAD_DAY) is not None:
        request["background_lead_day"] = algorithm.parameterAsInt(parameters, BACKGROUND_LEAD_DAY, context)
    return request
