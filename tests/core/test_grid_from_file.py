"""Grids of model output and of template rasters, as their files state them."""

import numpy as np
import pytest
import rasterio
import xarray
from pyproj import CRS

from model_core.ctm.formats import ioapi
from model_core.ctm.formats.netcdf_file import open_netcdf
from model_core.ctm.inspection import inspect
from model_core.errors import InputError
from model_core.grid import Grid, parse_grid
from model_core.grid_from_file import read_grid

LAMBERT_US = "+proj=lcc +lat_0=40 +lon_0=-97 +lat_1=33 +lat_2=45 +x_0=0 +y_0=0 +R=6370000 +units=m +no_defs"


def attributes(**changes):
    """Grid attributes of an IOAPI file."""
    return {
        "GDTYP": 2,
        "P_ALP": 33.0,
        "P_BET": 45.0,
        "P_GAM": -97.0,
        "XCENT": -97.0,
        "YCENT": 40.0,
        "XORIG": -2412000.0,
        "YORIG": -1620000.0,
        "XCELL": 108000.0,
        "YCELL": 108000.0,
        "NCOLS": 44,
        "NROWS": 27,
        **changes,
    }


def test_ioapi_states_the_lower_left_corner_on_its_sphere():
    grid = ioapi.grid(attributes(), "file")
    assert grid.lower_left == (-2412000, -1620000) and grid.shape == (27, 44) and grid.cell_size == (108000, 108000)
    assert grid.crs == CRS.from_proj4(LAMBERT_US)


@pytest.mark.parametrize(
    "changes, proj",
    [
        ({"GDTYP": 1}, "+proj=longlat +R=6370000"),
        (
            {"GDTYP": 6, "P_ALP": 1.0, "P_BET": 45.0, "P_GAM": -98.0, "XCENT": -98.0, "YCENT": 90.0},
            "+proj=stere +lat_0=90 +lat_ts=45 +lon_0=-98",
        ),
        (
            {"GDTYP": 6, "P_ALP": -1.0, "P_BET": -71.0, "P_GAM": 0.0, "XCENT": 0.0, "YCENT": -90.0},
            "+proj=stere +lat_0=-90 +lat_ts=-71 +lon_0=0",
        ),
        ({"GDTYP": 7, "P_ALP": 20.0, "P_GAM": 110.0, "XCENT": 110.0, "YCENT": 0.0}, "+proj=merc +lat_ts=20 +lon_0=110"),
    ],
)
def test_the_projections_of_ioapi(changes, proj):
    expected = CRS.from_proj4(f"{proj} +x_0=0 +y_0=0 +R=6370000 +no_defs" if "longlat" not in proj else f"{proj} +no_defs")
    assert ioapi.crs(attributes(**changes), "file") == expected


def test_the_origin_of_a_mercator_grid_may_lie_off_the_equator():
    grid = ioapi.grid(attributes(GDTYP=7, P_ALP=0.0, P_GAM=110.0, XCENT=112.0, YCENT=20.0, XORIG=0.0, YORIG=0.0), "file")
    row, column = grid.locate(112.0, 20.0, "EPSG:4326")
    assert (row, column) == pytest.approx((27, 0), abs=1e-5)


def test_a_grid_type_that_is_not_supported_is_named():
    with pytest.raises(InputError, match="GDTYP=9, which is not supported yet; supported are 1 .* 2 .* 6 .* 7"):
        ioapi.crs(attributes(GDTYP=9), "file")
    with pytest.raises(InputError, match="lacks the IOAPI grid attributes XORIG"):
        ioapi.grid({k: v for k, v in attributes().items() if k != "XORIG"}, "file")


@pytest.mark.parametrize(
    "name",
    [
        "covariates/GRIDCRO2D_china27km.nc",
        "ioapi/GRIDCRO2D_12OTC2_161231.nc",
        "ioapi/GRIDCRO2D_2006075_polar_stereographic.ncf",
        "mcip_wrf/GRIDCRO2D_au-test_v1",
    ],
)
def test_mcips_own_longitudes_and_latitudes_lie_on_the_grid(shared_data, name):
    path = shared_data / name
    with open_netcdf(path) as file:
        lon, lat = (file[n].to_numpy()[0, 0, ::-1] for n in ("LON", "LAT"))
    row, column = read_grid(path).locate(lon, lat, "EPSG:4326")
    assert np.abs(row - np.indices(row.shape)[0] - 0.5).max() < 0.01
    assert np.abs(column - np.indices(row.shape)[1] - 0.5).max() < 0.01


@pytest.mark.parametrize("name", ["WRFOUT_d01_2022-12-07T0000Z.nc", "wrf_mercator_sample.nc"])
def test_wrfs_own_longitudes_and_latitudes_lie_on_the_grid(shared_data, name):
    path = shared_data / "mcip_wrf" / name
    with open_netcdf(path) as file:
        lon, lat = (file[n].to_numpy()[0, ::-1] for n in ("XLONG", "XLAT"))
    row, column = read_grid(path).locate(lon, lat, "EPSG:4326")
    assert np.abs(row - np.indices(row.shape)[0] - 0.5).max() < 0.01
    assert np.abs(column - np.indices(row.shape)[1] - 0.5).max() < 0.01


