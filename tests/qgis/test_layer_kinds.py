"""Readings in the layers that people have: each kind gives the field that the same readings in memory give."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import ogr
from postgis_server import postgis_server, programs
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsField,
    QgsGeometry,
    QgsPointXY,
    QgsProcessingFeatureSourceDefinition,
    QgsProject,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsVectorLayerExporter,
    QgsVectorLayerJoinInfo,
)
from qgis.PyQt.QtCore import QDate, QMetaType, QUrl
from small_world import DAYS, FIRST_DAY, SMALL_GRID, readings_of

DEGREES = "EPSG:4326"
FIELDS = ("station_code:string", "datetime_local:date", "pm25_concentration:double", "lon:double", "lat:double")
WRONG = 900.0  # of readings that a filter, a selection or a day leaves out: one of them would move the field by tens


@pytest.fixture(scope="module")
def readings(qgis_app, small_crs):
    """Rows of two days in degrees: code, day, reading, longitude, latitude; the second day is wrong throughout."""
    to_degrees = QgsCoordinateTransform(small_crs, QgsCoordinateReferenceSystem(DEGREES), QgsProject.instance())
    rows = []
    for number, (x, y, value) in enumerate(readings_of(FIRST_DAY)):
        point = to_degrees.transform(QgsPointXY(x, y))
        rows += [(f"S{number}", day, reading, point.x(), point.y()) for day, reading in ((DAYS[0], value), (DAYS[1], WRONG))]
    return rows


def memory(rows, name="memory", fields=FIELDS) -> QgsVectorLayer:
    layer = QgsVectorLayer(f"Point?crs={DEGREES}&" + "&".join(f"field={field}" for field in fields), name, "memory")
    features = []
    for code, day, value, lon, lat in rows:
        feature = QgsFeature(layer.fields())
        feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(lon, lat)))
        values = {"station_code": code, "datetime_local": QDate(day), "pm25_concentration": value, "lon": lon, "lat": lat}
        feature.setAttributes([values[field.partition(":")[0]] for field in fields])
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    return layer


def written(layer, path, driver, options=()) -> str:
    """Write a layer to a file, and return its path."""
    how = QgsVectorFileWriter.SaveVectorOptions()
    how.driverName, how.layerOptions = driver, list(options)
    error = QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(path), QgsProject.instance().transformContext(), how)
    assert error[0] == QgsVectorFileWriter.WriterError.NoError, error
    return str(path)


def geopackage(rows, folder):
    return QgsVectorLayer(written(memory(rows), folder / "r.gpkg", "GPKG"), "geopackage", "ogr")


def shapefile(rows, folder):
    layer = QgsVectorLayer(written(memory(rows), folder / "r.shp", "ESRI Shapefile"), "shapefile", "ogr")
    assert "pm25_conce" in layer.fields().names() and "datetime_l" in layer.fields().names()
    return layer


def delimited_text(rows, folder):
    path = written(memory(rows), folder / "r.csv", "CSV")
    return QgsVectorLayer(f"file://{path}?type=csv&xField=lon&yField=lat&crs={DEGREES}&detectTypes=yes", "text", "delimitedtext")


def spreadsheet(rows, folder, driver="XLSX"):
    """A sheet has no points; its columns of longitude and latitude say where the stations are."""
    if ogr.GetDriverByName(driver) is None:
        pytest.skip(f"this GDAL writes no {driver}")
    sheet = QgsVectorLayer(written(memory(rows), folder / f"r.{driver.lower()}", driver), "sheet", "ogr")
    assert not sheet.isSpatial()
    return sheet


def open_document(rows, folder):
    return spreadsheet(rows, folder, "ODS")


def virtual_layer(rows, folder):
    """A query over a layer without points, which makes them."""
    QgsProject.instance().addMapLayer(base := memory(rows))
    query = f'select station_code, datetime_local, pm25_concentration, make_point(lon, lat, 4326) as geometry from "{base.id()}"'
    layer = QgsVectorLayer(f"?query={bytes(QUrl.toPercentEncoding(query)).decode()}&geometry=geometry:point:4326", "virtual", "virtual")
    assert layer.isValid(), layer.error().message()
    return layer


def joined(rows, folder):
    """Places in one layer, readings in a table that is joined to it by the station's code."""
    places = memory(rows[::2], "places", FIELDS[:1])
    table = memory(rows[::2], "table", FIELDS[:3])
    QgsProject.instance().addMapLayers([table, places])
    join = QgsVectorLayerJoinInfo()
    join.setJoinLayer(table)
    join.setJoinFieldName("station_code")
    join.setTargetFieldName("station_code")
    join.setPrefix("")
    assert places.addJoin(join)
    return places


