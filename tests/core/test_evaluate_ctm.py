"""A CTM against station readings: stations that agree with it find no error, and those that do not find theirs."""

import csv
import json
from datetime import date

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from model_core.cli import main
from model_core.ctm.fields import read_ctm
from model_core.errors import InputError
from model_core.jobs import JOBS
from model_core.progress import Progress
from model_core.scores import SCORES
from model_core.stations.observations import from_arrays
from model_core.validation.places import at_stations

DAYS = [date(2019, 1, 10), date(2019, 1, 11), date(2019, 2, 1)]  # the CTM has the first two


@pytest.fixture(scope="module")
def ctm(tiny_ctm):
    return read_ctm(tiny_ctm)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return str(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def evaluate(ctm, tiny_ctm, tmp_path, cache):
    """Evaluate the tiny CTM with forty stations that read `factor` times what it has, and one beyond its grid."""

    def evaluate(factor=1.0, **request):
        rng = np.random.default_rng(1)
        (west, south, east, north), crs = ctm.grid.bounds, ctm.grid.crs
        x, y = np.append(rng.uniform(west, east, 40), east + 1e6), np.append(rng.uniform(south, north, 40), north)
        frames = []
        for day in DAYS:
            number = ctm.times.index(day) if day in ctm.times else 0
            value = at_stations(ctm.fields["pm25"][number], from_arrays(x, y, np.ones(41), crs), ctm.grid)
            frames.append(
                pd.DataFrame(
                    {
                        "code": [f"s{n}" for n in range(41)],
                        "land": [f"land {n % 4}" for n in range(41)],
                        "x": x,
                        "y": y,
                        "day": str(day),
                        "pm25": value * factor,
                    }
                )
            )
        path = tmp_path / "stations.csv"
        pd.concat(frames).to_csv(path, index=False)
        return JOBS["evaluate-ctm"](
            {
                "ctm": [str(tiny_ctm)],
                "stations": str(path),
                "value": "pm25",
                "x": "x",
                "y": "y",
                "crs": crs.to_wkt(),
                "time": "day",
                "id": "code",
                "group": "land",
                "cache": cache,
                "out": str(tmp_path / "evaluation"),
                **request,
            },
            Progress(),
        )

    return evaluate


def test_stations_that_read_what_the_ctm_has_find_no_error(evaluate):
    result = evaluate()
    assert result["pooled"]["n"] == 80 and result["days"] == {"count": 2, "first": str(DAYS[0]), "last": str(DAYS[1])}
    assert result["pooled"]["rmse"] < 1e-3
    assert result["pooled"]["r2_det"] == pytest.approx(1) and result["pooled"]["ioa"] == pytest.approx(1)
    assert any("lack 1 of 3 days" in warning for warning in result["warnings"])
    assert any("off the grid of the CTM" in warning for warning in result["warnings"])


def test_a_ctm_that_is_too_high_everywhere_has_that_bias_on_every_day_and_in_every_group(evaluate):
    result = evaluate(0.8)
    assert result["pooled"]["nmb"] == pytest.approx(0.25) and result["pooled"]["r2_pearson"] == pytest.approx(1)
    assert set(SCORES) <= set(result["pooled"]) and set(SCORES) <= set(result["mean_of_daily"])
    with open(result["daily_scores"], encoding="utf-8", newline="") as file:
        daily = list(csv.DictReader(file))
    assert [row["date"] for row in daily] == [str(day) for day in DAYS[:2]]
    assert all(float(row["nmb"]) == pytest.approx(0.25, rel=1e-5) and row["n"] == "40" for row in daily)
    table = pd.read_csv(result["by_class"])
    groups = table[table.by == "group"]
    assert list(groups["class"]) == [f"land {n}" for n in range(4)] and groups.n.sum() == 80
    assert groups.nmb.to_numpy() == pytest.approx(0.25, rel=1e-5)
    assert {"urban", "elevation", "predicted", "observed"} <= set(table.by) and "distance" not in set(table.by)
    pairs = pd.read_csv(result["predictions"])
    assert list(pairs.columns[:7]) == ["id", "group", "x", "y", "time", "observed", "ctm"]
    assert pairs.ctm.to_numpy() == pytest.approx(pairs.observed.to_numpy() / 0.8, rel=1e-5)
    report = json.loads(open(result["scores"], encoding="utf-8").read())
    assert report["methods"]["ctm"]["pooled"] == result["pooled"] and len(report["daily"]) == 2
    for key in ("map", "figure", "by_class_figure", "daily_figure"):
        with open(result[key], "rb") as file:
            assert file.read(8) == b"\x89PNG\r\n\x1a\n"


def test_days_and_periods_may_be_chosen(evaluate):
    result = evaluate(start=str(DAYS[1]), periods=["thaw=2019-01-11..2019-01-31"])
    assert result["days"]["count"] == 1 and result["pooled"]["n"] == 40
    assert set(pd.read_csv(result["by_class"]).query("by == 'period'")["class"]) == {"thaw"}


@pytest.mark.parametrize(
    "change, message",
    [
        ({"ctm": None}, "'ctm' is missing"),
        ({"species": "o3"}, "no ozone"),
        ({"start": "2021-01-01"}, "no reading lies between"),
        ({"date": "2019-02-01"}, "none of the days of the readings"),
        ({"periods": ["x"]}, "write NAME=FIRST..LAST"),
    ],
)
def test_what_is_wrong_is_said_and_leaves_no_folder(evaluate, tmp_path, change, message):
    with pytest.raises(InputError, match=message):
        evaluate(**change)
    assert not (tmp_path / "evaluation").exists()


def test_hours_of_a_ctm_are_averaged_over_the_local_day(tmp_path):
    """A CTM whose value is the hour since its start: the day of Shanghai from 16 UTC on has the mean of hours 16 to 39."""
    hours = pd.date_range("2020-03-01", periods=72, freq="h")
    lat, lon = np.linspace(29, 33, 9), np.linspace(118, 123, 11)
    values = np.broadcast_to(np.arange(72.0)[:, None, None], (72, 9, 11))
    data = xr.Dataset(
        {"PM25": (("time", "lat", "lon"), values, {"units": "ug m-3", "long_name": "PM2.5"})},
        {"time": hours, "lat": ("lat", lat, {"units": "degrees_north"}), "lon": ("lon", lon, {"units": "degrees_east"})},
    )
    data.to_netcdf(tmp_path / "hourly.nc")
    table = tmp_path / "stations.csv"
    rows = ("lon,lat,day,pm25", "120.1,31.2,2020-03-02,27.5", "121.4,30.7,2020-03-02,27.5", "119.2,30.1,2020-03-02,30.5")
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    result = JOBS["evaluate-ctm"](
        {
            "ctm": [str(tmp_path / "hourly.nc")],
            "stations": str(table),
            "value": "pm25",
            "time": "day",
            "time_zone": "Asia/Shanghai",
            "out": str(tmp_path / "out"),
        },
        Progress(),
    )
    assert result["days"]["first"] == "2020-03-02" and result["pooled"]["n"] == 3
    assert result["pooled"]["mae"] == pytest.approx(1.0, abs=1e-3) and result["pooled"]["nmb"] == pytest.approx(-3 / 85.5, abs=1e-4)


def test_cmaq_of_a_january_day_at_the_american_monitors(shared_data, tmp_path, capsys):
    """A fifth too low on the whole, most of all in the valleys of the West, as 108 km cells must be."""
    folder = shared_data / "us_cmaq"
    arguments = [
        "evaluate-ctm",
        "--ctm",
        folder / "dailyavg.LST.Y_24.2016fh.v531.108US2.01.nc",
        "--stations",
        folder / "daily_88101_20160115.zip",
        "--group",
        "State Name",
        "--out",
        tmp_path / "out",
        "--json",
    ]
    assert main([str(argument) for argument in arguments]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["pooled"]["n"] == 411 and result["pooled"]["nmb"] == pytest.approx(-0.21, abs=0.01)
    states = pd.read_csv(result["by_class"]).query("by == 'group'").set_index("class")
    assert states.loc["Utah", "nmb"] < -0.4 and states.loc["California", "bias"] < -3
