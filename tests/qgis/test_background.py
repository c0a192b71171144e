"""A CTM's field of the day as background: the same parameters in every dialog that predicts, and the log says what was taken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from osgeo import gdal
from qgis.core import QgsProcessingException
from small_world import DAYS, SMALL_GRID


@pytest.fixture(scope="module")
def values(make_stations):
    return {
        "STATIONS": make_stations(DAYS[:3]),
        "VALUE": "pm25",
        "TIME": "day",
        "ID": "code",
        "GRID": SMALL_GRID,
        "MODEL": "bundled",
        "DEVICE": "cpu",
    }


@pytest.fixture
def background(run, values, make_stations, tmp_path):
    """A series that follows the readings of the first two of three days."""
    run("reanalyseperiod", **{**values, "STATIONS": make_stations(DAYS[:2])}, OUTPUT=str(tmp_path / "background.nc"))
    return str(tmp_path / "background.nc")


def test_a_day_a_period_and_a_cross_validation_with_it(run, values, background, log, tmp_path):
    with_it = {**values, "BACKGROUND": [background], "BACKGROUND_VARIABLE": "pm25"}
    day = run("reanalyse", **with_it, DATE=str(DAYS[0]), OUTPUT=str(tmp_path / "day.tif"))["OUTPUT"]
    assert "background: " in log.text and "left-out clusters of readings" in log.text
    assert "of the difference" in gdal.Open(day).GetMetadataItem("background")
    assert json.loads(gdal.Open(day).GetMetadataItem("request"))["background"] == ["background.nc"]

    series = run("reanalyseperiod", **with_it, OUTPUT=str(tmp_path / "series.nc"))
    assert series["COMPUTED"] == 3 and "taken on 2 of 2 computed days" in log.text
    assert any(str(DAYS[2]) in warning for warning in log.warnings)

    result = run("crossvalidate", **with_it, FOLDS=2, BASELINES=["rk", "evna"], OUTPUT=str(tmp_path / "validation"))
    scores = json.loads(Path(result["SCORES_JSON"]).read_text(encoding="utf-8"))
    assert scores["background"]["folds"] == 4 and {"rk", "evna"} < set(scores["methods"])


def test_a_day_that_it_lacks_is_refused_by_name(run, values, background, tmp_path):
    with pytest.raises(QgsProcessingException, match=f"no field of {DAYS[2]}"):
        run("reanalyse", **values, BACKGROUND=[background], DATE=str(DAYS[2]), OUTPUT=str(tmp_path / "day.tif"))
