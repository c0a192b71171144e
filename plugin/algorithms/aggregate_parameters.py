"""The parameters that say what is made of fields; the words are those of the engine's command ``aggregate``."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    Qgis,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFile,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ..polygons import write_shapes
from ..translate import tr
from .base import EngineAlgorithm, day_text
from .choices import Choice, chosen_word
from .field_parameters import field_files, file_of
from .layer_readings import name_layers
from .preselected import preselect
from .table_parameters import SPECIES, SPECIES_WORDS

FIELDS, FIELDS_FOLDER, BY, DAILY, START, END = "FIELDS", "FIELDS_FOLDER", "BY", "DAILY", "START", "END"
MINIMUM_SHARE, STATION_SHARE, ABOVE, PERCENTILES, LIMITS = "MINIMUM_SHARE", "STATION_SHARE", "ABOVE", "PERCENTILES", "LIMITS"
UNCERTAINTY, MASK, OUTLINE, VARIABLES = "UNCERTAINTY", "MASK", "OUTLINE", "VARIABLES"
# Words of the engine.
PERIODS = ("period", "month", "season", "year", "monthly-climatology", "seasonal-climatology")
DAILY_VALUES = ("mean", "max8h", "max1h")
LIMIT_SETS = ("who2021", "cn2012-1", "cn2012-2", "cn2026-transition", "cn2026-1", "cn2026-2", "eu2008", "eu2030", "us2024")


def add_field_parameters(algorithm: EngineAlgorithm) -> None:
    """The fields, what is put together, and what is asked of it."""
    fields = QgsProcessingParameterMultipleLayers(FIELDS, tr("Fields"), Qgis.ProcessingSourceType.File, optional=True)
    preselect(fields, instead=FIELDS_FOLDER)
    algorithm.add(
        fields, tr("Files of daily or hourly fields: what 'Reanalyse a period' and 'Reanalyse station readings' write, or any CF NetCDF.")
    )
    algorithm.add(
        QgsProcessingParameterFile(FIELDS_FOLDER, tr("Folder of fields"), Qgis.ProcessingFileParameterBehavior.Folder, optional=True),
        tr("Instead of files: all fields of a folder."),
    )
    algorithm.add(
        Choice(BY, tr("Put together by"), PERIODS),
        tr(
            "The whole period; each month, season or year; or the same months or seasons of all years (climatology). December belongs to "
            "the winter of the next year."
        ),
    )
    algorithm.add(
        Choice(LIMITS, tr("Sets of limits"), LIMIT_SETS, multiple=True, optional=True),
        tr(
            "Days above the limits for days are counted, and by year a map shows where each limit is exceeded: WHO 2021, China GB 3095 of "
            "2012 and 2026 by class, EU 2008/50/EC and 2024/2881 (for 2030), US NAAQS as of 2024."
        ),
    )
    algorithm.add(
        QgsProcessingParameterString(ABOVE, tr("Count days above"), optional=True),
        tr("Values in the unit of the fields, separated by commas, such as 35,75."),
    )
    algorithm.add(
        QgsProcessingParameterString(PERCENTILES, tr("Percentiles of the days"), optional=True), tr("Separated by commas, such as 50,98.")
    )
    _number(
        algorithm,
        MINIMUM_SHARE,
        tr("Smallest share of valid days"),
        0.75,
        tr("From 0 to 1; a cell with fewer valid days in a period has no value there."),
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
        Choice(SPECIES, tr("Species"), (f"auto: {tr('as the files say')}", *SPECIES_WORDS)),
        tr("Of the fields, and of the readings."),
        advanced=True,
    )
    algorithm.add(
        Choice(DAILY, tr("Value of a day"), DAILY_VALUES),
        tr("'mean', the largest 8-hour mean ('max8h') or the largest hour ('max1h'); made of hourly fields, or what daily fields are."),
        advanced=True,
    )
    algorithm.add(
        Choice(UNCERTAINTY, tr("Uncertainty"), ("none", "bound")),
        tr("'bound' also writes an upper bound of the mean's standard deviation, from fields that tell theirs."),
        advanced=True,
    )
    _number(
        algorithm,
        STATION_SHARE,
        tr("Smallest share of valid days at stations"),
        None,
        tr("For stations that are read on fewer days. Empty: as for the fields."),
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterFeatureSource(MASK, tr("Mask"), [Qgis.ProcessingSourceType.VectorPolygon], optional=True),
        tr("Polygons whose cells count for the shares of area and stations, and are drawn. Empty: all."),
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterFeatureSource(
            OUTLINE, tr("Outline"), [Qgis.ProcessingSourceType.VectorPolygon, Qgis.ProcessingSourceType.VectorLine], optional=True
        ),
        tr("Borders to draw over the panel, such as provinces."),
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterFile(VARIABLES, tr("Table of variables"), fileFilter="TOML (*.toml)", optional=True),
        tr("File that extends or overrides the variables that are known."),
        advanced=True,
    )


def field_request(algorithm: EngineAlgorithm, parameters: dict, context, folder: Path) -> dict:
    """The engine's words for them; polygons are written into the job folder."""
    request = {
        "fields": fields_of(algorithm, parameters, context),
        "limits": algorithm.parameterAsEnumStrings(parameters, LIMITS, context),
        "start": day_text(algorithm, parameters, START, context),
        "end": day_text(algorithm, parameters, END, context),
        "minimum_share": algorithm.parameterAsDouble(parameters, MINIMUM_SHARE, context),
        "variables": algorithm.parameterAsFile(parameters, VARIABLES, context),
    }
    if parameters.get(STATION_SHARE) is not None:
        request["station_share"] = algorithm.parameterAsDouble(parameters, STATION_SHARE, context)
    for name in (BY, DAILY, UNCERTAINTY):
        request[name.lower()] = chosen_word(algorithm, parameters, name, context)
    for name in (ABOVE, PERCENTILES):
        request[name.lower()] = algorithm.parameterAsString(parameters, name, context).strip()
    for name in (MASK, OUTLINE):
        source = algorithm.parameterAsSource(parameters, name, context)
        if source is not None:
            request[name.lower()] = write_shapes(source, folder / f"{name.lower()}.gpkg")
            name_layers(algorithm, parameters, context, request, **{name.lower(): name})
    species = chosen_word(algorithm, parameters, SPECIES, context)
    return request | ({} if species == "auto" else {"species": species})


