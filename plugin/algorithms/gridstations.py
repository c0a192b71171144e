"""Station readings to a raster of cell means and counts."""

from __future__ import annotations

from qgis.core import QgsProcessingParameterRasterDestination

from ..engine.client import job_folder
from ..layers.dress import load_dressed
from ..translate import tr
from .base import check_destination, run_engine
from .day_parameters import add_day_parameters, day_request
from .grid_parameters import add_grid_parameters, check_grid, grid_request
from .reading_outputs import add_reading_outputs, reading_results
from .station_parameters import StationAlgorithm, add_station_parameters, check_stations, chosen_day, station_request

OUTPUT = "OUTPUT"


class GridStations(StationAlgorithm):
    """``gridstations``: the mean of the readings in each cell, and how many there are."""

    NAME = "gridstations"
    TITLE = tr("Grid station readings")
    GROUP = "stations"
    SUMMARY = tr(
        "Averages station readings per grid cell: band 1 is the mean, band 2 the number of readings. Cells without a reading hold no data."
    )
    TAGS = ("stations", "grid", "pm2.5", "air quality", "mean", "count")

    def initAlgorithm(self, configuration=None) -> None:
        add_station_parameters(self, species=True)
        add_grid_parameters(self, auto=True)
        add_day_parameters(self)
        self.add(QgsProcessingParameterRasterDestination(OUTPUT, tr("Gridded readings")), tr("GeoTIFF to write."))
        add_reading_outputs(self)

    def check(self, parameters, context) -> str:
        return (
            check_stations(self, parameters, context)
            or check_grid(self, parameters, context)
            or check_destination(self, parameters, OUTPUT, context)
        )

    def compute(self, parameters, context, feedback) -> dict:
        output = self.parameterAsOutputLayer(parameters, OUTPUT, context)
        with job_folder() as folder:
            request = station_request(self, parameters, context, folder, feedback, near=chosen_day(self, parameters, context))
            request.update(day_request(self, parameters, context), grid=grid_request(self, parameters, context, folder), out=output)
            result = run_engine("grid-stations", request, feedback, [output])
        return {OUTPUT: load_dressed(output, context), **reading_results(result, feedback)}
