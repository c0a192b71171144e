"""The documentation builds without a dead link, holds every algorithm and command, and needs no network."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from shipping import ROOT

# What a browser would fetch by itself; links that a reader follows are no matter.
FETCHED = re.compile(
    r"""<(?:script|img|iframe|source)[^>]*\ssrc=["']?(?:https?:)?//|<link[^>]*\shref=["']?(?:https?:)?//|url\(["']?(?:https?:)?//"""
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site; the build itself fails where a link, an anchor, a picture or a page is missing."""
    out = tmp_path_factory.mktemp("site")
    python = ROOT / ".build" / "docs" / "bin" / "python"
    if not python.exists():
        pytest.fail("the tools of the documentation are not there: run make setup")
    built = subprocess.run([sys.executable, str(ROOT / "tools" / "build_docs.py"), "--out", str(out)], capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return out


def test_every_algorithm_has_a_page_with_its_dialog(site):
    names = {
        name
        for path in (ROOT / "plugin" / "algorithms").glob("*.py")
        for name in re.findall(r'^    NAME = "(\w+)"', path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert len(names) > 20
    for name in names:
        page = (site / "reference" / "algorithms" / f"{name}.html").read_text(encoding="utf-8")
        assert f"images/dialogs/{name}.png" in page and f"ctm_reanalysis:{name}" in page


def test_every_command_has_a_section_with_its_options(site):
    from model_core.jobs import JOBS

    page = (site / "reference" / "command_line.html").read_text(encoding="utf-8")
    for name in JOBS:
        assert f'<h2 id="{name}">' in page
    assert "--time-zone" in page and "--uncertainty" in page


def test_nothing_is_fetched_from_elsewhere(site):
    for path in [*site.rglob("*.html"), *site.rglob("*.css")]:
        assert not FETCHED.findall(path.read_text(encoding="utf-8")), path


def test_the_search_needs_no_server(site):
    assert "reanalyseperiod" in (site / "search" / "search_index.js").read_text(encoding="utf-8")
    assert "javascripts/iframe-worker.js" in (site / "index.html").read_text(encoding="utf-8")


def test_pictures_are_small(site):
    large = {path.name: path.stat().st_size for path in Path(site, "images").rglob("*.png") if path.stat().st_size > 120_000}
    assert large == {}
    assert {path.name for path in Path(site, "images", "dialogs").iterdir() if path.stat().st_size > 60_000} == set()
