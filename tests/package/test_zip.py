"""The zip holds what an installed plugin needs and nothing else, and works from the folder that it is unpacked to."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest
from shipping import ROOT, load_package_tool


@pytest.fixture(scope="module")
def names(plugin_zip):
    with zipfile.ZipFile(plugin_zip) as archive:
        assert archive.testzip() is None
        return archive.namelist()


def test_everything_is_in_one_folder_named_as_the_plugin(names):
    assert {PurePosixPath(name).parts[0] for name in names} == {"ctm_reanalysis"}


def test_what_qgis_and_the_engine_need_is_there(names):
    for name in (
        "__init__.py",
        "metadata.txt",
        "LICENSE",
        "README.md",
        "plugin/plugin.py",
        "plugin/engine/environment.py",
        "model_core/worker.py",
        "model_core/configurations/paper.toml",
        "resources/engine-requirements.txt",
    ):
        assert f"ctm_reanalysis/{name}" in names
    assert any(name.startswith("ctm_reanalysis/resources/models/") and name.endswith(".safetensors") for name in names)


def test_no_tests_tools_recipes_caches_or_hidden_files(names):
    for name in names:
        parts = PurePosixPath(name).parts
        assert parts[1] in {
            "__init__.py",
            "metadata.txt",
            "LICENSE",
            "README.md",
            "CHANGELOG.md",
            "plugin",
            "model_core",
            "resources",
            "docs",
        }
        assert not {"tests", "recipes", "__pycache__"} & set(parts)
        assert not any(part.startswith(".") for part in parts) and not name.endswith(".pyc")


def test_it_holds_every_tracked_file_of_its_folders(names):
    listed = subprocess.run(["git", "ls-files", "plugin", "model_core"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    tracked = {name for name in listed.stdout.splitlines() if (ROOT / name).exists()}
    assert {f"ctm_reanalysis/{name}" for name in tracked} <= set(names)


def test_the_same_checkout_gives_the_same_zip(plugin_zip, tmp_path):
    assert load_package_tool().build(tmp_path).read_bytes() == plugin_zip.read_bytes()


def test_a_file_that_the_configuration_names_and_nobody_has_is_named():
    tool = load_package_tool()
    configuration = tool.read_configuration()
    configuration["files"]["extras"] += " NOTICE.md"
    with pytest.raises(FileNotFoundError, match="NOTICE.md"):
        tool.files_to_pack(configuration)


def test_qgis_lists_the_provider_and_its_algorithms(qgis):
    listed = json.loads(qgis("--json", "list"))["providers"]["ctm_reanalysis"]
    assert listed["name"] == "CTM Reanalysis"
    assert {name.split(":")[1] for name in listed["algorithms"]} >= {
        "gridstations",
        "reanalyse",
        "loadreanalysis",
        "trainmodel",
        "simulatectm",
        "checkengine",
        "setupengine",
    }


def test_the_worker_answers_from_the_unpacked_folder(qgis):
    results = json.loads(qgis("--json", "run", "ctm_reanalysis:checkengine"))["results"]
    assert results["READY"] is True
    assert Path(results["PYTHON"]) == Path(sys.executable)


def test_the_engine_that_runs_is_the_one_in_the_unpacked_folder(plugin_folder):
    code = "import model_core; print(model_core.__file__)"
    answer = subprocess.run([sys.executable, "-c", code], cwd=plugin_folder, capture_output=True, text=True, check=True)
    assert Path(answer.stdout.strip()).is_relative_to(plugin_folder)
