"""Station readings of a day to a complete field."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    Qgis,
    QgsProcessingFeedback,
    QgsProcessingOutputBoolean,
    QgsProcessingOutputString,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterVectorDestination,
)

from ..engine.client import job_folder
from ..layers.description import describe
from ..layers.dress import layer_title, load_dressed
from ..layers.hatching import areas_of, hatched_layer, load_hatching, write_uncertain_areas
from ..layers.points import load_readings
from ..map_picture import draw_map, read_readings
from ..styling.ramps import pretty_unit, ramp_for
from ..translate import tr
from .background_parameters import add_background_parameters, background_request
from .base import check_destination, check_not_shown, run_engine
from .day_parameters import add_day_parameters, day_request
from .grid_parameters import AUTO, add_grid_parameters, check_grid, grid_request
from .model_parameters import UNCERTAINTY, add_analysis_parameter, add_model_parameters, add_uncertainty_parameter, model_request
from .reading_outputs import add_reading_outputs, reading_results
from .repeat_parameters import FULL_PATHS, IDENTICAL, add_repeat_parameters, check_repeat, repeat_day_help, repeat_request, repeated_file
from .report_parameters import add_report_parameter, check_report, report_request, report_result
from .station_parameters import DATE, StationAlgorithm, add_station_parameters, check_stations, chosen_day, station_request
from .style_parameters import HATCH, add_hatch_parameter, add_style_parameter, style_of, tell_style
from .weather_parameters import add_weather_fields, add_weather_layers, check_weather, weather_fields, weather_request

OUTPUT, READINGS, MAP = "OUTPUT", "READINGS", "MAP"


class Reanalyse(StationAlgorithm):
    """``reanalyse``: the field that a trained network makes of a day's readings."""

    NAME = "reanalyse"
    TITLE = tr("Reanalyse station readings")
    GROUP = "reanalysis"
    SUMMARY = tr(
        "Turns the readings of one day (of PM2.5, or of the model's species) into a complete field on a model "
        "grid. A network that has learnt from a chemical transport model how such fields look fills the space between the stations."
    )
    TAGS = ("pm2.5", "reanalysis", "air quality", "interpolation", "stations", "ctm", "cmaq", "deep learning")

    def initAlgorithm(self, configuration=None) -> None:
        add_station_parameters(self)
        add_weather_fields(self)
        add_grid_parameters(self, auto=True)
        add_uncertainty_parameter(self)
        add_style_parameter(self)
        add_hatch_parameter(self)
        add_day_parameters(self)
        add_weather_layers(self)
        add_background_parameters(self)
        add_analysis_parameter(self)
        add_model_parameters(self)
        add_repeat_parameters(self, repeat_day_help())
        self.add(
            QgsProcessingParameterRasterDestination(OUTPUT, tr("Reanalysis")), tr("GeoTIFF to write; a name that ends in .nc gives NetCDF.")
        )
        self.add(
            QgsProcessingParameterVectorDestination(READINGS, tr("Readings used"), Qgis.ProcessingSourceType.VectorPoint, optional=True),
            tr(
                "GeoPackage with the stations, in the colours of the field, with their reading, the field there, and the difference of the two."
            ),
        )
        self.add(
            QgsProcessingParameterFileDestination(MAP, tr("Map picture"), "PNG (*.png)", optional=True, createByDefault=False),
            tr("Picture of the field with the stations on top and a legend."),
        )
        add_report_parameter(self, tr("the field as a map, its numbers, the readings used and dropped, and how it was made"))
        add_reading_outputs(self)
        self.addOutput(QgsProcessingOutputString(DATE, tr("Day")))
        self.addOutput(QgsProcessingOutputBoolean(IDENTICAL, tr("The repeated reanalysis is the same to the last bit")))

    def completed(self, parameters, context):
        """What is repeated says itself which fields were used."""
        return (parameters, []) if repeated_file(self, parameters, context) else super().completed(parameters, context)

    def check(self, parameters, context) -> str:
        if file := repeated_file(self, parameters, context):
            return check_repeat(file) or check_destination(self, parameters, OUTPUT, context)
        return (
            check_stations(self, parameters, context)
            or check_weather(self, parameters, context)
            or check_grid(self, parameters, context)
            or check_destination(self, parameters, OUTPUT, context)
            or check_destination(self, parameters, READINGS, context)
            or check_destination(self, parameters, MAP, context)
            or check_report(self, parameters, context)
            or self._check_hatch(parameters, context)
        )

    def compute(self, parameters, context, feedback) -> dict:
        output = self.parameterAsOutputLayer(parameters, OUTPUT, context)
        readings = self.parameterAsOutputLayer(parameters, READINGS, context)
        picture, look = self.parameterAsFileOutput(parameters, MAP, context), style_of(self, parameters, context)
        with job_folder() as folder:
            if file := repeated_file(self, parameters, context):
                request = repeat_request(self, parameters, context, folder, feedback, file)
                return self._repeat({**request, "out": output}, context, feedback)
            fields = weather_fields(self, parameters, context)
            near = chosen_day(self, parameters, context)
            request = station_request(self, parameters, context, folder, feedback, fields, near)
            request.update(
                weather_request(self, parameters, context, folder, request, near),
                **day_request(self, parameters, context),
                **model_request(self, parameters, context),
                **background_request(self, parameters, context),
                full_paths=self.parameterAsBoolean(parameters, FULL_PATHS, context),
                grid=grid_request(self, parameters, context, folder),
                out=output,
                readings=readings,
                style=look,
                **report_request(self, parameters, context),
            )
            result = run_engine("reanalyse", request, feedback, [file for file in (output, readings) if file])
            outputs = {
                OUTPUT: load_dressed(output, context, look=look),
                DATE: result["date"] or "",
                **reading_results(result, feedback),
                **report_result(result),
            }
            if readings:
                days = {"days": {"first": result["date"], "last": result["date"]}}
                outputs[READINGS] = load_readings(readings, {**result, **days}, context, look)
            areas = None
            if self.parameterAsBoolean(parameters, HATCH, context):
                areas = write_uncertain_areas(output, areas_of(output))
                load_hatching(areas, context, describe(output).days)
            if picture:
                outputs[MAP] = self._draw(request, outputs[OUTPUT], result, picture, folder, feedback, look, areas)
        field = describe(outputs[OUTPUT])
        tell_style(look, field.variable, field.days[0] if field.days else None, feedback)
        return outputs

    def _check_hatch(self, parameters, context) -> str:
        hatched = self.parameterAsBoolean(parameters, HATCH, context)
        if hatched and self.parameterAsEnumString(parameters, UNCERTAINTY, context) != "sd":
            return tr("Hatching needs the standard deviation; choose 'sd' under '{}'.").format(
                self.parameterDefinition(UNCERTAINTY).description()
            )
        return check_not_shown(areas_of(self.parameterAsFileOutput(parameters, OUTPUT, context))) if hatched else ""

    @staticmethod
    def _repeat(request: dict, context, feedback) -> dict:
        result = run_engine("reanalyse", request, feedback, [request["out"]])
        return {
            OUTPUT: load_dressed(request["out"], context),
            DATE: result["date"] or "",
            IDENTICAL: result["repeated"]["identical"],
            **reading_results(result, feedback),
        }

    @staticmethod
    def _draw(request: dict, field: str, result: dict, picture: str, folder: Path, feedback, look: str, areas: Path | None) -> str:
        """The picture shows the readings as the network got them: the means of their cells."""
        feedback.setProgressText(tr("Drawing the map"))
        readings = str(folder / "readings.tif")
        quiet = QgsProcessingFeedback(False)
        feedback.canceled.connect(quiet.cancel)
        grid = result["grid"]
        extent = ",".join(map(repr, (*grid["bounds"], grid["cell_size"][0]))) + "@" + grid["wkt"]
        request = {**request, "species": result["species"], "date": result["date"] or request["date"], "out": readings}
        if request["grid"] == AUTO:  # not chosen once more
            request["grid"] = extent
        run_engine("grid-stations", request, quiet, [readings])
        statistics, unit = result["statistics"], pretty_unit(result["unit"])
        note = tr("{used} readings in {cells} of {rows} × {columns} cells; {min:.0f} to {max:.0f} {unit}, mean {mean:.1f}")
        described = describe(field)
        ramp, _ = ramp_for(described.variable, look, described.days[0] if described.days else None)
        draw_map(
            field,
            result["species"],
            read_readings(readings),
            layer_title(described),
            note.format(
                used=result["readings"]["used"],
                cells=result["readings"]["cells"],
                rows=grid["rows"],
                columns=grid["columns"],
                unit=unit,
                **statistics,
            ),
            picture,
            result["unit"],
            ramp,
            hatched_layer(areas) if areas else None,
        )
        return picture
