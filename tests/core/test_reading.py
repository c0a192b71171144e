"""Whole files in the right place, with the right units and times; what is derived; what a user adds to the known variables."""

from datetime import date

import netCDF4
import numpy as np
import pytest
import xarray
from pyproj import CRS, Transformer
from test_ctm import COLUMNS, ROWS, SOUTH_FIRST, cf_file, ioapi_file

from model_core.ctm.ctm_file import OpenFiles
from model_core.ctm.derived import humidity_from_dew_point, humidity_from_mixing_ratio, humidity_from_specific
from model_core.ctm.fields import read_ctm
from model_core.ctm.formats.dates import time_of_file
from model_core.ctm.formats.ioapi import crs as ioapi_crs
from model_core.ctm.formats.netcdf_file import open_netcdf
from model_core.ctm.inspection import inspect
from model_core.errors import InputError
from model_core.grid import Grid, ctm_crs
from model_core.grid_from_file import read_grid
from model_core.jobs import JOBS
from model_core.progress import Progress
from model_core.variable_table import VariableTable

FOLDERS = ("china_cmaq", "atlanta_cmaq", "us_cmaq", "ioapi", "mcip_wrf")
US = "+proj=lcc +lat_1=33 +lat_2=45 +lat_0=40 +lon_0=-97"
HOUR = {"count": 1, "step": None}


def lonlat_in(path):
    """The file's own longitudes and latitudes, north first, or None where it has none in two dimensions."""
    with open_netcdf(path) as file:
        for names in (("XLONG", "XLAT"), ("LON", "LAT"), ("lon", "lat")):
            if set(names) <= set(file.variables) and file[names[0]].ndim >= 2:
                lon, lat = (np.squeeze(file[n].to_numpy()) for n in names)
                lon, lat = (v[0] if v.ndim == 3 else v for v in (lon, lat))
                return (lon[::-1], lat[::-1]) if names[0] != "lon" or lat[0, 0] < lat[-1, 0] else (lon, lat)
    return None


