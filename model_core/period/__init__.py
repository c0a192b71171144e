"""A period of days or hours: from station series to one field each, in memory that does not grow with the period.

What happens to a reading, and where:

- `stations.series` reads the tables part by part; `spool` keeps the readings by month, on the disk where they are many;
- `step_readings` takes a month, makes daily means of hours, grids each step and gives it its fingerprint;
- `compute` makes the fields of some steps: a pure function of a task and readings, which a process elsewhere can run too;
- `stores` holds what is written and the fingerprint of each step, so that a run does only what is missing or changed;
- `outputs` turns that into what was asked for: NetCDF, Zarr, or a folder of GeoTIFF;
- `pipeline` lets reading, prediction and writing overlap on this machine;
- `cluster` has the steps computed by Dask workers instead.

A step is a day or an hour of the local time: datetime64[s] at its start.
"""
