"""What people are exposed to, by polygon."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    Qgis,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
    QgsProcessingParameterVectorDestination,
)

from ..engine.client import job_folder
from ..layers.exposure import load_exposure
from ..polygons import check_polygons, polygons_request
from ..styling.ramps import pretty_unit
from ..translate import tr
from .base import EngineAlgorithm, check_destination, is_temporary, run_engine
from .choices import Choice
from .field_parameters import add_fields, check_fields, check_layer, field_files, fields_request, layer_source, numbers, same_field
from .layer_readings import name_layers
from .output_labels import number_label
from .report_parameters import add_report_parameter, check_report, report_request, report_result

POPULATION, POPULATION_VARIABLE, POPULATION_IS, POPULATION_STEP = "POPULATION", "POPULATION_VARIABLE", "POPULATION_IS", "POPULATION_STEP"
POLYGONS, NAME_FIELD, LIMIT, PERCENTILE, CHART, OUTPUT = "POLYGONS", "NAME_FIELD", "LIMIT", "PERCENTILE", "CHART", "OUTPUT"
SUFFIXES = (".gpkg", ".csv", ".parquet")
NUMBERS = {"PEOPLE": "people", "COUNTED": "counted", "OUTSIDE": "outside", "NO_VALUE": "no_value", "MEAN": "mean"}


class Exposure(EngineAlgorithm):
    """``exposure``: population-weighted means and people above limits, of polygons and of the whole."""

    NAME = "exposure"
    TITLE = tr("Exposure of people")
    GROUP = "after"
    SUMMARY = tr(
        "Tells what people are exposed to, from fields and a population raster (GPW, WorldPop, GHS-POP, IOAPI or another): the "
        "population-weighted mean, the people above limits and percentiles, for the polygons of any layer and for the whole, on "
        "each day and in the mean. Every person is counted once, in the cell that they live in."
    )
    TAGS = ("exposure", "population", "health", "population-weighted", "gpw", "worldpop", "ghs-pop", "limit", "provinces", "counties")

    def initAlgorithm(self, configuration=None) -> None:
        add_fields(self, tr("Of several fields each is evaluated, and their mean."))
        self.add(QgsProcessingParameterRasterLayer(POPULATION, tr("Population")), tr("Raster with people, in any CRS and resolution."))
        self.add(
            Choice(POPULATION_IS, tr("The population raster holds"), ("counts", "density"), optional=True),
            tr("People in each pixel, or people per area. Empty: as its unit or attributes say."),
        )
        self.add(
            QgsProcessingParameterString(POPULATION_STEP, tr("Year of the population"), optional=True),
            tr("Year or number of the field, where the raster holds several."),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterString(POPULATION_VARIABLE, tr("Variable of the population"), optional=True),
            tr("Variable or band of the population raster. Empty: the only or first one."),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterFeatureSource(POLYGONS, tr("Polygons"), [Qgis.ProcessingSourceType.VectorPolygon], optional=True),
            tr("Provinces, counties or other areas, in any CRS; they may overlap. Empty: only the whole."),
        )
        self.add(
            QgsProcessingParameterField(NAME_FIELD, tr("Field with their names"), parentLayerParameterName=POLYGONS, optional=True),
            tr("Empty: a field called name, else numbers."),
        )
        self.add(
            QgsProcessingParameterString(LIMIT, tr("Limits"), "35, 75", optional=True),
            tr("Concentrations in the field's unit; people above each are counted. Several with commas."),
        )
        self.add(
            QgsProcessingParameterString(PERCENTILE, tr("Percentiles"), "5, 25, 50, 75, 95", optional=True),
            tr("Percentages of the people: the concentration that so many are exposed to at most. Several with commas."),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterVectorDestination(OUTPUT, tr("Exposure"), Qgis.ProcessingSourceType.VectorPolygon),
            tr(
                "GeoPackage to write, with a row for each polygon and a table of the single fields; a name that ends in .csv or .parquet "
                "gives such a table."
            ),
        )
        self.add(
            QgsProcessingParameterFileDestination(CHART, tr("Chart"), "PNG (*.png)", optional=True),
            tr("Bars of the means and of the shares of people above the limits."),
        )
        add_report_parameter(self, tr("the people above limits, the chart, the most exposed polygons, and the course of the days"))
        for name, key in NUMBERS.items():
            self.addOutput(QgsProcessingOutputNumber(name, tr("{}, the whole").format(number_label(key))))

    def check(self, parameters, context) -> str:
        if not is_temporary(parameters.get(OUTPUT)):
            output = Path(self.parameterAsOutputLayer(parameters, OUTPUT, context))
            if output.suffix.lower() not in SUFFIXES:
                return tr("The name of the exposure must end in {}.").format(", ".join(SUFFIXES))
        for name in (LIMIT, PERCENTILE):
            try:
                numbers(self.parameterAsString(parameters, name, context))
            except ValueError:
                return tr("Write '{}' as numbers, such as 35, 75.").format(self.parameterDefinition(name).description())
        polygons = self.parameterAsSource(parameters, POLYGONS, context)
        population = self.parameterAsRasterLayer(parameters, POPULATION, context)
        return (
            check_fields(self, parameters, context)
            or (check_layer(population) if population is not None else self.invalidRasterError(parameters, POPULATION))
            or self._check_people(population, field_files(self, parameters, context))
            or (check_polygons(polygons) if polygons is not None else "")
            or check_destination(self, parameters, OUTPUT, context)
            or check_destination(self, parameters, CHART, context)
            or check_report(self, parameters, context)
        )

    def compute(self, parameters, context, feedback) -> dict:
        output = self.parameterAsOutputLayer(parameters, OUTPUT, context)
        chart = self.parameterAsFileOutput(parameters, CHART, context)
        population, crs = layer_source(self.parameterAsRasterLayer(parameters, POPULATION, context))
        with job_folder() as folder:
            request = {
                **fields_request(self, parameters, context),
                "population": population,
                "population_crs": crs,
                "population_is": self.parameterAsEnumString(parameters, POPULATION_IS, context),
                "out": output,
                "chart": chart,
                "population_step": self.parameterAsString(parameters, POPULATION_STEP, context).strip(),
                "population_variable": self.parameterAsString(parameters, POPULATION_VARIABLE, context).strip(),
                **{name.lower(): numbers(self.parameterAsString(parameters, name, context)) for name in (LIMIT, PERCENTILE)},
                **report_request(self, parameters, context),
            }
            source = self.parameterAsSource(parameters, POLYGONS, context)
            if source is not None:
                field = self.parameterAsString(parameters, NAME_FIELD, context) or self._name_of(source)
                request.update(polygons_request(source, field, folder / "polygons.gpkg", "polygons", feedback))
                name_layers(self, parameters, context, request, polygons=POLYGONS)
            result = run_engine("exposure", request, feedback, [output, *([chart] if chart else [])])
        whole = result["whole"]
        feedback.pushInfo(
            tr("{counted:.4g} people, population-weighted mean {mean:.4g} {unit}").format(
                counted=whole["counted"], mean=whole["mean"], unit=pretty_unit(result["unit"])
            )
        )
        for limit in result["limits"]:
            name = f"{limit:g}".replace(".", "_").replace("-", "minus")
            feedback.pushInfo(
                tr("above {limit:g}: {people:.4g} people, {share:.1%}").format(
                    limit=limit, people=whole[f"above_{name}"], share=whole[f"share_above_{name}"]
                )
            )
        return {
            OUTPUT: load_exposure(output, result, context),
            **({CHART: chart} if chart else {}),
            **report_result(result),
            **{name: whole[key] for name, key in NUMBERS.items()},
        }

    def _check_people(self, population, fields: list[str]) -> str:
        if any(same_field(layer_source(population)[0], field) for field in fields):
            return tr("The population raster '{}' is one of the fields; choose a raster that holds people.").format(population.name())
        return ""

    def _name_of(self, source) -> str:
        """A field called name, as the engine would take it."""
        return next((field for field in source.fields().names() if field.lower() == "name"), "")
