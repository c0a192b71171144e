"""The main job, from a station table to a field that other software reads."""

import json

import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray as xr
from pyproj import Transformer

from model_core.ctm.fields import read_ctm
from model_core.device import choose_device
from model_core.errors import InputError, ModelFileError, OutputError
from model_core.grid import PRESETS, parse_grid
from model_core.jobs import JOBS
from model_core.model_file import load_model
from model_core.prediction import predict
from model_core.progress import Progress
from model_core.scores import scores
from model_core.stations.gridding import grid_observations
from model_core.stations.observations import from_arrays


class Listening(Progress):
    """Keeps what a user would read."""

    def __init__(self):
        super().__init__()
        self.log_lines, self.fractions = [], []

    def on_log(self, message):
        self.log_lines.append(message)

    def on_step(self, fraction, message):
        self.fractions.append(fraction)


@pytest.fixture(scope="module")
def station_table(tiny_ctm, tmp_path_factory):
    """Readings of the tiny CTM's first two days at a hundred stations, with RH and wind."""
    ctm = read_ctm(tiny_ctm)
    rng = np.random.default_rng(0)
    land = np.argwhere(ctm.static["land"] > 0.5)
    cells = land[rng.choice(len(land), 100, replace=False)]
    to_lonlat = Transformer.from_crs(ctm.grid.crs, "EPSG:4326", always_xy=True)
    lon, lat = to_lonlat.transform(ctm.grid.x[cells[:, 1]], ctm.grid.y[cells[:, 0]])
    days = [
        pd.DataFrame(
            {
                "station": [f"s{i}" for i in range(100)],
                "day": str(ctm.times[day]),
                "lon": lon,
                "lat": lat,
                **{key: ctm.fields[key][day][tuple(cells.T)] for key in ("pm25", "rh", "wind")},
            }
        )
        for day in (0, 1)
    ]
    path = tmp_path_factory.mktemp("stations") / "stations.csv"
    pd.concat(days).to_csv(path, index=False)
    return path


def request_for(station_table, tiny_ctm, model, out, **changes):
    return {
        "stations": str(station_table),
        "value": "pm25",
        "time": "day",
        "date": "2019-01-05",
        "id": "station",
        "grid": str(tiny_ctm),
        "model": str(model),
        "out": str(out),
        **changes,
    }


def test_a_day_becomes_a_geotiff_on_the_grid(station_table, tiny_ctm, tiny_model, tmp_path):
    progress = Listening()
    result = JOBS["reanalyse"](request_for(station_table, tiny_ctm, tiny_model, tmp_path / "f.tif"), progress)
    grid = parse_grid(str(tiny_ctm))
    with rasterio.open(tmp_path / "f.tif") as file:
        field = file.read(1)
        assert file.crs.to_dict()["R"] == 6370000 and file.transform.almost_equals(grid.transform)
        assert file.tags()["date"] == "2019-01-05" and file.tags()["model_sha256"] == result["model"]["sha256"]
        assert file.units == ("ug m-3",)
    assert field.shape == grid.shape and np.isfinite(field).all() and field.min() >= 0
    told = {key: result["readings"][key] for key in ("rows", "used", "dropped", "cells")}
    assert told == {"rows": 200, "used": 100, "dropped": {"other day": 100}, "cells": 100}
    assert len(result["readings"]["examples"]) == 3
    assert result["statistics"]["mean"] == pytest.approx(field.mean(dtype=float))
    assert result["missing_inputs"] == ["rh", "wind"] and result["date"] == "2019-01-05"
    assert any("without rh, wind" in line for line in progress.log_lines)
    assert progress.fractions == sorted(progress.fractions) and progress.fractions[-1] == 1
    json.dumps(result)


def test_netcdf_holds_the_same_field_and_says_what_it_is(station_table, tiny_ctm, tiny_model, tmp_path):
    for name in ("f.tif", "f.nc"):
        JOBS["reanalyse"](request_for(station_table, tiny_ctm, tiny_model, tmp_path / name), Progress())
    with xr.open_dataset(tmp_path / "f.nc") as data, rasterio.open(tmp_path / "f.tif") as tif:
        field = data["pm25"]
        assert field.attrs["standard_name"] == "mass_concentration_of_pm2p5_ambient_aerosol_particles_in_air"
        assert field.attrs["cell_methods"] == "time: mean" and field.attrs["units"] == "ug m-3"
        assert str(field.time.values[0])[:10] == "2019-01-05"
        np.testing.assert_array_equal(field.values[0], tif.read(1))
        assert data.attrs["model_sha256"] == load_model(str(tiny_model)).sha256


