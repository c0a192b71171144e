"""Station readings of a period to a series of complete fields."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsProcessingOutputBoolean, QgsProcessingParameterString

from ..engine.client import job_folder
from ..translate import tr
from .background_parameters import add_background_parameters, background_request
from .base import run_engine
from .grid_parameters import add_grid_parameters, check_grid, grid_request
from .model_parameters import add_analysis_parameter, add_model_parameters, add_uncertainty_parameter, model_request
from .period_outputs import add_period_outputs, check_period_output, loaded, period_output, period_results, when_cancelled
from .period_parameters import FILES, add_file_parameters, add_period_parameters, check_period, files_request, period_days, period_request
from .repeat_parameters import (
    FULL_PATHS,
    IDENTICAL,
    add_repeat_parameters,
    check_repeated_period,
    repeat_period_help,
    repeat_request,
    repeated_period,
)
from .report_parameters import check_report, report_request
from .station_parameters import STATIONS, StationAlgorithm, add_station_parameters, check_stations, station_request
from .style_parameters import add_style_parameter, style_of
from .weather_parameters import add_weather_fields, add_weather_layers, check_weather, weather_fields, weather_request

SCHEDULER = "SCHEDULER"


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
        add_repeat_parameters(self, repeat_period_help())
        add_period_outputs(self)
        self.addOutput(QgsProcessingOutputBoolean(IDENTICAL, tr("The repeated reanalysis is the same to the last bit")))

    def completed(self, parameters, context):
        """What is repeated says itself which fields were used."""
        return (parameters, []) if repeated_period(self, parameters, context) else super().completed(parameters, context)

    def check(self, parameters, context) -> str:
        if period := repeated_period(self, parameters, context):
            wrong = check_repeated_period(period) or (self._two_sources(parameters, context) and self._one_of_them())
        else:
            wrong = (
                self._check_source(parameters, context) or check_period(self, parameters, context) or check_grid(self, parameters, context)
            )
        return wrong or check_period_output(self, parameters, context) or check_report(self, parameters, context)

    def compute(self, parameters, context, feedback) -> dict:
        (output, asked), period = period_output(self, parameters, context), repeated_period(self, parameters, context)
        look = style_of(self, parameters, context)
        with job_folder() as folder:
            if period:
                request = self._repeat_request(parameters, context, folder, feedback, period)
            else:
                request = self._request(parameters, context, folder, feedback) | {"style": look}
            request |= {"out": output, **report_request(self, parameters, context)}
            scheduler = self.parameterAsString(parameters, SCHEDULER, context).strip()
            if scheduler:
                request["scheduler"] = scheduler
            result = run_engine("reanalyse-period", request, feedback, [], when_cancelled(parameters, bool(period)))
        repeated = {IDENTICAL: result["repeated"]["identical"]} if period else {}
        return {**loaded(output, asked, context, look), **period_results(result, feedback), **repeated}

    def _request(self, parameters, context, folder: Path, feedback) -> dict:
        if self._from_files(parameters, context):
            request = files_request(self, parameters, context)
            request = {**weather_request(self, parameters, context, folder, request), **request}
        else:
            near = period_days(self, parameters, context)
            fields = weather_fields(self, parameters, context)
            request = station_request(self, parameters, context, folder, feedback, fields, near)
            request.update(weather_request(self, parameters, context, folder, request, near))
        return {
            **request,
            **period_request(self, parameters, context),
            **model_request(self, parameters, context),
            **background_request(self, parameters, context),
            "full_paths": self.parameterAsBoolean(parameters, FULL_PATHS, context),
            "grid": grid_request(self, parameters, context, folder),
        }

    def _repeat_request(self, parameters, context, folder: Path, feedback, period: str) -> dict:
        request = repeat_request(self, parameters, context, folder, feedback, period)
        files = self.parameterAsString(parameters, FILES, context).strip()  # where they are now
        return {**request, "stations": files} if files else request

    def _from_files(self, parameters, context) -> bool:
        return bool(self.parameterAsString(parameters, FILES, context).strip())

    def _two_sources(self, parameters, context) -> bool:
        return parameters.get(STATIONS) not in (None, "") and self._from_files(parameters, context)

    def _check_source(self, parameters, context) -> str:
        layer = parameters.get(STATIONS) not in (None, "")
        if layer == self._from_files(parameters, context):
            return self._one_of_them()
        stations = check_stations(self, parameters, context, timed=True) if layer else ""
        return stations or check_weather(self, parameters, context)

    @staticmethod
    def _one_of_them() -> str:
        return tr("Choose a station layer, or name files of readings; one of them.")
