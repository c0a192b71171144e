"""Station readings of a period to a series of complete fields."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    QgsProcessingOutputNumber,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterString,
)

from ..engine.client import job_folder
from ..layers.dress import load_dressed
from ..layers.series import load_folder
from ..translate import tr
from .background_parameters import add_background_parameters, background_request
from .base import check_destination, is_temporary, run_engine
from .grid_parameters import add_grid_parameters, check_grid, grid_request
from .model_parameters import add_analysis_parameter, add_model_parameters, add_uncertainty_parameter, model_request
from .period_parameters import FILES, add_file_parameters, add_period_parameters, check_period, files_request, period_days, period_request
from .reading_outputs import add_counts, counts
from .report_parameters import add_report_parameter, check_report, report_request, report_result
from .station_parameters import STATIONS, StationAlgorithm, add_station_parameters, check_stations, station_request
from .style_parameters import add_style_parameter, style_of
from .weather_parameters import add_weather_fields, add_weather_layers, check_weather, weather_fields, weather_request

OUTPUT, FOLDER, SCHEDULER = "OUTPUT", "FOLDER", "SCHEDULER"
COMPUTED, KEPT, MISSING, SECONDS, RATE = "COMPUTED", "KEPT", "MISSING", "SECONDS", "DAYS_PER_SECOND"


class ReanalysePeriod(StationAlgorithm):
    """``reanalyseperiod``: the fields of all days or hours of a period, in batches, in bounded memory."""

    NAME = "reanalyseperiod"
    TITLE = tr("Reanalyse a period")
    GROUP = "reanalysis"
    SUMMARY = tr(
        "Turns the readings of many days or hours (of PM2.5, or of the model's species) into a field for each: one NetCDF "
        "whose layer the temporal controller steps through, or a folder with a GeoTIFF for each. A run that was cancelled goes "
        "on where it stopped, and only what is missing or has changed is computed. Days without readings are listed, not "
        "invented. For near real time, run it again with the same output, by hand or with qgis_process from cron or the Task "
        "Scheduler; on the command line --follow goes on by itself."
    )
    TAGS = ("period", "series", "year", "netcdf", "temporal", "animation", "pm2.5", "reanalysis", "batch", "dask")

    def initAlgorithm(self, configuration=None) -> None:
        add_station_parameters(self, one_day=False, required=False, groups=False, instead=FILES)
        add_period_parameters(self)
        add_weather_fields(self)
        add_grid_parameters(self, auto=True)
        add_uncertainty_parameter(self)
        add_style_parameter(self)
        add_file_parameters(self)
        add_weather_layers(self)
        add_background_parameters(self)
        add_analysis_parameter(self)
        add_model_parameters(self)
        self.add(
            QgsProcessingParameterString(SCHEDULER, tr("Dask scheduler"), optional=True),
            tr("Address of a Dask cluster to compute on, such as tcp://host:8786. Empty: this computer."),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterRasterDestination(OUTPUT, tr("Series"), optional=True),
            tr("NetCDF to write, with all steps; the name must end in .nc."),
        )
        self.add(
            QgsProcessingParameterFolderDestination(FOLDER, tr("Folder of GeoTIFFs"), optional=True, createByDefault=False),
            tr("Folder for a GeoTIFF of each step, instead of the NetCDF. A name that ends in .zarr gives a Zarr store."),
        )
        add_report_parameter(self, tr("the period as a calendar, a series, a mean map and its highest days"))
        add_counts(self)
        for name, label in (
            (COMPUTED, tr("Steps computed")),
            (KEPT, tr("Steps kept from earlier runs")),
            (MISSING, tr("Steps without readings")),
            (SECONDS, tr("Seconds")),
            (RATE, tr("Steps per second")),
        ):
            self.addOutput(QgsProcessingOutputNumber(name, label))

    def check(self, parameters, context) -> str:
        return (
            self._check_source(parameters, context)
            or check_period(self, parameters, context)
            or check_grid(self, parameters, context)
            or self._check_output(parameters, context)
            or check_report(self, parameters, context)
        )

    def compute(self, parameters, context, feedback) -> dict:
        folder_output = self.parameterAsString(parameters, FOLDER, context)
        asked = "" if folder_output else self.parameterAsOutputLayer(parameters, OUTPUT, context)
        output = folder_output or str(Path(asked).with_suffix(".nc"))  # QGIS names temporary rasters .tif
        look = style_of(self, parameters, context)
        with job_folder() as folder:
            if self._from_files(parameters, context):
                request = files_request(self, parameters, context)
                request = {**weather_request(self, parameters, context, folder, request), **request}
            else:
                near = period_days(self, parameters, context)
                fields = weather_fields(self, parameters, context)
                request = station_request(self, parameters, context, folder, feedback, fields, near)
                request.update(weather_request(self, parameters, context, folder, request, near))
            request.update(
                period_request(self, parameters, context),
                **model_request(self, parameters, context),
                **background_request(self, parameters, context),
                grid=grid_request(self, parameters, context, folder),
                out=output,
                style=look,
                **report_request(self, parameters, context),
            )
            scheduler = self.parameterAsString(parameters, SCHEDULER, context).strip()
            if scheduler:
                request["scheduler"] = scheduler
            result = run_engine("reanalyse-period", request, feedback, [], self._cancelled(parameters))
        read, days = counts(result["readings"], feedback), result["days"]
        missing = list(days["missing"])
        for day in missing[:50]:
            feedback.pushWarning(tr("No readings: {}").format(day))
        if len(missing) > 50:
            feedback.pushWarning(tr("… and {} more without readings").format(len(missing) - 50))
        feedback.pushInfo(
            tr("{computed} steps computed, {kept} kept, {missing} without readings; {rate:.2f} a second").format(
                computed=days["computed"], kept=days["kept"], missing=len(missing), rate=result["days_per_second"] or 0
            )
        )
        numbers = {
            COMPUTED: days["computed"],
            KEPT: days["kept"],
            MISSING: len(missing),
            SECONDS: result["seconds"],
            RATE: result["days_per_second"],
            **read,
            **report_result(result),
        }
        if not folder_output:
            return {OUTPUT: load_dressed(output, context, asked, look), **numbers}
        if not output.endswith(".zarr"):
            load_folder(Path(output), context, FOLDER, look)
        return {FOLDER: output, **numbers}

    def _cancelled(self, parameters) -> str:
        """What is said when the user stops the run: a temporary output has another name the next time."""
        if is_temporary(parameters.get(FOLDER) or parameters.get(OUTPUT)):
            return tr(
                "Cancelled. The output was to be a temporary file, so the steps that were finished are not kept: name a file under 'Series' "
                "to go on where a run was cancelled."
            )
        return tr("Cancelled: the steps that were finished are kept. Run it again with the same parameters and output to go on.")

    def _from_files(self, parameters, context) -> bool:
        return bool(self.parameterAsString(parameters, FILES, context).strip())

    def _check_source(self, parameters, context) -> str:
        layer = parameters.get(STATIONS) not in (None, "")
        if layer == self._from_files(parameters, context):
            return tr("Choose a station layer, or name files of readings; one of them.")
        stations = check_stations(self, parameters, context, timed=True) if layer else ""
        return stations or check_weather(self, parameters, context)

    def _check_output(self, parameters, context) -> str:
        if parameters.get(FOLDER) not in (None, ""):
            return ""
        if parameters.get(OUTPUT) in (None, ""):
            return tr("Name the NetCDF to write, or a folder.")
        if not is_temporary(parameters[OUTPUT]) and Path(self.parameterAsFileOutput(parameters, OUTPUT, context)).suffix != ".nc":
            return tr("The name of the series must end in .nc; for GeoTIFFs choose a folder.")
        return check_destination(self, parameters, OUTPUT, context)
