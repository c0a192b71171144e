"""Every kind of run hands over one page: complete in itself, true to the run, and harmless whatever a table holds."""

from __future__ import annotations

import base64
import io
import json
import re
from datetime import date
from html.parser import HTMLParser

import geopandas
import numpy as np
import pandas as pd
import pytest
from affine import Affine
from matplotlib.image import imread
from pyproj import CRS, Transformer
from shapely.geometry import box

from model_core.card.blocks import Bullets, Code, Heading, Picture, Table, Text
from model_core.card.html import to_html
from model_core.ctm.fields import read_ctm
from model_core.errors import InputError
from model_core.grid import Grid
from model_core.jobs import JOBS
from model_core.output import write_geotiff
from model_core.progress import Progress
from model_core.report.colours import FILE, STYLES, colours_for, tables
from model_core.report.maps import field_map
from model_core.report.page import number, render
from model_core.units import MOLAR_MASS

NASTY = '<script>alert("1")</script>'
DAYS = ["2019-01-05", "2019-01-06", "2019-01-08"]


class Page(HTMLParser):
    """Tags, addresses and visible text of a page."""

    def __init__(self, html: str):
        super().__init__()
        self.tags, self.addresses, self.words = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.addresses += [value for name, value in attributes if name in ("src", "href", "srcset", "data")]

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def table(tiny_ctm, tmp_path_factory):
    """Readings of the tiny CTM at fifty stations on three days, one of which has a name that is a script."""
    ctm = read_ctm(tiny_ctm)
    cells = np.random.default_rng(0).choice(ctm.grid.shape[0] * ctm.grid.shape[1], 50, replace=False)
    row, column = np.unravel_index(cells, ctm.grid.shape)
    lon, lat = Transformer.from_crs(ctm.grid.crs, "EPSG:4326", always_xy=True).transform(ctm.grid.x[column], ctm.grid.y[row])
    frames = [
        pd.DataFrame(
            {
                "id": [NASTY] + [f"s{n}" for n in range(1, 50)],
                "day": day,
                "lon": lon,
                "lat": lat,
                "pm25": ctm.fields["pm25"][ctm.times.index(date.fromisoformat(day))][row, column].round(2),
            }
        )
        for day in DAYS
    ]
    readings = pd.concat(frames, ignore_index=True)
    readings.loc[0, "pm25"] = 200.0  # the script is at the top of the list
    path = tmp_path_factory.mktemp("readings") / "readings.csv"
    readings.to_csv(path, index=False)
    return str(path)


@pytest.fixture(scope="module")
def stations_request(table, tiny_ctm, tiny_model):
    return {"stations": table, "value": "pm25", "time": "day", "id": "id", "grid": str(tiny_ctm), "model": str(tiny_model), "device": "cpu"}


@pytest.fixture(scope="module")
def written(stations_request, tiny_ctm, tiny_model, tiny_configuration, tmp_path_factory):
    """The page of each kind, and the result of its run."""
    folder = tmp_path_factory.mktemp("reports")
    requests = {
        "reanalyse": {**stations_request, "date": DAYS[0], "out": folder / "a.tif", "style": "china"},
        "reanalyse-period": {**stations_request, "out": folder / "p.nc"},
        "crossvalidate": {**stations_request, "out": folder / "cv", "folds": 3, "baselines": ["idw"]},
        "reproduce": {"ctm": [str(tiny_ctm)], "model": str(tiny_model), "out": folder / "rep", "device": "cpu", "start": "2019-01-11"},
        "compareraster": {"fields": [str(folder / "p.nc")], "other": [str(folder / "a.tif")], "other_name": NASTY, "out": folder / "cmp"},
        "exposure": {
            "fields": [str(folder / "p.nc")],
            "population": people(tiny_ctm, folder),
            "limit": [20.0, 1000.0],
            "out": folder / "e.csv",
        },
        "train": {
            "ctm": [str(tiny_ctm)],
            "config": str(tiny_configuration),
            "iterations": 2,
            "device": "cpu",
            "out": folder / "m.safetensors",
        },
    }
    requests["exposure of polygons"] = {**requests["exposure"], "polygons": areas(tiny_ctm, folder), "out": folder / "polygons.csv"}
    pages = {}
    for command, request in requests.items():
        report = folder / f"{command}.html"
        result = JOBS[command.partition(" of ")[0]](
            {**{key: str(value) if key == "out" else value for key, value in request.items()}, "report": str(report)}, Progress()
        )
        assert result["report"] == str(report)
        pages[command] = report.read_text(encoding="utf-8"), result
    return pages


