"""Maps from rasters: area counts, each pixel once, whatever the projection of either side."""

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
import xarray as xr
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from listening import Listening

from model_core.covariates import class_fractions, elevation_maps, open_source, read_covariates
from model_core.covariates.elevation import mean_and_spread
from model_core.covariates.sampling import points_per_side
from model_core.ctm.fields import read_ctm
from model_core.ctm.inspection import inspect
from model_core.errors import InputError
from model_core.grid import PRESETS, Grid, ctm_crs
from model_core.jobs import JOBS
from model_core.progress import Progress

ROOT = Path(__file__).resolve().parents[2]
CHINA = PRESETS["china12km"].crs
# Twenty degrees of turn against the meridians, as in the west of china12km.
WEST = Grid.from_lower_left(CHINA, -2_700_000.0, 300_000.0, (36_000.0, 36_000.0), (12, 14))


@pytest.fixture
def raster(tmp_path):
    """Writes values as a GeoTIFF: by default in degrees, on the corner of the western grid."""

    def write(values, crs="EPSG:4326", corner=(76.0, 46.0), pixel=0.02, name="r.tif", **more):
        values = np.asarray(values)
        with rasterio.open(
            tmp_path / name,
            "w",
            driver="GTiff",
            dtype=values.dtype,
            count=1,
            height=values.shape[0],
            width=values.shape[1],
            **{"crs": crs, "transform": Affine(pixel, 0, corner[0], 0, -pixel, corner[1]), **more},
        ) as file:
            file.write(values, 1)
        return tmp_path / name

    return write


def lonlat_raster(field, raster, pixel=0.02, **more):
    """A raster in degrees that covers the western grid, of a function of (x, y) on the grid's projection."""
    from pyproj import Transformer

    lon, lat = 74 + (np.arange(int(14 / pixel)) + 0.5) * pixel, 46 - (np.arange(int(13 / pixel)) + 0.5) * pixel
    x, y = Transformer.from_crs("EPSG:4326", CHINA, always_xy=True).transform(*np.meshgrid(lon, lat))
    return raster(field(x, y), corner=(74.0, 46.0), pixel=pixel, **more)


def elevation_of(path, grid=WEST, progress=None, **options):
    with open_source(path) as source:
        return elevation_maps(source, grid, progress=progress, **options)


def fractions_of(path, groups, grid=WEST, progress=None):
    classes = tuple(value for members in groups.values() for value in members)
    with open_source(path, classes=classes) as source:
        return class_fractions(source, grid, groups, progress)


@pytest.mark.parametrize("pixel", [0.02, 0.3, 1.0])
def test_a_constant_height_stays_constant(raster, pixel):
    maps = elevation_of(lonlat_raster(lambda x, y: np.full(x.shape, 4321.5, np.float32), raster, pixel))
    assert (maps["elevation"] == 4321.5).all()
    assert "elevation_spread" not in maps or (maps["elevation_spread"] == 0).all()


def test_a_slope_has_its_mean_and_the_spread_of_a_slope(raster):
    """A plane of gradient (a, b) spreads by sqrt((a² + b²) / 12) times the side of a square cell."""
    path = lonlat_raster(lambda x, y: (2000 + x / 2000 + y / 1000).astype(np.float32), raster)
    maps = elevation_of(path)
    expected = 2000 + WEST.x[None] / 2000 + WEST.y[:, None] / 1000
    np.testing.assert_allclose(maps["elevation"], expected, atol=0.2)
    spread = 36_000 * np.hypot(1 / 2000, 1 / 1000) / np.sqrt(12)
    np.testing.assert_allclose(maps["elevation_spread"], spread, rtol=0.02)


def test_whole_pixels_in_a_cell_are_plain_means(raster):
    values = np.random.default_rng(0).uniform(0, 3000, (30, 33)).astype(np.float32)
    grid = Grid.from_extent(0, 0, 11, 10, 1, "EPSG:4326")
    maps = elevation_of(raster(values, corner=(0.0, 10.0), pixel=1 / 3), grid)
    blocks = values.reshape(10, 3, 11, 3).astype(float)
    np.testing.assert_allclose(maps["elevation"], blocks.mean((1, 3)), rtol=1e-6)
    np.testing.assert_allclose(maps["elevation_spread"], blocks.std((1, 3)), rtol=1e-6)


