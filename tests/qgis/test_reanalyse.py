"""The main algorithm on a small world: what comes out, and that it does not matter how the readings come in."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import (
    Qgis,
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeatureRequest,
    QgsProcessingFeatureSourceDefinition,
    QgsProject,
    QgsRasterLayer,
    QgsVectorFileWriter,
    QgsVectorLayer,
)
from qgis.PyQt.QtGui import QColor, QImage
from small_world import DAYS, FIRST_DAY, SMALL_GRID, readings_of


@pytest.fixture
def reanalyse(run, tiny_model, tmp_path):
    """Reanalyse on the small grid; returns the outputs."""

    def reanalyse(stations, output="out.tif", **parameters):
        parameters = {
            "STATIONS": stations,
            "VALUE": "pm25",
            "GRID": SMALL_GRID,
            "MODEL": tiny_model,
            "DEVICE": "cpu",
            "OUTPUT": str(tmp_path / output),
            **parameters,
        }
        return run("reanalyse", **parameters)

    return reanalyse


def test_numbers_describe_readings_and_field(reanalyse, stations, read_raster, log):
    result = reanalyse(stations, TIME="time", DATE=str(FIRST_DAY))
    field = read_raster(result["OUTPUT"])
    assert field.shape == (48, 64) and np.isfinite(field).all() and field.min() >= 0
    assert (result["COUNT_USED"], result["COUNT_DROPPED"], result["DATE"]) == (60, 0, str(FIRST_DAY))
    assert 50 <= result["CELLS_WITH_READINGS"] <= 60
    assert [result[name] for name in ("MIN", "MEAN", "MAX")] == pytest.approx([field.min(), field.mean(dtype=float), field.max()], rel=1e-5)
    assert "60  used" in log.text


def test_gridded_readings_are_cell_means_and_counts(run, stations, read_raster, small_crs, tmp_path):
    result = run("gridstations", STATIONS=stations, VALUE="pm25", GRID=SMALL_GRID, OUTPUT=str(tmp_path / "g.tif"))
    mean, count = read_raster(result["OUTPUT"]), read_raster(result["OUTPUT"], 2)
    sums, counts = np.zeros((48, 64)), np.zeros((48, 64))
    for x, y, value in readings_of(FIRST_DAY):
        cell = 47 - int(y // 12_000), int(x // 12_000)
        sums[cell] += value
        counts[cell] += 1
    assert np.array_equal(np.nan_to_num(count), counts)
    assert np.allclose(mean[counts > 0], sums[counts > 0] / counts[counts > 0], rtol=1e-6)
    assert np.isnan(mean[counts == 0]).all()


@pytest.fixture
def as_source(make_stations, tmp_path):
    """The first day's readings as every kind of source, in degrees and in a projected CRS."""
    plain, days = make_stations(), make_stations(DAYS[:3], "three days")

    def save(layer, name, crs, driver, options=()):
        settings = QgsVectorFileWriter.SaveVectorOptions()
        settings.driverName, settings.layerOptions = driver, list(options)
        settings.ct = QgsCoordinateTransform(layer.crs(), crs, QgsProject.instance())
        path = str(tmp_path / name)
        error = QgsVectorFileWriter.writeAsVectorFormatV3(layer, path, QgsProject.instance().transformContext(), settings)
        assert error[0] == QgsVectorFileWriter.WriterError.NoError, error
        return path

    def source(kind, authid):
        crs = QgsCoordinateReferenceSystem(authid) if authid else plain.crs()
        tag = (authid or "own").replace(":", "")
        if kind == "memory":
            return QgsVectorLayer(save(plain, f"{tag}.gpkg", crs, "GPKG"), "m", "ogr").materialize(QgsFeatureRequest())
        if kind == "filter":
            layer = QgsVectorLayer(save(days, f"{tag}3.gpkg", crs, "GPKG"), "f", "ogr")
            assert layer.setSubsetString(f"day = '{FIRST_DAY}'")
            return layer
        if kind == "selection":
            layer = QgsVectorLayer(save(days, f"{tag}3.gpkg", crs, "GPKG"), "s", "ogr")
            layer.selectByExpression(f"day = to_date('{FIRST_DAY}')")
            QgsProject.instance().addMapLayer(layer)
            return QgsProcessingFeatureSourceDefinition(layer.id(), selectedFeaturesOnly=True)
        if kind == "expression":
            return QgsProcessingFeatureSourceDefinition(
                save(days, f"{tag}3.gpkg", crs, "GPKG"), filterExpression=f"day = to_date('{FIRST_DAY}')"
            )
        path = save(plain, f"{tag}.csv", crs, "CSV", ["GEOMETRY=AS_XY", "SEPARATOR=COMMA"])
        uri = f"file://{path}?type=csv&xField=X&yField=Y&crs={crs.authid() or 'WKT:' + crs.toWkt()}"
        return QgsVectorLayer(uri, "csv", "delimitedtext")

    yield source
    QgsProject.instance().clear()


@pytest.mark.parametrize("authid", ["EPSG:4326", "EPSG:32650"])
def test_the_same_readings_give_the_same_raster(reanalyse, as_source, stations, read_raster, authid):
    expected = read_raster(reanalyse(stations, "expected.tif")["OUTPUT"])
    for kind in ("memory", "filter", "selection", "expression", "delimitedtext"):
        result = reanalyse(as_source(kind, authid), f"{kind}.tif")
        assert result["COUNT_USED"] == 60, kind
        # GeoPackage keeps every digit; CSV keeps 15, which moves no station to another cell.
        assert np.allclose(read_raster(result["OUTPUT"]), expected, rtol=1e-5, atol=1e-4), kind


