"""The model card says what is in the file, whatever the file holds, in one page that needs no other."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pytest

from model_core.card.blocks import Bullets, Heading, Picture, Table, Text
from model_core.card.recipe import configuration_file
from model_core.card.tables import blocks_of
from model_core.cli import main
from model_core.configuration import TrainingConfiguration, read_configuration
from model_core.errors import InputError
from model_core.jobs import JOBS
from model_core.model_file import Model, StaticMaps, load_model, save_model
from model_core.progress import Progress

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\nnot much").decode()


@pytest.fixture(scope="module")
def rich_model(tiny_model, tmp_path_factory):
    """The tiny model with a card as a careful author leaves it, and a map of its error."""
    model = load_model(str(tiny_model))
    card = {
        **model.card,
        "limits": ["Dust is not in the fields that it learnt from."],
        "licences": [{"data": "CMAQ days", "licence": "MIT"}, {"data": "terrain", "licence": "public domain"}],
        "evaluation": {"2018-02-20": {"LSCV": {"model": {"rmse": 9.1234, "crps": 3.5}, "kriging": {"rmse": 9.4, "crps": 3.9}}}},
        "experiments": [{"what": "wider", "effect": "<none>"}, {"what": "longer", "effect": "1 % better"}],
        "mood": {"of the day": "fair & mild"},
    }
    fields = {**model.maps.fields, "error_rmse": np.full(model.maps.grid.shape, 3.0, np.float32)}
    fields["error_rmse"][0, 0] = 9.0
    path = tmp_path_factory.mktemp("card") / "rich.safetensors"
    save_model(path, Model(model.network, card, model.grid, StaticMaps(model.maps.grid, fields, model.maps.source)))
    return path


@pytest.fixture(scope="module")
def page(rich_model, tmp_path_factory):
    out = tmp_path_factory.mktemp("page") / "card.html"
    JOBS["modelcard"]({"model": str(rich_model), "out": str(out)}, Progress())
    return out.read_text(encoding="utf-8")


class Outline(HTMLParser):
    """Open and close tags must match; collects addresses."""

    def __init__(self):
        super().__init__()
        self.open, self.addresses = [], []

    def handle_starttag(self, tag, attributes):
        self.addresses += [value for name, value in attributes if name in ("src", "href")]
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_no_other_file(page):
    outline = Outline()
    outline.feed(page)
    assert not outline.open
    assert len(outline.addresses) >= 3 and all(address.startswith("data:image/png;base64,") for address in outline.addresses)
    assert "http" not in page and "@import" not in page and "<script" not in page


def test_the_hash_on_the_page_is_the_files(page, rich_model):
    assert hashlib.sha256(rich_model.read_bytes()).hexdigest() in page


def test_everything_that_a_model_says_is_on_the_page(page, rich_model):
    model = load_model(str(rich_model))
    for text in (
        "Dust is not in the fields",
        "public domain",
        "9.123",
        "kriging",
        "CRPS",
        "fair &amp; mild",
        "&lt;none&gt;",
        "Error RMSE",
        model.card["training"]["data"][0]["file"],
    ):
        assert text in page, text
    assert "<none>" not in page


def test_the_configuration_on_the_page_trains_the_same_network(page, rich_model, tmp_path):
    model = load_model(str(rich_model))
    text = next(unescape(block) for block in re.findall(r"<pre>(.*?)</pre>", page, re.DOTALL) if block.startswith("[network]"))
    file = tmp_path / "recipe.toml"
    file.write_text(text, encoding="utf-8")
    network, training = read_configuration(str(file))
    assert network == model.configuration
    known = training.to_dict()
    assert json.loads(json.dumps(known)) == {key: model.card["training"][key] for key in known}


def test_odd_text_survives_in_a_configuration():
    text = configuration_file(read_configuration("paper")[0], {"loss": 'a "b" \\ c', "seed": 3})
    assert 'loss = "a \\"b\\" \\\\ c"' in text and "seed" not in text and TrainingConfiguration().loss not in text


def test_markdown_holds_the_tables_and_no_pictures(rich_model, tmp_path):
    out = tmp_path / "card.md"
    assert main(["modelcard", "--model", str(rich_model), "--out", str(out)]) == 0
    text = out.read_text(encoding="utf-8")
    assert "# Model card: rich" in text and "| kriging | 9.400 | 3.900 |" in text and "base64" not in text


def test_another_kind_of_file_is_refused(rich_model, tmp_path):
    with pytest.raises(InputError, match="must end in .html"):
        JOBS["modelcard"]({"model": str(rich_model), "out": str(tmp_path / "card.pdf")}, Progress())


def test_alike_entries_become_one_table():
    (table,) = blocks_of({"model": {"rmse": 1.5, "n": 3}, "idw": {"rmse": 2.0, "n": 3}})
    assert table == Table((("model", "1.500", "3"), ("IDW", "2", "3")), ("", "RMSE", "n"))


def test_nested_entries_become_sections():
    blocks = blocks_of({"days": 2, "2018": {"lscv": {"a": {"x": 1}, "b": {"x": 2}}}})
    assert blocks[0] == Table((("days", "2"),))
    assert blocks[1:3] == [Heading("2018", 3), Heading("LSCV", 4)] and blocks[3].header == ("", "x")


def test_lists_become_sentences_words_or_rows():
    assert blocks_of(["It fails on dust.", "It fails at sea."]) == [Bullets(("It fails on dust.", "It fails at sea."))]
    assert blocks_of(["pm25", "rh"]) == [Text("pm25, rh")]
    assert blocks_of([{"a": 1, "b": None}, {"a": 2, "c": True}])[0] == Table((("1", "–", "–"), ("2", "–", "yes")), ("a", "b", "c"))


def test_a_picture_in_a_card_is_shown():
    (heading_free,) = blocks_of({"where it errs": f"data:image/png;base64,{PNG}"})
    assert isinstance(heading_free, Picture) and heading_free.caption == "where it errs" and heading_free.png.startswith(b"\x89PNG")


@pytest.mark.parametrize("value", [None, "", {}, [], {"a": None}, float("nan"), [[1, 2], [3]], {"a": [{"b": {"c": [1]}}]}, 3, True])
def test_nothing_that_a_card_may_hold_is_too_odd(value):
    for block in blocks_of(value):
        assert isinstance(block, (Table, Text, Bullets, Heading))
