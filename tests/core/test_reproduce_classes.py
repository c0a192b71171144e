"""Evaluation 1 told apart: lockdown days against the others, months, seasons and regions."""

import csv
from datetime import date

import numpy as np
import pytest

from model_core.ctm.fields import read_ctm
from model_core.errors import InputError
from model_core.evaluation.class_sums import ClassSums
from model_core.evaluation.day_groups import parse_periods
from model_core.evaluation.polygons import Regions
from model_core.jobs import JOBS
from model_core.progress import Progress
from model_core.scores import mean_scores, scores

HALVES = """{"type": "FeatureCollection", "features": [
 {"type": "Feature", "properties": {"half": "north"}, "geometry": {"type": "Polygon", "coordinates": [[[90,31],[130,31],[130,50],[90,50],[90,31]]]}},
 {"type": "Feature", "properties": {"half": "south"}, "geometry": {"type": "Polygon", "coordinates": [[[90,10],[130,10],[130,31],[90,31],[90,10]]]}}]}"""


@pytest.fixture(scope="module")
def halves(tmp_path_factory):
    path = tmp_path_factory.mktemp("halves") / "halves.geojson"
    path.write_text(HALVES, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def result(tiny_ctm, tiny_model, tmp_path_factory, halves):
    out = tmp_path_factory.mktemp("whole")
    return JOBS["reproduce"]({
        "ctm": [str(tiny_ctm)], "model": str(tiny_model), "out": str(out / "evaluation"), "points": 40, "start": "2019-01-05", "end": "2019-01-12",
        "periods": ["festival=2019-01-06..2019-01-08"], "regions": f"{halves}:half",
    }, Progress())


def test_days_of_a_period_are_scored_by_themselves_and_so_are_all_others(result):
    with open(result["by_class_csv"], encoding="utf-8", newline="") as file:
        rows = {(row["by"], row["class"]): row for row in csv.DictReader(file)}
    with open(result["scores_csv"], encoding="utf-8", newline="") as file:
        daily = {row["date"]: row for row in csv.DictReader(file)}
    assert set(rows) == {("period", "festival"), ("period", "other days"), ("region", "north"), ("region", "south")}  # one month, one season
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
    assert [key for key in rows if key[0] in ("season", "month")] == [("season", "DJF"), ("season", "SON"), ("month", "2019-11"), ("month", "2019-12")]
    for key, cells, chosen in ((("month", "2019-11"), mask, slice(4)), (("period", "advent"), mask, slice(4, 8)), (("region", "north"), mask & (regions == "north"), slice(8))):
        expected = scores(made[chosen][:, cells], true[chosen][:, cells])
        daily = mean_scores([scores(m[cells], t[cells]) for m, t in zip(made[chosen], true[chosen])])
        for name, value in expected.items():
            assert rows[key][name] == pytest.approx(value), (key, name)
        assert rows[key]["daily_ioa"] == pytest.approx(daily["ioa"]) and rows[key]["mean_true"] == pytest.approx(np.nanmean(true[chosen][:, cells]))


@pytest.mark.parametrize("change, message", [
    ({"periods": ["lockdown"]}, "write NAME=FIRST..LAST"), ({"regions": "nowhere.gpkg"}, "no such file"),
])
def test_a_wrong_period_or_region_is_said_before_the_work(tiny_ctm, tiny_model, tmp_path, change, message):
    with pytest.raises(InputError, match=message):
        JOBS["reproduce"]({"ctm": [str(tiny_ctm)], "model": str(tiny_model), "out": str(tmp_path / "evaluation"), **change}, Progress())
    assert not (tmp_path / "evaluation").exists()
