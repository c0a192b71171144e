"""Everything that writes results: GeoTIFF, CF NetCDF, and the rule that files appear only when complete."""

from model_core.atomic_file import atomic_file, partial_path
from model_core.netcdf_output import NetcdfWriter, write_netcdf
from model_core.raster_output import write_geotiff

__all__ = ["NetcdfWriter", "atomic_file", "partial_path", "write_geotiff", "write_netcdf"]
