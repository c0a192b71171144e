"""What a user's data and a model look like: networks, correlations, kernels against the wind."""

import csv
import json

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from model_core.cli import main
from model_core.ctm.fields import read_ctm
from model_core.description.correlations import FEWEST, correlations, pearson, spearman
from model_core.description.kernel_moments import angle_between, moments_of
from model_core.description.networks import network_of
from model_core.description.samples import Samples, samples_of_readings
from model_core.description.wind import turn_to_grid, wind_climate
from model_core.errors import InputError
from model_core.grid import PRESETS, Grid
from model_core.jobs import JOBS
from model_core.progress import Progress
from model_core.stations.observations import from_arrays

PNG = b"\x89PNG\r\n\x1a\n"
numbers = st.integers(-50, 50).map(float)


@pytest.fixture(scope="module")
def networks(tiny_ctm, tmp_path_factory):
    """PM2.5 in 60 cells of the tiny CTM and weather in 40 others, as two tables with names of their own; ten cells have both."""
    ctm, folder = read_ctm(tiny_ctm), tmp_path_factory.mktemp("networks")
    longitude, latitude = ctm.grid.lonlat()
    land = np.random.default_rng(3).permutation(np.flatnonzero(ctm.static["land"] > 0.5))
    for name, cells, keys in (("pm", land[:60], ("pm25",)), ("weather", land[45:85], ("rh", "wind"))):
        rows = [",".join(("code", "lon", "lat", "day", *keys))]
        for number, day in enumerate(ctm.times):
            rows += [
                f"S{cell},{longitude.flat[cell]},{latitude.flat[cell]},{day},"
                + ",".join(str(ctm.fields[key][number].flat[cell]) for key in keys)
                for cell in cells
            ]
        (folder / f"{name}.csv").write_text("\n".join(rows), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def described(tiny_ctm, tiny_model, networks, tmp_path_factory):
    """A description with all that can be given, and its report."""
    weather = networks / "weather.csv"
    result = JOBS["describe"](
        {
            "model": str(tiny_model),
            "ctm": [str(tiny_ctm)],
            "stations": str(networks / "pm.csv"),
            "value": "pm25",
            "id": "code",
            "time": "day",
            "rh": f"{weather}:rh",
            "wind": f"{weather}:wind",
            "out": str(tmp_path_factory.mktemp("out") / "described"),
        },
        Progress(),
    )
    with open(result["report"], encoding="utf-8") as file:
        return result, json.load(file)


def test_each_network_is_counted_and_drawn(described):
    result, report = described
    assert {name: (one["stations"], one["cells"]) for name, one in report["networks"].items()} == {
        "pm25": (60, 60),
        "rh": (40, 40),
        "wind": (40, 40),
    }
    for key in ("networks_png", "correlations_png", "kernels_png", "anisotropy_png", "structure_png"):
        with open(result[key], "rb") as file:
            assert file.read(8) == PNG
    assert set(report["not_made"]) == {"wind rose"} and report["warnings"] == []


def test_the_correlations_of_the_ctm_are_those_of_its_fields(described, tiny_ctm):
    result, report = described
    ctm = read_ctm(tiny_ctm)
    land = ctm.static["land"] > 0.5
    pm25, wind = (ctm.fields[name][:, land] for name in ("pm25", "wind"))
    row = next(r for r in report["correlations"] if (r["source"], r["variable"], r["over"]) == ("ctm", "wind", "space"))
    assert row["pearson"] == pytest.approx(np.median([stats.pearsonr(*day).statistic for day in zip(pm25, wind)]), abs=1e-5)
    assert row["spearman"] == pytest.approx(np.median([stats.spearmanr(*day).statistic for day in zip(pm25, wind)]), abs=1e-5)
    assert row["count"] == 8
    over_time = [r for r in report["correlations"] if r["over"] == "time"]
    assert all(r["count"] == 0 and r["pearson"] is None for r in over_time)  # eight days are fewer than ten
    with open(result["correlations_csv"], encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {r["over"] for r in rows} == {"space", "time"} and {r["second"] for r in rows} >= {"rh", "wind", "elevation", "urban"}
    assert all(r["median"] == "" for r in rows if r["count"] == "0")


def test_stations_of_two_networks_are_compared_where_they_share_a_place(described):
    report = described[1]
    assert report["pair_km"] == 50
    row = next(r for r in report["correlations"] if (r["source"], r["variable"], r["over"]) == ("stations", "wind", "space"))
    assert row["count"] == 8  # fifteen shared cells, and neighbours, on each of the eight days
    own = next(r for r in report["correlations"] if (r["source"], r["variable"], r["over"]) == ("ctm", "wind", "space"))
    assert row["pearson"] != own["pearson"]


@settings(max_examples=40)
@given(st.lists(st.tuples(numbers, numbers), min_size=FEWEST, max_size=40), st.integers(1, 5), st.floats(0.5, 20))
def test_correlations_are_scipys_and_do_not_change_with_scale_or_gaps(pairs, gaps, scale):
    a, b = np.array(pairs).T
    padded = [np.concatenate([values, np.full(gaps, np.nan)])[None] for values in (a, scale * b + 3)]
    for ours, theirs in ((pearson, stats.pearsonr), (spearman, stats.spearmanr)):
        value = ours(*padded, 1)[0]
        if len(set(a)) == 1 or len(set(b)) == 1:
            assert np.isnan(value)  # what does not vary goes with nothing
        else:
            assert value == pytest.approx(theirs(a, b).statistic, abs=1e-7)
            assert ours(padded[1].T, padded[0].T, 0)[0] == pytest.approx(value, abs=1e-12)


def test_fewer_than_ten_pairs_say_nothing():
    values = np.arange(12.0)[None]
    few = np.where(np.arange(12) < FEWEST - 1, values, np.nan)
    assert pearson(values, few, 1) != pearson(values, few, 1) and pearson(values, values, 1) == 1
    samples = Samples("ctm", [None], {"pm25": values, "rh": few}, {"elevation": values[0]})
    found = {(one.first, one.second, one.over): one for one in correlations(samples, "pm25") if one.method == "pearson"}
    assert found["pm25", "rh", "space"].count == 0 and found["pm25", "elevation", "space"].median == 1
    assert ("pm25", "elevation", "time") not in found  # a map has no time


def test_readings_of_other_days_and_cells_are_not_mixed():
    grid = Grid.from_extent(0, 0, 30, 10, 10, "EPSG:32650")
    days = np.array(["2020-01-01", "2020-01-01", "2020-01-02"], "datetime64[s]")
    pm25 = from_arrays([5, 25, 5], [5, 5, 5], [1, 2, 3], "EPSG:32650", "pm25", time=days)
    rh = from_arrays([5, 15], [5, 5], [50, 60], "EPSG:32650", "rh", time=days[1:])
    readings, maps = {"pm25": pm25, "rh": rh}, {"elevation": np.array([[7.0, 8.0, 9.0]])}
    samples = samples_of_readings(readings, "pm25", maps, grid, pair_km=0)
    assert samples.daily["pm25"].tolist() == [[1, 2], [3, pytest.approx(np.nan, nan_ok=True)]]
    assert samples.daily["rh"][0, 0] == 50 and np.isfinite(samples.daily["rh"]).sum() == 1
    assert samples.maps["elevation"].tolist() == [7, 9]
    near = samples_of_readings(readings, "pm25", maps, grid, pair_km=0.011)  # a cell is ten metres wide
    assert near.daily["rh"][1, 1] == 60 and near.daily["rh"][0, 0] == 50


def test_a_network_knows_its_spacing_and_what_lies_outside():
    grid = Grid.from_extent(0, 0, 100_000, 100_000, 10_000, "EPSG:32650")
    places = [(5_000, 5_000), (15_000, 5_000), (15_000, 5_000), (95_000, 5_000), (500_000, 5_000)]
    network = network_of(from_arrays(*zip(*places), range(5), "EPSG:32650", "pm25"), grid)
    assert (len(network.x), network.cells, network.outside) == (3, 3, 1)
    assert network.spacing_km == pytest.approx(10)
    with pytest.raises(InputError, match="outside the grid"):
        network_of(from_arrays([-1e6], [5_000], [1], "EPSG:32650", "pm25"), grid)


@given(st.floats(2, 4), st.floats(0.3, 1), st.floats(0, 180))
def test_the_moments_of_a_bell_are_its_widths_and_its_direction(long, ratio, direction):
    half = 40
    north, east = np.mgrid[half : -half - 1 : -1, -half : half + 1]
    angle = np.radians(direction)
    along, across = east * np.sin(angle) + north * np.cos(angle), east * np.cos(angle) - north * np.sin(angle)
    short = max(long * ratio, 1.0)  # narrower bells are no bells on cells
    found = moments_of(np.exp(-((along / long) ** 2) / 2 - (across / short) ** 2 / 2), "pm25", 1, 12.0)
    assert found.long_km == pytest.approx(12 * long, rel=1e-3) and found.short_km == pytest.approx(12 * short, rel=1e-3)
    assert found.radius_km == pytest.approx(12 * np.hypot(long, short), rel=1e-3)
    if found.ratio < 1.02:
        assert np.isnan(found.direction_degrees)
    else:
        assert angle_between(found.direction_degrees, direction) < 0.5


def test_axes_are_never_more_than_a_right_angle_apart():
    assert angle_between(170, 10) == 20 and angle_between(0, 90) == 90 and angle_between(45, 225) == 0


def _wind_file(path, **fields):
    """A day of hours on 4 x 5 cells, in the names of WRF or MCIP or CF."""
    grid = PRESETS["china12km"]
    x, y = grid.x[:5], grid.y[:4][::-1]
    data = xr.Dataset(
        {
            name: (("time", "y", "x"), np.full((24, 4, 5), value, np.float32), {"units": unit, "grid_mapping": "crs", **more})
            for name, (value, unit, more) in fields.items()
        },
        {
            "time": np.arange("2020-01-01", "2020-01-02", dtype="datetime64[h]").astype("datetime64[ns]"),
            "x": ("x", x, {"units": "m", "standard_name": "projection_x_coordinate"}),
            "y": ("y", y, {"units": "m", "standard_name": "projection_y_coordinate"}),
        },
    )
    data["crs"] = ((), 0, grid.crs.to_cf())
    data.to_netcdf(path)
    return path


def test_components_along_the_grid_give_the_axis_in_which_the_air_goes(tmp_path):
    along_grid = _wind_file(tmp_path / "wrf.nc", U10=(3.0, "m s-1", {}), V10=(4.0, "m s-1", {}))
    wind = wind_climate([along_grid], Progress())
    assert wind.times == 24 and wind.mean_speed == pytest.approx(5) and wind.steadiness == pytest.approx(1)
    assert (wind.mean_x, wind.mean_y) == pytest.approx((3, 4))
    assert wind.axis_degrees == pytest.approx(np.degrees(np.arctan2(3, 4)))
    assert wind.rose[10, 2] == pytest.approx(1)  # from the south-west by south, 4 to 6 m s-1
    assert "axes of the grid" in wind.notes[0]


def test_a_direction_is_measured_from_true_north_and_turned_to_the_grid(tmp_path):
    file = _wind_file(tmp_path / "mcip.nc", WSPD10=(2.0, "m s-1", {}), WDIR10=(180.0, "degrees", {}))
    wind = wind_climate([file], Progress())
    turn = turn_to_grid(PRESETS["china12km"])[:4, :5]
    # The corner lies west of the central meridian, where true north points to the east of the grid's north.
    assert -25 < np.degrees(turn.mean()) < -20
    assert np.degrees(np.arctan2(wind.mean_x, wind.mean_y)) == pytest.approx(-np.degrees(turn.mean()), abs=0.1)
    eastward = _wind_file(
        tmp_path / "cf.nc", U10=(0.0, "m s-1", {"standard_name": "eastward_wind"}), V10=(2.0, "m s-1", {"standard_name": "northward_wind"})
    )
    same = wind_climate([eastward], Progress())
    assert (same.mean_x, same.mean_y) == pytest.approx((wind.mean_x, wind.mean_y), abs=1e-5)


def test_files_with_speed_alone_have_no_rose_but_the_speed_is_told(tiny_ctm, described):
    assert wind_climate([tiny_ctm], Progress()) is None
    report = described[1]
    assert "neither components of the wind nor its direction" in report["not_made"]["wind rose"]
    assert sum(report["wind_speed"]["share"]) == pytest.approx(1)


def test_kernels_are_set_against_the_wind_of_real_meteorology(shared_data, tiny_model, tmp_path, capsys):
    out = tmp_path / "described"
    assert (
        main(["describe", "--model", str(tiny_model), "--ctm", str(shared_data / "mcip_wrf" / "METCRO2D_au-test_v1"), "--out", str(out)])
        == 0
    )
    assert "steadiness: 0.886" in capsys.readouterr().out
    report = json.loads((out / "description.json").read_text(encoding="utf-8"))
    assert np.sum(report["wind"]["rose"]["share"]) == pytest.approx(1)
    for kernel in report["kernels"]:
        assert (kernel["direction_degrees"] is None) == (kernel["degrees_to_wind_axis"] is None)
    assert "no daily pm25" in report["not_made"]["correlations.png"] and not (out / "correlations.png").exists()


def test_errors_say_what_is_wrong(tiny_ctm, tiny_model, networks, tmp_path):
    def run(**request):
        JOBS["describe"]({"model": str(tiny_model), "out": str(tmp_path / "out"), **request}, Progress())

    stations = {"stations": str(networks / "pm.csv"), "value": "pm25", "time": "day"}
    with pytest.raises(InputError, match="is after the last"):
        run(start="2019-01-09", end="2019-01-08")
    with pytest.raises(InputError, match="no reading of pm25 lies within 2020-01-01"):
        run(**stations, start="2020-01-01")
    with pytest.raises(InputError, match="no day lies within 2020-01-01 .* hold 2019-01-05 to 2019-01-12"):
        run(ctm=[str(tiny_ctm)], start="2020-01-01")
    with pytest.raises(InputError, match="outside the grid"):
        run(**stations, grid="conus12km")
    assert not (tmp_path / "out" / "description.json").exists()
