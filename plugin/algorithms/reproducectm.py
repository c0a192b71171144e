"""How well a model gives CTM days back from what stations in them would have read."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    Qgis,
    QgsProcessingException,
    QgsProcessingOutputFile,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFile,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ..engine.client import job_folder
from ..stations import write_positions
from ..translate import tr
from .base import ANY_FILE, DEVICES, EngineAlgorithm, day_text, run_engine
from .choices import Choice
from .class_parameters import REGIONS, add_class_parameters, check_classes, check_regions, class_request, write_regions
from .layer_readings import check_readings, name_layers
from .output_labels import file_label
from .report_parameters import add_report_parameter, check_report, report_request, report_result
from .station_parameters import STATIONS
from .table_parameters import VARIABLES, add_air, add_variable_table, air_request

CTM, MODEL, GRID, POINTS, START, END = "CTM", "MODEL", "GRID", "POINTS", "START", "END"
COVARIATES, TIME_ZONE, LEAD_DAY, CACHE = "COVARIATES", "TIME_ZONE", "LEAD_DAY", "CACHE"
SEED, DEVICE, OUTPUT, MASK, MAINLAND_CHINA = "SEED", "DEVICE", "OUTPUT", "MASK", "MAINLAND_CHINA"
OTHERS = {"RH_STATIONS": "rh", "WIND_STATIONS": "wind"}
DAYS, DAYS_KIND, STATION_CELLS = "DAYS", "DAYS_KIND", "STATION_CELLS"
SCORES = ("r2_det", "r2_pearson", "rmse", "mae", "nme", "nmb", "ioa")
# The names of these files are the engine's.
FILES = {
    "SCORES_JSON": "scores.json",
    "SCORES_CSV": "scores.csv",
    "CLASSES_CSV": "scores_by_class.csv",
    "DAILY_SCORES_PNG": "daily_scores.png",
    "PERIOD_MEANS_PNG": "period_means.png",
}


class ReproduceCTM(EngineAlgorithm):
    """``reproducectm``: held-out CTM days, from their values at station cells, against the whole fields."""

    NAME = "reproducectm"
    TITLE = tr("Reproduce CTM days")
    GROUP = "evaluate"
    SUMMARY = tr(
        "Shows how well a model works where the truth is known: reads days of a chemical transport model at station "
        "cells only, predicts the whole field from them, and compares it with the day itself over land. Writes scores "
        "per day, by month, season, period and region, and overall (JSON, CSV), and figures of daily scores and of "
        "seasonal or period means (PNG)."
    )
    TAGS = ("evaluation", "validation", "scores", "r2", "rmse", "model", "ctm", "cmaq", "held-out")

    def initAlgorithm(self, configuration=None) -> None:
        self.add(
            QgsProcessingParameterMultipleLayers(CTM, tr("CTM output"), Qgis.ProcessingSourceType.File),
            tr(
                "NetCDF files that are one series: the species that the model predicts and, where there are any, relative "
                "humidity, wind speed and maps of land, elevation and urban fraction."
            ),
        )
        self.add(
            QgsProcessingParameterString(MODEL, tr("Model"), "bundled"),
            tr("'bundled', the name of a bundled model, or the path of a model file (.safetensors)."),
        )
        self.add(
            QgsProcessingParameterFeatureSource(STATIONS, tr("Stations"), [Qgis.ProcessingSourceType.VectorPoint], optional=True),
            tr("Point layer whose positions say which cells are read. Empty: random land cells."),
        )
        self.add(
            QgsProcessingParameterNumber(
                POINTS, tr("Number of random cells"), Qgis.ProcessingNumberParameterType.Integer, optional=True, minValue=1
            ),
            tr("Instead of a station layer. Empty: 800, or a tenth of the land cells where that is less."),
        )
        for name, label in (("RH_STATIONS", tr("Stations of relative humidity")), ("WIND_STATIONS", tr("Stations of wind speed"))):
            self.add(
                QgsProcessingParameterFeatureSource(name, label, [Qgis.ProcessingSourceType.VectorPoint], optional=True),
                tr("Point layer whose positions say where this variable is read. Empty: in the same cells as the species."),
                advanced=True,
            )
        self.add(
            QgsProcessingParameterFeatureSource(MASK, tr("Mask"), [Qgis.ProcessingSourceType.VectorPolygon], optional=True),
            tr("Polygon layer: cells whose centre lies in it are scored. Empty: land."),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterBoolean(MAINLAND_CHINA, tr("Score mainland China only"), False),
            tr("Takes the outline of mainland China that ships with the plugin as the mask, as the paper does."),
            advanced=True,
        )
        for name, label, help_text in (
            (START, tr("First day"), tr("Empty: days that the model was not trained on, as far as its card tells.")),
            (END, tr("Last day"), tr("Empty: as above, or to the end if a first day is given.")),
        ):
            self.add(QgsProcessingParameterDateTime(name, label, Qgis.ProcessingDateTimeParameterDataType.Date, optional=True), help_text)
        self.add(
            QgsProcessingParameterString(GRID, tr("Grid"), optional=True),
            tr(
                "china12km, or the path of a file, or xmin,ymin,xmax,ymax,cell@CRS; the CTM's fields are regridded to it. "
                "Empty: the grid of the CTM."
            ),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterFile(
                COVARIATES, tr("Covariates"), fileFilter=f"{tr('Maps')} (*.nc *.ncf *.nc4 *.tif *.tiff);;{ANY_FILE}", optional=True
            ),
            tr(
                "File with elevation and urban fraction, as Make covariates writes it. Where it has values they overrule "
                "the maps of the CTM, and those overrule the maps that the model carries."
            ),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterString(TIME_ZONE, tr("Time zone"), "UTC"),
            tr("Whose days hourly fields are averaged over, such as Asia/Shanghai."),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber(LEAD_DAY, tr("Lead day"), Qgis.ProcessingNumberParameterType.Integer, optional=True, minValue=0),
            tr("The day of each forecast to take, where the files are forecasts that overlap."),
            advanced=True,
        )
        add_variable_table(self)
        add_air(self)
        self.add(
            QgsProcessingParameterFile(CACHE, tr("Folder for prepared days"), Qgis.ProcessingFileParameterBehavior.Folder, optional=True),
            tr("Daily fields are prepared once and kept there. Empty: 'daily_fields' in the evaluation folder."),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber(SEED, tr("Seed"), Qgis.ProcessingNumberParameterType.Integer, defaultValue=0, minValue=0),
            tr("The same seed gives the same random cells."),
            advanced=True,
        )
        add_class_parameters(self)
        self.add(Choice(DEVICE, tr("Device"), DEVICES), tr("Where the network runs; 'auto' takes a GPU if there is one."), advanced=True)
        self.add(
            QgsProcessingParameterFolderDestination(OUTPUT, tr("Evaluation folder")),
            tr("Folder to write scores and figures into; made where it is missing."),
        )
        add_report_parameter(self, tr("the scores, day by day and overall, and the mean fields beside the CTM's"))
        for score in SCORES:
            self.addOutput(QgsProcessingOutputNumber(score.upper(), tr("{}, mean of daily scores").format(score.upper())))
            self.addOutput(QgsProcessingOutputNumber(f"POOLED_{score.upper()}", tr("{}, all days pooled").format(score.upper())))
        self.addOutput(QgsProcessingOutputNumber(DAYS, tr("Days evaluated")))
        self.addOutput(QgsProcessingOutputString(DAYS_KIND, tr("What the model's card says of the days")))
        self.addOutput(QgsProcessingOutputNumber(STATION_CELLS, tr("Station cells")))
        for name in FILES:
            self.addOutput(QgsProcessingOutputFile(name, file_label(name)))

    def check(self, parameters, context) -> str:
        stations = parameters.get(STATIONS) not in (None, "")
        start, end = (self.parameterAsDateTime(parameters, name, context).date() for name in (START, END))
        if stations and parameters.get(POINTS) is not None:
            return tr("Give a station layer or a number of random cells, not both.")
        if start.isValid() and end.isValid() and end < start:
            return tr("The last day is before the first.")
        if parameters.get(MASK) not in (None, "") and self.parameterAsBoolean(parameters, MAINLAND_CHINA, context):
            return tr("Give a mask, or take mainland China, not both.")
        layers = [name for name in (STATIONS, *OTHERS) if parameters.get(name) not in (None, "")]
        wrong = next(filter(None, (check_readings(self, parameters, context, name, []) for name in layers)), "")
        return (
            wrong
            or check_regions(self, parameters, MASK, context)
            or check_classes(self, parameters, context)
            or check_report(self, parameters, context)
        )

    def compute(self, parameters, context, feedback) -> dict:
        files = [file for file in self.parameterAsFileList(parameters, CTM, context) if file]
        if not files:
            raise QgsProcessingException(tr("Choose at least one NetCDF file."))
        output = self.parameterAsString(parameters, OUTPUT, context)
        with job_folder() as folder:
            request = {"ctm": files, "out": output, "device": self.parameterAsEnumString(parameters, DEVICE, context)}
            for name in (MODEL, GRID, TIME_ZONE):
                request[name.lower()] = self.parameterAsString(parameters, name, context).strip()
            for name in (COVARIATES, VARIABLES, CACHE):
                request[name.lower()] = self.parameterAsFile(parameters, name, context)
            for name in (POINTS, LEAD_DAY, SEED):
                if parameters.get(name) is not None:
                    request[name.lower()] = self.parameterAsInt(parameters, name, context)
            for name in (START, END):
                request[name.lower()] = day_text(self, parameters, name, context)
            request.update(air_request(self, parameters, context))
            source = self.parameterAsSource(parameters, STATIONS, context)
            if source is not None:
                request.update(write_positions(source, folder / "stations.csv", "stations", feedback))
            request.update(
                class_request(self, parameters, context, folder),
                **self._others(parameters, context, folder, feedback),
                **report_request(self, parameters, context),
            )
            request["mask"] = (
                "china"
                if self.parameterAsBoolean(parameters, MAINLAND_CHINA, context)
                else write_regions(self, parameters, MASK, context, folder / "mask.gpkg")
            )
            others = {f"{key}_stations": name for name, key in OTHERS.items()}
            name_layers(self, parameters, context, request, stations=STATIONS, mask=MASK, regions=REGIONS, **others)
            result = run_engine("reproduce", request, feedback, [str(Path(output) / name) for name in FILES.values()])
        daily, pooled = result["mean_of_daily"], result["pooled"]
        for key in SCORES:
            feedback.pushInfo(
                tr("{score}: {daily}, pooled {pooled}").format(
                    score=key, **{name: "-" if s[key] is None else f"{s[key]:.4g}" for name, s in (("daily", daily), ("pooled", pooled))}
                )
            )
        return {
            OUTPUT: output,
            DAYS: result["days"]["count"],
            DAYS_KIND: result["days"]["kind"],
            STATION_CELLS: result["stations"]["cells"],
            **{key.upper(): daily[key] for key in SCORES},
            **{f"POOLED_{key.upper()}": pooled[key] for key in SCORES},
            **{name: str(Path(output) / file) for name, file in FILES.items()},
            **report_result(result),
        }

    def _others(self, parameters, context, folder: Path, feedback) -> dict:
        """The part of the request that names the sites of other variables."""
        request = {}
        for name, key in OTHERS.items():
            source = self.parameterAsSource(parameters, name, context) if parameters.get(name) not in (None, "") else None
            if source is not None:
                written = write_positions(source, folder / f"{key}_stations.csv", "stations", feedback)
                request.update({f"{key}_{word}": value for word, value in written.items()})
        return request
