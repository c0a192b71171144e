"""Writes simulated days as NetCDF that reads like a CTM's daily output: CF-1.8 with IOAPI's grid attributes."""

from __future__ import annotations

import time
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np

from model_core.atomic_file import atomic_file
from model_core.grid import Grid
from model_core.progress import Progress
from model_core.simulation.days import simulate_days
from model_core.simulation.terrain import Terrain

SOURCE = "SIMULATED data: demonstration CTM of ctm_reanalysis, invented weather and emissions; not for air-quality assessment"
EPOCH = date(1970, 1, 1)

# name: field of SimulatedDay, unit, CF standard name, long name
DAILY = {
    "PM25_TOT": ("pm25", "ug m-3", "mass_concentration_of_pm2p5_ambient_aerosol_particles_in_air",
                 "simulated daily mean surface PM2.5"),
    "RH": ("rh", "%", "relative_humidity", "simulated daily mean relative humidity"),
    "WSPD10": ("wind", "m s-1", "wind_speed", "simulated daily mean wind speed at 10 m"),
}
STATIC = {
    "HT": ("elevation", "m", "surface_altitude", "terrain elevation"),
    "URBFRAC": ("urban", "1", None, "urban fraction"),
    "LANDMASK": ("land", "1", "land_binary_mask", "land 1, sea 0"),
}


def write_simulation(
    path: str | Path, grid: Grid, start: date, days: int, seed: int,
    terrain: Terrain | None = None, progress: Progress | None = None,
) -> dict[str, Any]:
    """Simulate days and write them to a NetCDF file, a day at a time.

    The file carries its final name only when it is complete. As in CTM output, its rows run from south to north.

    Returns
    -------
    dict
        ``out``, ``days`` and ``seconds`` that it took.

    Raises
    ------
    InputError
        See `simulate_days`.
    OutputError
        If the file can't be written.
    Cancelled
        If the progress says so; no file is left.
    """
    path, begun = Path(path), time.perf_counter()
    if terrain is None:
        terrain = Terrain.synthetic(grid, seed)
    simulated = simulate_days(grid, start, days, seed, terrain, progress)
    with atomic_file(path) as partial, netCDF4.Dataset(partial, "w", format="NETCDF4") as file:
        _describe(file, grid, start, days, seed)
        _write_terrain(file, terrain)
        for number, day in enumerate(simulated):
            offset = (day.date - EPOCH).days
            file["time"][number] = offset + 0.5
            file["time_bnds"][number] = (offset, offset + 1)
            for name, (field, *_) in DAILY.items():
                file[name][number] = getattr(day, field)[::-1]
    return {"out": str(path), "days": days, "seconds": round(time.perf_counter() - begun, 3)}


def _describe(file: netCDF4.Dataset, grid: Grid, start: date, days: int, seed: int) -> None:
    """Dimensions, coordinates, grid mapping, variables and global attributes."""
    rows, columns = grid.shape
    geographic = grid.crs.is_geographic
    y_name, x_name = ("lat", "lon") if geographic else ("y", "x")
    for name, size in (("time", days), (y_name, rows), (x_name, columns), ("nv", 2)):
        file.createDimension(name, size)
    _coordinate(file, "time", "time", "days since 1970-01-01 00:00:00", "time", "T").setncatts(
        {"calendar": "standard", "bounds": "time_bnds"}
    )
    file.createVariable("time_bnds", "f8", ("time", "nv"))
    unit = grid.crs.axis_info[0].unit_name.replace("metre", "m")
    units = ("degrees_north", "degrees_east") if geographic else (unit, unit)
    names = ("latitude", "longitude") if geographic else ("projection_y_coordinate", "projection_x_coordinate")
    _coordinate(file, y_name, y_name, units[0], names[0], "Y")[:] = grid.y[::-1]
    _coordinate(file, x_name, x_name, units[1], names[1], "X")[:] = grid.x
    _grid_mapping(file, grid)
    for name, (_, unit, standard_name, long_name) in {**DAILY, **STATIC}.items():
        daily = name in DAILY
        variable = file.createVariable(
            name, "f4", ("time", y_name, x_name) if daily else (y_name, x_name), zlib=True, complevel=2, shuffle=True,
            chunksizes=(1, rows, columns) if daily else None,
        )
        variable.setncatts({"units": unit, "long_name": long_name, "grid_mapping": "crs"})
        if standard_name:
            variable.standard_name = standard_name
        if daily:
            variable.cell_methods = "time: mean"
    made = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    file.setncatts({
        "Conventions": "CF-1.8",
        "title": f"SIMULATED daily PM2.5, relative humidity and wind speed, {days} days from {start}",
        "source": SOURCE,
        "seed": np.int64(seed),
        "history": f"{made} simulated by ctm_reanalysis model_core.simulation, start {start}, days {days}, seed {seed}",
        **_ioapi_attributes(grid, start),
    })


