"""Writes simulated days as NetCDF that reads like a CTM's daily output: CF with IOAPI's grid attributes beside it."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Mapping

import numpy as np

import model_core
from model_core.grid import CTM_SPHERE_RADIUS_M, Grid
from model_core.output.netcdf import NetcdfWriter
from model_core.progress import Progress
from model_core.simulation.days import simulate_days
from model_core.simulation.terrain import Terrain

SOURCE = "SIMULATED data from the demonstration CTM: invented weather and emissions, not for air-quality assessment"
# CTM name of each field of a day and of each map, with its unit.
DAILY = {"PM25_TOT": ("pm25", "ug m-3"), "RH": ("rh", "%"), "WSPD10": ("wind", "m s-1")}
GASES = {"NO2": ("no2", "ug m-3"), "O3": ("o3", "ug m-3")}
STATIC = {"HT": ("elevation", "m"), "URBFRAC": ("urban", "1"), "LANDMASK": ("land", "1")}


def write_simulation(
    path: str | Path,
    grid: Grid,
    start: date,
    days: int,
    seed: int,
    terrain: Terrain | None = None,
    progress: Progress | None = None,
    gases: bool = False,
    made_by: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Simulate days and write them to a NetCDF file, a day at a time; with `gases` nitrogen dioxide and ozone too.

    `made_by` are further global attributes. The file carries its final name only when it is complete. As in CTM output, its rows run from south to north.

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
    begun = time.perf_counter()
    if terrain is None:
        terrain = Terrain.synthetic(grid, seed)
    simulated = simulate_days(grid, start, days, seed, terrain, progress, gases)
    daily = {**DAILY, **GASES} if gases else DAILY
    dates = [start + timedelta(days=number) for number in range(days)]
    with NetcdfWriter(
        path, grid, dates, _attributes(grid, start, days, seed, terrain, gases) | dict(made_by or {}), south_first=True
    ) as file:
        for name, (_, unit) in daily.items():
            file.define(name, unit, daily=True)
        for name, (field, unit) in STATIC.items():
            file.define(name, unit, daily=False)
            file.write(name, getattr(terrain, field))
        for number, day in enumerate(simulated):
            for name, (field, _) in daily.items():
                file.write(name, getattr(day, field), number)
    return {"out": str(path), "days": days, "seconds": round(time.perf_counter() - begun, 3)}


def _attributes(grid: Grid, start: date, days: int, seed: int, terrain: Terrain, gases: bool) -> dict[str, Any]:
    made = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    run = f"start {start}, days {days}, seed {seed}"
    return {
        "title": f"SIMULATED daily PM2.5, {'NO2, O3, ' if gases else ''}relative humidity and wind speed, {days} days from {start}",
        "source": SOURCE,
        "terrain_source": terrain.source or None,
        "seed": np.int64(seed),
        "history": f"{made} simulated by CTM Reanalysis {model_core.__version__}: {run}",
        **ioapi_attributes(grid, start),
    }


def ioapi_attributes(grid: Grid, start: date) -> dict[str, Any]:
    """IOAPI's description of the grid; empty for those that IOAPI can't state.

    It knows longitude-latitude, and Lambert in metres without false easting on its own sphere (Models-3 I/O API
    manual, "Grids and coordinate systems"); its other projections are not written here.
    """
    cf = grid.crs.to_cf()
    ellipsoid = grid.crs.ellipsoid
    axes = {ellipsoid.semi_major_metre, ellipsoid.semi_minor_metre} if ellipsoid else set()
    spherical = axes == {CTM_SPHERE_RADIUS_M}
    metric = grid.crs.axis_info[0].unit_conversion_factor == 1
    if grid.crs.is_geographic:
        kind, parameters, centre = 1, (0.0, 0.0, 0.0), (0.0, 0.0)
    elif (
        cf.get("grid_mapping_name") == "lambert_conformal_conic"
        and spherical
        and metric
        and not (cf.get("false_easting") or cf.get("false_northing"))
    ):
        parallels = np.atleast_1d(cf["standard_parallel"])
        meridian = cf["longitude_of_central_meridian"]
        kind, parameters = 2, (parallels[0], parallels[-1], meridian)
        centre = (meridian, cf["latitude_of_projection_origin"])
    else:
        return {}
    integers = {
        "FTYPE": 1,
        "SDATE": start.year * 1000 + start.timetuple().tm_yday,
        "STIME": 0,
        "TSTEP": 240000,
        "NTHIK": 1,
        "NCOLS": grid.shape[1],
        "NROWS": grid.shape[0],
        "NLAYS": 1,
        "GDTYP": kind,
    }
    reals = dict(
        zip(
            ("P_ALP", "P_BET", "P_GAM", "XCENT", "YCENT", "XORIG", "YORIG", "XCELL", "YCELL"),
            (*parameters, *centre, *grid.lower_left, *grid.cell_size),
        )
    )
    return {
        **{name: np.int32(value) for name, value in integers.items()},
        **{name: float(value) for name, value in reals.items()},
        "GDNAM": "SIMULATED".ljust(16),
    }
