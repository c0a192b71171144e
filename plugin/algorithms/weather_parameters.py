"""The parameters that name readings of further variables: humidity and wind of the station layer or of layers of their own."""

from __future__ import annotations

from pathlib import Path

from qgis.core import Qgis, QgsProcessingParameterFeatureSource, QgsProcessingParameterField, QgsProcessingParameterString

from .. import forms
from ..stations import Days, column_name, write_readings
from ..translate import tr
from .base import EngineAlgorithm
from .found_field import show_what_is_found
from .input_parameters import add_inputs, check_inputs, input_fields, input_layers, inputs_request
from .layer_readings import check_readings, field_names, layer_identity, layer_named, places, unit_parameter
from .station_parameters import STATIONS, TIME, TIME_OF_DAY

# Inputs beside the readings: label and the units to choose from, the first being the default.
WEATHER = {"RH": (tr("relative humidity"), ("%", "1")), "WIND": (tr("wind speed"), ("m/s", "km/h", "knot"))}


def add_weather_fields(algorithm: EngineAlgorithm) -> None:
    """Fields of the station layer."""
    for name, (label, _) in WEATHER.items():
        parameter = QgsProcessingParameterField(
            f"{name}_FIELD", tr("Field with {}").format(label), parentLayerParameterName=STATIONS, optional=True
        )
        show_what_is_found(parameter, name.lower())
        algorithm.add(
            parameter,
            tr("Field of the station layer with the {}; helps where there is one. Found, where the reading is found.").format(label),
        )


def add_weather_layers(algorithm: EngineAlgorithm) -> None:
    """Units, layers of their own with their own fields, and any further variables; all advanced."""
    for name, (label, units) in WEATHER.items():
        layer = f"{name}_STATIONS"
        algorithm.add(
            unit_parameter(f"{name}_UNIT", tr("Unit of {}").format(label), units),
            tr("Unit of the {} readings.").format(label),
            advanced=True,
        )
        algorithm.add(
            QgsProcessingParameterFeatureSource(
                layer, tr("Other layer with {}").format(label), [Qgis.ProcessingSourceType.VectorPoint], optional=True
            ),
            tr("Point layer with {}, where it is not in the station layer; its stations may be others.").format(label),
            advanced=True,
        )
        for field, text, multiple, help_text in (
            ("FIELD", tr("Field with {} in the other layer"), False, tr("Field of the other layer with the {} readings.")),
            (
                "TIME",
                tr("Time of {} in the other layer"),
                True,
                tr(
                    "Field with the date or time of {}, or two: date and hour. Empty: the field of the station layer, where the other layer "
                    "has it."
                ),
            ),
            (
                "ID",
                tr("Station code of {} in the other layer"),
                True,
                tr(
                    "Field that tells the stations with {} apart, or several. Empty: the field of the station layer, where the other layer "
                    "has it."
                ),
            ),
        ):
            algorithm.add(
                QgsProcessingParameterField(
                    f"{layer}_{field}", text.format(label), parentLayerParameterName=layer, allowMultiple=multiple, optional=True
                ),
                help_text.format(label),
                advanced=True,
            )
        algorithm.add(
            QgsProcessingParameterString(f"{name}_TIMES_IN", tr("Time zone of {} in the other layer").format(label), optional=True),
            tr("Zone of times of {} that carry no offset, such as UTC. Empty: that of the readings.").format(label),
            advanced=True,
        )
    add_inputs(algorithm)


def weather_fields(algorithm: EngineAlgorithm, parameters: dict, context) -> tuple[str, ...]:
    """The fields of the station layer that were chosen for further variables."""
    names = (f"{name}_FIELD" for name in WEATHER)
    return *field_names(algorithm, parameters, context, *names), *input_fields(algorithm, parameters, context)


def weather_request(algorithm: EngineAlgorithm, parameters: dict, context, folder: Path, stations: dict, near: Days | None = None) -> dict:
    """The part of the request that names the readings; `stations` is the part that names the stations.

    Those of other layers are written into the job folder; `near` as for `write_readings`.
    """
    request = inputs_request(algorithm, parameters, context, folder, stations["stations"])
    layers = dict(stations.get("layers") or {})  # by role: what a result says that its readings came from
    layers |= {role: told or layers.get("stations") for role, told in input_layers(algorithm, parameters, context).items()}
    for name in WEATHER:
        key, layer = name.lower(), f"{name}_STATIONS"
        field = field_names(algorithm, parameters, context, f"{name}_FIELD")
        source = algorithm.parameterAsSource(parameters, layer, context)
        if field:
            request[key] = f"{stations['stations']}:{column_name(field[0])}"
            layers[key] = layers.get("stations")
        elif source is not None:
            (value,) = field_names(algorithm, parameters, context, f"{layer}_FIELD")
            times = _fields(algorithm, parameters, context, source, f"{layer}_TIME", (TIME, TIME_OF_DAY))
            ids = _fields(algorithm, parameters, context, source, f"{layer}_ID", ("ID",))
            path, layers[key] = folder / f"{key}.csv", layer_named(algorithm, parameters, layer, context)
            days = Days(times[0], near.first, near.last, 1 if times[1:] else None) if near and times else None
            write_readings(source, [value, *times, *ids], path, near=days, key=layer_identity(algorithm, parameters, layer, context))
            request.update({key: f"{path}:{column_name(value)}", f"{key}_from": forms.NONE, **places(source, f"{key}_")})
            request.update({f"{key}_{what}": list(map(column_name, names)) for what, names in (("time", times), ("id", ids)) if names})
            request[f"{key}_times_in"] = algorithm.parameterAsString(parameters, f"{name}_TIMES_IN", context).strip()
        else:
            continue
        request[f"{key}_unit"] = algorithm.parameterAsString(parameters, f"{name}_UNIT", context)
    return {**request, "layers": {role: told for role, told in layers.items() if told is not None}}


def _fields(algorithm: EngineAlgorithm, parameters: dict, context, source, own: str, of_stations: tuple[str, ...]) -> list[str]:
    """The fields that were chosen for another layer, else those of the station layer if it has them all."""
    chosen = field_names(algorithm, parameters, context, own)
    if chosen:
        return chosen
    names = field_names(algorithm, parameters, context, *of_stations)
    return names if all(source.fields().lookupField(name) >= 0 for name in names) else []


def check_weather(algorithm: EngineAlgorithm, parameters: dict, context) -> str:
    """What is wrong with these parameters, or ''."""
    for name, (label, _) in WEATHER.items():
        layer, field = f"{name}_STATIONS", f"{name}_STATIONS_FIELD"
        if field_names(algorithm, parameters, context, f"{name}_FIELD"):
            message = check_readings(algorithm, parameters, context, STATIONS, [f"{name}_FIELD"], sites=True)
        elif algorithm.parameterAsSource(parameters, layer, context) is None:
            continue
        elif not field_names(algorithm, parameters, context, field):
            message = tr("Choose the field with {} in the other layer.").format(label)
        else:
            message = check_readings(algorithm, parameters, context, layer, [field], [f"{layer}_TIME", f"{layer}_ID"])
        if message:
            return message
    return check_inputs(algorithm, parameters, context)
