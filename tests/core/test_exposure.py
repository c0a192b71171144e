"""Exposure: every person is counted once, where they live, and breathes what the field has there."""

from __future__ import annotations

import json
from datetime import date

import geopandas
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from listening import Listening
from pyproj import CRS, Geod, Transformer

from model_core.errors import InputError
from model_core.exposure.measures import weighted_percentiles
from model_core.exposure.pixel_area import pixel_areas
from model_core.exposure.population import kind_by_unit
from model_core.grid import PRESETS, Grid
from model_core.jobs import JOBS
from model_core.output import write_geotiff, write_netcdf
from model_core.progress import Progress

LAMBERT = PRESETS["china12km"].crs
GRID = Grid.from_lower_left(LAMBERT, -180_000.0, -180_000.0, (12_000.0, 12_000.0), (30, 36))
TO_LONLAT = Transformer.from_crs(LAMBERT, "EPSG:4326", always_xy=True)
MOLLWEIDE = "ESRI:54009"
KM = 1000.0


def hills(grid=GRID, shift=0.0):
    """A field that differs from cell to cell."""
    x, y = np.meshgrid(grid.x, grid.y)
    return (40 + 30 * np.sin(x / 50_000 + shift) + 20 * np.cos(y / 70_000)).astype(np.float32)


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def write_raster(path, values, transform, crs="EPSG:4326", unit="persons", nodata=-9999.0, **more):
    values = np.asarray(values)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        dtype=values.dtype,
        count=1,
        height=values.shape[0],
        width=values.shape[1],
        crs=crs,
        transform=transform,
        nodata=nodata,
        **more,
    ) as file:
        file.write(values, 1)
        if unit:
            file.set_band_unit(1, unit)
    return str(path)


def lonlat_people(path, pixel=0.05, margin=0.0, seed=1, **more):
    """Random counts in degrees, over the grid and a margin of so many degrees around it."""
    west, south, east, north = 107.6 - margin, 32.2 - margin, 112.8 + margin, 35.8 + margin
    columns, rows = round((east - west) / pixel), round((north - south) / pixel)
    people = np.random.default_rng(seed).gamma(0.3, 1000, (rows, columns)).astype(np.float32)
    return write_raster(path, people, Affine(pixel, 0, west, 0, -pixel, north), **more), people


def field_file(path, field=None, grid=GRID, day=None):
    write_geotiff(path, grid, [("PM2.5", hills() if field is None else field, "ug m-3")], {"species": "pm25", "date": day})
    return str(path)


def layer_file(path, shapes, names, crs=LAMBERT):
    geopandas.GeoDataFrame({"name": names}, geometry=list(shapes), crs=crs.to_wkt() if hasattr(crs, "to_wkt") else crs).to_file(path)
    return str(path)


def exposure(folder, progress=None, out="out.csv", **request):
    return JOBS["exposure"]({"out": str(folder / out), **request}, progress or Progress())


def brute_force(people_path, field, grid, shape=None, shape_crs=LAMBERT, fine=6):
    """(people, mean) by looking at every point of a fine lattice in every pixel, one by one."""
    with rasterio.open(people_path) as raster:
        counts, transform, crs = np.where(raster.read(1) > 0, raster.read(1), 0), raster.transform, raster.crs
    rows, columns = counts.shape
    x, y = np.meshgrid((np.arange(columns * fine) + 0.5) / fine, (np.arange(rows * fine) + 0.5) / fine)
    x, y = transform.a * x + transform.c, transform.e * y + transform.f
    people = np.kron(counts.astype(float), np.ones((fine, fine))) / fine**2
    gx, gy = Transformer.from_crs(crs, grid.crs, always_xy=True).transform(x, y)
    if shape is not None:
        sx, sy = Transformer.from_crs(crs, shape_crs, always_xy=True).transform(x, y)
        people = people * shapely.contains_xy(shape, sx, sy)
    row, column = np.floor((grid.transform.f - gy) / grid.cell_size[1]), np.floor((gx - grid.transform.c) / grid.cell_size[0])
    inside = (row >= 0) & (row < grid.shape[0]) & (column >= 0) & (column < grid.shape[1])
    values = field[row[inside].astype(int), column[inside].astype(int)]
    return people.sum(), np.average(values, weights=people[inside])


