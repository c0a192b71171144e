"""Stations choose their grid: the model's where they lie on it, else one around them in which nobody is left out and nothing is bent."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Proj

from model_core.applicability import SPACING_TOLERANCE
from model_core.cli import main
from model_core.errors import InputError
from model_core.grid import PRESETS, Grid, parse_grid
from model_core.grid_auto import FACTOR, MOST_CELLS, choose_grid

CHINA = PRESETS["china12km"]


def on_grid(grid: Grid, lon, lat) -> np.ndarray:
    row, column = grid.locate(lon, lat, "EPSG:4326")
    return (row >= 0) & (row < grid.shape[0]) & (column >= 0) & (column < grid.shape[1])


def scattered(west, east, south, north, count=60, seed=0):
    random = np.random.default_rng(seed)
    return random.uniform(west, east, count), random.uniform(south, north, count)


def test_stations_of_china_lie_on_the_models_grid(shared_data):
    stations = pd.read_csv(shared_data / "cnemc" / "cnemc_station_coords.csv")
    assert choose_grid(stations["lon"], stations["lat"], "EPSG:4326", CHINA).grid is CHINA


def test_the_network_of_the_united_states_gets_its_preset_and_a_state_does_not(shared_data):
    monitors = pd.read_csv(shared_data / "us_cmaq" / "daily_88101_20160115.zip")
    assert choose_grid(monitors["Longitude"], monitors["Latitude"], "EPSG:4326", CHINA).name == "conus12km"
    georgia = pd.read_csv(shared_data / "atlanta_cmaq" / "atlanta_aqs_pm25_2003_2005.csv")
    chosen = choose_grid(georgia["lon"], georgia["lat"], "EPSG:4326", CHINA)
    assert chosen.name == "stations" and on_grid(chosen.grid, georgia["lon"], georgia["lat"]).all()
    assert chosen.grid.shape[0] * chosen.grid.shape[1] < 10_000


@pytest.mark.parametrize(
    "place, box, projection",
    [
        ("Poland", (14.5, 24, 49.2, 54.6), "lcc"),
        ("Chile", (-73, -70, -54, -18), "lcc"),
        ("Singapore", (103.6, 104, 1.2, 1.45), "merc"),
        ("Ecuador", (-80, -75, -4, 1.5), "merc"),
        ("Svalbard", (10, 25, 77, 80), "stere"),
        ("Fiji", (176, 184, -19, -16), "lcc"),
    ],
)
def test_the_projection_fits_the_latitude(place, box, projection):
    lon, lat = scattered(*box)
    chosen = choose_grid(lon, lat, "EPSG:4326", CHINA)
    assert f"+proj={projection}" in chosen.grid.proj_string and on_grid(chosen.grid, lon, lat).all()
    assert CHINA.cell_size_km / FACTOR <= chosen.grid.cell_size_km <= CHINA.cell_size_km * FACTOR + 1e-6
    assert "cells of" in chosen.explanation and not chosen.warning


@settings(max_examples=40, deadline=None)
@given(st.floats(-170, 170), st.floats(-80, 80), st.floats(0.2, 25), st.floats(0.2, 15), st.integers(1, 80), st.integers(0, 99))
def test_every_network_is_inside_with_a_margin_and_lengths_stay_true(lon_0, lat_0, wide, high, count, seed):
    lon, lat = scattered(lon_0 - wide / 2, lon_0 + wide / 2, max(lat_0 - high / 2, -89), min(lat_0 + high / 2, 89), count, seed)
    tiny = Grid.from_extent(0, 0, 1, 1, 1 / 9, "EPSG:4326")  # a model of another place, with cells of 12 km
    chosen = choose_grid(lon, lat, "EPSG:4326", tiny)
    if chosen.name != "stations":
        return
    grid = chosen.grid
    row, column = grid.locate(lon, lat, "EPSG:4326")
    assert grid.shape[0] * grid.shape[1] <= MOST_CELLS * 1.1
    assert min(row.min(), column.min()) >= 2 and (grid.shape[0] - row.max()) >= 2 and (grid.shape[1] - column.max()) >= 2
    scale = Proj(grid.crs).get_factors(lon, lat)
    assert np.all(np.abs(scale.meridional_scale - 1) < 0.15) and np.all(np.abs(scale.parallel_scale - 1) < 0.15)


def test_islands_far_away_do_not_blow_the_grid_up():
    lon, lat = scattered(-5, 8, 43, 50, 200)
    lon, lat = np.append(lon, [55.5, -61.0]), np.append(lat, [-21.1, 14.6])  # Réunion and Martinique among the stations of France
    chosen = choose_grid(lon, lat, "EPSG:4326", CHINA)
    assert chosen.warning.startswith("2 stations lie far") and on_grid(chosen.grid, lon, lat).sum() == 200


def test_stations_around_the_earth_get_longitude_and_latitude():
    lon, lat = scattered(-180, 180, -50, 70, 3000)
    chosen = choose_grid(lon, lat, "EPSG:4326", CHINA)
    assert chosen.grid.crs.is_geographic and on_grid(chosen.grid, lon, lat).all() and "too many" in chosen.explanation


def test_a_dense_network_gets_no_finer_cells_than_the_model_knows_and_a_single_station_a_grid():
    lon, lat = scattered(8.4, 8.7, 47.2, 47.5, 100)
    assert choose_grid(lon, lat, "EPSG:4326", CHINA).grid.cell_size_km == pytest.approx(8)
    alone = choose_grid([8.5], [47.4], "EPSG:4326", CHINA)
    assert on_grid(alone.grid, [8.5], [47.4]).all()
    assert "around the only station" in alone.explanation and "apart" not in alone.explanation


def test_places_that_are_none_are_refused():
    with pytest.raises(InputError, match="check their coordinates and CRS"):
        choose_grid([np.nan, 500000], [50, 5000000], "EPSG:4326", CHINA)


def test_the_bounds_of_cells_are_those_beyond_which_a_prediction_warns():
    assert FACTOR == SPACING_TOLERANCE


def test_without_stations_auto_is_refused_with_the_remedy():
    with pytest.raises(InputError, match="of which there are none here"):
        parse_grid("auto")


@pytest.fixture(scope="module")
def polish_table(tmp_path_factory):
    """Three days of made-up readings at 50 places in Poland."""
    lon, lat = scattered(15, 23, 50, 54, 50)
    days = [f"2024-01-0{day}" for day in (1, 2, 3)]
    path = tmp_path_factory.mktemp("poland") / "readings.csv"
    pd.DataFrame(
        [(x, y, day, 20 + n + number) for number, day in enumerate(days) for n, (x, y) in enumerate(zip(lon, lat))],
        columns=["lon", "lat", "day", "pm25"],
    ).to_csv(path, index=False)
    return path


def grid_of(command, table, out, capsys, *options) -> dict:
    assert main([command, "--stations", str(table), "--value", "pm25", "--time", "day", "--out", str(out), "--json", *options]) == 0
    return json.loads(capsys.readouterr().out)["grid"]


def test_commands_take_the_stations_grid_without_being_asked(polish_table, tmp_path, capsys):
    one = grid_of("grid-stations", polish_table, tmp_path / "one.tif", capsys, "--date", "2024-01-01")
    assert "+proj=lcc" in one["proj"] and (one["rows"], one["columns"]) != CHINA.shape
    period = grid_of("reanalyse-period", polish_table, tmp_path / "p.nc", capsys, "--model", "bundled", "--end", "2024-01-02")
    assert period == one == grid_of("reanalyse", polish_table, tmp_path / "r.tif", capsys, "--date", "2024-01-02")


def test_a_series_that_is_gone_on_with_keeps_its_grid(polish_table, tmp_path, capsys):
    """A station that comes later, beyond the others, must not make all days anew."""
    first = grid_of("reanalyse-period", polish_table, tmp_path / "p.nc", capsys, "--end", "2024-01-01")
    table = pd.read_csv(polish_table)
    table.loc[len(table)] = [25.5, 55.5, "2024-01-02", 30.0]
    table.to_csv(tmp_path / "more.csv", index=False)
    again = [
        "reanalyse-period",
        "--stations",
        str(tmp_path / "more.csv"),
        "--value",
        "pm25",
        "--time",
        "day",
        "--out",
        str(tmp_path / "p.nc"),
        "--end",
        "2024-01-02",
        "--json",
    ]
    assert main(again) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["grid"] == first and result["days"]["kept"] == 1
