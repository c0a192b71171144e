"""How well a CTM run meets the readings of stations."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    Qgis,
    QgsProcessingException,
    QgsProcessingOutputFile,
    QgsProcessingOutputNumber,
    QgsProcessingOutputVectorLayer,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ..engine.client import job_folder
from ..layers.residuals import load_residuals
from ..report import write_score_page
from ..styling.ramps import pretty_unit
from ..translate import tr
from .base import EngineAlgorithm, check_destination, day_text, run_engine
from .class_parameters import REGIONS, add_class_parameters, check_classes, class_request
from .day_parameters import add_day_parameters, day_request
from .layer_readings import name_layers
from .output_labels import file_label
from .station_parameters import add_station_parameters, check_stations, station_request

CTM, GRID, START, END, LEAD_DAY, LEVEL = "CTM", "GRID", "START", "END", "LEAD_DAY", "LEVEL"
CACHE, OUTPUT, REPORT, POINTS, DAYS, READINGS = "CACHE", "OUTPUT", "REPORT", "POINTS", "DAYS", "READINGS"
# Outputs by the engine's result keys.
FILES = {
    "SCORES_JSON": "scores",
    "SCORES_CSV": "daily_scores",
    "CLASSES_CSV": "by_class",
    "PAIRS_CSV": "predictions",
    "MAP_PNG": "map",
    "SCATTER_PNG": "figure",
    "CLASSES_PNG": "by_class_figure",
    "DAILY_SCORES_PNG": "daily_figure",
}
SCORES = ("r2_det", "r2_pearson", "rmse", "mae", "nme", "nmb", "ioa", "mfb", "mfe")


class EvaluateCTM(EngineAlgorithm):
    """``evaluatectm``: a CTM run against station readings, daily and overall."""

    NAME = "evaluatectm"
    TITLE = tr("Evaluate a CTM with stations")
    GROUP = "evaluate"
    SUMMARY = tr(
        "Compares a run of a chemical transport model with the readings of stations, as daily means at the surface. Writes "
        "scores per day, by month, season, period, region and group, and overall (JSON, CSV), the pairs (CSV), points with "
        "their differences, and a map, a scatter picture and daily scores (PNG)."
    )
    TAGS = ("evaluation", "ctm", "cmaq", "wrf-chem", "cams", "scores", "bias", "rmse", "stations")

    def initAlgorithm(self, configuration=None) -> None:
        self.add(
            QgsProcessingParameterMultipleLayers(CTM, tr("CTM output"), Qgis.ProcessingSourceType.File),
            tr("NetCDF files that are one series, daily or hourly; hours are averaged over the days of the time zone below."),
        )
        add_station_parameters(self, one_day=False, group_advanced=False, species=True)
        for name, label, help_text in (
            (START, tr("First day"), tr("Empty: from the first day of the readings.")),
            (END, tr("Last day"), tr("Empty: to the last day of the readings.")),
        ):
            self.add(QgsProcessingParameterDateTime(name, label, Qgis.ProcessingDateTimeParameterDataType.Date, optional=True), help_text)
        add_day_parameters(self, zone_advanced=False)
        add_class_parameters(self)
        self.add(
            QgsProcessingParameterString(GRID, tr("Grid"), optional=True),
            tr(
                "china12km, or the path of a file, or xmin,ymin,xmax,ymax,cell@CRS; the CTM's fields are regridded to it. "
                "Empty: the grid of the CTM."
            ),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber(LEAD_DAY, tr("Lead day"), Qgis.ProcessingNumberParameterType.Integer, optional=True, minValue=0),
            tr("The day of each forecast to take, where the files are forecasts that overlap."),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterString(LEVEL, tr("Level"), optional=True),
            tr("'first', 'last', or a value of the level axis. Empty: the surface."),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterFile(CACHE, tr("Folder for prepared days"), Qgis.ProcessingFileParameterBehavior.Folder, optional=True),
            tr("Daily fields are prepared once and kept there. Empty: 'daily_fields' in the evaluation folder."),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterFolderDestination(OUTPUT, tr("Evaluation folder")),
            tr("Folder to write scores, pairs, points and pictures into; made where it is missing."),
        )
        self.add(
            QgsProcessingParameterFileDestination(REPORT, tr("Scores"), "HTML (*.html)", optional=True),
            tr("Page with the scores, the map and the scatter picture; it needs no other file."),
        )
        self.addOutput(QgsProcessingOutputVectorLayer(POINTS, tr("Differences at the stations")))
        for name in FILES:
            self.addOutput(QgsProcessingOutputFile(name, file_label(name)))
        for name, label in ((DAYS, tr("Days")), (READINGS, tr("Readings"))):
            self.addOutput(QgsProcessingOutputNumber(name, label))
        for name in SCORES:
            self.addOutput(QgsProcessingOutputNumber(name.upper(), tr("{}, all days pooled").format(name.upper())))

    def check(self, parameters, context) -> str:
        start, end = (self.parameterAsDateTime(parameters, name, context).date() for name in (START, END))
        if start.isValid() and end.isValid() and end < start:
            return tr("The last day is before the first.")
        return (
            check_stations(self, parameters, context)
            or check_classes(self, parameters, context)
            or check_destination(self, parameters, REPORT, context)
        )

    def compute(self, parameters, context, feedback) -> dict:
        files = [file for file in self.parameterAsFileList(parameters, CTM, context) if file]
        if not files:
            raise QgsProcessingException(tr("Choose at least one NetCDF file."))
        output, report = self.parameterAsString(parameters, OUTPUT, context), self.parameterAsFileOutput(parameters, REPORT, context)
        with job_folder() as folder:
            request = station_request(self, parameters, context, folder, feedback) | {"ctm": files, "out": output}
            request.update(day_request(self, parameters, context), **class_request(self, parameters, context, folder))
            request.update({name.lower(): self.parameterAsString(parameters, name, context).strip() for name in (GRID, LEVEL)})
            request["cache"] = self.parameterAsFile(parameters, CACHE, context)
            request.update({name.lower(): day_text(self, parameters, name, context) for name in (START, END)})
            if parameters.get(LEAD_DAY) is not None:
                request["lead_day"] = self.parameterAsInt(parameters, LEAD_DAY, context)
            name_layers(self, parameters, context, request, regions=REGIONS)
            result = run_engine("evaluate-ctm", request, feedback, [])
        pooled = result["pooled"]
        feedback.pushInfo(", ".join(f"{key} {pooled[key]:.4g}" for key in SCORES if pooled[key] is not None))
        points = load_residuals(result["points"], context, POINTS, tr("CTM − stations (µg m⁻³)"))
        outputs = {OUTPUT: output, POINTS: points, DAYS: result["days"]["count"], READINGS: pooled["n"]}
        outputs.update({name: result[key] for name, key in FILES.items()}, **{key.upper(): pooled[key] for key in SCORES})
        if report:
            heading = tr("{stations} stations, {days} day(s). Errors in {unit}.").format(
                stations=result["stations"], days=result["days"]["count"], unit=pretty_unit(result["unit"])
            )
            shown = {tr("all days pooled"): pooled, tr("mean of daily scores"): result["mean_of_daily"]}
            write_score_page(report, self.TITLE, heading, shown, Path(result["map"]), Path(result["figure"]))
            outputs[REPORT] = report
        return outputs
