"""A variable of a user's own table is a target like any other: trained on, predicted, cross-validated, and in the model's card."""

import contextvars
import shutil

import netCDF4
import numpy as np
import pandas as pd
import pytest
from listening import Listening

from model_core.errors import InputError
from model_core.gases import MOLAR_MASS, R
from model_core.jobs import JOBS
from model_core.model_file import load_model
from model_core.progress import Progress
from model_core.ready import forget
from model_core.variable_table import definitions, in_use, make_known
from model_core.variables import get_variable, known_variables

AMMONIA = """
[nh3]
names = ["NH3"]
unit = "ug m-3"
long_name = "ammonia"
limits = [0, 1000]
"""
UG_OF_A_PPB = MOLAR_MASS["nh3"] * 101325 / (R * 293.15) * 1e-3


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "ammonia.toml"
    path.write_text(AMMONIA, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def ammonia_ctm(tiny_ctm, tmp_path_factory):
    """The tiny CTM with an invented ammonia field, in ppbV, in place of PM2.5."""
    path = tmp_path_factory.mktemp("ammonia") / "nh3.nc"
    shutil.copy(tiny_ctm, path)
    with netCDF4.Dataset(path, "a") as file:
        pm25 = file["PM25_TOT"]
        field = file.createVariable("NH3", "f4", pm25.dimensions)
        field.setncatts({"units": "ppbV", "grid_mapping": pm25.grid_mapping, "cell_methods": "time: mean"})
        field[:] = 0.1 * pm25[:]
        file.renameVariable("PM25_TOT", "NOT_USED")
    return path


@pytest.fixture(scope="module")
def trained(ammonia_ctm, tiny_configuration, table, tmp_path_factory):
    """(model file, what the training said)."""
    path, said = tmp_path_factory.mktemp("model") / "nh3.safetensors", Listening()
    JOBS["train"](
        {"ctm": [str(ammonia_ctm)], "config": str(tiny_configuration), "target": "nh3", "variables": str(table), "out": str(path)}, said
    )
    return path, said


@pytest.fixture(scope="module")
def readings(ammonia_ctm, tmp_path_factory):
    """Thirty stations that read three days of the CTM's ammonia in ppb."""
    rng, rows = np.random.default_rng(0), []
    with netCDF4.Dataset(ammonia_ctm) as file:
        field, lon, lat = file["NH3"][:], file["lon"][:], file["lat"][:]
    for station in range(30):
        row, column = rng.integers(3, 37), rng.integers(3, 45)
        rows += [
            (f"S{station}", f"2019-01-0{5 + day}", lon[row, column], lat[row, column], float(field[day, row, column])) for day in range(3)
        ]
    path = tmp_path_factory.mktemp("readings") / "nh3.csv"
    pd.DataFrame(rows, columns=["code", "day", "lon", "lat", "nh3"]).to_csv(path, index=False)
    return path


def request(readings, ctm, **further):
    return {
        "stations": str(readings),
        "value": "nh3",
        "unit": "ppb",
        "time": "day",
        "id": "code",
        "grid": str(ctm),
        "device": "cpu",
        **further,
    }


def test_the_card_holds_the_unit_and_the_scale_comes_from_the_days(trained):
    path, said = trained
    assert contextvars.copy_context().run(lambda: load_model(str(path)).card["unit"]) == "ug m-3"
    assert any(line.startswith("nh3: scaled by the mean of its training days") for line in said.lines)
    assert any("293.15 K and 1013.25 hPa" in warning for warning in said.warnings)


def test_its_field_needs_no_table_any_more(trained, readings, ammonia_ctm, tmp_path):
    forget()
    out = tmp_path / "nh3.nc"
    result = JOBS["reanalyse"](request(readings, ammonia_ctm, model=str(trained[0]), date="2019-01-06", out=str(out)), Progress())
    assert result["species"] == "nh3" and result["unit"] == "ug m-3"
    with netCDF4.Dataset(out) as file:
        assert file["nh3"].long_name == "ammonia" and file["nh3"].units == "ug m-3"
    read = pd.read_csv(readings).query("day == '2019-01-06'").nh3 * UG_OF_A_PPB
    assert 0 <= result["statistics"]["min"] and result["statistics"]["max"] < 5 * read.max()
    assert result["readings"]["used"] == 30
    assert "nh3" not in known_variables()  # the job has forgotten it


def test_a_period_and_folds_know_it_too(trained, readings, ammonia_ctm, tmp_path):
    asked = request(readings, ammonia_ctm, model=str(trained[0]))
    period = JOBS["reanalyse-period"]({**asked, "out": str(tmp_path / "nh3.nc")}, Progress())
    assert period["days"]["computed"] == 3 and period["species"] == "nh3"
    with netCDF4.Dataset(tmp_path / "nh3.nc") as file:
        assert file["nh3"].long_name == "ammonia"
    folds = JOBS["crossvalidate"]({**asked, "out": str(tmp_path / "folds"), "folds": 3, "baselines": "idw"}, Progress())
    assert folds["species"] == "nh3" and folds["unit"] == "ug m-3"


def test_readings_of_it_are_gridded_with_the_table(table, readings, ammonia_ctm, tmp_path):
    asked = request(readings, ammonia_ctm, species="nh3", date="2019-01-06", out=str(tmp_path / "gridded.tif"))
    gridded = JOBS["grid-stations"]({**asked, "variables": str(table)}, Progress())
    read = pd.read_csv(readings).query("day == '2019-01-06'").nh3 * UG_OF_A_PPB
    assert gridded["statistics"]["max"] == pytest.approx(read.max(), rel=1e-4)
    with pytest.raises(InputError, match="unknown variable 'nh3'.*variable table"):
        JOBS["grid-stations"](asked, Progress())


def test_the_card_of_the_model_names_it(trained, tmp_path):
    JOBS["modelcard"]({"model": str(trained[0]), "out": str(tmp_path / "card.md")}, Progress())
    assert "| Predicts | ammonia, µg m⁻³ |" in (tmp_path / "card.md").read_text(encoding="utf-8")


def test_a_definition_survives_the_model_file(table):
    with in_use(table):
        kept, known = definitions(["pm25", "nh3", "elevation"]), get_variable("nh3")
    assert list(kept) == ["nh3"]
    with in_use(None):
        make_known(kept, "model file 'x'")
        assert get_variable("nh3") == known


def test_another_unit_in_the_table_than_in_the_model_is_told(table, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text('[nh3]\nunit = "mg m-3"\n')
    with in_use(table):
        kept = definitions(["nh3"])
    with in_use(other), pytest.raises(InputError, match="in ug m-3, the variable table in mg m-3"):
        make_known(kept, "model file 'x'")


def test_a_molar_mass_turns_its_mixing_ratios_into_concentrations(tmp_path, readings, ammonia_ctm):
    for mass, expected in ((17.031, UG_OF_A_PPB), (34.062, 2 * UG_OF_A_PPB)):
        table = tmp_path / "mass.toml"
        table.write_text(f'[amine]\nunit = "ug m-3"\nmolar_mass = {mass}\n')
        asked = request(readings, ammonia_ctm, species="amine", date="2019-01-06", out=str(tmp_path / "gridded.tif"), variables=str(table))
        result = JOBS["grid-stations"](asked, Progress())
        read = pd.read_csv(readings).query("day == '2019-01-06'").nh3
        assert result["statistics"]["max"] == pytest.approx(read.max() * expected, rel=1e-4)
    table.write_text('[amine]\nunit = "ug m-3"\nmolar_mass = -1\n')
    with pytest.raises(InputError, match=r"\[amine\]: 'molar_mass' must be a number above zero"):
        JOBS["grid-stations"](asked, Progress())
