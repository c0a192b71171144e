"""Stations left out by turns: scores and a picture for the results viewer, residuals as a styled layer."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from qgis.core import (
    QgsApplication,
    QgsExpression,
    QgsFeature,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProject,
    QgsVectorLayer,
    QgsVectorLayerTemporalContext,
)
from small_world import DAYS, SMALL_GRID


@pytest.fixture
def values(make_stations, tiny_model, tmp_path):
    return {
        "STATIONS": make_stations(DAYS[:2]),
        "VALUE": "pm25",
        "TIME": "day",
        "ID": "code",
        "GROUP": "city",
        "FOLDS": 3,
        "BASELINES": ["idw", "ok"],
        "GRID": SMALL_GRID,
        "MODEL": tiny_model,
        "DEVICE": "cpu",
        "OUTPUT": str(tmp_path / "validation"),
        "REPORT": str(tmp_path / "scores.html"),
    }


@pytest.fixture(params=["stations", "groups"])
def result(request, run, values):
    return run("crossvalidate", **values, SCHEME=request.param)


def test_scores_predictions_points_and_page(result, log):
    scores = json.loads(Path(result["SCORES_JSON"]).read_text(encoding="utf-8"))
    assert scores["folds"] == 3 and set(scores["methods"]) == {"model", "idw", "ok"}
    assert result["RMSE"] == pytest.approx(scores["methods"]["model"]["pooled"]["rmse"]) and result["RMSE"] > 0
    with open(result["PREDICTIONS_CSV"], encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 120 and {row["fold"] for row in rows} == {"0", "1", "2"}
    page = Path(result["REPORT"]).read_text(encoding="utf-8")
    assert "kriging" in page and "RMSE" in page and "data:image/png;base64," in page and "http" not in page
    assert "rmse" in log.text


def test_a_thinned_network_and_kriging_with_drift(run, values):
    result = run("crossvalidate", **{**values, "SCHEME": "thin", "GIVEN": "2, 3", "DRAWS": 2, "BASELINES": ["ked"]})
    scores = json.loads(Path(result["SCORES_JSON"]).read_text(encoding="utf-8"))
    assert scores["given"] == [2, 3] and scores["draws"] == 2 and scores["maps"] == ["elevation", "urban"]
    assert scores["methods"]["ked"]["pooled"]["n"] == scores["readings"] > 120


def test_scores_by_class_with_periods_and_regions_of_a_layer(run, values, refusal, tmp_path):
    provinces = QgsVectorLayer("Polygon?crs=EPSG:4326&field=land:string", "provinces", "memory")
    for name, west, east in (("west", 90, 115), ("east", 115, 140)):
        feature = QgsFeature(provinces.fields())
        feature.setAttributes([name])
        feature.setGeometry(QgsGeometry.fromWkt(f"POLYGON(({west} 10,{east} 10,{east} 50,{west} 50,{west} 10))"))
        provinces.dataProvider().addFeature(feature)
    more = {"BASELINES": ["idw"], "PERIODS": f"first={DAYS[0]}..{DAYS[0]}", "REGIONS": provinces, "REGION_FIELD": "land"}
    result = run("crossvalidate", **{**values, **more})
    with open(result["CLASSES_CSV"], encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["method"] == "model"]
    count = {by: {row["class"]: int(row["n"]) for row in rows if row["by"] == by} for by in ("period", "region", "distance")}
    assert count["period"] == {"first": 60, "other days": 60} and sum(count["region"].values()) == sum(count["distance"].values()) == 120
    assert set(count["region"]) <= {"west", "east"} and Path(result["CLASSES_PNG"]).stat().st_size > 1000
    told = {one["role"]: one for one in json.loads(Path(result["SCORES_JSON"]).read_text(encoding="utf-8"))["record"]["inputs"]}
    assert (told["regions"]["layer"], told["regions"]["features"]) == ("provinces", 2) and told["stations"]["source"] == "memory"
    assert all(len(told[role]["content_sha256"]) == 64 for role in ("stations", "regions"))
    assert Path(result["REPORT"]).read_text(encoding="utf-8").count("data:image/png;base64,") == 3  # scatter, map, classes
    assert "write a name, its first and its last day" in refusal("crossvalidate", **{**values, "PERIODS": "lockdown"})


def test_residuals_are_a_layer_in_two_colours(result):
    from ctm_reanalysis.plugin.layers.residuals import style_residuals

    layer = QgsVectorLayer(result["POINTS"], "points", "ogr")
    assert layer.isValid() and layer.featureCount() == 120
    feature = next(layer.getFeatures())
    assert feature["residual"] == pytest.approx(feature["predicted"] - feature["observed"], abs=1e-3)
    style_residuals(layer)
    ranges = layer.renderer().ranges()
    assert layer.renderer().classAttribute() == "residual" and len(ranges) == 9
    low, middle, high = (ranges[number].symbol().color() for number in (0, 4, 8))
    assert low.blue() > low.red() and high.red() > high.blue() and middle.lightness() > max(low.lightness(), high.lightness())


def test_the_toolbox_loads_the_residuals(values):
    from ctm_reanalysis.plugin.layers.intervals import step_range
    from processing.gui.Postprocessing import handleAlgorithmResults

    project = QgsProject.instance()
    project.clear()
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("ctm_reanalysis:crossvalidate")
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
    context.setProject(project)
    project.addMapLayer(values["STATIONS"])
    assert algorithm.checkParameterValues(values, context) == (True, "")
    results, ok = algorithm.run(values, context, feedback)
    assert ok and handleAlgorithmResults(algorithm, context, feedback, parameters=values), feedback.textLog()
    (layer,) = [layer for layer in project.mapLayers().values() if layer.name().startswith("Residuals")]
    assert layer.renderer().type() == "graduatedSymbol"
    # The temporal controller shows the residuals of a day on their day.
    request, of_day = QgsVectorLayerTemporalContext(), step_range(DAYS[1])
    request.setLayer(layer)
    shown = list(layer.getFeatures(QgsFeatureRequest(QgsExpression(layer.temporalProperties().createFilterString(request, of_day)))))
    assert len(shown) == 60 and {feature["time"].date().toPyDate() for feature in shown} == {DAYS[1]}
    project.clear()


@pytest.mark.parametrize(
    "spoil, expected",
    [
        ({"SCHEME": "groups", "GROUP": None}, "Choose the field with the city"),
        ({"BASELINES": ["evna"]}, "need CTM output"),
        ({"REPORT": "/no/such/folder/scores.html"}, "does not exist"),
        ({"GIVEN": "15 to 40"}, "write whole numbers"),
    ],
)
def test_what_can_not_be_is_refused(refusal, values, spoil, expected):
    assert expected in refusal("crossvalidate", **{**values, **spoil})


def test_an_error_of_the_engine_is_said(run, values):
    with pytest.raises(Exception, match="no model 'nobody'"):
        run("crossvalidate", **{**values, "MODEL": "nobody"})
