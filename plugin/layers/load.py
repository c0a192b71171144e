"""A result file as a dressed layer."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsProcessingException, QgsRasterLayer

from ..styling.ramps import CONTINUOUS
from ..translate import tr
from .description import UnreadableFile, describe
from .dress import dress


def load_layer(path: Path, look: str = CONTINUOUS) -> QgsRasterLayer:
    """Open a GeoTIFF or NetCDF file as a layer with name, colours and day.

    Raises
    ------
    QgsProcessingException
        If it is missing or holds no raster.
    """
    if not path.exists():
        raise QgsProcessingException(tr("File '{}' does not exist.").format(path))
    try:
        layer = QgsRasterLayer(describe(str(path)).source, path.stem, "gdal")
        reason = layer.error().message()
    except UnreadableFile as error:
        layer, reason = None, str(error)
    if layer is None or not layer.isValid():
        raise QgsProcessingException(tr("'{}' is not a GeoTIFF or NetCDF file with a field: {}").format(path, reason))
    dress(layer, look)
    return layer
