"""A layer that is to be loaded says of which kind it is.

Since GDAL 3.10 a variable of a NetCDF also opens as a vector, which QGIS tries first where nobody says what it is. The GDAL here
may be older: what holds the fault off is that every layer that the plugin announces carries its kind.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from qgis.core import QgsProcessingContext, QgsProcessingUtils, QgsProject

RASTER, VECTOR = QgsProcessingUtils.LayerHint.Raster, QgsProcessingUtils.LayerHint.Vector

_WRITE = """
import sys
import numpy as np
from datetime import date
from model_core.grid import parse_grid
from model_core.output.geotiff import write_geotiff
from model_core.output.netcdf import write_netcdf
grid, field = parse_grid("100,30,104,33,0.5@EPSG:4326"), np.full((6, 8), 40.0, np.float32)
names = ("pm25", "pm25_q05", "pm25_q50", "pm25_q95")
write_netcdf(sys.argv[1] + "/field.nc", grid, [date(2019, 1, 14)], [(name, field[None], "ug m-3") for name in names],
             {"model_sha256": "0" * 64, "species": "pm25"})
write_geotiff(sys.argv[1] + "/pm25_2019-01-14.tif", grid, [("pm25", field, "ug m-3")],
              {"model_sha256": "0" * 64, "species": "pm25", "date": "2019-01-14"})
"""


@pytest.fixture(scope="module")
def results(plugin, tmp_path_factory) -> Path:
    """A folder with a reanalysis of a day in both formats, the NetCDF with its quantiles."""
    folder = tmp_path_factory.mktemp("results")
    root = Path(__file__).resolve().parents[2]
    subprocess.run([os.environ["CTM_REANALYSIS_ENGINE_PYTHON"], "-c", _WRITE, str(folder)], check=True, cwd=root)
    return folder


@pytest.fixture
def context(qgis_app):
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    return context


@pytest.mark.parametrize("hint", [RASTER, QgsProcessingUtils.LayerHint.UnknownType])
def test_a_field_and_its_quantiles_in_a_netcdf_are_announced_as_rasters(results, context, hint):
    from ctm_reanalysis.plugin.layers.dress import load_dressed

    path = str(results / "field.nc")
    wanted = QgsProcessingContext.LayerDetails("field", context.project(), "OUTPUT")
    wanted.layerTypeHint = hint
    context.addLayerToLoadOnCompletion(path, wanted)
    load_dressed(path, context)
    announced = context.layersToLoadOnCompletion()
    assert len(announced) == 4 and {details.layerTypeHint for details in announced.values()} == {RASTER}


def test_a_series_is_announced_as_a_raster(results, context):
    from ctm_reanalysis.plugin.layers.series import load_folder

    load_folder(results, context, "FOLDER")
    (details,) = context.layersToLoadOnCompletion().values()
    assert details.layerTypeHint == RASTER


def test_residuals_are_announced_as_a_vector(context, tmp_path):
    from ctm_reanalysis.plugin.layers.residuals import load_residuals

    load_residuals(str(tmp_path / "residuals.gpkg"), context, "POINTS")
    (details,) = context.layersToLoadOnCompletion().values()
    assert details.layerTypeHint == VECTOR
