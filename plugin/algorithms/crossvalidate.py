"""How well a model does at stations that it was not given."""

from __future__ import annotations

from qgis.core import (
    Qgis,
    QgsProcessingOutputFile,
    QgsProcessingOutputNumber,
    QgsProcessingOutputVectorLayer,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ..engine.client import job_folder
from ..layers.residuals import load_residuals
from ..translate import tr
from .background_parameters import BACKGROUND, add_background_parameters, background_request
from .base import run_engine
from .choices import Choice, chosen_words
from .class_parameters import REGIONS, add_class_parameters, check_classes, class_request
from .day_parameters import add_day_parameters, day_request
from .grid_parameters import add_grid_parameters, check_grid, grid_request
from .layer_readings import name_layers
from .model_parameters import ANALYSES, ANALYSIS, add_model_parameters, model_request
from .output_labels import file_label
from .report_parameters import add_report_parameter, check_report, report_request, report_result
from .station_parameters import GROUP, StationAlgorithm, add_station_parameters, check_stations, station_request
from .weather_parameters import add_weather_fields, add_weather_layers, check_weather, weather_fields, weather_request

SCHEME, FOLDS, SEED, BLOCK_KM = "SCHEME", "FOLDS", "SEED", "BLOCK_KM"
BASELINES, CTM = "BASELINES", "CTM"
OUTPUT, POINTS = "OUTPUT", "POINTS"
GIVEN, DRAWS = "GIVEN", "DRAWS"
SCHEMES = ("stations", "groups", "cells", "blocks", "thin")
INTERPOLATORS = (
    f"idw: {tr('inverse distance')}",
    f"ok: {tr('ordinary kriging')}",
    f"oklog: {tr('ordinary kriging of logs')}",
    f"vna: {tr('Voronoi neighbours')}",
    f"avna: {tr('Voronoi neighbours with their difference to the CTM')}",
    f"evna: {tr('Voronoi neighbours with their ratio to the CTM')}",
    f"ked: {tr('kriging with maps as external drift')}",
    f"kedlog: {tr('kriging of logs with maps as external drift')}",
    f"ctm: {tr('the CTM itself')}",
    f"rk: {tr('kriging with the CTM as drift')}",
    f"rklog: {tr('kriging of logs with the CTM as drift')}",
)
_USUAL_WORDS = ("idw", "ok", "oklog", "ked", "kedlog")
USUAL = [method for method in INTERPOLATORS if method.partition(":")[0] in _USUAL_WORDS]
NEED_CTM = {"ctm", "avna", "evna", "rk", "rklog"}
# Outputs by the engine's result keys.
FILES = {
    "SCORES_JSON": "scores",
    "PREDICTIONS_CSV": "predictions",
    "SCATTER_PNG": "figure",
    "CLASSES_CSV": "by_class",
    "CLASSES_PNG": "by_class_figure",
}
NUMBERS = ("r2_det", "r2_pearson", "rmse", "mae", "nme", "nmb", "crps")


class CrossValidate(StationAlgorithm):
    """``crossvalidate``: each station predicted from those of the other folds, beside the usual interpolators."""

    NAME = "crossvalidate"
    TITLE = tr("Cross-validate with stations")
    GROUP = "evaluate"
    SUMMARY = tr(
        "Shows how well a model predicts where it has no station: leaves out stations, cities, cells or blocks fold by fold, "
        "predicts them from the others, and compares with kriging and inverse distance on the same folds. Writes scores "
        "(JSON), also by distance to the nearest station, urban fraction, elevation, concentration, month and region (CSV, PNG), "
        "predictions (CSV), points with their residuals, and a scatter picture."
    )
    TAGS = ("cross-validation", "validation", "leave-one-out", "kriging", "idw", "scores", "residuals", "rmse", "crps")

    def initAlgorithm(self, configuration=None) -> None:
        add_station_parameters(self, one_day=False, group_advanced=False)
        self.add(
            Choice(SCHEME, tr("What is left out together"), SCHEMES),
            tr(
                "'stations' chosen at random; 'groups' by the field above, such as whole cities; 'cells': all stations of a grid "
                "cell; or spatial 'blocks'. The farther the nearest station that is left, the harder. 'thin' turns it round: a few "
                "groups (stations where there is no such field) are given, and all others are asked for."
            ),
        )
        self.add(
            QgsProcessingParameterNumber(FOLDS, tr("Folds"), Qgis.ProcessingNumberParameterType.Integer, defaultValue=10, minValue=2),
            tr("Into how many parts the stations are divided; each is left out once."),
        )
        self.add(
            Choice(BASELINES, tr("Compare with"), INTERPOLATORS, USUAL, multiple=True, optional=True),
            tr(
                "Interpolators on the same folds: inverse distance (idw), kriging of values (ok) and of logs (oklog), both with the model's "
                "maps as external drift (ked, kedlog), Voronoi neighbours (vna). With CTM output of the days also the CTM itself (ctm), the "
                "neighbours' difference (avna) or ratio (evna) to it, and kriging of values or logs with it as drift (rk, rklog)."
            ),
        )
        self.add(
            QgsProcessingParameterMultipleLayers(CTM, tr("CTM output"), Qgis.ProcessingSourceType.File, optional=True),
            tr(
                "NetCDF files with the CTM's field of the same days, for the methods that need it. Empty: the background, where there is one."
            ),
            advanced=True,
        )
        add_background_parameters(self)
        add_weather_fields(self)
        add_grid_parameters(self, auto=True)
        self.add(
            QgsProcessingParameterNumber(SEED, tr("Seed"), Qgis.ProcessingNumberParameterType.Integer, defaultValue=0, minValue=0),
            tr("The same seed gives the same folds."),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber(
                BLOCK_KM, tr("Side of a block in km"), Qgis.ProcessingNumberParameterType.Double, defaultValue=200, minValue=1
            ),
            tr("For the scheme 'blocks'."),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterString(GIVEN, tr("Groups of a thinned network"), "15 40 100"),
            tr("For the scheme 'thin': how many groups are given, one number or several."),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber(
                DRAWS, tr("Draws of a thinned network"), Qgis.ProcessingNumberParameterType.Integer, defaultValue=5, minValue=1
            ),
            tr("For the scheme 'thin': how often each network is drawn."),
            advanced=True,
        )
        self.add(
            Choice(ANALYSIS, tr("Analysis step"), ANALYSES),
            tr("Whether what remains at the stations that are not left out is spread; 'auto': where they support it."),
            advanced=True,
        )
        add_class_parameters(self)
        add_day_parameters(self)
        add_weather_layers(self)
        add_model_parameters(self, memory=False)
        self.add(
            QgsProcessingParameterFolderDestination(OUTPUT, tr("Validation folder")),
            tr("Folder to write scores, predictions, points and picture into; made where it is missing."),
        )
        add_report_parameter(self, tr("the scores of all methods, residuals on a map, and errors by distance to the next station"))
        self.addOutput(QgsProcessingOutputVectorLayer(POINTS, tr("Residuals at the stations")))
        for name in FILES:
            self.addOutput(QgsProcessingOutputFile(name, file_label(name)))
        for name in NUMBERS:
            self.addOutput(QgsProcessingOutputNumber(name.upper(), tr("{} of the model, all days pooled").format(name.upper())))

    def check(self, parameters, context) -> str:
        return (
            check_stations(self, parameters, context)
            or self._check_scheme(parameters, context)
            or check_weather(self, parameters, context)
            or check_grid(self, parameters, context)
            or check_classes(self, parameters, context)
            or check_report(self, parameters, context)
        )

    def compute(self, parameters, context, feedback) -> dict:
        output = self.parameterAsString(parameters, OUTPUT, context)
        with job_folder() as folder:
            fields = weather_fields(self, parameters, context)
            request = station_request(self, parameters, context, folder, feedback, fields)
            request.update(
                weather_request(self, parameters, context, folder, request),
                **model_request(self, parameters, context),
                **background_request(self, parameters, context),
                grid=grid_request(self, parameters, context, folder),
                out=output,
                scheme=self._scheme(parameters, context),
                baselines=self._baselines(parameters, context),
                ctm=[file for file in self.parameterAsFileList(parameters, CTM, context) if file],
                folds=self.parameterAsInt(parameters, FOLDS, context),
                seed=self.parameterAsInt(parameters, SEED, context),
                block_km=self.parameterAsDouble(parameters, BLOCK_KM, context),
                given=self._given(parameters, context),
                draws=self.parameterAsInt(parameters, DRAWS, context),
                **day_request(self, parameters, context),
                **class_request(self, parameters, context, folder),
                **report_request(self, parameters, context),
            )
            name_layers(self, parameters, context, request, regions=REGIONS)
            result = run_engine("crossvalidate", request, feedback, [])
        for method, scores in result["summary"].items():
            feedback.pushInfo(
                f"{method:>8}  " + ", ".join(f"{key} {value:.4g}" for key, value in scores.items() if isinstance(value, (int, float)))
            )
        outputs = {OUTPUT: output, POINTS: load_residuals(result["points"], context, POINTS)}
        outputs.update({name: result[key] for name, key in FILES.items()})
        outputs.update({name.upper(): result["summary"]["model"].get(name) for name in NUMBERS})
        return {**outputs, **report_result(result)}

    def _scheme(self, parameters, context) -> str:
        return self.parameterAsEnumString(parameters, SCHEME, context)

    def _baselines(self, parameters, context) -> list[str]:
        return chosen_words(self, parameters, BASELINES, context)

    def _given(self, parameters, context) -> list[str]:
        return self.parameterAsString(parameters, GIVEN, context).replace(",", " ").split()

    def _check_scheme(self, parameters, context) -> str:
        if self._scheme(parameters, context) == "groups" and not self.parameterAsString(parameters, GROUP, context):
            return tr("Choose the field with the city or another group, whose stations are left out together.")
        if not all(number.isdigit() and int(number) for number in self._given(parameters, context)):
            return tr("Groups of a thinned network: write whole numbers, such as 15 40 100.")
        if NEED_CTM & set(self._baselines(parameters, context)) and not any(
            file for name in (CTM, BACKGROUND) for file in self.parameterAsFileList(parameters, name, context)
        ):
            return tr(
                "The methods ctm, avna, evna, rk and rklog need CTM output of the same days; choose it or a background, or leave them out."
            )
        return ""
