"""The parameters that name readings of relative humidity and wind speed, from the station layer or from other layers."""

from __future__ import annotations

from pathlib import Path

from qgis.core import Qgis, QgsProcessingParameterFeatureSource, QgsProcessingParameterField

from ..stations import column_name, crs_text, readings_crs, write_readings
from ..translate import tr
from .base import EngineAlgorithm
from .station_parameters import STATIONS, TIME, check_readings, layer_identity, unit_parameter

# Inputs beside the readings: label and the units to choose from, the first being the default.
WEATHER = {"RH": (tr("relative humidity"), ("%", "1")), "WIND": (tr("wind speed"), ("m/s", "km/h", "knot"))}


def add_weather_fields(algorithm: EngineAlgorithm) -> None:
    """Fields of the station layer."""
    for name, (label, _) in WEATHER.items():
        algorithm.add(QgsProcessingParameterField(
            f"{name}_FIELD", tr("Field with {}").format(label), parentLayerParameterName=STATIONS, optional=True),
            tr("Field of the station layer with the {}; helps where there is one.").format(label))


def add_weather_layers(algorithm: EngineAlgorithm) -> None:
    """Units, and other layers; all advanced."""
    for name, (label, units) in WEATHER.items():
        layer = f"{name}_STATIONS"
        algorithm.add(unit_parameter(f"{name}_UNIT", tr("Unit of {}").format(label), units),
            tr("Unit of the {} readings.").format(label), advanced=True)
        algorithm.add(QgsProcessingParameterFeatureSource(
            layer, tr("Other layer with {}").format(label), [Qgis.ProcessingSourceType.VectorPoint], optional=True),
            tr("Point layer with {}, where it is not in the station layer. Its time field must have the "
               "name of the station layer's.").format(label), advanced=True)
        algorithm.add(QgsProcessingParameterField(
            f"{layer}_FIELD", tr("Field with {} in the other layer").format(label),
            parentLayerParameterName=layer, optional=True),
            tr("Field of the other layer with the {} readings.").format(label), advanced=True)


def weather_fields(algorithm: EngineAlgorithm, parameters: dict, context) -> dict[str, str]:
    """By "RH" and "WIND" the fields of the station layer that were chosen."""
    fields = {name: algorithm.parameterAsString(parameters, f"{name}_FIELD", context) for name in WEATHER}
    return {name: field for name, field in fields.items() if field}


def weather_request(
    algorithm: EngineAlgorithm, parameters: dict, context, folder: Path, stations: dict, near=None,
) -> dict:
    """The part of the request that names the readings; `stations` is the part that names the stations.

    Those of other layers are written into the job folder; `near` as for `write_readings`.
    """
    request, fields = {}, weather_fields(algorithm, parameters, context)
    for name in WEATHER:
        key, layer = name.lower(), f"{name}_STATIONS"
        source = algorithm.parameterAsSource(parameters, layer, context)
        if name in fields:
            request[key] = f"{stations['stations']}:{column_name(fields[name])}"
        elif source is not None:
            path, field = folder / f"{key}.csv", algorithm.parameterAsString(parameters, f"{layer}_FIELD", context)
            times = [algorithm.parameterAsString(parameters, TIME, context)] if "time" in stations else []
            write_readings(source, [field, *times], path, near=near, key=layer_identity(algorithm, parameters, layer, context))
            request.update({key: f"{path}:{column_name(field)}", f"{key}_crs": crs_text(readings_crs(source))})
        else:
            continue
        request[f"{key}_unit"] = algorithm.parameterAsString(parameters, f"{name}_UNIT", context)
    return request


def check_weather(algorithm: EngineAlgorithm, parameters: dict, context) -> str:
    """What is wrong with these parameters, or ''."""
    for name, (label, _) in WEATHER.items():
        layer, field = f"{name}_STATIONS", f"{name}_STATIONS_FIELD"
        if algorithm.parameterAsString(parameters, f"{name}_FIELD", context):
            message = check_readings(algorithm, parameters, context, STATIONS, [f"{name}_FIELD"])
        elif algorithm.parameterAsSource(parameters, layer, context) is None:
            continue
        elif not algorithm.parameterAsString(parameters, field, context):
            message = tr("Choose the field with {} in the other layer.").format(label)
        else:
            message = check_readings(algorithm, parameters, context, layer, [field], [TIME])
        if message:
            return message
    return ""
