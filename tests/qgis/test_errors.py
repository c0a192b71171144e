"""Every mistake gets an answer that says what was wrong, where, and what to do."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from qgis.core import NULL, QgsCoordinateReferenceSystem, QgsProcessingException, QgsVectorLayer, edit
from small_world import DAYS, SMALL_GRID


@pytest.fixture
def values(stations, tmp_path):
    """Good parameters, to spoil one at a time."""
    return {"STATIONS": stations, "VALUE": "pm25", "GRID": SMALL_GRID, "DEVICE": "cpu", "OUTPUT": str(tmp_path / "out.tif")}


@pytest.mark.parametrize(
    "spoil, expected",
    [
        ({"VALUE": "note"}, "holds text, such as 'fine'"),
        ({"VALUE": "pm10"}, "no field 'pm10'; its fields are code, city"),
        ({"TIME_OF_DAY": "time"}, "Choose the field with the time"),
        ({"GRID": "mars7km"}, "'mars7km' is neither auto, china12km"),
        ({"EXTENT": "0,1,0,1 [EPSG:4326]"}, "cell size"),
        ({"OUTPUT": "/no/such/folder/out.tif"}, "'/no/such/folder' does not exist"),
        ({"RH_FIELD": "note"}, "holds text"),
        ({"WIND_STATIONS": "STATIONS"}, "Choose the field with wind speed"),
    ],
)
def test_caught_before_the_run(refusal, values, spoil, expected):
    spoil = {name: values["STATIONS"] if value == "STATIONS" else value for name, value in spoil.items()}
    assert expected in refusal("reanalyse", **{**values, **spoil})


def test_good_parameters_are_accepted(refusal, values):
    assert refusal("reanalyse", **values) == ""


@pytest.mark.parametrize("unit", ["µg/m³", "μg/m3", "ug m-3", "ug m^-3", "micrograms per cubic meter", "ng/m3", "ug/m3 LC", "微克/立方米"])
def test_units_as_people_write_them_are_accepted(run, values, unit):
    values = {name: value for name, value in values.items() if name != "DEVICE"}
    assert run("gridstations", **values, UNIT=unit)["COUNT_USED"] == 60


def test_a_unit_that_is_none_is_refused(run, values):
    values = {name: value for name, value in values.items() if name != "DEVICE"}
    with pytest.raises(QgsProcessingException, match="parrots"):
        run("gridstations", **values, UNIT="parrots")


def test_layers_that_give_no_readings(refusal, values, make_stations):
    empty = make_stations(days=())
    assert "has no features" in refusal("reanalyse", **{**values, "STATIONS": empty})
    unknown = make_stations()
    unknown.setCrs(QgsCoordinateReferenceSystem())
    assert "has no CRS" in refusal("reanalyse", **{**values, "STATIONS": unknown})
    table = QgsVectorLayer("NoGeometry?field=pm25:double", "table", "memory")
    assert "holds no points" in refusal("reanalyse", **{**values, "STATIONS": table})


def all_set_to(layer, value):
    with edit(layer):
        for feature in layer.getFeatures():
            layer.changeAttributeValue(feature.id(), layer.fields().lookupField("pm25"), value)
    return layer


@pytest.mark.parametrize("value, expected", [(NULL, "empty in all 60 rows"), (-999.0, "60 sentinel"), (-50.0, "60 negative")])
def test_no_valid_reading(run, values, make_stations, value, expected):
    with pytest.raises(QgsProcessingException, match=expected):
        run("gridstations", **{**values, "STATIONS": all_set_to(make_stations(), value)})
    assert not Path(values["OUTPUT"]).exists()


def test_all_stations_outside_the_grid(run, values):
    with pytest.raises(QgsProcessingException, match="outside"):
        run("gridstations", **{**values, "GRID": "-10,40,10,50,0.5@EPSG:4326"})


def test_several_days_without_a_choice(run, values, make_stations, log):
    result = run("gridstations", **{**values, "STATIONS": make_stations(DAYS), "TIME": "day"})
    assert result["COUNT_USED"] == 60
    assert f"the readings are of 10 days, {DAYS[0]} to {DAYS[-1]}; the last is taken" in log.text


def test_a_day_that_is_not_there(run, values):
    with pytest.raises(QgsProcessingException, match="'stations' has no reading on 2019-01-01 by its field 'day'"):
        run("gridstations", **{**values, "TIME": "day", "DATE": "2019-01-01"})


def test_a_missing_model(run, values):
    with pytest.raises(QgsProcessingException, match="no model 'nowhere.safetensors'"):
        run("reanalyse", **values, MODEL="nowhere.safetensors")


@pytest.mark.parametrize("damage", ["truncated", "other format version", "not a model"])
def test_a_model_file_that_is_no_good(run, values, tiny_model, tmp_path, damage):
    content = Path(tiny_model).read_bytes()
    (size,) = struct.unpack("<Q", content[:8])
    if damage == "truncated":
        content, expected = content[: len(content) // 2], "damaged|incomplete"
    elif damage == "not a model":
        content, expected = b"PK\x03\x04 a zip, say" * 99, "safetensors|model"
    else:
        header = json.loads(content[8 : 8 + size])
        spoiled = json.dumps(header).replace('format_version\\": 1', 'format_version\\": 99')
        assert "99" in spoiled
        content = struct.pack("<Q", len(spoiled.encode())) + spoiled.encode() + content[8 + size :]
        expected = "version"
    path = tmp_path / "spoiled.safetensors"
    path.write_bytes(content)
    with pytest.raises(QgsProcessingException, match=expected):
        run("reanalyse", **values, MODEL=str(path))
    assert not Path(values["OUTPUT"]).exists()


def test_an_output_folder_that_can_not_be_written(run, values, tiny_model):
    """/proc refuses files even to root, and only when they are made."""
    with pytest.raises(QgsProcessingException, match="/proc"):
        run("reanalyse", **{**values, "OUTPUT": "/proc/out.tif"}, MODEL=tiny_model)


def test_a_netcdf_that_is_none(run, tmp_path):
    path = tmp_path / "broken.nc"
    path.write_bytes(b"this is no NetCDF file")
    with pytest.raises(QgsProcessingException, match="broken.nc"):
        run("trainmodel", CTM=[str(path)], OUTPUT=str(tmp_path / "m.safetensors"))
    with pytest.raises(QgsProcessingException, match="broken.nc"):
        run("loadreanalysis", FILES=[str(path)])


def test_a_result_that_is_not_there(run, tmp_path):
    with pytest.raises(QgsProcessingException, match="does not exist"):
        run("loadreanalysis", FILES=[str(tmp_path / "gone.tif")])
    with pytest.raises(QgsProcessingException, match="Choose files"):
        run("loadreanalysis", FOLDER=str(tmp_path))


def test_setting_up_the_engine_from_a_wheel_folder_that_is_not_there(run, tmp_path):
    with pytest.raises(QgsProcessingException, match="wheel folder .* does not exist"):
        run("setupengine", WHEELS=str(tmp_path / "wheels"), FOLDER=str(tmp_path / "engine"))
    assert not (tmp_path / "engine").exists()
