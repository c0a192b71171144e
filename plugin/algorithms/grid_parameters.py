"""The parameters that name a grid, the same in every algorithm that takes one."""

from __future__ import annotations

import re
from pathlib import Path

from osgeo import gdal
from qgis.core import (
    QgsProcessingParameterCrs, QgsProcessingParameterDistance, QgsProcessingParameterExtent,
    QgsProcessingParameterRasterLayer, QgsProcessingParameterString, QgsRasterLayer,
)

from ..stations import crs_text
from ..translate import tr
from .base import EngineAlgorithm

GRID, TEMPLATE, EXTENT, CELL_SIZE, CRS = "GRID", "TEMPLATE", "EXTENT", "CELL_SIZE", "CRS"
PRESETS = ("china12km", "conus12km")
_EXTENT_TEXT = re.compile(r"([^,@]+,){4}[^,@]+@.+", re.DOTALL)


def add_grid_parameters(algorithm: EngineAlgorithm) -> None:
    """The grid by name or file; a template raster or an extent with a cell size as advanced."""
    algorithm.add(QgsProcessingParameterString(GRID, tr("Grid"), PRESETS[0]),
        tr("china12km, conus12km, or the path of a NetCDF or raster file whose grid to use, or xmin,ymin,xmax,ymax,cell@CRS."))
    algorithm.add(QgsProcessingParameterRasterLayer(TEMPLATE, tr("Grid of a raster layer"), optional=True),
        tr("A raster whose grid to use, instead of the grid above."), advanced=True)
    algorithm.add(QgsProcessingParameterExtent(EXTENT, tr("Extent of the grid"), optional=True),
        tr("An extent to cover, with the cell size below, instead of the grid above."), advanced=True)
    algorithm.add(QgsProcessingParameterCrs(CRS, tr("CRS of the grid"), optional=True),
        tr("CRS of the grid made from the extent. Empty: the CRS of the extent."), advanced=True)
    algorithm.add(QgsProcessingParameterDistance(
        CELL_SIZE, tr("Cell size"), parentParameterName=CRS, minValue=0, optional=True),
        tr("Side of a cell in the unit of the grid's CRS; used with the extent."), advanced=True)


def check_grid(algorithm: EngineAlgorithm, parameters: dict, context) -> str:
    """What is wrong with the grid parameters, or ''."""
    if parameters.get(TEMPLATE) not in (None, ""):
        layer = algorithm.parameterAsRasterLayer(parameters, TEMPLATE, context)
        if layer is None or not layer.isValid():
            return algorithm.invalidRasterError(parameters, TEMPLATE)
        return "" if layer.crs().isValid() else tr("Raster '{}' has no CRS; set it in the layer's properties.").format(layer.name())
    if parameters.get(EXTENT) not in (None, ""):
        if algorithm.parameterAsDouble(parameters, CELL_SIZE, context) <= 0:
            return tr("A grid from an extent needs a cell size above zero.")
        return "" if _extent_crs(algorithm, parameters, context).isValid() else tr("Choose the CRS of the grid's extent.")
    text = algorithm.parameterAsString(parameters, GRID, context).strip()
    if text in PRESETS or _EXTENT_TEXT.fullmatch(text) or Path(text).is_file():
        return ""
    return tr("Grid '{}' is neither {}, nor an existing file, nor an extent xmin,ymin,xmax,ymax,cell@CRS.").format(
        text, ", ".join(PRESETS))


def grid_request(algorithm: EngineAlgorithm, parameters: dict, context, folder: Path) -> str:
    """The grid as the engine's request names it; a template's grid is written into the job folder."""
    if parameters.get(TEMPLATE) not in (None, ""):
        return _write_template(algorithm.parameterAsRasterLayer(parameters, TEMPLATE, context), folder)
    if parameters.get(EXTENT) not in (None, ""):
        crs = _extent_crs(algorithm, parameters, context)
        extent = algorithm.parameterAsExtent(parameters, EXTENT, context, crs)
        numbers = (extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum(),
                   algorithm.parameterAsDouble(parameters, CELL_SIZE, context))
        return ",".join(map(repr, numbers)) + "@" + crs_text(crs)
    return algorithm.parameterAsString(parameters, GRID, context).strip()


def _extent_crs(algorithm: EngineAlgorithm, parameters: dict, context):
    crs = algorithm.parameterAsCrs(parameters, CRS, context)
    return crs if crs.isValid() else algorithm.parameterAsExtentCrs(parameters, EXTENT, context)


def _write_template(layer: QgsRasterLayer, folder: Path) -> str:
    """An empty GeoTIFF with the layer's grid as QGIS sees it: any provider, and a CRS that the user has set."""
    path = str(folder / "template.tif")
    extent, columns, rows = layer.extent(), layer.width(), layer.height()
    raster = gdal.GetDriverByName("GTiff").Create(path, columns, rows, 1, gdal.GDT_Byte, ["SPARSE_OK=TRUE"])
    raster.SetProjection(crs_text(layer.crs()))
    raster.SetGeoTransform([extent.xMinimum(), extent.width() / columns, 0, extent.yMaximum(), 0, -extent.height() / rows])
    raster.FlushCache()
    return path
