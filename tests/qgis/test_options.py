"""The options page: what it says is kept, and the engine is started and asked by it."""

from __future__ import annotations

from pathlib import Path

import pytest
from qgis.core import QgsSettings
from qgis.PyQt.QtGui import QIcon
from small_world import SMALL_GRID


@pytest.fixture
def page(plugin):
    """Makes the page as QGIS does; all options are as before afterwards."""
    from ctm_reanalysis.plugin.options.page import OptionsFactory

    factory = OptionsFactory(QIcon())
    yield lambda: factory.createWidget(None)
    settings = QgsSettings()
    settings.beginGroup("ctm_reanalysis")
    settings.remove("")
    settings.endGroup()


def environment_of(pid: int) -> dict[str, str]:
    return dict(entry.split("=", 1) for entry in Path(f"/proc/{pid}/environ").read_text().split("\0") if "=" in entry)


def test_untouched_the_page_changes_nothing(page):
    from ctm_reanalysis.plugin.engine.options import EngineOptions, engine_options

    before = QgsSettings().allKeys()
    page().apply()
    assert engine_options() == EngineOptions() and sorted(QgsSettings().allKeys()) == sorted(before)


def test_threads_idle_time_and_models_are_those_of_the_engines_process(page, run, engine, stations, tiny_model, tmp_path):
    """A model is known by its name from the folder of the options."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "mine.safetensors").write_bytes(Path(tiny_model).read_bytes())
    one = page()
    one.threads.setValue(1)
    one.idle_minutes.setValue(7)
    one.models.setFilePath(str(tmp_path / "models"))
    one.apply()
    assert page().options() == one.options()
    run("reanalyse", STATIONS=stations, GRID=SMALL_GRID, MODEL="mine", OUTPUT=str(tmp_path / "out.tif"))
    variables = environment_of(engine.pid)
    assert [variables[name] for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")] == ["1"] * 3
    command = Path(f"/proc/{engine.pid}/cmdline").read_text().split("\0")
    assert command[command.index("--idle-seconds") + 1] == "420"
    before = engine.pid
    other = page()
    other.threads.setValue(2)
    other.apply()
    run("gridstations", STATIONS=stations, GRID=SMALL_GRID, OUTPUT=str(tmp_path / "out.tif"))
    assert engine.pid != before and environment_of(engine.pid)["OMP_NUM_THREADS"] == "2"


def test_the_dock_offers_the_models_of_that_folder(page, tmp_path):
    from ctm_reanalysis.plugin.reading_fields import model_names

    (tmp_path / "mine.safetensors").write_bytes(b"")
    one = page()
    one.models.setFilePath(str(tmp_path))
    one.apply()
    assert model_names()[:1] == ["bundled"] and "mine" in model_names()


def test_an_algorithm_goes_before_the_options(page):
    from ctm_reanalysis.plugin.engine.options import engine_options

    one = page()
    one.device.setCurrentText("cpu")
    one.memory.setValue(1500)
    one.cache.setFilePath("/kept")
    one.apply()
    options = engine_options()
    assert options.complete({"device": "auto", "memory": None, "cache": ""}) == {"device": "cpu", "memory": 1500, "cache": "/kept"}
    chosen = {"device": "cuda", "memory": 800, "cache": "/own", "value": "pm25"}
    assert options.complete(chosen) == chosen and options.complete({"value": "pm25"}) == {"value": "pm25"}


def test_the_cache_takes_prepared_days_and_is_cleared(page, run, ctm_file, tiny_configuration, tmp_path):
    one = page()
    one.cache.setFilePath(str(tmp_path / "cache"))
    one.apply()
    run(
        "trainmodel",
        CTM=[ctm_file],
        CONFIG="file",
        CONFIG_FILE=tiny_configuration,
        ITERATIONS=1,
        DEVICE="cpu",
        SEED=1,
        OUTPUT=str(tmp_path / "m.safetensors"),
    )
    prepared, other = list((tmp_path / "cache").glob("*.daily.nc")), tmp_path / "cache" / "notes.txt"
    assert len(prepared) == 1, prepared
    assert not (tmp_path / "daily_fields").exists()
    other.write_text("mine")
    again = page()
    assert f"{prepared[0].stat().st_size / 1e6:.1f} MB" in again.size.text() and again.clear_button.isEnabled()
    again.clear_button.click()
    assert not prepared[0].exists() and other.exists() and not again.clear_button.isEnabled()


def test_the_interpreter_is_the_one_that_is_used(page, tmp_path):
    from ctm_reanalysis.plugin.engine.locate import find_engine

    chosen = tmp_path / "python"
    chosen.write_text("#!/bin/sh\n")
    chosen.chmod(0o755)
    one = page()
    one.python.setFilePath(str(chosen))
    one.apply()
    assert (find_engine().path, find_engine().source) == (str(chosen), "setting")
    one.python.setFilePath("")
    one.apply()
    assert find_engine().source == "variable"
