"""A field against satellite AOD or any other raster."""

from __future__ import annotations

from qgis.core import (
    Qgis,
    QgsProcessingOutputFile,
    QgsProcessingOutputNumber,
    QgsProcessingOutputRasterLayer,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ..engine.client import job_folder
from ..layers.difference import load_difference
from ..polygons import check_polygons, polygons_request
from ..translate import tr
from .base import EngineAlgorithm, run_engine
from .field_parameters import add_fields, check_fields, check_layer, fields_request, layer_source
from .layer_readings import name_layers
from .output_labels import file_label, number_label
from .report_parameters import add_report_parameter, check_report, report_request, report_result

FIELD_UNIT, OTHER, OTHER_VARIABLE, OTHER_UNIT, OTHER_NAME = "FIELD_UNIT", "OTHER", "OTHER_VARIABLE", "OTHER_UNIT", "OTHER_NAME"
MASK, MIN_VALID, OUTPUT, DIFFERENCE = "MASK", "MIN_VALID", "OUTPUT", "DIFFERENCE"
FILES = {"SCORES_JSON": "scores_json", "SCORES_CSV": "scores_csv", "SCATTER_PNG": "scatter_png", "MAPS_PNG": "maps_png"}
NUMBERS = ("n", "r2_pearson", "spearman", "r2_det", "bias", "rmse", "nmb")


class CompareRaster(EngineAlgorithm):
    """``compareraster``: scores, scatter, maps and difference of a field and another raster."""

    NAME = "compareraster"
    TITLE = tr("Compare with a raster")
    GROUP = "after"
    SUMMARY = tr(
        "Compares a field, or the mean of a period, with satellite AOD or any other raster: brings the other raster onto the "
        "field's grid, and writes scores (JSON, CSV), a density scatter with its regression line, both maps side by side with "
        "their difference (PNG), and the difference as a raster. Where the units differ, the standardised fields are compared."
    )
    TAGS = ("compare", "satellite", "aod", "modis", "maiac", "evaluation", "scatter", "difference", "correlation", "spearman")

    def initAlgorithm(self, configuration=None) -> None:
        add_fields(self, tr("Of several fields their mean is compared."))
        self.add(
            QgsProcessingParameterMultipleLayers(OTHER, tr("Compare with"), Qgis.ProcessingSourceType.Raster),
            tr(
                "Raster layer in any CRS and resolution, with its scale, offset and no-data value as the file says; of several, which must "
                "have one grid, their mean is compared."
            ),
        )
        self.add(
            QgsProcessingParameterString(OTHER_NAME, tr("Name of the other raster"), optional=True),
            tr("What the figures call it, such as AOD at 0.55 µm. Empty: its variable or file."),
        )
        self.add(
            QgsProcessingParameterFeatureSource(MASK, tr("Mask"), [Qgis.ProcessingSourceType.VectorPolygon], optional=True),
            tr("Polygons: cells whose centre lies in one are compared. Empty: all cells."),
        )
        self.add(
            QgsProcessingParameterNumber(
                MIN_VALID, tr("Least valid share"), Qgis.ProcessingNumberParameterType.Double, defaultValue=0.5, minValue=0, maxValue=1
            ),
            tr("Share of a cell (0 to 1) in which the other raster must have values."),
        )
        self.add(
            QgsProcessingParameterString(OTHER_VARIABLE, tr("Variable of the other raster"), optional=True),
            tr("Its variable, or number or description of a band. Empty: the only or first one."),
            advanced=True,
        )
        for name, label in ((FIELD_UNIT, tr("Unit of the fields")), (OTHER_UNIT, tr("Unit of the other raster"))):
            self.add(
                QgsProcessingParameterString(name, label, optional=True),
                tr("Such as ug m-3. Empty: as the file says. Where both units are known and can be converted, bias and RMSE are told."),
                advanced=True,
            )
        self.add(
            QgsProcessingParameterFolderDestination(OUTPUT, tr("Comparison folder")),
            tr("Folder to write scores, figures and the difference into; made where it is missing."),
        )
        add_report_parameter(self, tr("the scores, the scatter and the maps"))
        self.addOutput(QgsProcessingOutputRasterLayer(DIFFERENCE, tr("Difference")))
        for name in FILES:
            self.addOutput(QgsProcessingOutputFile(name, file_label(name)))
        for name in NUMBERS:
            self.addOutput(QgsProcessingOutputNumber(name.upper(), number_label(name)))

    def check(self, parameters, context) -> str:
        mask = self.parameterAsSource(parameters, MASK, context)
        layers = self.parameterAsLayerList(parameters, OTHER, context)
        return (
            check_fields(self, parameters, context)
            or ("" if layers else tr("Choose a raster layer to compare with."))
            or next(filter(None, map(check_layer, layers)), "")
            or (check_polygons(mask) if mask is not None else "")
            or check_report(self, parameters, context)
        )

    def compute(self, parameters, context, feedback) -> dict:
        output = self.parameterAsString(parameters, OUTPUT, context)
        sources = [layer_source(layer) for layer in self.parameterAsLayerList(parameters, OTHER, context)]
        with job_folder() as folder:
            request = {
                **fields_request(self, parameters, context),
                "other": [source for source, _ in sources],
                "other_crs": sources[0][1],
                **{
                    name.lower(): self.parameterAsString(parameters, name, context).strip()
                    for name in (FIELD_UNIT, OTHER_VARIABLE, OTHER_UNIT, OTHER_NAME)
                },
                "min_valid": self.parameterAsDouble(parameters, MIN_VALID, context),
                "out": output,
                **report_request(self, parameters, context),
            }
            mask = self.parameterAsSource(parameters, MASK, context)
            if mask is not None:
                request.update(polygons_request(mask, "", folder / "mask.gpkg", "mask", feedback))
                name_layers(self, parameters, context, request, mask=MASK)
            result = run_engine("compareraster", request, feedback, [])
        scores = result["scores"]
        feedback.pushInfo(
            ", ".join(f"{key} {value:.4g}" for key, value in scores.items() if key in NUMBERS and isinstance(value, (int, float)))
        )
        return {
            OUTPUT: output,
            DIFFERENCE: load_difference(result["difference_tif"], result["difference_unit"], context, DIFFERENCE),
            **{name: result[key] for name, key in FILES.items()},
            **report_result(result),
            **{name.upper(): scores.get(name) for name in NUMBERS},
        }