def test_the_whole_is_what_a_count_point_by_point_gives(folder):
    path, people = lonlat_people(folder / "people.tif")
    result = exposure(folder, fields=field_file(folder / "f.tif"), population=path)
    total, mean = brute_force(path, hills(), GRID)
    assert result["whole"]["people"] == pytest.approx(people.sum(dtype=float), rel=1e-9) == pytest.approx(total)
    assert result["whole"]["mean"] == pytest.approx(mean, rel=2e-3)


@pytest.mark.parametrize("crs", [LAMBERT, CRS.from_epsg(4326), CRS.from_epsg(3857)], ids=["lambert", "degrees", "mercator"])
def test_polygons_in_any_crs_are_what_a_count_point_by_point_gives(folder, crs):
    path, _ = lonlat_people(folder / "people.tif")
    corners = np.array([(-100, -90), (120, -60), (150, 100), (10, 30), (-90, 120)]) * KM
    to_crs = Transformer.from_crs(LAMBERT, crs, always_xy=True)
    shape = shapely.transform(shapely.Polygon(corners), lambda points: np.stack(to_crs.transform(*points.T), axis=1))
    layer = layer_file(folder / "p.gpkg", [shape], ["star"], crs)
    result = exposure(folder, fields=field_file(folder / "f.tif"), population=path, polygons=layer)
    total, mean = brute_force(path, hills(), GRID, shape, crs)
    (star,) = result["polygons"]
    assert star["name"] == "star" and star["people"] == pytest.approx(total, rel=4e-3) and star["mean"] == pytest.approx(mean, rel=2e-3)


def forms(folder):
    """The same people as GPW density, WorldPop counts and GHS-POP counts, the last on Mollweide."""
    west, north, pixel, rows, columns = 107.0, 36.2, 1 / 60, 260, 370
    transform = Affine(pixel, 0, west, 0, -pixel, north)
    lon, lat = west + (np.arange(columns) + 0.5) * pixel, north - (np.arange(rows) + 0.5) * pixel
    density = 200 + 100 * np.sin(2 * lon) + 80 * np.cos(3 * lat)[:, None]
    area = (
        np.array(
            [
                abs(Geod(ellps="WGS84").polygon_area_perimeter([0, pixel, pixel, 0], [top, top, top - pixel, top - pixel])[0])
                for top in north - np.arange(rows) * pixel
            ]
        )
        / 1e6
    )
    counts = density * area[:, None]
    x, y = np.meshgrid(np.arange(9_500_000, 10_900_000, KM), np.arange(4_450_000, 3_900_000, -KM) - KM)
    gx, gy = Transformer.from_crs(MOLLWEIDE, "EPSG:4326", always_xy=True).transform(x + KM / 2, y + KM / 2)
    inside = (gx >= west) & (gx < lon[-1] + pixel / 2) & (gy <= north) & (gy > lat[-1] - pixel / 2)
    # PROJ's Mollweide takes the latitudes of WGS 84 for those of a sphere: its square kilometres are not quite true ones.
    true_area = (1 - 0.00669438) / (1 - 0.00669438 * np.sin(np.radians(gy)) ** 2) ** 2
    mollweide = np.where(inside, true_area * (200 + 100 * np.sin(2 * gx) + 80 * np.cos(3 * gy)), -200.0)
    return {
        "gpw_density": write_raster(folder / "gpw_v4_population_density_rev11.tif", density.astype(np.float32), transform, unit=""),
        "density_by_unit": write_raster(folder / "d.tif", (density * 0.01).astype(np.float32), transform, unit="people per hectare"),
        "worldpop_counts": write_raster(folder / "chn_ppp_2020.tif", counts.astype(np.float32), transform, unit=""),
        "ghs_pop": write_raster(
            folder / "GHS_POP_E2020_GLOBE_R2023A.tif",
            mollweide.astype(np.float32),
            Affine(KM, 0, x[0, 0], 0, -KM, y[0, 0] + KM),
            crs=MOLLWEIDE,
            unit="",
            nodata=-200.0,
        ),
    }


