"""A demonstration CTM: daily fields to train on and to try with."""

from __future__ import annotations

from qgis.core import (
    Qgis,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
)
from qgis.PyQt.QtCore import QDate, QDateTime, QTime

from ..engine.client import job_folder
from ..translate import tr
from .base import ANY_FILE, EngineAlgorithm, check_destination, day_text, run_engine
from .grid_parameters import add_grid_parameters, check_grid, grid_request

START, DAYS, SEED, TERRAIN, GASES, OUTPUT, SECONDS = "START", "DAYS", "SEED", "TERRAIN", "GASES", "OUTPUT", "SECONDS"


class SimulateCTM(EngineAlgorithm):
    """``simulatectm``: advection, diffusion, emission, deposition and humidity growth over terrain."""

    NAME = "simulatectm"
    TITLE = tr("Simulate a chemical transport model")
    GROUP = "training"
    SUMMARY = tr(
        "Writes daily PM2.5, relative humidity, wind speed and, if asked for, nitrogen dioxide and ozone of a small demonstration "
        "model as NetCDF. The fields look like those of a chemical transport model, but describe no real day."
    )
    TAGS = ("simulate", "ctm", "synthetic", "demonstration", "netcdf")

    def initAlgorithm(self, configuration=None) -> None:
        add_grid_parameters(self)
        self.add(
            QgsProcessingParameterDateTime(
                START,
                tr("First day"),
                Qgis.ProcessingDateTimeParameterDataType.Date,
                defaultValue=QDateTime(QDate(2018, 1, 1), QTime(0, 0)),
            ),
            tr("The season shapes wind and humidity."),
        )
        for name, label, default, least, help_text in (
            (DAYS, tr("Days"), 10, 1, tr("Number of days to write.")),
            (SEED, tr("Seed"), 0, 0, tr("The same seed gives the same fields.")),
        ):
            self.add(
                QgsProcessingParameterNumber(name, label, Qgis.ProcessingNumberParameterType.Integer, defaultValue=default, minValue=least),
                help_text,
            )
        self.add(
            QgsProcessingParameterFile(TERRAIN, tr("Terrain"), fileFilter=f"NetCDF (*.nc *.ncf *.nc4);;{ANY_FILE}", optional=True),
            tr("NetCDF file with elevation and urban fraction. Empty: invented terrain."),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterBoolean(GASES, tr("Nitrogen dioxide and ozone too"), defaultValue=False),
            tr("The other fields stay the same."),
            advanced=True,
        )
        self.add(QgsProcessingParameterFileDestination(OUTPUT, tr("Simulated fields"), "NetCDF (*.nc)"), tr("NetCDF file to write."))
        self.addOutput(QgsProcessingOutputNumber(SECONDS, tr("Computing time in seconds")))

    def check(self, parameters, context) -> str:
        return check_grid(self, parameters, context) or check_destination(self, parameters, OUTPUT, context)

    def compute(self, parameters, context, feedback) -> dict:
        output = self.parameterAsFileOutput(parameters, OUTPUT, context)
        with job_folder() as folder:
            request = {
                "grid": grid_request(self, parameters, context, folder),
                "out": output,
                "start": day_text(self, parameters, START, context),
                "days": self.parameterAsInt(parameters, DAYS, context),
                "seed": self.parameterAsInt(parameters, SEED, context),
                "gases": self.parameterAsBoolean(parameters, GASES, context),
            }
            terrain = self.parameterAsFile(parameters, TERRAIN, context)
            if terrain:
                request["terrain"] = terrain
            result = run_engine("simulate", request, feedback, [output])
        return {OUTPUT: output, SECONDS: result["seconds"]}
