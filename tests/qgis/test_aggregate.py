"""What is made of fields, in QGIS: means with their periods on the time axis, maps of limits, stations, panel."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import (
    QgsApplication,
    QgsFeature,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsTemporalNavigationObject,
    QgsVectorLayer,
)
from small_world import DAYS, FIRST_DAY, SMALL_GRID, readings_of


@pytest.fixture(scope="module")
def series(plugin, make_stations, tiny_model, tmp_path_factory):
    """Ten days of fields, 2018-02-16 to 25, as a NetCDF."""
    import processing

    path = tmp_path_factory.mktemp("series") / "series.nc"
    processing.run(
        "ctm_reanalysis:reanalyseperiod",
        {
            "STATIONS": make_stations(DAYS),
            "VALUE": "pm25",
            "TIME": "day",
            "ID": "code",
            "GRID": SMALL_GRID,
            "MODEL": tiny_model,
            "DEVICE": "cpu",
            "OUTPUT": str(path),
        },
    )
    return str(path)


@pytest.fixture(scope="module")
def fields(series):
    """The same as an array (days, rows, columns)."""
    return gdal.Open(f'NETCDF:"{series}":pm25').ReadAsArray().astype(float)


@pytest.fixture
def west(small_crs):
    """A polygon over the western half of the grid."""
    layer = QgsVectorLayer("Polygon", "west", "memory")
    layer.setCrs(small_crs)
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(0, 0, 384_000, 576_000)))
    layer.dataProvider().addFeatures([feature])
    return layer


def test_the_mean_is_that_of_the_days(run, series, fields, read_raster, log, tmp_path):
    result = run("aggregate", FIELDS=[series], ABOVE="60", PERCENTILES="90", OUTPUT=str(tmp_path / "mean.nc"))
    assert (result["DAYS"], result["PERIODS"], result["FIRST_DAY"]) == (10, 1, str(FIRST_DAY))
    np.testing.assert_allclose(read_raster(result["OUTPUT"]), fields.mean(0), rtol=1e-5)
    np.testing.assert_array_equal(read_raster(f'NETCDF:"{tmp_path / "mean.nc"}":pm25_days_above_60'), (fields > 60).sum(0))
    assert "mean over the area" in log.text


def test_a_layer_of_the_series_will_do_as_its_file(run, series, read_raster, fields, tmp_path):
    result = run("aggregate", FIELDS=[f'NETCDF:"{series}":pm25'], OUTPUT=str(tmp_path / "mean.nc"))
    np.testing.assert_allclose(read_raster(result["OUTPUT"]), fields.mean(0), rtol=1e-5)


def test_the_toolbox_loads_means_limits_and_stations_with_style_and_time(series, make_stations, tmp_path):
    from processing.gui.Postprocessing import handleAlgorithmResults
    from qgis.core import QgsProcessingOutputLayerDefinition

    project = QgsProject.instance()
    project.clear()
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("ctm_reanalysis:aggregate")
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
    context.setProject(project)
    stations = make_stations(DAYS)
    project.addMapLayer(stations)
    values = {
        "FIELDS": [series],
        "BY": "year",
        "MINIMUM_SHARE": 0.02,
        "LIMITS": ["who2021"],
        "STATIONS": stations,
        "VALUE": "pm25",
        "TIME": "day",
        "ID": "code",
        "OUTPUT": QgsProcessingOutputLayerDefinition("TEMPORARY_OUTPUT", project),
        "STATION_MEANS": QgsProcessingOutputLayerDefinition(str(tmp_path / "points.gpkg"), project),
    }
    assert algorithm.checkParameterValues(values, context) == (True, "")
    results, ok = algorithm.run(values, context, feedback)
    assert ok and handleAlgorithmResults(algorithm, context, feedback, parameters=values), feedback.textLog()
    layers = {layer.name(): layer for layer in project.mapLayers().values() if layer is not stations}
    mean = "PM2.5, mean by year 2018-02-16 – 2018-02-25 (µg m⁻³)"
    assert set(layers) == {
        mean,
        f"{mean}, stations",
        "PM2.5 above 5 µg m⁻³ (WHO guideline levels 2021, year)",
        "PM2.5 above 15 µg m⁻³ (WHO guideline levels 2021, day)",
    }
    time = layers[mean].temporalProperties().fixedTemporalRange()
    assert [time.begin().toString("yyyy-MM-dd"), time.end().toString("yyyy-MM-dd")] == ["2018-01-01", "2018-12-31"]
    renderers = [layer.renderer().type() for layer in layers.values() if isinstance(layer, QgsRasterLayer)]
    assert sorted(renderers) == ["paletted", "paletted", "singlebandpseudocolor"]
    points = layers[f"{mean}, stations"]
    assert points.featureCount() == 60 and points.renderer().type() == "graduatedSymbol" and points.temporalProperties().isActive()
    project.clear()


def test_load_reanalysis_gives_each_month_its_days(run, make_stations, tiny_model, tmp_path):
    from ctm_reanalysis.plugin.layers.description import describe
    from ctm_reanalysis.plugin.layers.intervals import steps_in
    from ctm_reanalysis.plugin.layers.load import load_layer
    from ctm_reanalysis.plugin.layers.playing import step_through

    days = [FIRST_DAY, FIRST_DAY + timedelta(days=20)]  # in February and in March
    fields = run(
        "reanalyseperiod",
        STATIONS=make_stations(days),
        VALUE="pm25",
        TIME="day",
        GRID=SMALL_GRID,
        MODEL=tiny_model,
        DEVICE="cpu",
        OUTPUT=str(tmp_path / "series.nc"),
    )["OUTPUT"]
    run("aggregate", FIELDS=[fields], BY="month", MINIMUM_SHARE=0.01, OUTPUT=str(tmp_path / "months.nc"))
    layer = load_layer(tmp_path / "months.nc")  # held, for it owns its temporal properties
    ranges = layer.temporalProperties().fixedRangePerBand()
    ends = [(ranges[band].begin().toString("yyyy-MM-dd"), ranges[band].end().toString("yyyy-MM-dd HH:mm:ss")) for band in sorted(ranges)]
    assert ends == [("2018-02-01", "2018-02-28 23:59:59"), ("2018-03-01", "2018-03-31 23:59:59")]
    # They play as calendar months, each a frame.
    controller = QgsTemporalNavigationObject()
    step_through(controller, steps_in(layer.source(), describe(layer.source()).days))
    frames = [controller.dateTimeRangeForFrameNumber(number) for number in range(controller.totalFrameCount())]
    assert frames == [ranges[1], ranges[2]]


def test_the_readings_of_a_station_are_averaged_beside_the_field(run, series, make_stations, tmp_path):
    run(
        "aggregate",
        FIELDS=[series],
        STATIONS=make_stations(DAYS),
        VALUE="pm25",
        TIME="day",
        ID="code",
        OUTPUT=str(tmp_path / "mean.nc"),
        STATION_MEANS=str(tmp_path / "points.gpkg"),
    )
    points = QgsVectorLayer(str(tmp_path / "points.gpkg"), "points", "ogr")
    found = {point["station"]: point["value"] for point in points.getFeatures()}
    wanted = {f"S{number}": np.mean([readings_of(day)[number][2] for day in DAYS]) for number in range(60)}
    assert found == pytest.approx(wanted, rel=1e-5)


def test_a_mask_halves_the_area_and_takes_its_stations_alone(run, series, make_stations, west, tmp_path):
    for mask, name in ((None, "whole"), (west, "west")):
        run(
            "aggregate",
            FIELDS=[series],
            BY="year",
            MINIMUM_SHARE=0,
            LIMITS=["who2021"],
            MASK=mask,
            STATIONS=make_stations(DAYS),
            VALUE="pm25",
            TIME="day",
            ID="code",
            OUTPUT=str(tmp_path / "mean.nc"),
            TABLE=str(tmp_path / f"{name}.csv"),
        )
    whole, half = (list(csv.DictReader(open(tmp_path / f"{name}.csv", encoding="utf-8")))[0] for name in ("whole", "west"))
    assert float(half["area_km2"]) == pytest.approx(float(whole["area_km2"]) / 2, rel=0.01)
    assert int(half["stations"]) == sum(x < 384_000 for x, _, _ in readings_of(FIRST_DAY)) and int(whole["stations"]) == 60


def test_the_panel_is_drawn_with_stations_and_outline(run, series, make_stations, west, tmp_path):
    run(
        "aggregate",
        FIELDS=[series],
        STATIONS=make_stations(DAYS),
        VALUE="pm25",
        TIME="day",
        OUTLINE=west,
        OUTPUT=str(tmp_path / "mean.nc"),
        PANEL=str(tmp_path / "with.png"),
    )
    run("aggregate", FIELDS=[series], OUTPUT=str(tmp_path / "mean.nc"), PANEL=str(tmp_path / "without.png"))
    one, other = (gdal.Open(str(tmp_path / f"{name}.png")).ReadAsArray() for name in ("with", "without"))
    assert one.shape == other.shape and (one != other).any(0).mean() > 0.005


def test_geotiffs_go_into_a_folder(run, series, read_raster, fields, tmp_path):
    result = run("aggregate", FIELDS=[series], BY="season", MINIMUM_SHARE=0.1, FOLDER=str(tmp_path / "seasons"))
    assert "OUTPUT" not in result
    np.testing.assert_allclose(read_raster(str(Path(result["FOLDER"]) / "pm25_DJF_2018.tif")), fields.mean(0), rtol=1e-5)


@pytest.mark.parametrize(
    "spoil, expected",
    [
        ({"FIELDS": []}, "Choose files of fields"),
        ({"FIELDS_FOLDER": "/tmp"}, "one of the two"),
        ({"OUTPUT": "/tmp/mean.tif"}, "must end in .nc"),
        ({"OUTPUT": None}, "Name the NetCDF"),
        ({"STATION_MEANS": "/tmp/points.gpkg"}, "need a station layer"),
        ({"START": "2018-02-20", "END": "2018-02-18"}, "before the first"),
    ],
)
def test_what_can_not_be_is_refused(refusal, series, spoil, expected, tmp_path):
    assert expected in refusal("aggregate", **{"FIELDS": [series], "OUTPUT": str(tmp_path / "mean.nc"), **spoil})


def test_an_outline_without_a_panel_is_refused(refusal, series, west, tmp_path):
    assert "panel" in refusal("aggregate", FIELDS=[series], OUTPUT=str(tmp_path / "mean.nc"), OUTLINE=west)


def test_the_engines_refusal_is_in_the_words_of_the_dialog(run, series, tmp_path):
    with pytest.raises(Exception, match="'Smallest share of valid days'"):
        run("aggregate", FIELDS=[series], BY="month", OUTPUT=str(tmp_path / "mean.nc"))


def test_the_dialog_offers_what_the_engine_knows(plugin):
    import tomllib

    from ctm_reanalysis.plugin.algorithms import aggregate_parameters as offered

    data = Path(__file__).resolve().parents[2] / "model_core" / "aggregate" / "limits.toml"
    assert offered.LIMIT_SETS == tuple(tomllib.loads(data.read_text(encoding="utf-8")))


def test_it_works_from_qgis_process(qgis_process, series, tmp_path):
    results = qgis_process("ctm_reanalysis:aggregate", FIELDS=series, OUTPUT=tmp_path / "mean.nc")
    assert results["DAYS"] == 10 and gdal.Open(str(tmp_path / "mean.nc")) is not None
