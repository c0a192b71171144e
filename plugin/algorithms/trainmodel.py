"""CTM output to a model of one's own."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    Qgis,
    QgsProcessingException,
    QgsProcessingOutputFile,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterMultipleLayers,
)

from ..engine.client import job_folder
from ..translate import tr
from .base import EngineAlgorithm, check_destination, run_engine
from .choices import Choice
from .report_parameters import add_report_parameter, check_report, report_request, report_result
from .training_parameters import add_training_parameters, check_training, training_request

CTM, CONFIG, CONFIG_FILE, OUTPUT = "CTM", "CONFIG", "CONFIG_FILE", "OUTPUT"
ITERATIONS_DONE, LOSS, VALIDATION = "ITERATIONS_DONE", "LOSS", "VALIDATION"
DAYS_TRAINED, DAYS_HELD_OUT = "DAYS_TRAINED", "DAYS_HELD_OUT"
CONFIGS = ("improved", "paper", "file")
SCORES = ("mae", "r2_det", "nme")
# Result keys of the engine.
FILES = {"HISTORY_CSV": "history", "HISTORY_PNG": "history_figure", "KERNELS_PNG": "kernels_figure"}


class TrainModel(EngineAlgorithm):
    """``trainmodel``: a network learns from CTM fields how such fields look."""

    NAME = "trainmodel"
    TITLE = tr("Train a model")
    GROUP = "training"
    SUMMARY = tr(
        "Trains a network on the daily fields of a chemical transport model. It can take hours without a GPU. A cancelled "
        "training keeps the best model of those validated so far, and can be continued. Beside the model it writes "
        "its learning curve (CSV, PNG) and a picture of its kernels."
    )
    TAGS = ("train", "model", "deep learning", "ctm", "cmaq", "netcdf", "fine-tuning")

    def initAlgorithm(self, configuration=None) -> None:
        self.add(
            QgsProcessingParameterMultipleLayers(CTM, tr("CTM output"), Qgis.ProcessingSourceType.File),
            tr(
                "NetCDF files with PM2.5 (or the target chosen below) and, where there are any, relative humidity, wind speed, elevation "
                "and urban fraction. Files that complement or follow each other are put together."
            ),
        )
        self.add(
            Choice(CONFIG, tr("Configuration"), CONFIGS),
            tr("'improved' is what the bundled model uses, 'paper' follows the published method, 'file' takes the file below."),
        )
        self.add(
            QgsProcessingParameterFile(CONFIG_FILE, tr("Configuration file"), fileFilter="TOML (*.toml)", optional=True),
            tr("A configuration of your own."),
            advanced=True,
        )
        add_training_parameters(self)
        self.add(QgsProcessingParameterFileDestination(OUTPUT, tr("Model"), tr("Model (*.safetensors)")), tr("Model file to write."))
        add_report_parameter(self, tr("the learning curve, the scores on the days held back, the kernels and the data"))
        self.addOutput(QgsProcessingOutputNumber(ITERATIONS_DONE, tr("Iterations done")))
        self.addOutput(QgsProcessingOutputNumber(LOSS, tr("Last loss")))
        self.addOutput(QgsProcessingOutputNumber(VALIDATION, tr("RMSE on days held back, in µg/m³")))
        for score in SCORES:
            self.addOutput(QgsProcessingOutputNumber(score.upper(), tr("{} on days held back").format(score.upper())))
        self.addOutput(QgsProcessingOutputNumber(DAYS_TRAINED, tr("Days trained on")))
        self.addOutput(QgsProcessingOutputNumber(DAYS_HELD_OUT, tr("Days held back")))
        for name, label in zip(FILES, (tr("Learning curve (CSV)"), tr("Learning curve (PNG)"), tr("Kernels (PNG)"))):
            self.addOutput(QgsProcessingOutputFile(name, label))

    def check(self, parameters, context) -> str:
        from_file = self.parameterAsEnumString(parameters, CONFIG, context) == "file"
        if from_file and not self.parameterAsFile(parameters, CONFIG_FILE, context):
            return tr("Choose the configuration file.")
        return check_training(self, parameters, context) or (
            check_destination(self, parameters, OUTPUT, context) or check_report(self, parameters, context)
        )

    def compute(self, parameters, context, feedback) -> dict:
        files = [file for file in self.parameterAsFileList(parameters, CTM, context) if file]
        if not files:
            raise QgsProcessingException(tr("Choose at least one NetCDF file."))
        output = self.parameterAsFileOutput(parameters, OUTPUT, context)
        config = self.parameterAsEnumString(parameters, CONFIG, context)
        before = _written(output)
        with job_folder() as folder:
            request = {
                "ctm": files,
                "out": output,
                "config": self.parameterAsFile(parameters, CONFIG_FILE, context) if config == "file" else config,
                **training_request(self, parameters, context, folder, feedback),
                **report_request(self, parameters, context),
            }
            try:
                result = run_engine("train", request, feedback, [output])
            except QgsProcessingException as error:
                if feedback.isCanceled() and _written(output) != before:
                    message = tr(
                        "Cancelled: the best model so far is in {}; its card says at which iteration the training stopped. "
                        "Run it again with the same parameters and 'Continue an interrupted training' to go on."
                    )
                    raise QgsProcessingException(message.format(output)) from error
                raise
        scores, days = result["scores"], result["days"]
        return {
            OUTPUT: output,
            ITERATIONS_DONE: result["iterations"],
            LOSS: result["loss"],
            VALIDATION: result["validation"],
            **{score.upper(): scores.get(score) for score in SCORES},
            DAYS_TRAINED: days["training"],
            DAYS_HELD_OUT: days["held_out"],
            **{name: result.get(key) for name, key in FILES.items()},
            **report_result(result),
        }


def _written(path: str) -> int | None:
    """When a file was written, None where there is none."""
    file = Path(path)
    return file.stat().st_mtime_ns if file.is_file() else None
