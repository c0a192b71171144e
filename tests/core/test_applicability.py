"""A model says what it was made for: it refuses other units, and warns of other regions, values and species."""

from dataclasses import replace
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray as xr
from listening import Listening

from model_core.applicability import beyond, other_species, outside_training, require_units, trained_range, used_elsewhere
from model_core.errors import InputError
from model_core.grid import PRESETS, parse_grid
from model_core.jobs import JOBS
from model_core.model_file import load_model
from model_core.progress import Progress
from model_core.stations.gridding import grid_observations
from model_core.stations.observations import from_arrays
from model_core.variable_table import in_use


@pytest.fixture(scope="module")
def model(tiny_model):
    return load_model(str(tiny_model))


def with_card(model, **changes):
    return replace(model, card={**model.card, **changes})


def test_a_trained_model_knows_the_range_of_each_input(model, tiny_ctm):
    with xr.open_dataset(tiny_ctm) as data:
        names = {name.lower(): name for name in data.data_vars}
        highest = float(data[next(names[name] for name in names if name.startswith("pm25"))].max())
    low, high = trained_range(model, "pm25")
    assert set(model.card["ranges"]) == {"pm25", "rh", "wind", "elevation", "urban"}
    assert low >= 0 and high == pytest.approx(highest, rel=0.01)


def test_of_a_model_whose_card_says_no_ranges_the_maps_say_theirs(model):
    older = with_card(model, ranges=None)
    assert trained_range(older, "pm25") is None and beyond(older, "pm25", np.array([1e5])) == ""
    low, high = trained_range(older, "elevation")
    assert low < high and "terrain elevation" in beyond(older, "elevation", np.array([high + 1000]))


def test_values_beyond_the_training_are_told_with_what_is_known(model):
    low, high = trained_range(model, "pm25")
    grid = model.grid
    row, column = np.array([10, 20]), np.array([12, 15])
    for value, told in (((low + high) / 2, False), (3 * high, True)):
        readings = grid_observations(from_arrays(grid.x[column], grid.y[row], [value, (low + high) / 2], crs=grid.crs), grid)
        notes = outside_training(model, {"pm25": readings})
        assert bool(notes) == told
    assert f"the model saw only {low:g} to {high:g} in its training" in notes[0]


@pytest.fixture(scope="module")
def ordinary_days(shared_data):
    """Daily means of PM2.5 that national networks have published, ug m-3, by country."""
    with ZipFile(shared_data / "us_cmaq" / "daily_88101_20160115.zip") as file:
        usa = pd.read_csv(file.open(file.namelist()[0]))["Arithmetic Mean"]
    china = pd.concat(
        pd.read_csv(shared_data / "cnemc" / f"cnemc_snapshot_{when}.csv")["pm2_5_24h"] for when in ("20180220T07", "20190718T12")
    )
    atlanta = pd.read_csv(shared_data / "atlanta_cmaq" / "atlanta_aqs_pm25_2003_2005.csv")["pm25_obs"]
    return {name: values[values >= 0].to_numpy() for name, values in (("USA", usa), ("China", china), ("Atlanta", atlanta))}


@pytest.mark.parametrize("name", ["bundled", "paper"])
def test_a_model_that_ships_is_silent_on_ordinary_days_and_not_on_wrong_units(name, ordinary_days):
    shipped = load_model(name)
    assert set(shipped.card["ranges"]) == set(shipped.card["inputs"]) and shipped.card["ranges_from"] == [
        "They were found on 196 of 402 days."
    ]
    for place, values in ordinary_days.items():
        assert len(values) > 500 and beyond(shipped, "pm25", values) == "", place
        assert "the model saw only" in beyond(shipped, "pm25", 1000 * values), "nanograms, or mg m-3 taken for ug m-3 the other way round"
    for key, usual, wrong in (
        ("rh", np.array([8.0, 55.0, 100.0]), np.array([285.0, 300.0])),  # kelvin of another column
        ("wind", np.array([0.0, 3.0, 14.0]), np.array([280.0, 300.0])),
        ("wind", np.array([0.0, 2.0]), np.array([101_300.0])),  # a pressure
        ("elevation", np.array([0.0, 500.0, 4500.0]), np.array([0.0, 15_000.0])),  # feet
        ("urban", np.array([0.0, 1.0]), np.array([0.0, 40.0])),  # percent
    ):
        assert beyond(shipped, key, usual) == "" and beyond(shipped, key, wrong), key


def test_a_grid_outside_the_region_is_told_and_one_inside_is_not(model):
    assert used_elsewhere(model, model.grid) == []
    notes = used_elsewhere(model, PRESETS["conus12km"])
    assert any("100% of the grid lies outside the region" in note and "°E" in note for note in notes)
    x0, y0, x1, y1 = model.grid.bounds
    half_out = parse_grid(f"{(x0 + x1) / 2},{y0},{x1 + (x1 - x0) / 2},{y1},36000@{model.grid.proj_string}")
    assert any(note.startswith("50% of the grid") for note in used_elsewhere(model, half_out))


def test_the_bundled_model_is_silent_on_its_own_grid():
    bundled = load_model("bundled")
    require_units(bundled)
    assert used_elsewhere(bundled, PRESETS["china12km"]) == []


