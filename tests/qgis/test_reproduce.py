"""CTM days reproduced by an algorithm: scores, files, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

FILES = ("scores.json", "scores.csv", "daily_scores.png", "period_means.png")


@pytest.fixture
def reproduce(run, ctm_file, tiny_model, tmp_path):
    def reproduce(**parameters):
        return run(
            "reproducectm",
            **{"CTM": [ctm_file], "MODEL": tiny_model, "DEVICE": "cpu", "POINTS": 60, "OUTPUT": str(tmp_path / "evaluation"), **parameters},
        )

    return reproduce


def test_held_out_days_give_scores_files_and_figures(reproduce, log):
    result = reproduce()
    report = json.loads(Path(result["SCORES_JSON"]).read_text(encoding="utf-8"))
    assert result["DAYS"] == 1 and result["DAYS_KIND"] == "held out" and result["STATION_CELLS"] == 60
    for score in ("R2_DET", "R2_PEARSON", "RMSE", "MAE", "NME", "NMB", "IOA"):
        assert result[score] == pytest.approx(report["mean_of_daily"][score.lower()], rel=1e-6)
        assert result[f"POOLED_{score}"] == pytest.approx(report["pooled"][score.lower()], rel=1e-6)
    assert 0 < result["MAE"] <= result["RMSE"]
    for name in ("SCORES_CSV", "DAILY_SCORES_PNG", "PERIOD_MEANS_PNG"):
        assert Path(result[name]).stat().st_size > 100
    assert "land" in log.text and "rmse" in log.text


def test_positions_of_a_layer_in_another_crs_and_chosen_days(reproduce, stations, log, tmp_path):
    from qgis.PyQt.QtCore import QDate, QDateTime, QTime

    first, last = (QDateTime(QDate(2018, 1, day), QTime(0, 0)) for day in (6, 7))
    result = reproduce(STATIONS=stations, POINTS=None, START=first, END=last, CACHE=str(tmp_path / "prepared"))
    assert result["DAYS"] == 2 and 30 < result["STATION_CELLS"] <= 60
    assert any("trained on 2 of them" in warning for warning in log.warnings)
    assert list((tmp_path / "prepared").glob("*.nc")) and not (tmp_path / "evaluation" / "daily_fields").exists()


def test_the_ctm_s_own_maps_are_used_unless_a_file_decides(reproduce, ctm_file, log):
    reproduce()
    assert "maps: elevation from the CTM files; urban from the CTM files" in log.text
    reproduce(COVARIATES=ctm_file)  # its maps, this time as a file of maps
    assert "maps: elevation from the covariates file; urban from the covariates file" in log.text


def test_what_can_not_be_is_refused_before_it_runs(refusal, ctm_file, stations, tmp_path):
    from qgis.PyQt.QtCore import QDate, QDateTime, QTime

    given = {"CTM": [ctm_file], "OUTPUT": str(tmp_path / "evaluation")}
    first, last = (QDateTime(QDate(2018, 1, day), QTime(0, 0)) for day in (7, 6))
    assert "not both" in refusal("reproducectm", STATIONS=stations, POINTS=5, **given)
    assert "before the first" in refusal("reproducectm", START=first, END=last, **given)
    assert refusal("reproducectm", **given) == ""


def test_an_error_of_the_engine_leaves_nothing(reproduce, tmp_path):
    with pytest.raises(Exception, match="no model 'nobody'"):
        reproduce(MODEL="nobody")
    with pytest.raises(Exception, match="points were asked for"):
        reproduce(POINTS=99999)
    assert not any((tmp_path / "evaluation" / name).exists() for name in FILES)


def test_it_works_from_qgis_process(qgis_process, ctm_file, tiny_model, tmp_path):
    results = qgis_process(
        "ctm_reanalysis:reproducectm",
        CTM=ctm_file,
        MODEL=tiny_model,
        START="2018-01-06",
        END="2018-01-07",
        POINTS=80,
        OUTPUT=tmp_path / "evaluation",
    )
    assert results["DAYS"] == 2 and results["RMSE"] > 0 and Path(results["PERIOD_MEANS_PNG"]).exists()


def test_sites_of_weather_a_mask_and_periods(reproduce, refusal, stations, ctm_file, log, tmp_path):
    from qgis.core import QgsFeature, QgsGeometry, QgsVectorLayer

    mask = QgsVectorLayer("Polygon?crs=EPSG:4326", "mask", "memory")
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromWkt("POLYGON((113 30,118 30,118 41,113 41,113 30))"))
    mask.dataProvider().addFeature(feature)
    result = reproduce(RH_STATIONS=stations, MASK=mask, POINTS=30, PERIODS="first=2018-01-01..2018-01-20")
    report = json.loads(Path(result["SCORES_JSON"]).read_text(encoding="utf-8"))
    assert report["stations"]["rh"] != report["stations"]["cells"] == 30 and "polygons of mask.gpkg" in report["mask"]["description"]
    assert [row["class"] for row in report["by_class"] if row["by"] == "period"] == ["first"]
    assert "first" in Path(result["CLASSES_CSV"]).read_text(encoding="utf-8")
    both = refusal("reproducectm", CTM=[ctm_file], OUTPUT=str(tmp_path / "evaluation"), MASK=mask, MAINLAND_CHINA=True)
    assert "not both" in both