def test_a_coarser_raster_is_interpolated_and_tells_no_spread(raster):
    progress = Listening()
    maps = elevation_of(lonlat_raster(lambda x, y: (x / 1000 + 3000).astype(np.float32), raster, 0.5), WEST, progress)
    assert set(maps) == {"elevation"}
    np.testing.assert_allclose(maps["elevation"], WEST.x[None] / 1000 + 3000 + 0 * WEST.y[:, None], atol=3)
    assert "bilinear" in progress.lines[0] and "coarser" in progress.warnings[0]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), classes=st.integers(1, 6), pixel=st.sampled_from([0.05, 0.13, 0.4, 1.1]))
def test_the_classes_of_a_cell_add_up_to_the_whole(tmp_path_factory, seed, classes, pixel):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, classes, (int(13 / pixel), int(14 / pixel)), dtype=np.uint8)
    path = tmp_path_factory.mktemp("classes") / "r.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        dtype="uint8",
        count=1,
        height=values.shape[0],
        width=values.shape[1],
        crs="EPSG:4326",
        transform=Affine(pixel, 0, 74, 0, -pixel, 46),
    ) as file:
        file.write(values, 1)
    shares = fractions_of(path, {str(value): [value] for value in range(classes)})
    total = sum(shares.values())
    known = np.isfinite(total)
    assert known.mean() > 0.9 and all((share[known] >= 0).all() for share in shares.values())
    np.testing.assert_allclose(total[known], 1, atol=1e-5)


def test_the_area_of_a_town_is_kept_in_another_projection(raster):
    """A disc of 60 km radius, all urban, covers its area on the grid, wherever it lies on the cells."""
    centre = WEST.x[6] + 7_000, WEST.y[5] - 11_000
    path = lonlat_raster(lambda x, y: np.where(np.hypot(x - centre[0], y - centre[1]) < 60_000, 13, 1).astype(np.uint8), raster)
    urban = fractions_of(path, {"urban": [13]})["urban"]
    assert urban.sum(dtype=float) * 36_000**2 == pytest.approx(np.pi * 60_000**2, rel=0.005)
    assert urban.max() == 1 and urban.min() == 0


def test_the_projection_of_the_raster_does_not_matter(raster):
    """The same hills in degrees and in another Lambert projection."""
    from pyproj import Transformer

    def hills(x, y):
        return (1500 + 800 * np.sin(x / 60_000) * np.cos(y / 45_000)).astype(np.float32)

    other = ctm_crs("+proj=lcc +lat_1=30 +lat_2=60 +lat_0=40 +lon_0=80")
    x, y = np.meshgrid(-600_000 + (np.arange(700) + 0.5) * 2000, 900_000 - (np.arange(900) + 0.5) * 2000)
    here = Transformer.from_crs(other, CHINA, always_xy=True).transform(x, y)
    first = elevation_of(lonlat_raster(hills, raster))
    second = elevation_of(raster(hills(*here), other.to_wkt(), (-600_000, 900_000), 2000, "other.tif"))
    for key in ("elevation", "elevation_spread"):
        both = np.isfinite(second[key])
        assert both.mean() > 0.9
        np.testing.assert_allclose(first[key][both], second[key][both], atol=6)


@pytest.mark.parametrize("west", [-180.0, 0.0, 20.0])
@pytest.mark.parametrize(
    "grid",
    [
        Grid.from_extent(-15, 35, 45, 60, 2, "EPSG:4326"),
        Grid.from_extent(150, -40, 210, 40, 4, "EPSG:4326"),
        Grid.from_lower_left(ctm_crs("+proj=lcc +lat_1=35 +lat_2=65 +lat_0=52 +lon_0=10"), -2e6, -2e6, (2e5, 2e5), (20, 20)),
        Grid.from_lower_left(ctm_crs("+proj=merc +lon_0=180"), -3e6, -3e6, (2e5, 2e5), (30, 30)),
        Grid.from_lower_left(ctm_crs("+proj=merc +lon_0=180"), -3e6, -3e6, (5e4, 5e4), (120, 120)),
    ],
    ids=["Europe", "Pacific", "Lambert", "Mercator", "fine Mercator"],
)
def test_it_does_not_matter_where_a_globe_begins(raster, west, grid):
    lon, lat = west + np.arange(360) + 0.5, 89.5 - np.arange(180)
    globe = 10 * lat[:, None] + 100 * np.cos(np.radians(lon))[None]
    elevation = elevation_of(raster(globe.astype(np.float32), corner=(west, 90.0), pixel=1.0), grid)["elevation"]
    lon, lat = grid.lonlat()
    np.testing.assert_allclose(elevation, 10 * lat + 100 * np.cos(np.radians(lon)), atol=3)


