"""The things that are shipped, built once for all tests here."""

import os
import shutil
import subprocess
import sys
import zipfile

import pytest
from shipping import ROOT, load_package_tool


@pytest.fixture(scope="session")
def plugin_zip(tmp_path_factory):
    """The plugin's zip, built from this checkout."""
    return load_package_tool().build(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="session")
def plugin_folder(plugin_zip, tmp_path_factory):
    """The zip as QGIS installs it: unpacked into a plugin folder."""
    plugins = tmp_path_factory.mktemp("plugins")
    with zipfile.ZipFile(plugin_zip) as archive:
        archive.extractall(plugins)
    return plugins / "ctm_reanalysis"


@pytest.fixture(scope="session")
def qgis(plugin_folder, tmp_path_factory):
    """Runs qgis_process with the unpacked plugin and an empty profile; returns its output."""
    profile = tmp_path_factory.mktemp("profile")
    environ = {
        **os.environ,
        "QGIS_PLUGINPATH": str(plugin_folder.parent),
        "QT_QPA_PLATFORM": "offscreen",
        "XDG_DATA_HOME": str(profile / "data"),
        "XDG_CONFIG_HOME": str(profile / "config"),
        "CTM_REANALYSIS_ENGINE_PYTHON": sys.executable,
    }

    def run(*arguments, cwd=None):
        answer = subprocess.run(["qgis_process", *arguments], env=environ, cwd=cwd, capture_output=True, text=True, timeout=300)
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return answer.stdout

    run("plugins", "enable", "ctm_reanalysis")
    return run


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The wheel of model_core, built from a copy, because setuptools writes into the folder that it builds from."""
    source, out = tmp_path_factory.mktemp("source") / "checkout", tmp_path_factory.mktemp("wheel")
    # Other tests may be writing what begins with a dot.
    unwanted = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "*.egg-info")
    shutil.copytree(ROOT, source, ignore=unwanted)
    # The build's setuptools is the one that the test tools brought, so that no network is needed.
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return next(out.glob("*.whl"))


@pytest.fixture(scope="session")
def clean_environment():
    """An environment in which a child finds nothing of this checkout by itself."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
