"""A species of the user's own, from the CTM to a styled layer, by algorithms alone."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from qgis.core import QgsRasterLayer
from small_world import FIRST_DAY

AMMONIA = '[nh3]\nnames = ["NH3"]\nunit = "ug m-3"\nlong_name = "ammonia"\nlimits = [0, 1000]\n'
_WITH_AMMONIA = """
import shutil, sys
import netCDF4
shutil.copy(sys.argv[1], sys.argv[2])
with netCDF4.Dataset(sys.argv[2], "a") as file:
    pm25 = file["PM25_TOT"]
    field = file.createVariable("NH3", "f4", pm25.dimensions)
    field.setncatts({"units": "ppbV", "grid_mapping": pm25.grid_mapping, "cell_methods": "time: mean"})
    field[:] = 0.1 * pm25[:]
"""


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "ammonia.toml"
    path.write_text(AMMONIA)
    return str(path)


@pytest.fixture(scope="module")
def ammonia_model(plugin, ctm_file, tiny_configuration, table, tmp_path_factory):
    """Trained on an invented ammonia field, in ppbV, beside the simulated PM2.5."""
    import processing

    folder = tmp_path_factory.mktemp("ammonia")
    subprocess.run([os.environ["CTM_REANALYSIS_ENGINE_PYTHON"], "-c", _WITH_AMMONIA, ctm_file, str(folder / "nh3.nc")], check=True)
    return processing.run(
        "ctm_reanalysis:trainmodel",
        {
            "CTM": [str(folder / "nh3.nc")],
            "CONFIG": "file",
            "CONFIG_FILE": tiny_configuration,
            "TARGET": "nh3",
            "VARIABLES": table,
            "GAS_TEMPERATURE": 298.15,
            "DEVICE": "cpu",
            "OUTPUT": str(folder / "nh3.safetensors"),
        },
    )["OUTPUT"]


def test_its_field_has_its_name_unit_and_a_ramp_over_its_values(run, log, stations, ctm_file, ammonia_model, tmp_path):
    from ctm_reanalysis.plugin.layers.dress import dress

    out, picture = str(tmp_path / "nh3.tif"), tmp_path / "nh3.png"
    run(
        "reanalyse",
        STATIONS=stations,
        VALUE="pm25",
        UNIT="ppb",
        TIME="day",
        DATE=str(FIRST_DAY),
        GRID=ctm_file,
        MODEL=ammonia_model,
        MAP=str(picture),
        OUTPUT=out,
    )
    layer = QgsRasterLayer(out, "field")
    dress(layer)
    assert layer.name() == f"Ammonia reanalysis {FIRST_DAY} (µg m⁻³)"
    ramp = layer.renderer().shader().rasterShaderFunction().colorRampItemList()
    statistics = layer.dataProvider().bandStatistics(1)
    assert ramp[0].value <= statistics.minimumValue + 0.5 * statistics.range
    assert 0.5 * statistics.maximumValue < ramp[-1].value < 3 * statistics.maximumValue
    assert ramp[-1].label.endswith("µg m⁻³") and picture.stat().st_size > 10_000


def test_its_readings_are_gridded_and_read_with_the_table(run, stations, ctm_file, table, tmp_path, read_raster):
    gridded = run(
        "gridstations",
        STATIONS=stations,
        VALUE="pm25",
        UNIT="ppb",
        OTHER_SPECIES="nh3",
        VARIABLES=table,
        GRID=ctm_file,
        OUTPUT=str(tmp_path / "gridded.tif"),
    )
    import numpy as np

    assert np.nanmax(read_raster(gridded["OUTPUT"])) < 0.8 * 170  # a ppb of ammonia is 0.71 µg/m³
    csv = tmp_path / "nh3.csv"
    csv.write_text("code,day,lon,lat,nh3\n" + "".join(f"S{n},2018-02-16,{110 + n},34,{5 * n}\n" for n in range(5)))
    read = run(
        "readstations", FILE=str(csv), VALUE="nh3", TIME="day", OTHER_SPECIES="nh3", VARIABLES=table, OUTPUT=str(tmp_path / "r.gpkg")
    )
    assert Path(read["OUTPUT"]).exists() and read["STATIONS"] == 5


@pytest.mark.parametrize(("low", "high"), [(0, 3.7), (12, 480), (270, 301), (5, 5), (0, 0), (-4, 9)])
def test_a_neutral_ramp_covers_the_values_with_round_breaks(plugin, low, high):
    from ctm_reanalysis.plugin.styling.ramps import neutral_ramp

    ramp = neutral_ramp(low, high, "ug m-3")
    steps = {round(b - a, 9) for a, b in zip(ramp.breaks, ramp.breaks[1:])}
    assert ramp.breaks[0] <= low and ramp.breaks[-1] >= high * (1 - 1 / 6) and ramp.unit == "µg m⁻³"
    assert max(steps) - min(steps) < 1e-6 * max(steps) and len(ramp.colours) == len(ramp.breaks)


def test_ramps_of_the_species_are_of_concentrations(plugin):
    from ctm_reanalysis.plugin.styling.ramps import RAMPS

    for species in ("pm25", "pm10", "o3", "no2", "so2", "co"):
        breaks = RAMPS[species].breaks
        assert RAMPS[species].unit == "µg m⁻³" and list(breaks) == sorted(set(breaks)) and len(breaks) == len(RAMPS[species].colours)


@pytest.mark.parametrize("gas, name", [("no2", "NO₂"), ("o3", "O₃")])
def test_a_gas_goes_from_the_simulation_to_a_layer_in_the_colours_of_its_kind(gas, name, run, stations, tiny_configuration, tmp_path):
    from ctm_reanalysis.plugin.layers.dress import dress
    from small_world import SMALL_GRID

    ctm, model, out = (str(tmp_path / file) for file in ("ctm.nc", f"{gas}.safetensors", f"{gas}.nc"))
    run("simulatectm", GRID=SMALL_GRID, START="2018-02-14", DAYS=3, SEED=3, GASES=True, OUTPUT=ctm)
    run("trainmodel", CTM=[ctm], CONFIG="file", CONFIG_FILE=tiny_configuration, TARGET=gas, DEVICE="cpu", ITERATIONS=2, OUTPUT=model)
    run("reanalyse", STATIONS=stations, VALUE="pm25", TIME="day", DATE=str(FIRST_DAY), GRID=SMALL_GRID, MODEL=model, OUTPUT=out)
    layer = QgsRasterLayer(f'NETCDF:"{out}":{gas}', "field")
    dress(layer)
    assert layer.name() == f"{name} reanalysis {FIRST_DAY} (µg m⁻³)"
    classes = [item.value for item in layer.renderer().shader().rasterShaderFunction().colorRampItemList()]
    from ctm_reanalysis.plugin.styling.ramps import RAMPS

    assert classes == list(RAMPS[gas].breaks)
    points = run(
        "crossvalidate",
        STATIONS=stations,
        VALUE="pm25",
        TIME="day",
        GRID=SMALL_GRID,
        MODEL=model,
        FOLDS=2,
        BASELINES=["idw"],
        OUTPUT=str(tmp_path / "folds"),
    )
    assert points["RMSE"] > 0


def test_errors_are_a_field_or_told_by_network_and_an_impossible_sensor_changes_nothing(
    run, make_stations, tiny_model, tmp_path, read_raster
):
    import numpy as np
    from small_world import SMALL_GRID

    layer = make_stations()
    layer.startEditing()
    fields = layer.fields()
    for number, feature in enumerate(layer.getFeatures()):
        if number == 30:  # a sensor that nobody believes
            layer.changeAttributeValue(feature.id(), fields.lookupField("pm25"), 1500.0)
        layer.changeAttributeValue(feature.id(), fields.lookupField("rh"), 1e5 if number == 30 else 1.0)
        layer.changeAttributeValue(feature.id(), fields.lookupField("note"), "broken" if number == 30 else "good")
    layer.commitChanges()
    common = {"VALUE": "pm25", "TIME": "day", "DATE": str(FIRST_DAY), "GRID": SMALL_GRID, "MODEL": tiny_model}
    told = run("reanalyse", STATIONS=layer, ERROR="rh", OUTPUT=str(tmp_path / "told.tif"), **common)
    named = run("reanalyse", STATIONS=layer, ERROR="good=1\nbroken=100000", NETWORK="note", OUTPUT=str(tmp_path / "named.tif"), **common)
    layer.selectByExpression("note = 'good'")
    from qgis.core import QgsProcessingFeatureSourceDefinition

    good = QgsProcessingFeatureSourceDefinition(layer.source() if not layer.id() else layer.id(), True)
    from qgis.core import QgsProject

    QgsProject.instance().addMapLayer(layer, False)
    alone = run("reanalyse", STATIONS=good, ERROR="rh", OUTPUT=str(tmp_path / "alone.tif"), **common)
    fields = [read_raster(result["OUTPUT"]) for result in (told, named, alone)]
    np.testing.assert_array_equal(fields[0], fields[2])
    np.testing.assert_array_equal(fields[1], fields[2])
    QgsProject.instance().takeMapLayer(layer)
