"""The engine of CTM Reanalysis: station readings in, gridded air-quality field out; no QGIS inside."""

__version__ = "0.1.0"
