"""Real QGIS, the plugin as QGIS loads it, the real engine, and a small world to work on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from small_world import FIRST_DAY, LAMBERT, SMALL_GRID, TINY_CONFIGURATION, readings_of

ROOT = Path(__file__).resolve().parents[2]
CNEMC = ROOT.parent / "shared" / "data" / "cnemc"
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # for children; pytest-qgis has started its QGIS by now
os.environ.setdefault("OMP_NUM_THREADS", "1")  # the networks are tiny, and threads only wait for each other

# The plugin's folder has the plugin's name when it is installed; a checkout may have any.
_PLUGINS = Path(tempfile.mkdtemp(prefix="ctm-reanalysis-plugins-"))
(_PLUGINS / "ctm_reanalysis").symlink_to(ROOT, target_is_directory=True)
sys.path.insert(0, str(_PLUGINS))


def pytest_unconfigure(config):
    shutil.rmtree(_PLUGINS, ignore_errors=True)  # the link goes, not what it leads to


def pytest_configure(config):
    python = os.environ.get("CTM_REANALYSIS_ENGINE_PYTHON") or str(ROOT / ".build" / "engine" / "bin" / "python")
    if not Path(python).exists():
        pytest.exit("these tests need the engine: run make test, or set CTM_REANALYSIS_ENGINE_PYTHON", 3)
    os.environ["CTM_REANALYSIS_ENGINE_PYTHON"] = python


@pytest.fixture(scope="session")
def plugin(qgis_app, qgis_processing):
    """The plugin as QGIS's plugin loader makes it, its provider registered; results load into a real tree of layers."""
    from ctm_reanalysis import classFactory
    from main_window import MainWindow
    from processing.gui import Postprocessing

    plugin = classFactory(None)
    plugin.initProcessing()
    before, Postprocessing.iface = Postprocessing.iface, MainWindow()  # before: pytest-qgis's mock, which QGIS 3.44 does not take
    yield plugin
    Postprocessing.iface = before
    plugin.unload()


@pytest.fixture
def project(qgis_app):
    """QGIS's project, empty: the one whose layers the window shows."""
    from qgis.core import QgsProject

    project = QgsProject.instance()
    project.clear()
    yield project
    project.clear()


class Log:
    """What a run said."""

    def __init__(self):
        from qgis.core import QgsProcessingFeedback

        log = self

        class Feedback(QgsProcessingFeedback):
            def pushInfo(self, text):
                log.lines.append(text)

            def pushWarning(self, text):
                log.warnings.append(text)

            def reportError(self, text, fatalError=False):
                log.errors.append(text)

        self.lines, self.warnings, self.errors, self.feedback = [], [], [], Feedback()

    @property
    def text(self) -> str:
        return "\n".join(self.lines + self.warnings + self.errors)


@pytest.fixture
def log(plugin):
    return Log()


@pytest.fixture
def run(plugin, log):
    """Run an algorithm the way the toolbox does, parameter checks first; the log is in `log`."""
    import processing

    def run(name: str, **parameters):
        return processing.run(f"ctm_reanalysis:{name}", parameters, feedback=log.feedback)

    return run


@pytest.fixture
def refusal(plugin):
    """The message with which an algorithm refuses parameters before it runs; '' if it does not."""
    from qgis.core import QgsApplication, QgsProcessingContext

    def refusal(name: str, **parameters) -> str:
        algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"ctm_reanalysis:{name}")
        return algorithm.checkParameterValues(parameters, QgsProcessingContext())[1]

    return refusal


@pytest.fixture(scope="session")
def small_crs(qgis_app):
    from qgis.core import QgsCoordinateReferenceSystem

    return QgsCoordinateReferenceSystem.fromProj(LAMBERT)


@pytest.fixture(scope="session")
def make_stations(qgis_app, small_crs):
    """A memory layer of the days' readings: code, city, day, time, pm25, as_text, rh, wind, note."""
    from qgis.core import QgsFeature, QgsGeometry, QgsPointXY, QgsVectorLayer
    from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QTime

    fields = (
        "code:string",
        "city:string",
        "day:date",
        "time:datetime",
        "pm25:double",
        "as_text:string",
        "rh:double",
        "wind:double",
        "note:string",
    )

    def make(days=(FIRST_DAY,), name="stations"):
        layer = QgsVectorLayer("Point?" + "&".join(f"field={field}" for field in fields), name, "memory")
        layer.setCrs(small_crs)
        features = []
        for day in days:
            when = QDate(day.year, day.month, day.day)
            noon = QDateTime(when, QTime(12, 0), Qt.TimeSpec.LocalTime)
            for station, (x, y, value) in enumerate(readings_of(day)):
                feature = QgsFeature(layer.fields())
                feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(x, y)))
                feature.setAttributes(
                    [f"S{station}", f"C{station % 5}", when, noon, value, repr(value), 40.0 + station % 30, 1.0 + station % 4, "fine"]
                )
                features.append(feature)
        layer.dataProvider().addFeatures(features)
        return layer

    return make


