"""A weather network beside an air-quality network: in a layer of its own, with fields, times and places of its own."""

from __future__ import annotations

import numpy as np
import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProcessingException,
    QgsProject,
    QgsVectorLayer,
)
from small_world import DAYS, FIRST_DAY, SMALL_GRID

LAYERS = ("RH", "WIND")


@pytest.fixture(scope="session")
def weather(qgis_app, small_crs):
    """Forty stations in degrees, hour by hour, in UTC: synop, Datum, Stunde, feuchte (as a share, with decimal commas), ff in km/h."""
    layer = QgsVectorLayer(
        "Point?crs=EPSG:4326&field=synop:int&field=Datum:string&field=Stunde:int&field=feuchte:string&field=ff:double", "weather", "memory"
    )
    to_degrees = QgsCoordinateTransform(small_crs, QgsCoordinateReferenceSystem("EPSG:4326"), QgsProject.instance())
    features = []
    for day in DAYS[:2]:
        for station in range(40):
            place = to_degrees.transform(QgsPointXY(20_000 + (station * 191_000) % 730_000, 20_000 + (station * 61_000) % 540_000))
            for hour in range(24):
                feature = QgsFeature(layer.fields())
                feature.setGeometry(QgsGeometry.fromPointXY(place))
                share = f"{0.3 + 0.015 * (station % 30):.3f}".replace(".", ",")
                feature.setAttributes([10_000 + station, f"{day:%d.%m.%Y}", hour, share, 3.6 * (1 + station % 4)])
                features.append(feature)
    assert layer.dataProvider().addFeatures(features)[0]
    return layer


@pytest.fixture
def values(make_stations, tiny_model):
    return {
        "STATIONS": make_stations(DAYS[:2]),
        "VALUE": "pm25",
        "TIME": "day",
        "ID": "code",
        "GRID": SMALL_GRID,
        "MODEL": tiny_model,
        "DEVICE": "cpu",
    }


@pytest.fixture
def own_layer(weather):
    """The parameters that name the weather network."""
    common = {
        name: value
        for layer in LAYERS
        for name, value in (
            (f"{layer}_STATIONS", weather),
            (f"{layer}_STATIONS_TIME", ["Datum", "Stunde"]),
            (f"{layer}_STATIONS_ID", "synop"),
        )
    }
    return {**common, "RH_STATIONS_FIELD": "feuchte", "RH_UNIT": "1", "WIND_STATIONS_FIELD": "ff", "WIND_UNIT": "km/h"}


def test_it_changes_the_field_of_a_day(run, values, own_layer, read_raster, log, tmp_path):
    fields = [
        read_raster(run("reanalyse", **values, **more, DATE=str(FIRST_DAY), OUTPUT=str(tmp_path / f"{len(more)}.tif"))["OUTPUT"])
        for more in ({}, own_layer)
    ]
    assert np.isfinite(fields[1]).all() and not np.allclose(*fields, atol=0.01)
    assert "relative humidity: 960 of 1920 readings used; dropped: 960 other day" in log.text
    assert not any("humidity" in text for text in log.warnings)


def test_it_changes_the_fields_of_a_period(run, values, own_layer, read_raster, tmp_path):
    series = [run("reanalyseperiod", **values, **more, OUTPUT=str(tmp_path / f"{len(more)}.nc"))["OUTPUT"] for more in ({}, own_layer)]
    for band in (1, 2):
        without, with_weather = (read_raster(one, band) for one in series)
        assert np.isfinite(with_weather).all() and not np.allclose(without, with_weather, atol=0.01)


def test_a_day_of_a_period_is_the_day_alone(run, values, own_layer, read_raster, tmp_path):
    series = run("reanalyseperiod", **values, **own_layer, OUTPUT=str(tmp_path / "series.nc"))["OUTPUT"]
    single = run("reanalyse", **values, **own_layer, DATE=str(DAYS[1]), OUTPUT=str(tmp_path / "day.tif"))["OUTPUT"]
    assert np.allclose(read_raster(series, 2), read_raster(single), atol=1e-4)


def test_it_changes_the_scores(run, values, own_layer, tmp_path):
    scores = [
        run("crossvalidate", **values, **more, FOLDS=3, BASELINES=["idw"], OUTPUT=str(tmp_path / f"{len(more)}"))["RMSE"]
        for more in ({}, own_layer)
    ]
    assert scores[0] != pytest.approx(scores[1], rel=1e-6)


