"""The lead-time study of docs/lead_time.md, run in small from the page's own commands."""

import json

import numpy as np
import pandas as pd
import pytest
from page_commands import ROOT, commands_of, run, with_option

from model_core.ctm.fields import read_ctm
from model_core.model_file import load_model

PAGE = ROOT / "docs" / "lead_time.md"
SMALL = "0,-600000,480000,-120000,24000@+proj=lcc +lat_1=25 +lat_2=40 +lat_0=34 +lon_0=110 +R=6370000 +units=m +no_defs"  # 20 x 20 cells


@pytest.fixture(scope="module")
def study(tiny_configuration, tmp_path_factory):
    """The folder in which all commands of the page were run, in their order, with ten days and six iterations."""
    folder = tmp_path_factory.mktemp("study")
    smaller = {
        "forecast_runs.py": [("--grid", SMALL), ("--days", "10"), ("--held-out", "2")],
        "train": [("--config", str(tiny_configuration)), ("--iterations", "6"), ("--validation-start", "2018-01-06")],
        "crossvalidate": [("--folds", "3")],
    }
    ran = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for words in commands_of(PAGE):
            kind = next((key for key in smaller if words[1].endswith(key)), "")
            for option, value in smaller.get(kind, []):
                words = with_option(words, option, value)
            run(words)
            ran.append(kind)
    assert ran == ["forecast_runs.py", "train", "train", "crossvalidate", "crossvalidate", ""]
    return folder / "lead"


def test_a_day_agrees_with_the_truth_as_its_lead_asks_and_looks_like_a_field_at_all_leads(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "resources" / "recipes"))
    from forecast_runs import FIRST, LEADS, LOSS, forecast

    truth, other = np.random.default_rng(0).normal(3, 0.5, (2, 40, 12, 12))  # logs of PM2.5, in forty days
    for lead in range(LEADS):
        days = np.log(np.stack([forecast(truth, other, day, FIRST - LOSS * lead, "pm25") for day in range(len(truth))]) + 1)
        departures = [field - field.mean(0) for field in (truth, days)]
        assert np.corrcoef(*(d.ravel() for d in departures))[0, 1] == pytest.approx(0.95 - 0.15 * lead, abs=0.05)
        assert departures[1].std() == pytest.approx(departures[0].std(), rel=0.05)


def test_the_runs_overlap_so_that_a_day_has_several_leads(study):
    ctm = {lead: read_ctm(sorted((study / "runs").glob("*.nc")), ["pm25"], lead_day=lead) for lead in (0, 4)}
    assert len(ctm[0].times) == len(ctm[4].times) == 6 and ctm[4].times[0] == ctm[0].times[4]
    assert not np.array_equal(ctm[4].fields["pm25"][0], ctm[0].fields["pm25"][4])
    readings = pd.read_csv(study / "stations.csv")
    assert sorted(readings["day"].unique()) == [str(day) for day in ctm[4].times[-2:]]  # read on the last two days


def test_each_model_was_trained_on_its_own_lead_and_both_alike_otherwise(study):
    cards = [load_model(str(study / f"day{day}.safetensors")).card["training"] for day in (1, 5)]
    assert [card["data"][0]["lead_day"] for card in cards] == [0, 4]
    for key in ("iterations", "seed", "batch"):
        assert cards[0].get(key) == cards[1].get(key), key


def test_both_models_are_asked_the_same_questions(study):
    reports = [json.loads((study / day / "scores.json").read_text(encoding="utf-8")) for day in ("day1", "day5")]
    assert reports[0]["methods"]["ok"] == reports[1]["methods"]["ok"]
    assert reports[0]["methods"]["model"] != reports[1]["methods"]["model"]


def test_the_comparison_tells_a_difference_from_chance_and_refuses_other_folds(study, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "resources" / "recipes"))
    from compare_scores import compare

    from model_core.errors import InputError

    rows, (ratio, low, high) = compare(study / "day1", study / "day5")
    report = json.loads((study / "day5" / "scores.json").read_text(encoding="utf-8"))
    assert rows["rmse"].iloc[1] == pytest.approx(report["methods"]["model"]["pooled"]["rmse"], rel=1e-5)
    assert ratio == pytest.approx(rows["rmse"].iloc[1] / rows["rmse"].iloc[0]) and low <= ratio <= high
    assert compare(study / "day1", study / "day1")[1] == (1, 1, 1)
    table = pd.read_csv(study / "day5" / "predictions.csv")
    (study / "other").mkdir()
    table.assign(fold=2 - table["fold"]).to_csv(study / "other" / "predictions.csv", index=False)
    with pytest.raises(InputError, match="not of the same readings and folds"):
        compare(study / "day1", study / "other")
    with pytest.raises(InputError, match="no predictions.csv"):
        compare(study / "runs", study / "day1")