@pytest.mark.parametrize(
    "name, proj, shape, cell, lower_left",
    [
        (
            "china_cmaq/china36km_cmaq_pm25_20200103-20.nc",
            "+proj=lcc +lat_1=25 +lat_2=40 +lat_0=34 +lon_0=110 +R=6370000",
            (127, 172),
            36000,
            (-3096000, -2286000),
        ),
        ("atlanta_cmaq/atlanta12km_cmaq_pm25_20040601-20.nc", LAMBERT_US, (50, 48), 12000, (876000, -888000)),
        ("us_cmaq/dailyavg.LST.Y_24.2016fh.v531.108US2.01.nc", LAMBERT_US, (27, 44), 108000, (-2412000, -1620000)),
        ("ioapi/CCTM_D502addm_Linux2_x86_64intel.ACONC.CMAQ-BENCHMARK_20060801", LAMBERT_US, (122, 127), 12000, (504000, -1488000)),
        ("ioapi/world_NOX_latlon.ncf", "+proj=longlat +R=6370000", (180, 360), 1, (0, -90)),
    ],
)
def test_grids_of_real_files(shared_data, name, proj, shape, cell, lower_left):
    grid = inspect(shared_data / name)["grid"]
    assert (grid["rows"], grid["columns"]) == shape and grid["cell_size"] == [cell, cell]
    assert tuple(grid["lower_left"]) == lower_left and CRS.from_wkt(grid["wkt"]) == CRS.from_proj4(f"{proj} +no_defs")
    assert "+R=6370000" in grid["proj"]


def cf_file(path, lon, lat, **attrs):
    xarray.Dataset(
        {"pm2p5": (("lat", "lon"), np.zeros((len(lat), len(lon)), np.float32), {"units": "kg m-3"})},
        {"lon": ("lon", lon, {"units": "degrees_east"}), "lat": ("lat", lat, {"units": "degrees_north"})},
        attrs,
    ).to_netcdf(path)
    return path


def test_one_dimensional_longitude_and_latitude_are_a_grid_in_degrees(tmp_path):
    lon, lat = np.arange(70, 140, 0.4, np.float32), np.arange(55, 10, -0.4, dtype=np.float32)
    grid = read_grid(cf_file(tmp_path / "cams.nc", lon, lat))
    assert grid.crs.to_epsg() == 4326 and grid.cell_size == pytest.approx((0.4, 0.4), rel=1e-5)
    assert grid.lower_left == pytest.approx((69.8, float(lat[-1]) - 0.2), abs=1e-4)


def test_uneven_axes_are_refused(tmp_path):
    with pytest.raises(InputError, match="axis 'lat' is not evenly spaced"):
        read_grid(cf_file(tmp_path / "gauss.nc", np.arange(5.0), np.array([10, 11, 12.2, 13.5])))
    with pytest.raises(InputError, match="axis 'lon' has one cell"):
        read_grid(cf_file(tmp_path / "line.nc", np.arange(1.0), np.arange(5.0)))


def test_axes_in_kilometres_become_metres(tmp_path):
    path = tmp_path / "km.nc"
    crs = CRS.from_epsg(32650)
    xarray.Dataset(
        {"crs": ((), 0, crs.to_cf()), "pm25": (("y", "x"), np.zeros((3, 4)), {"grid_mapping": "crs", "units": "ug m-3"})},
        {"x": ("x", [500.0, 512, 524, 536], {"units": "km"}), "y": ("y", [4000.0, 4012, 4024], {"units": "km"})},
    ).to_netcdf(path)
    assert read_grid(path).matches(Grid.from_lower_left(crs, 494e3, 3994e3, (12e3, 12e3), (3, 4)))


def test_projected_axes_without_a_projection_are_refused(tmp_path):
    path = tmp_path / "bare.nc"
    xarray.Dataset({"pm25": (("y", "x"), np.zeros((3, 4)))}, {"x": np.arange(4.0), "y": np.arange(3.0)}).to_netcdf(path)
    with pytest.raises(InputError, match="no grid_mapping that says their projection"):
        read_grid(path)


def test_two_dimensional_longitudes_without_a_projection_get_the_one_that_fits(shared_data):
    path = shared_data / "china_cmaq/raw_lonlat2d_20200105.nc"
    grid = read_grid(path)
    assert grid.matches(read_grid(shared_data / "china_cmaq/china36km_cmaq_pm25_20200103-20.nc"))
    with open_netcdf(path) as file:
        row, column = grid.locate(file["lon"].to_numpy()[::-1], file["lat"].to_numpy()[::-1], "EPSG:4326")
    assert np.abs(row - np.indices(row.shape)[0] - 0.5).max() < 0.001
    assert np.abs(column - np.indices(row.shape)[1] - 0.5).max() < 0.001
    assert "no projection is stated" in inspect(path)["notes"][0] and "residual of at most" in inspect(path)["notes"][0]


def template(path, **options):
    with rasterio.open(path, "w", driver="GTiff", width=4, height=3, count=1, dtype="uint8", **options):
        pass
    return path


def test_a_template_raster_is_a_grid(tmp_path):
    path = template(tmp_path / "t.tif", crs="EPSG:32650", transform=rasterio.Affine(30, 0, 1000, 0, -30, 2000))
    assert parse_grid(str(path)).matches(Grid.from_lower_left(CRS.from_epsg(32650), 1000, 1910, (30, 30), (3, 4)))


def test_a_template_without_crs_or_rotated_is_refused(tmp_path):
    with pytest.raises(InputError, match="has no CRS; assign one"):
        read_grid(template(tmp_path / "a.tif", transform=rasterio.Affine(30, 0, 1000, 0, -30, 2000)))
    with pytest.raises(InputError, match="not rotated"):
        read_grid(template(tmp_path / "b.tif", crs="EPSG:32650", transform=rasterio.Affine(30, 5, 1000, 5, -30, 2000)))


def test_a_file_that_is_no_grid_is_named(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    with pytest.raises(InputError, match="notes.txt' is neither a NetCDF file nor a raster"):
        read_grid(path)
    with pytest.raises(InputError, match="does not exist"):
        read_grid(tmp_path / "nowhere.tif")