@pytest.fixture
def stations(make_stations):
    """One day of readings."""
    return make_stations()


@pytest.fixture(scope="session")
def ctm_file(plugin, tmp_path_factory):
    """Six simulated days on the small grid, made by the algorithm."""
    import processing

    path = str(tmp_path_factory.mktemp("ctm") / "simulated.nc")
    processing.run("ctm_reanalysis:simulatectm", {"GRID": SMALL_GRID, "START": "2018-01-05", "DAYS": 6, "SEED": 3, "OUTPUT": path})
    return path


@pytest.fixture(scope="session")
def tiny_configuration(tmp_path_factory):
    path = tmp_path_factory.mktemp("configuration") / "tiny.toml"
    path.write_text(TINY_CONFIGURATION)
    return str(path)


@pytest.fixture(scope="session")
def training(plugin, ctm_file, tiny_configuration, tmp_path_factory):
    """What training a tiny model gave, its file among it."""
    import processing

    path = str(tmp_path_factory.mktemp("model") / "tiny.safetensors")
    return processing.run(
        "ctm_reanalysis:trainmodel",
        {"CTM": [ctm_file], "CONFIG": "file", "CONFIG_FILE": tiny_configuration, "DEVICE": "cpu", "SEED": 1, "OUTPUT": path},
    )


@pytest.fixture(scope="session")
def tiny_model(training):
    return training["OUTPUT"]


@pytest.fixture(scope="session")
def read_raster(qgis_app):
    """A band as an array, through GDAL."""
    from osgeo import gdal

    def read(path: str, band: int = 1):
        dataset = gdal.Open(path)  # a band dies with its dataset
        return dataset.GetRasterBand(band).ReadAsArray()

    return read


@pytest.fixture
def engine(plugin):
    """The client's one engine, to look at its worker."""
    from ctm_reanalysis.plugin.engine import client

    return client.engine


@pytest.fixture(scope="session")
def cnemc_day():
    """The real readings of 2018-02-20, 1495 Chinese stations."""
    path = CNEMC / "cnemc_snapshot_20180220T07.csv"
    if not path.exists():
        pytest.skip(f"the real station day is not here ({path.name})")
    return path


@pytest.fixture(scope="session")
def bundled_model():
    if not list((ROOT / "resources" / "models").glob("*.safetensors")):
        pytest.skip("no bundled model in resources/models")
    return "bundled"


@pytest.fixture(scope="session")
def call_qgis_process(tmp_path_factory):
    """Run qgis_process with a profile's folder and arguments; only this plugin is among those that it finds."""
    program = shutil.which("qgis_process")
    if program is None:
        pytest.skip("qgis_process is not on the PATH")
    plugins = tmp_path_factory.mktemp("plugins")
    (plugins / "ctm_reanalysis").symlink_to(ROOT, target_is_directory=True)

    def call(profile, *arguments):
        environment = {
            **os.environ,
            "QT_QPA_PLATFORM": "offscreen",
            "QGIS_PLUGINPATH": str(plugins),
            "QGIS_CUSTOM_CONFIG_PATH": str(profile),
        }
        environment.pop("QGIS_OPTIONS_PATH", None)
        done = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return call


@pytest.fixture(scope="session")
def new_profile(call_qgis_process, tmp_path_factory):
    """A profile in which nothing was done but enabling this plugin, which takes QGIS seconds: each test takes a copy."""
    profile = tmp_path_factory.mktemp("profile") / "profile"
    call_qgis_process(profile, "plugins", "enable", "ctm_reanalysis")
    return profile


@pytest.fixture
def qgis_process(call_qgis_process, new_profile, tmp_path):
    """Run qgis_process with a fresh profile in which only this plugin is enabled; returns its JSON results."""
    profile = shutil.copytree(new_profile, tmp_path / "profile")

    def run(name, **values):
        words = (f"--{key}={value}" for key, value in values.items())
        return json.loads(call_qgis_process(profile, "--json", "run", name, *words))["results"]

    return run
