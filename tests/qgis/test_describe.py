"""Networks, correlations and kernels drawn by an algorithm."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_world import DAYS, SMALL_GRID

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def described(run, make_stations, tiny_model, ctm_file, tmp_path):
    def described(**parameters):
        return run("describe", **{"MODEL": tiny_model, "GRID": SMALL_GRID, "OUTPUT": str(tmp_path / "described"), **parameters})

    return described


def test_a_layer_with_weather_and_ctm_files_gives_every_picture_with_its_numbers(described, make_stations, ctm_file, log):
    result = described(STATIONS=make_stations(DAYS), VALUE="pm25", TIME="day", ID="code", RH_FIELD="rh", WIND_FIELD="wind", CTM=[ctm_file])
    report = json.loads(Path(result["REPORT"]).read_text(encoding="utf-8"))
    assert result["STATION_COUNT"] == 60 == report["networks"]["pm25"]["stations"]
    assert set(report["networks"]) == {"pm25", "rh", "wind"}
    for name in ("NETWORKS_PNG", "CORRELATIONS_PNG", "KERNELS_PNG", "ANISOTROPY_PNG", "STRUCTURE_PNG"):
        assert Path(result[name]).read_bytes().startswith(PNG)
    assert {row["source"] for row in report["correlations"]} == {"ctm", "stations"}
    assert "pearson" in log.text and "wind rose is not made" in log.text


def test_the_model_alone_gives_its_kernels(described, log):
    result = described()
    assert "NETWORKS_PNG" not in result and Path(result["KERNELS_PNG"]).exists() and result["STATION_COUNT"] is None
    assert "no stations are given" in log.text


def test_what_can_not_be_is_refused(refusal, stations, tmp_path):
    from qgis.PyQt.QtCore import QDate, QDateTime, QTime

    first, last = (QDateTime(QDate(2018, 1, day), QTime(0, 0)) for day in (7, 6))
    given = {"OUTPUT": str(tmp_path / "described")}
    assert "before the first" in refusal("describe", START=first, END=last, **given)
    assert "Choose the field" in refusal("describe", STATIONS=stations, **given)
    assert refusal("describe", **given) == ""


def test_an_error_of_the_engine_is_said(described, tmp_path):
    with pytest.raises(Exception, match="no model 'nobody'"):
        described(MODEL="nobody")
    assert not (tmp_path / "described").exists()
