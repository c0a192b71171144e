"""The arrows run one way: the plugin imports none of the engine's libraries, the engine nothing of QGIS."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENGINE_ONLY = {"torch", "rasterio", "xarray", "netCDF4", "geopandas", "model_core"}
QGIS_ONLY = {"qgis", "PyQt4", "PyQt5", "PyQt6", "PySide2", "PySide6", "processing", "plugin"}
BINDINGS = {"PyQt4", "PyQt5", "PyQt6", "PySide2", "PySide6", "sip"}


def python_files(folder):
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files
    return files


def imported(path):
    """Top-level names of all that a file imports, inside functions and by `import_module` too; with their lines."""
    tree = ast.parse(path.read_text(encoding="utf-8"), path.name)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module]
        elif isinstance(node, ast.Call) and _called(node.func) in ("import_module", "__import__") and node.args:
            names = [node.args[0].value] if isinstance(node.args[0], ast.Constant) else []
        else:
            continue
        for name in names:
            yield name.split(".")[0], f"{path.relative_to(ROOT)}:{node.lineno} imports {name}"


def _called(function):
    return getattr(function, "attr", getattr(function, "id", ""))


def offences(paths, forbidden):
    """Where one of the names is imported, each FILE:LINE imports NAME."""
    return [place for path in paths for name, place in imported(path) if name in forbidden]


def test_the_plugin_imports_no_engine_library_and_qt_only_through_qgis():
    assert offences([*python_files("plugin"), ROOT / "__init__.py"], ENGINE_ONLY | BINDINGS) == []


def test_the_engine_imports_neither_qgis_nor_qt():
    assert offences(python_files("model_core"), QGIS_ONLY) == []


def test_the_engines_side_of_the_plugin_needs_no_qgis():
    assert offences(python_files("plugin/engine"), {"qgis"}) == []


def test_the_plugin_parses_on_the_oldest_python_that_qgis_ships():
    for path in python_files("plugin"):
        ast.parse(path.read_text(encoding="utf-8"), str(path), feature_version=(3, 9))


def test_the_check_sees_imports_inside_functions_and_by_name(tmp_path, monkeypatch):
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    path = tmp_path / "sample.py"
    path.write_text("def f():\n    import torch.nn\n    from rasterio import open\n    importlib.import_module('xarray.core')\n")
    assert len(offences([path], ENGINE_ONLY)) == 3


def test_jobs_that_compute_no_field_do_not_wait_for_torch():
    """Importing it takes a processor some seconds: nobody who looks into a file should wait for that."""
    jobs = ("inspect", "read_stations", "grid_stations", "covariates", "exposure", "simulate", "compareraster", "animate", "aggregate")
    code = (
        "import sys; from importlib import import_module; sys.modules['torch'] = None\n"
        "for name in sys.argv[1:]: import_module('model_core.jobs.' + name)"
    )
    done = subprocess.run([sys.executable, "-c", code, *jobs], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
