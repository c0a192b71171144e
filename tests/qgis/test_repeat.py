"""A reanalysis is made again from its own file, its readings from the layer or the file that they came from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from osgeo import gdal
from qgis.core import QgsProcessingException
from small_world import DAYS, FIRST_DAY, SMALL_GRID, readings_of


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
    told = {"layer": layer.name(), "source": "memory", "features": layer.featureCount()}
    assert json.loads(tags(path)["inputs"]) == [{"role": "stations", **told}, {"role": "rh", **told}]
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


PLACES = {"nc": ("OUTPUT", "first.nc"), "zarr": ("FOLDER", "first.zarr"), "folder": ("FOLDER", "first")}


@pytest.fixture(params=PLACES)
def period(request, run, tiny_model, make_stations, tmp_path):
    """Three days of a layer as NetCDF, Zarr store or folder; what is named to repeat them, and the layer."""
    layer = make_stations(DAYS[:3])
    output, name = PLACES[request.param]
    (tmp_path / Path(tiny_model).name).symlink_to(tiny_model)
    place = tmp_path / name
    run("reanalyseperiod", STATIONS=layer, VALUE="pm25", TIME="day", ID="code", GRID=SMALL_GRID, MODEL=tiny_model, **{output: str(place)})
    return str(sorted(place.glob("*.tif"))[0] if request.param == "folder" else place), layer


def test_a_period_of_a_layer_is_repeated_from_any_form_of_it(run, period, read_raster, log, tmp_path):
    path, layer = period
    again = run("reanalyseperiod", REPEAT=path, STATIONS=layer, OUTPUT=str(tmp_path / "again.nc"), REPORT=str(tmp_path / "again.html"))
    assert again["IDENTICAL"] is True and again["COMPUTED"] == 3 and "bit for bit" in log.text
    assert "first" in log.text and (tmp_path / "again.html").exists()
    once_more = run("reanalyseperiod", REPEAT=str(tmp_path / "again.nc"), STATIONS=layer, FOLDER=str(tmp_path / "again"))
    assert once_more["IDENTICAL"] is True
    for band, file in enumerate(sorted((tmp_path / "again").glob("*.tif")), start=1):
        assert (read_raster(again["OUTPUT"], band) == read_raster(str(file))).all()


def test_a_period_whose_layer_was_edited_is_refused(run, period, make_stations, tmp_path):
    path, _ = period
    other = make_stations(DAYS[:3])
    feature = next(other.getFeatures())
    other.dataProvider().changeAttributeValues({feature.id(): {other.fields().lookupField("pm25"): 999.0}})
    with pytest.raises(QgsProcessingException, match=f"readings on {DAYS[0]} have changed"):
        run("reanalyseperiod", REPEAT=path, STATIONS=other, OUTPUT=str(tmp_path / "again.nc"))
    assert not (tmp_path / "again.nc").exists()


def test_a_period_of_files_finds_them_beside_it_or_where_they_are_now(run, tiny_model, small_crs, tmp_path):
    from ctm_reanalysis.plugin.stations import crs_text

    (tmp_path / "now").mkdir()
    (tmp_path / Path(tiny_model).name).symlink_to(tiny_model)
    for day in DAYS[:2]:
        rows = "\n".join(f"{x!r},{y!r},{value!r}" for x, y, value in readings_of(day))
        (tmp_path / f"pm_{day:%Y%m%d}.csv").write_text(f"x,y,pm25\n{rows}\n")
    files = {"FILES": str(tmp_path / "pm_{date:%Y%m%d}.csv"), "FILES_VALUE": "pm25", "FILES_CRS": crs_text(small_crs)}
    run("reanalyseperiod", **files, GRID=SMALL_GRID, MODEL=tiny_model, FULL_PATHS=True, OUTPUT=str(tmp_path / "whole.nc"))
    assert str(tmp_path) in tags(str(tmp_path / "whole.nc"))["NC_GLOBAL#request"], "full paths were asked for"
    first = str(tmp_path / "first.nc")
    run("reanalyseperiod", **files, GRID=SMALL_GRID, MODEL=tiny_model, OUTPUT=first)
    assert str(tmp_path).encode() not in Path(first).read_bytes()
    assert run("reanalyseperiod", REPEAT=first, OUTPUT=str(tmp_path / "again.nc"))["IDENTICAL"] is True
    for file in tmp_path.glob("pm_*.csv"):
        file.rename(tmp_path / "now" / file.name)
    with pytest.raises(QgsProcessingException, match="is missing"):
        run("reanalyseperiod", REPEAT=first, OUTPUT=str(tmp_path / "none.nc"))
    now = str(tmp_path / "now" / "pm_{date:%Y%m%d}.csv")
    assert run("reanalyseperiod", REPEAT=first, FILES=now, OUTPUT=str(tmp_path / "moved.nc"))["IDENTICAL"] is True


def test_a_period_is_not_repeated_from_what_is_none_or_into_what_is_there(run, first, refusal, tmp_path):
    path, layer = first
    values = {"STATIONS": layer, "OUTPUT": str(tmp_path / "again.nc")}
    assert "does not exist" in refusal("reanalyseperiod", REPEAT=str(tmp_path / "none.nc"), **values)
    assert "one of them" in refusal("reanalyseperiod", REPEAT=path, FILES="x.csv", **values)
    assert "Name the NetCDF" in refusal("reanalyseperiod", REPEAT=path, STATIONS=layer)
    with pytest.raises(QgsProcessingException, match="was made by reanalyse; repeat it with that command$"):
        run("reanalyseperiod", REPEAT=path, **values)
    (tmp_path / "again.nc").touch()
    with pytest.raises(QgsProcessingException, match="is there already"):
        run("reanalyseperiod", REPEAT=path, **values)
