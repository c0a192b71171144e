"""The parameter that has a reanalysis made again from what its file says of its making."""

from __future__ import annotations

import json
from pathlib import Path

from osgeo import gdal
from qgis.core import QgsProcessingException, QgsProcessingParameterBoolean, QgsProcessingParameterFile

from ..layer_sources import file_of
from ..stations import write_readings
from ..translate import tr
from .base import ANY_FILE, EngineAlgorithm
from .layer_readings import layer_named, places
from .model_parameters import DEVICE
from .station_parameters import STATIONS
from .weather_parameters import weather_request

REPEAT, FULL_PATHS, IDENTICAL = "REPEAT", "FULL_PATHS", "IDENTICAL"
_GEOTIFF = (".tif", ".tiff")


def add_repeat_parameters(algorithm: EngineAlgorithm, help_text: str) -> None:
    """Both advanced; the help says what can be repeated, and where its readings are looked for."""
    algorithm.add(
        QgsProcessingParameterFile(
            REPEAT, tr("Repeat the reanalysis in"), fileFilter=f"{tr('Reanalyses')} (*.tif *.tiff *.nc);;{ANY_FILE}", optional=True
        ),
        help_text,
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


def repeat_day_help() -> str:
    """What is said of repeating a day."""
    return tr(
        "A reanalysis to make again, from what the file says of its making: readings, model, grid and all options are as they were, and those "
        "chosen here are passed over. An input that is missing or has changed is refused. Where the readings came from a layer, choose "
        "that layer as stations; where they came from a file, that is looked for beside the reanalysis, or choose its layer. On the "
        "same machine the result is the same to the last bit; the log says so, or by how much it differs."
    )


def repeat_period_help() -> str:
    """What is said of repeating a period."""
    return tr(
        "A period to make again, from what it says of its making: a NetCDF, a file of a folder of GeoTIFFs for the whole folder, or the name "
        "of a Zarr store. Readings, model, grid and all options are as they were, and those chosen here are passed over; the output must "
        "not be there yet. An input that is missing or has changed is refused. Where the readings came from a layer, choose that layer as "
        "stations; where they came from files, these are looked for beside the reanalysis, or name them under 'Files of readings'. On the "
        "same machine the result is the same to the last bit; the log says so, or by how much it differs."
    )


def repeated_file(algorithm: EngineAlgorithm, parameters: dict, context) -> str:
    """The reanalysis to repeat; '' where none is."""
    return algorithm.parameterAsFile(parameters, REPEAT, context).strip()


def check_repeat(file: str) -> str:
    """What is wrong with the reanalysis to repeat, or ''."""
    return "" if Path(file).is_file() else tr("'{}' does not exist; name the reanalysis to repeat.").format(file)


def repeated_period(algorithm: EngineAlgorithm, parameters: dict, context) -> str:
    """The NetCDF, Zarr store or folder of the period to repeat; '' where none is. A GeoTIFF stands for its folder."""
    file = repeated_file(algorithm, parameters, context)
    return str(Path(file).parent) if Path(file).suffix.lower() in _GEOTIFF and Path(file).is_file() else file


def check_repeated_period(period: str) -> str:
    """What is wrong with the period to repeat, or ''."""
    return "" if Path(period).exists() else check_repeat(period)


def repeat_request(algorithm: EngineAlgorithm, parameters: dict, context, folder: Path, feedback, file: str) -> dict:
    """The request that repeats a file, store or folder, with the layers that its readings come from written into the job folder."""
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
        of_layer = file_of(layer)[0] if layer else ""
        if not of_layer:
            raise QgsProcessingException(
                tr(
                    "The readings of '{file}' came from a file, and layer '{layer}' is of none; choose the layer of that file, or none."
                ).format(file=Path(file).name, layer=source.sourceName())
            )
        return {**request, "stations": of_layer}
    path = folder / "stations.csv"
    write_readings(source, source.fields().names(), path, feedback)
    request.update({"stations": str(path), "layers": {"stations": layer_named(algorithm, parameters, STATIONS, context)}, **places(source)})
    return {**request, **weather_request(algorithm, parameters, context, folder, request)}


def _from_layer(file: str) -> bool:
    """Whether the readings of a reanalysis came from a QGIS layer, by what it says."""
    try:
        return any(one.get("role") == "stations" and "layer" in one for one in json.loads(_said_inputs(Path(file)) or "[]"))
    except (RuntimeError, AttributeError, ValueError, TypeError, OSError):
        return False  # the engine says what is wrong with the file


def _said_inputs(place: Path) -> str:
    """What a file, a Zarr store or a folder of GeoTIFFs says of its inputs, as JSON; of a folder its last file."""
    if (place / ".zattrs").is_file():
        return json.loads((place / ".zattrs").read_text(encoding="utf-8")).get("inputs", "")
    if place.is_dir():
        place = max(file for file in place.iterdir() if file.suffix.lower() in _GEOTIFF)
    tags = gdal.Open(str(place)).GetMetadata()
    return tags.get("inputs") or tags.get("NC_GLOBAL#inputs") or ""