def test_the_forms_of_population_rasters_tell_the_same_people(folder):
    """Density times true area, counts, and an equal-area projection in kilometres."""
    field = field_file(folder / "f.tif")
    layer = layer_file(folder / "p.gpkg", [shapely.box(-150 * KM, -150 * KM, 200 * KM, 150 * KM)], ["box"])
    results, warned = {}, {}
    for form, path in forms(folder).items():
        progress = Listening()
        results[form] = exposure(folder, progress, fields=field, population=path, polygons=layer, limit=[40.0])["polygons"][0]
        warned[form] = " ".join(progress.warnings)
    first = results["worldpop_counts"]
    assert first["people"] == pytest.approx(200 * 350 * 300, rel=0.2)
    for form, found in results.items():
        assert found["people"] == pytest.approx(first["people"], rel=2e-3), form
        assert found["mean"] == pytest.approx(first["mean"], rel=1e-3), form
        assert found["above_40"] == pytest.approx(first["above_40"], rel=5e-3), form
    assert "by its name it is taken to hold density" in warned["gpw_density"] and "people per km² is taken" in warned["gpw_density"]
    assert "by its name it is taken to hold counts" in warned["ghs_pop"]
    assert "by its name" not in warned["density_by_unit"]


def test_counts_or_density_is_never_guessed(folder):
    path, people = lonlat_people(folder / "people.tif", unit="")
    field = field_file(folder / "f.tif")
    with pytest.raises(InputError, match="counts of people or a density.*--population-is"):
        exposure(folder, fields=field, population=path)
    whole = exposure(folder, fields=field, population=path, population_is="counts")["whole"]
    assert whole["people"] == pytest.approx(people.sum(dtype=float))
    progress = Listening()
    exposure(folder, progress, fields=field, population=lonlat_people(folder / "c.tif")[0], population_is="density")
    assert any("says that it holds counts" in text and "taken as density, as asked" in text for text in progress.warnings)


@pytest.mark.parametrize(
    "unit, expected",
    [
        ("persons/km**2", ("density", 1e6)),
        ("people per square kilometer", ("density", 1e6)),
        ("inhabitants km-2", ("density", 1e6)),
        ("km^-2", ("density", 1e6)),
        ("1/km2", ("density", 1e6)),
        ("Persons per sq. km", ("density", 1e6)),
        ("people/ha", ("density", 1e4)),
        ("inhab m-2", ("density", 1.0)),
        ("persons", ("counts", None)),
        ("people per pixel", ("counts", None)),
        ("Population count", ("counts", None)),
        ("1", None),
        ("", None),
        ("km", None),
        ("ug m-3", None),
        ("people per km", None),
    ],
)
def test_what_a_unit_tells(unit, expected):
    assert kind_by_unit(unit) == expected


