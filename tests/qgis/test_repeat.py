"""A reanalysis is made again from its own file, its readings from the layer or the file that they came from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from osgeo import gdal
from qgis.core import QgsProcessingException
from small_world import FIRST_DAY, SMALL_GRID


@pytest.fixture
def first(run, tiny_model, make_stations, tmp_path):
    """A reanalysis of a layer of several days, with humidity from the same layer; and the layer."""
    layer = make_stations()
    result = run(
        "reanalyse",
        STATIONS=layer,
        VALUE="pm25",
        TIME="time",
        DATE=str(FIRST_DAY),
        RH_FIELD="rh",
        GRID=SMALL_GRID,
        MODEL=tiny_model,
        DEVICE="cpu",
        OUTPUT=str(tmp_path / "first.tif"),
    )
    return result["OUTPUT"], layer


def tags(path):
    return gdal.Open(path).GetMetadata()


def test_it_says_of_which_layers_it_was_made_and_names_no_folder(first, tmp_path):
    path, layer = first
    assert json.loads(tags(path)["inputs"]) == [{"role": "stations", "layer": layer.name()}, {"role": "rh", "layer": layer.name()}]
    request = json.loads(tags(path)["request"])
    assert request["stations"] == "stations.csv" and request["date"] == str(FIRST_DAY)
    assert str(tmp_path).encode() not in Path(path).read_bytes()


def test_the_same_layer_gives_the_same_file(run, first, tiny_model, log, tmp_path):
    path, layer = first
    (tmp_path / Path(tiny_model).name).symlink_to(tiny_model)  # the model is looked for beside the reanalysis
    result = run("reanalyse", REPEAT=path, STATIONS=layer, OUTPUT=str(tmp_path / "again.tif"))
    assert result["IDENTICAL"] is True and result["DATE"] == str(FIRST_DAY)
    assert (tmp_path / "again.tif").read_bytes() == Path(path).read_bytes()
    assert "bit for bit" in log.text


def test_a_layer_that_was_edited_is_refused(run, first, tiny_model, make_stations, tmp_path):
    path, _ = first
    (tmp_path / Path(tiny_model).name).symlink_to(tiny_model)
    other = make_stations()
    feature = next(other.getFeatures())
    other.dataProvider().changeAttributeValues({feature.id(): {other.fields().lookupField("pm25"): 999.0}})
    with pytest.raises(QgsProcessingException, match="readings of pm25 have changed"):
        run("reanalyse", REPEAT=path, STATIONS=other, OUTPUT=str(tmp_path / "again.tif"))
    assert not (tmp_path / "again.tif").exists()


def test_a_file_that_is_missing_is_refused_before_the_run(refusal, stations, tmp_path):
    assert "does not exist" in refusal(
        "reanalyse", STATIONS=stations, REPEAT=str(tmp_path / "none.tif"), OUTPUT=str(tmp_path / "again.tif")
    )


def test_stations_are_asked_for(refusal, tmp_path):
    assert "STATIONS" in refusal("reanalyse", VALUE="pm25", OUTPUT=str(tmp_path / "f.tif"))


def test_diagnostics_name_neither_folder_nor_person_unless_allowed(run, log, tmp_path):
    told = run("checkengine", COPY=True)["DIAGNOSTICS"]
    assert told.startswith("QGIS 3") and "torch 2" in told and told in log.text
    assert str(Path.home()) + "/" not in told and "/plugins/" not in told and ".build/engine/bin" not in told
    assert ".build/engine/bin" in run("checkengine", COPY=True, PERSONAL=True)["DIAGNOSTICS"]
    assert run("checkengine")["DIAGNOSTICS"] == ""
