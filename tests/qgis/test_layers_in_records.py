"""Records and reports say which layers were used: their names and sources, how much of them, and hashes; no folder and no password."""

from __future__ import annotations

import hashlib
import json
import re
from html import unescape
from pathlib import Path

import pytest
from osgeo import gdal
from postgis_server import postgis_server, programs
from qgis.core import (
    QgsFeature,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingFeatureSourceDefinition,
    QgsProject,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsVectorLayerExporter,
)
from small_world import DAYS, FIRST_DAY, SMALL_GRID


def written(layer, path, name="", driver="GPKG") -> str:
    """Write a layer into a file, and return its path."""
    how = QgsVectorFileWriter.SaveVectorOptions()
    how.driverName, how.layerName = driver, name
    error = QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(path), QgsProject.instance().transformContext(), how)
    assert error[0] == QgsVectorFileWriter.WriterError.NoError, error
    return str(path)


def sha256(path) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def page_of(report: str) -> str:
    """What a reader sees of a report, without the record at its end."""
    text = Path(report).read_text(encoding="utf-8").partition("<details>")[0]
    return re.sub(r"\s+", " ", unescape(re.sub("<[^>]+>", " ", text)))


@pytest.fixture
def air(make_stations, tmp_path):
    """A GeoPackage of two days of readings, as a layer with a name of its own and a filter."""
    (tmp_path / "anna").mkdir()
    path = written(make_stations(DAYS[:2]), tmp_path / "anna" / "air.gpkg", "readings")
    layer = QgsVectorLayer(f"{path}|layername=readings", "Stations of January", "ogr")
    layer.setSubsetString("\"code\" <> 'S7'")
    return layer


@pytest.fixture
def day_of(run, tiny_model, tmp_path):
    """Reanalyse the first day of a layer; the entries of its record, and its report."""

    def day_of(layer, name="day.tif", **more):
        result = run(
            "reanalyse",
            STATIONS=layer,
            VALUE="pm25",
            TIME="day",
            DATE=str(FIRST_DAY),
            GRID=SMALL_GRID,
            MODEL=tiny_model,
            DEVICE="cpu",
            OUTPUT=str(tmp_path / name),
            REPORT=str(tmp_path / f"{name}.html"),
            **more,
        )
        return json.loads(gdal.Open(result["OUTPUT"]).GetMetadata()["inputs"]), result["REPORT"]

    return day_of


def test_a_geopackage_with_a_filter(day_of, air, tmp_path):
    (entry,), report = day_of(air)
    assert entry == {
        "role": "stations",
        "layer": "Stations of January",
        "source": "air.gpkg|layername=readings",
        "features": 118,
        "filter": "\"code\" <> 'S7'",
        "sha256": sha256(tmp_path / "anna" / "air.gpkg"),
    }
    page = page_of(report)
    assert "Stations of January air.gpkg|layername=readings 118 features Filter of the layer: \"code\" <> 'S7'" in page
    assert entry["sha256"] in page and "Readings as they were used" in page
    for file in (report, tmp_path / "day.tif"):
        assert b"anna" not in Path(file).read_bytes()


def test_full_paths_name_its_folder(day_of, air, tmp_path):
    (entry,), report = day_of(air, FULL_PATHS=True)
    assert entry["source"] == f"{tmp_path / 'anna' / 'air.gpkg'}|layername=readings"
    assert entry["source"] in page_of(report)


def test_it_is_repeated_byte_for_byte(run, day_of, air, tiny_model, tmp_path):
    day_of(air)
    (tmp_path / Path(tiny_model).name).symlink_to(tiny_model)
    assert run("reanalyse", REPEAT=str(tmp_path / "day.tif"), STATIONS=air, OUTPUT=str(tmp_path / "again.tif"))["IDENTICAL"] is True
    assert (tmp_path / "again.tif").read_bytes() == (tmp_path / "day.tif").read_bytes()


def test_what_an_earlier_version_wrote_is_repeated(run, day_of, air, tiny_model, tmp_path):
    """It named the layer, and nothing else of it."""
    day_of(air)
    (tmp_path / Path(tiny_model).name).symlink_to(tiny_model)
    file = gdal.Open(str(tmp_path / "day.tif"), gdal.GA_Update)
    file.SetMetadataItem("inputs", json.dumps([{"role": "stations", "layer": air.name()}]))
    file = None  # closes it
    assert run("reanalyse", REPEAT=str(tmp_path / "day.tif"), STATIONS=air, OUTPUT=str(tmp_path / "again.tif"))["IDENTICAL"] is True


