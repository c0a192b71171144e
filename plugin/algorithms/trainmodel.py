"""CTM output to a model of one's own."""

from __future__ import annotations

from qgis.core import (
    Qgis, QgsProcessingException, QgsProcessingOutputNumber, QgsProcessingParameterBoolean, QgsProcessingParameterEnum,
    QgsProcessingParameterFile, QgsProcessingParameterFileDestination, QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber, QgsProcessingParameterString,
)

from ..translate import tr
from .base import DEVICES, EngineAlgorithm, check_destination, run_engine

CTM, CONFIG, CONFIG_FILE, ITERATIONS, EPOCHS = "CTM", "CONFIG", "CONFIG_FILE", "ITERATIONS", "EPOCHS"
GRID, SEED, DEVICE, RESUME, OUTPUT = "GRID", "SEED", "DEVICE", "RESUME", "OUTPUT"
ITERATIONS_DONE, LOSS, VALIDATION = "ITERATIONS_DONE", "LOSS", "VALIDATION"
CONFIGS = ("improved", "paper", "file")


class TrainModel(EngineAlgorithm):
    """``trainmodel``: a network learns from CTM fields how such fields look."""

    NAME = "trainmodel"
    TITLE = tr("Train a model")
    GROUP = "models"
    SUMMARY = tr("Trains a network on the daily fields of a chemical transport model. It can take hours without a GPU; "
                 "a cancelled training leaves no model.")
    TAGS = ("train", "model", "deep learning", "ctm", "cmaq", "netcdf")

    def initAlgorithm(self, configuration=None) -> None:
        self.add(QgsProcessingParameterMultipleLayers(CTM, tr("CTM output"), Qgis.ProcessingSourceType.File),
            tr("NetCDF files with PM2.5 and, where there are any, relative humidity, wind speed, elevation and urban "
               "fraction."))
        self.add(QgsProcessingParameterEnum(
            CONFIG, tr("Configuration"), CONFIGS, defaultValue=CONFIGS[0], usesStaticStrings=True),
            tr("'improved' is what the bundled model uses, 'paper' follows the published method, 'file' takes the file below."))
        self.add(QgsProcessingParameterFile(
            CONFIG_FILE, tr("Configuration file"), fileFilter="TOML (*.toml)", optional=True),
            tr("A configuration of your own."), advanced=True)
        for name, label, help_text in (
            (ITERATIONS, tr("Iterations"), tr("Number of training steps. Empty: as configured.")),
            (EPOCHS, tr("Epochs"), tr("Passes over all days, instead of a number of iterations.")),
        ):
            self.add(QgsProcessingParameterNumber(
                name, label, Qgis.ProcessingNumberParameterType.Integer, optional=True, minValue=1), help_text)
        self.add(QgsProcessingParameterString(GRID, tr("Grid of the model"), optional=True),
            tr("china12km, or the path of a file, or xmin,ymin,xmax,ymax,cell@CRS; the CTM's fields are regridded to it. "
               "Empty: the grid of the CTM."), advanced=True)
        self.add(QgsProcessingParameterNumber(
            SEED, tr("Seed"), Qgis.ProcessingNumberParameterType.Integer, defaultValue=0, minValue=0),
            tr("The same seed gives the same training."), advanced=True)
        self.add(QgsProcessingParameterEnum(
            DEVICE, tr("Device"), DEVICES, defaultValue=DEVICES[0], usesStaticStrings=True),
            tr("Where the network is trained; 'auto' takes a GPU if there is one."), advanced=True)
        self.add(QgsProcessingParameterBoolean(RESUME, tr("Continue an interrupted training"), defaultValue=False),
            tr("Continue from the last checkpoint beside the model file."), advanced=True)
        self.add(QgsProcessingParameterFileDestination(OUTPUT, tr("Model"), tr("Model (*.safetensors)")),
            tr("Model file to write."))
        self.addOutput(QgsProcessingOutputNumber(ITERATIONS_DONE, tr("Iterations done")))
        self.addOutput(QgsProcessingOutputNumber(LOSS, tr("Last loss")))
        self.addOutput(QgsProcessingOutputNumber(VALIDATION, tr("RMSE on days held back, in µg/m³")))

    def checkParameterValues(self, parameters, context) -> tuple[bool, str]:
        valid, message = super().checkParameterValues(parameters, context)
        if valid:
            from_file = self.parameterAsEnumString(parameters, CONFIG, context) == "file"
            if from_file and not self.parameterAsFile(parameters, CONFIG_FILE, context):
                message = tr("Choose the configuration file.")
            elif parameters.get(ITERATIONS) is not None and parameters.get(EPOCHS) is not None:
                message = tr("Give iterations or epochs, not both.")
            else:
                message = check_destination(self, parameters, OUTPUT, context)
        return not message, message

    def processAlgorithm(self, parameters, context, feedback) -> dict:
        files = [file for file in self.parameterAsFileList(parameters, CTM, context) if file]
        if not files:
            raise QgsProcessingException(tr("Choose at least one NetCDF file."))
        output = self.parameterAsFileOutput(parameters, OUTPUT, context)
        config = self.parameterAsEnumString(parameters, CONFIG, context)
        request = {
            "ctm": files, "out": output, "seed": self.parameterAsInt(parameters, SEED, context),
            "config": self.parameterAsFile(parameters, CONFIG_FILE, context) if config == "file" else config,
            "device": self.parameterAsEnumString(parameters, DEVICE, context),
            "resume": self.parameterAsBoolean(parameters, RESUME, context),
        }
        grid = self.parameterAsString(parameters, GRID, context).strip()
        if grid:
            request["grid"] = grid
        for name in (ITERATIONS, EPOCHS):
            if parameters.get(name) is not None:
                request[name.lower()] = self.parameterAsInt(parameters, name, context)
        result = run_engine("train", request, feedback, [output])
        return {OUTPUT: output, ITERATIONS_DONE: result["iterations"], LOSS: result["loss"], VALIDATION: result["validation"]}
