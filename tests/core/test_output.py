"""Results as GeoTIFF and CF NetCDF: right values, right place, right CRS, complete or not there."""

import resource
import shutil
import subprocess
from datetime import date
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import rasterio
import xarray
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pyproj import CRS

from model_core.ctm.fields import read_ctm
from model_core.errors import OutputError
from model_core.grid import PRESETS, Grid
from model_core.grid_from_file import read_grid
from model_core.output import NetcdfWriter, atomic_file, partial_path, write_geotiff, write_netcdf

CHINA = PRESETS["china12km"]
DEGREES = Grid.from_extent(70, 10, 90, 25, 0.5, "EPSG:4326")
DAYS = [date(2018, 2, 20), date(2018, 2, 21)]


def slope(grid):
    """Higher in the north and in the east, so that no flip goes unnoticed; one cell without data."""
    rows, columns = grid.shape
    field = np.add.outer(np.arange(rows, 0, -1), np.arange(columns) / 1000).astype(np.float32)
    field[1, 2] = np.nan
    return field


def write(path, grid=CHINA):
    if path.suffix == ".tif":
        write_geotiff(path, grid, [("PM2.5", slope(grid), "ug m-3")])
    else:
        write_netcdf(path, grid, DAYS, [("pm25", np.stack([slope(grid)] * 2), "ug m-3")])


# GeoTIFF


def test_a_geotiff_holds_values_place_units_and_tags(tmp_path):
    path = tmp_path / "field.tif"
    counts = np.ones(CHINA.shape)
    write_geotiff(path, CHINA, [("PM2.5", slope(CHINA), "ug m-3"), ("count", counts, "1")], {"date": DAYS[0], "none": None})
    with rasterio.open(path) as file:
        assert np.array_equal(file.read(1), slope(CHINA), equal_nan=True) and (file.read(2) == 1).all()
        assert file.shape == CHINA.shape and file.transform == CHINA.transform
        assert CRS.from_wkt(file.crs.to_wkt()) == CHINA.crs
        assert file.dtypes == ("float32",) * 2 and np.isnan(file.nodata)
        assert file.descriptions == ("PM2.5", "count") and file.units == ("ug m-3", "1")
        assert file.tags()["date"] == "2018-02-20" and "none" not in file.tags()
        assert file.tags()["TIFFTAG_SOFTWARE"].startswith("CTM Reanalysis")
        assert file.profile["compress"] == "deflate" and file.profile["tiled"] and file.block_shapes[0] == (256, 256)
        assert file.tags(ns="IMAGE_STRUCTURE")["PREDICTOR"] == "3"


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    field=arrays(np.float32, st.tuples(st.integers(1, 30), st.integers(1, 30)), elements=st.floats(width=32)),
    crs=st.sampled_from([CHINA.crs, CRS.from_epsg(32650), CRS.from_epsg(4326)]),
)
def test_any_field_comes_back_from_a_geotiff_on_its_grid(tmp_path, field, crs):
    grid = Grid.from_lower_left(crs, 10, 20, (0.5, 0.25), field.shape)
    write_geotiff(tmp_path / "field.tif", grid, [("x", field, "1")])
    with rasterio.open(tmp_path / "field.tif") as file:
        assert np.array_equal(file.read(1), field, equal_nan=True)
    assert read_grid(tmp_path / "field.tif").matches(grid)


# NetCDF


