"""A field against another raster: places meet, units decide what may be said, files are read as they say."""

from __future__ import annotations

import csv
import json

import geopandas
import numpy as np
import pytest
import rasterio
import shapely
import xarray as xr
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from listening import Listening
from pyproj import CRS, Transformer
from scipy.stats import spearmanr

from model_core.comparison.agreement import agreement, difference
from model_core.comparison.regridding import onto_grid
from model_core.errors import InputError
from model_core.grid import PRESETS, Grid
from model_core.jobs import JOBS
from model_core.output import write_geotiff
from model_core.progress import Progress

LAMBERT = PRESETS["china12km"].crs
GRID = Grid.from_lower_left(LAMBERT, -180_000.0, -180_000.0, (12_000.0, 12_000.0), (30, 36))
TO_LAMBERT = Transformer.from_crs("EPSG:4326", LAMBERT, always_xy=True)


def truth(x, y):
    """A smooth field on the plane, in ug m-3."""
    return 50 + 30 * np.sin(x / 90_000) + 15 * np.cos(y / 70_000)


FIELD = truth(*np.meshgrid(GRID.x, GRID.y)).astype(np.float32)


def lonlat(pixel):
    """Longitudes and latitudes (from the north) of pixels that cover the grid."""
    west, north = 107.5, 36.0
    return west + (np.arange(round(5.5 / pixel)) + 0.5) * pixel, north - (np.arange(round(4 / pixel)) + 0.5) * pixel


def other_file(path, values, pixel, unit="ug m-3", crs="EPSG:4326", scale=None, **more):
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        dtype=values.dtype,
        count=1,
        height=values.shape[0],
        width=values.shape[1],
        crs=crs,
        transform=Affine(pixel, 0, 107.5, 0, -pixel, 36.0),
        **more,
    ) as file:
        file.write(values, 1)
        if unit:
            file.set_band_unit(1, unit)
        if scale:
            file.scales, file.offsets = (scale[0],), (scale[1],)
    return str(path)


def truth_in_degrees(pixel):
    return truth(*TO_LAMBERT.transform(*np.meshgrid(*lonlat(pixel)))).astype(np.float32)


@pytest.fixture
def compare(tmp_path):
    """Run the job on `FIELD`; the result, its log in `compare.progress`."""
    write_geotiff(tmp_path / "field.tif", GRID, [("PM2.5", FIELD, "ug m-3")], {"species": "pm25"})

    def run(**request):
        run.progress = Listening()
        return JOBS["compareraster"]({"fields": str(tmp_path / "field.tif"), "out": str(tmp_path / "out"), **request}, run.progress)

    return run


@pytest.mark.parametrize("pixel, method", [(0.02, "mean by area"), (0.4, "bilinear")])
def test_the_same_field_in_degrees_agrees_whether_finer_or_coarser(compare, tmp_path, pixel, method):
    result = compare(other=other_file(tmp_path / "o.tif", truth_in_degrees(pixel), pixel))
    scores = result["scores"]
    assert scores["n"] == FIELD.size and scores["r2_det"] > 0.98 and scores["r2_pearson"] > 0.98
    assert abs(scores["bias"]) < 0.3 and scores["slope"] == pytest.approx(1, abs=0.03 if pixel < 0.1 else 0.15)
    assert any(method in line and "brought onto the field's grid" in line for line in compare.progress.lines)
    written = json.loads((tmp_path / "out" / "scores.json").read_text())
    assert written["scores"]["rmse"] == pytest.approx(scores["rmse"])
    rows = dict(csv.reader((tmp_path / "out" / "scores.csv").open()))
    assert float(rows["spearman"]) == pytest.approx(scores["spearman"], rel=1e-6)
    assert all((tmp_path / "out" / name).read_bytes()[:4] == b"\x89PNG" for name in ("scatter.png", "maps.png"))
    with rasterio.open(tmp_path / "out" / "difference.tif") as raster:
        assert raster.units[0] == "ug m-3" and np.nanmean(raster.read(1)) == pytest.approx(scores["bias"], rel=1e-4)


