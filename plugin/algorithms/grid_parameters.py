"""The parameters that name a grid, the same in every algorithm that takes one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from osgeo import gdal
from qgis.core import (
    QgsProcessingParameterCrs,
    QgsProcessingParameterDistance,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFile,
    QgsProcessingParameterRasterLayer,
    QgsRasterLayer,
)

from ..stations import crs_text
from ..translate import tr
from .base import ANY_FILE, EngineAlgorithm
from .choices import Choice

GRID, FILE, TEMPLATE, EXTENT, CELL_SIZE, CRS = "GRID", "GRID_FILE", "TEMPLATE", "EXTENT", "CELL_SIZE", "CRS"
AUTO = "auto"
PRESETS = {"china12km": tr("China; 12 km"), "conus12km": tr("contiguous United States; 12 km")}
# What the grid may come from, by the parameter that says which; with a value there the choice need not be touched.
_FROM = {"file": FILE, "layer": TEMPLATE, "extent": EXTENT}
_EXTENT_TEXT = re.compile(r"([^,@]+,){4}[^,@]+@.+", re.DOTALL)


class GridChoice(Choice):
    """A choice among grids; scripts may also give what the engine understands: the path of a file, or ``xmin,ymin,xmax,ymax,cell@CRS``."""

    def checkValueIsAcceptable(self, value: Any, context=None) -> bool:
        return isinstance(value, str) and value.strip() != "" or super().checkValueIsAcceptable(value, context)

    def named(self, value: Any) -> Any:
        return super().named(value) if not isinstance(value, str) or not _EXTENT_TEXT.fullmatch(value.strip()) else value


def add_grid_parameters(algorithm: EngineAlgorithm, auto: bool = False) -> None:
    """The grid, by name or from a file, layer or extent; with `auto` the stations may choose it, and do so by default."""
    words = {
        **({AUTO: tr("by the stations")} if auto else {}),
        **PRESETS,
        "file": tr("that of the file below"),
        "layer": tr("that of the raster layer below"),
        "extent": tr("the extent below; with its cell size"),
    }
    by_stations = (
        tr(
            "'auto' takes the model's own grid where most stations lie on it, else makes one around the stations, in a projection "
            "and with cells that suit them; the log says which. "
        )
        if auto
        else ""
    )
    algorithm.add(
        GridChoice(GRID, tr("Grid"), [f"{word}: {meaning}" for word, meaning in words.items()]),
        by_stations + tr("A file, a raster layer or an extent is named under Advanced Parameters, and then goes before this choice."),
    )
    algorithm.add(
        QgsProcessingParameterFile(FILE, tr("Grid of a file"), fileFilter=ANY_FILE, optional=True),
        tr("A NetCDF (IOAPI, WRF, CF), raster or GRIDDESC file whose grid to use."),
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterRasterLayer(TEMPLATE, tr("Grid of a raster layer"), optional=True),
        tr("A raster whose grid to use."),
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterExtent(EXTENT, tr("Extent of the grid"), optional=True),
        tr("An extent to cover, with the cell size below."),
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterCrs(CRS, tr("CRS of the grid"), optional=True),
        tr("CRS of the grid made from the extent. Empty: the CRS of the extent."),
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterDistance(CELL_SIZE, tr("Cell size"), parentParameterName=CRS, minValue=0, optional=True),
        tr("Side of a cell in the unit of the grid's CRS; used with the extent."),
        advanced=True,
    )


def check_grid(algorithm: EngineAlgorithm, parameters: dict, context) -> str:
    """What is wrong with the grid parameters, or ''."""
    kind = _kind(algorithm, parameters)
    if kind in _FROM and parameters.get(_FROM[kind]) in (None, ""):
        return tr("Choose '{}' under Advanced Parameters, or another grid.").format(
            algorithm.parameterDefinition(_FROM[kind]).description()
        )
    if kind == "layer":
        layer = algorithm.parameterAsRasterLayer(parameters, TEMPLATE, context)
        if layer is None or not layer.isValid():
            return algorithm.invalidRasterError(parameters, TEMPLATE)
        return "" if layer.crs().isValid() else tr("Raster '{}' has no CRS; set it in the layer's properties.").format(layer.name())
    if kind == "extent":
        if algorithm.parameterAsDouble(parameters, CELL_SIZE, context) <= 0:
            return tr("A grid from an extent needs a cell size above zero.")
        return "" if _extent_crs(algorithm, parameters, context).isValid() else tr("Choose the CRS of the grid's extent.")
    text = algorithm.parameterAsFile(parameters, FILE, context) if kind == "file" else kind
    known = [option.partition(":")[0] for option in algorithm.parameterDefinition(GRID).options()]
    if text in known or _EXTENT_TEXT.fullmatch(text) or Path(text).is_file():
        return ""
    return tr("Grid '{}' is neither {}, nor an existing file, nor an extent xmin,ymin,xmax,ymax,cell@CRS.").format(text, ", ".join(known))


def grid_request(algorithm: EngineAlgorithm, parameters: dict, context, folder: Path) -> str:
    """The grid as the engine's request names it; a template's grid is written into the job folder."""
    kind = _kind(algorithm, parameters)
    if kind == "layer":
        return _write_template(algorithm.parameterAsRasterLayer(parameters, TEMPLATE, context), folder)
    if kind == "extent":
        crs = _extent_crs(algorithm, parameters, context)
        extent = algorithm.parameterAsExtent(parameters, EXTENT, context, crs)
        numbers = (
            extent.xMinimum(),
            extent.yMinimum(),
            extent.xMaximum(),
            extent.yMaximum(),
            algorithm.parameterAsDouble(parameters, CELL_SIZE, context),
        )
        return ",".join(map(repr, numbers)) + "@" + crs_text(crs)
    return algorithm.parameterAsFile(parameters, FILE, context) if kind == "file" else kind


def _kind(algorithm: EngineAlgorithm, parameters: dict) -> str:
    """What the grid comes from: "file", "layer" or "extent" where such a parameter has a value, else the choice itself."""
    given = [kind for kind, name in reversed(_FROM.items()) if parameters.get(name) not in (None, "")]
    value = parameters.get(GRID)
    chosen = str(algorithm.parameterDefinition(GRID).defaultValue() if value in (None, "") else value).strip()
    word = chosen.partition(":")[0] if chosen in algorithm.parameterDefinition(GRID).options() else chosen
    if word in given:
        return word
    return next((kind for kind in ("layer", "extent", "file") if kind in given), word)


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
