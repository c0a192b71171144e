"""Which Python runs the engine: the order of the places, and what is said when there is none."""

import os
import sys
from pathlib import Path

import pytest

from plugin.engine import base_python, environment, locate, process
from plugin.engine.errors import EngineMissing, SetUpError
from plugin.engine.locate import EnginePython, find_engine


@pytest.fixture(autouse=True)
def fresh():
    locate.forget()
    yield
    locate.forget()


@pytest.fixture
def interpreter(tmp_path):
    """A file that can be executed; the choice is made without running it."""
    path = tmp_path / "chosen" / "python"
    path.parent.mkdir()
    path.symlink_to(sys.executable)
    return str(path)


@pytest.fixture
def managed(tmp_path):
    """A managed environment in the state that a complete set-up leaves."""
    folder = tmp_path / "managed"
    python = environment.python_in(folder)
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    environment._write_marker(
        folder, {"state": "ready", "requirements": environment.requirements_hash(), "base": os.path.realpath(sys.executable)}
    )
    return folder


def test_the_setting_comes_first(interpreter, managed):
    assert find_engine(interpreter, {locate.VARIABLE: sys.executable}, managed) == EnginePython(interpreter, "setting")


def test_then_the_environment_variable(interpreter, managed):
    assert find_engine("", {locate.VARIABLE: interpreter}, managed) == EnginePython(interpreter, "variable")


def test_then_the_managed_environment(managed):
    assert find_engine("", {}, managed) == EnginePython(str(environment.python_in(managed)), "managed")


def test_then_qgis_own_interpreter_if_it_can_import_everything(tmp_path):
    found = find_engine("", {}, tmp_path / "none")
    assert found.source == "qgis" and os.path.samefile(found.path, sys.executable)


def test_an_interpreter_that_lacks_the_libraries_is_not_taken(tmp_path, monkeypatch):
    import venv

    venv.create(tmp_path / "bare", with_pip=False)
    bare = str(tmp_path / "bare" / "bin" / "python")
    assert "torch" in locate.missing_libraries(bare)
    monkeypatch.setattr(locate, "own_interpreters", lambda: [bare])
    with pytest.raises(EngineMissing, match="Set up engine"):
        find_engine("", {}, tmp_path / "none")


@pytest.mark.parametrize("source", ["setting", "variable"])
def test_a_choice_that_is_no_interpreter_is_an_error_and_not_passed_over(source, managed, tmp_path):
    wrong = str(tmp_path / "removed" / "python")
    setting, variable = (wrong, "") if source == "setting" else ("", wrong)
    with pytest.raises(EngineMissing, match="removed") as caught:
        find_engine(setting, {locate.VARIABLE: variable}, managed)
    assert ("Engine Python" if source == "setting" else locate.VARIABLE) in str(caught.value)


@pytest.mark.parametrize("windows", [True, False])
def test_a_choice_whose_qgis_was_updated_is_named_with_the_fix(tmp_path, monkeypatch, windows):
    monkeypatch.setattr(process, "WINDOWS", windows)
    python, home = environment.python_in(tmp_path / "env"), tmp_path / "QGIS 3.40.1"
    python.parent.mkdir(parents=True)
    if windows:
        python.touch()
        python.chmod(0o755)
    else:
        python.symlink_to(home / "python3")
    (tmp_path / "env" / "pyvenv.cfg").write_text(f"home = {home}\n")
    with pytest.raises(EngineMissing, match="QGIS was updated.*QGIS 3.40.1.*Set up engine"):
        find_engine(str(python), {})


def test_a_folder_is_no_interpreter(tmp_path):
    with pytest.raises(EngineMissing, match="not a Python interpreter"):
        find_engine(str(tmp_path), {})


def test_an_incomplete_environment_is_named_with_the_fix(managed):
    environment._write_marker(managed, {"state": "building"})
    with pytest.raises(EngineMissing, match="not complete.*Set up engine"):
        find_engine("", {}, managed)


