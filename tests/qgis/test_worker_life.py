"""One warm engine process for all runs; killed or cancelled, it leaves nothing behind."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest
from qgis.core import QgsProcessingException, QgsProcessingFeedback
from small_world import DAYS, SMALL_GRID


@pytest.fixture
def single_day(run, make_stations, tiny_model, tmp_path):
    layer = make_stations(DAYS)

    def single_day(number=0, name="out.tif"):
        return run(
            "reanalyse",
            STATIONS=layer,
            VALUE="pm25",
            TIME="day",
            DATE=str(DAYS[number % len(DAYS)]),
            GRID=SMALL_GRID,
            MODEL=tiny_model,
            DEVICE="cpu",
            OUTPUT=str(tmp_path / name),
        )

    return single_day


class AtFirstStep(QgsProcessingFeedback):
    """Does something once the training has begun."""

    def __init__(self, action):
        super().__init__(False)
        self.action, self.time = action, None

    def setProgress(self, percent):
        if self.time is None and percent > 5.0001:  # the first 5 % are preparation
            self.time = time.monotonic()
            self.action()


@pytest.fixture
def long_training(plugin, ctm_file, tiny_configuration, tmp_path):
    """A training that would take hours; given the feedback, runs it."""
    import processing

    path = tmp_path / "model.safetensors"

    def train(feedback, **more):
        processing.run(
            "ctm_reanalysis:trainmodel",
            {
                "CTM": [ctm_file],
                "CONFIG": "file",
                "CONFIG_FILE": tiny_configuration,
                "ITERATIONS": 500_000,
                "DEVICE": "cpu",
                "OUTPUT": str(path),
                **more,
            },
            feedback=feedback,
        )

    return train, path


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as file:
        return file.read().split()[2] != "Z"


def test_twenty_days_take_one_worker(single_day, engine):
    single_day()
    started, pid, begin = engine.started, engine._worker.pid, time.monotonic()
    for number in range(20):
        single_day(number, f"{number}.tif")
    assert (engine.started, engine._worker.pid) == (started, pid)
    assert (time.monotonic() - begin) / 20 < 2.0  # importing torch alone takes longer


def test_a_killed_worker_is_an_error_that_says_so_and_the_next_run_works(long_training, single_day, engine):
    train, path = long_training
    feedback = AtFirstStep(lambda: os.kill(engine._worker.pid, signal.SIGKILL))
    with pytest.raises(QgsProcessingException, match="killed"):
        train(feedback)
    assert feedback.time is not None
    assert not path.exists() and not list(path.parent.glob(".*partial"))
    assert single_day()["COUNT_USED"] == 60


def test_a_run_whose_engine_was_killed_while_it_was_idle_starts_another(single_day, engine, log):
    single_day()
    started, pid = engine.started, engine._worker.pid
    os.kill(pid, signal.SIGSTOP)  # so that the run finds it alive
    threading.Timer(2.0, os.kill, (pid, signal.SIGKILL)).start()
    assert single_day(1, "next.tif")["COUNT_USED"] == 60
    assert engine.started == started + 1 and not alive(pid) and "killed" not in log.text


def test_cancelling_takes_two_seconds_and_leaves_nothing(long_training, single_day, engine):
    train, path = long_training
    feedback = AtFirstStep(lambda: feedback.cancel())
    with pytest.raises(QgsProcessingException, match="Cancelled"):
        train(feedback)
    assert time.monotonic() - feedback.time < 2
    assert not path.exists() and not list(path.parent.glob(".*partial"))
    assert single_day()["COUNT_USED"] == 60


def test_cancelling_after_a_validation_keeps_the_best_model(long_training, tiny_configuration, tmp_path):
    train, path = long_training
    configuration = tmp_path / "often.toml"
    configuration.write_text(Path(tiny_configuration).read_text() + "validate_every = 2\n")

    class OnceItIsThere(QgsProcessingFeedback):
        def setProgress(self, percent):
            if path.exists():
                self.cancel()

    with pytest.raises(QgsProcessingException, match="best model so far is in .*model.safetensors"):
        train(OnceItIsThere(False), CONFIG_FILE=str(configuration))
    assert b"stopped_at" in path.read_bytes()[:100_000] and path.with_suffix(".checkpoint").exists()


def test_unloading_the_plugin_ends_the_worker(single_day, engine, plugin):
    single_day()
    pid = engine._worker.pid
    plugin._stop_worker()
    assert not alive(pid)
    assert single_day()["COUNT_USED"] == 60
