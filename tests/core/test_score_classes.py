"""Scores told apart: by distance, by maps, by concentration, by time and by region; and how surely a bias is known."""

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from model_core.errors import InputError
from model_core.evaluation.day_groups import day_groups, parse_periods
from model_core.evaluation.polygons import Regions, mask_of, read_polygons
from model_core.grid import Grid
from model_core.scores import scores
from model_core.validation import class_figure
from model_core.validation.class_scores import bias_with_error, class_scores, in_report
from model_core.validation.classes import groupings
from model_core.validation.cross_validation import CrossValidation
from model_core.validation.splits import Scheme

DAYS = pd.date_range("2020-01-20", "2020-04-20", freq="13D").date


def square(west, east, name):
    """A GeoJSON feature from 20 to 40 degrees north."""
    corners = [[west, 20], [east, 20], [east, 40], [west, 40], [west, 20]]
    return {"type": "Feature", "properties": {"name": name}, "geometry": {"type": "Polygon", "coordinates": [corners]}}


SQUARES = {"type": "FeatureCollection", "features": [square(100, 110, "west"), square(110, 120, "east")]}


@pytest.fixture
def squares(tmp_path):
    path = tmp_path / "squares.geojson"
    path.write_text(json.dumps(SQUARES), encoding="utf-8")
    return path


def validation(seed=1, readings=700):
    """Readings of some stations and days with the predictions of two methods, one of them 10 % too low beyond 50 km."""
    rng = np.random.default_rng(seed)
    observed, near = rng.lognormal(3, 0.6, readings), rng.lognormal(3.3, 1.2, readings)
    table = pd.DataFrame(
        {
            "id": rng.integers(0, 60, readings).astype(str),
            "x": 0.0,
            "y": 0.0,
            "lon": rng.uniform(100, 121, readings),
            "lat": rng.uniform(22, 38, readings),
            "time": rng.choice(DAYS, readings),
            "observed": observed,
            "fold": 0,
            "near_km": near,
            "urban": rng.uniform(0, 1, readings),
            "elevation": np.where(rng.random(readings) < 0.1, np.nan, rng.uniform(0, 3000, readings)),
            "predicted": observed * np.where(near > 50, 0.9, 1.0) + rng.normal(0, 2, readings),
            "sd": 3.0,
            "idw": observed + rng.normal(0, 4, readings),
        }
    )
    table["group"] = "city " + (table["id"].astype(int) // 4).astype(str)
    return CrossValidation(table, ("model", "idw"), Scheme(), ("urban", "elevation"), "pm25", CRS("EPSG:4326"), [], [], [])


def test_every_reading_is_in_one_class_of_each_grouping_that_has_limits():
    result = validation()
    rows = class_scores(result, groupings(result))
    for by in ("distance", "urban", "predicted", "observed", "month", "season", "group"):
        for method in result.methods:
            assert sum(row["n"] for row in rows if row["by"] == by and row["method"] == method) == 700, by
    known = int(result.table.elevation.notna().sum())
    assert sum(row["n"] for row in rows if row["by"] == "elevation" and row["method"] == "idw") == known < 700
    distances = [row["class"] for row in rows if row["by"] == "distance" and row["method"] == "idw"]
    assert distances == ["<10 km", "10-25 km", "25-50 km", "50-130 km", ">=130 km"]


def test_the_picture_of_the_classes_tells_the_unit_of_each_grouping_that_has_one(monkeypatch):
    result, drawn = validation(), []
    monkeypatch.setattr(class_figure, "as_png", drawn.append)
    class_figure.class_figure(class_scores(result, groupings(result)), ["model"], "ug m-3", "Title")
    titles = [axes.get_title(loc="left").partition(") ")[2] for axes in drawn[0].axes]
    assert "Predicted concentration, µg m⁻³" in titles and "Nearest given station (km)" in titles


def test_a_method_that_is_too_low_far_from_its_stations_is_found_out():
    result = validation()
    found = in_report(class_scores(result, groupings(result)))["by_class"]["distance"]
    for name, of_class in found.items():
        far = name in ("50-130 km", ">=130 km")
        assert of_class["model"]["nmb"] == pytest.approx(-0.1 if far else 0, abs=0.03)
        assert of_class["idw"]["nmb"] == pytest.approx(0, abs=3 * of_class["idw"]["nmb_se"])
        assert "coverage_90" in of_class["model"] and "coverage_90" not in of_class["idw"]


def test_scores_of_a_class_are_those_of_its_readings_alone():
    result = validation()
    rows = class_scores(result, groupings(result))
    near = result.table[result.table.near_km < 10]
    (row,) = [row for row in rows if (row["by"], row["class"], row["method"]) == ("distance", "<10 km", "idw")]
    expected = scores(near.idw.to_numpy(), near.observed.to_numpy())
    assert all(row[key] == pytest.approx(expected[key]) for key in ("n", "rmse", "mae", "nmb", "r2_det"))
    assert row["clusters"] == near.group.nunique() and row["bias"] == pytest.approx((near.idw - near.observed).mean())


def test_classes_by_observation_blame_an_unbiased_method_and_classes_by_prediction_do_not():
    rng = np.random.default_rng(5)
    result = validation()
    truth = rng.normal(60, 12, 700)
    result.table["observed"], result.table["predicted"] = truth + rng.normal(0, 12, 700), truth
    found = in_report(class_scores(result, groupings(result)))["by_class"]
    highest = list(found["observed"])[-1]
    assert found["observed"][highest]["model"]["nmb"] < -0.08
    assert abs(found["predicted"][highest]["model"]["nmb"]) < 0.03


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(2, 40))
def test_without_likeness_in_clusters_the_error_of_a_bias_is_that_of_a_mean(seed, size):
    error = np.random.default_rng(seed).normal(3, 2, 40 * size)
    mean, each = bias_with_error(error, np.arange(len(error)))
    assert mean == pytest.approx(error.mean()) and each == pytest.approx(error.std(ddof=1) / np.sqrt(len(error)))


