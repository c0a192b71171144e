"""Nitrogen dioxide from the simulated CTM to a field, a period and scores, as PM2.5 goes."""

from datetime import date

import netCDF4
import numpy as np
import pandas as pd
import pytest

from model_core.grid import PRESETS, Grid
from model_core.jobs import JOBS
from model_core.progress import Progress
from model_core.simulation import simulate_days
from model_core.units import MOLAR_MASS, Gas, convert

SMALL = Grid.from_lower_left(PRESETS["china12km"].crs, -180_000.0, -720_000.0, (36_000.0, 36_000.0), (40, 48))
GRID = f"-180000,-720000,1548000,720000,36000@{PRESETS['china12km'].crs.to_proj4()}"


@pytest.fixture(scope="module")
def world(tiny_configuration, tmp_path_factory):
    """The simulated days and a model of their NO2, made as a user makes them."""
    folder = tmp_path_factory.mktemp("no2")
    JOBS["simulate"]({"grid": GRID, "start": "2019-01-05", "days": 6, "seed": 4, "no2": True, "out": str(folder / "ctm.nc")}, Progress())
    trained = JOBS["train"]({
        "ctm": [str(folder / "ctm.nc")], "config": str(tiny_configuration), "target": "no2", "out": str(folder / "no2.safetensors"),
    }, Progress())
    return folder, trained


@pytest.fixture(scope="module")
def readings(world):
    """Forty stations that read three days of the truth in ppb, as most networks outside Europe and China write gases."""
    rng, rows = np.random.default_rng(1), []
    with netCDF4.Dataset(world[0] / "ctm.nc") as file:
        field, lon, lat = file["NO2"][:], file["lon"][:], file["lat"][:]
    as_ppb = convert(field, "ug m-3", "ppb", "NO2", Gas(MOLAR_MASS["no2"], 293.15, 101325.0))
    for station in range(40):
        row, column = rng.integers(2, 38), rng.integers(2, 46)
        rows += [(f"S{station}", f"2019-01-{8 + day:02d}", lon[row, column], lat[row, column], as_ppb[3 + day, row, column]) for day in range(3)]
    path = world[0] / "no2.csv"
    pd.DataFrame(rows, columns=["code", "day", "lon", "lat", "no2"]).to_csv(path, index=False)
    return path


def request(world, readings, **further):
    return {"stations": str(readings), "value": "no2", "unit": "ppb", "time": "day", "id": "code", "grid": str(world[0] / "ctm.nc"),
            "model": str(world[0] / "no2.safetensors"), "device": "cpu", **further}


def test_nitrogen_dioxide_leaves_the_other_fields_as_they_are_and_is_short_lived():
    days = [list(simulate_days(SMALL, start, 2, 4, no2=True))[-1] for start in (date(2019, 1, 5), date(2019, 7, 5))]
    alone = list(simulate_days(SMALL, date(2019, 1, 5), 2, 4))[-1]
    assert alone.no2 is None and all((getattr(alone, name) == getattr(days[0], name)).all() for name in ("pm25", "rh", "wind"))
    for day in days:
        contrast = {name: np.quantile(getattr(day, name), 0.95) / np.quantile(getattr(day, name), 0.2) for name in ("no2", "pm25")}
        assert day.no2.min() > 0 and contrast["no2"] > 1.5 * contrast["pm25"]  # it falls off faster from where it is emitted
    assert days[0].no2.mean() > 2 * days[1].no2.mean()


def test_the_file_says_that_it_is_simulated(world):
    with netCDF4.Dataset(world[0] / "ctm.nc") as file:
        assert file.title.startswith("SIMULATED daily PM2.5, NO2") and file.source.startswith("SIMULATED")
        assert file["NO2"].units == "ug m-3" and file["NO2"].standard_name == "mass_concentration_of_nitrogen_dioxide_in_air"


def test_a_day_and_a_period_give_the_same_field_with_its_name_and_unit(world, readings, tmp_path):
    day = JOBS["reanalyse"](request(world, readings, date="2019-01-09", uncertainty="none", out=str(tmp_path / "day.nc")), Progress())
    assert (day["species"], day["unit"]) == ("no2", "ug m-3") and world[1]["scores"]["rmse"] > 0
    period = JOBS["reanalyse-period"](request(world, readings, out=str(tmp_path / "period.nc")), Progress())
    assert period["days"]["computed"] == 3 and period["species"] == "no2"
    with netCDF4.Dataset(tmp_path / "day.nc") as one, netCDF4.Dataset(tmp_path / "period.nc") as many:
        assert one["no2"].standard_name == "mass_concentration_of_nitrogen_dioxide_in_air"
        np.testing.assert_array_equal(one["no2"][0], many["no2"][1])
        assert np.corrcoef(one["no2"][0].ravel(), truth(world, 4).ravel())[0, 1] > 0.5


def truth(world, number):
    with netCDF4.Dataset(world[0] / "ctm.nc") as file:
        return np.asarray(file["NO2"][number])[::-1]


def test_stations_left_out_are_scored_in_its_unit(world, readings, tmp_path):
    asked = request(world, readings, folds=4, baselines="idw,oklog", out=str(tmp_path / "folds"))
    result = JOBS["crossvalidate"](asked, Progress())
    assert (result["species"], result["unit"]) == ("no2", "ug m-3")
    assert set(result["summary"]) == {"model", "idw", "oklog"} and result["summary"]["model"]["rmse"] > 0
    predictions = pd.read_csv(tmp_path / "folds" / "predictions.csv")
    read = pd.read_csv(readings).no2 * 46.006 * 101325 / (8.314462618 * 293.15) * 1e-3
    assert predictions.observed.max() == pytest.approx(read.max(), rel=1e-4)