def test_a_netcdf_says_what_when_where_by_cf(tmp_path):
    path = tmp_path / "field.nc"
    field = slope(CHINA)
    write_netcdf(path, CHINA, DAYS, [("pm25", np.stack([field, 2 * field]), "ug m-3"), ("elevation", field, "m")], {"model": "m"})
    with xarray.open_dataset(path) as file:
        pm25 = file["pm25"]
        assert pm25.dims == ("time", "y", "x") and file["elevation"].dims == ("y", "x") and pm25.dtype == np.float32
        assert np.array_equal(pm25[1], 2 * field, equal_nan=True)
        assert pm25.attrs["standard_name"] == "mass_concentration_of_pm2p5_ambient_aerosol_particles_in_air"
        assert pm25.attrs["units"] == "ug m-3" and pm25.attrs["cell_methods"] == "time: mean"
        assert "cell_methods" not in file["elevation"].attrs
        assert file["time"].dt.strftime("%F").values.tolist() == ["2018-02-20", "2018-02-21"]
        assert file["x"].attrs["standard_name"] == "projection_x_coordinate" and file["x"].attrs["units"] == "m"
        assert np.array_equal(file["x"], CHINA.x) and np.array_equal(file["y"], CHINA.y)
        lon, lat = CHINA.lonlat()
        assert np.allclose(file["lon"], lon, atol=1e-6) and np.allclose(file["lat"], lat, atol=1e-6)
        mapping = file[pm25.attrs["grid_mapping"]].attrs
        assert mapping["earth_radius"] == 6_370_000 and mapping["grid_mapping_name"] == "lambert_conformal_conic"
        assert CRS.from_wkt(mapping["crs_wkt"]) == CRS.from_cf({k: v for k, v in mapping.items() if k[-3:] != "wkt"}) == CHINA.crs
        assert file.attrs["Conventions"] == "CF-1.8" and file.attrs["model"] == "m" and "CTM Reanalysis" in file.attrs["history"]
    with netCDF4.Dataset(path) as file:
        assert file["time"].bounds == "time_bnds" and file["time_bnds"][:].tolist() == [[0, 1], [1, 2]]


@pytest.mark.parametrize(
    "grid", [CHINA, DEGREES, Grid.from_extent(5e5, 4e6, 6e5, 4.05e6, 5e3, "EPSG:32650")], ids=["lambert", "degrees", "utm"]
)
def test_a_netcdf_opens_right_side_up_and_in_place(tmp_path, grid):
    path = tmp_path / "field.nc"
    write_netcdf(path, grid, DAYS[:1], [("pm25", slope(grid)[None], "ug m-3")])
    with rasterio.open(f"netcdf:{path}:pm25") as file:
        assert np.array_equal(file.read(1), slope(grid), equal_nan=True)
        assert np.allclose(file.transform, grid.transform) and CRS.from_wkt(file.crs.to_wkt()) == grid.crs
    assert read_grid(path).matches(grid)


def test_without_a_known_day_there_is_no_time_axis(tmp_path):
    path = tmp_path / "field.nc"
    write_netcdf(path, DEGREES, None, [("pm25", slope(DEGREES), "ug m-3")])
    with xarray.open_dataset(path) as file:
        assert "time" not in file.variables and file["pm25"].dims == ("lat", "lon")


def test_what_was_written_is_read_back_as_days(tmp_path):
    path = tmp_path / "field.nc"
    write(path)
    ctm = read_ctm(path)
    assert ctm.times == DAYS and ctm.grid.matches(CHINA)
    assert np.array_equal(ctm.fields["pm25"][0], slope(CHINA), equal_nan=True)


def test_days_need_not_follow_each_other(tmp_path):
    path = tmp_path / "field.nc"
    days = [date(2018, 2, 20), date(2018, 3, 2)]
    write_netcdf(path, DEGREES, days, [("pm25", np.stack([slope(DEGREES)] * 2), "ug m-3")])
    assert read_ctm(path).times == days


def test_a_writer_takes_one_day_after_the_other(tmp_path):
    path = tmp_path / "field.nc"
    with NetcdfWriter(path, DEGREES, DAYS) as writer:
        writer.define("pm25", "ug m-3", daily=True, comment="a")
        for step in range(2):
            writer.write("pm25", slope(DEGREES) + step, step)
        assert not path.exists()
    assert np.array_equal(read_ctm(path).fields["pm25"][1], slope(DEGREES) + 1, equal_nan=True)


