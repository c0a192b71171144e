"""What a training may be told beside its files and its configuration: parameters, and the request that they make."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    Qgis,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFile,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ..stations import write_positions
from ..translate import tr
from .base import ANY_FILE, DEVICES, day_text
from .choices import Choice
from .layer_readings import name_layers
from .table_parameters import VARIABLES, add_air, add_variable_table, air_request

FROM, TARGET, INPUTS, MAPS, COVARIATES, LAYOUT, GRID = "FROM", "TARGET", "INPUTS", "MAPS", "COVARIATES", "LAYOUT", "GRID"
ITERATIONS, EPOCHS, BATCH, ACCUMULATE, LEARNING_RATE, SEED = "ITERATIONS", "EPOCHS", "BATCH", "ACCUMULATE", "LEARNING_RATE", "SEED"
VALIDATION_SHARE, VALIDATION_START, VALIDATION_END = "VALIDATION_SHARE", "VALIDATION_START", "VALIDATION_END"
BACKGROUND_BATCHES = "BACKGROUND_BATCHES"
TIME_ZONE, LEAD_DAY = "TIME_ZONE", "LEAD_DAY"
CACHE, PRECISION, DEVICE, RESUME = "CACHE", "PRECISION", "DEVICE", "RESUME"
PRECISIONS = ("auto", "float32", "bfloat16")
_WHOLE, _REAL = Qgis.ProcessingNumberParameterType.Integer, Qgis.ProcessingNumberParameterType.Double


def add_training_parameters(algorithm) -> None:
    """Add them; all but the length are folded away, and empty ones leave it to the configuration."""
    for name, label, help_text in (
        (ITERATIONS, tr("Iterations"), tr("Number of training steps. Empty: as configured.")),
        (EPOCHS, tr("Epochs"), tr("Passes over all days, instead of a number of iterations.")),
    ):
        algorithm.add(QgsProcessingParameterNumber(name, label, _WHOLE, optional=True, minValue=1), help_text)
    algorithm.add(
        QgsProcessingParameterFeatureSource(LAYOUT, tr("Station layout"), [Qgis.ProcessingSourceType.VectorPoint], optional=True),
        tr(
            "Point layer of stations, whose positions serve as nominal stations (with 'improved': as one of its layouts). "
            "Empty: drawn at random."
        ),
        advanced=True,
    )
    for name, label, help_text in (
        (
            FROM,
            tr("Model to start from"),
            tr("'bundled', or the path of a model file: its weights, network and inputs are kept (fine-tuning)."),
        ),
        (
            TARGET,
            tr("Target species"),
            tr("Species whose field comes out, such as pm25, o3, no2, or a variable of the table of variables. Empty: as configured."),
        ),
        (INPUTS, tr("Other station variables"), tr("Such as 'rh wind', or 'none'. Empty: as configured.")),
        (MAPS, tr("Maps"), tr("Such as 'elevation urban', or 'none'. Empty: as configured.")),
        (
            GRID,
            tr("Grid of the model"),
            tr(
                "china12km, or the path of a file, or xmin,ymin,xmax,ymax,cell@CRS; the CTM's fields are regridded to it. "
                "Empty: the grid of the CTM."
            ),
        ),
        (TIME_ZONE, tr("Time zone"), tr("Whose days hourly fields are averaged over, such as Asia/Shanghai. Empty: UTC.")),
    ):
        algorithm.add(QgsProcessingParameterString(name, label, optional=True), help_text, advanced=True)
    for name, label, file_filter, help_text in (
        (
            COVARIATES,
            tr("Covariates"),
            f"NetCDF, GeoTIFF (*.nc *.ncf *.nc4 *.tif *.tiff);;{ANY_FILE}",
            tr("Maps that overrule those of the CTM files, as the algorithm for covariates writes them."),
        ),
    ):
        algorithm.add(QgsProcessingParameterFile(name, label, fileFilter=file_filter, optional=True), help_text, advanced=True)
    add_variable_table(algorithm)
    add_air(algorithm)
    algorithm.add(
        QgsProcessingParameterNumber(VALIDATION_SHARE, tr("Share of days held out"), _REAL, optional=True, minValue=0, maxValue=0.9),
        tr("The last days of each series, never trained on; the model is validated with them. Empty: as configured."),
        advanced=True,
    )
    for name, label, help_text in (
        (VALIDATION_START, tr("First day held out"), tr("Instead of a share.")),
        (VALIDATION_END, tr("Last day held out"), tr("Empty, with a first day: to the end.")),
    ):
        algorithm.add(
            QgsProcessingParameterDateTime(name, label, Qgis.ProcessingDateTimeParameterDataType.Date, optional=True),
            help_text,
            advanced=True,
        )
    algorithm.add(
        QgsProcessingParameterNumber(
            BACKGROUND_BATCHES, tr("Share of batches with a background"), _REAL, optional=True, minValue=0, maxValue=1
        ),
        tr(
            "So many batches are given an imperfect version of their days as background, from 0 to 1, so that the model learns what to take of one. "
            "1, with a model to train on, trains nothing else. Empty: as configured."
        ),
        advanced=True,
    )
    for name, label, kind, least, help_text in (
        (BATCH, tr("Batch"), _WHOLE, 1, tr("Samples per step. Empty: as configured.")),
        (
            ACCUMULATE,
            tr("Parts of a batch"),
            _WHOLE,
            1,
            tr(
                "A batch is computed in so many equal parts, one after the other (gradient "
                "accumulation): less memory, and batch normalisation over a part. Empty: as configured."
            ),
        ),
        (LEARNING_RATE, tr("Learning rate"), _REAL, 1e-9, tr("Largest step of the optimiser. Empty: as configured.")),
        (LEAD_DAY, tr("Lead day"), _WHOLE, 0, tr("The day of each forecast to take, where the files are forecasts that overlap.")),
    ):
        algorithm.add(QgsProcessingParameterNumber(name, label, kind, optional=True, minValue=least), help_text, advanced=True)
    algorithm.add(
        QgsProcessingParameterNumber(SEED, tr("Seed"), _WHOLE, defaultValue=0, minValue=0),
        tr("The same seed gives the same training."),
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterFile(CACHE, tr("Folder for prepared days"), Qgis.ProcessingFileParameterBehavior.Folder, optional=True),
        tr("Daily fields are prepared once and kept there. Empty: 'daily_fields' beside the model."),
        advanced=True,
    )
    for name, label, choices, help_text in (
        (PRECISION, tr("Precision"), PRECISIONS, tr("'auto' is bfloat16 where the processor is fast in it, float32 elsewhere.")),
        (DEVICE, tr("Device"), DEVICES, tr("Where the network is trained; 'auto' takes a GPU if there is one.")),
    ):
        algorithm.add(Choice(name, label, choices), help_text, advanced=True)
    algorithm.add(
        QgsProcessingParameterBoolean(RESUME, tr("Continue an interrupted training"), defaultValue=False),
        tr("Continue from the last checkpoint beside the model file, with the same parameters."),
        advanced=True,
    )


def check_training(algorithm, parameters: dict, context) -> str:
    """What contradicts itself in the parameters, or ''."""
    start, end = (algorithm.parameterAsDateTime(parameters, name, context).date() for name in (VALIDATION_START, VALIDATION_END))
    if parameters.get(ITERATIONS) is not None and parameters.get(EPOCHS) is not None:
        return tr("Give iterations or epochs, not both.")
    if parameters.get(VALIDATION_SHARE) is not None and (start.isValid() or end.isValid()):
        return tr("Give a share of the days to hold out, or the days, not both.")
    if start.isValid() and end.isValid() and end < start:
        return tr("The last day held out is before the first.")
    return ""


def training_request(algorithm, parameters: dict, context, folder: Path, feedback) -> dict:
    """The engine's words for them; a layout layer is written into `folder`."""
    request: dict = {"resume": algorithm.parameterAsBoolean(parameters, RESUME, context)}
    for name in (FROM, TARGET, GRID, TIME_ZONE, COVARIATES, VARIABLES, CACHE):
        request[name.lower()] = algorithm.parameterAsString(parameters, name, context).strip()
    for name in (INPUTS, MAPS):
        request[name.lower()] = algorithm.parameterAsString(parameters, name, context).replace(",", " ").split()
    for name in (PRECISION, DEVICE):
        request[name.lower()] = algorithm.parameterAsEnumString(parameters, name, context)
    for name in (ITERATIONS, EPOCHS, BATCH, ACCUMULATE, LEAD_DAY, SEED):
        if parameters.get(name) is not None:
            request[name.lower()] = algorithm.parameterAsInt(parameters, name, context)
    for name in (LEARNING_RATE, VALIDATION_SHARE, BACKGROUND_BATCHES):
        if parameters.get(name) is not None:
            request[name.lower()] = algorithm.parameterAsDouble(parameters, name, context)
    for name in (VALIDATION_START, VALIDATION_END):
        request[name.lower()] = day_text(algorithm, parameters, name, context)
    request.update(air_request(algorithm, parameters, context))
    source = algorithm.parameterAsSource(parameters, LAYOUT, context)
    if source is not None:
        request.update(write_positions(source, folder / "layout.csv", "layout", feedback))
        name_layers(algorithm, parameters, context, request, layout=LAYOUT)
    return request