def test_no_data_takes_no_part(raster):
    values = np.full((30, 30), 100, np.int16)
    values[:, 15:] = -32768
    values[:15] = np.where(values[:15] == 100, 200, values[:15])
    grid = Grid.from_extent(0, 0, 10, 10, 2.5, "EPSG:4326")
    path = raster(values, corner=(0.0, 10.0), pixel=1 / 3, nodata=-32768)
    elevation = elevation_of(path, grid)["elevation"]
    np.testing.assert_array_equal(elevation[:, 2:], np.nan)
    assert np.unique(elevation[:, :2]).tolist() == [100, 200]
    share = fractions_of(path, {"low": [100]}, grid)["low"]
    assert np.unique(share[:, :2]).tolist() == [0, 1] and np.isnan(share[:, 2:]).all()


def test_no_data_that_is_asked_for_as_a_class_counts(raster):
    values = np.zeros((20, 20), np.uint8)
    values[:, 10:] = 13
    path = raster(values, corner=(0.0, 10.0), pixel=0.5, nodata=0)
    grid = Grid.from_extent(0, 0, 10, 10, 5, "EPSG:4326")
    assert fractions_of(path, {"urban": [13]}, grid)["urban"].tolist()[0][1] == 1
    assert fractions_of(path, {"water": [0]}, grid)["water"].tolist() == [[1, 0], [1, 0]]


def test_one_map_of_many_tiles_is_the_map_of_one(raster, monkeypatch):
    path = lonlat_raster(lambda x, y: (1000 + 500 * np.sin(x / 50_000 + y / 30_000)).astype(np.float32), raster)
    whole = elevation_of(path)
    monkeypatch.setattr("model_core.covariates.sampling._SAMPLES", (2 * points_per_side(23)) ** 2)
    for key, values in elevation_of(path).items():
        np.testing.assert_allclose(values, whole[key], atol=0.4)  # 0.02 pixels along a slope of 1 in 100


def test_a_large_raster_takes_little_memory(tmp_path):
    path, side = tmp_path / "classes.tif", 20_000
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        dtype="uint8",
        count=1,
        height=side,
        width=side,
        crs="EPSG:4326",
        sparse_ok=True,
        tiled=True,
        compress="deflate",
        transform=Affine(20 / side, 0, 100, 0, -20 / side, 40),
    ) as file:
        file.write(np.full((512, 512), 13, np.uint8), 1, window=((0, 512), (0, 512)))
    script = (
        "import resource, sys\nfrom model_core.jobs import JOBS\nfrom model_core.progress import Progress\n"
        "import model_core.jobs.covariates\nbefore = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "JOBS['covariates']({'landcover': sys.argv[1], 'urban_classes': [13], 'grid': '100,20,120,40,1@EPSG:4326', 'out': sys.argv[2]}, Progress())\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, path, tmp_path / "f.nc"], capture_output=True, text=True, cwd=ROOT, check=True)
    assert int(done.stdout) / 1024 < 200  # MB, for 400 of raster


def test_spread_is_stable_on_high_ground():
    heights = 8000 + np.array([[[-0.01, 0.01, np.nan, np.nan]]])
    mean, spread = mean_and_spread(heights)
    assert mean[0, 0] == pytest.approx(8000) and spread[0, 0] == pytest.approx(0.01, rel=1e-6)


@pytest.mark.parametrize("pixels, points", [(1, 16), (3, 18), (3.0000001, 18), (10, 20), (20, 40), (133.3, 134), (3000, 256)])
def test_few_pixels_get_many_points(pixels, points):
    assert points_per_side(pixels) == points


