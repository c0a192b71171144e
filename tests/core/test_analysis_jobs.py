"""The analysis step where users meet it: in the jobs of a day and of a period, and on the command line."""

import json

import numpy as np
import pandas as pd
import pytest
import rasterio
import torch
import xarray as xr
from pyproj import Transformer

from model_core.analysis import analyse
from model_core.cli import main
from model_core.ctm.fields import read_ctm
from model_core.errors import InputError
from model_core.grid import parse_grid
from model_core.jobs import JOBS
from model_core.model_file import load_model
from model_core.prediction import Predictor
from model_core.progress import Progress
from model_core.stations.gridding import grid_observations
from model_core.stations.observations import read_observations

# The last day has readings in fewer cells than can be chosen by.
DAYS, STATIONS = {"2019-01-05": 60, "2019-01-06": 60, "2019-01-07": 8}, 60


class Listening(Progress):
    """Keeps what a user would read of the analysis step."""

    def __init__(self):
        super().__init__()
        self.told = []

    def on_log(self, message):
        if message.startswith("analysis step: "):
            self.told.append(message.removeprefix("analysis step: "))


@pytest.fixture(scope="module")
def table(tiny_ctm, tmp_path_factory):
    ctm = read_ctm(tiny_ctm)
    land = np.argwhere(ctm.static["land"] > 0.5)
    cells = land[np.random.default_rng(0).choice(len(land), STATIONS, replace=False)]
    lon, lat = Transformer.from_crs(ctm.grid.crs, "EPSG:4326", always_xy=True).transform(ctm.grid.x[cells[:, 1]], ctm.grid.y[cells[:, 0]])
    path = tmp_path_factory.mktemp("stations") / "stations.csv"
    pd.concat(
        [
            pd.DataFrame({"day": day, "lon": lon, "lat": lat, "pm25": ctm.fields["pm25"][number][tuple(cells.T)].round(3)}).iloc[:count]
            for number, (day, count) in enumerate(DAYS.items())
        ]
    ).to_csv(path, index=False)
    return path


@pytest.fixture
def request_of(table, tiny_ctm, tiny_model, tmp_path):
    def make(out, **changes):
        return {
            "stations": str(table),
            "value": "pm25",
            "time": "day",
            "grid": str(tiny_ctm),
            "model": str(tiny_model),
            "out": str(tmp_path / out),
            "device": "cpu",
            **changes,
        }

    return make


def band(path):
    with rasterio.open(path) as file:
        return file.read(1), file.tags().get("analysis")


@pytest.mark.parametrize("choice", ["auto", "on"])
def test_a_day_with_it_is_what_the_step_makes_and_says_so(request_of, table, tiny_ctm, tiny_model, tmp_path, choice):
    progress = Listening()
    result = JOBS["reanalyse"](request_of("a.tif", date="2019-01-05", analysis=choice), progress)
    grid = parse_grid(str(tiny_ctm))
    observations = read_observations(table, "pm25", time="day", date="2019-01-05", species="pm25")
    expected = analyse(
        Predictor(load_model(tiny_model), grid, torch.device("cpu")), {"pm25": grid_observations(observations, grid)}, choice
    )
    field, told = band(tmp_path / "a.tif")
    np.testing.assert_allclose(field, expected.reanalysis.field, rtol=1e-5)
    assert result["analysis"] == expected.summary() and progress.told == [told] == [expected.in_words()]
    json.dumps(result)


def test_without_it_nothing_changes_and_nothing_is_said(request_of, tmp_path):
    progress = Listening()
    result = JOBS["reanalyse"](request_of("off.tif", date="2019-01-05", analysis="off"), progress)
    JOBS["reanalyse"](request_of("default.tif", date="2019-01-05"), progress)
    JOBS["reanalyse"](request_of("on.tif", date="2019-01-05", analysis="on"), Progress())
    (off, told), (default, _), (on, _) = (band(tmp_path / name) for name in ("off.tif", "default.tif", "on.tif"))
    np.testing.assert_array_equal(off, default)
    assert result["analysis"] is None and told is None and progress.told == [] and not np.allclose(off, on)


def test_a_field_of_a_handful_of_places_is_called_a_guess(request_of, table, tmp_path):
    few = tmp_path / "few.csv"
    pd.read_csv(table).query("day == '2019-01-05'").iloc[:2].to_csv(few, index=False)
    for job in ("reanalyse", "reanalyse-period"):
        progress = Progress()
        JOBS[job](request_of("few.nc", stations=str(few)), progress)
        assert any("readings at 2 place(s) only" in warning and "guess" in warning for warning in progress.warnings), job


def test_too_few_readings_are_told(request_of):
    progress = Listening()
    result = JOBS["reanalyse"](request_of("a.tif", date="2019-01-07", analysis="auto"), progress)
    assert result["analysis"] == {"strength": 0.0, "sd_factor": 1.0, "left_out_rmse": {}}
    assert progress.told == ["not done: fewer than 20 cells have readings"]


@pytest.mark.parametrize("job", ["reanalyse", "reanalyse-period"])
def test_an_unknown_choice_is_refused(request_of, job):
    with pytest.raises(InputError, match="unknown choice of analysis 'sometimes'; known are off, auto, network, kriging, on"):
        JOBS[job](request_of("a.nc", analysis="sometimes"), Progress())


def test_each_day_of_a_period_is_analysed_by_itself(request_of, tmp_path):
    progress = Listening()
    result = JOBS["reanalyse-period"](request_of("out.nc", analysis="auto"), progress)
    with xr.open_dataset(tmp_path / "out.nc") as data:
        fields, told = data.pm25.values, data.attrs["analysis"]
    spread = {}
    for number, day in enumerate(DAYS):
        summary = JOBS["reanalyse"](request_of("day.tif", date=day, analysis="auto"), Progress())["analysis"]
        np.testing.assert_array_equal(fields[number], band(tmp_path / "day.tif")[0])
        spread[f"{summary['strength']:g}"] = spread.get(f"{summary['strength']:g}", 0) + 1
    assert result["analysis"] == {"spread": spread} and sum(spread.values()) == 3 and told == "auto"
    assert len(progress.told) == 1 and progress.told[0].endswith("of 3 days")


@pytest.mark.parametrize("out", ["out.nc", "out.zarr", "folder"])
def test_another_choice_computes_a_period_anew(request_of, out):
    period = JOBS["reanalyse-period"]
    assert period(request_of(out), Progress())["analysis"] is None
    assert period(request_of(out, analysis="on"), Progress())["days"]["computed"] == 3
    again = period(request_of(out, analysis="on"), Progress())
    assert again["days"]["kept"] == 3 and again["analysis"] == {"spread": {}}
    assert period(request_of(out), Progress())["days"]["computed"] == 3


def test_the_command_line_asks_for_it(request_of, capsys):
    request = request_of("a.tif")
    arguments = [text for key, value in request.items() for text in (f"--{key}", value)]
    assert main(["reanalyse", *arguments, "--date", "2019-01-05", "--analysis", "on", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["analysis"] == {"strength": 1.0, "sd_factor": 1.0, "left_out_rmse": {}}
