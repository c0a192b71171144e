"""What nobody foresaw reaches the user as a message with a log, never as a traceback."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from qgis.core import QgsProcessingContext, QgsProcessingException, QgsProcessingFeedback


@pytest.fixture
def faulty(plugin):
    """An algorithm that fails where it should not."""
    from ctm_reanalysis.plugin.algorithms.base import EngineAlgorithm

    class Faulty(EngineAlgorithm):
        NAME = TITLE = SUMMARY = "faulty"
        GROUP = "engine"

        def initAlgorithm(self, configuration=None):
            pass

        def compute(self, parameters, context, feedback):
            return {}["nothing"]

        def check(self, parameters, context):
            return "" if parameters else {}["nothing"]

    return Faulty()


def log_of(message: str) -> str:
    return Path(re.search(r"log file (.+?\.log)", message).group(1)).read_text(encoding="utf-8")


def test_a_run(faulty):
    faulty.initAlgorithm()
    with pytest.raises(QgsProcessingException, match="fault of its own; please report it with the log file .*KeyError: 'nothing'") as error:
        faulty.processAlgorithm({"A": 1}, QgsProcessingContext(), QgsProcessingFeedback())
    assert "Traceback" not in str(error.value) and error.value.__suppress_context__
    log = log_of(str(error.value))
    assert "Traceback" in log and "QGIS 3" in log and "faulty {'A': 1}" in log


def test_a_check(faulty):
    valid, message = faulty.checkParameterValues({}, QgsProcessingContext())
    assert not valid and "KeyError" in message and "Traceback" in log_of(message)
    assert faulty.checkParameterValues({"A": 1}, QgsProcessingContext())[0]


def test_what_qgis_shows_of_a_run(faulty):
    """As the toolbox runs it: the log holds the message alone."""
    feedback = QgsProcessingFeedback()
    results, ok = faulty.run({"A": 1}, QgsProcessingContext(), feedback)
    assert not ok and "KeyError" in feedback.textLog() and "Traceback" not in feedback.textLog()