def test_the_area_of_pixels_is_that_of_the_ellipsoid():
    """Against geodesics, in degrees and on a conformal projection of a sphere, whose scale is not one."""
    geod = Geod(ellps="WGS84")
    degrees = pixel_areas(CRS.from_epsg(4326), Affine(0.5, 0, 100, 0, -0.5, 60), (slice(0, 100), slice(0, 3)))
    for row in (0, 40, 99):
        top = 60 - 0.5 * row
        parallel = np.linspace(0, 0.5, 200)
        ring = np.concatenate([parallel, parallel[::-1]]), np.concatenate([np.full(200, top), np.full(200, top - 0.5)])
        assert degrees[row, 0] == pytest.approx(abs(geod.polygon_area_perimeter(*ring)[0]), rel=1e-6)
    assert pixel_areas(CRS.from_epsg(4326), Affine(1, 0, -180, 0, -1, 90), (slice(0, 180), slice(0, 1))).sum() * 360 == pytest.approx(
        510_065_621_724_000, rel=1e-9
    )
    transform = Affine(108 * KM, 0, -2_376 * KM, 0, -108 * KM, 1_512 * KM)
    lambert = CRS.from_proj4("+proj=lcc +lat_1=33 +lat_2=45 +lat_0=40 +lon_0=-97 +R=6370000 +units=m +no_defs")
    areas = pixel_areas(lambert, transform, (slice(0, 27), slice(0, 44)))
    for row, column in ((0, 0), (13, 20), (26, 43)):
        t = np.linspace(0, 1, 50)
        corners = np.concatenate([np.stack(side) for side in ((t, 0 * t), (1 + 0 * t, t), (1 - t, 1 + 0 * t), (0 * t, 1 - t))], axis=1) + [
            [column],
            [row],
        ]
        x, y = transform.a * corners[0] + transform.c, transform.e * corners[1] + transform.f
        lon, lat = Transformer.from_crs(lambert, lambert.geodetic_crs, always_xy=True).transform(x, y)
        assert areas[row, column] == pytest.approx(abs(geod.polygon_area_perimeter(lon, lat)[0]), rel=2e-4)


def test_an_ioapi_population_and_a_real_cmaq_day(shared_data, folder):
    """GPW density on the CTM's own grid: the fourth of five years is chosen, and the people of the United States come out."""
    us = shared_data / "us_cmaq"
    request = {
        "fields": str(us / "dailyavg.LST.Y_24.2016fh.v531.108US2.01.nc"),
        "population": str(us / "gpw_v4_une_atotpopbt_densy_108US2.IOAPI.nc"),
        "limit": [9.0],
    }
    with pytest.raises(InputError, match="holds 5 fields.*--population-step"):
        exposure(folder, **request)
    result = exposure(folder, **request, population_step="4")
    progress = Listening()
    box = layer_file(folder / "us.gpkg", [shapely.box(-124.7, 25, -67, 49)], ["US"], CRS.from_epsg(4326))
    us_box = exposure(folder, progress, **request, population_step="4", polygons=box)["polygons"][0]
    assert 3.2e8 < us_box["people"] < 4.2e8  # with northern Mexico and southern Canada
    assert 1 < result["whole"]["p5"] < result["whole"]["mean"] < result["whole"]["p95"] < 30
    assert result["population"]["is"] == "density"


def test_chinese_provinces_add_up_to_the_whole(shared_data, folder):
    """Real outlines, of which 20 are invalid, real CMAQ days, each step and the mean; the chart is drawn."""
    west, north, pixel = 72.0, 56.0, 0.25
    lon, lat = west + (np.arange(268) + 0.5) * pixel, north - (np.arange(216) + 0.5) * pixel
    people = (2e4 + 1e6 * np.exp(-((lon - 116) ** 2 + (lat[:, None] - 35) ** 2) / 60)).astype(np.float32)
    path = write_raster(folder / "people.tif", people, Affine(pixel, 0, west, 0, -pixel, north))
    progress = Listening()
    result = exposure(
        folder,
        progress,
        out="out.gpkg",
        fields=str(shared_data / "china_cmaq" / "china36km_cmaq_pm25_20200103-20.nc"),
        population=path,
        polygons=str(shared_data / "covariates" / "china_provinces.geojson"),
        limit=[75.0, 35.0],
        chart=str(folder / "chart.png"),
    )
    assert any("20 polygons had an invalid geometry and were mended" in text for text in progress.lines)
    whole, provinces = result["whole"], result["polygons"]
    for key in ("people", "outside", "no_value", "above_35", "above_75"):
        assert sum(province[key] for province in provinces) == pytest.approx(whole[key], rel=1e-3, abs=1)
    weighted = sum(province["mean"] * province["counted"] for province in provinces if province["mean"] is not None)
    assert weighted / whole["counted"] == pytest.approx(whole["mean"], rel=1e-4)
    layer = geopandas.read_file(folder / "out.gpkg", layer="exposure")
    assert layer.crs == "EPSG:4326" and layer.geometry.isna().sum() == 1 and set(layer["step"]) == {"mean"}
    assert layer.loc[layer["name"] == "山东省", "mean"].item() == pytest.approx(
        next(province["mean"] for province in provinces if province["name"] == "山东省")
    )
    steps = geopandas.read_file(folder / "out.gpkg", layer="steps")
    assert len(steps) == 18 * (1 + len(provinces)) and steps["step"].iloc[0] == "2020-01-03"
    assert steps[steps["id"] == 0]["mean"].mean() == pytest.approx(whole["mean"], rel=1e-5)  # no gaps: means commute
    assert (folder / "chart.png").read_bytes()[:4] == b"\x89PNG"
    json.dumps(result, allow_nan=False)