def test_a_selection_and_edits_are_said(day_of, air, project):
    project.addMapLayer(air)
    air.selectByExpression("\"code\" <> 'S8'")
    assert air.startEditing()
    assert air.changeAttributeValue(next(air.getFeatures()).id(), air.fields().lookupField("note"), "odd")
    (entry,), report = day_of(QgsProcessingFeatureSourceDefinition(air.id(), selectedFeaturesOnly=True))
    assert (entry["features"], entry["selected"], entry["edited"]) == (116, True, True)
    assert "116 features, those selected alone, with edits that were not saved" in page_of(report)
    air.rollBack()


def test_an_expression_of_the_run_is_said_and_what_it_leaves_is_counted(day_of, air, project):
    project.addMapLayer(air)
    (entry,), report = day_of(QgsProcessingFeatureSourceDefinition(air.id(), filterExpression="\"code\" <> 'S9'"))
    assert (entry["features"], entry["expression"]) == (116, "\"code\" <> 'S9'")
    assert entry["filter"] == air.subsetString() and entry["source"] == "air.gpkg|layername=readings"
    assert "116 features" in page_of(report) and "Filter of the run: \"code\" <> 'S9'" in page_of(report)


@pytest.fixture
def counties(small_crs, tmp_path):
    """Three squares of 120 km in a GeoPackage, of which the layer shows two."""
    layer = QgsVectorLayer("Polygon?field=code:integer&field=county:string", "counties", "memory")
    layer.setCrs(small_crs)
    for code, name in enumerate(("west", "middle", "east")):
        feature, x = QgsFeature(layer.fields()), code * 200_000
        feature.setGeometry(QgsGeometry.fromWkt(f"POLYGON(({x} 0,{x + 120_000} 0,{x + 120_000} 120000,{x} 120000,{x} 0))"))
        feature.setAttributes([code, name])
        layer.dataProvider().addFeatures([feature])
    path = written(layer, tmp_path / "areas.gpkg", "counties")
    layer = QgsVectorLayer(f"{path}|layername=counties", "Counties", "ogr")
    layer.setSubsetString("code < 2")
    return layer


@pytest.fixture
def exposed(run, day_of, stations, tmp_path):
    """Exposure of people to a day in polygons; the entry of these in the record, and the report."""
    field, people = tmp_path / "field.tif", tmp_path / "people.tif"
    day_of(stations, "field.tif")
    gdal.Translate(str(people), str(field), bandList=[1], outputType=gdal.GDT_Float32)

    def exposed(layer, **more):
        result = run(
            "exposure",
            FIELDS=[str(field)],
            POPULATION=str(people),
            POPULATION_IS="counts",
            POLYGONS=layer,
            OUTPUT=str(tmp_path / "exposure.gpkg"),
            REPORT=str(tmp_path / "exposure.html"),
            **more,
        )
        table = gdal.OpenEx(str(tmp_path / "exposure.gpkg"), gdal.OF_VECTOR)  # a layer dies with its dataset
        said = json.loads(table.GetLayerByName("exposure").GetMetadata()["inputs"])
        return next(one for one in said if one["role"] == "polygons"), result["REPORT"]

    return exposed


def test_polygons_have_the_hash_of_their_file_and_of_what_was_used(exposed, counties, tmp_path):
    entry, report = exposed(counties, NAME_FIELD="county")
    assert (entry["layer"], entry["source"], entry["features"], entry["filter"]) == (
        *("Counties", "areas.gpkg|layername=counties"),
        *(2, "code < 2"),
    )
    assert entry["sha256"] == sha256(tmp_path / "areas.gpkg")
    page = page_of(report)
    assert "Counties areas.gpkg|layername=counties 2 features Filter of the layer: code < 2" in page
    assert f"What was used of it: {entry['content_sha256']}" in page
    assert exposed(counties, NAME_FIELD="county")[0] == entry, "the hour of the run is not in it"
    by_code = exposed(counties, NAME_FIELD="code")[0]
    assert by_code["sha256"] == entry["sha256"] and by_code["content_sha256"] != entry["content_sha256"]
    counties.setSubsetString("")
    assert exposed(counties, NAME_FIELD="county")[0]["content_sha256"] != entry["content_sha256"]


