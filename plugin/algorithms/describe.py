"""What a user's data and a model look like: networks, correlations, kernels and the wind."""

from __future__ import annotations

from qgis.core import (
    Qgis,
    QgsProcessingOutputFile,
    QgsProcessingOutputNumber,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterFile,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ..engine.client import job_folder
from ..translate import tr
from .base import ANY_FILE, EngineAlgorithm, day_text, run_engine
from .day_parameters import add_day_parameters, day_request
from .model_parameters import MODEL
from .output_labels import file_label
from .station_parameters import STATIONS, add_station_parameters, check_stations, station_request
from .weather_parameters import add_weather_fields, add_weather_layers, check_weather, weather_fields, weather_request

CTM, GRID, START, END, COVARIATES, PAIR_KM = "CTM", "GRID", "START", "END", "COVARIATES", "PAIR_KM"
LEAD_DAY, VARIABLES, CACHE, OUTPUT, STATION_COUNT = "LEAD_DAY", "VARIABLES", "CACHE", "OUTPUT", "STATION_COUNT"
# Outputs by the engine's result keys; a picture that can't be made of what is given has none.
FILES = {
    "NETWORKS_PNG": "networks_png",
    "CORRELATIONS_PNG": "correlations_png",
    "CORRELATIONS_CSV": "correlations_csv",
    "KERNELS_PNG": "kernels_png",
    "ANISOTROPY_PNG": "anisotropy_png",
    "STRUCTURE_PNG": "structure_png",
    "REPORT": "report",
}


class Describe(EngineAlgorithm):
    """``describe``: the paper's descriptive figures from a user's own data, with their numbers."""

    NAME = "describe"
    TITLE = tr("Describe networks, variables and kernels")
    GROUP = "evaluate"
    SUMMARY = tr(
        "Draws what there is to work with, as pictures (PNG) with their numbers (JSON, CSV): the networks of stations over "
        "elevation; how the variables go together, from station readings and from days of a chemical transport model; and a "
        "model's network and kernels, their size, shape and direction beside the wind."
    )
    TAGS = ("description", "network", "correlation", "kernels", "anisotropy", "wind rose", "figures", "paper")

    def initAlgorithm(self, configuration=None) -> None:
        add_station_parameters(self, one_day=False, required=False, groups=False)
        add_weather_fields(self)
        self.add(
            QgsProcessingParameterMultipleLayers(CTM, tr("CTM output"), Qgis.ProcessingSourceType.File, optional=True),
            tr("NetCDF files that are one series, for the correlations; and for the wind, where they have its components or direction."),
        )
        self.add(
            QgsProcessingParameterString(MODEL, tr("Model"), "bundled"),
            tr("'bundled', the name of a bundled model, or the path of a model file (.safetensors)."),
        )
        for name, label, help_text in (
            (START, tr("First day"), tr("Of readings and CTM. Empty: all days.")),
            (END, tr("Last day"), tr("Empty: all days.")),
        ):
            self.add(QgsProcessingParameterDateTime(name, label, Qgis.ProcessingDateTimeParameterDataType.Date, optional=True), help_text)
        self.add(
            QgsProcessingParameterString(GRID, tr("Grid"), optional=True),
            tr(
                "china12km, conus12km, or the path of a file, or xmin,ymin,xmax,ymax,cell@CRS: the grid of the networks, onto which the "
                "CTM's fields are brought too. Empty: the model's grid for the networks, and the CTM's own for its fields."
            ),
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
            QgsProcessingParameterNumber(
                PAIR_KM, tr("Distance of paired stations in km"), Qgis.ProcessingNumberParameterType.Double, defaultValue=50, minValue=0
            ),
            tr("Up to which a station of another variable stands for the place of a reading, in the correlations."),
            advanced=True,
        )
        add_day_parameters(self)
        add_weather_layers(self)
        self.add(
            QgsProcessingParameterNumber(LEAD_DAY, tr("Lead day"), Qgis.ProcessingNumberParameterType.Integer, optional=True, minValue=0),
            tr("The day of each forecast to take, where the files are forecasts that overlap."),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterFile(VARIABLES, tr("Table of variables"), fileFilter="TOML (*.toml)", optional=True),
            tr("File that extends or overrides the variables that are known in CTM files."),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterFile(CACHE, tr("Folder for prepared days"), Qgis.ProcessingFileParameterBehavior.Folder, optional=True),
            tr("Daily fields are prepared once and kept there. Empty: 'daily_fields' in the folder of the pictures."),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterFolderDestination(OUTPUT, tr("Folder of the pictures")),
            tr("Folder to write pictures and tables into; made where it is missing."),
        )
        for name in FILES:
            self.addOutput(QgsProcessingOutputFile(name, file_label(name)))
        self.addOutput(QgsProcessingOutputNumber(STATION_COUNT, tr("Stations of the main variable on the grid")))

    def check(self, parameters, context) -> str:
        start, end = (self.parameterAsDateTime(parameters, name, context).date() for name in (START, END))
        if start.isValid() and end.isValid() and end < start:
            return tr("The last day is before the first.")
        if parameters.get(STATIONS) in (None, ""):
            return ""
        return check_stations(self, parameters, context) or check_weather(self, parameters, context)

    def compute(self, parameters, context, feedback) -> dict:
        output = self.parameterAsString(parameters, OUTPUT, context)
        with job_folder() as folder:
            request = {}
            if self.parameterAsSource(parameters, STATIONS, context) is not None:
                fields = weather_fields(self, parameters, context)
                request = station_request(self, parameters, context, folder, feedback, fields)
                request.update(weather_request(self, parameters, context, folder, request))
            request.update(
                day_request(self, parameters, context),
                out=output,
                ctm=[file for file in self.parameterAsFileList(parameters, CTM, context) if file],
                model=self.parameterAsString(parameters, MODEL, context).strip() or "bundled",
                grid=self.parameterAsString(parameters, GRID, context).strip(),
                pair_km=self.parameterAsDouble(parameters, PAIR_KM, context),
                **{name.lower(): self.parameterAsFile(parameters, name, context) for name in (COVARIATES, VARIABLES, CACHE)},
                **{name.lower(): day_text(self, parameters, name, context) for name in (START, END)},
            )
            if parameters.get(LEAD_DAY) is not None:
                request["lead_day"] = self.parameterAsInt(parameters, LEAD_DAY, context)
            result = run_engine("describe", request, feedback, [])
        for row in result.get("correlations", []):
            feedback.pushInfo(
                "{:>8} {:>12} {:>6}: ".format(*(tr(row[name]) for name in ("source", "variable", "over")))
                + ", ".join(f"{name} {row[name]:.2f}" for name in ("pearson", "spearman") if row.get(name) is not None)
            )
        networks = result.get("networks", {})
        return {
            OUTPUT: output,
            **{name: result[key] for name, key in FILES.items() if key in result},
            STATION_COUNT: next(iter(networks.values()))["stations"] if networks else None,
        }
