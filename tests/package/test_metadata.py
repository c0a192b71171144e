"""The plugin's papers agree with each other and with what QGIS and its repository ask for."""

import configparser
import re
from pathlib import Path

import pytest

import model_core

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def metadata():
    parser = configparser.ConfigParser()
    parser.read(ROOT / "metadata.txt", encoding="utf-8")
    return parser["general"]


@pytest.mark.parametrize("key", ["name", "qgisMinimumVersion", "description", "about", "version", "author", "email", "license", "icon"])
def test_every_key_that_qgis_needs_has_a_value(metadata, key):
    assert metadata[key].strip()


@pytest.mark.parametrize("key", ["homepage", "repository", "tracker"])
def test_the_addresses_that_the_repository_asks_for_have_their_place(metadata, key):
    assert key in metadata


def test_the_version_is_the_same_everywhere(metadata):
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert metadata["version"] == model_core.__version__
    assert metadata["changelog"].startswith(model_core.__version__)
    assert re.search(r"^## (\d\S+)", changelog, re.MULTILINE).group(1) == model_core.__version__


def test_the_citation_is_of_this_version(metadata):
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {metadata['version']}\n" in citation and f"\nlicense: {metadata['license']}\n" in citation


def test_it_is_a_processing_provider_for_qgis_3(metadata):
    assert metadata["hasProcessingProvider"] == "yes"
    assert metadata["qgisMinimumVersion"] == "3.40" and metadata["qgisMaximumVersion"] == "3.99"


def test_it_says_what_it_was_tested_with_and_claims_no_more(metadata):
    assert "Tested with QGIS 3.40 and 3.44 on Debian" in metadata["about"]
    assert "supportsQt6" not in metadata, "QGIS's repository asks to leave it out"


@pytest.mark.parametrize("locale", ["zh-Hans", "zh_CN"])
def test_the_plugin_manager_has_chinese_to_show(metadata, locale):
    """``zh-Hans`` is QGIS's own choice of language, ``zh_CN`` what the system says; the manager reads with interpolation of %."""
    for key in ("description", "about"):
        text = metadata[f"{key}[{locale}]"]
        assert re.search("[\u4e00-\u9fff]{10}", text) and "\n" not in text
    assert "“安装引擎”" in metadata[f"about[{locale}]"] and "QGIS 3.40" in metadata[f"about[{locale}]"]


def test_the_icon_is_there(metadata):
    assert (ROOT / metadata["icon"]).is_file()


def test_the_licence_is_the_gpl(metadata):
    assert metadata["license"] == "GPL-2.0-or-later"
    assert "GNU GENERAL PUBLIC LICENSE" in (ROOT / "LICENSE").read_text(encoding="utf-8")
