"""Damaged NetCDF files can crash the HDF5 library: a process of its own opens every file first."""

from model_core.netcdf_check.parent import check_netcdf

__all__ = ["check_netcdf"]