def test_units_and_the_floor_of_the_sea(raster):
    feet = raster(np.full((40, 40), 1000, np.int16), corner=(0.0, 10.0), pixel=0.25, name="feet.tif")
    grid = Grid.from_extent(0, 0, 10, 10, 5, "EPSG:4326")
    assert elevation_of(feet, grid, unit="ft")["elevation"] == pytest.approx(304.8)
    with rasterio.open(feet, "r+") as file:
        file.set_band_unit(1, "ft")
    assert elevation_of(feet, grid)["elevation"] == pytest.approx(304.8)
    assert elevation_of(feet, grid, unit="m")["elevation"] == pytest.approx(1000)
    with pytest.raises(InputError, match="unknown unit 'smoots'"):
        elevation_of(feet, grid, unit="smoots")

    relief = raster(np.tile(np.array([-4000, 500], np.int16), (40, 20)), corner=(0.0, 10.0), pixel=0.25, name="relief.tif")
    progress = Listening()
    assert elevation_of(relief, grid, progress)["elevation"] == pytest.approx(-1750)
    assert "down to -4000 m" in progress.warnings[0]
    assert elevation_of(relief, grid, sea_floor=True)["elevation"] == pytest.approx(250)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize(
    "values, options, message",
    [
        (np.full((60, 60), -32768, np.int16), {}, "holds heights from -32768.*gdal_edit -a_nodata"),
        (np.full((60, 60), 100, np.int16), {"crs": None}, "has no CRS; .*gdal_edit -a_srs"),
        (np.full((60, 60), 100, np.int16), {"crs": 'LOCAL_CS["ours",UNIT["metre",1]]'}, "no known place on the earth"),
        (np.full((60, 60), 100, np.int16), {"transform": Affine.identity()}, "does not say where it lies"),
        (np.full((60, 60), 100, np.int16), {"corner": (-60.0, 10.0)}, "does not overlap the grid"),
        (np.full((60, 60), 7, np.int16), {"nodata": 7}, "no data within the grid"),
    ],
)
def test_a_raster_that_can_not_be_used_is_explained(raster, values, options, message):
    with pytest.raises(InputError, match=message):
        elevation_of(raster(values, **{"pixel": 0.25, **options}))


def test_what_is_no_raster_is_explained(tmp_path, raster):
    (tmp_path / "thesis.tif").write_text("It was a dark and stormy night")
    for name in ("thesis.tif", "nowhere.tif"):
        with pytest.raises(InputError, match=f"{name}.*can't be read"):
            elevation_of(tmp_path / name)
    with pytest.raises(InputError, match="0.5: these are no classes"):
        fractions_of(raster(np.full((60, 60), 0.5, np.float32), pixel=0.25), {"urban": [13]})


def test_a_class_that_is_not_there_is_pointed_out(raster):
    progress = Listening()
    path = lonlat_raster(lambda x, y: np.where(x > WEST.x[3], 5, 7).astype(np.uint8), raster, 0.1)
    urban = fractions_of(path, {"urban": [13, 7]}, progress=progress)["urban"]
    assert urban.max() == 1
    assert progress.warnings == ["r.tif has no urban class 13 within the grid; the classes there are 5, 7"]


def test_the_job_writes_what_the_readers_know(raster, tmp_path):
    dem = lonlat_raster(lambda x, y: (x / 2000 + 3000).astype(np.float32), raster, 0.05, name="dem.tif")
    cover = lonlat_raster(lambda x, y: np.where(x > WEST.x[7], 17, 13).astype(np.uint8), raster, 0.05, name="cover.tif")
    request = {
        "grid": f"{WEST.bounds[0]},{WEST.bounds[1]},{WEST.bounds[2]},{WEST.bounds[3]},36000@{CHINA.to_wkt()}",
        "dem": str(dem),
        "landcover": str(cover),
        "urban_classes": [13],
        "water_classes": [17],
    }
    for name in ("f.nc", "f.tif"):
        result = JOBS["covariates"]({**request, "out": str(tmp_path / name)}, Progress())
    assert list(result["maps"]) == ["elevation", "elevation_spread", "urban", "land"] and result["warnings"] == []
    assert result["maps"]["urban"]["source"] == "cover.tif" and result["maps"]["land"]["known"] == 1
    seen = {v["name"]: (v["recognised_as"], v["unit"]) for v in inspect(tmp_path / "f.nc")["variables"]}
    assert {
        "elevation": ("elevation", "m"),
        "elevation_spread": ("elevation_spread", "m"),
        "urban": ("urban", "1"),
        "land": ("land", "1"),
    }.items() <= seen.items()
    maps = read_covariates(tmp_path / "f.nc", WEST)
    bands = read_covariates(tmp_path / "f.tif", WEST)
    assert read_ctm(tmp_path / "f.nc").grid.matches(WEST) and set(maps) == set(bands) == set(result["maps"])
    for key, values in maps.items():
        np.testing.assert_array_equal(values, bands[key])
    np.testing.assert_allclose(maps["urban"] + (1 - maps["land"]), 1, atol=1e-5)
    with xr.open_dataset(tmp_path / "f.nc") as data:
        assert "elevation from dem.tif" in data.attrs["source"] and data["land"].attrs["source"] == "cover.tif"
        assert data["elevation_spread"].attrs["cell_methods"] == "area: standard_deviation"
        assert data["elevation"].attrs["standard_name"] == "surface_altitude"
    finer = Grid.from_lower_left(CHINA, -2_700_000.0, 300_000.0, (12_000.0, 12_000.0), (36, 42))
    warped = read_covariates(tmp_path / "f.nc", finer)["elevation"]
    inner = (slice(3, -3),) * 2
    np.testing.assert_allclose(warped[inner], (finer.x[None] / 2000 + 3000 + 0 * finer.y[:, None])[inner], atol=1)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"dem": None}, "nothing to make covariates from"),
        ({"landcover": "lc.tif"}, "name the classes"),
        ({"urban_classes": [13]}, "need a land-cover raster"),
        ({"out": "f.png"}, "must end in .tif or .nc"),
        ({"out": None}, "'out' is missing"),
    ],
)
def test_wrong_requests_are_explained(tmp_path, change, message):
    with pytest.raises(InputError, match=message):
        JOBS["covariates"]({"dem": "dem.tif", "out": str(tmp_path / "f.nc"), **change}, Progress())