def people(ctm, folder) -> str:
    """A raster with three people in each cell of the CTM's grid; its path."""
    grid, path = read_ctm(ctm).grid, folder / "people.tif"
    write_geotiff(path, grid, [("people", np.full(grid.shape, 3.0, np.float32), "people")], {})
    return str(path)


def areas(ctm, folder) -> str:
    """Polygons: the CTM's grid, under a name that is a script; their path."""
    grid, path = read_ctm(ctm).grid, folder / "areas.gpkg"
    geopandas.GeoDataFrame({"name": [NASTY]}, geometry=[box(*grid.bounds)], crs=grid.crs.to_wkt()).to_file(path)
    return str(path)


COMMANDS = ("reanalyse", "reanalyse-period", "crossvalidate", "reproduce", "compareraster", "exposure", "exposure of polygons", "train")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_page_needs_nothing_but_itself(written, command):
    html = written[command][0]
    page = Page(html)
    assert not {"script", "iframe", "link", "object"} & set(page.tags)
    assert page.addresses and all(re.match(r"data:image/(png|svg\+xml);base64,", address) for address in page.addresses)
    assert "http" not in re.sub(r"base64,[^\"]+", "", html)
    for address in page.addresses:
        content = base64.b64decode(address.partition(",")[2])
        assert content.startswith(b"\x89PNG") or b"<svg" in content and b"<script" not in content
    assert "@media print" in html


@pytest.mark.parametrize("command", COMMANDS)
def test_no_page_takes_a_name_for_a_part_of_itself(written, command):
    assert NASTY not in written[command][0]


@pytest.mark.parametrize("command", ["reanalyse", "compareraster", "exposure of polygons"])
def test_names_are_shown_as_they_are(written, command):
    assert NASTY in Page(written[command][0]).text


def test_the_card_of_a_model_takes_no_text_for_a_part_of_itself():
    blocks = [
        Heading(NASTY),
        Text(NASTY),
        Bullets((NASTY,)),
        Code(NASTY),
        Table(((NASTY, NASTY),), (NASTY, "x"), NASTY),
        Picture(b"", NASTY),
    ]
    html = to_html(NASTY, NASTY, blocks)
    assert NASTY not in html and Page(html).text.count(NASTY) >= 9


def test_the_reanalysis_tells_its_numbers_and_escapes_what_the_table_holds(written):
    html, result = written["reanalyse"]
    page = Page(html)
    assert NASTY not in html and NASTY in page.text
    assert f"Readings used {result['readings']['used']}" in page.text and f"in the table {result['readings']['rows']}" in page.text
    assert number(result["statistics"]["mean"]) in page.text and result["model"]["sha256"] in page.text
    assert "China, HJ 633-2012, limits for 24 h means" in page.text and "other day 100" in page.text


def test_the_classes_of_a_report_hold_every_cell(written):
    html, _ = written["reanalyse"]
    counts = re.findall(r'</span> [a-z ]+</td><td>[^<]+</td><td class="n">(\d+)</td>', html)
    assert len(counts) == 6 and f"Cells of the grid {sum(map(int, counts))}" in Page(html).text


def test_no_label_of_a_map_is_cut_off_at_its_edge():
    crs = CRS.from_proj4("+proj=lcc +lat_0=50.4 +lon_0=10 +lat_1=48.2 +lat_2=52.6 +datum=WGS84 +units=m")
    grid = Grid(crs, Affine(18000, 0, -450000, 0, -18000, 522000), (57, 51))  # latitudes of two digits beside a map as high as wide
    picture = field_map(np.full(grid.shape, 12.0), grid, colours_for("pm25", "ug m-3"), "a map")
    pixels = imread(io.BytesIO(base64.b64decode(picture.uri.partition(",")[2])))[..., :3]
    for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
        assert (edge == 1.0).all()


def test_the_period_tells_of_days_without_a_field_and_of_the_highest(written):
    html, result = written["reanalyse-period"]
    page = Page(html)
    assert result["days"]["missing"] == ["2019-01-07"]
    assert "3 of 4 days have a field" in page.text and "1 days have no field: 2019-01-07" in page.text
    assert len(page.addresses) == 3 and all(day in page.text for day in DAYS)


def test_the_cross_validation_tells_scores_and_distances(written):
    html, result = written["crossvalidate"]
    page = Page(html)
    for scores in result["summary"].values():
        assert number(scores["rmse"]) in page.text
    assert "inverse distance" in page.text and "km" in page.text and len(page.addresses) == 4 and DAYS[2] in page.text


