"""The maps that ship: of every place on Earth, right where one knows the truth, and only where nobody brings a better one."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from model_core.grid import PRESETS, parse_grid
from model_core.model_file import load_model
from model_core.prediction import missing_maps
from model_core.variables import get_variable
from model_core.world_maps import SOURCES, fill_in, world_map

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "resources" / "recipes"))

import make_world_maps  # noqa: E402

EUROPE = parse_grid("-10,36,30,60,0.25@EPSG:4326")


@pytest.mark.parametrize("name", sorted(SOURCES))
@pytest.mark.parametrize(
    "grid", [EUROPE, PRESETS["china12km"], PRESETS["conus12km"], parse_grid("165,-48,179,-34,0.25@EPSG:4326")], ids=str
)
def test_a_map_is_there_for_every_region_and_within_its_limits(name, grid):
    values = world_map(name, grid)
    low, high = get_variable(name).limits
    assert values.shape == grid.shape and np.isfinite(values).all()
    assert low <= values.min() and values.max() <= high and values.max() > 0


def test_people_are_where_the_cities_are_and_heights_where_the_mountains_are():
    def at(name, lon, lat):
        row, column = EUROPE.locate(np.array([lon]), np.array([lat]), "EPSG:4326")
        return float(world_map(name, EUROPE)[int(row[0]), int(column[0])])

    paris, alps, atlantic = (2.35, 48.86), (7.65, 45.98), (-8.0, 47.0)
    assert 3.5 < at("population_near", *paris) < 4.5  # 3 to 30 million
    assert at("population_far", *paris) > 2.5
    assert at("population_near", *atlantic) == at("population_far", *atlantic) == 0
    assert at("elevation", *alps) > 1500 and at("elevation", *atlantic) == 0


def test_only_what_is_wholly_unknown_is_filled_in():
    names = ["elevation", "urban", "population_near"]
    maps = np.full((3, *EUROPE.shape), np.nan, np.float32)
    maps[0, :5] = 17.0  # a map of one's own that ends somewhere
    assert fill_in(maps, names, EUROPE) == ["population_near"]
    assert np.isnan(maps[0, 5:]).all() and np.isnan(maps[1]).all()
    assert np.array_equal(maps[2], world_map("population_near", EUROPE))


def test_a_model_of_china_knows_the_heights_of_europe():
    model = load_model("bundled")
    assert missing_maps(model, EUROPE) == ["urban"]
    assert missing_maps(model, model.grid) == []


def test_people_near_a_lone_place_add_up_to_a_disc():
    """The integral of exp(-(d / r)²) is that of a disc of radius r, on every latitude."""
    for lat in (0.05, 61.05):
        place = np.array([[20.05, lat, 50_000.0]])
        people = make_world_maps.people_near(place, 15.0, 0.1)
        rows = make_world_maps.NORTH - (np.arange(people.shape[0]) + 0.5) * 0.1
        area = (np.radians(0.1) * make_world_maps.EARTH_KM) ** 2 * np.cos(np.radians(rows))
        assert (people * area[:, None]).sum() == pytest.approx(50_000 * np.pi * 15.0**2, rel=0.02)
