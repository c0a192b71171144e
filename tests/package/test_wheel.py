"""`pip install .` gives researchers model_core, its models and its command, with no checkout at hand."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from shipping import ROOT

import model_core


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory, clean_environment):
    """A fresh environment with the wheel; the libraries come from the environment that runs the tests."""
    folder = tmp_path_factory.mktemp("research") / "env"
    venv.create(folder, with_pip=False)
    pip = [sys.executable, "-m", "pip", "--python", folder / "bin" / "python"]
    subprocess.run([*pip, "install", "--quiet", "--no-deps", "--no-index", wheel], check=True, env=clean_environment)
    libraries = next(Path(sys.prefix).glob("lib/python3*/site-packages"))
    own = next(folder.glob("lib/python3*/site-packages"))
    (own / "libraries.pth").write_text(f"import sys; sys.path.append({str(libraries)!r})\n")  # appended: .pth files there don't act
    return folder


def test_the_wheel_holds_every_module_and_every_bundled_model(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "model_core").rglob("*") if path.suffix in (".py", ".toml")}
    models = {f"model_core/bundled/{path.name}" for path in (ROOT / "resources" / "models").glob("*.safetensors")}
    assert models
    assert names >= modules | models
    assert not any(name.startswith(("plugin/", "tests/", "tools/")) for name in names)


def test_its_papers_name_version_licence_and_libraries(wheel):
    with zipfile.ZipFile(wheel) as archive:
        metadata = next(archive.read(name).decode() for name in archive.namelist() if name.endswith("/METADATA"))
    assert f"Version: {model_core.__version__}\n" in metadata and "License-Expression: GPL-2.0-or-later" in metadata
    assert "Requires-Dist: torch==2.13.0" in metadata and "Requires-Python: >=3.11" in metadata


def test_the_command_answers_and_finds_the_bundled_models(installed, tmp_path, clean_environment):
    command = [installed / "bin" / "ctm-reanalysis", "info", "--json"]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=clean_environment)
    assert answer.returncode == 0, answer.stderr
    for path in (ROOT / "resources" / "models").glob("*.safetensors"):
        assert path.stem in answer.stdout
    assert str(ROOT / "resources") not in answer.stdout


def test_the_command_speaks_chinese_where_it_is_asked_to(installed, tmp_path, clean_environment):
    command = [installed / "bin" / "ctm-reanalysis", "inspect", str(tmp_path / "nowhere.nc")]
    answer = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**clean_environment, "CTM_REANALYSIS_LANGUAGE": "zh_CN"},
    )
    assert answer.returncode and any("\u4e00" <= letter <= "\u9fff" for letter in answer.stderr), answer.stderr


def test_the_installed_package_is_the_one_that_is_imported(installed, tmp_path, clean_environment):
    code = "import model_core, model_core.jobs, model_core.simulation; print(model_core.__file__)"
    answer = subprocess.run([installed / "bin" / "python", "-c", code], cwd=tmp_path, capture_output=True, text=True, env=clean_environment)
    assert Path(answer.stdout.strip()).is_relative_to(installed), answer.stderr
