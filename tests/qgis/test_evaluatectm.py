"""A CTM held against the readings of a layer."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from qgis.core import QgsVectorLayer


@pytest.fixture
def values(stations, ctm_file, tmp_path):
    """Stations without days, and a single day of the CTM."""
    return {
        "CTM": [ctm_file],
        "STATIONS": stations,
        "VALUE": "pm25",
        "GROUP": "city",
        "OUTPUT": str(tmp_path / "evaluation"),
        "REPORT": str(tmp_path / "scores.html"),
    }


def test_scores_pairs_points_map_and_page(run, make_stations, values, log):
    from datetime import date

    day = date(2018, 1, 6)
    dated = {"STATIONS": make_stations([day]), "TIME": "day", "ID": "code", "PERIODS": f"first={day}..{day}"}
    result = run("evaluatectm", **{**values, **dated})
    assert result["DAYS"] == 1 and 0 < result["READINGS"] <= 60 and result["RMSE"] >= result["MAE"] > 0
    with open(result["PAIRS_CSV"], encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    errors = [float(row["ctm"]) - float(row["observed"]) for row in rows]
    assert len(rows) == result["READINGS"] and result["MAE"] == pytest.approx(sum(map(abs, errors)) / len(rows), rel=1e-4)
    points = QgsVectorLayer(result["POINTS"], "points", "ogr")
    assert points.featureCount() == len(rows) and points.fields().lookupField("residual") >= 0
    for name in ("SCORES_JSON", "SCORES_CSV", "CLASSES_CSV", "MAP_PNG", "SCATTER_PNG", "CLASSES_PNG", "DAILY_SCORES_PNG"):
        assert Path(result[name]).stat().st_size > 50, name
    assert "first" in Path(result["CLASSES_CSV"]).read_text(encoding="utf-8")
    page = Path(result["REPORT"]).read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 2 and "MFE" in page
    assert "rmse" in log.text


def test_what_can_not_be_is_refused(refusal, values, run):
    from qgis.PyQt.QtCore import QDate, QDateTime, QTime

    first, last = (QDateTime(QDate(2018, 1, day), QTime(0, 0)) for day in (7, 6))
    assert "before the first" in refusal("evaluatectm", **values, START=first, END=last)
    assert "Choose the field with the reading" in refusal("evaluatectm", **{**values, "VALUE": None})
    assert "write a name" in refusal("evaluatectm", **values, PERIODS="lockdown")
    assert refusal("evaluatectm", **values) == ""
