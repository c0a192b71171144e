"""The table of further variables that a model knows, each from the station layer, another layer of the project, or a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from qgis.core import NULL, QgsProcessingFeatureSource, QgsProcessingParameterMatrix, QgsProcessingUtils, QgsVectorLayer

from .. import forms
from ..layer_sources import layer_told
from ..stations import column_name, missing_field, no_position, write_readings
from ..translate import tr
from .base import EngineAlgorithm
from .layer_readings import places

INPUTS = "INPUTS"


class Input(NamedTuple):
    """A row of the table; all are texts."""

    variable: str
    source: str
    field: str
    unit: str
    time: str
    id: str


def add_inputs(algorithm: EngineAlgorithm) -> None:
    """The table; advanced."""
    headers = [tr("Variable"), tr("Layer or file"), tr("Field"), tr("Unit"), tr("Time"), tr("Station code")]
    algorithm.add(
        QgsProcessingParameterMatrix(INPUTS, tr("Further inputs"), 1, False, headers, optional=True),
        tr(
            "Readings of other station variables that the model was trained with, such as temperature; a row each. Layer: name of a "
            "layer of the project, path of a file, or empty for the station layer. Time and station code: fields, or several joined with +; "
            "empty: as in the station layer."
        ),
        advanced=True,
    )


def inputs_of(algorithm: EngineAlgorithm, parameters: dict, context) -> list[Input]:
    """The rows of the table that are not empty."""
    if parameters.get(INPUTS) in (None, "", []):
        return []
    # A cell that nobody has touched in the dialog is NULL.
    cells = ["" if cell in (None, NULL) else str(cell).strip() for cell in algorithm.parameterAsMatrix(parameters, INPUTS, context)]
    width = len(Input._fields)
    rows = (cells[start : start + width] for start in range(0, len(cells), width))
    return [Input(*row, *[""] * (width - len(row))) for row in rows if any(row)]


def input_fields(algorithm: EngineAlgorithm, parameters: dict, context) -> list[str]:
    """Fields of the station layer that the table names."""
    return [one.field for one in inputs_of(algorithm, parameters, context) if not one.source]


def inputs_request(algorithm: EngineAlgorithm, parameters: dict, context, folder: Path, stations: str) -> dict:
    """The part of the request that names the inputs; readings of layers are written into the job folder."""
    inputs, options = [], []
    for one in inputs_of(algorithm, parameters, context):
        layer, own = _layer(one.source, context), {"unit": one.unit, "time": one.time, "id": one.id}
        path, column = stations if not one.source else one.source, one.field
        if layer is not None:
            path, column = str(folder / f"{one.variable}.csv"), column_name(one.field)
            source = QgsProcessingFeatureSource(layer, context)
            write_readings(source, [one.field, *(name for text in (one.time, one.id) for name in _joined(text))], Path(path))
            own.update({"from": forms.NONE, **places(source)})
            own.update({key: "+".join(map(column_name, _joined(own[key]))) for key in ("time", "id")})
        elif not one.source:
            column = column_name(one.field)
        inputs.append(f"{one.variable}={path}:{column}")
        options += [f"{one.variable}.{option}={value}" for option, value in own.items() if value]
    return {"inputs": inputs, "input_options": options} if inputs else {}


def input_layers(algorithm: EngineAlgorithm, parameters: dict, context) -> dict[str, dict[str, Any]]:
    """What is told of the layer of each variable, nothing for the station layer; without those that are read from files."""
    found = {one.variable: (one, _layer(one.source, context)) for one in inputs_of(algorithm, parameters, context)}
    return {
        name: layer_told(QgsProcessingFeatureSource(layer, context), layer) if layer else {}
        for name, (one, layer) in found.items()
        if layer is not None or not one.source
    }


def check_inputs(algorithm: EngineAlgorithm, parameters: dict, context) -> str:
    """What is wrong with the table, or ''."""
    for number, one in enumerate(inputs_of(algorithm, parameters, context), start=1):
        if not one.variable or not one.field:
            return tr("Further inputs, row {}: name the variable and its field.").format(number)
        layer = _layer(one.source, context)
        if layer is not None:
            source = QgsProcessingFeatureSource(layer, context)
            missing = [field for field in (one.field, *_joined(one.time), *_joined(one.id)) if source.fields().lookupField(field) < 0]
            message = no_position(source) or (missing_field(source, missing[0]) if missing else "")
            if message:
                return message
        elif one.source and not Path(one.source).exists():
            return tr("Further inputs, row {number}: '{source}' is neither a layer of the project nor a file.").format(
                number=number, source=one.source
            )
    return ""


def _joined(text: str) -> list[str]:
    return [name.strip() for name in text.split("+") if name.strip()]


def _layer(source: str, context) -> QgsVectorLayer | None:
    """The vector layer of this name or id in the project, or None; files are the engine's to read."""
    layer = QgsProcessingUtils.mapLayerFromString(source, context, False) if source else None
    return layer if isinstance(layer, QgsVectorLayer) else None