def test_a_block_of_fine_pixels_is_averaged_and_not_picked(tmp_path):
    """A checkerboard of 0 and 2 that is finer than the cells becomes 1 in all of them."""
    own = Grid.from_lower_left(LAMBERT, -240_000.0, -240_000.0, (3_000.0, 3_000.0), (160, 160))
    board = (2.0 * (np.indices(own.shape).sum(0) % 2)).astype(np.float32)
    found = onto_grid(board, own, Grid.from_lower_left(LAMBERT, -120_000.0, -120_000.0, (12_000.0, 12_000.0), (20, 20)), "b", Progress())
    assert np.allclose(found.values, 1) and (found.share == 1).all()


def test_a_modis_like_file_is_read_with_scale_fill_and_valid_range(compare, tmp_path):
    """Packed AOD in NetCDF: fill and what lies beyond the valid range count as no data; units differ, so no bias is told."""
    aod = truth_in_degrees(0.05) / 100
    packed = np.round(aod * 1000).astype(np.int16)
    packed[:20] = -28672
    packed[20:24] = 9000
    lon, lat = lonlat(0.05)
    variable = xr.Variable(
        ("lat", "lon"),
        packed,
        {
            "long_name": "AOD at 0.55",
            "scale_factor": 0.001,
            "add_offset": 0.0,
            "_FillValue": np.int16(-28672),
            "valid_range": np.array([-100, 5000], np.int16),
            "units": "1",
        },
    )
    dataset = xr.Dataset(
        {"Optical_Depth_055": variable},
        coords={
            "lon": ("lon", lon, {"units": "degrees_east", "standard_name": "longitude"}),
            "lat": ("lat", lat, {"units": "degrees_north", "standard_name": "latitude"}),
        },
    )
    dataset.to_netcdf(tmp_path / "aod.nc")
    result = compare(other=f'NETCDF:"{tmp_path / "aod.nc"}":Optical_Depth_055', other_name="AOD")
    scores = result["scores"]
    assert not result["one_unit"] and "bias" not in scores and "r2_det" not in scores
    assert scores["n"] < 0.85 * FIELD.size and scores["r2_pearson"] > 0.999 and scores["spearman"] > 0.999
    assert scores["slope"] == pytest.approx(100, rel=0.01) and 0 < scores["mean_other"] < 1
    assert result["difference"] == "Difference of the standardised fields" and result["difference_unit"] == "standard deviations"
    assert any("scores that need a common unit are left out" in line for line in compare.progress.lines)
    with rasterio.open(tmp_path / "out" / "difference.tif") as raster:
        assert np.nanmax(np.abs(raster.read(1))) < 0.1


def test_scale_and_offset_of_a_geotiff_are_respected_and_units_converted(compare, tmp_path):
    """The same field as packed mg m-3, (stored - 1000) * 1e-4, of which the file does not say the unit."""
    stored = np.round(truth_in_degrees(0.02) / 1000 / 1e-4 + 1000).astype(np.uint16)
    result = compare(other=other_file(tmp_path / "o.tif", stored, 0.02, unit="", scale=(1e-4, -0.1), nodata=0), other_unit="mg m-3")
    assert result["one_unit"] and result["scores"]["r2_det"] > 0.99 and abs(result["scores"]["bias"]) < 0.3
    assert any("converted from mg m-3 to ug m-3" in line for line in compare.progress.lines)


def test_without_a_unit_none_is_assumed(compare, tmp_path):
    path = other_file(tmp_path / "o.tif", truth_in_degrees(0.05), 0.05, unit="")
    assert "rmse" not in compare(other=path)["scores"]
    assert any("--other-unit" in line for line in compare.progress.lines)