def test_stations_and_mask_of_an_aggregation_are_both_named(run, day_of, air, counties, tmp_path):
    day_of(air)
    run(
        "aggregate",
        FIELDS=[str(tmp_path / "day.tif")],
        STATIONS=air,
        VALUE="pm25",
        TIME="day",
        ID="code",
        MASK=counties,
        OUTPUT=str(tmp_path / "mean.nc"),
    )
    inputs = json.loads(gdal.Open(f'NETCDF:"{tmp_path / "mean.nc"}":pm25').GetMetadata()["NC_GLOBAL#inputs"])
    said = {one["role"]: one for one in inputs}
    assert (said["stations"]["layer"], said["stations"]["features"]) == ("Stations of January", 118)
    assert (said["mask"]["layer"], said["mask"]["features"]) == ("Counties", 2)
    for role, file in (("stations", tmp_path / "anna" / "air.gpkg"), ("mask", tmp_path / "areas.gpkg")):
        assert said[role]["sha256"] == sha256(file) and len(said[role]["content_sha256"]) == 64


def test_further_variables_name_their_own_layers(day_of, air, make_stations, project):
    humid = make_stations(DAYS[:1], "Humidity")
    project.addMapLayer(humid)
    inputs, _ = day_of(air, RH_STATIONS=humid, RH_STATIONS_FIELD="rh", INPUTS=["wind", "Humidity", "wind", "m/s", "", ""])
    assert [(one["role"], one["layer"], one["features"]) for one in inputs] == [
        ("stations", "Stations of January", 118),
        ("rh", "Humidity", 60),
        ("wind", "Humidity", 60),
    ]


def told(layer) -> dict:
    from ctm_reanalysis.plugin.layer_sources import layer_told

    return layer_told(QgsProcessingFeatureSource(layer, QgsProcessingContext()), layer)


ADDRESSES = {  # nobody answers there
    "postgres": "dbname='air' host=127.0.0.1 port=1 user='anna' password='secret' table=\"public\".\"readings\" (geom)",
    "ogr": "PG:dbname=air host=127.0.0.1 port=1 user=anna password=secret",
    "WFS": "url='http://anna:secret@127.0.0.1:1/wfs' typename='ns:t' username='anna' password='secret'",
    "delimitedtext": "http://anna:secret@127.0.0.1:1/air.csv?type=csv",
}


@pytest.mark.parametrize("provider", ADDRESSES)
def test_no_password_user_or_server_is_told_of(plugin, provider):
    """Even where QGIS makes the name of a layer of its address."""
    layer = QgsVectorLayer(ADDRESSES[provider], ADDRESSES[provider], provider)
    assert layer.providerType() == provider and "secret" in layer.source()
    said = told(layer)
    assert said["name"] == said["source"] and said["source"].startswith(provider)
    assert said["source"] == {"postgres": "postgres: public.readings", "WFS": "WFS: ns:t"}.get(provider, said["source"])
    assert not any(word in json.dumps(said) for word in ("secret", "anna", "127.0.0.1"))


def test_a_table_of_a_database(make_stations, day_of):
    found = programs()
    if found is None:
        pytest.skip("no PostgreSQL with PostGIS on this machine (Debian: postgresql, postgresql-15-postgis-3)")
    with postgis_server(found) as connection:
        memory = make_stations(DAYS[:1])
        uri = f'{connection} password=secret key=\'id\' type=Point table="public"."readings" (geom)'
        error = QgsVectorLayerExporter.exportLayer(memory, uri, "postgres", memory.crs(), False)
        assert error[0] == QgsVectorLayerExporter.ExportError.NoError, error
        (entry,), report = day_of(QgsVectorLayer(uri, "Air", "postgres"))
    assert entry == {"role": "stations", "layer": "Air", "source": "postgres: public.readings", "features": 60}
    for word in ("secret", "user=", connection):
        assert word not in Path(report).read_text(encoding="utf-8")


@pytest.mark.parametrize("driver, suffix", [("ESRI Shapefile", "shp"), ("GeoJSON", "geojson"), ("CSV", "csv")])
def test_other_files_are_named_by_their_names(make_stations, driver, suffix, tmp_path):
    path = written(make_stations(), tmp_path / f"air.{suffix}", driver=driver)
    address = f"file://{path}?type=csv" if suffix == "csv" else path
    said = told(QgsVectorLayer(address, "Air", "delimitedtext" if suffix == "csv" else "ogr"))
    assert (said["name"], said["file"], said["features"]) == ("Air", path, 60) and "source" not in said
