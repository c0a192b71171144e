"""Everything that writes results: GeoTIFF, CF NetCDF, and the rule that files appear only when complete."""

from model_core.atomic_file import atomic_file, partial_path
from model_core.output.geotiff import write_geotiff
from model_core.output.netcdf import NetcdfWriter, write_netcdf

__all__ = ["NetcdfWriter", "atomic_file", "partial_path", "write_geotiff", "write_netcdf"]
