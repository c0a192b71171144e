"""Making the engine environment, with real interpreters and pip, from wheels that are made here."""

import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from plugin.engine import environment
from plugin.engine.errors import SetUpCancelled, SetUpError

SCRIPT = Path(environment.__file__)


def make_wheel(folder, name, version, code=""):
    """A small installable wheel."""
    folder.mkdir(exist_ok=True)
    about = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}/__init__.py", f"__version__ = '{version}'\n{code}\n")
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """A wheel folder that holds all that the requirements ask for."""
    folder = tmp_path / "wheels"
    make_wheel(folder, "haze", "1.0")
    require(tmp_path, monkeypatch, "# the one library\nhaze==1.0\n")
    return folder


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished environment, made once: tests that start from one take a copy."""
    place = tmp_path_factory.mktemp("finished")
    make_wheel(place / "wheels", "haze", "1.0")
    with pytest.MonkeyPatch.context() as patch:
        require(place, patch, "haze==1.0\n")
        create(place / "engine", place / "wheels")
    return place / "engine"


@pytest.fixture
def ready(tmp_path, wheels, finished):
    """Folder of a ready environment."""
    return shutil.copytree(finished, tmp_path / "engine", symlinks=True)


def require(tmp_path, monkeypatch, text):
    path = tmp_path / "requirements.txt"
    path.write_text(text)
    monkeypatch.setattr(environment, "REQUIREMENTS", path)


def create(folder, wheels, **options):
    return environment.create(folder, wheels=str(wheels), base_python=sys.executable, **options)


def test_it_is_made_once_and_then_recognised_at_once(tmp_path, wheels):
    folder, lines = tmp_path / "data" / "engine", []
    assert environment.status(folder).state == "missing"
    made = create(folder, wheels, report=lambda fraction, line: lines.append((fraction, line)))
    assert made.state == "ready" and made.details["versions"]["haze"] == "1.0"
    fractions = [fraction for fraction, _ in lines]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0
    assert "haze" in (folder / environment.LOG).read_text()
    assert subprocess.run([made.python, "-c", "import haze, sys; sys.exit(sys.prefix == sys.base_prefix)"]).returncode == 0
    begin = time.monotonic()
    assert create(folder, wheels).state == "ready"
    assert time.monotonic() - begin < 0.5


def test_it_sees_no_system_packages(finished):
    assert "include-system-site-packages = false" in (finished / "pyvenv.cfg").read_text()


def test_a_cancelled_set_up_is_recognised_and_built_again(tmp_path, wheels):
    folder, seen = tmp_path / "engine", []
    with pytest.raises(SetUpCancelled):
        create(folder, wheels, report=lambda fraction, line: seen.append(line), is_cancelled=lambda: len(seen) > 2)
    assert environment.status(folder).state == "incomplete"
    assert "Set up engine" in environment.status(folder).message
    assert create(folder, wheels).state == "ready"


def test_a_set_up_that_was_killed_is_recognised(tmp_path, wheels):
    folder = tmp_path / "engine"
    code = (
        "import sys, os; from pathlib import Path; from plugin.engine import environment\n"
        "environment.REQUIREMENTS = Path(sys.argv[1])\n"
        "def report(fraction, line):\n    if fraction > 0.05: os._exit(9)\n"
        "environment.create(Path(sys.argv[2]), wheels=sys.argv[3], base_python=sys.executable, report=report)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(environment.REQUIREMENTS), str(folder), str(wheels)])
    assert killed.returncode == 9
    assert environment.status(folder).state == "incomplete"


def test_an_environment_without_its_python_is_incomplete(ready):
    environment.python_in(ready).unlink()
    assert environment.status(ready).state == "incomplete"


def test_an_environment_that_lost_a_library_is_built_again(ready, tmp_path, wheels):
    next(ready.glob("lib/*/site-packages/haze/__init__.py")).unlink()
    next(ready.glob("lib/*/site-packages/haze")).rename(tmp_path / "lost")
    made = create(ready, wheels)
    assert subprocess.run([made.python, "-c", "import haze"]).returncode == 0


def test_an_environment_whose_python_was_exchanged_is_incomplete(ready, tmp_path):
    python = environment.python_in(ready)
    other = tmp_path / "python3.99"
    other.write_bytes(python.read_bytes())
    other.chmod(0o755)
    python.unlink()
    python.symlink_to(other)
    assert environment.status(ready).state == "incomplete"


def test_it_is_built_anew_on_demand(ready, wheels):
    (ready / "old").touch()
    create(ready, wheels, rebuild=True)
    assert not (ready / "old").exists()


def test_other_requirements_renew_it_in_place(ready, tmp_path, wheels, monkeypatch):
    make_wheel(wheels, "haze", "2.0")
    require(tmp_path, monkeypatch, "haze==2.0\n")
    assert environment.status(ready).state == "outdated"
    (ready / "kept").touch()
    assert create(ready, wheels).details["versions"]["haze"] == "2.0"
    assert (ready / "kept").exists()


def test_a_comment_in_the_requirements_renews_nothing(ready, tmp_path, monkeypatch):
    require(tmp_path, monkeypatch, "\nhaze==1.0   # really\n")
    assert environment.status(ready).state == "ready"


def test_another_device_makes_it_anew_and_a_missing_gpu_is_said(ready, wheels):
    lines = []
    (ready / "old").touch()
    made = create(ready, wheels, device="gpu", report=lambda fraction, line: lines.append(line))
    assert made.details["device"] == "gpu" and not (ready / "old").exists()
    assert any("no GPU" in line for line in lines)
    assert create(ready, wheels).details["device"] == "gpu"


def test_a_library_that_is_nowhere_fails_with_reason_remedy_and_log(tmp_path, wheels, monkeypatch):
    require(tmp_path, monkeypatch, "haze==1.0\nsmog==3.0\n")
    with pytest.raises(SetUpError, match="smog") as caught:
        create(tmp_path / "engine", wheels)
    assert "folder of wheels" in str(caught.value) and environment.LOG in str(caught.value)
    assert environment.status(tmp_path / "engine").state == "incomplete"


def test_a_library_that_cant_be_imported_is_found_out(tmp_path, wheels, monkeypatch):
    make_wheel(wheels, "smog", "3.0", "raise ImportError('libsmog.so: cannot open shared object file')")
    require(tmp_path, monkeypatch, "smog==3.0\n")
    with pytest.raises(SetUpError, match="libsmog.so"):
        create(tmp_path / "engine", wheels)
    assert environment.status(tmp_path / "engine").state == "incomplete"


def test_a_folder_of_somebody_elses_is_left_alone(tmp_path, wheels):
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "chapter1.txt").write_text("years of work")
    with pytest.raises(SetUpError, match="was not made by this set-up"):
        create(folder, wheels)
    assert [path.name for path in folder.iterdir()] == ["chapter1.txt"]


def test_two_at_once_are_kept_apart(tmp_path, wheels):
    folder = tmp_path / "engine"
    with environment._exclusive(folder), pytest.raises(SetUpError, match="another set-up"):
        create(folder, wheels)
    with environment._exclusive(folder):
        pass


def test_a_wheel_folder_that_is_missing_is_named(tmp_path):
    with pytest.raises(SetUpError, match="no-wheels"):
        create(tmp_path / "engine", tmp_path / "no-wheels")


def test_every_requirement_is_imported_under_its_own_name():
    assert {"torch", "netCDF4", "rasterio", "geopandas"} <= set(environment.libraries())
    for name in environment.libraries():
        __import__(name)


def test_the_script_says_the_state_by_its_exit_status(tmp_path):
    answer = subprocess.run(
        [sys.executable, str(SCRIPT), "status", "--folder", str(tmp_path / "none")], capture_output=True, text=True, cwd=tmp_path)
    assert answer.returncode == 1 and answer.stdout.startswith("missing:") and answer.stderr == ""


def test_the_script_tells_why_it_failed_without_a_traceback(tmp_path):
    answer = subprocess.run(
        [sys.executable, str(SCRIPT), "create", "--folder", str(tmp_path / "engine"), "--base-python", "no-such-python"],
        capture_output=True, text=True, cwd=tmp_path)
    assert answer.returncode == 1 and "no-such-python" in answer.stderr and "Traceback" not in answer.stderr
