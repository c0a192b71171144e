"""Areas where a model knows little, as a layer of hatching over the field."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Sequence

import numpy as np
from osgeo import gdal, ogr
from qgis.core import (
    Qgis,
    QgsFillSymbol,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingUtils,
    QgsSingleSymbolRenderer,
    QgsVectorLayer,
)

from ..translate import tr
from .description import describe, uncertainties
from .dress import new_dresser
from .intervals import step_range
from .tree import HATCHING

# Share of the field from which its standard deviation is called large.
LARGE = 0.5
# How long an edge of an area may be, in cells.
_CELLS = 10
_LAYER = "uncertain"


def areas_of(field: str) -> Path:
    """The file of the uncertain areas beside that of the field."""
    return Path(field).with_name(f"{Path(field).stem}_uncertain.gpkg")


def write_uncertain_areas(path: str, target: Path) -> Path:
    """Write the areas of a reanalysis file where the standard deviation is more than `LARGE` of the field, as a GeoPackage.

    Raises
    ------
    QgsProcessingException
        If the file tells no standard deviation, or the areas can't be written.
    """
    found = [source for source in uncertainties(path) if describe(source).statistic == "sd"]
    if not found:
        raise QgsProcessingException(tr("'{}' holds no standard deviation; make it with the uncertainty 'sd'.").format(path))
    dataset, of_sd = gdal.Open(describe(path).source), gdal.Open(found[0])  # named, since a band dies with its dataset
    field, sd = (one.GetRasterBand(1).ReadAsArray() for one in (dataset, of_sd))
    with np.errstate(invalid="ignore"):
        large = (sd > LARGE * field).astype(np.uint8)
    memory = gdal.GetDriverByName("MEM").Create("", dataset.RasterXSize, dataset.RasterYSize, 1, gdal.GDT_Byte)
    memory.SetGeoTransform(dataset.GetGeoTransform())
    memory.SetSpatialRef(dataset.GetSpatialRef())
    memory.GetRasterBand(1).WriteArray(large)
    try:
        target.unlink(missing_ok=True)
    except OSError as error:
        raise QgsProcessingException(tr("The uncertain areas can't be written to '{}'.").format(target)) from error
    areas = ogr.GetDriverByName("GPKG").CreateDataSource(str(target))
    if areas is None:
        raise QgsProcessingException(tr("The uncertain areas can't be written to '{}'.").format(target))
    layer = areas.CreateLayer(_LAYER, dataset.GetSpatialRef(), ogr.wkbPolygon)
    band = memory.GetRasterBand(1)
    gdal.Polygonize(band, band, layer, -1)
    _follow_the_grid(layer, _CELLS * abs(dataset.GetGeoTransform()[1]))
    return target


def _follow_the_grid(layer: ogr.Layer, length: float) -> None:
    """Part long edges, so that in another projection they bend as the grid does; `length` in units of the grid."""
    layer.StartTransaction()
    for feature in list(layer):
        edges = feature.GetGeometryRef().Clone()
        edges.Segmentize(length)
        feature.SetGeometry(edges)
        layer.SetFeature(feature)
    layer.CommitTransaction()


def hatched_layer(path: Path) -> QgsVectorLayer:
    """The areas as a layer, hatched."""
    layer = QgsVectorLayer(f"{path}|layername={_LAYER}", hatching_name(), "ogr")
    hatch(layer)
    return layer


def hatching_name() -> str:
    """What the legend says."""
    return tr("Uncertain: standard deviation above {} % of the field").format(round(100 * LARGE))


def hatch(layer: QgsVectorLayer, days: Sequence = ()) -> None:
    """Thin lines from lower left to upper right, and no outline; of the day of the field alone, where it has one."""
    if len(days) == 1:
        properties = layer.temporalProperties()
        properties.setMode(Qgis.VectorTemporalMode.FixedTemporalRange)
        properties.setFixedTemporalRange(step_range(days[0]))
        properties.setIsActive(True)
    symbol = QgsFillSymbol.createSimple({"style": "b_diagonal", "color": "30,40,50,170", "outline_style": "no"})
    layer.setRenderer(QgsSingleSymbolRenderer(symbol))
    layer.triggerRepaint()


def load_hatching(path: Path, context: QgsProcessingContext, days: Sequence = ()) -> None:
    """Have the hatching loaded over the field when the run is complete, where there is a project; `days` are those of the field."""
    if context.project() is None:
        return
    details = QgsProcessingContext.LayerDetails(hatching_name(), context.project(), "")
    details.forceName, details.layerSortKey, details.layerTypeHint = True, HATCHING, QgsProcessingUtils.LayerHint.Vector
    details.setPostProcessor(new_dresser(partial(hatch, days=days), HATCHING))
    context.addLayerToLoadOnCompletion(f"{path}|layername={_LAYER}", details)
