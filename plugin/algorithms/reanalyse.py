"""Station readings of a day to a complete field."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    QgsProcessingFeedback, QgsProcessingOutputString, QgsProcessingParameterFileDestination,
    QgsProcessingParameterRasterDestination,
)

from ..engine.client import job_folder
from ..layers.description import describe
from ..layers.dress import layer_title, load_dressed
from ..map_picture import draw_map, read_readings
from ..styling.ramps import pretty_unit
from ..translate import tr
from .base import check_destination, run_engine
from .day_parameters import add_day_parameters, day_request
from .grid_parameters import add_grid_parameters, check_grid, grid_request
from .model_parameters import add_analysis_parameter, add_model_parameters, add_uncertainty_parameter, model_request
from .reading_outputs import add_reading_outputs, reading_results
from .station_parameters import DATE, StationAlgorithm, add_station_parameters, check_stations, chosen_day, station_request
from .weather_parameters import add_weather_fields, add_weather_layers, check_weather, weather_fields, weather_request

OUTPUT, MAP = "OUTPUT", "MAP"


class Reanalyse(StationAlgorithm):
    """``reanalyse``: the field that a trained network makes of a day's readings."""

    NAME = "reanalyse"
    TITLE = tr("Reanalyse station readings")
    GROUP = "reanalysis"
    SUMMARY = tr("Turns the PM2.5 readings of one day into a complete field on a model grid. A network that has learnt "
                 "from a chemical transport model how such fields look fills the space between the stations.")
    TAGS = ("pm2.5", "reanalysis", "air quality", "interpolation", "stations", "ctm", "cmaq", "deep learning")

    def initAlgorithm(self, configuration=None) -> None:
        add_station_parameters(self)
        add_weather_fields(self)
        add_grid_parameters(self, auto=True)
        add_uncertainty_parameter(self)
        add_day_parameters(self)
        add_weather_layers(self)
        add_analysis_parameter(self)
        add_model_parameters(self)
        self.add(QgsProcessingParameterRasterDestination(OUTPUT, tr("Reanalysis")),
            tr("GeoTIFF to write; a name that ends in .nc gives NetCDF."))
        self.add(QgsProcessingParameterFileDestination(
            MAP, tr("Map picture"), "PNG (*.png)", optional=True, createByDefault=False),
            tr("Picture of the field with the stations on top and a legend."))
        add_reading_outputs(self)
        self.addOutput(QgsProcessingOutputString(DATE, tr("Day")))

    def check(self, parameters, context) -> str:
        return (
            check_stations(self, parameters, context)
            or check_weather(self, parameters, context) or check_grid(self, parameters, context)
            or check_destination(self, parameters, OUTPUT, context)
            or check_destination(self, parameters, MAP, context))

    def compute(self, parameters, context, feedback) -> dict:
        output = self.parameterAsOutputLayer(parameters, OUTPUT, context)
        picture = self.parameterAsFileOutput(parameters, MAP, context)
        with job_folder() as folder:
            fields = weather_fields(self, parameters, context)
            near = chosen_day(self, parameters, context)
            request = station_request(self, parameters, context, folder, feedback, fields, near)
            request.update(
                weather_request(self, parameters, context, folder, request, near), **day_request(self, parameters, context),
                **model_request(self, parameters, context),
                grid=grid_request(self, parameters, context, folder), out=output)
            result = run_engine("reanalyse", request, feedback, [output])
            outputs = {OUTPUT: load_dressed(output, context), DATE: result["date"] or "", **reading_results(result, feedback)}
            if picture:
                outputs[MAP] = self._draw(request, outputs[OUTPUT], result, picture, folder, feedback)
        return outputs

    @staticmethod
    def _draw(request: dict, field: str, result: dict, picture: str, folder: Path, feedback) -> str:
        """The picture shows the readings as the network got them: the means of their cells."""
        feedback.setProgressText(tr("Drawing the map"))
        readings = str(folder / "readings.tif")
        quiet = QgsProcessingFeedback(False)
        feedback.canceled.connect(quiet.cancel)
        run_engine("grid-stations", {**request, "species": result["species"], "out": readings}, quiet, [readings])
        statistics, unit = result["statistics"], pretty_unit(result["unit"])
        note = tr("{used} readings in {cells} of {rows} × {columns} cells; {min:.0f} to {max:.0f} {unit}, mean {mean:.1f}")
        draw_map(field, result["species"], read_readings(readings), layer_title(describe(field)), note.format(
            used=result["readings"]["used"], cells=result["readings"]["cells"], rows=result["grid"]["rows"],
            columns=result["grid"]["columns"], unit=unit, **statistics), picture)
        return picture