@pytest.mark.parametrize("unit, refused", [("ug m-3", False), ("µg/m³", False), ("mg m-3", True), ("ppb", True), ("K", True)])
def test_another_unit_than_trained_with_is_refused(model, unit, refused):
    other = with_card(model, inputs={**model.card["inputs"], "pm25": unit})
    if not refused:
        require_units(other)
        return
    with pytest.raises(InputError, match=f"was trained with pm25 in {unit}, and here pm25 is in ug m-3.*--variables"):
        require_units(other)


def test_a_variable_of_the_users_own_needs_the_unit_that_it_was_trained_in(model, tmp_path):
    table, own = tmp_path / "variables.toml", with_card(model, inputs={**model.card["inputs"], "nh3": "ug m-3"})
    with pytest.raises(InputError, match="trained with nh3, which is no variable here.*--variables"):
        require_units(own)
    for unit, refused in (("ug m-3", False), ("mg m-3", True)):
        table.write_text(f'[nh3]\nunit = "{unit}"\nnames = ["NH3"]\n', encoding="utf-8")
        with in_use(str(table)):
            if not refused:
                require_units(own)
                continue
            with pytest.raises(InputError, match="was trained with nh3 in ug m-3, and here nh3 is in mg m-3"):
                require_units(own)


@pytest.mark.parametrize(
    "column, named",
    [
        ("pm25", ""),
        ("PM10", "PM10"),
        ("pm10_24h", "PM10"),
        ("o3_8h_24h", "ozone"),
        ("pm2_5_24h", ""),
        ("T_value", ""),
        ("O3", "ozone"),
        ("reading", ""),
        (None, ""),
        ("RH", "relative humidity"),
    ],
)
def test_a_column_of_another_species_is_told(column, named):
    told = other_species(column, "pm25")
    assert (f"column '{column}' is named like {named}" in told) if named else told == ""


def test_units_and_crs_are_carried_from_the_table_to_the_output(model, tiny_ctm, tiny_model, tmp_path):
    """The same readings in mg m-3 at projected coordinates give the field of those in ug m-3 at degrees, on the model's sphere."""
    grid = model.grid
    row, column = (numbers.ravel() for numbers in np.mgrid[4:36:8, 4:44:8])
    x, y = grid.x[column], grid.y[row]
    lon, lat = (axis[row, column] for axis in grid.lonlat())
    value = np.linspace(10, 90, row.size)
    for name, table in (("degrees", (lon, lat, value)), ("metres", (x, y, value / 1000))):
        np.savetxt(tmp_path / f"{name}.csv", np.column_stack(table), delimiter=",", header="x,y,value", comments="", fmt="%.12g")
    for name, options in (("degrees", {}), ("metres", {"unit": "mg m-3", "crs": grid.crs.to_wkt()})):
        JOBS["reanalyse"](
            {
                "stations": str(tmp_path / f"{name}.csv"),
                "value": "value",
                "x": "x",
                "y": "y",
                "grid": str(tiny_ctm),
                "model": str(tiny_model),
                "out": str(tmp_path / f"{name}.tif"),
                **options,
            },
            Progress(),
        )
    with rasterio.open(tmp_path / "degrees.tif") as one, rasterio.open(tmp_path / "metres.tif") as other:
        np.testing.assert_allclose(one.read(1), other.read(1), rtol=1e-3)
        assert one.units == other.units == ("ug m-3",) and one.crs.to_dict()["R"] == 6370000


@pytest.fixture(scope="module")
def table(model, tmp_path_factory):
    """Readings of a day at thirty places: PM2.5, the same in mg m-3, and a lot of PM10."""
    grid = model.grid
    row, column = (numbers.ravel() for numbers in np.mgrid[4:36:6, 4:44:8])
    lon, lat = (axis[row, column] for axis in grid.lonlat())
    value = np.linspace(10, 90, row.size)
    path = tmp_path_factory.mktemp("units") / "stations.csv"
    columns = {"station": range(row.size), "day": "2019-01-05", "lon": lon, "lat": lat, "pm25": value, "mg": value / 1000}
    pd.DataFrame(columns | {"pm10_24h": 10 * value + 500}).to_csv(path, index=False)
    return str(path)


@pytest.mark.parametrize("command", ["reanalyse", "reanalyse-period", "crossvalidate"])
def test_every_door_to_a_model_converts_refuses_and_warns(command, table, tiny_ctm, tiny_model, tmp_path):
    place = {"reanalyse": "a.tif", "reanalyse-period": "a.nc", "crossvalidate": "cv"}[command]
    more = {"folds": 2, "baselines": []} if command == "crossvalidate" else {}
    base = {"stations": table, "time": "day", "id": "station", "grid": str(tiny_ctm), "model": str(tiny_model), "device": "cpu", **more}

    def told(out=place, **request):
        progress = Told()
        JOBS[command]({**base, "out": str(tmp_path / out), **request}, progress)
        return progress.lines

    elsewhere = "\n".join(told(value="mg", unit="mg m-3", grid="105,25,125,45,1@EPSG:4326"))
    for words in ("PM2.5: converted from mg m-3 to ug m-3", "is used on cells of", "lies outside the region"):
        assert words in elsewhere, words
    with pytest.raises(InputError, match="unit 'ppb' can't be converted to 'ug m-3'"):
        told(value="pm25", unit="ppb")
    warned = "\n".join(told(out=f"other_{place}", value="pm10_24h"))
    for words in ("is named like PM10", "there are values of", "the model saw only"):
        assert words in warned and words not in elsewhere, words


class Told(Listening):
    """Keeps what is warned, too."""

    def on_warning(self, message):
        self.lines.append(message)
