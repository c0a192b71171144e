"""A field comes with its uncertainty: further bands or variables, loaded as layers with colours of their own."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import (
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputLayerDefinition,
    QgsProject,
    QgsRasterLayer,
)
from small_world import FIRST_DAY, SMALL_GRID, TINY_CONFIGURATION


@pytest.fixture(scope="module")
def doubting_model(plugin, ctm_file, tmp_path_factory):
    """A tiny model with a head for its uncertainty."""
    import processing

    folder = tmp_path_factory.mktemp("doubting")
    (folder / "tiny.toml").write_text(TINY_CONFIGURATION.replace("[network.transforms]", "uncertainty = true\n\n[network.transforms]", 1))
    processing.run(
        "ctm_reanalysis:trainmodel",
        {
            "CTM": [ctm_file],
            "CONFIG": "file",
            "CONFIG_FILE": str(folder / "tiny.toml"),
            "DEVICE": "cpu",
            "SEED": 1,
            "OUTPUT": str(folder / "doubting.safetensors"),
        },
    )
    return str(folder / "doubting.safetensors")


@pytest.mark.parametrize(
    "output, uncertainty, names",
    [("out.tif", "sd", ["standard deviation"]), ("out.nc", "quantiles", ["5 % quantile", "50 % quantile", "95 % quantile"])],
)
def test_uncertainty_is_loaded_beside_the_field(stations, doubting_model, output, uncertainty, names, tmp_path):
    from processing.gui.Postprocessing import handleAlgorithmResults

    project = QgsProject.instance()
    project.clear()
    project.addMapLayer(stations.clone())
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("ctm_reanalysis:reanalyse")
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
    context.setProject(project)
    values = {
        "STATIONS": next(iter(project.mapLayers())),
        "VALUE": "pm25",
        "TIME": "time",
        "GRID": SMALL_GRID,
        "MODEL": doubting_model,
        "DEVICE": "cpu",
        "UNCERTAINTY": uncertainty,
        "OUTPUT": QgsProcessingOutputLayerDefinition(str(tmp_path / output), project),
    }
    results, ok = algorithm.run(values, context, feedback)
    assert ok and handleAlgorithmResults(algorithm, context, feedback, parameters=values), feedback.textLog()
    layers = {layer.name(): layer for layer in project.mapLayers().values() if isinstance(layer, QgsRasterLayer)}
    expected = {f"PM2.5 reanalysis {FIRST_DAY} (µg m⁻³)", *(f"PM2.5 reanalysis, {name} {FIRST_DAY} (µg m⁻³)" for name in names)}
    assert set(layers) == expected
    tops = {name: layer.renderer().shader().rasterShaderFunction().colorRampItemList()[-1].value for name, layer in layers.items()}
    assert all(value == (80 if "deviation" in name else 500) for name, value in tops.items())
    for layer in layers.values():
        assert layer.temporalProperties().isActive()
        block = layer.dataProvider().block(1, layer.extent(), 64, 48)
        assert np.isfinite([block.value(row, column) for row in range(48) for column in range(64)]).all()
    project.clear()


def test_a_model_without_uncertainty_says_so(run, stations, tiny_model, tmp_path):
    with pytest.raises(QgsProcessingException, match="does not tell its uncertainty"):
        run(
            "reanalyse",
            STATIONS=stations,
            VALUE="pm25",
            GRID=SMALL_GRID,
            MODEL=tiny_model,
            DEVICE="cpu",
            UNCERTAINTY="sd",
            OUTPUT=str(tmp_path / "out.tif"),
        )
    assert not (tmp_path / "out.tif").exists()


def test_bands_say_what_they_are(run, stations, doubting_model, tmp_path):
    run(
        "reanalyse",
        STATIONS=stations,
        VALUE="pm25",
        GRID=SMALL_GRID,
        MODEL=doubting_model,
        DEVICE="cpu",
        UNCERTAINTY="quantiles",
        OUTPUT=str(tmp_path / "out.tif"),
    )
    dataset = gdal.Open(str(tmp_path / "out.tif"))
    low, middle, high = (dataset.GetRasterBand(band).ReadAsArray() for band in (2, 3, 4))
    assert dataset.RasterCount == 4 and (low <= middle).all() and (middle <= high).all() and (low < high).any()
