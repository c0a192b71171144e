"""Small CTM files in the forms of IOAPI, WRF and CF, classic and HDF5."""

from __future__ import annotations

from pathlib import Path

import netCDF4
import numpy as np

FORMATS = {"classic": "NETCDF3_CLASSIC", "offset": "NETCDF3_64BIT_OFFSET", "data": "NETCDF3_64BIT_DATA", "hdf": "NETCDF4"}
ROWS, COLUMNS, HOURS = 12, 14, 25
MANY = 1600  # variables of the file with thousands of them


def write_all(folder: Path) -> None:
    """Write FORM_FORMAT.nc of every form and format, and ``many.nc``."""
    folder.mkdir(parents=True, exist_ok=True)
    for form, write in {"ioapi": _ioapi, "wrf": _wrf, "cf": _cf, "lambert": _lambert, "levels": _levels}.items():
        for name, kind in FORMATS.items():
            with netCDF4.Dataset(folder / f"{form}_{name}.nc", "w", format=kind) as file:
                write(file)
    with netCDF4.Dataset(folder / "many.nc", "w") as file:
        _cf(file)
        for number in range(MANY):
            file.createVariable(f"V{number:04d}", "f4", ("time", "lat", "lon"))


def _field(*shape: int) -> np.ndarray:
    return np.random.default_rng(2).uniform(5, 80, shape).astype("f4")