def virtual_field(rows, folder):
    """The layer holds milligrams; a virtual field makes micrograms of them, and another the day."""
    milligrams = [(code, day, value / 1000, lon, lat) for code, day, value, lon, lat in rows]
    layer = memory(milligrams, "virtual fields", ("station_code:string", "datetime_local:date", "pm25_concentration:double"))
    layer.startEditing()
    layer.renameAttribute(2, "milli")
    layer.renameAttribute(1, "d")
    layer.commitChanges()
    layer.addExpressionField('"milli" * 1000', QgsField("pm25", QMetaType.Type.Double))
    layer.addExpressionField('"d"', QgsField("day", QMetaType.Type.QDate))
    return layer


def filtered(rows, folder):
    layer = geopackage(rows, folder)
    assert layer.setSubsetString(f'"pm25_concentration" < {WRONG}') and layer.featureCount() == 60
    return layer


def selected(rows, folder):
    layer = geopackage(rows, folder)
    QgsProject.instance().addMapLayer(layer)
    layer.selectByExpression(f'"pm25_concentration" < {WRONG}')
    return QgsProcessingFeatureSourceDefinition(layer.id(), True)


KINDS = {
    "geopackage": geopackage,
    "shapefile": shapefile,
    "delimited text": delimited_text,
    "spreadsheet": spreadsheet,
    "open document": open_document,
    "virtual layer": virtual_layer,
    "join": joined,
    "virtual field": virtual_field,
}
LEFT_OUT = {"filter": filtered, "selection": selected}


@pytest.fixture(scope="module")
def field_of(plugin, tiny_model, read_raster, tmp_path_factory):
    """The field of a layer's readings of a day, by the algorithm; nothing but the day is said of them."""
    import processing

    folder = tmp_path_factory.mktemp("fields")

    def field_of(layer, **parameters):
        done = processing.run(
            "ctm_reanalysis:reanalyse",
            {"STATIONS": layer, "GRID": SMALL_GRID, "MODEL": tiny_model, "DEVICE": "cpu", "OUTPUT": str(folder / "out.tif"), **parameters},
        )
        assert (done["COUNT_USED"], done["DATE"]) == (60, str(FIRST_DAY))
        return read_raster(done["OUTPUT"])

    return field_of


@pytest.fixture(scope="module")
def expected(readings, field_of):
    return field_of(memory(readings), DATE=str(FIRST_DAY))


@pytest.fixture(autouse=True)
def empty_project(qgis_app):
    yield
    QgsProject.instance().clear()


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_layer_gives_the_field_of_its_readings(kind, readings, field_of, expected, tmp_path):
    np.testing.assert_allclose(field_of(KINDS[kind](readings, tmp_path), DATE=str(FIRST_DAY)), expected, atol=0.1)


@pytest.mark.parametrize("kind", LEFT_OUT)
def test_what_a_filter_or_a_selection_leaves_out_is_not_read(kind, readings, field_of, expected, tmp_path):
    """No day is named: what is left is of one day."""
    np.testing.assert_allclose(field_of(LEFT_OUT[kind](readings, tmp_path)), expected, atol=0.1)


def test_a_table_that_says_no_places_is_refused_with_the_remedy(readings, refusal, tmp_path):
    if ogr.GetDriverByName("XLSX") is None:
        pytest.skip("this GDAL writes no XLSX")
    sheet = QgsVectorLayer(written(memory(readings, fields=FIELDS[:3]), tmp_path / "r.xlsx", "XLSX"), "sheet", "ogr")
    assert "Read station table" in refusal("reanalyse", STATIONS=sheet, GRID=SMALL_GRID, OUTPUT="TEMPORARY_OUTPUT")


@pytest.fixture(scope="module")
def database():
    """Connection to a server of our own."""
    found = programs()
    if found is None:
        pytest.skip("no PostgreSQL with PostGIS on this machine (Debian: postgresql, postgresql-15-postgis-3)")
    with postgis_server(found) as connection:
        yield connection


@pytest.fixture(scope="module")
def table(database, readings):
    """The readings in a table of the server, through QGIS."""
    layer = memory(readings)
    uri = f'{database} key=\'id\' type=Point table="public"."readings" (geom)'
    error = QgsVectorLayerExporter.exportLayer(layer, uri, "postgres", layer.crs(), False)
    assert error[0] == QgsVectorLayerExporter.ExportError.NoError, error
    return uri.replace("type=Point", "srid=4326 type=Point")


@pytest.mark.parametrize("what", ["table", "filter", "query", "timestamps"])
def test_postgis_gives_the_field_of_its_readings(what, table, field_of, expected):
    queries = {
        "query": "(select id, station_code, datetime_local as day, pm25_concentration as pm25, geom from readings)",
        "timestamps": "(select id, (datetime_local + time '09:00')::timestamptz as time, pm25_concentration as pm25, geom from readings)",
    }
    uri = table.replace('"public"."readings"', f'"{queries[what]}"') if what in queries else table
    layer = QgsVectorLayer(uri, what, "postgres")
    assert layer.isValid() and layer.featureCount() == 120, layer.error().message()
    if what == "filter":
        assert layer.setSubsetString(f'"pm25_concentration" < {WRONG}')
    named = {} if what == "filter" else {"DATE": str(FIRST_DAY)}
    np.testing.assert_allclose(field_of(layer, **named), expected, atol=0.1)
