"""Layers of readings: their fields, their places, and what may be wrong with them."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingFeatureSourceDefinition, QgsProcessingParameterString

from ..layer_sources import layer_told
from ..readings_by_day import identity
from ..stations import X, Y, crs_text, has_places, missing_field, no_position, readings_crs, text_only
from ..translate import tr
from .base import EngineAlgorithm


def unit_parameter(name: str, label: str, units: tuple[str, ...]) -> QgsProcessingParameterString:
    """A unit: offered as a list in the dialog, free text elsewhere; the first is the default."""
    parameter = QgsProcessingParameterString(name, label, units[0], optional=not units[0])
    parameter.setMetadata({"widget_wrapper": {"value_hints": list(units)}})
    return parameter


def field_names(algorithm: EngineAlgorithm, parameters: dict, context, *names: str) -> list[str]:
    """The fields that these parameters name, in their order."""
    known = (name for name in names if algorithm.parameterDefinition(name) is not None)
    texts = (text for name in known for text in algorithm.parameterAsStrings(parameters, name, context))
    return [field for text in texts for field in text.split(";") if field]


def check_readings(
    algorithm: EngineAlgorithm, parameters: dict, context, layer: str, values: list[str], others: list[str] = (), sites: bool = False
) -> str:
    """What is wrong with a layer of readings and its fields (names of parameters), or ''; with `sites` places come from elsewhere."""
    source = algorithm.parameterAsSource(parameters, layer, context)
    if source is None:
        return algorithm.invalidSourceError(parameters, layer)
    if not sites and no_position(source):
        return no_position(source)
    if source.featureCount() == 0:
        return tr("Layer '{}' has no features; check its filter and selection.").format(source.sourceName())
    for name in (*values, *others):
        for field in field_names(algorithm, parameters, context, name):
            if source.fields().lookupField(field) < 0:
                return missing_field(source, field)
            text = text_only(source, field) if name in values else ""
            if text:
                return tr(
                    "Field '{field}' of layer '{layer}' holds text, such as '{text}', and no number; choose the field with the readings."
                ).format(field=field, layer=source.sourceName(), text=text)
    return ""


def places(source, prefix: str = "") -> dict:
    """The part of a request that says where the readings of a layer are, with the prefix of its keys."""
    if not has_places(source):
        return {}
    return {f"{prefix}x": X, f"{prefix}y": Y, f"{prefix}crs": crs_text(readings_crs(source))}


def layer_identity(algorithm: EngineAlgorithm, parameters: dict, name: str, context) -> tuple | None:
    """See `readings_by_day.identity`."""
    return identity(parameters.get(name), algorithm.parameterAsVectorLayer(parameters, name, context))


def layer_named(algorithm: EngineAlgorithm, parameters: dict, name: str, context) -> dict[str, Any]:
    """What the engine is told of the layer that a parameter names: see `layer_sources.layer_told`."""
    source, chosen = algorithm.parameterAsSource(parameters, name, context), parameters.get(name)
    whole = chosen.source.staticValue() if isinstance(chosen, QgsProcessingFeatureSourceDefinition) else chosen
    return layer_told(source, algorithm.parameterAsVectorLayer({name: whole}, name, context), chosen)


def name_layers(algorithm: EngineAlgorithm, parameters: dict, context, request: dict, **names: str) -> None:
    """Have a request tell which layers its tables and polygons were written from: of each role the parameter that names the layer."""
    given = {role: name for role, name in names.items() if request.get(role) and parameters.get(name) not in (None, "")}
    told = {role: layer_named(algorithm, parameters, name, context) for role, name in given.items()}
    request["layers"] = {**request.get("layers", {}), **told}