def test_readings_that_err_together_tell_as_little_as_one():
    of_city = np.random.default_rng(7).normal(0, 2, 30)
    once, often = (bias_with_error(np.repeat(of_city, times), np.repeat(np.arange(30), times))[1] for times in (1, 50))
    assert often == pytest.approx(once)
    assert np.isnan(bias_with_error(np.ones(9), np.zeros(9))[1])


def test_periods_are_told_from_all_other_days():
    periods = parse_periods(["lockdown=2020-01-23..2020-04-08", "festival = 2020-01-20 .. 2020-02-05", "lockdown=2022-04-01..2022-05-31"])
    both = day_groups(date(2020, 2, 1), periods)
    assert both == {"month": ["2020-02"], "season": ["DJF"], "period": ["lockdown", "festival"]}
    assert day_groups(date(2022, 4, 30), periods)["period"] == ["lockdown"]
    assert day_groups(date(2021, 6, 30), periods)["period"] == ["other days"]
    result = validation()
    rows = class_scores(result, groupings(result, parse_periods("lockdown=2020-01-23..2020-04-08")))
    count = {row["class"]: row["n"] for row in rows if row["by"] == "period" and row["method"] == "idw"}
    assert set(count) == {"lockdown", "other days"} and sum(count.values()) == 700


@pytest.mark.parametrize(
    "text, message",
    [
        ("lockdown", "write NAME=FIRST..LAST"),
        ("a=2020-01-01", "write NAME=FIRST..LAST"),
        ("a=2020-02-01..2020-01-01", "ends before it begins"),
        ("a=2020-13-01..2020-12-31", "2020-13-01"),
    ],
)
def test_what_is_no_period_is_said(text, message):
    with pytest.raises(InputError, match=message):
        parse_periods(text)


def test_regions_are_scored_by_their_names_and_what_lies_in_none_is_in_none(squares):
    result = validation()
    rows = class_scores(result, groupings(result, regions=Regions(f"{squares}:name")))
    count = {row["class"]: row["n"] for row in rows if row["by"] == "region" and row["method"] == "idw"}
    lon = result.table.lon
    assert count == {"west": int((lon <= 110).sum()), "east": int(((lon > 110) & (lon <= 120)).sum())}
    assert sum(count.values()) < 700


def test_cells_lie_in_the_regions_that_their_centres_lie_in(squares):
    grid = Grid.from_extent(98.0, 18.0, 122.0, 42.0, 1.0, "EPSG:4326")
    names = Regions(f"{squares}:name").of_cells(grid)
    lon, lat = grid.lonlat()
    inside = (lon > 100) & (lon < 120) & (lat > 20) & (lat < 40)
    assert ((names != "") == inside).all() and (names[inside] == np.where(lon[inside] < 110, "west", "east")).all()
    assert (mask_of(str(squares), grid) == inside).all()
    assert set(Regions(str(squares)).of_cells(grid)[inside]) == {"1", "2"}


def test_what_is_wrong_with_regions_is_said(squares, tmp_path):
    points = tmp_path / "points.geojson"
    points.write_text(
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, '
        '"geometry": {"type": "Point", "coordinates": [1, 2]}}]}',
        encoding="utf-8",
    )
    (tmp_path / "note.txt").write_text("no map", encoding="utf-8")
    for text, message in (
        (f"{squares}:town", "no field 'town'; its fields are name"),
        (str(tmp_path / "none.gpkg"), "no such file"),
        (str(points), "holds no polygon"),
        (str(tmp_path / "note.txt"), "can't be read"),
    ):
        with pytest.raises(InputError, match=message):
            Regions(text)
    with pytest.raises(InputError, match="no cell of the grid lies in"):
        mask_of(str(squares), Grid.from_extent(0.0, 0.0, 10.0, 10.0, 1.0, "EPSG:4326"))
    assert len(read_polygons(str(squares))) == 2