# name: (format, times, {variable: (unit, recognised as)}, proj, lower-left corner, cell)
REAL = {
    "china36km_cmaq_pm25_20200103-20.nc": (
        "CF",
        {"first": "2020-01-03", "last": "2020-01-20", "count": 18, "step": "1 day"},
        {"PM25_CMAQ": ("ug m-3", "pm25"), "HT": ("m", "elevation")},
        "+proj=lcc +lat_1=25 +lat_2=40 +lat_0=34 +lon_0=110",
        (-3096000, -2286000),
        36000,
    ),
    **{
        f"raw_lonlat2d_2020010{day}.nc": (
            "CF",
            {"first": f"2020-01-0{day}", "last": f"2020-01-0{day}", "count": 1, "step": "1 day"},
            {"PM25_cmaq": (None, "pm25"), "PM25_fused": ("μg/m³", None)},
            "+proj=lcc +lat_1=25 +lat_2=40 +lat_0=34 +lon_0=110",
            (-3096000, -2286000),
            36000,
        )
        for day in (5, 6, 7)
    },
    "atlanta12km_cmaq_pm25_20040601-20.nc": (
        "CF",
        {"first": "2004-06-01", "last": "2004-06-20", "count": 20, "step": "1 day"},
        {"PM25_CMAQ": ("ug m-3", "pm25"), "WSPD": ("m s-1", "wind"), "TMP": ("K", "temperature")},
        US,
        (876000, -888000),
        12000,
    ),
    "GRIDCRO2D.108US2.35L.160101.nc": ("IOAPI", {"first": None, "count": 0}, {"HT": ("M", "elevation")}, US, (-2412000, -1620000), 108000),
    "dailyavg.LST.Y_24.2016fh.v531.108US2.01.nc": (
        "IOAPI",
        {"first": "2016-01-15", "last": "2016-01-15", "count": 1, "step": "1 day"},
        {"PM25_FRM": ("ug m-3", "pm25")},
        US,
        (-2412000, -1620000),
        108000,
    ),
    "gpw_v4_une_atotpopbt_densy_108US2.IOAPI.nc": (
        "IOAPI",
        {"count": 5},
        {"DENS": ("persons/km**2", None)},
        US,
        (-2412000, -1620000),
        108000,
    ),
    "CCTM_D502addm_Linux2_x86_64intel.ACONC.CMAQ-BENCHMARK_20060801": (
        "IOAPI",
        {"first": "2006-08-01T00:00:00", "last": "2006-08-01T03:00:00", "count": 4, "step": "1 h"},
        {"O3": ("ppmV", "o3"), "ASO4I": ("micrograms/m**3", None)},
        US,
        (504000, -1488000),
        12000,
    ),
    "GRIDCRO2D_12OTC2_161231.nc": (
        "IOAPI",
        {"count": 0},
        {"HT": ("m", "elevation"), "PURB": ("percent", "urban"), "LWMASK": ("1", "land")},
        US,
        (-936000, -1620000),
        12000,
    ),
    "GRIDCRO2D_2006075_polar_stereographic.ncf": (
        "IOAPI",
        {"count": 0},
        {"HT": ("M", "elevation"), "PURB": ("PERCENT", "urban")},
        "+proj=stere +lat_0=90 +lat_ts=45 +lon_0=-98",
        (-7398000, -7398000),
        108000,
    ),
    "world_NOX_latlon.ncf": ("IOAPI", {"first": "1985-01-01T00:00:00", "count": 1}, {"NOX": ("tons/yr", None)}, "longlat", (0, -90), 1),
    "GRIDCRO2D_au-test_v1": (
        "IOAPI",
        {"count": 0},
        {"HT": ("M", "elevation"), "PURB": ("PERCENT", "urban")},
        "+proj=lcc +lat_1=-40 +lat_2=-15 +lat_0=-27.5 +lon_0=133.302001953125",
        (1480000.375, 314369.5),
        10000,
    ),
    "METCRO2D_au-test_v1": (
        "IOAPI",
        {"first": "2022-12-07T00:00:00", "last": "2022-12-08T00:00:00", "count": 25, "step": "1 h"},
        {"TEMP2": ("K", "temperature"), "WSPD10": ("M/S", "wind")},
        "+proj=lcc +lat_1=-40 +lat_2=-15 +lat_0=-27.5 +lon_0=133.302001953125",
        (1480000.375, 314369.5),
        10000,
    ),
    **{
        f"WRFOUT_d01_2022-12-07T0{hour}00Z.nc": (
            "WRF",
            {"first": f"2022-12-07T0{hour}:00:00", "count": 1, "step": None},
            {"T2": ("K", "temperature"), "HGT": ("m", "elevation")},
            None,
            None,
            10000,
        )
        for hour in range(6)
    },
    "wrf_mercator_sample.nc": (
        "WRF",
        {"first": "2005-08-28T12:00:00", "last": "2005-08-28T21:00:00", "count": 4, "step": "3 h"},
        {"T2": ("K", "temperature")},
        None,
        None,
        10000,
    ),
}


