"""The models that ship with the plugin stand in the toolbox beside the user's own, and do what they say."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal, osr
from qgis.core import QgsApplication, QgsFeature, QgsGeometry, QgsRectangle, QgsVectorLayer
from small_world import DAYS, LAMBERT, SMALL_GRID, readings_of

NAMES = {"station_day", "Means of a period", "Table to reanalysis", "Period to exposure", "Train and reproduce"}


@pytest.fixture
def run_model(plugin, log):
    import processing

    return lambda name, **parameters: processing.run(f"ctm_reanalysis_models:{name}", parameters, feedback=log.feedback)


def test_they_are_in_the_toolbox_and_the_users_own_are_left_alone(plugin):
    registry = QgsApplication.processingRegistry()
    models = {model.name(): model for model in registry.providerById("ctm_reanalysis_models").algorithms()}
    assert set(models) == NAMES
    for model in models.values():
        assert model.validate()[0] and model.canExecute()[0] and len(model.shortHelpString()) > 60
        assert all(one.help() or one.isDestination() for one in model.parameterDefinitions())
    before = {model.id() for model in registry.providerById("model").algorithms()} if registry.providerById("model") else None
    plugin.models.refreshAlgorithms()
    assert before == ({model.id() for model in registry.providerById("model").algorithms()} if before is not None else None)
    assert {model.name() for model in plugin.models.algorithms()} == NAMES


def test_a_table_becomes_a_raster(run_model, run, make_stations, tiny_model, read_raster, small_crs, tmp_path):
    from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsPointXY, QgsProject

    to_degrees = QgsCoordinateTransform(small_crs, QgsCoordinateReferenceSystem("EPSG:4326"), QgsProject.instance())
    with open(tmp_path / "table.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["code", "when", "lon", "lat", "reading"])
        for day in DAYS[:2]:
            for number, (x, y, value) in enumerate(readings_of(day)):
                point = to_degrees.transform(QgsPointXY(x, y))
                rows.writerow([f"S{number}", day, point.x(), point.y(), value])
    result = run_model(
        "Table to reanalysis",
        table=str(tmp_path / "table.csv"),
        value="reading",
        time="when",
        id="code",
        day=str(DAYS[0]),
        grid=SMALL_GRID,
        model=tiny_model,
        stations=str(tmp_path / "stations.gpkg"),
        reanalysis=str(tmp_path / "field.tif"),
        report=str(tmp_path / "report.html"),
    )
    direct = run(
        "reanalyse",
        STATIONS=make_stations(DAYS[:2]),
        DATE=str(DAYS[0]),
        VALUE="pm25",
        TIME="day",
        GRID=SMALL_GRID,
        MODEL=tiny_model,
        OUTPUT=str(tmp_path / "direct.tif"),
    )
    np.testing.assert_allclose(read_raster(result["reanalysis"]), read_raster(direct["OUTPUT"]), atol=0.1)
    assert QgsVectorLayer(result["stations"], "stations", "ogr").featureCount() == 120
    assert "<html" in Path(result["report"]).read_text(encoding="utf-8")


@pytest.fixture
def population(tmp_path):
    """A thousand people in each cell of the west, and one in each of the east; and a polygon around each half."""
    path = str(tmp_path / "people.tif")
    people = np.where(np.arange(64) < 32, 1000.0, 1.0) * np.ones((48, 1))
    raster = gdal.GetDriverByName("GTiff").Create(path, 64, 48, 1, gdal.GDT_Float32)
    raster.SetGeoTransform((0, 12000, 0, 576000, 0, -12000))
    crs = osr.SpatialReference()
    crs.ImportFromProj4(LAMBERT)
    raster.SetProjection(crs.ExportToWkt())
    raster.GetRasterBand(1).WriteArray(people)
    raster.FlushCache()
    return path, people


@pytest.fixture
def halves(small_crs):
    layer = QgsVectorLayer("Polygon?field=name:string", "halves", "memory")
    layer.setCrs(small_crs)
    for name, west, east in (("west", 0, 384_000), ("east", 384_000, 768_000)):
        feature = QgsFeature(layer.fields())
        feature.setAttributes([name])
        feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(west, 0, east, 576_000)))
        layer.dataProvider().addFeatures([feature])
    return layer


def test_a_period_becomes_means_and_exposure_by_polygon(run_model, make_stations, tiny_model, population, halves, tmp_path):
    people_file, people = population
    result = run_model(
        "Period to exposure",
        stations=make_stations(DAYS[:3]),
        value="pm25",
        time="day",
        id="code",
        by="period",
        grid=SMALL_GRID,
        model=tiny_model,
        population=people_file,
        polygons=halves,
        series=str(tmp_path / "days.nc"),
        means=str(tmp_path / "means.nc"),
        panel=str(tmp_path / "panel.png"),
        exposure=str(tmp_path / "exposure.gpkg"),
        chart=str(tmp_path / "chart.png"),
        means_of_the_stations=str(tmp_path / "stations.gpkg"),
    )
    days = gdal.Open(f'NETCDF:"{tmp_path / "days.nc"}":pm25').ReadAsArray().astype(float)
    assert days.shape == (3, 48, 64)
    np.testing.assert_allclose(gdal.Open(result["means"]).ReadAsArray(), days.mean(0), rtol=1e-5)
    rows = {row["name"]: row for row in QgsVectorLayer(result["exposure"].partition("|")[0], "e", "ogr").getFeatures()}
    for name, columns in (("west", slice(0, 32)), ("east", slice(32, 64))):
        mean = np.average(days.mean(0)[:, columns], weights=people[:, columns])
        assert rows[name]["mean"] == pytest.approx(mean, rel=1e-3) and rows[name]["people"] == pytest.approx(
            people[:, columns].sum(), rel=1e-4
        )
    assert (tmp_path / "panel.png").stat().st_size > 20_000 and (tmp_path / "chart.png").stat().st_size > 5_000


def test_a_ctm_becomes_a_model_that_is_tried_on_days_it_has_not_seen(run_model, ctm_file, tiny_configuration, tmp_path):
    result = run_model(
        "Train and reproduce",
        ctm=[ctm_file],
        config="file",
        config_file=tiny_configuration,
        iterations=2,
        held_out=0.34,
        points=100,
        model=str(tmp_path / "own.safetensors"),
        evaluation_folder=str(tmp_path / "evaluation"),
        report=str(tmp_path / "report.html"),
    )
    scores = json.loads((Path(result["evaluation_folder"]) / "scores.json").read_text(encoding="utf-8"))
    assert scores["days"]["count"] == 2 and scores["stations"]["cells"] == 100
    assert Path(result["model"]).stat().st_size > 1000 and "own" in Path(result["report"]).read_text(encoding="utf-8")