def test_rh_and_wind_are_used_where_there_are_any(station_table, tiny_ctm, tiny_model, tmp_path):
    plain = request_for(station_table, tiny_ctm, tiny_model, tmp_path / "plain.tif")
    more = {**plain, "rh": f"{station_table}:rh", "wind": f"{station_table}:wind", "out": str(tmp_path / "more.tif")}
    JOBS["reanalyse"](plain, Progress())
    result = JOBS["reanalyse"](more, Progress())
    assert result["missing_inputs"] == [] and result["further_readings"]["rh"]["used"] == 100
    fields = [rasterio.open(tmp_path / name).read(1) for name in ("plain.tif", "more.tif")]
    assert not np.array_equal(*fields)


def test_the_order_of_stations_changes_nothing(station_table, tiny_ctm, tiny_model, tmp_path):
    shuffled = tmp_path / "shuffled.csv"
    pd.read_csv(station_table).sample(frac=1, random_state=1).to_csv(shuffled, index=False)
    for table, name in ((station_table, "a.tif"), (shuffled, "b.tif")):
        JOBS["reanalyse"](request_for(table, tiny_ctm, tiny_model, tmp_path / name), Progress())
    assert np.array_equal(rasterio.open(tmp_path / "a.tif").read(1), rasterio.open(tmp_path / "b.tif").read(1))


def test_several_days_without_a_date_are_not_mixed(station_table, tiny_ctm, tiny_model, tmp_path):
    request = request_for(station_table, tiny_ctm, tiny_model, tmp_path / "f.tif", date=None)
    with pytest.raises(InputError, match="2 days, 2019-01-05 to 2019-01-06"):
        JOBS["reanalyse"](request, Progress())
    assert not (tmp_path / "f.tif").exists()


def test_a_date_without_a_time_column_dates_all_readings_with_a_warning(station_table, tiny_ctm, tiny_model, tmp_path):
    undated = tmp_path / "undated.csv"
    pd.read_csv(station_table).query("day == '2019-01-05'").drop(columns="day").to_csv(undated, index=False)
    request = request_for(undated, tiny_ctm, tiny_model, tmp_path / "f.tif", time=None)
    result = JOBS["reanalyse"](request, Progress())
    assert result["date"] == "2019-01-05" and result["readings"]["used"] == 100
    assert any("taken to be of 2019-01-05" in warning for warning in result["warnings"])


def test_a_station_with_hours_enough_gives_its_daily_mean_and_another_none(station_table, tiny_ctm, tiny_model, tmp_path):
    stations = pd.read_csv(station_table).query("day == '2019-01-05'")
    hours = [stations.head(40 if hour < 18 else 30).assign(day=f"2019-01-05T{hour:02d}:00", pm25=10.0 + hour) for hour in range(19)]
    table = tmp_path / "hourly.csv"
    pd.concat(hours).to_csv(table, index=False)
    request = request_for(table, tiny_ctm, tiny_model, tmp_path / "g.tif")
    result = JOBS["grid-stations"](request, Progress())
    assert result["readings"]["dropped"] == {"too few hours": 180} and result["readings"]["cells"] == 30
    assert result["statistics"]["min"] == result["statistics"]["max"] == pytest.approx(19.0)
    assert JOBS["reanalyse"](request, Progress())["readings"]["cells"] == 30


def test_a_day_with_a_few_hours_is_no_day_unless_so_few_are_asked_for(station_table, tiny_ctm, tiny_model, tmp_path):
    hourly = pd.read_csv(station_table).query("day == '2019-01-05'").head(40)
    later = hourly.assign(pm25=hourly.pm25 * 3, day="2019-01-05T13:00")
    table = tmp_path / "hourly.csv"
    pd.concat([hourly, later]).to_csv(table, index=False)
    request = request_for(table, tiny_ctm, tiny_model, tmp_path / "g.tif")
    with pytest.raises(InputError, match="no station has 19 valid hours on a day, the most is 2.*ask for fewer hours"):
        JOBS["reanalyse"](request, Progress())
    result = JOBS["grid-stations"]({**request, "hours": 2}, Progress())
    assert result["statistics"]["mean"] == pytest.approx(2 * hourly.pm25.mean(), rel=1e-4)


def test_the_day_is_that_of_the_time_zone(station_table, tiny_ctm, tiny_model, tmp_path):
    stations = pd.read_csv(station_table).query("day == '2019-01-05'")
    hours = pd.date_range("2019-01-04T16:00", periods=24, freq="h")  # UTC, that is Chinese time less eight hours
    table = tmp_path / "hourly.csv"
    pd.concat([stations.assign(day=hour.isoformat() + "Z") for hour in hours]).to_csv(table, index=False)
    request = request_for(table, tiny_ctm, tiny_model, tmp_path / "g.tif", time_zone="Asia/Shanghai")
    assert JOBS["grid-stations"](request, Progress())["readings"]["cells"] == 100
    with pytest.raises(InputError, match="no station has 19 valid hours"):
        JOBS["grid-stations"]({**request, "time_zone": "UTC"}, Progress())


