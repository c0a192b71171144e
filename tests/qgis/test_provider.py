"""What a user finds in the toolbox, with and without an engine."""

from __future__ import annotations

import pytest
from qgis.core import Qgis, QgsApplication, QgsProcessingParameterFile

NEED_ENGINE = {
    "covariates",
    "crossvalidate",
    "describe",
    "gridstations",
    "inspectctm",
    "modelcard",
    "readstations",
    "reanalyse",
    "evaluatectm",
    "reanalyseperiod",
    "reproducectm",
    "simulatectm",
    "trainmodel",
    "aggregate",
    "compareraster",
    "exposure",
    "animate",
}
NAMES = NEED_ENGINE | {"loadreanalysis", "restyle", "checkengine", "setupengine"}


@pytest.fixture
def algorithms(plugin):
    return {a.name(): a for a in QgsApplication.processingRegistry().providerById("ctm_reanalysis").algorithms()}


@pytest.fixture
def no_engine(monkeypatch, tmp_path):
    """No setting, no variable, no managed environment, and a QGIS Python without torch."""
    from ctm_reanalysis.plugin.engine import locate

    monkeypatch.delenv(locate.VARIABLE)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(locate, "own_interpreters", list)
    locate.forget()
    yield
    locate.forget()


def test_all_algorithms_are_listed(algorithms):
    assert set(algorithms) == NAMES


def test_they_are_listed_without_an_engine_too(no_engine, plugin):
    plugin.provider.refreshAlgorithms()
    assert {a.name() for a in plugin.provider.algorithms()} == NAMES


def test_without_an_engine_they_say_what_to_do(no_engine, algorithms):
    for name, algorithm in algorithms.items():
        possible, reason = algorithm.canExecute()
        assert possible == (name not in NEED_ENGINE)
        assert possible or "Set up engine" in reason


def test_a_run_without_an_engine_says_what_to_do(no_engine, run, stations, tmp_path):
    with pytest.raises(Exception, match="Set up engine"):
        run("gridstations", STATIONS=stations, VALUE="pm25", OUTPUT=str(tmp_path / "out.tif"))


def test_check_engine_works_without_an_engine(no_engine, run, log):
    result = run("checkengine")
    assert result["READY"] is False
    assert "Set up engine" in log.text


def test_check_engine_tells_versions_device_and_models(run, log, tmp_path):
    result = run("checkengine", REPORT=str(tmp_path / "report.html"))
    assert result["READY"] is True and "The engine is ready." in log.text and "scores {'" not in log.text
    for word in ("torch", "device", "models", "china12km", "days a minute (estimate"):
        assert word in log.text and word in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_every_parameter_and_algorithm_is_explained(algorithms):
    for algorithm in algorithms.values():
        assert algorithm.displayName() and algorithm.group() and algorithm.tags() and algorithm.shortDescription()
        assert not algorithm.icon().isNull()
        for parameter in algorithm.parameterDefinitions():
            assert parameter.help().endswith("."), f"{algorithm.name()}: {parameter.name()}"
            assert parameter.help() in algorithm.shortHelpString()


def test_what_most_users_leave_alone_is_advanced(algorithms):
    advanced = {p.name() for p in algorithms["reanalyse"].parameterDefinitions() if p.flags() & Qgis.ProcessingParameterFlag.Advanced}
    assert {"MODEL", "DEVICE", "ID", "GROUP", "EXTENT", "CELL_SIZE", "TEMPLATE", "RH_STATIONS"} <= advanced
    assert not {"STATIONS", "VALUE", "UNIT", "TIME", "DATE", "GRID", "OUTPUT", "MAP"} & advanced


def test_unloading_takes_the_provider_away(plugin):
    from ctm_reanalysis import classFactory

    registry = QgsApplication.processingRegistry()
    plugin.unload()
    assert registry.providerById("ctm_reanalysis") is None
    plugin.__init__(None)
    plugin.initProcessing()
    assert registry.providerById("ctm_reanalysis") is not None
    assert classFactory(None).provider is None


def test_files_without_an_extension_are_taken(algorithms):
    """IOAPI files and Pythons often have none; QGIS's own filter for all files refuses them."""
    seen = 0
    for algorithm in algorithms.values():
        for parameter in algorithm.parameterDefinitions():
            if isinstance(parameter, QgsProcessingParameterFile) and "TOML" not in parameter.fileFilter():
                if parameter.behavior() == Qgis.ProcessingFileParameterBehavior.File:
                    seen += 1
                    assert parameter.checkValueIsAcceptable("/data/GRIDCRO2D_160101"), f"{algorithm.name()}: {parameter.name()}"
    assert seen >= 5
