"""Daily or hourly fields to means, exceedance days and percentiles of periods, set against limits."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    Qgis,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterVectorDestination,
)

from ..engine.client import job_folder
from ..layers.periods import load_periods, load_station_means
from ..styling.ramps import pretty_unit
from ..translate import tr
from .aggregate_parameters import OUTLINE, add_field_parameters, check_fields, field_request
from .base import EngineAlgorithm, check_destination, is_temporary, run_engine
from .day_parameters import add_day_parameters, day_request
from .station_parameters import STATIONS, add_station_parameters, check_stations, station_request

OUTPUT, FOLDER, PANEL, STATION_MEANS, TABLE = "OUTPUT", "FOLDER", "PANEL", "STATION_MEANS", "TABLE"
PERIODS, DAYS, FIRST_DAY, LAST_DAY = "PERIODS", "DAYS", "FIRST_DAY", "LAST_DAY"


class Aggregate(EngineAlgorithm):
    """``aggregate``: what a year of fields comes to, with the stations beside it."""

    NAME = "aggregate"
    TITLE = tr("Aggregate fields")
    GROUP = "after"
    SUMMARY = tr(
        "Puts daily or hourly fields together by month, season or year: means with the number and share of valid days, days "
        "above a value, percentiles, and maps of where limits of the WHO, China, the EU or the USA are exceeded. Stations are "
        "averaged in the same way; a panel shows them as circles on the maps."
    )
    TAGS = ("mean", "season", "month", "annual", "climatology", "exceedance", "percentile", "limit value", "who", "naaqs", "attainment")

    def initAlgorithm(self, configuration=None) -> None:
        add_field_parameters(self)
        add_station_parameters(self, one_day=False, required=False, group_advanced=True)
        add_day_parameters(self)
        self.add(
            QgsProcessingParameterRasterDestination(OUTPUT, tr("Aggregated fields"), optional=True),
            tr("NetCDF to write, with all periods; the name must end in .nc."),
        )
        self.add(
            QgsProcessingParameterFolderDestination(FOLDER, tr("Folder of GeoTIFFs"), optional=True, createByDefault=False),
            tr("Folder for a GeoTIFF of each period, instead of the NetCDF."),
        )
        self.add(
            QgsProcessingParameterFileDestination(PANEL, tr("Panel"), "PNG (*.png)", optional=True, createByDefault=False),
            tr("Picture with a map of each period, up to 12, under one colour bar."),
        )
        self.add(
            QgsProcessingParameterVectorDestination(
                STATION_MEANS, tr("Means of the stations"), Qgis.ProcessingSourceType.VectorPoint, optional=True, createByDefault=False
            ),
            tr("A point for each station and period, with the field's mean beside the station's; needs stations."),
        )
        self.add(
            QgsProcessingParameterFileDestination(TABLE, tr("Table"), "CSV (*.csv)", optional=True, createByDefault=False),
            tr("Means of the area, and the shares of area and stations above each limit."),
        )
        for name, label in ((PERIODS, tr("Number of periods")), (DAYS, tr("Number of days"))):
            self.addOutput(QgsProcessingOutputNumber(name, label))
        for name, label in ((FIRST_DAY, tr("First day")), (LAST_DAY, tr("Last day"))):
            self.addOutput(QgsProcessingOutputString(name, label))

    def check(self, parameters, context) -> str:
        stations = check_stations(self, parameters, context, timed=True) if self._given(parameters, STATIONS) else ""
        return check_fields(self, parameters, context) or stations or self._check_outputs(parameters, context)

    def compute(self, parameters, context, feedback) -> dict:
        folder_output = self.parameterAsString(parameters, FOLDER, context)
        asked = "" if folder_output else self.parameterAsOutputLayer(parameters, OUTPUT, context)
        output = folder_output or str(Path(asked).with_suffix(".nc"))  # QGIS names temporary rasters .tif
        targets = {name: self.parameterAsFileOutput(parameters, name, context) for name in (PANEL, TABLE) if self._given(parameters, name)}
        if self._given(parameters, STATION_MEANS):
            targets[STATION_MEANS] = self.parameterAsOutputLayer(parameters, STATION_MEANS, context)
        with job_folder() as folder:
            request = field_request(self, parameters, context, folder)
            if self._given(parameters, STATIONS):
                species = {key: request[key] for key in ("species",) if key in request}
                layers = request.get("layers", {})
                request = {**request, **station_request(self, parameters, context, folder, feedback)}
                request["layers"] |= layers
                request.pop("species", None)
                request.update(species)
            request.update(day_request(self, parameters, context), out=output, **{name.lower(): path for name, path in targets.items()})
            result = run_engine("aggregate", request, feedback, [*([] if folder_output else [output]), *targets.values()])
        self._tell(result, feedback)
        outputs = {PERIODS: len(result["periods"]), DAYS: result["days"], FIRST_DAY: result["first"], LAST_DAY: result["last"], **targets}
        if STATION_MEANS in targets:
            outputs[STATION_MEANS] = load_station_means(targets[STATION_MEANS], result, context)
        if folder_output:
            return {FOLDER: output, **outputs}
        return {OUTPUT: load_periods(output, result, context, asked), **outputs}

    def _tell(self, result: dict, feedback) -> None:
        unit = pretty_unit(result["unit"])
        for row in result["periods"]:
            if row["mean"] is None:
                feedback.pushInfo(
                    tr("{period}: {days} of {expected} days, no cell has enough").format(
                        period=row["period"], days=row["days"], expected=row["expected_days"]
                    )
                )
            else:
                feedback.pushInfo(
                    tr("{period}: {days} of {expected} days, mean over the area {mean:.4g} {unit}").format(
                        period=row["period"], days=row["days"], expected=row["expected_days"], mean=row["mean"], unit=unit
                    )
                )
        for row in result["limits"]:
            counts = {"above": row["stations_above"], "count": row["stations"]}
            stations = tr(", {above} of {count} stations").format(**counts) if row["stations"] else ""
            share = "-" if row["area_above_share"] is None else f"{row['area_above_share']:.1%}"
            feedback.pushInfo(
                tr("{period}, {limit}, {averaging}: above it {share} of the area{stations}").format(
                    period=row["period"], limit=row["limit"], averaging=row["averaging"], share=share, stations=stations
                )
            )

    def _check_outputs(self, parameters, context) -> str:
        if self._given(parameters, STATION_MEANS) and not self._given(parameters, STATIONS):
            return tr("The means of the stations need a station layer; choose it, or leave them out.")
        if self._given(parameters, OUTLINE) and not self._given(parameters, PANEL):
            return tr("The outline is drawn on the panel; name that too, or leave the outline out.")
        if self._given(parameters, FOLDER):
            return ""
        if not self._given(parameters, OUTPUT):
            return tr("Name the NetCDF to write, or a folder.")
        if not is_temporary(parameters[OUTPUT]) and Path(self.parameterAsFileOutput(parameters, OUTPUT, context)).suffix != ".nc":
            return tr("The name of the aggregated fields must end in .nc; for GeoTIFFs choose a folder.")
        return next((message for name in (OUTPUT, PANEL, TABLE) if (message := check_destination(self, parameters, name, context))), "")

    @staticmethod
    def _given(parameters: dict, name: str) -> bool:
        return parameters.get(name) not in (None, "")
