"""The pages that come with the plugin can be read in QGIS."""

import pytest


@pytest.fixture
def pages(plugin):
    from ctm_reanalysis.plugin.pages import Pages

    return Pages()


def follow(pages, name):
    from qgis.PyQt.QtCore import QUrl

    pages.setSource(pages.source().resolved(QUrl(name)))
    return pages.toPlainText()


def test_the_first_page_is_shown_without_marks_of_its_language(pages):
    text = pages.toPlainText()
    assert text.startswith("CTM Reanalysis") and "My own country" in text and "](" not in text


def test_links_lead_on_and_back(pages):
    assert "all … readings lie outside the grid" in follow(pages, "faq.md")
    pages.backward()
    assert pages.source().fileName() == "index.md"


def test_what_only_the_built_site_has_is_said(pages):
    assert "made when the documentation is built" in follow(pages, "reference/command_line.md")
