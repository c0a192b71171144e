"""A folder with a GeoTIFF for each step as one layer, by a GDAL virtual raster beside them that holds no data."""

from __future__ import annotations

from datetime import date, datetime, time
from functools import partial
from pathlib import Path

from osgeo import gdal
from qgis.core import QgsProcessingContext, QgsProcessingUtils

from ..styling.ramps import CONTINUOUS
from ..translate import tr
from .description import FieldDescription, UnreadableFile, describe
from .dress import new_dresser, show_field

NAME = "series.vrt"


def load_folder(folder: Path, context: QgsProcessingContext, output: str, look: str = CONTINUOUS) -> None:
    """Have the series loaded when the run is complete, where there is a project and the folder holds fields."""
    path = write_series(folder) if context.project() is not None else None
    if path is None:
        return
    details = QgsProcessingContext.LayerDetails(tr("Series"), context.project(), output)
    details.layerTypeHint = QgsProcessingUtils.LayerHint.Raster
    details.setPostProcessor(new_dresser(partial(show_field, look=look)))
    context.addLayerToLoadOnCompletion(str(path), details)


def write_series(folder: Path) -> Path | None:
    """Write the virtual raster, a band for each dated reanalysis in the folder, and return its path; None where there is none.

    Time is told as GDAL tells that of a NetCDF, so that the layer is dated like one.
    """
    fields = sorted(filter(None, map(_field, sorted(folder.glob("*.tif")))), key=lambda field: field.days[0])
    if not fields:
        return None
    path = folder / NAME
    series = gdal.BuildVRT(str(path), [field.source for field in fields], separate=True, bandList=[1])
    first = _midnight(fields[0])
    tags = gdal.Open(fields[0].source).GetMetadata()
    series.SetMetadata(
        {
            "species": tags.get("species", ""),
            "model_sha256": tags.get("model_sha256", ""),
            "time#units": f"hours since {first:%Y-%m-%d} 00:00:00",
        }
    )
    for number, field in enumerate(fields, start=1):
        band = series.GetRasterBand(number)
        band.SetMetadataItem("NETCDF_DIM_time", f"{(_moment(field) - first).total_seconds() / 3600:g}")
        band.SetDescription(str(field.days[0]))
        band.SetUnitType(field.unit)
    series.FlushCache()
    return path


def _field(path: Path) -> FieldDescription | None:
    """The field in a file, where it is a dated reanalysis."""
    try:
        field = describe(str(path))
    except UnreadableFile:
        return None
    return field if field.kind == "reanalysis" and len(field.days) == 1 else None


def _moment(field: FieldDescription) -> datetime:
    day = field.days[0]
    return day if isinstance(day, datetime) else datetime.combine(day, time())


def _midnight(field: FieldDescription) -> datetime:
    return datetime.combine(date(*_moment(field).timetuple()[:3]), time())
