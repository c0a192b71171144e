"""The card of a model as a page in the results viewer."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from qgis.core import QgsApplication, QgsProcessingOutputHtml


def test_the_page_is_about_this_very_file(run, tiny_model, tmp_path):
    result = run("modelcard", MODEL=tiny_model, OUTPUT=str(tmp_path / "card.html"))
    digest = hashlib.sha256(Path(tiny_model).read_bytes()).hexdigest()
    page = Path(result["OUTPUT"]).read_text(encoding="utf-8")
    assert (result["NAME"], result["SHA256"]) == ("tiny", digest) and digest in page


def test_the_page_is_shown_by_the_results_viewer(plugin):
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("ctm_reanalysis:modelcard")
    assert isinstance(algorithm.outputDefinition("OUTPUT"), QgsProcessingOutputHtml)


def test_a_missing_model_is_named(run, tmp_path):
    with pytest.raises(Exception, match="no model 'nobody'"):
        run("modelcard", MODEL="nobody", OUTPUT=str(tmp_path / "card.html"))
    assert not (tmp_path / "card.html").exists()


def test_it_works_from_qgis_process(qgis_process, tiny_model, tmp_path):
    results = qgis_process("ctm_reanalysis:modelcard", MODEL=tiny_model, OUTPUT=tmp_path / "card.html")
    assert results["NAME"] == "tiny" and "<h1>Model card: tiny</h1>" in (tmp_path / "card.html").read_text(encoding="utf-8")
