"""Readings that tell their errors: sensors and reference monitors work together, and what is said of neither changes nothing."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model_core.errors import InputError
from model_core.grid import PRESETS, Grid
from model_core.jobs import JOBS
from model_core.model_file import load_model
from model_core.network.kriging import krige
from model_core.prediction import Predictor
from model_core.progress import Progress
from model_core.simulation import simulate_days
from model_core.stations.errors import certain_enough, error_rule, weights
from model_core.stations.gridding import grid_observations
from model_core.stations.observations import from_arrays, read_observations

GRID = Grid.from_lower_left(PRESETS["china12km"].crs, 0.0, -300_000.0, (12_000.0, 12_000.0), (32, 32))
CPU = torch.device("cpu")


def table(tmp_path, **columns):
    path = tmp_path / "readings.csv"
    count = len(columns["pm25"])
    pd.DataFrame({"code": [f"S{n}" for n in range(count)], "lon": 110 + 0.1 * np.arange(count), "lat": 34.0, **columns}).to_csv(
        path, index=False
    )
    return path


def errors_of(path, *error, network=None, **options):
    return read_observations(path, "pm25", error=tuple(error), network=network, **options).error


# How errors are said


@pytest.mark.parametrize(
    ("error", "network", "expected"),
    [
        (["sd"], None, [1, 2, 0, 4]),
        (["share%"], None, [1, 4, 9, 16]),
        (["3"], None, [3, 3, 3, 3]),
        (["20%"], None, [2, 4, 6, 8]),
        (["reference=5%", "sensor=30%"], "kind", [0.5, 6, 9, 2]),
        (["sensor=4"], "kind", [0, 4, 4, 0]),
    ],
)
def test_an_error_is_a_column_a_number_or_one_of_its_network(tmp_path, error, network, expected):
    path = table(
        tmp_path, pm25=[10, 20, 30, 40], sd=["1", "2", "", "4"], share=[10, 20, 30, 40], kind=["reference", "sensor", "sensor", "reference"]
    )
    np.testing.assert_allclose(errors_of(path, *error, network=network), expected)
    assert errors_of(path) is None


def test_errors_are_converted_like_their_readings(tmp_path):
    path = table(tmp_path, pm25=[0.010, 0.020], sd=[0.001, 0.002])
    np.testing.assert_allclose(errors_of(path, "sd", unit="mg m-3"), [1, 2])


@pytest.mark.parametrize(
    ("error", "network", "message"),
    [
        (["sensor=30%"], None, "name the column that says the network"),
        ([], "kind", "name them too"),
        (["20%"], "kind", "with a network column"),
        (["sd", "20%"], None, "give one column or number"),
        (["-3"], None, "below zero"),
        (["missing"], None, "missing"),
        (["text"], None, "must be a number of 0 or more.*row 2, 'x'"),
        (["minus"], None, "must be a number of 0 or more.*row 1, '-1'"),
    ],
)
def test_what_is_wrong_with_an_error_is_named(tmp_path, error, network, message):
    path = table(tmp_path, pm25=[10, 20], sd=[1, 2], text=["1", "x"], minus=[-1, 2], kind=["a", "b"])
    with pytest.raises(InputError, match=message):
        errors_of(path, *error, network=network)


def test_a_mean_of_readings_at_one_place_is_as_uncertain_as_the_worst(tmp_path):
    path = tmp_path / "readings.csv"
    rows = pd.DataFrame({"lon": 110 + 0.01 * np.arange(200), "lat": 34, "day": "2019-01-05", "pm25": 20.0, "sd": 1.0})
    twice = rows.iloc[:1].assign(pm25=40.0, sd=9.0)
    pd.concat([rows, twice]).to_csv(path, index=False)
    observations = read_observations(path, "pm25", time="day", error=("sd",))
    assert observations.value[:2].tolist() == [30, 20] and observations.error[:2].tolist() == [9, 1] and len(observations) == 200


def test_networks_without_an_error_are_told(tmp_path):
    path = table(tmp_path, pm25=[10, 20, 30], kind=["reference", "sensor", "school"])
    observations = read_observations(path, "pm25", error=("sensor=30%",), network="kind")
    assert "no error is told for the network reference, school" in observations.report.notes["errors"]


def test_hours_of_one_sensor_do_not_make_its_day_more_certain(tmp_path):
    hours = [f"2019-01-05 {hour:02d}:00" for hour in range(24)]
    path = tmp_path / "hourly.csv"
    pd.DataFrame({"code": "S1", "lon": 110, "lat": 34, "time": hours, "pm25": 20.0, "sd": 5.0}).to_csv(path, index=False)
    for step, request in ((1, {"date": "2019-01-05"}),):
        from model_core.stations.daily import daily_means

        daily = daily_means(read_observations(path, "pm25", time="time", id="code", error=("sd",), **request))
        assert len(daily) == step and daily.error == pytest.approx([5.0])


# What they do


@given(st.lists(st.tuples(st.floats(1, 200), st.floats(0.01, 2)), min_size=1, max_size=30), st.floats(0.1, 10))
def test_weights_do_not_ask_how_high_a_reading_is_or_in_which_unit(readings, factor):
    values, shares = np.array(readings).T
    own = weights(values, shares * (values + 0.05 * values.mean()))
    np.testing.assert_allclose(own, 1 / (0.15**2 + np.log1p(shares) ** 2), rtol=1e-3)
    np.testing.assert_allclose(weights(factor * values, factor * values * shares), weights(values, values * shares), rtol=1e-3)


def test_a_cell_takes_its_better_readings_at_their_word():
    lon, lat = (axis[16, 16] for axis in GRID.lonlat())
    two = from_arrays([lon, lon + 0.01, lon + 1, lon, lon - 1], [lat, lat, lat, lat + 1, lat], [20.0, 40.0, 25.0, 30.0, 28.0])
    plain = grid_observations(two, GRID)
    told = grid_observations(replace(two, error=np.array([0.5, 12.0, 0.5, 0.5, 0.5])), GRID)
    assert plain.values[16, 16] == 30 and 20 < told.values[16, 16] < 27 and told.counts[16, 16] == 2
    assert 0 < told.errors[16, 16] < 12 and plain.errors is None


def test_kriging_gives_way_to_an_uncertain_reading_less_and_is_less_sure_beside_it():
    torch.manual_seed(0)
    places, read = 30 * torch.rand(40, 2), torch.randn(40, 1)
    noise = torch.zeros(40)
    plain, silent = krige(places, read, (32, 32)), krige(places, read, (32, 32), noise=noise)
    assert torch.equal(plain.fields, silent.fields) and torch.equal(plain.unexplained, silent.unexplained)
    noise[0] = 1e6
    huge, without = krige(places, read, (32, 32), noise=noise), krige(places[1:], read[1:], (32, 32))
    assert (huge.fields - without.fields).abs().max() < 0.05 * without.fields.abs().max()
    row, column = (int(x) for x in places[0].round())
    assert plain.unexplained[row, column] < huge.unexplained[row, column]


def test_readings_less_certain_than_the_day_is_varied_are_left_out_and_counted(tmp_path):
    rng = np.random.default_rng(0)
    lon, lat = (axis[8:24, 8:24].ravel()[:40] for axis in GRID.lonlat())
    good = from_arrays(lon, lat, 30 * np.exp(0.4 * rng.standard_normal(40)))
    error = np.full(40, 1.0)
    error[7] = 1e5
    told = grid_observations(replace(good, error=error), GRID)
    alone = grid_observations(replace(good, error=error).select(np.arange(40) != 7), GRID)
    assert told.report.dropped["too uncertain"] == 1 and (told.values == alone.values).all() and (told.counts == alone.counts).all()
    assert certain_enough(good.value, None).all() and certain_enough(good.value[:3], error[5:8]).all()


@pytest.fixture(scope="module")
def predictor():
    return Predictor(load_model("bundled"), GRID, CPU)


def test_sensors_beside_reference_monitors_give_a_better_field_when_their_errors_are_told(predictor):
    """Twelve monitors of 3 % and sixty sensors of 50 %, on days whose truth the simulation knows."""
    (lon, lat), squares, widths = GRID.lonlat(), [], []
    for seed in range(2):
        for day in simulate_days(GRID, date(2019, 1, 5), 2, seed):
            rng = np.random.default_rng(seed)
            row, column = rng.integers(1, 31, (2, 72))
            share = np.where(np.arange(72) < 12, 0.03, 0.5)
            read = day.pm25[row, column] * np.exp(share * rng.standard_normal(72) - share**2 / 2)
            plain = from_arrays(lon[row, column], lat[row, column], read)
            both = [predictor.predict([{"pm25": grid_observations(one, GRID)}])[0] for one in (plain, replace(plain, error=share * read))]
            squares.append([((one.field - day.pm25) ** 2).mean() for one in both])
            widths.append([one.sd.mean() for one in both])
    without, told = np.sqrt(np.mean(squares, axis=0))
    assert told < 0.99 * without
    assert np.mean(widths, axis=0)[1] < np.mean(widths, axis=0)[0]  # a monitor's reading there is less uncertain than a sensor's


def test_a_sensor_with_a_huge_error_changes_nothing_in_a_day_or_a_period(tmp_path):
    rng = np.random.default_rng(3)
    (lon, lat), place = GRID.lonlat(), rng.integers(2, 30, (2, 40))
    rows = pd.DataFrame(
        {
            "code": [f"S{n}" for n in range(40)],
            "day": "2019-01-05",
            "lon": lon[tuple(place)],
            "lat": lat[tuple(place)],
            "pm25": 30 * np.exp(0.5 * rng.standard_normal(40)),
            "sd": 1.0,
        }
    )
    mad = pd.DataFrame({"code": ["X"], "day": ["2019-01-05"], "lon": [lon[15, 15]], "lat": [lat[15, 15]], "pm25": [900.0], "sd": [1e5]})
    fields = {}
    for name, frame in (("without", rows), ("with", pd.concat([rows, mad]))):
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
        asked = {
            "stations": str(tmp_path / f"{name}.csv"),
            "value": "pm25",
            "time": "day",
            "id": "code",
            "error": ["sd"],
            "device": "cpu",
            "grid": f"0,-300000,384000,84000,12000@{PRESETS['china12km'].crs.to_proj4()}",
        }
        JOBS["reanalyse-period"]({**asked, "out": str(tmp_path / name)}, Progress())
        JOBS["reanalyse"]({**asked, "out": str(tmp_path / f"{name}.tif")}, Progress())
        import rasterio

        with rasterio.open(tmp_path / f"{name}.tif") as day, rasterio.open(tmp_path / name / "pm25_2019-01-05.tif") as period:
            fields[name] = day.read(1)
            np.testing.assert_array_equal(period.read(1), fields[name])
    np.testing.assert_array_equal(fields["with"], fields["without"])


def test_an_error_rule_says_which_columns_it_needs():
    assert error_rule([], None) is None and error_rule(["sd%"]).columns == ["sd"] and error_rule(["5%"]).columns == []
    assert error_rule(["a=1", "b=5%"], "kind").columns == ["kind"]