def test_a_covariates_file_that_can_not_be_used_is_explained(raster, tmp_path, tiny_ctm):
    with pytest.raises(InputError, match="no such file"):
        read_covariates(tmp_path / "none.nc", WEST)
    with pytest.raises(InputError, match="holds none of elevation"):
        read_covariates(raster(np.zeros((5, 5), np.float32)), WEST)
    with pytest.raises(InputError, match="does not overlap the grid"):
        read_covariates(tiny_ctm, Grid.from_extent(-80, 35, -70, 42, 1, "EPSG:4326"))


@pytest.mark.parametrize(
    "folder, name, cell",
    [
        ("covariates", "GRIDCRO2D_china27km.nc", 27),
        ("ioapi", "GRIDCRO2D_12OTC2_161231.nc", 12),
        ("ioapi", "GRIDCRO2D_2006075_polar_stereographic.ncf", 108),
    ],
)
def test_mcip_files_give_their_maps(shared_data, tmp_path, folder, name, cell):
    path = shared_data / folder / name
    result = JOBS["covariates"]({"mcip": str(path), "grid": str(path), "out": str(tmp_path / "f.nc")}, Progress())
    own = read_ctm(path, ["elevation", "urban", "land"])
    assert own.grid.cell_size_km == pytest.approx(cell, rel=0.01)
    maps = read_covariates(tmp_path / "f.nc", own.grid)
    assert set(maps) == set(result["maps"]) == set(own.static)
    with xr.open_dataset(path, decode_times=False) as data:
        np.testing.assert_allclose(maps["elevation"][::-1], data["HT"].values[0, 0], rtol=1e-6)
        if "urban" in maps:
            np.testing.assert_allclose(maps["urban"][::-1], data["PURB"].values[0, 0] / 100, atol=1e-6)


@pytest.fixture(scope="module")
def etopo(shared_data, tmp_path_factory):
    """ETOPO's relief at a third of a degree as a GeoTIFF."""
    heights, lats, lons = (
        np.loadtxt(gzip.open(shared_data / "covariates" / f"etopo20{name}.gz", "rt")) for name in ("data", "lats", "lons")
    )
    path, step = tmp_path_factory.mktemp("etopo") / "etopo.tif", 1 / 3
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        dtype="float32",
        count=1,
        height=len(lats),
        width=len(lons),
        crs="EPSG:4326",
        transform=Affine(step, 0, lons[0] - step / 2, 0, -step, lats[-1] + step / 2),
    ) as file:
        file.write(heights[::-1].astype(np.float32), 1)
    return path


