"""The parameters that say whose days count and what makes a daily mean of hourly readings."""

from __future__ import annotations

from qgis.core import Qgis, QgsProcessingParameterNumber, QgsProcessingParameterString

from ..translate import tr
from .base import EngineAlgorithm

TIME_ZONE, TIMES_IN, HOURS = "TIME_ZONE", "TIMES_IN", "HOURS"


def add_day_parameters(algorithm: EngineAlgorithm, zone_advanced: bool = True) -> None:
    """Time zone of the days, zone in which the table is written, hours of a valid day."""
    algorithm.add(
        QgsProcessingParameterString(TIME_ZONE, tr("Time zone"), optional=True),
        tr("Whose days they are, such as Asia/Shanghai. Empty: times count as they stand."),
        advanced=zone_advanced,
    )
    algorithm.add(
        QgsProcessingParameterString(TIMES_IN, tr("Time zone of the readings"), optional=True),
        tr("Zone of times that carry no offset, such as UTC. Empty: the time zone of the days."),
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterNumber(
            HOURS, tr("Hours of a valid day"), Qgis.ProcessingNumberParameterType.Integer, defaultValue=19, minValue=1, maxValue=24
        ),
        tr("Fewest valid hours for a daily mean, where readings are hourly."),
        advanced=True,
    )


def day_request(algorithm: EngineAlgorithm, parameters: dict, context) -> dict:
    """The engine's words for them."""
    return {
        "time_zone": algorithm.parameterAsString(parameters, TIME_ZONE, context).strip(),
        "times_in": algorithm.parameterAsString(parameters, TIMES_IN, context).strip(),
        "hours": algorithm.parameterAsInt(parameters, HOURS, context),
    }