def test_reproduction_and_training_tell_their_scores(written):
    html, result = written["reproduce"]
    assert number(result["mean_of_daily"]["rmse"]) in Page(html).text and number(result["pooled"]["nme"]) in Page(html).text
    html, result = written["train"]
    assert number(result["scores"]["rmse"]) in Page(html).text and f"{result['days']['training']} CTM days" in Page(html).text


def test_the_comparison_tells_its_scores_and_both_sides(written):
    html, result = written["compareraster"]
    text = Page(html).text
    assert f"RMSE (µg m⁻³) {number(result['scores']['rmse'])}" in text and "mean of 4 fields from 2019-01-05 to 2019-01-08" in text
    assert f"mean {number(result['scores']['mean_field'])} {number(result['scores']['mean_other'])}" in text


def test_the_exposure_tells_the_people_above_each_limit(written):
    html, result = written["exposure"]
    text, whole = Page(html).text, result["whole"]
    assert f"Population-weighted mean (µg m⁻³) {number(whole['mean'])}" in text and len(result["series"]) == 4
    assert f"{whole['share_above_20']:.1%}" in text and "1000 µg m⁻³ 0 0.0%" in text
    assert "Course" in text and "Polygons" not in text  # four days, and no polygons


def test_a_report_that_can_not_be_is_refused_before_anything_is_computed(stations_request, tmp_path):
    request = {**stations_request, "date": DAYS[0], "out": str(tmp_path / "a.tif")}
    with pytest.raises(InputError, match="must end in .html"):
        JOBS["reanalyse"]({**request, "report": str(tmp_path / "a.pdf")}, Progress())
    with pytest.raises(InputError, match="unknown style 'mars'"):
        JOBS["reanalyse"]({**request, "report": str(tmp_path / "a.html"), "style": "mars"}, Progress())
    assert not list(tmp_path.iterdir())


def test_the_readings_come_with_the_field_at_their_place(stations_request, tmp_path):
    result = JOBS["reanalyse"](
        {**stations_request, "date": DAYS[1], "out": str(tmp_path / "a.tif"), "readings": str(tmp_path / "r.csv")}, Progress()
    )
    readings = pd.read_csv(tmp_path / "r.csv")
    assert len(readings) == result["readings"]["used"] == 50 and set(readings["day"]) == {DAYS[1]}
    assert np.allclose(readings["field"] - readings["value"], readings["difference"], atol=2e-3)
    assert readings["field"].between(result["statistics"]["min"] - 1e-3, result["statistics"]["max"] + 1e-3).all()


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("variable", sorted(tables()["ramps"]["breaks"]))
def test_breaks_rise_and_each_has_a_colour(style, variable):
    colours = colours_for(variable, "ug m-3", style, date(2020, 1, 1))
    assert list(colours.breaks) == sorted(set(colours.breaks)) and len(colours.colours) == len(colours.breaks)
    assert len(colours.classes) in (0, 6) and bool(colours.classes) == bool(colours.title)
    assert bool(colours.classes) or style == "continuous" or colours.note  # another ramp than was asked for is never silent


def test_the_table_of_china_is_the_one_that_is_valid_on_the_day():
    limits = {day: colours_for("pm25", "ug m-3", "china", date.fromisoformat(day)).breaks for day in ("2026-02-28", "2026-03-01")}
    assert limits == {"2026-02-28": (0, 35, 75, 115, 150, 250), "2026-03-01": (0, 35, 60, 115, 150, 250)}
    assert "HJ 633-2026" in colours_for("pm10", "ug m-3", "china", date(2026, 3, 1)).note


def test_limits_in_ppb_are_those_in_micrograms_at_20_degrees():
    for table in tables()["indices"]["us"]["tables"]:
        for species, one in table["limits"].items():
            if "ppb" in one:
                factor = MOLAR_MASS[species] * 1e-3 * 101325 / (8.314462618 * 293.15)  # ug m-3 for each ppb
                assert one["limits"] == pytest.approx([factor * value for value in one["ppb"]], rel=2e-3)


def test_numbers_are_written_as_people_read_them():
    assert [number(value) for value in (None, float("nan"), 3, -2.5, 0.00001234, 123456.7, "x")] == [
        "–",
        "–",
        "3",
        "−2.5",
        "0.0000",
        "123457",
        "x",
    ]


def test_what_a_template_misses_is_an_error():
    with pytest.raises(Exception, match="undefined"):
        render("training", {"title": "t", "lead": "l"})
    assert json.loads(FILE.read_text(encoding="utf-8"))["indices"]