def test_times_in_a_zone_of_their_own(run, values, own_layer, read_raster, tmp_path):
    """Hours written in UTC belong to other days in Asia/Shanghai: of the second day sixteen are left, too few for a mean."""
    more = {"TIME_ZONE": "Asia/Shanghai", "RH_TIMES_IN": "UTC", "WIND_TIMES_IN": "UTC", "DATE": str(FIRST_DAY)}
    with pytest.raises(QgsProcessingException, match="no station has 19 valid hours on a day, the most is 16"):
        run("reanalyse", **values, **own_layer, **more, OUTPUT=str(tmp_path / "out.tif"))
    assert run("reanalyse", **values, **own_layer, **{**more, "HOURS": 16}, OUTPUT=str(tmp_path / "out.tif"))["COUNT_USED"] == 60


@pytest.mark.parametrize(
    "spoil, expected",
    [
        ({"RH_STATIONS_FIELD": "Datum"}, "holds text, such as '16.02.2018'"),
        ({"RH_STATIONS_TIME": ["day"]}, "no field 'day'; its fields are synop"),
        ({"WIND_STATIONS_FIELD": ""}, "Choose the field with wind speed in the other layer"),
    ],
)
def test_what_can_not_be_is_refused(refusal, values, own_layer, tmp_path, spoil, expected):
    assert expected in refusal("reanalyse", **{**values, **own_layer, **spoil, "OUTPUT": str(tmp_path / "out.tif")})


# Any station variable, in the table of inputs


@pytest.fixture
def in_project(weather):
    layer = weather.clone()
    QgsProject.instance().addMapLayer(layer)
    yield layer
    QgsProject.instance().clear()


def test_the_table_of_inputs_is_another_way_to_say_it(run, values, own_layer, in_project, read_raster, tmp_path):
    def field(name, **more):
        return read_raster(run("reanalyse", **values, **more, DATE=str(FIRST_DAY), OUTPUT=str(tmp_path / name))["OUTPUT"])

    table = [
        "rh",
        in_project.name(),
        "feuchte",
        "1",
        "Datum+Stunde",
        "synop",
        "wind",
        in_project.id(),
        "ff",
        "km/h",
        "Datum+Stunde",
        "synop",
    ]
    assert np.array_equal(field("table.tif", INPUTS=table), field("own.tif", **own_layer))


def test_inputs_of_the_station_layer_and_of_a_file(run, values, read_raster, tmp_path):
    def field(name, **more):
        return read_raster(run("reanalyse", **values, **more, DATE=str(FIRST_DAY), OUTPUT=str(tmp_path / name))["OUTPUT"])

    file = tmp_path / "wind.csv"
    file.write_text("lon,lat,when,speed\n111,37,2018-02-16,3\n114,36,2018-02-16,4\n", encoding="utf-8")
    both = field("both.tif", INPUTS=["rh", "", "rh", "%", "", "", "wind", str(file), "speed", "m/s", "when", ""])
    assert not np.allclose(both, field("rh.tif", RH_FIELD="rh")) and not np.allclose(both, field("none.tif"))


def test_an_input_that_the_model_does_not_know_is_said(run, values, log, tmp_path):
    run("reanalyse", **values, INPUTS=["temperature", "", "rh", "degC", "", ""], DATE=str(FIRST_DAY), OUTPUT=str(tmp_path / "out.tif"))
    assert any("does not know temperature" in text for text in log.warnings)


@pytest.mark.parametrize(
    "row, expected",
    [
        (["", "", "rh", "", "", ""], "name the variable and its field"),
        (["rh", "nowhere.csv", "rh", "", "", ""], "'nowhere.csv' is neither a layer"),
    ],
)
def test_inputs_that_can_not_be_are_refused(refusal, values, tmp_path, row, expected):
    assert expected in refusal("reanalyse", **values, INPUTS=row, OUTPUT=str(tmp_path / "out.tif"))


def test_a_table_of_further_inputs_that_was_not_touched_in_the_dialog_is_empty(refusal, stations, tiny_model, tmp_path):
    """The dialog shows one row, whose cells are NULL until somebody writes into them."""
    from qgis.core import NULL

    assert refusal("reanalyse", STATIONS=stations, MODEL=tiny_model, INPUTS=[NULL] * 6, OUTPUT=str(tmp_path / "out.tif")) == ""
