"""Cross-validation from tables to files: what is left out is never seen, and the files say what the predictions do."""

import csv
import json
import math
from datetime import date

import geopandas
import numpy as np
import pandas as pd
import pytest
import torch

from model_core.cli import main
from model_core.ctm.fields import read_ctm
from model_core.errors import Cancelled, InputError, OutputError
from model_core.jobs import JOBS
from model_core.model_file import load_model
from model_core.prediction import Predictor
from model_core.progress import Progress
from model_core.scores import scores
from model_core.stations.gridding import grid_observations
from model_core.stations.observations import from_arrays
from model_core.uncertainty import quantiles
from model_core.validation.cross_validation import Day, cross_validate
from model_core.validation.distributions import LogNormal
from model_core.validation.places import at_stations
from model_core.validation.score_tables import score_tables, summary
from model_core.warping import warp

DAYS = [date(2019, 1, 10), date(2019, 1, 11), date(2019, 1, 12)]


@pytest.fixture(scope="module")
def ctm(tiny_ctm):
    return read_ctm(tiny_ctm)


@pytest.fixture(scope="module")
def stations(ctm):
    """Sixty stations in fifteen cities that read what the CTM has there, three days."""
    rng = np.random.default_rng(3)
    rows, columns = np.indices(ctm.grid.shape)[:, 3:-3, 3:-3].reshape(2, -1)
    cities = rng.choice(len(rows), 15, replace=False)
    row, column = np.repeat([rows[cities], columns[cities]], 4, axis=1) + rng.uniform(-0.9, 1.9, (2, 60))
    transform = ctm.grid.transform
    x, y = transform.c + column * transform.a, transform.f + row * transform.e
    frames = []
    for day in DAYS:
        at = {
            key: at_stations(ctm.fields[key][ctm.times.index(day)], from_arrays(x, y, np.ones(60), ctm.grid.crs), ctm.grid)
            for key in ("pm25", "rh", "wind")
        }
        frames.append(
            pd.DataFrame(
                {
                    "code": [f"s{n:02}" for n in range(60)],
                    "city": [f"city {n // 4:02}" for n in range(60)],
                    "x": x,
                    "y": y,
                    "day": str(day),
                    **at,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="module")
def table(stations, tmp_path_factory):
    path = tmp_path_factory.mktemp("stations") / "stations.csv"
    stations.to_csv(path, index=False)
    return path


@pytest.fixture
def run(table, tiny_ctm, tiny_model, ctm, tmp_path):
    def run(progress=None, **request):
        request = {
            "stations": str(table),
            "value": "pm25",
            "x": "x",
            "y": "y",
            "crs": ctm.grid.crs.to_wkt(),
            "time": "day",
            "id": "code",
            "group": "city",
            "scheme": "groups",
            "folds": 3,
            "grid": str(tiny_ctm),
            "model": str(tiny_model),
            "device": "cpu",
            "baselines": ["idw"],
            "out": str(tmp_path / "validation"),
            **request,
        }
        return JOBS["crossvalidate"](request, progress or Progress())

    return run


@pytest.fixture(scope="module")
def predictor(tiny_model, ctm):
    return Predictor(load_model(str(tiny_model)), ctm.grid, torch.device("cpu"))


@pytest.fixture(scope="module")
def day(stations, ctm):
    of_day = stations[stations.day == str(DAYS[0])]
    return Day(from_arrays(of_day.x, of_day.y, of_day.pm25, ctm.grid.crs, id=of_day.code, group=of_day.city), date=DAYS[0])


def with_reading(day, number, value):
    values = day.observations.value.copy()
    values[number] = value
    old = day.observations
    return Day(from_arrays(old.x, old.y, values, old.crs, id=old.id, group=old.group), day.further, day.date, day.ctm)


ALL = ("idw", "ok", "oklog", "vna", "avna", "evna", "ked", "kedlog", "ctm", "rk", "rklog")


@pytest.mark.parametrize("scheme", ["stations", "groups", "cells", "blocks"])
def test_a_left_out_reading_never_changes_what_is_predicted_for_its_fold(day, ctm, predictor, scheme):
    """The whole fold is blind to it, and the other folds see it."""
    day = Day(day.observations, date=DAYS[0], ctm=lambda: ctm.fields["pm25"][0])
    options = {"scheme": scheme, "folds": 3, "baselines": ALL, "maps": predictor.maps}
    first, second = (cross_validate([one], ctm.grid, predictor, **options) for one in (day, with_reading(day, 7, 900.0)))
    assert second.table.observed[7] == 900
    own = first.table.fold == first.table.fold[7]
    told = [name for name in first.table if name not in ("observed", "id", "group", "time")]
    pd.testing.assert_frame_equal(first.table.loc[own, told], second.table.loc[own, told])
    for method in ("model", "ok", "oklog", "ked", "kedlog"):  # Voronoi neighbours and near stations may all lie in its own fold
        assert (first.prediction(method)[~own] != second.prediction(method)[~own]).any(), method


def test_the_analysis_step_is_blind_to_what_is_left_out_too(day, ctm, predictor):
    options = {"scheme": "groups", "folds": 2, "baselines": (), "analysis": "on"}
    first, second = (cross_validate([one], ctm.grid, predictor, **options) for one in (day, with_reading(day, 7, 900.0)))
    own = (first.table.fold == first.table.fold[7]).to_numpy()
    assert first.prediction("model")[own] == pytest.approx(second.prediction("model")[own], rel=1e-6)
    without = cross_validate([day], ctm.grid, predictor, "groups", 2, baselines=())
    assert (first.prediction("model") != without.prediction("model")).any()


def test_a_prediction_is_the_field_without_the_fold_read_at_the_station(day, ctm, predictor):
    result = cross_validate([day], ctm.grid, predictor, "groups", 3, baselines=())
    for fold in range(3):
        out = (result.table.fold == fold).to_numpy()
        (reanalysis,) = predictor.predict([{"pm25": grid_observations(day.observations.select(~out), ctm.grid)}])
        assert result.prediction("model")[out] == pytest.approx(at_stations(reanalysis.field, day.observations.select(out), ctm.grid))
    assert result.methods == ("model",) and not np.isnan(result.prediction("model")).any()


def test_the_order_of_the_table_does_not_matter(day, ctm, predictor):
    turned = Day(day.observations.select(np.arange(60)[::-1]), date=day.date)
    first, second = (
        cross_validate([one], ctm.grid, predictor, "stations", 4, baselines=("ok", "vna")).table.sort_values("id", ignore_index=True)
        for one in (day, turned)
    )
    pd.testing.assert_frame_equal(first, second, rtol=1e-5)


def test_other_variables_stay_where_the_target_is_left_out(stations, ctm, day, predictor):
    of_day = stations[stations.day == str(DAYS[0])]
    humid = {"rh": from_arrays(of_day.x, of_day.y, of_day.rh, ctm.grid.crs, species="rh")}
    dry, wet = (cross_validate([Day(day.observations, further)], ctm.grid, predictor, "groups", 3, baselines=()) for further in ({}, humid))
    assert "rh" in dry.missing_inputs and "rh" not in wet.missing_inputs
    differs = dry.prediction("model") != wet.prediction("model")
    # In every fold; that one reading or another comes out the same is chance, and up to the processor.
    assert differs.mean() > 0.9 and pd.Series(differs).groupby(wet.table.fold.to_numpy()).any().all()


def test_a_ctm_that_is_the_truth_is_found_again_by_the_methods_that_use_it(day, ctm):
    number = ctm.times.index(DAYS[0])
    result = cross_validate([Day(day.observations, ctm=lambda: ctm.fields["pm25"][number])], ctm.grid, None, "groups", 3, baselines=ALL)
    found = summary(score_tables(result))
    assert all(found[name]["rmse"] < 0.01 for name in ("ctm", "evna", "avna", "rk", "rklog")) and found["idw"]["rmse"] > 1


def test_the_files_tell_the_same(run, ctm):
    result = run(baselines=["idw", "ok", "oklog"])
    predictions = pd.read_csv(result["predictions"], dtype={"id": str})
    report = json.loads(open(result["scores"], encoding="utf-8").read(), parse_constant=lambda name: pytest.fail(name))
    points = geopandas.read_file(result["points"])
    assert list(predictions.columns[:8]) == ["id", "group", "fold", "x", "y", "time", "observed", "predicted"]
    assert len(predictions) == len(points) == report["readings"] == 180 and report["stations"] == 60
    assert sorted(set(predictions.time)) == [str(day) for day in DAYS] == [entry["date"] for entry in report["daily"]]
    for method, column in (("model", "predicted"), ("idw", "idw"), ("ok", "ok"), ("oklog", "oklog")):
        assert not predictions[column].isna().any()
        for key, value in scores(predictions[column].to_numpy(), predictions.observed.to_numpy()).items():
            assert report["methods"][method]["pooled"][key] == pytest.approx(value, rel=1e-4), (method, key)
        daily = [entry["methods"][method]["rmse"] for entry in report["daily"]]
        assert report["methods"][method]["mean_of_daily"]["rmse"] == pytest.approx(np.mean(daily))
        high = predictions[predictions.observed > 75]
        nme = scores(high[column].to_numpy(), high.observed.to_numpy())["nme"]
        assert report["methods"][method]["classes"]["above_75"]["nme"] == (pytest.approx(nme, rel=1e-4) if len(high) else None)
        assert result["summary"][method]["rmse"] == report["methods"][method]["pooled"]["rmse"]
    krigings = [report["methods"][name]["pooled"]["rmse"] for name in ("ok", "oklog")]
    assert report["methods"]["model"]["rmse_to_kriging"] == pytest.approx(report["methods"]["model"]["pooled"]["rmse"] / min(krigings))
    assert {"coverage_90", "width_50", "crps"} <= set(report["methods"]["ok"]["pooled"])
    assert "crps" not in report["methods"]["idw"]["pooled"]
    assert points.crs.to_wkt() and points.geometry.x.to_numpy() == pytest.approx(predictions.x.to_numpy(), rel=1e-5)
    assert points.residual.to_numpy() == pytest.approx((predictions.predicted - predictions.observed).to_numpy(), abs=1e-3)
    assert {"idw_residual", "ok_residual", "time"} <= set(points.columns)
    with open(result["figure"], "rb") as file:
        assert file.read(8) == b"\x89PNG\r\n\x1a\n"
    assert (predictions.groupby("id")["fold"].nunique() == 1).all() and (predictions.groupby("group")["fold"].nunique() == 1).all()


def test_a_model_that_tells_its_uncertainty_is_scored_by_it(day, ctm, predictor, monkeypatch):
    """The tiny model has no such head; a spread of a third of the field is as good to see what becomes of it."""
    plain = predictor.predict
    monkeypatch.setattr(
        predictor,
        "predict",
        lambda days: [type(one)(one.field, one.missing_inputs, one.negative_cells, one.notes, one.field / 3) for one in plain(days)],
    )
    result = cross_validate([day], ctm.grid, predictor, "stations", 3, baselines=("ok",))
    table = result.table
    assert table.sd.to_numpy() == pytest.approx(table.predicted.to_numpy() / 3, rel=1e-5)
    assert table[["q05", "q50", "q95"]].to_numpy().T == pytest.approx(quantiles(table.predicted, table.sd, (0.05, 0.5, 0.95)))
    pooled = score_tables(result)["methods"]["model"]["pooled"]
    within = (table.observed >= table.q05) & (table.observed <= table.q95)
    assert pooled["coverage_90"] == pytest.approx(within.mean())
    assert pooled["width_90"] == pytest.approx((table.q95 - table.q05).mean(), rel=1e-5)
    assert pooled["crps"] == pytest.approx(
        LogNormal(table.predicted.to_numpy(), table.sd.to_numpy()).crps(table.observed.to_numpy()).mean()
    )


def test_days_that_the_ctm_lacks_are_left_out_of_what_needs_it(run, tiny_ctm, stations, tmp_path):
    later = stations.assign(day=stations.day.replace(str(DAYS[2]), "2019-03-01"))
    path = tmp_path / "later.csv"
    later.to_csv(path, index=False)
    result = run(stations=str(path), baselines="idw, evna, rk, ctm", ctm=[str(tiny_ctm)])
    assert any("lack 1 of 3 days" in warning for warning in result["warnings"])
    assert {name: found["n"] for name, found in result["summary"].items()} == {"model": 180, "idw": 180, "evna": 120, "rk": 120, "ctm": 120}


def test_one_day_of_the_table_and_tables_without_a_time(run, stations, tmp_path):
    assert run(date=str(DAYS[1]))["days"] == {"count": 1, "first": str(DAYS[1]), "last": str(DAYS[1])}
    path = tmp_path / "undated.csv"
    stations[stations.day == str(DAYS[0])].to_csv(path, index=False)
    result = run(stations=str(path), time=None)
    assert result["days"] == {"count": 1, "first": None, "last": None} and "time" not in geopandas.read_file(result["points"])


def test_an_hourly_table_is_validated_by_its_daily_means(run, stations, tmp_path):
    daily = stations[stations.day == str(DAYS[0])]
    swing = 1 + 0.5 * np.sin(2 * np.pi * np.arange(24) / 24)  # its mean over the day is 1
    hourly = pd.concat([daily.assign(pm25=daily.pm25 * swing[hour], day=f"{DAYS[0]}T{hour:02}:00:00") for hour in range(24)])
    path = tmp_path / "hourly.csv"
    hourly.to_csv(path, index=False)
    found, expected = (pd.read_csv(run(**more)["predictions"]) for more in ({"stations": str(path)}, {"date": str(DAYS[0])}))
    found, expected = (frame.sort_values("id", ignore_index=True) for frame in (found, expected))
    assert len(found) == 60 and (found.fold == expected.fold).all()
    assert found.predicted.to_numpy() == pytest.approx(expected.predicted.to_numpy(), rel=1e-3)


def test_weather_of_the_same_table_is_used(run, table):
    assert {"rh", "wind"} <= set(run()["missing_inputs"])
    assert not {"rh", "wind"} & set(run(rh=f"{table}:rh", wind=f"{table}:wind")["missing_inputs"])


def test_a_day_on_which_one_fold_alone_reports_is_left_out_with_a_warning(run, stations, tmp_path):
    path = tmp_path / "lonely.csv"
    stations[(stations.day != str(DAYS[2])) | (stations.code == "s00")].to_csv(path, index=False)
    result = run(stations=str(path))
    assert result["days"]["count"] == 2 and any("2019-01-12" in warning for warning in result["warnings"])


@pytest.mark.parametrize(
    "change, message",
    [
        ({"group": None}, "name the column that says the group"),
        ({"group": "town"}, "no column 'town'"),
        ({"folds": 16}, "16 folds of 15 groups: take at most 15 folds"),
        ({"rh": "weather.csv"}, "write FILE:COLUMN"),
        ({"baselines": ["avna"]}, "'avna' needs a CTM field"),
        ({"baselines": ["spline"]}, "unknown baseline 'spline'"),
        ({"scheme": "cities"}, "unknown scheme 'cities'"),
        ({"crs": "EPSG:4326"}, "no valid reading"),
        ({"stations": None}, "'stations' is missing"),
    ],
)
def test_what_is_wrong_is_said_and_leaves_no_folder(run, tmp_path, change, message):
    with pytest.raises(InputError, match=message):
        run(**change)
    assert not (tmp_path / "validation").exists()


def test_cancelling_leaves_no_file(run, tmp_path):
    steps = []

    class Impatient(Progress):
        def on_step(self, fraction, message):
            steps.append((fraction, message))

    with pytest.raises(Cancelled):
        run(Impatient(lambda: len(steps) > 6), baselines=["idw", "ok"])
    assert not (tmp_path / "validation").exists()
    assert [fraction for fraction, _ in steps] == sorted(fraction for fraction, _ in steps)
    assert any("baselines, fold" in message for _, message in steps)


def test_a_file_of_the_folders_name_is_told_before_the_work(run, tmp_path):
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(OutputError, match="is a file"):
        run(out=str(tmp_path / "taken"))


def test_the_command_line(table, tiny_ctm, tiny_model, ctm, tmp_path, capsys):
    out = tmp_path / "out"
    arguments = [
        "crossvalidate",
        "--stations",
        table,
        "--value",
        "pm25",
        "--x",
        "x",
        "--y",
        "y",
        "--crs",
        ctm.grid.crs.to_wkt(),
        "--time",
        "day",
        "--id",
        "code",
        "--group",
        "city",
        "--scheme",
        "groups",
        "--folds",
        "3",
        "--seed",
        "4",
        "--model",
        tiny_model,
        "--grid",
        tiny_ctm,
        "--baselines",
        "",
        "--device",
        "cpu",
        "--out",
        out,
        "--json",
    ]
    assert main([str(argument) for argument in arguments]) == 0
    result = json.loads(capsys.readouterr().out)
    assert set(result["summary"]) == {"model"} and math.isfinite(result["summary"]["model"]["rmse"])
    with open(result["predictions"], encoding="utf-8", newline="") as file:
        assert next(csv.reader(file))[7:] == ["predicted", "near_km", "elevation", "urban"]


def test_without_maps_kriging_with_drift_is_left_out_and_said(day, ctm):
    result = cross_validate([day], ctm.grid, None, "groups", 3, baselines=("idw", "ked", "kedlog"))
    assert result.methods == ("idw",) and any("ked and kedlog left out" in warning for warning in result.warnings)


@pytest.mark.parametrize("name, ok, idw", [("20180220T07", (19.3, 0.79), (22.6, 0.71)), ("20190718T12", (10.3, 0.58), (11.1, 0.51))])
def test_interpolators_reach_the_known_scores_of_the_chinese_network(shared_data, name, ok, idw):
    """Those of the method notes, whole cities left out; a baseline that is better than they say is a fairer one."""
    from model_core.grid import PRESETS
    from model_core.stations.observations import read_observations

    observations = read_observations(shared_data / "cnemc" / f"cnemc_snapshot_{name}.csv", "pm2_5_24h", id="station_code", group="city")
    bundled, grid = load_model("bundled"), PRESETS["china12km"]
    maps = {name: warp(field, bundled.maps.grid, grid) for name, field in bundled.maps.fields.items()}
    result = cross_validate([Day(observations)], grid, None, "groups", 10, baselines=("idw", "ok", "ked"), maps=maps)
    tables = score_tables(result)["methods"]
    assert tables["ked"]["pooled"]["rmse"] < tables["ok"]["pooled"]["rmse"]  # heights and cities help
    for method, (rmse, r2_det) in (("ok", ok), ("idw", idw)):
        found = score_tables(result)["methods"][method]["pooled"]
        assert 0.94 * rmse < found["rmse"] < 1.02 * rmse, method
        assert r2_det - 0.02 < found["r2_det"] < r2_det + 0.05, method
