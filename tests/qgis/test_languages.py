"""QGIS's language is the plugin's: with QGIS in Chinese every label, help, log line, error and report is Chinese."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from conftest import _PLUGINS
from mistakes import NO_ENGINE, mistakes
from small_world import FIRST_DAY, LAMBERT, SMALL_GRID, readings_of

HAN = re.compile(r"[\u4e00-\u9fff]")
# Two English words in a row, outside quotation marks and brackets, are a text that was left in English.
ENGLISH = re.compile(r"\b[a-z]{3,} [a-z]{2,}\b")
# Names that labels are made of in every language.
NAMES = {"CTM"}


@pytest.fixture(scope="module")
def told(tiny_model, tmp_path_factory):
    """What a QGIS in Chinese says; see in_chinese.py."""
    import processing
    from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsProject

    work = tmp_path_factory.mktemp("chinese")
    to_degrees = QgsCoordinateTransform(
        QgsCoordinateReferenceSystem.fromProj(LAMBERT), QgsCoordinateReferenceSystem("EPSG:4326"), QgsProject.instance()
    )
    rows = [(to_degrees.transform(x, y), value) for x, y, value in readings_of(FIRST_DAY)]
    (work / "stations.csv").write_text("lon,lat,pm25\n" + "".join(f"{place.x()!r},{place.y()!r},{value!r}\n" for place, value in rows))
    (work / "grid.txt").write_text(SMALL_GRID)
    plugins = os.pathsep.join((str(_PLUGINS), str(Path(processing.__file__).parents[1])))  # ours, and QGIS's own
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("in_chinese.py")), plugins, str(work / "profile"), str(work), tiny_model],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {**json.loads(done.stdout.splitlines()[-1]), "work": work}


def is_chinese(text: str) -> bool:
    return bool(HAN.search(text)) and not ENGLISH.search(re.sub(r"“[^”]*”|（[^）]*）|\([^)]*\)|<[^>]*>", "", text))


def test_every_label_and_help_is_chinese(told):
    assert is_chinese(told["provider"]) and len(told["algorithms"]) >= 21
    for name, algorithm in told["algorithms"].items():
        for key in ("title", "group", "summary", "help"):
            assert is_chinese(algorithm[key]), f"{name}: {algorithm[key]}"
        for parameter, texts in algorithm["parameters"].items():
            assert all(is_chinese(text) for text in texts), f"{name}, {parameter}: {texts}"
        for output, label in algorithm["outputs"].items():
            assert HAN.search(label) or label in SCORES, f"{name}, {output}: {label}"


def test_the_models_are_chinese_and_keep_their_names(told):
    assert set(told["models"]) == {"station_day", "Means of a period", "Table to reanalysis", "Period to exposure", "Train and reproduce"}
    for name, texts in told["models"].items():
        assert len(texts) > 15 and all(is_chinese(text) for text in texts), f"{name}: {texts}"


def test_parameters_and_outputs_of_the_models_have_one_name_in_all_languages(told):
    """Outputs were called '', '_2' and '_3' in Chinese, since QGIS makes their names of their descriptions."""
    from qgis.core import QgsApplication

    english = QgsApplication.processingRegistry().providerById("ctm_reanalysis_models").algorithms()
    names = {model.name(): [one.name() for one in (*model.parameterDefinitions(), *model.outputDefinitions())] for model in english}
    assert told["names in models"] == names and {"reanalysis", "stations", "report"} < set(names["Table to reanalysis"])


SCORES = {"RMSE", "MAE", "NME", "NMB", "IOA", "MFB", "MFE", "CRPS", "R2_DET", "R2_PEARSON"}


def test_an_error_of_the_engine_is_chinese(told):
    assert "没有列“pm10”" in told["column"]["error"]


def test_log_and_report_of_a_reanalysis_are_chinese(told):
    assert told["reanalysis"]["error"] == ""
    log = "\n".join(told["reanalysis"]["said"])
    assert "条读数中采用" in log and "正在 cpu" in log and not re.search("readings used|predicting on", log)
    page = (told["work"] / "report.html").read_text(encoding="utf-8")
    assert '<html lang="zh-CN">' in page
    texts = visible_texts(page)
    assert "表格各行的处理情况：" in texts and "制作方法" in texts
    assert [text for text in texts if ENGLISH.search(text)] == []


def test_ten_mistakes_end_in_the_remedy_in_english(run, log, tiny_model, tmp_path):
    for name, mistake in mistakes(tmp_path, tiny_model).items():
        assert mistake.english in what_is_said(run, log, mistake), name


def what_is_said(run, log, mistake) -> str:
    from qgis.core import QgsProcessingException

    try:
        run(mistake.algorithm, **mistake.parameters)
    except QgsProcessingException as error:
        return str(error)
    return log.text


def test_ten_mistakes_end_in_the_remedy_in_chinese(told, tiny_model, tmp_path):
    """Without an engine, the English message is in test_provider."""
    for name, mistake in mistakes(tmp_path, tiny_model).items():
        assert mistake.chinese in told["mistakes"][name]["error"] + "\n".join(told["mistakes"][name]["said"]), name
    assert NO_ENGINE in told["mistakes"]["no engine"]["error"]


def visible_texts(page: str) -> list[str]:
    """The texts between the tags of a page, less its style and the record, which is for programs."""

    class Texts(HTMLParser):
        def __init__(self):
            super().__init__()
            self.found, self.style = [], False

        def handle_starttag(self, tag, attributes):
            self.style = tag in ("style", "pre")

        def handle_data(self, data):
            if data.strip() and not self.style:
                self.found.append(data.strip())

    parser = Texts()
    parser.feed(page)
    return parser.found