def test_relief_on_china12km_is_that_of_the_bundled_model(etopo, shared_data, tmp_path):
    from model_core.model_file import load_model
    from model_core.warping import warp

    grid, out = PRESETS["china12km"], tmp_path / "china.nc"
    mcip = shared_data / "covariates" / "GRIDCRO2D_china27km.nc"
    result = JOBS["covariates"]({"dem": str(etopo), "sea_floor": True, "mcip": str(mcip), "out": str(out)}, Progress())
    maps = read_covariates(out, grid)
    assert maps["elevation"].shape == grid.shape and set(maps) == {"elevation", "urban", "land"}
    assert any("59.4%" in warning for warning in result["warnings"])
    own = load_model("bundled").maps  # of a finer relief than these 20 minutes of arc, where there is one
    for key, correlation in (("elevation", 0.99), ("urban", 0.95)):
        expected = warp(own.fields[key], own.grid, grid)
        both = np.isfinite(maps[key]) & np.isfinite(expected)
        assert np.corrcoef(maps[key][both], expected[both])[0, 1] > correlation
    assert np.abs(maps["elevation"] - warp(own.fields["elevation"], own.grid, grid)).mean() < 60


class TestReanalyse:
    """A file of maps overrules the maps in the model."""

    @pytest.fixture
    def request_for(self, tiny_ctm, tiny_model, tmp_path):
        table = tmp_path / "stations.csv"
        table.write_text("lon,lat,pm25\n" + "\n".join(f"{112 + i / 4},{29 + i / 3 % 4},{20 + 5 * i}" for i in range(20)))
        return {"stations": str(table), "value": "pm25", "grid": str(tiny_ctm), "model": str(tiny_model)}

    def field(self, request, out, progress=None, **more):
        result = JOBS["reanalyse"]({**request, "out": str(out), **more}, progress or Progress())
        with rasterio.open(out) as file:
            return file.read(1), result, file.tags()

    def test_the_models_own_maps_from_a_file_change_next_to_nothing(self, request_for, tiny_ctm, tmp_path):
        progress = Listening()
        own, _, _ = self.field(request_for, tmp_path / "own.tif")
        same, result, tags = self.field(request_for, tmp_path / "same.tif", progress, covariates=str(tiny_ctm))
        np.testing.assert_allclose(same, own, rtol=1e-2)  # the model keeps its maps in half precision
        assert result["covariates"] == ["elevation", "urban"] and tags["covariates"] == tiny_ctm.name
        assert f"elevation from {tiny_ctm.name}, for 100.0% of the cells" in progress.lines

    def test_other_maps_change_the_field(self, request_for, raster, tmp_path):
        dem = raster(np.full((60, 80), 6000, np.float32), corner=(100.0, 40.0), pixel=0.5)
        JOBS["covariates"]({"dem": str(dem), "grid": request_for["grid"], "out": str(tmp_path / "c.tif")}, Progress())
        own, _, _ = self.field(request_for, tmp_path / "own.tif")
        other, result, _ = self.field(request_for, tmp_path / "other.tif", covariates=str(tmp_path / "c.tif"))
        assert result["covariates"] == ["elevation"] and not np.array_equal(own, other)

    def test_where_the_file_knows_nothing_the_models_map_stays(self, tiny_model, tiny_ctm):
        import torch

        from model_core.model_file import load_model
        from model_core.prediction import predict
        from model_core.stations.gridding import grid_observations
        from model_core.stations.observations import from_arrays

        model, grid = load_model(str(tiny_model)), read_ctm(tiny_ctm, ["elevation"]).grid
        readings = {"pm25": grid_observations(from_arrays([grid.x[5]], [grid.y[5]], [50.0], crs=grid.crs), grid)}
        nothing = {"elevation": np.full(grid.shape, np.nan, np.float32)}
        fields = [predict(model, readings, grid, torch.device("cpu"), maps).field for maps in (None, {}, nothing)]
        assert np.array_equal(fields[0], fields[1]) and np.array_equal(fields[0], fields[2])

    def test_maps_that_the_model_does_not_know_are_pointed_out(self, request_for, raster, tmp_path):
        cover = raster(np.ones((60, 80), np.uint8), corner=(100.0, 40.0), pixel=0.5)
        request = {"landcover": str(cover), "water_classes": [17], "grid": request_for["grid"], "out": str(tmp_path / "c.nc")}
        JOBS["covariates"](request, Progress())
        _, result, _ = self.field(request_for, tmp_path / "f.tif", covariates=str(tmp_path / "c.nc"))
        assert any("nothing of c.nc is used: the model knows elevation, urban, the file holds land" in w for w in result["warnings"])