def _coordinate(
    file: netCDF4.Dataset, name: str, dimension: str, units: str, standard_name: str, axis: str
) -> netCDF4.Variable:
    variable = file.createVariable(name, "f8", (dimension,))
    variable.setncatts({"units": units, "standard_name": standard_name, "axis": axis})
    return variable


def _grid_mapping(file: netCDF4.Dataset, grid: Grid) -> None:
    """CF grid mapping, with GDAL's names beside it; `earth_radius` where the figure is a sphere."""
    mapping = file.createVariable("crs", "i4", ())
    attributes = {k: v for k, v in grid.crs.to_cf().items() if v is not None}
    ellipsoid = grid.crs.ellipsoid
    if ellipsoid is not None and ellipsoid.inverse_flattening == 0:
        attributes["earth_radius"] = ellipsoid.semi_major_metre
        for other in ("semi_major_axis", "semi_minor_axis", "inverse_flattening"):
            attributes.pop(other, None)
    attributes.setdefault("crs_wkt", grid.crs.to_wkt())
    attributes["spatial_ref"] = attributes["crs_wkt"]
    dx, dy = grid.cell_size
    attributes["GeoTransform"] = f"{grid.bounds[0]!r} {dx!r} 0 {grid.bounds[3]!r} 0 {-dy!r}"
    mapping.setncatts(attributes)


def _ioapi_attributes(grid: Grid, start: date) -> dict[str, Any]:
    """IOAPI's grid description, as far as IOAPI knows the projection; empty otherwise."""
    cf = grid.crs.to_cf()
    if grid.crs.is_geographic:
        kind, parameters, centre = 1, (0.0, 0.0, 0.0), (0.0, 0.0)
    elif cf.get("grid_mapping_name") == "lambert_conformal_conic":
        if cf.get("false_easting", 0) or cf.get("false_northing", 0):
            return {}
        parallels = np.atleast_1d(cf["standard_parallel"]).astype(float)
        meridian = float(cf["longitude_of_central_meridian"])
        kind, parameters = 2, (parallels[0], parallels[-1], meridian)
        centre = (meridian, float(cf["latitude_of_projection_origin"]))
    else:
        return {}
    rows, columns = grid.shape
    (dx, dy), (x0, y0) = grid.cell_size, grid.lower_left
    return {
        "FTYPE": np.int32(1), "SDATE": np.int32(start.year * 1000 + start.timetuple().tm_yday), "STIME": np.int32(0),
        "TSTEP": np.int32(240000), "NTHIK": np.int32(1), "NCOLS": np.int32(columns), "NROWS": np.int32(rows),
        "NLAYS": np.int32(1), "GDTYP": np.int32(kind), "P_ALP": float(parameters[0]), "P_BET": float(parameters[1]),
        "P_GAM": float(parameters[2]), "XCENT": float(centre[0]), "YCENT": float(centre[1]), "XORIG": float(x0),
        "YORIG": float(y0), "XCELL": float(dx), "YCELL": float(dy), "GDNAM": "SIMULATED".ljust(16),
    }


def _write_terrain(file: netCDF4.Dataset, terrain: Terrain) -> None:
    for name, (field, *_) in STATIC.items():
        file[name][:] = np.asarray(getattr(terrain, field), np.float32)[::-1]