@pytest.mark.parametrize("grid", [CHINA, DEGREES], ids=["lambert", "degrees"])
def test_rows_may_be_stored_from_the_south_as_models_do(tmp_path, grid):
    path = tmp_path / "field.nc"
    with NetcdfWriter(path, grid, DAYS[:1], south_first=True) as writer:
        writer.define("pm25", "ug m-3", daily=True)
        writer.write("pm25", slope(grid), 0)
    with netCDF4.Dataset(path) as file:
        assert np.array_equal(file["pm25"][0].filled(np.nan)[::-1], slope(grid), equal_nan=True)
    with rasterio.open(f"netcdf:{path}:pm25") as file:
        assert np.array_equal(file.read(1), slope(grid), equal_nan=True) and np.allclose(file.transform, grid.transform)
    assert np.array_equal(read_ctm(path).fields["pm25"][0], slope(grid), equal_nan=True)


@pytest.mark.skipif(not shutil.which("gdalinfo"), reason="gdalinfo is not installed")
@pytest.mark.parametrize("name", ["{}/field.tif", "netcdf:{}/field.nc:pm25"])
def test_gdal_sees_the_sphere(tmp_path, name):
    write(tmp_path / "field.tif")
    write(tmp_path / "field.nc")
    told = subprocess.run(["gdalinfo", "-proj4", name.format(tmp_path)], capture_output=True, text=True, check=True).stdout
    assert "+R=6370000" in told and "Pixel Size = (12000.0" in told and "Origin = (-3144000.0" in told


# Complete or not at all


@pytest.mark.parametrize("suffix", [".tif", ".nc"])
class TestNothingHalfWritten:
    def test_a_missing_folder_is_named(self, tmp_path, suffix):
        with pytest.raises(OutputError, match="folder '.*nowhere' does not exist; create it"):
            write(tmp_path / "nowhere" / f"field{suffix}")

    def test_a_file_is_no_folder(self, tmp_path, suffix):
        (tmp_path / "file").write_text("")
        with pytest.raises(OutputError, match="'.*file' is a file, not a folder"):
            write(tmp_path / "file" / f"field{suffix}")

    def test_a_folder_is_no_file(self, tmp_path, suffix):
        (tmp_path / f"folder{suffix}").mkdir()
        with pytest.raises(OutputError, match="is a folder; name a file in it"):
            write(tmp_path / f"folder{suffix}")
        with pytest.raises(OutputError, match="'/' is a folder"):
            write(Path("/"))

    @pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no /proc, which even root can't write to")
    def test_a_folder_that_is_not_writable_is_named(self, tmp_path, suffix):
        with pytest.raises(OutputError, match=f"can't write '/proc/field{suffix}'.*choose another folder"):
            write(Path(f"/proc/field{suffix}"))

    def test_a_full_disk_leaves_the_old_file_and_no_other(self, tmp_path, suffix):
        path = tmp_path / f"field{suffix}"
        path.write_text("the user's own")
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))  # no file may grow beyond 4 kB, as on a full disk
        try:
            with pytest.raises(OutputError, match="can't write '.*field"):
                write(path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert path.read_text() == "the user's own" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("trouble", [ValueError, KeyboardInterrupt, MemoryError])
def test_whatever_interrupts_leaves_nothing_behind(tmp_path, trouble):
    path = tmp_path / "field.nc"
    with pytest.raises(trouble):
        with atomic_file(path) as partial:
            partial.write_text("half")
            assert partial == partial_path(path) == tmp_path / ".field.nc.partial"
            raise trouble
    assert not list(tmp_path.iterdir())
    with pytest.raises(trouble):
        with NetcdfWriter(path, DEGREES, DAYS) as writer:
            writer.define("pm25", "ug m-3", daily=True)
            raise trouble
    assert not list(tmp_path.iterdir())


def test_a_field_of_another_shape_is_refused(tmp_path):
    with pytest.raises(ValueError, match="has shape .2, 2., the grid .30, 40."):
        write_geotiff(tmp_path / "field.tif", DEGREES, [("x", np.zeros((2, 2)), "1")])
    with pytest.raises(ValueError, match="has shape .2, 2., the grid .30, 40."):
        write_netcdf(tmp_path / "field.nc", DEGREES, None, [("x", np.zeros((2, 2)), "1")])
    assert not list(tmp_path.iterdir())
