"""Evaluation 1: CTM days come back from their station cells, and the scores say how well."""

import csv
import json
import warnings
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from model_core.cli import main
from model_core.ctm.fields import read_ctm
from model_core.errors import Cancelled, InputError, ModelFileError, OutputError
from model_core.evaluation.day_choice import choose_days
from model_core.evaluation.figures import daily_scores_figure, nice_ceiling, period_means_figure, pretty_unit
from model_core.evaluation.period_means import PERIOD, PeriodSums
from model_core.evaluation.report import NAMES, as_csv, as_json
from model_core.evaluation.reproduction import sample
from model_core.evaluation.sites import evaluation_mask, random_station_cells
from model_core.grid import PRESETS, parse_grid
from model_core.jobs import JOBS
from model_core.model_file import list_models, load_model, save_model
from model_core.output import write_geotiff
from model_core.prediction import predict
from model_core.progress import Progress
from model_core.scores import SCORES, scores

HELD_OUT = date(2019, 1, 12)  # the last of the tiny CTM's eight days
ALL = {"start": "2019-01-05", "end": "2019-01-12"}


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return str(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def evaluate(tiny_ctm, tiny_model, tmp_path, cache):
    """Run the job on the tiny world; returns its result, with what a user would have been warned of in it."""

    def run(progress=None, **request):
        request = {
            "ctm": [str(tiny_ctm)],
            "model": str(tiny_model),
            "out": str(tmp_path / "evaluation"),
            "cache": cache,
            "device": "cpu",
            **request,
        }
        return JOBS["reproduce"](request, progress or Progress())

    return run


@pytest.fixture(scope="module")
def whole(tiny_ctm, tiny_model, tmp_path_factory, cache):
    """An evaluation of all days from forty cells, which several tests look at."""
    out = tmp_path_factory.mktemp("whole") / "evaluation"
    return JOBS["reproduce"](
        {"ctm": [str(tiny_ctm)], "model": str(tiny_model), "out": str(out), "cache": cache, "points": 40, "seed": 5, **ALL}, Progress()
    )


@pytest.fixture(scope="module")
def held_out(tiny_ctm, tiny_model, tmp_path_factory, cache):
    """An evaluation as it is where nothing is chosen: to look at, and to compare others with. Its figures take most of its time."""
    out = tmp_path_factory.mktemp("held_out") / "evaluation"
    return JOBS["reproduce"](
        {"ctm": [str(tiny_ctm)], "model": str(tiny_model), "out": str(out), "cache": cache, "device": "cpu"}, Progress()
    )


@pytest.fixture
def changed_ctm(tiny_ctm, tmp_path):
    """The tiny CTM with a change to its dataset."""

    def change(edit):
        with xr.open_dataset(tiny_ctm, decode_cf=False) as data:
            data = edit(data.load())
        path = tmp_path / "changed.nc"
        data.to_netcdf(path)
        return str(path)

    return change


def read_json(result):
    def refuse(name):
        raise AssertionError(f"{name} in JSON")

    with open(result["scores_json"], encoding="utf-8") as file:
        return json.load(file, parse_constant=refuse)


def test_by_default_only_the_days_that_training_held_out_are_evaluated(held_out):
    result = held_out
    assert (result["days"]["first"], result["days"]["last"], result["days"]["kind"]) == (str(HELD_OUT), str(HELD_OUT), "held out")
    assert result["warnings"] == []
    assert 0 < result["pooled"]["rmse"] < 200 and result["pooled"] == {**result["mean_of_daily"], "n": result["pooled"]["n"]}


def test_days_that_were_trained_on_are_evaluated_if_asked_for_and_a_warning_says_so(whole):
    assert whole["days"]["count"] == 8
    assert any("trained on 7 of them" in warning for warning in whole["warnings"])


def test_the_files_hold_every_score_of_every_day_and_overall(whole):
    result, report = whole, read_json(whole)
    assert [day["date"] for day in report["daily"]] == [str(date(2019, 1, 5) + timedelta(n)) for n in range(8)]
    for entry in (report["pooled"], report["mean_of_daily"], *report["daily"]):
        assert set(SCORES) <= set(entry)
    assert report["pooled"]["n"] == sum(day["n"] for day in report["daily"])
    for key in SCORES:
        assert report["mean_of_daily"][key] == pytest.approx(np.mean([day[key] for day in report["daily"]]))
    with open(result["scores_csv"], encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["date"] for row in rows] == [day["date"] for day in report["daily"]]
    assert float(rows[3]["rmse"]) == pytest.approx(report["daily"][3]["rmse"], rel=1e-6)
    for key in ("daily_scores_png", "period_means_png"):
        with open(result[key], "rb") as file:
            assert file.read(8) == b"\x89PNG\r\n\x1a\n"
    assert report["unit"] == "ug m-3" and "land" in report["mask"]["description"] and report["model"]["sha256"]


def test_pooled_scores_are_those_of_all_cells_of_all_days_at_once(whole, tiny_ctm, tiny_model):
    ctm, model = read_ctm(tiny_ctm), load_model(str(tiny_model))
    land = ctm.static["land"] > 0.5
    cells = random_station_cells(land, 40, 5)
    fields = []
    for day in range(8):
        readings = {name: sample(ctm.fields[name][day], cells) for name in ("pm25", "rh", "wind")}
        fields.append(predict(model, readings, ctm.grid, torch.device("cpu"), ctm.static).field[land])
    direct = scores(np.concatenate(fields), ctm.fields["pm25"][:, land].ravel())
    assert whole["stations"]["cells"] == 40
    for key, value in direct.items():
        assert whole["pooled"][key] == pytest.approx(value, rel=1e-4), key
    period = read_json(whole)["periods"][-1]
    assert period["mean_true"] == pytest.approx(ctm.fields["pm25"][:, land].mean(), rel=1e-4)
    assert period["mean_reproduced"] == pytest.approx(np.mean(fields), rel=1e-4)


def test_the_seed_decides_where_random_stations_stand(evaluate, whole):
    again, other = (evaluate(points=40, seed=seed, **ALL)["pooled"] for seed in (5, 6))
    assert whole["pooled"] == again != other


def test_stations_of_a_table_decide_the_cells(evaluate, tiny_ctm, tmp_path):
    longitude, latitude = read_ctm(tiny_ctm).grid.lonlat()
    table = tmp_path / "network.csv"
    cells = [(20, 10), (20, 10), (5, 7), (30, 40)]  # two of them in one cell, and one in another hemisphere
    places = [(longitude[cell], latitude[cell]) for cell in cells] + [(-60, -30)]
    table.write_text("lon,lat\n" + "\n".join(f"{x},{y}" for x, y in places) + "\n-;,\n", encoding="utf-8")
    result = evaluate(stations=str(table))
    assert result["stations"]["cells"] == 3 and "network.csv" in result["stations"]["description"]


def test_humidity_and_wind_help_only_where_the_ctm_has_them(evaluate, held_out, changed_ctm):
    assert not {"rh", "wind"} & set(held_out["missing_inputs"])
    alone = changed_ctm(lambda data: data.drop_vars(["RH", "WSPD10"]))
    assert {"rh", "wind"} <= set(evaluate(ctm=[alone])["missing_inputs"])


def test_a_day_without_values_is_left_out_with_a_warning(evaluate, changed_ctm):
    def third_day_at_sea_only(data):
        pm25 = data["PM25_TOT"]
        pm25[2] = pm25[2].where(np.squeeze(data["LANDMASK"].values) < 0.5)
        return data

    result = evaluate(ctm=[changed_ctm(third_day_at_sea_only)], **ALL)
    assert result["days"]["count"] == 7
    assert any("2019-01-07" in warning for warning in result["warnings"])


def test_values_beyond_the_training_are_told_once_for_all_days(evaluate, changed_ctm):
    def two_foul_days_on_high_ground(data):
        data["PM25_TOT"][2:4] *= 50
        data["HT"] += 9000
        return data

    ctm = changed_ctm(two_foul_days_on_high_ground)
    days = {"start": "2019-01-06", "end": "2019-01-09"}
    told = [warning for warning in evaluate(ctm=[ctm], **days)["warnings"] if "the model saw only" in warning]
    assert len(told) == 2 and told[0].startswith("PM2.5: there are values of") and told[1].startswith("terrain elevation: ")
    usual = evaluate(ctm=[ctm], start="2019-01-05", end="2019-01-06", out=str(Path(ctm).with_name("usual")))["warnings"]
    assert [warning for warning in usual if "saw only" in warning] == told[1:], "the days of no foul air have none"


def test_a_file_that_the_card_does_not_name_gets_a_clear_warning(evaluate, changed_ctm):
    result = evaluate(ctm=[changed_ctm(lambda data: data)])
    assert result["days"]["count"] == 8 and result["days"]["kind"] == "unknown"
    assert any("card does not tell" in warning for warning in result["warnings"])


def test_the_bundled_model_gives_back_real_days_that_it_was_not_trained_on(evaluate, shared_data, tmp_path):
    if not any(model.name == "bundled" for model in list_models()):
        pytest.skip("no bundled model in resources/models")
    file = shared_data / "china_cmaq" / "china36km_cmaq_pm25_20200103-20.nc"
    part = f"0,-600000,1200000,600000,12000@{PRESETS['china12km'].proj_string}"  # eastern China
    result = evaluate(ctm=[str(file)], model="bundled", grid=part, cache=str(tmp_path / "cache"))
    assert result["days"]["kind"] == "held out" and result["days"]["count"] == 3
    assert result["mean_of_daily"]["r2_det"] > 0.8 and result["mean_of_daily"]["nme"] < 0.3


@pytest.fixture
def model_of_another_country(tiny_model, tmp_path):
    """The tiny model with the maps of a land that lies upside down."""
    model = load_model(str(tiny_model))
    maps = replace(model.maps, fields={name: field[::-1, ::-1].copy() for name, field in model.maps.fields.items()})
    save_model(tmp_path / "elsewhere.safetensors", replace(model, maps=maps))
    return str(tmp_path / "elsewhere.safetensors")


def test_the_ctm_is_reproduced_over_its_own_terrain_whatever_maps_the_model_carries(evaluate, held_out, model_of_another_country):
    told = []

    class Listening(Progress):
        def on_log(self, message):
            told.append(message)

    result = evaluate(Listening(), model=model_of_another_country)
    assert result["maps"] == {"elevation": "ctm", "urban": "ctm"} == read_json(result)["maps"]
    assert "maps: elevation from the CTM files; urban from the CTM files" in told
    assert result["pooled"] == held_out["pooled"]  # the model's own maps took no part


def test_maps_of_a_file_decide_against_the_ctm_and_the_rest_stays_the_ctms(evaluate, held_out, tiny_ctm, tmp_path):
    ctm = read_ctm(tiny_ctm)
    heights = tmp_path / "heights.tif"
    write_geotiff(heights, ctm.grid, [("elevation", ctm.static["elevation"][::-1, ::-1].copy(), "m")], {})
    result = evaluate(covariates=str(heights))
    assert result["maps"] == {"elevation": "file", "urban": "ctm"}
    assert result["pooled"]["rmse"] != held_out["pooled"]["rmse"]


def test_the_model_s_own_maps_serve_where_the_ctm_has_none(evaluate, changed_ctm):
    bare = changed_ctm(lambda data: data.drop_vars(["HT", "URBFRAC"]))
    result = evaluate(ctm=[bare], start="2019-01-12")
    assert result["maps"] == {"elevation": "model", "urban": "model"} and result["missing_inputs"] == []


def test_a_file_without_any_map_that_the_model_knows_is_told(evaluate, tiny_ctm, tmp_path):
    ctm = read_ctm(tiny_ctm)
    write_geotiff(tmp_path / "land.tif", ctm.grid, [("land", ctm.static["land"], "1")], {})
    result = evaluate(covariates=str(tmp_path / "land.tif"))
    assert result["maps"] == {"elevation": "ctm", "urban": "ctm"}
    assert any("nothing of land.tif is used" in warning for warning in result["warnings"])


def test_maps_that_the_model_lacks_come_from_the_ctm(evaluate, held_out, tmp_path, tiny_model):
    assert held_out["missing_inputs"] == []
    bare = tmp_path / "bare.safetensors"
    save_model(bare, replace(load_model(str(tiny_model)), maps=None))
    result = evaluate(model=str(bare))
    assert result["missing_inputs"] == []
    assert result["pooled"]["rmse"] == pytest.approx(held_out["pooled"]["rmse"], rel=0.01)


def test_a_folder_stands_for_its_files(evaluate, changed_ctm, tmp_path):
    changed_ctm(lambda data: data)
    assert evaluate(ctm=[str(tmp_path)], start="2019-01-12")["days"]["count"] == 1


def test_another_grid_is_taken_if_asked_for(evaluate):
    crs = PRESETS["china12km"].proj_string
    result = evaluate(grid=f"0,-600000,720000,0,48000@{crs}")
    assert (result["grid"]["rows"], result["grid"]["columns"]) == (13, 15)


def test_errors_say_what_is_wrong(evaluate, changed_ctm, tmp_path):
    with pytest.raises(InputError, match="predicts pm25.*no daily pm25.*rh"):
        evaluate(ctm=[changed_ctm(lambda data: data.drop_vars("PM25_TOT"))])
    with pytest.raises(InputError, match="no day lies within 2020-01-01"):
        evaluate(start="2020-01-01")
    with pytest.raises(InputError, match="is after the last"):
        evaluate(start="2019-01-09", end="2019-01-08")
    with pytest.raises(InputError, match="9999 points were asked for"):
        evaluate(points=9999)
    with pytest.raises(InputError, match="not both"):
        evaluate(points=9, stations="a.csv")
    with pytest.raises(ModelFileError, match="no model 'nobody'"):
        evaluate(model="nobody")
    with pytest.raises(InputError, match="no day|no value|no land"):
        evaluate(grid="0,0,10,10,1@EPSG:4326")
    with pytest.raises(InputError, match="none of the 1 stations of .*far.csv"):
        table = tmp_path / "far.csv"
        table.write_text("lon,lat\n-60,-30\n")
        evaluate(stations=str(table))
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(OutputError, match="is a file"):
        evaluate(out=str(file))
    with pytest.raises(OutputError, match="does not exist"):
        evaluate(out=str(tmp_path / "a" / "b"))
    assert not (tmp_path / "evaluation").exists()


class Impatient(Progress):
    """Cancels when the job has come so far."""

    def __init__(self, until):
        super().__init__(lambda: self.reached)
        self.until, self.reached = until, False

    def on_step(self, fraction, message):
        self.reached = fraction >= self.until


@pytest.mark.parametrize("until", [0.0, 0.22, 0.5, 0.95])
def test_a_cancelled_evaluation_leaves_nothing(evaluate, tmp_path, until):
    with pytest.raises(Cancelled):
        evaluate(Impatient(until), **ALL)
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_evaluation_survives_a_cancelled_one_and_is_replaced_by_the_next(evaluate, tmp_path):
    evaluate()
    folder = tmp_path / "evaluation"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(Cancelled):
        evaluate(Impatient(0.9), **ALL)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before and set(before) == set(NAMES)
    assert read_json(evaluate(start="2019-01-11"))["days"]["count"] == 2


def test_the_command_line_is_the_same_job(tiny_ctm, tiny_model, tmp_path, cache, capsys):
    out = tmp_path / "evaluation"
    assert (
        main(
            [
                "reproduce",
                "--ctm",
                str(tiny_ctm),
                "--model",
                str(tiny_model),
                "--points",
                "50",
                "--cache",
                cache,
                "--out",
                str(out),
                "--json",
            ]
        )
        == 0
    )
    result = json.loads(capsys.readouterr().out)
    assert result["stations"]["cells"] == 50 and sorted(path.name for path in out.iterdir()) == sorted(NAMES)


# Days

DAYS = [date(2018, 1, 1) + timedelta(n) for n in range(20)]


def card(**training):
    return {"training": training}


def source(first, last, **more):
    return {"file": "a.nc", "days": (last - first).days + 1, "first": str(first), "last": str(last), **more}


def test_days_that_the_card_names_as_held_out_are_taken():
    choice = choose_days(card(data=[source(DAYS[0], DAYS[-1], held_out=[str(DAYS[4]), str(DAYS[7])])]), ["a.nc"], DAYS)
    assert choice.indices == [4, 7] and not choice.doubtful and choice.kind == "held out"


def test_a_card_that_names_none_means_the_last_share_of_the_file():
    choice = choose_days(card(data=[source(DAYS[0], DAYS[-1])], validation_share=0.1), ["a.nc"], DAYS)
    assert choice.indices == [18, 19] and not choice.doubtful


def test_days_outside_the_trained_period_were_not_trained_on():
    training = card(data=[source(DAYS[0], DAYS[9], held_out=[])])
    choice = choose_days(training, ["a.nc"], DAYS)
    assert choice.indices == list(range(10, 20)) and choice.kind == "not trained on" and not choice.doubtful
    assert choose_days(training, ["b.nc"], DAYS[12:]).kind == "not trained on"


@pytest.mark.parametrize(
    "told",
    [
        {},
        card(),
        card(data=[{}]),
        card(data=[source(DAYS[0], DAYS[-1])], validation_share=None),
        card(data=[source(DAYS[0], DAYS[-1], days=7)], validation_share=0.1),
        card(data=[source(DAYS[0], DAYS[-1], file="other.nc", held_out=[str(DAYS[3])])]),
    ],
)
def test_a_card_that_can_not_tell_gives_all_days_and_a_doubt(told):
    choice = choose_days(told, ["a.nc"], DAYS)
    assert choice.indices == list(range(20)) and choice.doubtful and "does not tell" in choice.explanation


def test_a_day_that_one_data_set_held_out_and_another_trained_on_was_trained_on():
    training = card(data=[source(DAYS[0], DAYS[9], held_out=[str(DAYS[9])]), source(DAYS[5], DAYS[19], held_out=[str(DAYS[19])])])
    assert choose_days(training, ["a.nc"], DAYS).indices == [19]


def test_a_training_that_held_nothing_out_gives_all_days_and_a_doubt():
    choice = choose_days(card(data=[source(DAYS[0], DAYS[-1], held_out=[])]), ["a.nc"], DAYS)
    assert len(choice.indices) == 20 and choice.doubtful and "trained on 20 of them" in choice.explanation


# Places


def test_the_mask_is_land_by_the_best_map_that_there_is():
    grid = parse_grid("0,0,3,1,1@EPSG:4326")
    land, height = np.array([[1.0, 0.4, np.nan]]), np.array([[-3.0, 0.0, 12.0]])
    assert evaluation_mask({"land": land, "elevation": height}, grid)[0].tolist() == [[True, False, False]]
    mask, words = evaluation_mask({"elevation": height}, grid)
    assert mask.tolist() == [[False, False, True]] and "elevation" in words
    mask, words = evaluation_mask({}, grid)
    assert mask.all() and "all cells" in words
    with pytest.raises(InputError, match="no land"):
        evaluation_mask({"land": np.zeros((1, 3))}, grid)


@given(st.integers(1, 400), st.integers(0, 5))
def test_random_cells_are_eligible_and_as_many_as_asked_for(number, seed):
    eligible = np.arange(600).reshape(20, 30) % 3 > 0
    cells = random_station_cells(eligible, number, seed)
    assert cells.sum() == number and not (cells & ~eligible).any()
    assert random_station_cells(eligible, None, seed).sum() == 40  # a tenth


def test_the_default_is_the_papers_number_of_stations():
    assert random_station_cells(np.ones((372, 426), bool), None, 0).sum() == 800


def test_a_reading_of_zero_is_a_reading_and_the_unknown_is_none():
    readings = sample(np.array([[0.0, np.nan, 4.0]], np.float32), np.array([[True, True, False]]))
    assert readings.mask.tolist() == [[True, False, False]] and readings.cells == 1


# Means and figures


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(1, 400))
def test_running_means_are_the_means(seed, step):
    rng = np.random.default_rng(seed)
    days = [date(2018, 1, 1) + timedelta(step * n) for n in range(12)]
    true = np.where(rng.random((12, 3, 4)) < 0.2, np.nan, rng.gamma(2, 30, (12, 3, 4)))
    reproduced = rng.gamma(2, 30, (12, 3, 4))
    sums = PeriodSums((3, 4))
    for day, m, o in zip(days, reproduced, true):
        sums.add(day, m, o)
    *seasons, whole = sums.means()
    assert whole.name == PERIOD and whole.days == 12 == sum(season.days for season in seasons)
    assert (whole.first, whole.last) == (days[0], days[-1])
    known = np.where(np.isfinite(true), reproduced, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # numpy's, of cells that are never known
        np.testing.assert_allclose(whole.true, np.nanmean(true, 0), rtol=1e-5)
        np.testing.assert_allclose(whole.reproduced, np.nanmean(known, 0), rtol=1e-5)
        summer = [season for season in seasons if season.name == "JJA"]
        june = [number for number, day in enumerate(days) if day.month in (6, 7, 8)]
        assert bool(summer) == bool(june)
        if summer:
            np.testing.assert_allclose(summer[0].true, np.nanmean(true[june], 0), rtol=1e-5)


@pytest.mark.parametrize(
    "grid, days",
    [("0,0,8,6,1@EPSG:4326", 1), ("0,0,8,6,1@EPSG:4326", 3), ("170,-50,190,-49,1@EPSG:4326", 14), ("0,0,1000,90000,1000@EPSG:32650", 2)],
)
def test_figures_are_drawn_for_any_grid_and_number_of_days(grid, days):
    grid = parse_grid(grid)
    rng = np.random.default_rng(days)
    sums, daily = PeriodSums(grid.shape), []
    for number in range(days):
        day = date(2018, 1, 1) + timedelta(27 * number)
        true = rng.gamma(2, 20, grid.shape)
        true[0, 0] = np.nan
        sums.add(day, true * 0.9, true)
        daily.append({"date": str(day), **scores(true * (1 - 3 * number), true)})  # most of them worse than -1
    daily[0]["nme"] = daily[0]["r2_det"] = float("nan")
    mean = {key: float("nan") for key in SCORES}
    pngs = (
        daily_scores_figure(daily, mean, "ug m-3", "PM2.5"),
        period_means_figure(sums.means(), grid, np.ones(grid.shape, bool), "ug m-3", "PM2.5", "PM2.5"),
    )
    for png in pngs:
        assert png.startswith(b"\x89PNG") and len(png) > 5000


def test_units_and_ends_of_colour_bars_read_well():
    assert pretty_unit("ug m-3") == "µg m⁻³" and pretty_unit("%") == "%"
    assert [nice_ceiling(value) for value in (0, 0.07, 1, 23, 41, 99, 640)] == [1, 0.08, 1, 30, 50, 100, 800]


@given(st.floats(), st.floats())
def test_what_is_not_defined_is_null_in_json_and_empty_in_csv(first, second):
    entry = {"date": "2018-01-01", "stations": 3, "n": 4, **dict.fromkeys(SCORES, first), "mean_true": second, "mean_reproduced": 1.0}
    read = json.loads(as_json({"daily": [entry]}), parse_constant=lambda name: pytest.fail(name))["daily"][0]
    row = next(csv.DictReader(as_csv([entry]).decode().splitlines()))
    for key, value in (("rmse", first), ("mean_true", second)):
        if np.isfinite(value):
            assert read[key] == value and float(row[key]) == pytest.approx(value, rel=1e-6)
        else:
            assert read[key] is None and row[key] == ""
