"""What tests of the engine share."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# On a busy machine any example can take long; slowness is for the benchmarks to find.
settings.register_profile("busy machine", deadline=None, max_examples=40)
settings.load_profile("busy machine")

_SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the project; the test is skipped where it is absent."""
    if not _SHARED.is_dir():
        pytest.skip("the folder of real data, ../shared/data, is not here")
    return _SHARED


@pytest.fixture
def windows_rule(monkeypatch) -> None:
    """The test obeys Windows' rule: what this process has open, it can't replace, rename or delete."""
    sys.path.append(str(Path(__file__).resolve().parents[1] / "windows_rule"))
    try:
        from open_files import imposed
    finally:
        sys.path.pop()
    if not imposed():
        pytest.skip("without /proc nothing tells which files are open")
    for name, function in imposed().items():
        monkeypatch.setattr(os, name, function)


@pytest.fixture(scope="session")
def tiny_ctm(tmp_path_factory) -> Path:
    """Eight simulated days on a small 36 km grid over eastern China."""
    from datetime import date

    from model_core.grid import PRESETS, Grid
    from model_core.simulation import write_simulation

    path = tmp_path_factory.mktemp("ctm") / "tiny.nc"
    grid = Grid.from_lower_left(PRESETS["china12km"].crs, -180_000.0, -720_000.0, (36_000.0, 36_000.0), (40, 48))
    write_simulation(path, grid, date(2019, 1, 5), 8, seed=4)
    return path


@pytest.fixture(scope="session")
def tiny_configuration(tmp_path_factory) -> Path:
    """A configuration that trains in seconds."""
    path = tmp_path_factory.mktemp("configuration") / "tiny.toml"
    path.write_text(
        '[network]\nwidth = 4\nlevels = 3\ncombine = "channels"\ncoarse_factors = [4]\nreadings = true\n'
        'availability = true\noutput = "correction"\nstandardise = "day"\nkernels = [9, 5]\n'
        '[network.transforms]\npm25 = { kind = "log", offset = 2.0 }\nelevation = { scale = 1000.0 }\n'
        "rh = { scale = 50.0 }\nwind = { scale = 5.0 }\n"
        '[training]\niterations = 6\nbatch = 2\nvalidate_every = 3\ncrop = 32\nlayouts = "varied"\nloss = "mixed"\n'
        'stations = [1500, 3000]\nschedule = "cosine"\nflip = true\nremove_variable = 0.3\nremove_covariate = 0.3\n',
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="session")
def tiny_model(tiny_ctm, tiny_configuration, tmp_path_factory) -> Path:
    """A model trained on the tiny CTM for a few iterations."""
    from model_core.jobs import JOBS
    from model_core.progress import Progress

    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    JOBS["train"]({"ctm": [str(tiny_ctm)], "config": str(tiny_configuration), "out": str(path)}, Progress())
    return path
