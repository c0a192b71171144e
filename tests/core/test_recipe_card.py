"""Trained weights, card and recipe agree: the recipe's last step writes words and scores, and touches nothing else."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from model_core.errors import InputError, ModelFileError
from model_core.jobs import JOBS
from model_core.model_file import find_model, load_model, replace_card, save_model
from model_core.progress import Progress
from model_core.world_maps import SOURCES, world_map

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "resources" / "recipes"), str(ROOT / "tests" / "benchmarks" / "skill")]

import finish_card  # noqa: E402
import make_model  # noqa: E402
from after_training import after_training, settle  # noqa: E402
from record import NAME, write_record  # noqa: E402

WORDS = finish_card.read_words(finish_card.WORDS)
SERIES = ["tiny.nc"]
ROWS = [
    {
        "part": "real_stations",
        "day": "2019-07-18",
        "scheme": scheme,
        "method": method,
        "n": 1441,
        "rmse": rmse,
        "ratio": rmse / 9.8123,
        "r2_det": 0.6,
        "coverage_90": 0.9,
        "crps": 4.5,
        "crps_ratio": 0.98,
    }
    for scheme, method, rmse in (("LCCV", "kriging of logs", 9.8123), ("LCCV", "model", 9.1), ("LSCV", "model", 9.9))
]


@pytest.fixture
def model_file(tiny_model, tmp_path):
    """A copy of the tiny model, which a test may change."""
    return Path(shutil.copyfile(tiny_model, tmp_path / "tiny.safetensors"))


@pytest.fixture
def record(model_file, tmp_path):
    """What the skill benchmark leaves of that model."""
    Image.new("RGB", (1500, 700), "#803020").save(tmp_path / "reproduction.png")
    rows = [
        *ROWS,
        {"part": "reproduction", "source": "CMAQ", "stations": "800 even cells", "method": "model", "days": 3, "r2_det": float("nan")},
    ]
    return recorded(tmp_path, load_model(str(model_file)), ["real_stations", "reproduction"], rows)


def recorded(folder, model, parts, rows):
    write_record(folder, SimpleNamespace(model=model, analysis="off"), parts, rows)
    return folder / NAME


def finish(file, record, configuration="improved"):
    return finish_card.finish_card(file, record, SERIES, str(configuration))


def page_of(file, tmp_path):
    JOBS["modelcard"]({"model": str(file), "out": str(tmp_path / "card.md")}, Progress())
    return (tmp_path / "card.md").read_text(encoding="utf-8")


def test_the_card_gets_the_words(model_file, tmp_path):
    before = load_model(str(model_file)).card
    card = finish(model_file, None).card
    assert {key: card[key] for key in WORDS} == WORDS
    assert {key: card[key] for key in before} == before
    page = page_of(model_file, tmp_path)
    for words in (
        WORDS["summary"],
        *WORDS["intended_use"],
        *WORDS["limits"],
        *WORDS["failures"],
        *WORDS["recipe"],
        *(row["tried"] for row in WORDS["experiments"]),
        *(row["from"] for row in WORDS["licences"]),
    ):
        assert words in page


def test_weights_and_maps_stay_bit_for_bit(model_file, tiny_model, record):
    finish(model_file, record)
    before, after = load_file(tiny_model), load_file(model_file)
    assert before.keys() == after.keys()
    for key in before:
        assert before[key].dtype == after[key].dtype and before[key].numpy().tobytes() == after[key].numpy().tobytes()
    was, now = load_model(str(tiny_model)), load_model(str(model_file))
    assert was.weights_sha256 == now.weights_sha256 and was.sha256 != now.sha256
    assert was.configuration == now.configuration and was.grid == now.grid and was.maps.source == now.maps.source


def test_the_page_tells_the_files_own_hash_and_that_of_its_weights(model_file, record, tmp_path):
    model, page = finish(model_file, record), page_of(model_file, tmp_path)
    assert model.sha256 == hashlib.sha256(model_file.read_bytes()).hexdigest()
    assert model.sha256 in page and model.weights_sha256 in page


def test_scores_of_these_weights_are_on_the_page(model_file, record, tmp_path):
    evaluation = finish(model_file, record).card["evaluation"]
    assert evaluation["weights_sha256"] == load_model(str(model_file)).weights_sha256
    assert {"what": "China, LCCV: RMSE over kriging's, 2019-07-18", "asked": "≤ 0.95", "reached": 0.9274, "met": "yes"} in evaluation[
        "What was asked, and what was reached"
    ]
    assert evaluation["Where kriging is better"] == [{"where": "Real stations in China, 2019-07-18, LSCV", "ratio": 1.009}]
    assert len(evaluation["Real stations in China"]) == 3
    picture = next(value for key, value in evaluation.items() if key.startswith("Map of error"))
    assert picture.startswith("data:image/png;base64,") and len(picture) < 200_000
    page = page_of(model_file, tmp_path)
    assert "| 2019-07-18 | LCCV | model | 1441 | 9.100 | 0.9274 |" in page and "not told" in page


def test_it_can_be_run_again(model_file, record):
    once = finish(model_file, record).sha256
    assert finish(model_file, record).sha256 == once
    assert finish(model_file, None).card["evaluation"], "scores of these weights stay"


def test_scores_of_another_model_are_refused(model_file, record):
    before = model_file.read_bytes()
    other = {**json.loads(record.read_text()), "weights_sha256": "0" * 64}
    record.write_text(json.dumps(other))
    with pytest.raises(InputError, match="are of weights 000000000000, the model 'tiny' has .*benchmark-skill"):
        finish(model_file, record)
    assert model_file.read_bytes() == before


def test_scores_of_these_weights_set_up_otherwise_are_refused(model_file, record):
    other = json.loads(record.read_text())
    other["network"]["correction_limit"] = 0.5
    record.write_text(json.dumps(other))
    with pytest.raises(InputError, match="set up otherwise"):
        finish(model_file, record)


def test_a_map_of_error_of_another_run_is_refused(model_file, record):
    Image.new("RGB", (30, 30)).save(record.with_name("reproduction.png"))
    with pytest.raises(InputError, match="of another run"):
        finish(model_file, record)


def test_without_a_record_the_remedy_is_named(model_file, tmp_path):
    with pytest.raises(InputError, match="make benchmark-skill"):
        finish(model_file, tmp_path / "nothing.json")


def test_scores_that_came_from_other_weights_leave_the_card(model_file):
    replace_card(model_file, {**load_model(str(model_file)).card, "evaluation": {"weights_sha256": "1" * 64}})
    assert "evaluation" not in finish(model_file, None).card


def test_a_record_keeps_other_parts_of_the_same_model_only(model_file, record, tmp_path):
    model = load_model(str(model_file))
    again = [{**ROWS[0], "rmse": 5.0}]
    rows = json.loads(recorded(tmp_path, model, ["real_stations"], again).read_text())["rows"]
    assert [row["part"] for row in rows] == ["reproduction", "real_stations"] and rows[1]["rmse"] == 5.0
    other = replace(model, weights_sha256="2" * 64)
    assert [row["part"] for row in json.loads(recorded(tmp_path, other, ["real_stations"], again).read_text())["rows"]] == ["real_stations"]


def test_the_card_says_in_what_the_training_differs(model_file, tiny_configuration, tmp_path):
    assert finish(model_file, None, tiny_configuration).card[finish_card.DIFFERENCES] == []
    text = tiny_configuration.read_text().replace("iterations = 6", "iterations = 8").replace("width = 4", "width = 6")
    changed = tmp_path / "changed.toml"
    changed.write_text(text)
    model = load_model(str(model_file))
    assert finish_card.differences(model, ["tiny.nc", "tiny.nc", "more.nc"], str(changed)) == [
        "network.width was 4, in the recipe it is 6.",
        "training.iterations was 6, in the recipe it is 8.",
        "Not trained on, though in the recipe: more.nc, tiny.nc.",
    ]


def test_what_is_no_model_is_left_as_it_is(tmp_path):
    file = tmp_path / "text.safetensors"
    file.write_bytes(b"no model")
    with pytest.raises(ModelFileError):
        replace_card(file, {})
    assert file.read_bytes() == b"no model"


@pytest.mark.parametrize("name", sorted(make_model.RECIPES))
def test_the_models_that_ship_agree_with_their_recipes(name):
    """Fails when the words, the recipe or the weights changed and finish_card.py was not run after."""
    recipe, file = make_model.RECIPES[name], find_model(name)
    model, words = load_model(str(file)), finish_card.read_words(recipe.words)
    remedy = f"run resources/recipes/finish_card.py --model {name} --docs"
    assert {key: model.card.get(key) for key in words} == words, remedy
    differences = finish_card.differences(model, make_model.series_names(), recipe.configuration)
    assert model.card[finish_card.DIFFERENCES] == differences, remedy
    if "evaluation" in model.card:
        assert model.card["evaluation"]["weights_sha256"] == model.weights_sha256, remedy
    if name == "bundled" and finish_card.PAGE.exists():
        assert hashlib.sha256(file.read_bytes()).hexdigest() in finish_card.PAGE.read_text(encoding="utf-8"), remedy


def test_the_bundled_model_has_what_its_recipe_gives_it_after_the_training():
    configuration = load_model("bundled").configuration
    assert after_training(configuration) == configuration


def test_what_is_given_after_the_training_is_given_once(tmp_path):
    file = Path(shutil.copyfile(find_model("bundled"), tmp_path / "bundled.safetensors"))
    model = load_model(str(file))
    fields = {**model.maps.fields, "population_near": world_map("population_near", model.maps.grid)}
    maps = replace(model.maps, fields=fields, source=f"a source; {SOURCES['population_near']}")
    model.network.configuration = replace(model.configuration, drift_alone=False, local_slopes=(), outlier_limit=0.0, uncertainty_share=0.5)
    save_model(file, replace(model, maps=maps))
    trained = load_model(str(file)).weights_sha256
    for _ in range(2):
        settle(file)
        again = load_model(str(file))
        assert again.configuration == load_model("bundled").configuration and again.weights_sha256 == trained
        assert set(again.maps.fields) == {"elevation", "urban"} and again.maps.source == "a source"


def test_rounded_kernels_make_a_smaller_file_and_hardly_another_model(model_file, tmp_path):
    model, file = load_model(str(model_file)), tmp_path / "rounded.safetensors"
    save_model(file, model, kernel_bits=6)
    rounded = load_model(str(file))
    assert file.stat().st_size < model_file.stat().st_size
    for key, exact in model.network.state_dict().items():
        found = rounded.network.state_dict()[key]
        assert found.dtype == exact.dtype
        if key.startswith("unet.") and exact.ndim == 4:
            assert ((found - exact).abs() <= exact.abs() * 2**-6 + 1e-7).all()
        else:
            assert torch.equal(found, exact)