@pytest.mark.skipif(not choose_device("auto").type == "cuda", reason="torch sees no GPU on this machine")
def test_the_gpu_gives_the_field_of_the_processor(station_table, tiny_ctm, tiny_model, tmp_path):
    for device in ("cpu", "cuda"):
        JOBS["reanalyse"](request_for(station_table, tiny_ctm, tiny_model, tmp_path / f"{device}.tif", device=device), Progress())
    fields = [rasterio.open(tmp_path / f"{device}.tif").read(1) for device in ("cpu", "cuda")]
    np.testing.assert_allclose(*fields, rtol=0.01, atol=0.1)


@pytest.mark.parametrize(
    "change, kind, message",
    [
        ({"value": "station"}, InputError, "field 'station' holds text in 200 of 200 rows|holds text"),
        ({"value": "pm99"}, InputError, "no column 'pm99'; it has station"),
        ({"unit": "furlong"}, InputError, "furlong"),
        ({"grid": "0,40,10,50,0.5@EPSG:4326"}, InputError, "outside the grid"),
        ({"grid": "china13km"}, InputError, "china12km"),
        ({"date": "2020-05-05"}, InputError, "2019-01-05"),
        ({"model": "nobody"}, ModelFileError, "no model 'nobody'"),
        ({"out": "f.png"}, InputError, "must end in .tif or .nc"),
        ({"out": "/proc/nowhere/f.tif"}, OutputError, "does not exist"),
        ({"rh": "nocolumn"}, InputError, "FILE:COLUMN"),
        ({"device": "abacus"}, InputError, "unknown device"),
    ],
)
def test_wrong_requests_are_explained(station_table, tiny_ctm, tiny_model, tmp_path, change, kind, message):
    request = {**request_for(station_table, tiny_ctm, tiny_model, tmp_path / "f.tif"), **change}
    with pytest.raises(kind, match=message):
        JOBS["reanalyse"](request, Progress())
    assert not list(tmp_path.iterdir())


def test_another_cell_size_than_trained_for_is_pointed_out(station_table, tiny_model, tmp_path):
    request = request_for(station_table, "china12km", tiny_model, tmp_path / "f.tif")
    result = JOBS["reanalyse"](request, Progress())
    assert any("trained on cells of 36 km and is used on cells of 12.0 km" in w for w in result["warnings"])


def test_maps_outside_their_region_count_as_missing(tiny_model):
    grid = parse_grid("-80,35,-70,45,0.5@EPSG:4326")
    readings = grid_observations(from_arrays([-75.2, -74.1], [40.1, 41.2], [12.0, 15.0]), grid)
    result = predict(load_model(str(tiny_model)), {"pm25": readings}, grid, choose_device("cpu"))
    assert result.missing_inputs == ["rh", "wind", "urban"]  # elevation is known everywhere
    assert np.isfinite(result.field).all() and 5 < result.field.mean() < 40


def test_the_bundled_model_follows_a_real_day(shared_data, tmp_path):
    table = shared_data / "cnemc" / "cnemc_snapshot_20180220T07.csv"
    request = {"stations": str(table), "value": "pm2_5_24h", "time": "timepoint", "id": "station_code"}
    result = JOBS["reanalyse"]({**request, "out": str(tmp_path / "f.tif")}, Progress())
    JOBS["grid-stations"]({**request, "out": str(tmp_path / "g.tif")}, Progress())
    field, gridded = (rasterio.open(tmp_path / name).read(1) for name in ("f.tif", "g.tif"))
    assert field.shape == (372, 426) and np.isfinite(field).all()
    at_stations = scores(field[np.isfinite(gridded)], gridded[np.isfinite(gridded)])
    assert at_stations["n"] == result["readings"]["cells"] == 884
    assert at_stations["r2_pearson"] > 0.8 and at_stations["r2_det"] > 0.8


def test_the_bundled_model_reproduces_a_held_out_ctm_day(shared_data):
    """Day 18 of the real CMAQ series was never trained on; 800 of its cells are read and the field is asked for."""
    from model_core.warping import warp

    ctm = read_ctm(shared_data / "china_cmaq" / "china36km_cmaq_pm25_20200103-20.nc")
    grid = PRESETS["china12km"]
    truth = warp(ctm.fields["pm25"][-1], ctm.grid, grid)
    land = np.isfinite(truth) & (np.nan_to_num(warp(ctm.static["land"], ctm.grid, grid)) > 0.5)
    cells = np.argwhere(land)[np.random.default_rng(0).choice(land.sum(), 800, replace=False)]
    readings = grid_observations(from_arrays(grid.x[cells[:, 1]], grid.y[cells[:, 0]], truth[tuple(cells.T)], crs=grid.crs), grid)
    field = predict(load_model("bundled"), {"pm25": readings}, grid, choose_device("cpu")).field
    assert scores(field[land], truth[land])["r2_det"] > 0.85
