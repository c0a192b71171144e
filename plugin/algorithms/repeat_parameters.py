"""The parameter that has a reanalysis made again from what its file says of its making."""

from __future__ import annotations

import json
from pathlib import Path

from osgeo import gdal
from qgis.core import QgsProcessingException, QgsProcessingParameterBoolean, QgsProcessingParameterFile, QgsProviderRegistry

from ..stations import write_readings
from ..translate import tr
from .base import ANY_FILE, EngineAlgorithm
from .layer_readings import places
from .model_parameters import DEVICE
from .station_parameters import STATIONS
from .weather_parameters import weather_request

REPEAT, FULL_PATHS = "REPEAT", "FULL_PATHS"


def add_repeat_parameters(algorithm: EngineAlgorithm) -> None:
    """Both advanced."""
    algorithm.add(
        QgsProcessingParameterFile(
            REPEAT, tr("Repeat the reanalysis in"), fileFilter=f"{tr('Reanalyses')} (*.tif *.tiff *.nc);;{ANY_FILE}", optional=True
        ),
        tr(
            "A reanalysis to make again, from what the file says of its making: readings, model, grid and all options are as they were, and those "
            "chosen here are passed over. An input that is missing or has changed is refused. Where the readings came from a layer, choose "
            "that layer as stations; where they came from a file, that is looked for beside the reanalysis, or choose its layer. On the "
            "same machine the result is the same to the last bit; the log says so, or by how much it differs."
        ),
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterBoolean(FULL_PATHS, tr("Name inputs by their full paths"), defaultValue=False),
        tr(
            "What the result says of its making names files and layers without the folders that they are in, which may show a user's name. "
            "This has it name the folders too."
        ),
        advanced=True,
    )


def repeated_file(algorithm: EngineAlgorithm, parameters: dict, context) -> str:
    """The reanalysis to repeat; '' where none is."""
    return algorithm.parameterAsFile(parameters, REPEAT, context).strip()


def check_repeat(file: str) -> str:
    """What is wrong with the reanalysis to repeat, or ''."""
    return "" if Path(file).is_file() else tr("'{}' does not exist; name the reanalysis to repeat.").format(file)


def repeat_request(algorithm: EngineAlgorithm, parameters: dict, context, folder: Path, feedback) -> dict:
    """The request that repeats it, with the layers that its readings come from written into the job folder."""
    file = repeated_file(algorithm, parameters, context)
    request = {
        "from": file,
        "device": algorithm.parameterAsEnumString(parameters, DEVICE, context),
        "full_paths": algorithm.parameterAsBoolean(parameters, FULL_PATHS, context),
    }
    source = algorithm.parameterAsSource(parameters, STATIONS, context)
    if source is None:
        return request
    if not _from_layer(file):
        layer = algorithm.parameterAsVectorLayer(parameters, STATIONS, context)
        path = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source()).get("path", "") if layer else ""
        if not path:
            raise QgsProcessingException(
                tr(
                    "The readings of '{file}' came from a file, and layer '{layer}' is of none; choose the layer of that file, or none."
                ).format(file=Path(file).name, layer=source.sourceName())
            )
        return {**request, "stations": path}
    path = folder / "stations.csv"
    write_readings(source, source.fields().names(), path, feedback)
    request.update({"stations": str(path), "layers": {"stations": source.sourceName()}, **places(source)})
    return {**request, **weather_request(algorithm, parameters, context, folder, request)}


def _from_layer(file: str) -> bool:
    """Whether the readings of a reanalysis came from a QGIS layer, by what its file says."""
    try:
        tags = gdal.Open(file).GetMetadata()
        inputs = json.loads(tags.get("inputs") or tags.get("NC_GLOBAL#inputs") or "[]")
        return any(one.get("role") == "stations" and "layer" in one for one in inputs)
    except (RuntimeError, AttributeError, ValueError, TypeError):
        return False  # the engine says what is wrong with the file
