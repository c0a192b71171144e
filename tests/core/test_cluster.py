"""A period on a Dask cluster: real scheduler, real workers, and one that is killed."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model_core.errors import Cancelled, ClusterError, InputError
from model_core.jobs import JOBS
from model_core.period import cluster as dask_cluster
from model_core.progress import Progress

pytest.importorskip("distributed")

DAYS, STATIONS = 36, 60
LCC = "+proj=lcc +lat_1=25 +lat_2=40 +lat_0=34 +lon_0=110 +R=6370000 +units=m"
GRID = f"-180000,-720000,1548000,720000,36000@{LCC}"


class Cluster:
    """A scheduler and workers as `dask scheduler` and `dask worker` start them, without anything that restarts them."""

    def __init__(self, folder: Path):
        self._folder, self.workers = folder, []
        self._scheduler = self._start("scheduler", "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show")
        self.address = self._said("scheduler", r"Scheduler at:\s+(tcp://\S+)")

    def add_worker(self) -> subprocess.Popen:
        name = f"worker{len(self.workers)}"
        self.workers.append(
            self._start(
                name, "worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(self._folder)
            )
        )
        self._said(name, r"Registered to:\s+(tcp://\S+)")
        return self.workers[-1]

    def stop(self) -> None:
        for process in [*self.workers, self._scheduler]:
            process.kill()
            process.wait()

    def _start(self, name: str, *command: str) -> subprocess.Popen:
        with open(self._folder / f"{name}.log", "wb") as log:
            # Elsewhere than the caller: nothing may depend on the working folder.
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *command],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env={**os.environ, "OMP_NUM_THREADS": "1", "DASK_TEMPORARY_DIRECTORY": str(self._folder)},
            )

    def _said(self, name: str, pattern: str) -> str:
        until = time.monotonic() + 120
        while time.monotonic() < until:
            if found := re.search(pattern, (self._folder / f"{name}.log").read_text(errors="replace")):
                return found[1]
            time.sleep(0.1)
        pytest.fail((self._folder / f"{name}.log").read_text(errors="replace"))


@pytest.fixture
def cluster(tmp_path_factory):
    """One of the test's own, which has no workers yet."""
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    yield cluster
    cluster.stop()


@pytest.fixture(scope="module")
def lasting_cluster(tmp_path_factory):
    """One with a worker, for tests that leave it with one."""
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        cluster.add_worker()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="module")
def readings(tmp_path_factory) -> Path:
    """Readings of thirty-six days, one of which has none."""
    random = np.random.default_rng(5)
    days = pd.date_range("2019-01-01", periods=DAYS)
    table = pd.DataFrame(
        {
            "station": np.tile(np.arange(STATIONS), DAYS),
            "day": np.repeat(days.strftime("%Y-%m-%d"), STATIONS),
            "lon": np.tile(random.uniform(110, 122, STATIONS).round(3), DAYS),
            "lat": np.tile(random.uniform(29, 38, STATIONS).round(3), DAYS),
            "pm25": random.lognormal(3.5, 0.5, DAYS * STATIONS).round(1),
        }
    )
    path = tmp_path_factory.mktemp("readings") / "readings.csv"
    table[table.day != "2019-02-03"].to_csv(path, index=False)
    return path


@pytest.fixture
def request_for(readings, tiny_model):
    def request_for(out: Path, **more):
        return {
            "stations": str(readings),
            "value": "pm25",
            "time": "day",
            "id": "station",
            "grid": GRID,
            "model": str(tiny_model),
            "device": "cpu",
            "start": "2019-01-01",
            "end": "2019-02-05",
            "out": str(out),
            **more,
        }

    return request_for


class After(Progress):
    """Does something once when a number of steps is done."""

    def __init__(self, steps: int, action):
        super().__init__()
        self._steps, self._action, self.done = steps, action, None

    def on_step(self, fraction: float, message: str) -> None:
        found = re.match(r"(\d+) of \d+ days", message)
        if found and self.done is None and int(found[1]) >= self._steps:
            self.done = int(found[1])
            self._action()


