"""A period in one run: the same fields as day by day, as one layer with a time; what is cut off goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import (
    Qgis,
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputLayerDefinition,
    QgsRasterLayer,
)
from small_world import DAYS, FIRST_DAY, SMALL_GRID, readings_of


@pytest.fixture
def values(make_stations, tiny_model):
    """Ten days, of which the fifth has no readings."""
    return {
        "STATIONS": make_stations([day for day in DAYS if day != DAYS[4]]),
        "VALUE": "pm25",
        "TIME": "day",
        "ID": "code",
        "GRID": SMALL_GRID,
        "MODEL": tiny_model,
        "DEVICE": "cpu",
    }


@pytest.fixture
def single_days(run, values, tmp_path):
    """The same days, one run each."""
    return {
        day: run("reanalyse", **values, DATE=str(day), OUTPUT=str(tmp_path / f"single_{day}.tif"))["OUTPUT"]
        for day in DAYS
        if day != DAYS[4]
    }


def test_a_series_holds_the_fields_of_single_days(run, values, single_days, read_raster, log, tmp_path):
    result = run("reanalyseperiod", **values, OUTPUT=str(tmp_path / "series.nc"))
    assert (result["COMPUTED"], result["KEPT"], result["MISSING"]) == (9, 0, 1) and result["DAYS_PER_SECOND"] > 0
    assert str(DAYS[4]) in "".join(log.warnings)
    for number, day in enumerate(DAYS):
        field = read_raster(result["OUTPUT"], number + 1)
        assert np.isnan(field).all() if day == DAYS[4] else np.array_equal(field, read_raster(single_days[day])), day


def test_a_folder_holds_the_fields_of_single_days_and_is_one_layer(run, values, single_days, read_raster, project, tmp_path):
    from ctm_reanalysis.plugin.layers.load import load_layer
    from ctm_reanalysis.plugin.layers.series import write_series

    folder = tmp_path / "folder"
    result = run("reanalyseperiod", **values, FOLDER=str(folder))
    assert result["COMPUTED"] == 9 and len(list(folder.glob("*.tif"))) == 9
    for day, single in single_days.items():
        assert np.array_equal(read_raster(str(folder / f"pm25_{day}.tif")), read_raster(single)), day
    layer = load_layer(write_series(folder))
    ranges = layer.temporalProperties().fixedRangePerBand()
    days = [ranges[band].begin().date().toPyDate() for band in sorted(ranges)]
    assert days == list(single_days) and layer.name() == f"PM2.5 reanalysis {DAYS[0]} – {DAYS[-1]} (µg m⁻³)"
    assert np.array_equal(read_raster(layer.source(), 3), read_raster(single_days[days[2]]))


def test_a_second_run_computes_what_is_missing(run, values, tmp_path):
    first = run("reanalyseperiod", **values, OUTPUT=str(tmp_path / "series.nc"), END=str(DAYS[3]))
    assert (first["COMPUTED"], first["MISSING"]) == (4, 0)
    again = run("reanalyseperiod", **values, OUTPUT=str(tmp_path / "series.nc"))
    assert (again["COMPUTED"], again["KEPT"], again["MISSING"]) == (5, 4, 1)


def test_a_cancelled_run_keeps_what_is_done(run, values, log, tmp_path):
    class OnceItComputes(QgsProcessingFeedback):
        def setProgressText(self, text):
            if "of 10 days" in text and not text.startswith("0 "):
                self.cancel()

    import processing

    folder = tmp_path / "folder"
    with pytest.raises(QgsProcessingException, match="finished are kept"):
        processing.run("ctm_reanalysis:reanalyseperiod", {**values, "FOLDER": str(folder)}, feedback=OnceItComputes(False))
    done = len(list(folder.glob("*.tif")))
    again = run("reanalyseperiod", **values, FOLDER=str(folder))
    assert again["KEPT"] == done and again["COMPUTED"] == 9 - done


def test_files_by_day_give_the_same(run, values, read_raster, small_crs, tmp_path):
    from ctm_reanalysis.plugin.stations import crs_text

    for day in DAYS[:3]:
        rows = "\n".join(f"{x!r},{y!r},{value!r}" for x, y, value in readings_of(day))
        (tmp_path / f"pm_{day:%Y%m%d}.csv").write_text(f"x,y,pm25\n{rows}\n")
    layer = run("reanalyseperiod", **values, END=str(DAYS[2]), OUTPUT=str(tmp_path / "layer.nc"))
    files = run(
        "reanalyseperiod",
        FILES=str(tmp_path / "pm_{date:%Y%m%d}.csv"),
        FILES_VALUE="pm25",
        FILES_CRS=crs_text(small_crs),
        **{name: values[name] for name in ("GRID", "MODEL", "DEVICE")},
        OUTPUT=str(tmp_path / "files.nc"),
    )
    for band in (1, 2, 3):
        assert np.array_equal(read_raster(layer["OUTPUT"], band), read_raster(files["OUTPUT"], band))


def test_files_of_a_published_form_need_no_column(run, values, log, tmp_path):
    """OpenAQ's archive: several species in one column, hours stamped at their end."""
    rows = [
        f"{station},1,here,{day}T{hour:02d}:00:00+00:00,{35 + station},{111 + station},{species},µg/m³,{value}"
        for day in DAYS[1:3]
        for station in (1, 2)
        for hour in range(24)
        for species, value in (("pm25", 30), ("o3", 90))
    ]
    (tmp_path / "openaq.csv").write_text(
        "\n".join(["location_id,sensors_id,location,datetime,lat,lon,parameter,units,value", *rows]), encoding="utf-8"
    )
    result = run(
        "reanalyseperiod",
        FILES=str(tmp_path / "openaq.csv"),
        FILES_WHERE="location_id>=1\nlocation_id<=2",
        START=str(DAYS[1]),
        END=str(DAYS[1]),
        **{name: values[name] for name in ("GRID", "MODEL", "DEVICE")},
        OUTPUT=str(tmp_path / "series.nc"),
    )
    assert (result["COMPUTED"], result["MISSING"]) == (1, 0)
    assert "recognised as OpenAQ" in log.text and "30 to 30" in log.text