@pytest.mark.parametrize("out", ["t.csv", "t.parquet", "t.gpkg"])
def test_tables_of_a_period_hold_each_day_and_the_mean(folder, out):
    days = [date(2019, 1, 5), date(2019, 1, 6)]
    fields = np.stack([hills(), hills(shift=1)])
    write_netcdf(folder / "days.nc", GRID, days, [("pm25_p98", 2 * fields, "ug m-3"), ("pm25", fields, "ug m-3")])
    layer = layer_file(folder / "p.gpkg", [shapely.box(0, 0, 50 * KM, 50 * KM), shapely.box(50 * KM, 0, 90 * KM, 50 * KM)], ["a", "b"])
    result = exposure(folder, out=out, fields=[str(folder / "days.nc")], population=lonlat_people(folder / "people.tif")[0], polygons=layer)
    if out.endswith("csv"):
        table = pd.read_csv(folder / out)
    elif out.endswith("parquet"):
        table = geopandas.read_parquet(folder / out)
        assert table.crs.equals(LAMBERT) and table.geometry.notna().sum() == 2
    else:
        table = pd.concat([geopandas.read_file(folder / out, layer=name) for name in ("exposure", "steps")])
    expected = [(step, name) for step in ("mean", "2019-01-05", "2019-01-06") for name in ("all", "a", "b")]
    assert list(zip(table["step"], table["name"])) == expected
    assert table["mean"].iloc[1] == pytest.approx(result["polygons"][0]["mean"])
    assert table["mean"].iloc[1] == pytest.approx(table["mean"].iloc[[4, 7]].mean(), rel=1e-6)
    one = exposure(folder, fields=str(folder / "days.nc"), start="2019-01-06", population=str(folder / "people.tif"), polygons=layer)
    assert one["whole"]["step"] == "2019-01-06" and one["whole"]["mean"] == pytest.approx(table["mean"].iloc[6], rel=1e-6)


def test_a_folder_of_days_is_a_period(folder):
    days = folder / "days"
    days.mkdir()
    for day, shift in (("2019-01-05", 0), ("2019-01-06", 1)):
        field_file(days / f"pm25_{day}.tif", hills(shift=shift), day=day)
    result = exposure(folder, fields=str(days), population=lonlat_people(folder / "people.tif")[0])
    assert [row["step"] for row in result["series"]] == ["2019-01-05", "2019-01-06"]


def test_means_of_months_keep_their_names(folder):
    """As `aggregate` writes them: a GeoTIFF for each period, with a band for each statistic."""
    months = folder / "months"
    months.mkdir()
    for number in (1, 2):
        tags = {"period": f"2019-0{number}", "periods": f"2019-0{number}-01/2019-0{number + 1}-01"}
        write_geotiff(months / f"{number}.tif", GRID, [("pm25", hills(), "ug m-3"), ("pm25_days", hills() * 0 + 28, "1")], tags)
    request = {"fields": str(months), "population": lonlat_people(folder / "people.tif")[0]}
    assert [row["step"] for row in exposure(folder, **request)["series"]] == ["2019-01", "2019-02"]
    assert exposure(folder, **request, end="2019-01-31")["whole"]["step"] == "2019-01"
    assert exposure(folder, **request, variable="pm25_days")["whole"]["mean"] == pytest.approx(28)


