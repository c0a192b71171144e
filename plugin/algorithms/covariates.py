"""Static maps for a grid: elevation, its spread, urban and land fraction."""

from __future__ import annotations

import re

from qgis.core import (
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFile,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
)

from ..engine.client import job_folder
from ..layers.dress import load_dressed
from ..stations import crs_text
from ..translate import tr
from .base import ANY_FILE, EngineAlgorithm, check_destination, run_engine
from .grid_parameters import add_grid_parameters, check_grid, grid_request

DEM, DEM_UNIT, SEA_FLOOR = "DEM", "DEM_UNIT", "SEA_FLOOR"
LANDCOVER, URBAN_CLASSES, WATER_CLASSES = "LANDCOVER", "URBAN_CLASSES", "WATER_CLASSES"
MCIP, OUTPUT = "MCIP", "OUTPUT"


class Covariates(EngineAlgorithm):
    """``covariates``: maps that a model knows beside the readings, from rasters of any CRS and resolution."""

    NAME = "covariates"
    TITLE = tr("Make covariates")
    GROUP = "training"
    SUMMARY = tr(
        "Makes the static maps of a grid: the mean elevation of each cell and its spread from a DEM, urban and land "
        "fraction from a land-cover raster, in any CRS and resolution; or from MCIP files. Rasters finer than the "
        "grid are averaged by area, coarser ones interpolated. Reanalyse and Train a model take the result."
    )
    TAGS = ("covariates", "elevation", "dem", "land cover", "urban", "land mask", "mcip", "grid")

    def initAlgorithm(self, configuration=None) -> None:
        add_grid_parameters(self)
        self.add(
            QgsProcessingParameterRasterLayer(DEM, tr("DEM"), optional=True),
            tr("Raster whose first band holds heights: gives elevation, and its standard deviation within the cell."),
        )
        self.add(
            QgsProcessingParameterString(DEM_UNIT, tr("Unit of the heights"), optional=True),
            tr("Such as m or ft. Empty: what the raster says, else m."),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterBoolean(SEA_FLOOR, tr("The DEM holds the floor of the sea"), defaultValue=False),
            tr("For ETOPO, GEBCO and their like: heights below zero count as zero."),
        )
        self.add(
            QgsProcessingParameterRasterLayer(LANDCOVER, tr("Land cover"), optional=True),
            tr("Raster whose first band holds land-cover classes."),
        )
        self.add(
            QgsProcessingParameterString(URBAN_CLASSES, tr("Urban classes"), optional=True),
            tr("Numbers of the classes that are built-up, such as 13 (IGBP, MODIS) or 50 (WorldCover); several with commas."),
        )
        self.add(
            QgsProcessingParameterString(WATER_CLASSES, tr("Water classes"), optional=True),
            tr("Numbers of the classes that are water; the rest is land. The no-data value counts as a class if it is named here."),
        )
        self.add(
            QgsProcessingParameterFile(MCIP, tr("MCIP file"), fileFilter=f"NetCDF (*.nc *.ncf *.nc4);;{ANY_FILE}", optional=True),
            tr("GRIDCRO2D with HT, PURB and LWMASK, or another NetCDF with such maps; gives what the rasters do not."),
        )
        self.add(
            QgsProcessingParameterRasterDestination(OUTPUT, tr("Covariates")),
            tr("GeoTIFF with one band for each map; a name that ends in .nc gives NetCDF."),
        )

    def check(self, parameters, context) -> str:
        return (
            self._check_sources(parameters, context)
            or check_grid(self, parameters, context)
            or check_destination(self, parameters, OUTPUT, context)
        )

    def compute(self, parameters, context, feedback) -> dict:
        output = self.parameterAsOutputLayer(parameters, OUTPUT, context)
        with job_folder() as folder:
            request = {
                "grid": grid_request(self, parameters, context, folder),
                "out": output,
                "dem_unit": self.parameterAsString(parameters, DEM_UNIT, context).strip(),
                "sea_floor": self.parameterAsBoolean(parameters, SEA_FLOOR, context),
                "urban_classes": self._classes(parameters, URBAN_CLASSES, context),
                "water_classes": self._classes(parameters, WATER_CLASSES, context),
                "mcip": self.parameterAsFile(parameters, MCIP, context),
            }
            for name in (DEM, LANDCOVER):
                layer = self.parameterAsRasterLayer(parameters, name, context)
                if layer is not None:  # with the CRS that the user sees, which need not be the file's
                    request.update({name.lower(): layer.source(), f"{name.lower()}_crs": crs_text(layer.crs())})
            result = run_engine("covariates", request, feedback, [output])
        for key, entry in result["maps"].items():
            feedback.pushInfo(tr("{key}: {min:.4g} to {max:.4g} {unit}, mean {mean:.4g}; from {source}").format(key=key, **entry))
        return {OUTPUT: load_dressed(output, context)}

    def _classes(self, parameters, name, context) -> list[int]:
        """Numbers from text such as "13, 50"; `ValueError` for anything else."""
        text = self.parameterAsString(parameters, name, context).strip()
        return [int(part) for part in re.split(r"[\s,;]+", text)] if text else []

    def _check_sources(self, parameters, context) -> str:
        given = {name: parameters.get(name) not in (None, "") for name in (DEM, LANDCOVER, MCIP)}
        if not any(given.values()):
            return tr("Choose a DEM, a land-cover raster or an MCIP file.")
        for name in (DEM, LANDCOVER):
            layer = self.parameterAsRasterLayer(parameters, name, context) if given[name] else None
            if given[name] and (layer is None or not layer.isValid()):
                return self.invalidRasterError(parameters, name)
            if given[name] and layer.providerType() != "gdal":
                return tr("Raster '{}' is not in a file; export it to a GeoTIFF first.").format(layer.name())
            if given[name] and not layer.crs().isValid():
                return tr("Raster '{}' has no CRS; set it in the layer's properties.").format(layer.name())
        try:
            classes = [value for name in (URBAN_CLASSES, WATER_CLASSES) for value in self._classes(parameters, name, context)]
        except ValueError:
            return tr("Write urban and water classes as numbers, such as 13 or 50, 60.")
        if given[LANDCOVER] != bool(classes):
            return tr("A land-cover raster and the classes that are urban or water belong together; give both.")
        return ""