def content(folder: Path) -> dict[str, str]:
    """Hash of every file in a folder, hidden ones too."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def test_a_killed_worker_loses_nothing(lasting_cluster, request_for, tmp_path):
    undisturbed, disturbed = tmp_path / "undisturbed", tmp_path / "disturbed"
    undisturbed.mkdir(), disturbed.mkdir()
    second = lasting_cluster.add_worker()
    JOBS["reanalyse-period"](request_for(undisturbed / "pm25.zarr", scheduler=lasting_cluster.address), Progress())

    def kill() -> None:
        os.kill(second.pid, signal.SIGKILL)

    progress = After(8, kill)
    result = JOBS["reanalyse-period"](request_for(disturbed / "pm25.zarr", scheduler=lasting_cluster.address), progress)

    assert second.wait(10) == -signal.SIGKILL and result["device"] == lasting_cluster.address
    assert 8 <= progress.done < 30, "it was killed in the middle"
    assert result["days"]["computed"] == DAYS - 1 and result["days"]["missing"] == ["2019-02-03"]
    assert content(disturbed) == content(undisturbed), "byte for byte, and nothing left beside it"
    assert len([name for name in content(disturbed) if re.match(r"pm25.zarr/pm25/\d+\.0\.0$", name)]) == DAYS - 1


def test_the_cluster_gives_what_one_machine_gives(lasting_cluster, request_for, tmp_path):
    import xarray as xr

    JOBS["reanalyse-period"](request_for(tmp_path / "here.nc", end="2019-01-06"), Progress())
    JOBS["reanalyse-period"](request_for(tmp_path / "there.nc", end="2019-01-06", scheduler=lasting_cluster.address), Progress())
    JOBS["reanalyse-period"](request_for(tmp_path / "tiles", end="2019-01-06", scheduler=lasting_cluster.address), Progress())
    with xr.open_dataset(tmp_path / "here.nc") as here, xr.open_dataset(tmp_path / "there.nc") as there:
        xr.testing.assert_allclose(here, there, rtol=1e-4)
    assert len(list((tmp_path / "tiles").glob("pm25_2019-01-0?.tif"))) == 6


def test_cancelling_keeps_what_is_done(lasting_cluster, request_for, tmp_path):
    out = tmp_path / "pm25.zarr"
    cancelled = []
    progress = After(8, lambda: cancelled.append(True))
    progress._is_cancelled = lambda: bool(cancelled)
    with pytest.raises(Cancelled):
        JOBS["reanalyse-period"](request_for(out, scheduler=lasting_cluster.address), progress)
    assert not out.exists()
    result = JOBS["reanalyse-period"](request_for(out, scheduler=lasting_cluster.address), Progress())
    assert result["days"]["kept"] >= 8 and result["days"]["computed"] + result["days"]["kept"] == DAYS - 1


class Unaware:
    """A client in the moment before it hears that its scheduler is gone, which lasts milliseconds, or long on a slow machine."""

    status = "running"

    def __init__(self, client):
        self._client = client

    def __getattr__(self, name):
        return getattr(self._client, name)


def test_workers_may_come_late_and_a_scheduler_that_goes_away_is_named(cluster, request_for, tmp_path, monkeypatch):
    class Late(Progress):
        def on_warning(self, message: str) -> None:
            if "no workers" in message:
                cluster.add_worker()

    result = JOBS["reanalyse-period"](request_for(tmp_path / "late.zarr", end="2019-01-04", scheduler=cluster.address), Late())
    assert result["days"]["computed"] == 4 and "no workers" in result["warnings"][0]

    monkeypatch.setattr(dask_cluster, "_LOST_SECONDS", 2)
    with dask_cluster.connect(cluster.address) as client:
        workers, run = dask_cluster._Workers(Unaware(client), Progress()), dask_cluster._Run.__new__(dask_cluster._Run)
        run._client, run._waiting = Unaware(client), {}
        named = []

        def end() -> None:
            """And ask at once, before a client has heard of it."""
            assert workers.number() == 1
            cluster.stop()
            run._stop()  # raises nothing: a run that ends for another reason tells that one
            until = time.monotonic() + 30
            with pytest.raises(ClusterError, match="the scheduler is gone"):
                while time.monotonic() < until:
                    assert workers.number() == 1, "what was last known"
                    time.sleep(0.1)
            named.append(True)

        with pytest.raises(ClusterError, match="scheduler is gone|a worker failed"):
            JOBS["reanalyse-period"](request_for(tmp_path / "pm25.zarr", scheduler=cluster.address), After(4, end))
        assert named


def test_no_scheduler_is_an_error_at_once(request_for, tmp_path, monkeypatch):
    monkeypatch.setattr(dask_cluster, "_CONNECT_SECONDS", 1)
    with pytest.raises(ClusterError, match="no Dask scheduler answers at 'tcp://127.0.0.1:9'"):
        JOBS["reanalyse-period"](request_for(tmp_path / "pm25.zarr", scheduler="tcp://127.0.0.1:9"), Progress())


def test_without_dask_the_error_says_what_to_install(request_for, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match="pip install distributed"):
        JOBS["reanalyse-period"](request_for(tmp_path / "pm25.zarr", scheduler="tcp://127.0.0.1:9"), Progress())


@pytest.mark.parametrize(
    "address, warned",
    [
        ("tcp://127.0.0.1:8786", False),
        ("tcp://localhost:8786", False),
        ("tcp://[::1]:8786", False),
        ("tls://node7:8786", False),
        ("inproc://1/2/3", False),
        ("tcp://10.0.0.7:8786", True),
        ("tcp://node7:8786", True),
    ],
)
def test_a_scheduler_in_an_open_network_is_warned_of(address, warned):
    assert ("without TLS" in dask_cluster.unprotected(address)) == warned