def test_mask_and_least_valid_share_choose_the_cells(compare, tmp_path):
    values = truth_in_degrees(0.02)
    values[:, ::2] = np.nan  # half of each cell
    path = other_file(tmp_path / "o.tif", values, 0.02, nodata=np.nan)
    shape = shapely.box(-60_000, -60_000, 60_000, 60_000)
    geopandas.GeoDataFrame(geometry=[shape], crs=LAMBERT.to_wkt()).to_crs(4326).to_file(tmp_path / "mask.gpkg")
    result = compare(other=path, mask=str(tmp_path / "mask.gpkg"), min_valid=0.3)
    assert result["scores"]["n"] == 100 == result["mask"]["cells"]
    with pytest.raises(InputError, match="only 0 cells in common"):
        compare(other=path, min_valid=0.7)


def test_means_of_both_periods_are_compared(tmp_path, shared_data):
    """Real CMAQ days against themselves a week later: the two dates choose the fields of both."""
    path = str(shared_data / "china_cmaq" / "china36km_cmaq_pm25_20200103-20.nc")
    result = JOBS["compareraster"](
        {"fields": path, "other": path, "start": "2020-01-05", "end": "2020-01-09", "out": str(tmp_path / "o")}, Progress()
    )
    assert result["field"]["fields"] == result["other"]["fields"] == 5 and result["field"]["first"] == "2020-01-05"
    assert result["scores"]["rmse"] == 0 and result["scores"]["r2_det"] == 1


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.floats(0.1, 10), st.floats(-50, 50))
def test_standardised_fields_forget_unit_and_offset(seed, factor, offset):
    """However the other raster is scaled, correlation and the difference of the standardised fields stay."""
    generator = np.random.default_rng(seed)
    field = generator.normal(40, 10, (8, 9))
    other = field + generator.normal(0, 8, field.shape)
    field[0, 0] = np.nan
    plain, scaled = agreement(field, other, False), agreement(field, factor * other + offset, False)
    for key in ("n", "r2_pearson", "spearman"):
        assert scaled[key] == pytest.approx(plain[key])
    known = np.isfinite(field)
    assert plain["spearman"] == pytest.approx(spearmanr(field[known], other[known]).statistic)
    assert plain["slope"] == pytest.approx(np.polyfit(other[known], field[known], 1)[0])
    assert np.allclose(difference(field, factor * other + offset, False), difference(field, other, False), atol=1e-4, equal_nan=True)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"other": []}, "'other' is missing"),
        ({"min_valid": 2}, "must lie between 0 and 1"),
        ({"min_valid": "half"}, "'min_valid' must be a number, got 'half'"),
        ({"start": "2020-01-01"}, "do not say of which days"),
        ({"variable": "pm10"}, "has no band 'pm10'"),
        ({"mask": "far.gpkg"}, "no cell of the field has its centre in the mask"),
        ({"other": "far.tif"}, "does not overlap the grid"),
        ({"other": "flat.tif"}, "one of the two is constant"),
    ],
)
def test_what_does_not_fit_is_refused_and_leaves_no_folder(compare, tmp_path, change, message):
    other_file(tmp_path / "o.tif", truth_in_degrees(0.1), 0.1)
    other_file(tmp_path / "flat.tif", np.ones((40, 55), np.float32), 0.1, unit="1")
    with rasterio.open(
        tmp_path / "far.tif",
        "w",
        driver="GTiff",
        dtype="float32",
        count=1,
        height=5,
        width=5,
        crs="EPSG:4326",
        transform=Affine(1, 0, -60, 0, -1, 0),
    ) as file:
        file.write(np.ones((5, 5), np.float32), 1)
    geopandas.GeoDataFrame(geometry=[shapely.box(-60, -3, -59, -2)], crs=CRS.from_epsg(4326)).to_file(tmp_path / "far.gpkg")
    request = {"other": "o.tif", **change}
    request |= {key: str(tmp_path / request[key]) for key in ("other", "mask") if request.get(key)}
    with pytest.raises(InputError, match=message):
        compare(**request)
    assert not (tmp_path / "out").exists()
