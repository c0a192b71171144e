"""The model of the graphical modeler that ships in resources/modeler, run in QGIS and by qgis_process."""

from __future__ import annotations

from pathlib import Path

import pytest
from osgeo import gdal
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsPointXY,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingModelAlgorithm,
    QgsProject,
)
from small_world import DAYS, FIRST_DAY, SMALL_GRID, readings_of

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "resources" / "modeler" / "station_day.model3"


@pytest.fixture
def stations_csv(tmp_path, stations, small_crs):
    """The first day's readings as people hold them: a CSV with lon and lat."""
    to_degrees = QgsCoordinateTransform(small_crs, QgsCoordinateReferenceSystem("EPSG:4326"), QgsProject.instance())
    lines = ["lon,lat,pm25,day"]
    for x, y, value in readings_of(FIRST_DAY):
        point = to_degrees.transform(QgsPointXY(x, y))
        lines.append(f"{point.x()!r},{point.y()!r},{value!r},{FIRST_DAY}")
    path = tmp_path / "stations.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def uri(path: Path) -> str:
    return f"delimitedtext://file://{path}?type=csv&xField=lon&yField=lat&crs=EPSG:4326"


def check_outputs(results: dict) -> None:
    field, readings = gdal.Open(results["reanalysis"]), gdal.Open(results["gridded_readings"])
    assert (field.RasterXSize, field.RasterYSize) == (readings.RasterXSize, readings.RasterYSize) == (64, 48)
    assert field.GetMetadata()["date"] == readings.GetMetadata()["date"] == str(FIRST_DAY)
    assert "Mean" in Path(results["statistics"]).read_text(encoding="utf-8")


def test_the_model_runs_in_qgis(plugin, make_stations, tiny_model, tmp_path):
    model = QgsProcessingModelAlgorithm()
    assert model.fromFile(str(MODEL)) and model.validate()[0] and model.canExecute()[0]
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
    context.setProject(QgsProject.instance())
    results, ok = model.run(
        {
            "stations": make_stations(DAYS),
            "value": "pm25",
            "time": "day",
            "day": str(FIRST_DAY),
            "grid": SMALL_GRID,
            "model": tiny_model,
            "reanalysis": str(tmp_path / "field.tif"),
            "gridded_readings": str(tmp_path / "readings.tif"),
            "statistics": str(tmp_path / "statistics.html"),
        },
        context,
        feedback,
    )
    assert ok, feedback.textLog()
    check_outputs(results)


def test_the_model_explains_itself(plugin):
    model = QgsProcessingModelAlgorithm()
    assert model.fromFile(str(MODEL))
    for parameter in model.parameterDefinitions():
        assert parameter.description() and (parameter.help() or parameter.isDestination())
    assert "complete PM2.5 field" in model.shortHelpString()


def test_the_model_runs_by_qgis_process(qgis_process, stations_csv, tiny_model, tmp_path):
    results = qgis_process(
        str(MODEL),
        stations=uri(stations_csv),
        value="pm25",
        time="day",
        day=FIRST_DAY,
        grid=SMALL_GRID,
        model=tiny_model,
        reanalysis=tmp_path / "field.tif",
        gridded_readings=tmp_path / "readings.tif",
        statistics=tmp_path / "statistics.html",
    )
    check_outputs(results)


def test_reanalyse_runs_by_qgis_process(qgis_process, stations_csv, tiny_model, tmp_path):
    by_uri = qgis_process(
        "ctm_reanalysis:reanalyse",
        STATIONS=uri(stations_csv),
        VALUE="pm25",
        TIME="day",
        DATE=FIRST_DAY,
        GRID=SMALL_GRID,
        MODEL=tiny_model,
        DEVICE="cpu",
        OUTPUT=tmp_path / "uri.tif",
        MAP=tmp_path / "map.png",
    )
    assert by_uri["COUNT_USED"] == 60 and by_uri["DATE"] == str(FIRST_DAY)
    assert (tmp_path / "map.png").stat().st_size > 20_000
    by_path = qgis_process(
        "ctm_reanalysis:reanalyse",
        STATIONS=stations_csv,
        VALUE="pm25",
        TIME="day",
        GRID=SMALL_GRID,
        MODEL=tiny_model,
        DEVICE="cpu",
        OUTPUT=tmp_path / "path.tif",
    )
    assert [by_path[name] for name in ("COUNT_USED", "MIN", "MEAN", "MAX")] == [
        by_uri[name] for name in ("COUNT_USED", "MIN", "MEAN", "MAX")
    ]
