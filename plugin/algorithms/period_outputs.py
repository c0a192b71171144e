"""What a period is written as, and what is told of a run over one."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsProcessingOutputNumber, QgsProcessingParameterFolderDestination, QgsProcessingParameterRasterDestination

from ..layers.dress import load_dressed
from ..layers.series import load_folder
from ..translate import tr
from .base import EngineAlgorithm, check_destination, is_temporary
from .reading_outputs import add_counts, counts
from .report_parameters import add_report_parameter, report_result

OUTPUT, FOLDER = "OUTPUT", "FOLDER"
COMPUTED, KEPT, MISSING, SECONDS, RATE = "COMPUTED", "KEPT", "MISSING", "SECONDS", "DAYS_PER_SECOND"
_MOST_TOLD = 50  # steps without readings that the log names


def add_period_outputs(algorithm: EngineAlgorithm) -> None:
    """The series or the folder, a report, and numbers of the run."""
    algorithm.add(
        QgsProcessingParameterRasterDestination(OUTPUT, tr("Series"), optional=True),
        tr("NetCDF to write, with all steps; the name must end in .nc."),
    )
    algorithm.add(
        QgsProcessingParameterFolderDestination(FOLDER, tr("Folder of GeoTIFFs"), optional=True, createByDefault=False),
        tr("Folder for a GeoTIFF of each step, instead of the NetCDF. A name that ends in .zarr gives a Zarr store."),
    )
    add_report_parameter(algorithm, tr("the period as a calendar, a series, a mean map and its highest days"))
    add_counts(algorithm)
    for name, label in (
        (COMPUTED, tr("Steps computed")),
        (KEPT, tr("Steps kept from earlier runs")),
        (MISSING, tr("Steps without readings")),
        (SECONDS, tr("Seconds")),
        (RATE, tr("Steps per second")),
    ):
        algorithm.addOutput(QgsProcessingOutputNumber(name, label))


def check_period_output(algorithm: EngineAlgorithm, parameters: dict, context) -> str:
    """What is wrong with the name of the series or the folder, or ''."""
    if parameters.get(FOLDER) not in (None, ""):
        return ""
    if parameters.get(OUTPUT) in (None, ""):
        return tr("Name the NetCDF to write, or a folder.")
    if not is_temporary(parameters[OUTPUT]) and Path(algorithm.parameterAsFileOutput(parameters, OUTPUT, context)).suffix != ".nc":
        return tr("The name of the series must end in .nc; for GeoTIFFs choose a folder.")
    return check_destination(algorithm, parameters, OUTPUT, context)


def period_output(algorithm: EngineAlgorithm, parameters: dict, context) -> tuple[str, str]:
    """The path to write; and the name that QGIS knows the series by, '' for a folder."""
    if folder := algorithm.parameterAsString(parameters, FOLDER, context):
        return folder, ""
    asked = algorithm.parameterAsOutputLayer(parameters, OUTPUT, context)
    return str(Path(asked).with_suffix(".nc")), asked  # QGIS names temporary rasters .tif


def when_cancelled(parameters: dict, repeats: bool) -> str:
    """What is said when the user stops the run: a temporary output has another name the next time, and a folder is not repeated into twice."""
    if is_temporary(parameters.get(FOLDER) or parameters.get(OUTPUT)):
        return tr(
            "Cancelled. The output was to be a temporary file, so the steps that were finished are not kept: name a file under 'Series' "
            "to go on where a run was cancelled."
        )
    if repeats and parameters.get(FOLDER):
        return tr("Cancelled: the steps that were finished are in the folder. To repeat the period, remove it or choose another.")
    return tr("Cancelled: the steps that were finished are kept. Run it again with the same parameters and output to go on.")


def loaded(output: str, asked: str, context, look: str) -> dict:
    """The output that was written, as a layer to load; `output` and `asked` as from `period_output`."""
    if asked:
        return {OUTPUT: load_dressed(output, context, asked, look)}
    if not output.endswith(".zarr"):
        load_folder(Path(output), context, FOLDER, look)
    return {FOLDER: output}


def period_results(result: dict, feedback) -> dict:
    """Log what became of the steps; return the numbers and the report."""
    read, days = counts(result["readings"], feedback), result["days"]
    missing = list(days["missing"])
    for day in missing[:_MOST_TOLD]:
        feedback.pushWarning(tr("No readings: {}").format(day))
    if len(missing) > _MOST_TOLD:
        feedback.pushWarning(tr("… and {} more without readings").format(len(missing) - _MOST_TOLD))
    feedback.pushInfo(
        tr("{computed} steps computed, {kept} kept, {missing} without readings; {rate:.2f} a second").format(
            computed=days["computed"], kept=days["kept"], missing=len(missing), rate=result["days_per_second"] or 0
        )
    )
    return {
        COMPUTED: days["computed"],
        KEPT: days["kept"],
        MISSING: len(missing),
        SECONDS: result["seconds"],
        RATE: result["days_per_second"],
        **read,
        **report_result(result),
    }
