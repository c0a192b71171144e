"""Nitrogen dioxide and ozone from the simulated CTM to a field, a period, its means and scores, as PM2.5 goes."""

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


LIKE_TRUTH = {"no2": 0.4, "o3": 0.2}  # six iterations teach little, but forty stations tell where the towns are
CF_NAMES = {"no2": "mass_concentration_of_nitrogen_dioxide_in_air", "o3": "mass_concentration_of_ozone_in_air"}


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    file = tmp_path_factory.mktemp("gases") / "ctm.nc"
    JOBS["simulate"]({"grid": GRID, "start": "2019-01-05", "days": 6, "seed": 4, "gases": True, "out": str(file)}, Progress())
    return file


@pytest.fixture(scope="module", params=["no2", "o3"])
def world(request, simulated, tiny_configuration):
    """The folder of the simulated days, a model of a gas made as a user makes it, and the gas."""
    gas = request.param
    trained = JOBS["train"](
        {"ctm": [str(simulated)], "config": str(tiny_configuration), "target": gas, "out": str(simulated.parent / f"{gas}.safetensors")},
        Progress(),
    )
    return simulated.parent, trained, gas


@pytest.fixture(scope="module")
def readings(world):
    """Forty stations that read three days of the truth in ppb, as most networks outside Europe and China write gases."""
    rng, rows, gas = np.random.default_rng(1), [], world[2]
    with netCDF4.Dataset(world[0] / "ctm.nc") as file:
        field, lon, lat = file[gas.upper()][:], file["lon"][:], file["lat"][:]
    as_ppb = convert(field, "ug m-3", "ppb", gas.upper(), Gas(MOLAR_MASS[gas], 293.15, 101325.0))
    for station in range(40):
        row, column = rng.integers(2, 38), rng.integers(2, 46)
        rows += [
            (f"S{station}", f"2019-01-{8 + day:02d}", lon[row, column], lat[row, column], as_ppb[3 + day, row, column]) for day in range(3)
        ]
    path = world[0] / f"{gas}.csv"
    pd.DataFrame(rows, columns=["code", "day", "lon", "lat", gas]).to_csv(path, index=False)
    return path


def request(world, readings, **further):
    return {
        "stations": str(readings),
        "value": world[2],
        "unit": "ppb",
        "time": "day",
        "id": "code",
        "grid": str(world[0] / "ctm.nc"),
        "model": str(world[0] / f"{world[2]}.safetensors"),
        "device": "cpu",
        **further,
    }


def test_nitrogen_dioxide_leaves_the_other_fields_as_they_are_and_is_short_lived():
    days = [list(simulate_days(SMALL, start, 2, 4, gases=True))[-1] for start in (date(2019, 1, 5), date(2019, 7, 5))]
    alone = list(simulate_days(SMALL, date(2019, 1, 5), 2, 4))[-1]
    assert (
        alone.no2 is None
        and alone.o3 is None
        and all((getattr(alone, name) == getattr(days[0], name)).all() for name in ("pm25", "rh", "wind"))
    )
    for day in days:
        contrast = {name: np.quantile(getattr(day, name), 0.95) / np.quantile(getattr(day, name), 0.2) for name in ("no2", "pm25")}
        assert day.no2.min() > 0 and contrast["no2"] > 1.5 * contrast["pm25"]  # it falls off faster from where it is emitted
    assert days[0].no2.mean() > 2 * days[1].no2.mean()


def test_ozone_is_lacking_where_nitrogen_dioxide_is_and_higher_in_summer():
    winter, summer = (list(simulate_days(SMALL, start, 2, 4, gases=True))[-1] for start in (date(2019, 1, 5), date(2019, 7, 5)))
    assert np.corrcoef(winter.no2.ravel(), winter.o3.ravel())[0, 1] < -0.3
    assert summer.o3.mean() > 1.3 * winter.o3.mean()
    for day in (winter, summer):
        assert 4 <= day.o3.min() and day.o3.max() < 250


def test_the_file_says_that_it_is_simulated(simulated):
    with netCDF4.Dataset(simulated) as file:
        assert file.title.startswith("SIMULATED daily PM2.5, NO2, O3") and file.source.startswith("SIMULATED")
        assert file["NO2"].units == "ug m-3" and file["NO2"].standard_name == "mass_concentration_of_nitrogen_dioxide_in_air"


def test_a_day_and_a_period_give_the_same_field_with_its_name_and_unit(world, readings, tmp_path):
    day = JOBS["reanalyse"](request(world, readings, date="2019-01-09", uncertainty="none", out=str(tmp_path / "day.nc")), Progress())
    gas = world[2]
    assert (day["species"], day["unit"]) == (gas, "ug m-3") and world[1]["scores"]["rmse"] > 0
    period = JOBS["reanalyse-period"](request(world, readings, out=str(tmp_path / "period.nc")), Progress())
    assert period["days"]["computed"] == 3 and period["species"] == gas
    with netCDF4.Dataset(tmp_path / "day.nc") as one, netCDF4.Dataset(tmp_path / "period.nc") as many:
        assert one[gas].standard_name == CF_NAMES[gas]
        np.testing.assert_array_equal(one[gas][0], many[gas][1])
        logarithms = [np.log1p(np.asarray(field)).ravel() for field in (one[gas][0], truth(world, 4))]
        assert np.corrcoef(*logarithms)[0, 1] > LIKE_TRUTH[gas]
    means = JOBS["aggregate"](
        {"fields": [str(tmp_path / "period.nc")], "limits": ["all"], "minimum_share": 0, "out": str(tmp_path / "means.nc")}, Progress()
    )
    with netCDF4.Dataset(means["out"]) as file, netCDF4.Dataset(tmp_path / "period.nc") as many:
        mean = next(file[name] for name in file.variables if name.startswith(gas) and file[name].ndim == 3)
        np.testing.assert_allclose(mean[0], np.mean(many[gas][:], axis=0), rtol=1e-5)


def truth(world, number):
    with netCDF4.Dataset(world[0] / "ctm.nc") as file:
        return np.asarray(file[world[2].upper()][number])[::-1]


def test_stations_left_out_are_scored_in_its_unit(world, readings, tmp_path):
    asked = request(world, readings, folds=4, baselines="idw,oklog", out=str(tmp_path / "folds"))
    result = JOBS["crossvalidate"](asked, Progress())
    assert (result["species"], result["unit"]) == (world[2], "ug m-3")
    assert set(result["summary"]) == {"model", "idw", "oklog"} and result["summary"]["model"]["rmse"] > 0
    predictions = pd.read_csv(tmp_path / "folds" / "predictions.csv")
    read = pd.read_csv(readings)[world[2]] * MOLAR_MASS[world[2]] * 101325 / (8.314462618 * 293.15) * 1e-3
    assert predictions.observed.max() == pytest.approx(read.max(), rel=1e-4)