def _ioapi(file: netCDF4.Dataset) -> None:
    for name, size in {"TSTEP": None, "DATE-TIME": 2, "LAY": 1, "VAR": 2, "ROW": ROWS, "COL": COLUMNS}.items():
        file.createDimension(name, size)
    flags = file.createVariable("TFLAG", "i4", ("TSTEP", "VAR", "DATE-TIME"))
    flags.setncatts({"units": "<YYYYDDD,HHMMSS>", "long_name": "TFLAG".ljust(16), "var_desc": "Timestep-valid flags".ljust(80)})
    for hour in range(HOURS):
        flags[hour] = [[2019005 + hour // 24, hour % 24 * 10000]] * 2
    for name, unit in (("PM25_TOT", "ug/m3"), ("TEMP2", "K")):
        variable = file.createVariable(name, "f4", ("TSTEP", "LAY", "ROW", "COL"))
        variable.setncatts({"units": unit.ljust(16), "long_name": name.ljust(16), "var_desc": name.ljust(80)})
        variable[:] = _field(HOURS, 1, ROWS, COLUMNS) + (220 if unit == "K" else 0)
    file.setncatts(
        {
            "IOAPI_VERSION": "3.2",
            "FTYPE": np.int32(1),
            "SDATE": np.int32(2019005),
            "STIME": np.int32(0),
            "TSTEP": np.int32(10000),
            "NCOLS": np.int32(COLUMNS),
            "NROWS": np.int32(ROWS),
            "NLAYS": np.int32(1),
            "NVARS": np.int32(2),
            "GDTYP": np.int32(2),
            "P_ALP": 25.0,
            "P_BET": 40.0,
            "P_GAM": 110.0,
            "XCENT": 110.0,
            "YCENT": 34.0,
            "XORIG": -252000.0,
            "YORIG": -216000.0,
            "XCELL": 36000.0,
            "YCELL": 36000.0,
            "VGTYP": np.int32(7),
            "VGTOP": np.float32(5000),
            "VGLVLS": np.array([1, 0.9], "f4"),
            "GDNAM": "SMALL".ljust(16),
            "VAR-LIST": "PM25_TOT".ljust(16) + "TEMP2".ljust(16),
        }
    )


def _wrf(file: netCDF4.Dataset) -> None:
    from pyproj import Transformer

    from model_core.grid import ctm_crs

    for name, size in {"Time": None, "DateStrLen": 19, "south_north": ROWS, "west_east": COLUMNS}.items():
        file.createDimension(name, size)
    times = file.createVariable("Times", "S1", ("Time", "DateStrLen"))
    for hour in range(24):
        times[hour] = np.array(list(f"2019-01-05_{hour:02d}:00:00"), "S1")
    crs = ctm_crs("+proj=lcc +lat_1=25 +lat_2=40 +lat_0=34 +lon_0=110 +x_0=0 +y_0=0")
    x, y = np.meshgrid((np.arange(COLUMNS) - 6.5) * 36000, (np.arange(ROWS) - 5.5) * 36000)
    lonlat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x, y)
    for name, values, unit in zip(("XLONG", "XLAT"), lonlat, ("degree_east", "degree_north")):
        variable = file.createVariable(name, "f4", ("Time", "south_north", "west_east"))
        variable.setncatts({"units": unit, "MemoryOrder": "XY "})
        variable[:24] = np.broadcast_to(values, (24, ROWS, COLUMNS))
    for name, unit, low in (("PM2_5_DRY", "ug m^-3", 0), ("T2", "K", 220), ("U10", "m s-1", -40), ("V10", "m s-1", -40)):
        variable = file.createVariable(name, "f4", ("Time", "south_north", "west_east"))
        variable.setncatts({"units": unit, "MemoryOrder": "XY ", "stagger": "", "coordinates": "XLONG XLAT"})
        variable[:24] = _field(24, ROWS, COLUMNS) + low
    file.setncatts(
        {
            "TITLE": " OUTPUT FROM WRF V4.0 MODEL",
            "START_DATE": "2019-01-05_00:00:00",
            "MAP_PROJ": np.int32(1),
            "TRUELAT1": np.float32(25),
            "TRUELAT2": np.float32(40),
            "STAND_LON": np.float32(110),
            "CEN_LAT": np.float32(34),
            "CEN_LON": np.float32(110),
            "MOAD_CEN_LAT": np.float32(34),
            "DX": np.float32(36000),
            "DY": np.float32(36000),
            "GRIDTYPE": "C",
            "WEST-EAST_GRID_DIMENSION": np.int32(COLUMNS + 1),
            "SOUTH-NORTH_GRID_DIMENSION": np.int32(ROWS + 1),
        }
    )


def _axes(file: netCDF4.Dataset, names: tuple[str, str], values: tuple[np.ndarray, np.ndarray], attributes: tuple[dict, dict]) -> None:
    for name, value, about in zip(names, values, attributes):
        file.createDimension(name, len(value))
        variable = file.createVariable(name, "f8", (name,))
        variable.setncatts(about)
        variable[:] = value


def _time(file: netCDF4.Dataset, count: int) -> None:
    file.createDimension("time", None)
    time = file.createVariable("time", "f8", ("time",))
    time.setncatts({"units": "hours since 2019-01-05 00:00:00", "calendar": "standard", "standard_name": "time", "axis": "T"})
    time[:] = np.arange(count)


def _cf(file: netCDF4.Dataset) -> None:
    file.Conventions = "CF-1.8"
    _time(file, 24)
    _axes(
        file,
        ("lat", "lon"),
        (30 + 0.5 * np.arange(ROWS), 105 + 0.5 * np.arange(COLUMNS)),
        (
            {"units": "degrees_north", "standard_name": "latitude", "axis": "Y"},
            {"units": "degrees_east", "standard_name": "longitude", "axis": "X"},
        ),
    )
    variable = file.createVariable("pm2p5", "f4", ("time", "lat", "lon"), fill_value=np.float32(-9999))
    variable.setncatts({"units": "kg m-3", "standard_name": "mass_concentration_of_pm2p5_ambient_aerosol_particles_in_air"})
    variable[:] = 1e-9 * _field(24, ROWS, COLUMNS)


def _lambert(file: netCDF4.Dataset) -> None:
    file.Conventions = "CF-1.8"
    _time(file, 24)
    _axes(
        file,
        ("y", "x"),
        (36000.0 * np.arange(ROWS), 36000.0 * np.arange(COLUMNS)),
        (
            {"units": "m", "standard_name": "projection_y_coordinate", "axis": "Y"},
            {"units": "m", "standard_name": "projection_x_coordinate", "axis": "X"},
        ),
    )
    file.createVariable("crs", "i4").setncatts(
        {
            "grid_mapping_name": "lambert_conformal_conic",
            "standard_parallel": np.array([25.0, 40.0]),
            "longitude_of_central_meridian": 110.0,
            "latitude_of_projection_origin": 34.0,
            "false_easting": 0.0,
            "false_northing": 0.0,
            "earth_radius": 6370000.0,
        }
    )
    variable = file.createVariable("PM25", "f4", ("time", "y", "x"))
    variable.setncatts({"units": "ug m-3", "grid_mapping": "crs", "valid_range": np.array([0, 1000], "f4")})
    variable[:] = _field(24, ROWS, COLUMNS)


def _levels(file: netCDF4.Dataset) -> None:
    file.Conventions = "CF-1.8"
    _time(file, 2)
    file["time"].units = "days since 2019-01-05"
    _axes(
        file,
        ("lat", "lon"),
        (50 - 0.25 * np.arange(ROWS), -3 + 0.25 * np.arange(COLUMNS)),
        ({"units": "degrees_north"}, {"units": "degrees_east"}),
    )
    file.createDimension("lev", 3)
    level = file.createVariable("lev", "f4", ("lev",))
    level.setncatts({"units": "hPa", "positive": "down", "standard_name": "air_pressure"})
    level[:] = [700, 850, 1000]
    packed = file.createVariable("PM25", "i2", ("time", "lev", "lat", "lon"), fill_value=np.int16(-32768))
    packed.setncatts({"units": "ug m-3", "scale_factor": 0.01, "add_offset": 50.0})
    packed.set_auto_scale(True)
    packed[:] = _field(2, 3, ROWS, COLUMNS)
