"""What other people's scripts ask of make."""

import os
import subprocess
from pathlib import Path

import pytest
from shipping import ROOT


@pytest.fixture(scope="module")
def engine_python():
    """Standard output of `make -s engine-python`, with the make that runs these tests out of the way."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    answer = subprocess.run(["make", "-s", "engine-python"], cwd=ROOT, env=environ, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def test_engine_python_prints_one_absolute_path_and_nothing_else(engine_python):
    path = Path(engine_python.removesuffix("\n"))
    assert path.is_absolute() and os.access(path, os.X_OK)


def test_that_python_runs_this_checkouts_engine_from_any_folder(engine_python, tmp_path, clean_environment):
    command = [engine_python.strip(), "-c", "import model_core; print(model_core.__file__)"]
    answer = subprocess.run(command, cwd=tmp_path, env=clean_environment, capture_output=True, text=True)
    assert Path(answer.stdout.strip()) == ROOT / "model_core" / "__init__.py", answer.stderr


def test_that_python_sees_no_system_packages(engine_python, tmp_path, clean_environment):
    command = [engine_python.strip(), "-c", "import sys; print(*sys.path, sep='\\n')"]
    answer = subprocess.run(command, cwd=tmp_path, env=clean_environment, capture_output=True, text=True, check=True)
    assert not any("dist-packages" in line for line in answer.stdout.splitlines())
    assert subprocess.run([engine_python.strip(), "-c", "import qgis"], capture_output=True).returncode == 1


def test_help_names_every_target_that_people_use():
    answer = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in ("demo", "test", "setup", "engine-python", "package", "benchmark", "clean"):
        assert f"make {target}" in answer.stdout