def test_people_outside_the_field_and_on_cells_without_value_are_told(folder):
    path, people = lonlat_people(folder / "people.tif", margin=1.0)
    field = hills()
    field[:10] = np.nan
    progress = Listening()
    whole = exposure(folder, progress, fields=field_file(folder / "f.tif", field), population=path)["whole"]
    assert whole["people"] == pytest.approx(people.sum(dtype=float))
    assert whole["people"] == pytest.approx(whole["counted"] + whole["outside"] + whole["no_value"])
    assert whole["outside"] > 0.3 * whole["people"] and whole["no_value"] > 0.05 * whole["people"]
    assert any("live outside the field and are not counted" in text for text in progress.warnings)
    assert any("live on cells of the field without a value" in text for text in progress.warnings)


def test_a_field_in_degrees_from_0_to_360_finds_people_west_of_greenwich(folder):
    grid = Grid.from_lower_left(CRS.from_epsg(4326), 0.0, 40.0, (1.0, 1.0), (15, 360))
    field = np.broadcast_to(np.arange(360, dtype=np.float32), (15, 360))
    people = write_raster(folder / "people.tif", np.ones((30, 40), np.float32), Affine(0.25, 0, -10, 0, -0.25, 50))
    whole = exposure(folder, fields=field_file(folder / "f.tif", field, grid), population=people)["whole"]
    assert whole["people"] == whole["counted"] == 1200 and whole["mean"] == pytest.approx(354.5)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A field, people and a constant field, for laws that many polygons are tried on."""
    folder = tmp_path_factory.mktemp("world")
    people, counts = lonlat_people(folder / "people.tif", pixel=0.1)
    return {
        "folder": folder,
        "people": people,
        "counts": counts,
        "field": field_file(folder / "f.tif"),
        "constant": field_file(folder / "c.tif", np.full(GRID.shape, 37.5, np.float32)),
    }


kilometres = st.floats(-170, 230)


@settings(max_examples=6)
@given(x=st.floats(-160, 220), left=kilometres, right=kilometres, low=st.floats(-170, 0), high=st.floats(1, 170))
def test_the_parts_of_a_polygon_add_up(world, x, left, right, low, high):
    """Wherever and however it is cut, nobody is lost or counted twice, but for its sides, which follow the projection in steps of 5 km."""
    west, east = min(left, right, x - 5) * KM, max(left, right, x + 5) * KM
    low, high = low * KM, high * KM
    whole = shapely.box(west, low, east, high)
    knife = shapely.Polygon([(west - 1, low - 1), (x * KM, low - 1), (x * KM + 3 * KM, high + 1), (west - 1, high + 1)])
    parts = [shapely.intersection(whole, knife), shapely.difference(whole, knife)]
    layer = layer_file(world["folder"] / "p.gpkg", [whole, *parts], ["whole", "a", "b"])
    result = exposure(world["folder"], fields=world["field"], population=world["people"], polygons=layer, limit=[45.0])
    one, *both = result["polygons"]
    for key in ("people", "outside", "above_45"):
        assert sum(part[key] for part in both) == pytest.approx(one[key], rel=1e-3, abs=1e-6 * one["people"])
    assert result["whole"]["people"] == pytest.approx(one["people"], rel=1e-3)  # overlaps count once
    weighted = sum(part["mean"] * part["counted"] for part in both if part["counted"] > 0)
    assert weighted / sum(part["counted"] for part in both) == pytest.approx(one["mean"], rel=1e-3)


@settings(max_examples=5)
@given(x=st.floats(-150, 200), y=st.floats(-150, 150), radius=st.floats(0.5, 120))
def test_a_constant_field_gives_that_constant(world, x, y, radius):
    layer = layer_file(world["folder"] / "p.gpkg", [shapely.Point(x * KM, y * KM).buffer(radius * KM)], ["disc"])
    request = {"fields": world["constant"], "population": world["people"], "polygons": layer, "limit": [37.4, 37.5]}
    (disc,) = exposure(world["folder"], **request)["polygons"]
    assert disc["mean"] == pytest.approx(37.5) and disc["p5"] == disc["p95"] == 37.5
    assert disc["above_37_4"] == pytest.approx(disc["counted"]) and disc["above_37_5"] == 0


def test_a_small_polygon_gets_its_share_of_a_large_pixel(folder):
    """Of people spread evenly over a pixel, a hundredth of its area has a hundredth."""
    transform = Affine(90 * KM, 0, -180 * KM, 0, -90 * KM, 180 * KM)
    people = write_raster(folder / "people.tif", np.full((4, 4), 1e6, np.float32), transform, LAMBERT.to_wkt())
    shapes = [shapely.box(11 * KM, 13 * KM, 20 * KM, 22 * KM), shapely.Point(0, 0).buffer(400, quad_segs=64)]
    layer = layer_file(folder / "p.gpkg", shapes, ["square", "dot"])
    square, dot = exposure(folder, fields=field_file(folder / "f.tif"), population=people, polygons=layer)["polygons"]
    assert square["people"] == pytest.approx(1e4, rel=1e-5)
    assert dot["people"] == pytest.approx(1e6 * np.pi * 0.4**2 / 90**2, rel=1e-3)


@given(st.lists(st.tuples(st.floats(0, 500), st.integers(1, 9)), min_size=1, max_size=30), st.floats(0, 100))
def test_weights_count_as_repetitions(pairs, percentage):
    values, weights = (np.array(column, float) for column in zip(*pairs))
    repeated = np.repeat(values, weights.astype(int))
    expected = np.percentile(repeated, percentage, method="inverted_cdf")
    (found,) = weighted_percentiles(values, weights, [percentage])
    wanted = percentage / 100 * len(repeated)
    assert found == expected or abs(wanted - round(wanted)) < 1e-9  # at a step, rounding decides


@pytest.mark.parametrize(
    "change, message",
    [
        ({"out": "t.shp"}, "must end in .gpkg, .csv, .parquet"),
        ({"fields": []}, "'fields' is missing"),
        ({"percentile": [101]}, "must lie between 0 and 100"),
        ({"chart": "model.safetensors"}, "chart 'model.safetensors': the name must end in .png"),
        ({"limit": ["much"]}, "'limit' must be a number, got 'much'"),
        ({"population_is": "heads"}, "counts or density"),
        ({"population": "nothing.tif"}, "can't be read"),
        ({"polygons": "nothing.gpkg"}, "does not exist"),
        ({"name_field": "province"}, "no field 'province'; its fields are name"),
        ({"start": "2019-01-01"}, "do not say of which days"),
        ({"population": "far.tif"}, "no one of population raster"),
        ({"polygons": "lines.gpkg"}, "holds Linestring geometry"),
        ({"polygons": "far.gpkg"}, "lives in the polygons"),
    ],
)
def test_what_does_not_fit_is_refused(folder, change, message):
    lonlat_people(folder / "people.tif")
    write_raster(folder / "far.tif", np.ones((5, 5), np.float32), Affine(1, 0, -60, 0, -1, 0))
    layer_file(folder / "p.gpkg", [shapely.box(0, 0, KM, KM)], ["a"])
    layer_file(folder / "far.gpkg", [shapely.box(-60, -3, -59, -2)], ["a"], CRS.from_epsg(4326))
    layer_file(folder / "lines.gpkg", [shapely.LineString([(0, 0), (KM, KM)])], ["a"])
    request = {"fields": field_file(folder / "f.tif"), "population": "people.tif", "polygons": "p.gpkg", "out": "t.csv", **change}
    request |= {key: str(folder / request[key]) for key in ("population", "polygons", "out")}
    with pytest.raises(InputError, match=message):
        JOBS["exposure"](request, Progress())
    assert not (folder / "t.csv").exists()


def test_fields_on_two_grids_are_refused(folder):
    other = Grid.from_lower_left(LAMBERT, 0.0, 0.0, (12_000.0, 12_000.0), (30, 36))
    files = [field_file(folder / "a.tif"), field_file(folder / "b.tif", grid=other)]
    with pytest.raises(InputError, match="on another grid than"):
        exposure(folder, fields=files, population=lonlat_people(folder / "people.tif")[0])