def fields_of(algorithm: EngineAlgorithm, parameters: dict, context) -> list[str]:
    """The files or the folder; of a layer that shows a variable in a NetCDF its file."""
    # All variables of a period are aggregated together: of a layer that shows one of them its file counts.
    return [file_of(file) for file in field_files(algorithm, parameters, context)] or [
        folder for folder in [algorithm.parameterAsFile(parameters, FIELDS_FOLDER, context)] if folder
    ]


def check_fields(algorithm: EngineAlgorithm, parameters: dict, context) -> str:
    """What is wrong with the fields and the days, or ''."""
    if bool(field_files(algorithm, parameters, context)) == bool(algorithm.parameterAsFile(parameters, FIELDS_FOLDER, context)):
        return tr("Choose files of fields, or a folder of them; one of the two.")
    first, last = (algorithm.parameterAsDateTime(parameters, name, context).date() for name in (START, END))
    if first.isValid() and last.isValid() and last < first:
        return tr("The last day is before the first.")
    return ""


def _number(algorithm: EngineAlgorithm, name: str, label: str, default: float | None, help_text: str, advanced: bool = False) -> None:
    algorithm.add(
        QgsProcessingParameterNumber(
            name, label, Qgis.ProcessingNumberParameterType.Double, defaultValue=default, optional=default is None, minValue=0, maxValue=1
        ),
        help_text,
        advanced=advanced,
    )
