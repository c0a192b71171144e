"""Static maps on a model grid: elevation, its spread within the cell, urban fraction, land fraction.

Made from rasters of any CRS and resolution (`elevation`, `land_cover`) or taken from MCIP files (`from_mcip`), and read
back with `read_covariates`.
"""

from model_core.covariates.elevation import elevation_maps
from model_core.covariates.from_mcip import mcip_maps
from model_core.covariates.land_cover import class_fractions
from model_core.covariates.raster_source import open_source
from model_core.covariates.reading import read_covariates

__all__ = ["class_fractions", "elevation_maps", "mcip_maps", "open_source", "read_covariates"]