@pytest.mark.parametrize("name", REAL)
def test_a_real_file_opens_in_the_right_place_with_right_units_and_times(shared_data, name):
    path = next(path for folder in FOLDERS for path in (shared_data / folder).glob(name))
    convention, times, units, proj, lower_left, cell = REAL[name]
    about = inspect(path)
    assert about["format"] == convention and {key: about["times"][key] for key in times} == times
    seen = {v["name"]: (v["unit"], v["recognised_as"]) for v in about["variables"]}
    assert {key: seen[key] for key in units} == units
    grid = Grid.from_description(about["grid"])
    assert grid.cell_size == (cell, cell)
    rows, columns = grid.shape
    places = [(0, 0), (0, columns - 1), (rows - 1, 0), (rows - 1, columns - 1), (rows // 2, columns // 2)]  # corners, centre
    own = lonlat_in(path)
    if own:
        lon, lat = (np.array([values[place] for place in places], float) for values in own)
    elif proj == "longlat":
        lon, lat = np.array([(c + 0.5, 89.5 - r) for r, c in places]).T
    else:  # pyproj's own way from the corner that the header states
        x, y = np.array([(lower_left[0] + (c + 0.5) * cell, lower_left[1] + (rows - r - 0.5) * cell) for r, c in places]).T
        plain = CRS.from_proj4(f"{proj} +R=6370000 +units=m +no_defs")
        lon, lat = Transformer.from_crs(plain, plain.geodetic_crs, always_xy=True).transform(x, y)
    row, column = grid.locate(lon, lat, "EPSG:4326")
    assert np.abs(row - 0.5 - [r for r, _ in places]).max() < 0.1 and np.abs(column - 0.5 - [c for _, c in places]).max() < 0.1


def test_no_real_file_is_forgotten(shared_data):
    netcdf = {
        p.name
        for folder in FOLDERS
        for p in (shared_data / folder).iterdir()
        if p.read_bytes()[:3] == b"CDF" or p.read_bytes()[1:4] == b"HDF"
    }
    assert netcdf == set(REAL)


# Projections


def write_lonlat(path, grid, north_first=False, columns_first=False, **attributes):
    lon, lat = (values.astype(np.float32)[:: 1 if north_first else -1] for values in grid.lonlat())
    pm = np.arange(lon.size, dtype=np.float32).reshape(lon.shape)
    dims = ("row", "col")
    if columns_first:
        lon, lat, pm, dims = lon.T, lat.T, pm.T, dims[::-1]
    xarray.Dataset(
        {"lon": (dims, lon), "lat": (dims, lat), "PM25": (dims, pm, {"units": "ug m-3"})}, attrs={"date": "2020-01-05", **attributes}
    ).to_netcdf(path)
    return path


@pytest.mark.parametrize(
    "proj, lower_left, cell, shape, orders",
    [
        ("+proj=lcc +lat_1=30 +lat_2=60 +lat_0=40 +lon_0=-97", (-2.7e6, -2.0e6), 36000, (60, 70), {}),
        ("+proj=lcc +lat_1=30 +lat_2=60 +lat_0=40 +lon_0=-97", (-2.7e6, -2.0e6), 36000, (60, 70), {"north_first": True}),
        ("+proj=lcc +lat_1=30 +lat_2=60 +lat_0=40 +lon_0=-97", (-2.7e6, -2.0e6), 36000, (60, 70), {"columns_first": True}),
        ("+proj=lcc +lat_1=-15 +lat_2=-40 +lat_0=-27.5 +lon_0=133.302", (-3e5, 2e5), 10000, (30, 40), {"north_first": True}),
        # Parallels that are not in any list.
        ("+proj=lcc +lat_1=37 +lat_2=53 +lat_0=47 +lon_0=8.3", (-5e5, -4e5), 9000, (60, 80), {}),
        ("+proj=stere +lat_0=90 +lat_ts=60 +lon_0=-98", (-3.6e6, -3.6e6), 108000, (60, 66), {}),
        ("+proj=stere +lat_0=-90 +lat_ts=-71 +lon_0=0", (1e5, 2e5), 9000, (40, 30), {"north_first": True}),
        ("+proj=stere +lat_0=-90 +lat_ts=-71 +lon_0=0", (1e5, 2e5), 9000, (40, 30), {"columns_first": True}),
        ("+proj=merc +lat_ts=20 +lon_0=110", (-5e5, 1e6), 27000, (50, 80), {}),
    ],
)
def test_a_fitted_projection_puts_every_cell_where_its_longitude_and_latitude_are(tmp_path, proj, lower_left, cell, shape, orders):
    true = Grid.from_lower_left(ctm_crs(proj), *lower_left, (cell, cell), shape)
    path = write_lonlat(tmp_path / "f.nc", true, **orders)
    grid = read_grid(path)
    row, column = grid.locate(*true.lonlat(), "EPSG:4326")
    field = read_ctm(path).fields["pm25"][0]
    with xarray.open_dataset(path) as file:
        expected = file["PM25"].transpose("row", "col").to_numpy()[:: 1 if orders.get("north_first") else -1]
    assert np.array_equal(field[row.astype(int), column.astype(int)], expected)
    assert np.abs(row % 1 - 0.5).max() < 0.01 and np.abs(column % 1 - 0.5).max() < 0.01
    assert sorted(np.ravel(row.astype(int) * grid.shape[1] + column.astype(int))) == list(range(true.shape[0] * true.shape[1]))


def test_a_regular_grid_in_two_dimensions_stays_in_degrees(tmp_path):
    grid = read_grid(write_lonlat(tmp_path / "f.nc", Grid.from_extent(100, 20, 110, 30, 0.5, "EPSG:4326")))
    assert grid.crs.is_geographic and grid.bounds == pytest.approx((100, 20, 110, 30), abs=1e-4)


def test_coordinates_that_no_projection_fits_are_refused_with_the_residual(tmp_path):
    lat, lon = np.meshgrid(20.0 + np.arange(30) ** 1.5 / 5, 100.0 + np.arange(40) ** 1.4 / 5, indexing="ij")
    xarray.Dataset({"lon": (("y", "x"), lon), "lat": (("y", "x"), lat), "PM25": (("y", "x"), lat, {"units": "ug m-3"})}).to_netcdf(
        tmp_path / "f.nc"
    )
    with pytest.raises(InputError, match="the best, .*, is up to .* cells off, where 0.1 is allowed"):
        inspect(tmp_path / "f.nc")


def test_a_stated_projection_beats_the_fit_and_is_held_against_the_coordinates(tmp_path):
    grid = Grid.from_lower_left(ctm_crs("+proj=lcc +lat_1=30 +lat_2=60 +lat_0=40 +lon_0=-97"), -2.7e6, -2.0e6, (36000, 36000), (40, 50))
    path = write_lonlat(tmp_path / "f.nc", grid)
    with netCDF4.Dataset(path, "a") as file:
        file["PM25"].grid_mapping = "lcc"
        file.createVariable("lcc", "i4").setncatts(grid.crs.to_cf())
    assert read_grid(path).matches(grid) and inspect(path)["notes"][0].startswith("it has no time axis")
    with netCDF4.Dataset(path, "a") as file:
        file["lcc"].setncatts(ctm_crs("+proj=merc +lat_ts=20 +lon_0=-97").to_cf())
    with pytest.raises(InputError, match="cells off a regular grid in .*proj=merc"):
        read_grid(path)


def test_utm_of_ioapi_is_a_transverse_mercator_on_the_sphere():
    utm = ioapi_crs({"GDTYP": 5, "P_ALP": 50.0, "XCENT": 0.0, "YCENT": 0.0}, "f")
    x, y = Transformer.from_crs(utm.geodetic_crs, utm, always_xy=True).transform([117.0, 118.0], [0.0, 30.0])
    east, north = Transformer.from_crs("EPSG:4326", "EPSG:32650", always_xy=True).transform([117.0, 118.0], [0.0, 30.0])
    assert (x[0], y[0]) == (pytest.approx(500000), pytest.approx(0, abs=1e-6))
    assert x[1] - 5e5 == pytest.approx(east[1] - 5e5, rel=5e-3) and y[1] == pytest.approx(north[1], rel=5e-3)  # sphere, not ellipsoid
    assert "+R=6370000" in ioapi_crs({"GDTYP": 5, "P_ALP": -50.0}, "f").to_proj4()


# Times


@pytest.mark.parametrize(
    "attributes, name, time, daily",
    [
        ({"date": "2020-01-05"}, "x.nc", "2020-01-05", True),
        ({"time_coverage_start": "2020-01-05T06:00:00Z"}, "x.nc", "2020-01-05T06", False),
        ({}, "cmaq_20200105.nc", "2020-01-05", True),
        ({}, "pm25.2020-01-05_1300.nc", "2020-01-05T13", False),
        ({}, "CCTM_ACONC_2020005", "2020-01-05", True),
        ({"date": "soon"}, "cams_2020_01_05_12km.nc", "2020-01-05", True),
    ],
)
def test_a_file_without_time_axis_is_dated_by_its_attributes_or_else_its_name(tmp_path, attributes, name, time, daily):
    found = time_of_file(attributes, tmp_path / name)
    assert (found.time, found.daily) == (np.datetime64(time, "s"), daily)


@pytest.mark.parametrize("name", ["pm25.nc", "20200103-20200120.nc", "grid_12345678.nc", "run_20201301.nc"])
def test_a_name_that_says_nothing_or_two_things_dates_no_file(tmp_path, name):
    assert time_of_file({}, tmp_path / name) is None


def test_times_without_tflag_values_follow_from_the_header(tmp_path):
    path = ioapi_file(tmp_path / "f.nc", {"PM25_TOT": ("ug m-3", SOUTH_FIRST)}, steps=2)
    with netCDF4.Dataset(path, "a") as file:
        file["TFLAG"][:] = 0
    assert read_ctm(path).times == [date(2018, 2, 20), date(2018, 2, 21)]


def test_the_hour_that_ends_at_midnight_belongs_to_the_day_before(tmp_path):
    bounds = [[hour, hour + 1] for hour in range(24)]
    path = cf_file(tmp_path / "f.nc", range(1, 25), np.arange(24.0)[:, None, None] * np.ones((1, ROWS, COLUMNS)), bounds=bounds)
    ctm = read_ctm(path)
    assert ctm.times == [date(2018, 2, 20)] and (ctm.fields["pm25"] == 11.5).all()


def test_daily_means_match_plain_xarray(shared_data):
    path = shared_data / "mcip_wrf/METCRO2D_au-test_v1"
    ctm = read_ctm(path, ["temperature", "wind"])
    with xarray.open_dataset(path, decode_times=False) as file:
        for key, name in (("temperature", "TEMP2"), ("wind", "WSPD10")):
            expected = file[name].isel(LAY=0, TSTEP=slice(0, 24)).mean("TSTEP").to_numpy()[::-1]
            assert np.allclose(ctm.fields[key][0], expected, rtol=1e-6)


# Derived variables


def goff_gratch(kelvin):
    """Saturation vapour pressure over water in Pa, by the formula of Goff and Gratch (1946): independent of Bolton's."""
    ratio = 373.16 / kelvin
    exponent = (
        -7.90298 * (ratio - 1)
        + 5.02808 * np.log10(ratio)
        - 1.3816e-7 * (10 ** (11.344 * (1 - 1 / ratio)) - 1)
        + 8.1328e-3 * (10 ** (-3.49149 * (ratio - 1)) - 1)
    )
    return 101324.6 * 10**exponent


@pytest.mark.parametrize(
    "name, temperature, pressure",
    [
        ("METCRO2D_au-test_v1", "TEMP2", "PRSFC"),
        ("WRFOUT_d01_2022-12-07T0000Z.nc", "T2", "PSFC"),
        ("WRFOUT_d01_2022-12-07T0500Z.nc", "T2", "PSFC"),
        ("wrf_mercator_sample.nc", "T2", "PSFC"),
    ],
)
def test_humidity_of_real_meteorology_agrees_with_metpy_and_goff_gratch(shared_data, name, temperature, pressure):
    metpy = pytest.importorskip("metpy.calc")
    from metpy.units import units

    with xarray.open_dataset(shared_data / "mcip_wrf" / name, decode_times=False) as file:
        q, t, p = (file[n].to_numpy().squeeze() for n in ("Q2", temperature, pressure))
    ours = humidity_from_mixing_ratio(q, t, p)
    assert ours.min() >= 0 and ours.max() <= 100 and ours.dtype == np.float32 and np.ptp(ours) > 5
    with OpenFiles(VariableTable()) as files:  # the same, the way that readers take
        file = files.get(shared_data / "mcip_wrf" / name)
        read = file.fields(file.yields()["rh"], [0])[0]
    assert np.allclose(read[::-1], ours if ours.ndim == 2 else ours[0], rtol=1e-5)
    theirs = metpy.relative_humidity_from_mixing_ratio(p * units.Pa, t * units.K, q * units("kg/kg")).to("percent").magnitude
    by_hand = 100 * p * q / (0.622 + q) / goff_gratch(t.astype(float))
    assert np.abs(ours / np.minimum(theirs, 100) - 1).max() < 0.01 and np.abs(ours / np.minimum(by_hand, 100) - 1).max() < 0.01


def test_the_ways_to_humidity_agree():
    temperature, pressure, mixing = np.float32([280, 300]), np.float32([9e4, 1e5]), np.float32([0.004, 0.012])
    expected = humidity_from_mixing_ratio(mixing, temperature, pressure)
    assert np.allclose(humidity_from_specific(mixing / (1 + mixing), temperature, pressure), expected, rtol=1e-5)
    assert humidity_from_dew_point(temperature, temperature) == pytest.approx([100, 100])


def wrf_file(path, staggered, stamps=("2022-12-07_00:00:00",)):
    """A small wrfout in Mercator; the wind is 3 east, 4 north, with a gradient across the staggered edges."""
    n = 6
    grid = Grid.from_lower_left(ctm_crs("+proj=merc +lat_ts=0 +lon_0=100"), 0, 2e6, (9000.0, 9000.0), (n, n))
    lon, lat = (v[::-1].astype(np.float32) for v in grid.lonlat())
    east = np.linspace(0, 6, n + 1)[None, None, None, :] * np.ones((len(stamps), 2, n, 1))
    north = np.full((len(stamps), 2, n + 1, n), 4.0)
    at_10_m = np.full((len(stamps), n, n), 3.0), np.full((len(stamps), n, n), 4.0)
    mass, unit = ("Time", "south_north", "west_east"), {"units": "m s-1"}
    wind = (
        {
            "U": (("Time", "bottom_top", "south_north", "west_east_stag"), east, unit),
            "V": (("Time", "bottom_top", "south_north_stag", "west_east"), north, unit),
        }
        if staggered
        else {"U10": (mass, at_10_m[0], unit), "V10": (mass, at_10_m[1], unit)}
    )
    coords = {"XLONG": (mass, np.broadcast_to(lon, (len(stamps), n, n))), "XLAT": (mass, np.broadcast_to(lat, (len(stamps), n, n)))}
    attrs = {
        "MAP_PROJ": 3,
        "TRUELAT1": 0.0,
        "TRUELAT2": 0.0,
        "STAND_LON": 100.0,
        "MOAD_CEN_LAT": 18.0,
        "DX": 9000.0,
        "DY": 9000.0,
        "SIMULATION_START_DATE": "2022-12-06_00:00:00",
    }
    xarray.Dataset({"Times": ("Time", np.array(stamps, "S19")), **wind, **coords}, attrs=attrs).to_netcdf(path, format="NETCDF4")
    return path


HOURS = [f"2022-12-07_{hour:02}:00:00" for hour in range(24)]


def test_wind_speed_comes_from_its_components(tmp_path):
    ctm = read_ctm(wrf_file(tmp_path / "wrfout", False, HOURS))
    assert ctm.times == [date(2022, 12, 7)] and np.allclose(ctm.fields["wind"], 5)


def test_staggered_components_are_brought_to_the_cells_and_the_layer_is_said(tmp_path):
    progress = Progress()
    wind = read_ctm(wrf_file(tmp_path / "wrfout", True, HOURS), progress=progress).fields["wind"][0]
    assert np.allclose(wind, np.hypot(np.arange(6) + 0.5, 4)[None, :]) and "lowest model layer" in progress.warnings[0]


def test_wrf_without_times_takes_them_from_xtime_or_its_name(tmp_path):
    path = wrf_file(tmp_path / "wrfout_d01_2022-12-07_03:00:00", False)
    with xarray.open_dataset(path, decode_times=False) as file:
        file.drop_vars("Times").to_netcdf(tmp_path / "wrfout_d01_2022-12-07_04:00:00")
        timed = file.drop_vars("Times").assign(XTIME=("Time", [90.0], {"units": "minutes since 2022-12-06 00:00:00"}))
        timed.to_netcdf(tmp_path / "x.nc")
    assert inspect(tmp_path / "wrfout_d01_2022-12-07_04:00:00")["times"]["first"] == "2022-12-07T04:00:00"
    assert inspect(tmp_path / "x.nc")["times"]["first"] == "2022-12-06T01:30:00"


def test_cmaq_species_without_pm25_name_what_to_run(shared_data, tmp_path):
    path = shared_data / "ioapi/CCTM_D502addm_Linux2_x86_64intel.ACONC.CMAQ-BENCHMARK_20060801"
    with pytest.raises(
        InputError, match="some of CMAQ's aerosol species but no PM2.5.*ANO3I, ANH4I, ANAI, ACLI ... are not there.*run combine"
    ):
        read_ctm(path, ["pm25"])
    assert "run combine" in inspect(path)["notes"][-1]


# The table of known variables, changed by a user


def table(path, text):
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_user_states_the_unit_that_a_file_lacks_and_new_variables(shared_data, tmp_path):
    path = str(shared_data / "china_cmaq/raw_lonlat2d_20200105.nc")
    known = table(
        tmp_path / "v.toml", '[pm25]\nnames = ["PM25_cmaq"]\nfile_unit = "ug m-3"\n[fused]\nunit = "ug m-3"\nnames = ["PM25_fused"]\n'
    )
    about = JOBS["inspect"]({"file": path, "variables": known}, Progress())
    assert {v["name"]: (v["recognised_as"], v["unit"]) for v in about["variables"] if v["recognised_as"]} == {
        "PM25_cmaq": ("pm25", "ug m-3"),
        "PM25_fused": ("fused", "μg/m³"),
    }
    assert not any("can't be read" in note for note in about["notes"])
    assert any("has no unit" in note for note in JOBS["inspect"]({"file": path}, Progress())["notes"])  # the table was for one job only


def test_a_name_that_a_user_gives_goes_to_his_variable(tmp_path):
    from model_core.variable_table import read_variable_table

    changed = read_variable_table(table(tmp_path / "v.toml", '[pm25]\nnames = ["PM10"]\n'))
    assert changed.recognise("pm10").key == "pm25" and changed.recognise("PM10_TOT").key == "pm10"


@pytest.mark.parametrize(
    "text, message",
    [
        ("level = 'lowest'\n", "level is 'lowest'; write first, last, or a value"),
        ("[pm25\n", "can't be read"),
        ("pm25 = 3\n", "write it as a table"),
        ("[pm25]\nalias = ['x']\n", "unknown entry 'alias'; known are names"),
        ("[pm25]\nnames = 'x'\n", "'names' must be a list of texts, got 'x'"),
        ("[nh3]\nnames = ['x']\n", "a new variable needs its unit"),
        ("[pm25]\nunit = 'kg m-3'\n", "the engine's unit of pm25 is ug m-3; use file_unit"),
        ("[pm25]\nfile_unit = 'K'\n", "unit 'K' can't be converted"),
        ("[pm25]\nlimits = [5, 1]\n", "'limits' must be a list of two numbers"),
        ("[a]\nunit='K'\nnames=['X']\n[b]\nunit='K'\nnames=['x']\n", "stands for both a and b"),
    ],
)
def test_a_table_that_is_wrong_is_told_where(tmp_path, text, message):
    from model_core.variable_table import read_variable_table

    with pytest.raises(InputError, match=message):
        read_variable_table(table(tmp_path / "v.toml", text))
    with pytest.raises(InputError, match="does not exist"):
        read_variable_table(tmp_path / "none.toml")
