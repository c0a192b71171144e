"""The page "The paper, figure by figure": each of its commands runs in small, and each picture and number is what it says."""

import json
import re
import sys

import numpy as np
import pandas as pd
import pytest
from page_commands import PROGRAM, ROOT, commands_of, run, with_option
from PIL import Image

PAGE = ROOT / "docs" / "paper.md"
TEXT = PAGE.read_text(encoding="utf-8")
SMALL = "0,-600000,288000,-312000,12000@+proj=lcc +lat_1=25 +lat_2=40 +lat_0=34 +lon_0=110 +R=6370000 +units=m +no_defs"  # 24 x 24 cells
SMALLER = {"paper_data.py": {"--grid": SMALL, "--days": "2", "--cities": "16", "--sites": "14"}, "crossvalidate": {"--folds": "2"}}


def _sections():
    """Figure -> its part of the page."""
    return dict(re.findall(r"\n## Figure (S?\d)\n(.*?)(?=\n## )", TEXT, re.DOTALL))


SECTIONS = _sections()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder in which every command of the page was run, in its order, on smaller data."""
    folder = tmp_path_factory.mktemp("paper")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for words in commands_of(PAGE):
            for option, value in next((more for name, more in SMALLER.items() if words[1].endswith(name)), {}).items():
                words = with_option(words, option, value)
            run(words)
    return folder


def test_every_figure_of_the_paper_has_its_section_and_the_list_its_command():
    assert set(SECTIONS) == {*map(str, range(1, 9)), "S1", "S2", "S3", "S6"}
    assert "## Figures S4 and S5" in TEXT
    listed = dict(re.findall(r"^\| \[(S?\d)\]\(#figure-\w+\) \|.*\| (.+) \|$", TEXT, re.MULTILINE))
    assert set(listed) == set(SECTIONS)
    used = {words[1] for words in commands_of(PAGE) if words[0] == PROGRAM}
    assert {name for cell in listed.values() for name in re.findall(r"`(.+?)`", cell)} == used


@pytest.mark.parametrize("figure", SECTIONS)
def test_its_command_draws_the_figure(folder, figure):
    name = re.search(r"`([\w/]+\.png)`", SECTIONS[figure])[1]
    with Image.open(folder / name) as picture:
        assert min(picture.size) > 300
        pixels = np.asarray(picture.convert("RGB").reduce(2), float)
    white = (pixels > 250).all(2)
    assert 0.02 < 1 - white.mean() < 0.98, "blank"
    inked = pixels[~white]
    assert inked.std() > 10 and len(np.unique(inked.astype(int) // 16, axis=0)) > 8, "of one colour"


@pytest.mark.parametrize("figure", SECTIONS)
def test_the_picture_on_the_page_is_small_and_there(figure):
    file = PAGE.parent / re.search(r"!\[Figure \w+\]\((.+?)\)", SECTIONS[figure])[1]
    assert file.stat().st_size < 120_000
    with Image.open(file) as picture:
        assert picture.mode == "P" and picture.size[0] <= 1200


def test_the_numbers_of_the_kernels_are_those_of_the_bundled_model(folder):
    report = json.loads((folder / "described" / "description.json").read_text(encoding="utf-8"))
    stated = re.findall(r"^\| (pm25|rh|wind) \| ([12]) \| ([\d.]+) \| ([\d.]+) \|$", SECTIONS["S3"], re.MULTILINE)
    found = [(k["variable"], str(k["stage"]), f"{k['radius_km']:.1f}", f"{k['ratio']:.3f}") for k in report["kernels"]]
    assert stated == found and report["model"]["name"] == "bundled"


def test_the_numbers_of_stations_are_those_of_the_recipe(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(ROOT / "resources" / "recipes"), *sys.path])
    from paper_data import GRID, place

    from model_core.grid import parse_grid
    from model_core.simulation import Terrain

    cells, stations, cities, sites = map(
        int,
        re.search(r"(\d+) x \d+ cells of 12 km .*?(\d+) PM2.5 stations in (\d+) cities .*?(\d+)\s+other sites", TEXT, re.DOTALL).groups(),
    )
    grid = parse_grid(GRID)
    networks = place(grid, Terrain.synthetic(grid, 0), cities, sites, 0)
    assert (grid.shape, len(networks.city), len(networks.weather[0])) == ((cells, cells), stations, sites)


def test_scores_lie_beside_the_pictures(folder):
    """What figures 4, 6, 8, S1 and S6 show can be read as numbers too."""
    reproduced = json.loads((folder / "reproduced" / "scores.json").read_text(encoding="utf-8"))
    assert len(reproduced["daily"]) == 8 and np.isfinite(reproduced["mean_of_daily"]["r2_pearson"])
    for name in ("stations_left_out", "cities_left_out"):
        report = json.loads((folder / name / "scores.json").read_text(encoding="utf-8"))
        assert report["methods"]["model"]["pooled"]["rmse"] > 0 and report["folds"] == 2
    classes = pd.read_csv(folder / "cities_left_out" / "scores_by_class.csv").astype(str)
    assert classes.apply(lambda column: column.str.contains("lockdown")).any(axis=None)
    readings = pd.read_csv(folder / "data" / "pm25.csv")
    ctm = json.loads((folder / "ctm_at_stations" / "scores.json").read_text(encoding="utf-8"))
    assert ctm["methods"]["ctm"]["pooled"]["n"] == len(readings)  # no reading was lost on the way
    aod = json.loads((folder / "against_aod" / "scores.json").read_text(encoding="utf-8"))
    assert -1 <= aod["scores"]["spearman"] <= 1 and not aod["one_unit"] and "bias" not in aod["scores"]
