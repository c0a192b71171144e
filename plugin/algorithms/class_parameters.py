"""The parameters that tell scores apart: named periods, and regions of a polygon layer; the same wherever scores are made."""

from __future__ import annotations

import re
from pathlib import Path

from qgis.core import Qgis, QgsProcessingParameterFeatureSource, QgsProcessingParameterField, QgsProcessingParameterString

from ..polygons import NAME, check_polygons, write_shapes
from ..translate import tr
from .base import EngineAlgorithm

PERIODS, REGIONS, REGION_FIELD = "PERIODS", "REGIONS", "REGION_FIELD"
_PERIOD = re.compile(r"[^=]+=\s*\d{4}-\d{2}-\d{2}\s*\.\.\s*\d{4}-\d{2}-\d{2}\s*")


def add_class_parameters(algorithm: EngineAlgorithm) -> None:
    """Periods, regions and the field with their names; advanced."""
    algorithm.add(
        QgsProcessingParameterString(PERIODS, tr("Periods"), optional=True),
        tr(
            "Days whose scores are told apart from those of all others, such as lockdown=2020-01-23..2020-04-08; several with "
            "semicolons between them. Months and seasons are always told apart."
        ),
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterFeatureSource(REGIONS, tr("Regions"), [Qgis.ProcessingSourceType.VectorPolygon], optional=True),
        tr("Polygon layer whose regions are scored by themselves."),
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterField(REGION_FIELD, tr("Name of the region"), parentLayerParameterName=REGIONS, optional=True),
        tr("Field with the names. Empty: regions are numbered."),
        advanced=True,
    )


def check_classes(algorithm: EngineAlgorithm, parameters: dict, context) -> str:
    """What is wrong with these parameters, or ''."""
    for text in _periods(algorithm, parameters, context):
        if not _PERIOD.fullmatch(text):
            return tr("Period '{}': write a name, its first and its last day, such as lockdown=2020-01-23..2020-04-08.").format(text)
    return check_regions(algorithm, parameters, REGIONS, context)


def class_request(algorithm: EngineAlgorithm, parameters: dict, context, folder: Path) -> dict:
    """The engine's words for them; the polygons are written into the job folder."""
    request = {"periods": _periods(algorithm, parameters, context)}
    field = algorithm.parameterAsString(parameters, REGION_FIELD, context)
    path = write_regions(algorithm, parameters, REGIONS, context, folder / "regions.gpkg", field)
    if path:
        request["regions"] = f"{path}:{NAME}" if field else path
    return request


def check_regions(algorithm: EngineAlgorithm, parameters: dict, name: str, context) -> str:
    """What is wrong with an optional layer of polygons, or ''."""
    if parameters.get(name) in (None, ""):
        return ""
    source = algorithm.parameterAsSource(parameters, name, context)
    return algorithm.invalidSourceError(parameters, name) if source is None else check_polygons(source)


def write_regions(algorithm: EngineAlgorithm, parameters: dict, name: str, context, path: Path, field: str = "") -> str:
    """Write an optional layer of polygons, see `write_shapes`; its path, or '' where none was chosen."""
    source = algorithm.parameterAsSource(parameters, name, context) if parameters.get(name) not in (None, "") else None
    return "" if source is None else write_shapes(source, path, field)


def _periods(algorithm: EngineAlgorithm, parameters: dict, context) -> list[str]:
    return [text.strip() for text in algorithm.parameterAsString(parameters, PERIODS, context).split(";") if text.strip()]
