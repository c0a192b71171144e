"""Station readings of a day to a complete field."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    Qgis, QgsProcessingFeedback, QgsProcessingOutputString, QgsProcessingParameterEnum, QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField, QgsProcessingParameterFile, QgsProcessingParameterFileDestination, QgsProcessingParameterRasterDestination,
    QgsProcessingParameterString,
)

from ..engine.client import job_folder
from ..layers.description import describe
from ..layers.dress import layer_title, load_dressed
from ..map_picture import draw_map, read_readings
from ..stations import column_name, crs_text, readings_crs, write_readings
from ..styling.ramps import pretty_unit
from ..translate import tr
from .base import ANY_FILE, DEVICES, EngineAlgorithm, check_destination, run_engine
from .grid_parameters import add_grid_parameters, check_grid, grid_request
from .station_parameters import (
    DATE, STATIONS, TIME, add_reading_outputs, add_station_parameters, check_readings, check_stations,
    chosen_day, reading_results, station_request, unit_parameter,
)

MODEL, COVARIATES, DEVICE, OUTPUT, MAP = "MODEL", "COVARIATES", "DEVICE", "OUTPUT", "MAP"
# Inputs beside the readings: label and the units to choose from, the first being the default.
WEATHER = {"RH": (tr("relative humidity"), ("%", "1")), "WIND": (tr("wind speed"), ("m/s", "km/h", "knot"))}


class Reanalyse(EngineAlgorithm):
    """``reanalyse``: the field that a trained network makes of a day's readings."""

    NAME = "reanalyse"
    TITLE = tr("Reanalyse station readings")
    GROUP = "reanalysis"
    SUMMARY = tr("Turns the PM2.5 readings of one day into a complete field on a model grid. A network that has learnt "
                 "from a chemical transport model how such fields look fills the space between the stations.")
    TAGS = ("pm2.5", "reanalysis", "air quality", "interpolation", "stations", "ctm", "cmaq", "deep learning")

    def initAlgorithm(self, configuration=None) -> None:
        add_station_parameters(self)
        for name, (label, units) in WEATHER.items():
            self.add(QgsProcessingParameterField(
                f"{name}_FIELD", tr("Field with {}").format(label), parentLayerParameterName=STATIONS, optional=True),
                tr("Field of the station layer with the day's {}; helps where there is one.").format(label))
        add_grid_parameters(self)
        for name, (label, units) in WEATHER.items():
            layer = f"{name}_STATIONS"
            self.add(unit_parameter(f"{name}_UNIT", tr("Unit of {}").format(label), units),
                tr("Unit of the {} readings.").format(label), advanced=True)
            self.add(QgsProcessingParameterFeatureSource(
                layer, tr("Other layer with {}").format(label), [Qgis.ProcessingSourceType.VectorPoint], optional=True),
                tr("Point layer with {}, where it is not in the station layer. Its time field must have the "
                   "name of the station layer's.").format(label), advanced=True)
            self.add(QgsProcessingParameterField(
                f"{layer}_FIELD", tr("Field with {} in the other layer").format(label),
                parentLayerParameterName=layer, optional=True),
                tr("Field of the other layer with the {} readings.").format(label), advanced=True)
        self.add(QgsProcessingParameterString(MODEL, tr("Model"), "bundled"),
            tr("'bundled', the name of a bundled model, or the path of a model file (.safetensors)."), advanced=True)
        self.add(QgsProcessingParameterFile(
            COVARIATES, tr("Covariates"), fileFilter=f"{tr('Maps')} (*.nc *.ncf *.nc4 *.tif *.tiff);;{ANY_FILE}", optional=True),
            tr("File with elevation and urban fraction, as Make covariates writes it. Where it has values they overrule "
               "the maps that the model carries."), advanced=True)
        self.add(QgsProcessingParameterEnum(
            DEVICE, tr("Device"), DEVICES, defaultValue=DEVICES[0], usesStaticStrings=True),
            tr("Where the network runs; 'auto' takes a GPU if there is one."), advanced=True)
        self.add(QgsProcessingParameterRasterDestination(OUTPUT, tr("Reanalysis")),
            tr("GeoTIFF to write; a name that ends in .nc gives NetCDF."))
        self.add(QgsProcessingParameterFileDestination(
            MAP, tr("Map picture"), "PNG (*.png)", optional=True, createByDefault=False),
            tr("Picture of the field with the stations on top and a legend."))
        add_reading_outputs(self)
        self.addOutput(QgsProcessingOutputString(DATE, tr("Day")))

    def checkParameterValues(self, parameters, context) -> tuple[bool, str]:
        valid, message = super().checkParameterValues(parameters, context)
        if valid:
            message = (
                check_stations(self, parameters, context)
                or self._check_weather(parameters, context) or check_grid(self, parameters, context)
                or check_destination(self, parameters, OUTPUT, context)
                or check_destination(self, parameters, MAP, context))
        return not message, message

    def processAlgorithm(self, parameters, context, feedback) -> dict:
        output = self.parameterAsOutputLayer(parameters, OUTPUT, context)
        picture = self.parameterAsFileOutput(parameters, MAP, context)
        with job_folder() as folder:
            fields = {name: self.parameterAsString(parameters, f"{name}_FIELD", context) for name in WEATHER}
            request = station_request(self, parameters, context, folder, feedback, also=tuple(filter(None, fields.values())))
            for name in WEATHER:
                request.update(self._weather_request(name, fields[name], request, parameters, context, folder))
            request.update(
                grid=grid_request(self, parameters, context, folder), out=output,
                model=self.parameterAsString(parameters, MODEL, context).strip() or "bundled",
                covariates=self.parameterAsFile(parameters, COVARIATES, context),
                device=self.parameterAsEnumString(parameters, DEVICE, context))
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
        run_engine("grid-stations", {**request, "out": readings}, quiet, [readings])
        statistics, unit = result["statistics"], pretty_unit(result["unit"])
        note = tr("{used} readings in {cells} of {rows} × {columns} cells; {min:.0f} to {max:.0f} {unit}, mean {mean:.1f}")
        draw_map(field, result["species"], read_readings(readings), layer_title(describe(field)), note.format(
            used=result["readings"]["used"], cells=result["readings"]["cells"], rows=result["grid"]["rows"],
            columns=result["grid"]["columns"], unit=unit, **statistics), picture)
        return picture

    def _weather_request(self, name, field, stations, parameters, context, folder) -> dict:
        """The part of the request that names the readings of one further variable."""
        key, layer = name.lower(), f"{name}_STATIONS"
        unit = {f"{key}_unit": self.parameterAsString(parameters, f"{name}_UNIT", context)}
        if field:
            return {key: f"{stations['stations']}:{column_name(field)}", **unit}
        source = self.parameterAsSource(parameters, layer, context)
        if source is None:
            return {}
        path, field = folder / f"{key}.csv", self.parameterAsString(parameters, f"{layer}_FIELD", context)
        times = [self.parameterAsString(parameters, TIME, context)] if "time" in stations else []
        write_readings(source, [field, *times], path, near=chosen_day(self, parameters, context))
        return {key: f"{path}:{column_name(field)}", f"{key}_crs": crs_text(readings_crs(source)), **unit}

    def _check_weather(self, parameters, context) -> str:
        for name, (label, _) in WEATHER.items():
            layer, field = f"{name}_STATIONS", f"{name}_STATIONS_FIELD"
            if self.parameterAsString(parameters, f"{name}_FIELD", context):
                message = check_readings(self, parameters, context, STATIONS, [f"{name}_FIELD"])
            elif self.parameterAsSource(parameters, layer, context) is None:
                continue
            elif not self.parameterAsString(parameters, field, context):
                message = tr("Choose the field with {} in the other layer.").format(label)
            else:
                message = check_readings(self, parameters, context, layer, [field], [TIME])
            if message:
                return message
        return ""
