"""What a request says of each variable's table; and a weather network with names of its own."""

import numpy as np
import pandas as pd
import pytest

from model_core.cli import main
from model_core.errors import InputError
from model_core.jobs import JOBS
from model_core.jobs.requests import read_source
from model_core.jobs.sources import further_inputs, requested_source
from model_core.progress import Progress

DAY = "2019-01-05"


def test_the_keys_of_a_request_are_the_options():
    source = requested_source(
        {
            "stations": "a.csv",
            "from": "openaq",
            "value": "v",
            "unit_column": "u",
            "time": ["d", "h"],
            "date_order": "dmy",
            "stamp": "end",
            "id": "a+b",
            "where": ["x=1", "y>2"],
            "sites": "s.csv",
            "sites_id": "code",
            "wide": "no",
            "encoding": "cp1252",
            "decimal": ",",
            "gas_temperature": "298.15",
            "gas_pressure": 1000,
            "time_zone": "UTC",
        },
        "o3",
    )
    assert (source.form, source.time, source.id, source.where) == ("openaq", "d+h", "a+b", ("x=1", "y>2"))
    assert (source.gas.temperature_k, source.gas.pressure_pa) == (298.15, 100000.0)
    assert requested_source({"stations": "a.csv", "where": "x=1"}, "pm25").where == ("x=1",)


def test_in_the_targets_own_file_a_further_variable_is_read_as_the_target():
    request = {"stations": "a.csv", "value": "pm25", "unit": "mg m-3", "time": "when", "id": "code", "where": "valid=1", "rh": "a.csv:RH"}
    source = requested_source(request, "rh", "rh_")
    assert (source.value, source.time, source.id, source.where, source.unit) == ("RH", "when", "code", ("valid=1",), None)


def test_in_a_file_of_its_own_it_has_options_of_its_own():
    request = {
        "stations": "a.csv",
        "time": "when",
        "id": "code",
        "wind": "w.csv:ff",
        "wind_time": "valid",
        "wind_unit": "knots",
        "wind_where": ["q=1"],
    }
    source = requested_source(request, "wind", "wind_")
    assert (source.path, source.time, source.unit, source.where, source.id) == ("w.csv", "valid", "knots", ("q=1",), None)
    assert source.like.id == "code"


def test_any_variable_may_be_an_input():
    request = {
        "stations": "a.csv",
        "inputs": ["temperature=t.csv:t2m"],
        "input_options": ["temperature.unit=degC", "temperature.time-zone=UTC"],
    }
    assert list(further_inputs(request)) == [("temperature", ("t.csv", "t2m"))]
    source = requested_source(request, "temperature", "temperature_")
    assert (source.unit, str(source.clock.zone)) == ("degC", "UTC")


@pytest.mark.parametrize(
    "request_, message",
    [
        ({"inputs": "temperature"}, "write NAME=FILE:COLUMN"),
        ({"inputs": ["warmth=t.csv:t"]}, "unknown variable 'warmth'"),
        ({"rh": "a.csv:rh", "inputs": ["rh=b.csv:rh"]}, "given twice"),
        ({"rh": "a.csv"}, "write FILE:COLUMN"),
    ],
)
def test_inputs_that_are_not_understood(request_, message):
    with pytest.raises(InputError, match=message):
        list(further_inputs({"stations": "a.csv", **request_}))


@pytest.fixture
def network(tmp_path):
    """Readings of PM2.5, and a weather network with other names, places and hours."""
    rng = np.random.default_rng(1)
    stations = pd.DataFrame({"code": [f"p{i}" for i in range(40)], "lon": rng.uniform(113, 121, 40), "lat": rng.uniform(30, 40, 40)})
    stations["pm25"], stations["when"] = 50.0, DAY
    stations.to_csv(tmp_path / "pm.csv", index=False)
    weather = pd.DataFrame({"synop": range(20), "Longitude": rng.uniform(113, 121, 20), "Latitude": rng.uniform(30, 40, 20)})
    hours = pd.concat([weather.assign(valid=f"{DAY} {hour:02d}:00", U=60 + hour, T=-5.0, ff=3.0) for hour in range(24)])
    hours.to_csv(tmp_path / "weather.csv", index=False)
    return {"stations": str(tmp_path / "pm.csv"), "value": "pm25", "time": "when", "id": "code"}, str(tmp_path / "weather.csv")


@pytest.mark.parametrize("own", [{}, {"rh_time": "valid"}, {"rh_time": "valid", "rh_id": "synop", "rh_x": "Longitude", "rh_y": "Latitude"}])
def test_a_weather_table_needs_no_column_name_of_the_readings(network, own):
    request, weather = network
    source = requested_source({**request, "rh": f"{weather}:U", **own}, "rh", "rh_")
    readings = read_source(source, pd.Timestamp(DAY).date(), Progress())
    assert len(readings) == 480 and readings.hourly and readings.value.mean() == pytest.approx(71.5)


def test_a_weather_network_changes_the_field_of_a_day_a_period_and_a_cross_validation(network, tiny_ctm, tiny_model, tmp_path):
    import rasterio
    import xarray as xr

    request, weather = network
    common = {**request, "grid": str(tiny_ctm), "model": str(tiny_model), "device": "cpu"}
    JOBS["reanalyse"]({**common, "out": str(tmp_path / "without.tif"), "date": DAY}, Progress())
    with_rh = {**common, "rh": f"{weather}:U", "rh_time": "valid", "inputs": [f"wind={weather}:ff"], "input_options": ["wind.time=valid"]}
    result = JOBS["reanalyse"]({**with_rh, "out": str(tmp_path / "with.tif"), "date": DAY}, Progress())
    assert result["further_readings"]["rh"]["used"] == 480 and result["further_readings"]["wind"]["used"] == 480
    fields = [rasterio.open(tmp_path / name).read(1) for name in ("without.tif", "with.tif")]
    assert (fields[0] != fields[1]).any()
    JOBS["reanalyse-period"]({**with_rh, "out": str(tmp_path / "period.nc")}, Progress())
    with xr.open_dataset(tmp_path / "period.nc") as data:
        np.testing.assert_array_equal(data["pm25"].values[0], fields[1])
    report = JOBS["crossvalidate"]({**with_rh, "out": str(tmp_path / "cv"), "folds": 2, "baselines": ""}, Progress())
    assert report["missing_inputs"] == []


# Faults that nobody foresaw


def test_a_fault_ends_in_a_message_a_log_file_and_status_three(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))

    def broken(request, progress):
        raise KeyError("no such thing")

    monkeypatch.setitem(JOBS, "info", broken)
    assert main(["info", "--json"]) == 3
    told = capsys.readouterr()
    logs = list(tmp_path.rglob("*.log"))
    assert len(logs) == 1 and str(logs[0]) in told.err and "Traceback" not in told.err + told.out
    assert "Traceback" in logs[0].read_text(encoding="utf-8") and logs[0].stat().st_mode & 0o077 == 0