def test_numbers_as_text_are_readings(reanalyse, stations, read_raster):
    as_numbers = reanalyse(stations, "numbers.tif")
    as_text = reanalyse(stations, "text.tif", VALUE="as_text")
    assert np.array_equal(read_raster(as_numbers["OUTPUT"]), read_raster(as_text["OUTPUT"]))


def test_a_unit_changes_the_scale_and_nothing_else(reanalyse, stations, run, read_raster, tmp_path):
    results = [
        run("gridstations", STATIONS=stations, VALUE="pm25", UNIT=unit, GRID=SMALL_GRID, OUTPUT=str(tmp_path / name))
        for unit, name in (("µg/m³", "micro.tif"), ("ng/m³", "nano.tif"))
    ]
    micro, nano = (read_raster(result["OUTPUT"]) for result in results)
    assert np.allclose(micro, 1000 * nano, rtol=1e-6, equal_nan=True)


def test_humidity_and_wind_matter_and_may_come_from_another_layer(reanalyse, stations, make_stations, read_raster):
    without = read_raster(reanalyse(stations, "without.tif")["OUTPUT"])
    same = read_raster(reanalyse(stations, "same.tif", RH_FIELD="rh", WIND_FIELD="wind")["OUTPUT"])
    other_layer = make_stations(name="weather")
    other = read_raster(
        reanalyse(
            stations, "other.tif", RH_STATIONS=other_layer, RH_STATIONS_FIELD="rh", WIND_STATIONS=other_layer, WIND_STATIONS_FIELD="wind"
        )["OUTPUT"]
    )
    assert not np.allclose(without, same)
    assert np.array_equal(same, other)


def test_one_grid_by_text_template_and_extent(run, stations, small_crs, tmp_path):
    ways = {"text": {"GRID": SMALL_GRID}, "extent": {"EXTENT": "0,768000,0,576000", "CRS": small_crs, "CELL_SIZE": 12000}}
    ways["template"] = {
        "TEMPLATE": run("gridstations", STATIONS=stations, VALUE="pm25", GRID=SMALL_GRID, OUTPUT=str(tmp_path / "template.tif"))["OUTPUT"]
    }
    layers = [
        QgsRasterLayer(run("gridstations", STATIONS=stations, VALUE="pm25", OUTPUT=str(tmp_path / f"{name}.tif"), **parameters)["OUTPUT"])
        for name, parameters in ways.items()
    ]
    for layer in layers:
        assert (layer.width(), layer.height()) == (64, 48)
        assert layer.extent() == layers[0].extent() and layer.crs() == layers[0].crs()


def test_netcdf_holds_the_same_field(reanalyse, stations, read_raster):
    tif = reanalyse(stations, "a.tif", TIME="time")
    nc = reanalyse(stations, "a.nc", TIME="time")
    assert np.array_equal(read_raster(tif["OUTPUT"]), read_raster(nc["OUTPUT"]))
    crs = [QgsRasterLayer(result["OUTPUT"], "", "gdal").crs().toProj() for result in (tif, nc)]
    assert crs[0] == crs[1] and "+R=6370000" in crs[0]


def test_map_shows_the_field_in_its_colours(reanalyse, stations, tmp_path):
    result = reanalyse(stations, MAP=str(tmp_path / "map.png"), TIME="time")
    image = QImage(result["MAP"])
    assert image.width() == 1400 and image.height() > 800
    colours = {QColor(image.pixel(x, y)).name() for x in range(80, 1200, 8) for y in range(110, image.height() - 100, 8)}
    assert len(colours) > 100  # a field, not a blank frame


def test_result_is_a_geotiff_as_promised(reanalyse, stations):
    dataset = gdal.Open(reanalyse(stations, TIME="time")["OUTPUT"])
    band = dataset.GetRasterBand(1)
    assert dataset.GetGeoTransform() == (0, 12000, 0, 576000, 0, -12000)
    assert dataset.GetSpatialRef().GetSemiMajor() == dataset.GetSpatialRef().GetSemiMinor() == 6_370_000
    assert (band.GetUnitType(), band.DataType, np.isnan(band.GetNoDataValue())) == ("ug m-3", gdal.GDT_Float32, True)
    assert dataset.GetMetadata()["date"] == str(FIRST_DAY)


def test_the_analysis_step_is_an_advanced_choice_that_the_log_explains(reanalyse, plugin, stations, read_raster, log):
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("ctm_reanalysis:reanalyse")
    parameter = algorithm.parameterDefinition("ANALYSIS")
    assert parameter.defaultValue() == "off" and parameter.options() == ["off", "auto", "network", "kriging", "on"]
    assert parameter.flags() & Qgis.ProcessingParameterFlag.Advanced
    plain = read_raster(reanalyse(stations, "plain.tif")["OUTPUT"])
    assert "analysis step" not in log.text
    spread = read_raster(reanalyse(stations, "on.tif", ANALYSIS="on")["OUTPUT"])
    assert "analysis step: the whole residuals spread, as asked" in log.text and not np.allclose(plain, spread)
    reanalyse(stations, "auto.tif", ANALYSIS="auto")
    assert "left-out RMSE" in log.text