def test_hours_are_dated_by_the_hour(run, values, make_stations, tmp_path):
    from ctm_reanalysis.plugin.layers.load import load_layer

    result = run("reanalyseperiod", **{**values, "TIME": "time"}, END=str(DAYS[1]), STEP="hour", OUTPUT=str(tmp_path / "hours.nc"))
    assert result["COMPUTED"] == 2 and result["MISSING"] >= 23  # each day has readings of noon alone
    layer = load_layer(Path(tmp_path / "hours.nc"))
    ranges = layer.temporalProperties().fixedRangePerBand()
    spans = [ranges[band].begin().secsTo(ranges[band].end()) for band in sorted(ranges)]
    assert set(spans) == {3599} and len(spans) == result["COMPUTED"] + result["MISSING"]


@pytest.mark.parametrize("output", ["temporary", "folder"])
def test_the_toolbox_loads_the_series(values, project, output, tmp_path):
    from processing.gui.Postprocessing import handleAlgorithmResults

    algorithm = QgsApplication.processingRegistry().createAlgorithmById("ctm_reanalysis:reanalyseperiod")
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
    context.setProject(project)
    project.addMapLayer(values["STATIONS"])
    place = (
        {"OUTPUT": QgsProcessingOutputLayerDefinition("TEMPORARY_OUTPUT", project)}
        if output == "temporary"
        else {"FOLDER": str(tmp_path / "folder")}
    )
    values = {**values, **place, "END": str(DAYS[2])}
    assert algorithm.checkParameterValues(values, context) == (True, "")
    results, ok = algorithm.run(values, context, feedback)
    assert ok and handleAlgorithmResults(algorithm, context, feedback, parameters=values), feedback.textLog()
    (layer,) = [layer for layer in project.mapLayers().values() if isinstance(layer, QgsRasterLayer)]
    assert layer.name() == f"PM2.5 reanalysis {DAYS[0]} – {DAYS[2]} (µg m⁻³)" and layer.bandCount() == 3
    assert layer.temporalProperties().mode() == Qgis.RasterTemporalMode.FixedRangePerBand
    assert layer.renderer().type() == "singlebandpseudocolor"


@pytest.mark.parametrize(
    "spoil, expected",
    [
        ({"STATIONS": None}, "Choose a station layer"),
        ({"FILES": "x.csv"}, "one of them"),
        ({"TIME": None}, "field with the time"),
        ({"START": "2018-02-20", "END": "2018-02-18"}, "before the first"),
        ({"OUTPUT": "/tmp/series.tif"}, "must end in .nc"),
        ({"OUTPUT": None}, "Name the NetCDF"),
    ],
)
def test_what_can_not_be_is_refused(refusal, values, spoil, expected, tmp_path):
    assert expected in refusal("reanalyseperiod", **{**values, "OUTPUT": str(tmp_path / "series.nc"), **spoil})


@pytest.fixture
def far_down(tmp_path):
    """A folder with spaces, umlauts and Chinese letters whose path is longer than Windows' old limit of 260 characters."""
    folder = tmp_path
    while len(str(folder)) < 260:
        folder = folder / "Messungen für März µg 空气质量 再分析"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def engine_far_down(far_down, monkeypatch):
    """An environment of the engine that lies there; its libraries are those of the tests' engine."""
    python = os.environ["CTM_REANALYSIS_ENGINE_PYTHON"]
    subprocess.run([python, "-m", "venv", "--without-pip", str(far_down / "engine")], check=True)
    libraries = subprocess.check_output([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'), end='')"], text=True)
    site = next((far_down / "engine").rglob("site-packages"))
    (site / "libraries.pth").write_text(f"import site; site.addsitedir({libraries!r})\n")
    monkeypatch.setenv("CTM_REANALYSIS_ENGINE_PYTHON", str(site.parents[2] / "bin" / "python"))


def test_it_works_from_qgis_process_with_everything_far_down(engine_far_down, qgis_process, tiny_model, far_down):
    (far_down / "Tage 日").mkdir()
    for day in DAYS[:3]:
        rows = "\n".join(f"{x!r},{y!r},{value!r},{day}" for x, y, value in readings_of(day))
        (far_down / "Tage 日" / f"{day}.csv").write_text(f"x,y,pm25,day\n{rows}\n")
    results = qgis_process(
        "ctm_reanalysis:reanalyseperiod",
        FILES=far_down / "Tage 日",
        FILES_VALUE="pm25",
        FILES_TIME="day",
        FILES_CRS="+proj=lcc +lat_1=25 +lat_2=40 +lat_0=34 +lon_0=110 +R=6370000 +units=m",
        GRID=SMALL_GRID,
        MODEL=shutil.copy(tiny_model, far_down / "Modell 模型.safetensors"),
        OUTPUT=far_down / "Felder 场.nc",
        START=FIRST_DAY,
        END=FIRST_DAY + timedelta(days=1),
    )
    assert results["COMPUTED"] == 2 and gdal.Open(str(far_down / "Felder 场.nc")) is not None