def test_an_environment_of_another_version_is_named_with_the_fix(managed):
    environment._write_marker(managed, {"state": "ready", "requirements": "of long ago", "base": os.path.realpath(sys.executable)})
    with pytest.raises(EngineMissing, match="another version.*Set up engine"):
        find_engine("", {}, managed)


@pytest.mark.parametrize(("platform", "windows"), [("win32", True), ("darwin", False)])
def test_sys_executable_is_never_taken_on_windows_and_macos(platform, windows, monkeypatch, tmp_path):
    names = ["python.exe"] if windows else ["bin/python3"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    qgis = tmp_path / ("qgis-bin.exe" if windows else "QGIS")
    qgis.touch()
    monkeypatch.setattr(process, "WINDOWS", windows)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(sys, "executable", str(qgis))
    for name in ("prefix", "exec_prefix", "base_exec_prefix"):
        monkeypatch.setattr(sys, name, str(tmp_path))
    found = base_python.own_interpreters()
    assert found == [str(tmp_path / name) for name in names]


def pretender(folder, said):
    """A program that answers as a Python of another kind does."""
    python = folder / "python3"
    python.write_text(f"#!/bin/sh\necho {said}\n")
    python.chmod(0o755)
    return python


def test_a_base_python_that_is_given_must_work(tmp_path):
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho I am not Python\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(SetUpError, match="I am not Python"):
        base_python.find_base_python(str(broken))
    with pytest.raises(SetUpError, match="not found"):
        base_python.find_base_python(str(tmp_path / "nowhere"))


def test_an_old_base_python_is_refused_by_its_version(tmp_path):
    old = tmp_path / "python3.9"
    old.write_text("#!/bin/sh\necho 3 9\n")
    old.chmod(0o755)
    assert "3.9" in base_python.problem_of(str(old))


def test_a_base_python_without_venv_is_told_what_to_install(tmp_path):
    python = tmp_path / "python3"
    python.write_text("#!/bin/sh\necho 3 11\necho 'No module named ensurepip'\nexit 1\n")
    python.chmod(0o755)
    assert "apt install python3-venv" in base_python.problem_of(str(python))


@pytest.mark.parametrize(("version", "usable"), [("3 10", False), ("3 11", True), ("3 14", True), ("3 15", False)])
def test_a_base_python_must_be_one_that_pytorch_is_made_for(tmp_path, version, usable):
    assert (base_python.problem_of(str(pretender(tmp_path, f"{version} x86_64"))) == "") == usable


def test_a_base_python_of_a_certain_version_can_be_asked_for(tmp_path):
    python = str(pretender(tmp_path, "3 12 x86_64"))
    assert base_python.problem_of(python, (3, 12)) == "" and "3.12" in base_python.problem_of(python, (3, 11))


@pytest.mark.parametrize(
    ("said", "problem"), [("3 12 arm64 15.1", ""), ("3 12 x86_64 15.1", "Intel"), ("3 12 arm64 13.6.1", "macOS 13.6.1")]
)
def test_on_a_mac_pytorch_wants_an_apple_processor_and_a_system_that_is_not_old(tmp_path, monkeypatch, said, problem):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(process, "is_translated", lambda: False)
    found = base_python.problem_of(str(pretender(tmp_path, said)))
    assert problem in found and bool(found) == bool(problem)


def test_a_qgis_for_intel_on_an_apple_processor_starts_its_children_for_the_processor(monkeypatch):
    monkeypatch.setattr(process, "is_translated", lambda: True)
    status, text = process.output_of([sys.executable, "--version"], 20)
    assert status and "arch" in text, "where there is a program of that name, it is another one and refuses; but it was asked"


def test_only_on_a_mac_a_process_is_translated():
    assert process.is_translated() is False


@pytest.mark.parametrize(
    ("path", "platform", "stub"),
    [
        ("/usr/bin/python3", "darwin", True),
        ("/opt/homebrew/bin/python3", "darwin", False),
        ("/usr/bin/python3", "linux", False),
        ("C:/Users/me/AppData/Local/Microsoft/WindowsApps/python3.exe", "win32", True),
    ],
)
def test_what_only_opens_a_shop_or_an_installer_is_never_started(monkeypatch, path, platform, stub):
    monkeypatch.setattr(sys, "platform", platform)
    assert base_python._is_stub(path) == stub


def test_a_base_python_is_found_here():
    assert base_python.problem_of(base_python.find_base_python()) == ""


def test_a_child_gets_nothing_of_qgis(tmp_path):
    root = tmp_path / "Q"
    given = {
        "PYTHONHOME": "x",
        "PYTHONPATH": "x",
        "PROJ_LIB": "x",
        "PROJ_DATA": "x",
        "GDAL_DATA": "x",
        "GDAL_DRIVER_PATH": "x",
        "VIRTUAL_ENV": "x",
        "QT_PLUGIN_PATH": "x",
        "QGIS_PREFIX_PATH": str(root),
        "OSGEO4W_ROOT": "x",
        "LD_LIBRARY_PATH": os.pathsep.join([str(root / "lib"), "/home/me/lib"]),
        "DYLD_LIBRARY_PATH": "/Applications/QGIS.app/Contents/MacOS/lib",
        "PATH": os.pathsep.join([str(root / "bin"), "/usr/bin", "/home/me/OSGeo4W/bin"]),
        "HOME": "/home/me",
        "HTTPS_PROXY": "proxy",
        "PIP_FIND_LINKS": "wheels",
        "CUDA_VISIBLE_DEVICES": "0",
        "PIP_USER": "1",
        "PIP_TARGET": "x",
        "PIP_PREFIX": "x",
        "PIP_REQUIRE_VIRTUALENV": "1",
    }
    assert process.clean_environment(given) == {
        "PATH": "/usr/bin",
        "LD_LIBRARY_PATH": "/home/me/lib",
        "HOME": "/home/me",
        "HTTPS_PROXY": "proxy",
        "PIP_FIND_LINKS": "wheels",
        "CUDA_VISIBLE_DEVICES": "0",
        "PYTHONUTF8": "1",
    }


def test_a_system_wide_qgis_takes_no_system_folder_away():
    given = {"QGIS_PREFIX_PATH": "/usr", "PATH": "/usr/local/bin:/usr/bin:/bin"}
    assert process.clean_environment(given)["PATH"] == given["PATH"]


def test_a_real_child_sees_the_cleaned_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PROJ_LIB", str(tmp_path))
    code = "import os; print(sorted(set(os.environ) & {'PYTHONPATH', 'PROJ_LIB', 'PATH'}))"
    assert process.output_of([sys.executable, "-c", code], 20) == (0, "['PATH']")


def test_on_windows_a_tree_of_processes_is_ended_by_windows_own_program(monkeypatch):
    monkeypatch.setenv("SystemRoot", r"D:\Windows")
    assert process.taskkill().startswith(r"D:\Windows") and process.taskkill().endswith("taskkill.exe")


def test_an_environment_whose_qgis_was_updated_is_named_with_the_fix(managed, tmp_path):
    python = environment.python_in(managed)
    python.unlink()
    python.symlink_to(tmp_path / "QGIS 3.40.1" / "python3")
    (managed / "pyvenv.cfg").write_text(f"home = {tmp_path / 'QGIS 3.40.1'}\n")
    with pytest.raises(EngineMissing, match="QGIS was updated.*Set up engine.*repairs"):
        find_engine("", {}, managed)


def test_a_command_that_hangs_is_ended(tmp_path):
    status, text = process.output_of([sys.executable, "-c", "import time; time.sleep(30)"], 0.5)
    assert status == 127 and "0.5 s" in text


def test_the_default_folder_is_in_the_users_data(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert environment.default_folder() == Path(tmp_path) / "ctm-reanalysis" / "engine"
