"""The model of the graphical modeler from the readings of a period to means, run in QGIS."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsProcessingModelAlgorithm, QgsProject, QgsVectorLayer
from small_world import DAYS, SMALL_GRID, readings_of

MODEL = Path(__file__).resolve().parents[2] / "resources" / "modeler" / "period_means.model3"


@pytest.fixture
def model(plugin):
    model = QgsProcessingModelAlgorithm()
    assert model.fromFile(str(MODEL)) and model.validate()[0] and model.canExecute()[0]
    return model


def test_readings_become_days_means_and_stations(model, make_stations, tiny_model, tmp_path):
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
    context.setProject(QgsProject.instance())
    results, ok = model.run(
        {
            "stations": make_stations(DAYS[:4]),
            "value": "pm25",
            "time": "day",
            "id": "code",
            "by": "period",
            "grid": SMALL_GRID,
            "model": tiny_model,
            "series": str(tmp_path / "days.nc"),
            "means": str(tmp_path / "means.nc"),
            "means_of_the_stations": str(tmp_path / "stations.gpkg"),
            "panel": str(tmp_path / "panel.png"),
        },
        context,
        feedback,
    )
    assert ok, feedback.textLog()
    days = gdal.Open(f'NETCDF:"{tmp_path / "days.nc"}":pm25').ReadAsArray().astype(float)
    np.testing.assert_allclose(gdal.Open(results["means"]).ReadAsArray(), days.mean(0), rtol=1e-5)
    stations = QgsVectorLayer(results["means_of_the_stations"], "stations", "ogr")
    found = {station["station"]: station["value"] for station in stations.getFeatures()}
    assert found == pytest.approx({f"S{n}": np.mean([readings_of(day)[n][2] for day in DAYS[:4]]) for n in range(60)}, rel=1e-5)
    assert (tmp_path / "panel.png").stat().st_size > 20_000


def test_the_model_explains_itself(model):
    for parameter in model.parameterDefinitions():
        assert parameter.description() and (parameter.help() or parameter.isDestination())
    assert "means by month, season or year" in model.shortHelpString()
