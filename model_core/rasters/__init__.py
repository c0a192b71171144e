"""Gridded files that a user brings, read as they are: GeoTIFF and whatever else GDAL knows, NetCDF, Zarr."""

from model_core.rasters.gridded_file import GriddedFile, Step, Window
from model_core.rasters.opening import open_gridded
from model_core.rasters.series import FieldSeries, open_series

__all__ = ["FieldSeries", "GriddedFile", "Step", "Window", "open_gridded", "open_series"]
