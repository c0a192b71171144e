"""Parameters of algorithms that take fields and rasters, and what the engine is asked with them."""

from __future__ import annotations

import os
import re
from pathlib import Path

from qgis.core import (
    Qgis,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterFile,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterString,
    QgsRasterLayer,
)

from ..stations import crs_text
from ..translate import tr
from .base import EngineAlgorithm, day_text
from .preselected import preselect

FIELDS, VARIABLE, START, END, VARIABLES = "FIELDS", "VARIABLE", "START", "END", "VARIABLES"
_SUBDATASET = re.compile(r'NETCDF:"?(.+?)"?:([^:"]+)', re.IGNORECASE)


def add_fields(algorithm: EngineAlgorithm, several: str) -> None:
    """The fields; `several` says what becomes of more than one."""
    fields = QgsProcessingParameterMultipleLayers(FIELDS, tr("Fields"), Qgis.ProcessingSourceType.File)
    preselect(fields)
    algorithm.add(
        fields,
        tr("GeoTIFF or NetCDF files with fields of one variable on one grid, or folders of them: a day, a period, or means.")
        + " "
        + several,
    )
    algorithm.add(
        QgsProcessingParameterString(VARIABLE, tr("Variable of the fields"), optional=True),
        tr("Variable of a NetCDF file, or number or description of a band, or 'all' bands. Empty: the known variable, the first band."),
        advanced=True,
    )
    for name, label, help_text in (
        (START, tr("First day"), tr("Empty: that of the fields.")),
        (END, tr("Last day"), tr("Empty: that of the fields.")),
    ):
        algorithm.add(
            QgsProcessingParameterDateTime(name, label, Qgis.ProcessingDateTimeParameterDataType.Date, optional=True),
            help_text,
            advanced=True,
        )
    algorithm.add(
        QgsProcessingParameterFile(VARIABLES, tr("Table of variables"), fileFilter="TOML (*.toml)", optional=True),
        tr("File that extends or overrides the variables that are known in files."),
        advanced=True,
    )


def fields_request(algorithm: EngineAlgorithm, parameters: dict, context) -> dict:
    """The part of a request that these parameters say."""
    return {
        "fields": field_files(algorithm, parameters, context),
        "variable": algorithm.parameterAsString(parameters, VARIABLE, context).strip(),
        "variables": algorithm.parameterAsFile(parameters, VARIABLES, context),
        **{name.lower(): day_text(algorithm, parameters, name, context) for name in (START, END)},
    }


def field_files(algorithm: EngineAlgorithm, parameters: dict, context) -> list[str]:
    """The files that are named, without blanks; a variable in a NetCDF is ``NETCDF:"file":name``, as layers have it."""
    return [file for file in algorithm.parameterAsFileList(parameters, FIELDS, context) if file]


def file_of(source: str) -> str:
    """The file of a raster layer's source, without the variable that it names."""
    return _split(source)[0]


def same_field(a: str, b: str) -> bool:
    """Whether two sources are one file and one variable in it, however its path is written."""
    (file, variable), (other, other_variable) = map(_split, (a, b))
    same_file = os.path.normcase(Path(file).absolute()) == os.path.normcase(Path(other).absolute())
    return same_file and variable == other_variable


def _split(source: str) -> tuple[str, str]:
    """File and variable of a raster layer's source; '' where it names none."""
    inside = _SUBDATASET.fullmatch(source)
    return (inside[1], inside[2]) if inside else (source, "")


def check_fields(algorithm: EngineAlgorithm, parameters: dict, context) -> str:
    """What is wrong with these parameters, or ''."""
    if not field_files(algorithm, parameters, context):
        return tr("Choose at least one file with a field.")
    start, end = (day_text(algorithm, parameters, name, context) for name in (START, END))
    return tr("The last day is before the first.") if start and end and end < start else ""


def layer_source(layer: QgsRasterLayer) -> tuple[str, str]:
    """(source, CRS) of a raster layer. The user may have set the CRS; it is '' for NetCDF, of which the engine reads it itself."""
    source = layer.source()
    if Path(source).is_file():  # a relative path counts from QGIS's folder, not from the engine's
        source = str(Path(source).absolute())
    of_netcdf = source.upper().startswith("NETCDF:") or source.lower().endswith((".nc", ".nc4", ".ncf"))
    return source, "" if of_netcdf or not layer.crs().isValid() else crs_text(layer.crs())


def check_layer(layer: QgsRasterLayer) -> str:
    """Why a raster layer can't be read by the engine, or ''."""
    if not layer.isValid():
        return tr("Raster '{}' can't be read.").format(layer.name())
    if layer.providerType() != "gdal":
        return tr("Raster '{}' is not in a file; export it to a GeoTIFF first.").format(layer.name())
    return ""


def numbers(text: str) -> list[float]:
    """Numbers from text such as "35, 75" or "35 75"; `ValueError` for anything else."""
    return [float(part) for part in re.split(r"[\s,;]+", text.strip()) if part]
