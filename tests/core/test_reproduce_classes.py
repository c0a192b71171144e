"""Evaluation 1 as published: sites of their own for weather, a mask of polygons; and scores told apart by days and regions."""

import csv
import json
from datetime import date

import numpy as np
import pytest
import torch

from model_core.ctm.fields import read_ctm
from model_core.errors import InputError
from model_core.evaluation.class_sums import ClassSums
from model_core.evaluation.day_groups import parse_periods
from model_core.evaluation.polygons import SHIPPED, Regions
from model_core.evaluation.reproduction import sample
from model_core.evaluation.sites import evaluation_mask, random_station_cells, station_cells_of
from model_core.grid import PRESETS
from model_core.jobs import JOBS
from model_core.model_file import load_model
from model_core.prediction import predict
from model_core.progress import Progress
from model_core.scores import mean_scores, scores


def square(west, south, east, north, **properties):
    """A GeoJSON feature."""
    corners = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [corners]}}


HALVES = {"type": "FeatureCollection", "features": [square(90, 31, 130, 50, half="north"), square(90, 10, 130, 31, half="south")]}


@pytest.fixture(scope="module")
def halves(tmp_path_factory):
    path = tmp_path_factory.mktemp("halves") / "halves.geojson"
    path.write_text(json.dumps(HALVES), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def result(tiny_ctm, tiny_model, tmp_path_factory, halves):
    out = tmp_path_factory.mktemp("whole")
    return JOBS["reproduce"](
        {
            "ctm": [str(tiny_ctm)],
            "model": str(tiny_model),
            "out": str(out / "evaluation"),
            "points": 40,
            "start": "2019-01-05",
            "end": "2019-01-12",
            "periods": ["festival=2019-01-06..2019-01-08"],
            "regions": f"{halves}:half",
        },
        Progress(),
    )


def test_days_of_a_period_are_scored_by_themselves_and_so_are_all_others(result):
    with open(result["by_class_csv"], encoding="utf-8", newline="") as file:
        rows = {(row["by"], row["class"]): row for row in csv.DictReader(file)}
    with open(result["scores_csv"], encoding="utf-8", newline="") as file:
        daily = {row["date"]: row for row in csv.DictReader(file)}
    # One month and one season are nothing to tell apart.
    assert set(rows) == {("period", "festival"), ("period", "other days"), ("region", "north"), ("region", "south")}
    of_period = [daily[f"2019-01-0{n}"] for n in (6, 7, 8)]
    row = rows["period", "festival"]
    assert row["days"] == "3" and int(row["n"]) == sum(int(day["n"]) for day in of_period)
    assert float(row["daily_rmse"]) == pytest.approx(np.mean([float(day["rmse"]) for day in of_period]), rel=1e-5)
    assert float(row["rmse"]) == pytest.approx(np.sqrt(np.mean([float(day["rmse"]) ** 2 for day in of_period])), rel=1e-5)
    assert float(row["mean_true"]) == pytest.approx(np.mean([float(day["mean_true"]) for day in of_period]), rel=1e-5)
    assert sum(int(rows["period", name]["n"]) for name in ("festival", "other days")) == result["pooled"]["n"]
    assert sum(int(rows["region", name]["n"]) for name in ("north", "south")) == result["pooled"]["n"]


def test_scores_of_a_class_are_those_of_all_its_cells_and_days_at_once(tiny_ctm, halves):
    ctm = read_ctm(tiny_ctm)
    mask, regions = ctm.static["land"] > 0.5, Regions(f"{halves}:half").of_cells(ctm.grid)
    true = ctm.fields["pm25"].astype(float)
    made = true * np.random.default_rng(2).uniform(0.7, 1.2, true.shape)
    true[1, :9] = np.nan
    days = [date(2019, 11, 29 if n < 2 else 30) if n < 4 else date(2019, 12, n) for n in range(8)]
    sums = ClassSums(mask, parse_periods("advent=2019-12-01..2019-12-24"), regions)
    for day, field in zip(days, true):
        sums.survey(day, field)
    for day, *fields in zip(days, made, true):
        sums.add(day, *fields)
    rows = {(row["by"], row["class"]): row for row in sums.rows()}
    assert [name for by, name in rows if by in ("season", "month")] == ["DJF", "SON", "2019-11", "2019-12"]
    for key, cells, chosen in (
        (("month", "2019-11"), mask, slice(4)),
        (("period", "advent"), mask, slice(4, 8)),
        (("region", "north"), mask & (regions == "north"), slice(8)),
    ):
        expected = scores(made[chosen][:, cells], true[chosen][:, cells])
        daily = mean_scores([scores(m[cells], t[cells]) for m, t in zip(made[chosen], true[chosen])])
        for name, value in expected.items():
            assert rows[key][name] == pytest.approx(value), (key, name)
        assert rows[key]["daily_ioa"] == pytest.approx(daily["ioa"])
        assert rows[key]["mean_true"] == pytest.approx(np.nanmean(true[chosen][:, cells]))


@pytest.mark.parametrize(
    "change, message", [({"periods": ["lockdown"]}, "write NAME=FIRST..LAST"), ({"regions": "nowhere.gpkg"}, "no such file")]
)
def test_a_wrong_period_or_region_is_said_before_the_work(tiny_ctm, tiny_model, tmp_path, change, message):
    with pytest.raises(InputError, match=message):
        JOBS["reproduce"]({"ctm": [str(tiny_ctm)], "model": str(tiny_model), "out": str(tmp_path / "evaluation"), **change}, Progress())
    assert not (tmp_path / "evaluation").exists()


@pytest.fixture
def weather_sites(tiny_ctm, tmp_path):
    """Nine stations in nine cells of their own."""
    grid = read_ctm(tiny_ctm).grid
    rows, columns = np.meshgrid(np.arange(3, 36, 12), np.arange(4, 44, 14), indexing="ij")
    path = tmp_path / "weather.csv"
    places = [f"{grid.x[c]},{grid.y[r]}" for r, c in zip(rows.ravel(), columns.ravel())]
    path.write_text("east,north\n" + "\n".join(places) + "\n", encoding="utf-8")
    return {"stations": str(path), "x": "east", "y": "north", "crs": grid.crs.to_wkt()}


def test_weather_is_read_at_sites_of_its_own(tiny_ctm, tiny_model, tmp_path, weather_sites):
    same, own = (
        JOBS["reproduce"](
            {
                "ctm": [str(tiny_ctm)],
                "model": str(tiny_model),
                "points": 40,
                "cache": str(tmp_path),
                "out": str(tmp_path / f"{len(more)}"),
                **more,
            },
            Progress(),
        )
        for more in ({}, {f"rh_{key}": value for key, value in weather_sites.items()})
    )
    assert own["stations"]["cells"] == same["stations"]["cells"] == 40 and own["stations"]["rh"] == 9 and "rh" not in same["stations"]
    assert own["pooled"]["rmse"] != same["pooled"]["rmse"] and own["missing_inputs"] == []


def test_the_model_sees_weather_at_these_sites_and_nowhere_else(tiny_ctm, tiny_model, weather_sites, tmp_path):
    """As if the readings of both sites were gridded by hand."""
    ctm, model = read_ctm(tiny_ctm), load_model(str(tiny_model))
    result = JOBS["reproduce"](
        {
            "ctm": [str(tiny_ctm)],
            "model": str(tiny_model),
            "points": 40,
            "seed": 3,
            "start": "2019-01-12",
            "out": str(tmp_path / "out"),
            **{f"wind_{key}": value for key, value in weather_sites.items()},
        },
        Progress(),
    )
    land = ctm.static["land"] > 0.5
    cells, own = (
        random_station_cells(land, 40, 3),
        station_cells_of(weather_sites["stations"], ctm.grid, weather_sites["x"], weather_sites["y"], weather_sites["crs"]),
    )
    readings = {name: sample(ctm.fields[name][-1], own if name == "wind" else cells) for name in ("pm25", "rh", "wind")}
    field = predict(model, readings, ctm.grid, torch.device("cpu"), {name: ctm.static[name] for name in ("elevation", "urban")}).field
    assert result["pooled"]["rmse"] == pytest.approx(scores(field[land], ctm.fields["pm25"][-1][land])["rmse"], rel=1e-4)


def test_a_mask_of_polygons_is_what_is_scored(tiny_ctm, tiny_model, tmp_path):
    north = tmp_path / "north.geojson"
    north.write_text(json.dumps({**HALVES, "features": HALVES["features"][:1]}), encoding="utf-8")
    result = JOBS["reproduce"](
        {"ctm": [str(tiny_ctm)], "model": str(tiny_model), "points": 30, "mask": str(north), "out": str(tmp_path / "evaluation")},
        Progress(),
    )
    grid = read_ctm(tiny_ctm).grid
    assert result["mask"]["cells"] == int((grid.lonlat()[1] > 31).sum()) == result["pooled"]["n"]
    assert "north.geojson" in result["mask"]["description"]


def test_the_mainland_that_ships_has_about_the_cells_of_the_paper():
    """64 488 there; here 65 990 cells have their centre in the outline, and it is small."""
    mask, words = evaluation_mask({}, PRESETS["china12km"], "china")
    assert abs(mask.sum() / 64_488 - 1) < 0.03 and "china" in words
    lon, lat = [116.4, 121.5, 91.1, 114.17, 121.0], [39.9, 31.2, 29.6, 22.32, 23.7]
    rows, columns = np.floor(PRESETS["china12km"].locate(lon, lat, "EPSG:4326")).astype(int)
    assert mask[rows, columns].tolist() == [True, True, True, False, False]  # Beijing, Shanghai, Lhasa; neither Hong Kong nor Taiwan
    assert SHIPPED["china"].stat().st_size < 60_000
