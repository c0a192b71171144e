"""The zip can be uploaded to QGIS's plugin repository as soon as the maintainers have addresses to put into it."""

import importlib.util
import shutil
import zipfile

import pytest
from shipping import ROOT


@pytest.fixture(scope="module")
def rules():
    spec = importlib.util.spec_from_file_location("repository_rules", ROOT / "tools" / "repository_rules.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def changed(plugin_zip, tmp_path):
    """The zip with some of its small files replaced or added."""

    def change(**files):
        target = tmp_path / "changed.zip"
        shutil.copy(plugin_zip, target)
        with zipfile.ZipFile(target, "a") as archive:
            for name, text in files.items():
                archive.writestr(f"ctm_reanalysis/{name}", text)
        return target

    return change


def test_only_the_maintainers_addresses_may_be_missing(rules, plugin_zip):
    assert set(rules.faults(plugin_zip)) <= set(rules.ADDRESSES)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_with_addresses_nothing_is_missing(rules, changed, plugin_zip):
    with zipfile.ZipFile(plugin_zip) as archive:
        lines = archive.read("ctm_reanalysis/metadata.txt").decode().splitlines()
    kept = [line for line in lines if not line.startswith(tuple(f"{key}=" for key in rules.ADDRESSES))]
    filled = [f"{key}=https://ctm-reanalysis.dev/{key}" for key in rules.ADDRESSES]
    assert rules.faults(changed(**{"metadata.txt": "\n".join(kept + filled)})) == {}


@pytest.mark.parametrize("name", [".hidden", "plugin/__pycache__/x.cpython-311.pyc", "model_core/fast.so"])
def test_a_hidden_or_compiled_file_is_found(rules, changed, name):
    assert "hidden or compiled" in rules.faults(changed(**{name: "x"}))["files"]
