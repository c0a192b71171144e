"""A layer of readings runs with no parameter touched: what its fields hold is found, and said."""

from __future__ import annotations

import pytest
from qgis.core import QgsApplication, QgsFeature, QgsGeometry, QgsPointXY, QgsProcessingContext, QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.gui import QgsProcessingParameterWidgetContext
from small_world import DAYS, FIRST_DAY, SMALL_GRID, readings_of


def layer_of(crs, fields: str, rows, name="table") -> QgsVectorLayer:
    """A memory layer at the places of the small world's stations; `rows` gives the attributes of station number and reading."""
    layer = QgsVectorLayer("Point?" + "&".join(f"field={field}" for field in fields.split()), name, "memory")
    layer.setCrs(crs)
    features = []
    for number, (x, y, value) in enumerate(readings_of(FIRST_DAY)):
        for attributes in rows(number, value):
            feature = QgsFeature(layer.fields())
            feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(x, y)))
            feature.setAttributes(list(attributes))
            features.append(feature)
    layer.dataProvider().addFeatures(features)
    return layer


@pytest.fixture
def gridded(run, read_raster, tmp_path):
    """Mean of the gridded readings of a layer, as found."""
    import numpy as np

    def gridded(layer, **parameters):
        result = run("gridstations", STATIONS=layer, GRID=SMALL_GRID, OUTPUT=str(tmp_path / "g.tif"), **parameters)
        return float(np.nanmean(read_raster(result["OUTPUT"]))), result

    return gridded


def test_the_whole_layer_is_understood_without_a_word(run, stations, tiny_model, tmp_path, log):
    result = run("reanalyse", STATIONS=stations, GRID=SMALL_GRID, MODEL=tiny_model, OUTPUT=str(tmp_path / "out.tif"))
    assert (result["COUNT_USED"], result["DATE"]) == (60, str(FIRST_DAY))
    for words in (
        "Field 'pm25' of layer 'stations' is taken for the reading",
        "'time' is taken for the time",
        "'rh' is taken for the relative",
        "'wind' is taken for the wind",
    ):
        assert words in log.text


def test_what_is_named_is_left_as_it_is(run, stations, tiny_model, tmp_path, log):
    result = run("reanalyse", STATIONS=stations, VALUE="pm25", GRID=SMALL_GRID, MODEL=tiny_model, OUTPUT=str(tmp_path / "out.tif"))
    assert result["DATE"] == "" and "is taken for" not in log.text
    assert any("all readings count as of one day" in warning and "'time'" in warning for warning in log.warnings)


def test_a_time_field_is_found_in_any_case_or_refused(run, refusal, make_stations, tmp_path):
    two_days = {
        "STATIONS": make_stations(DAYS[:2]),
        "VALUE": "pm25",
        "DATE": str(DAYS[1]),
        "GRID": SMALL_GRID,
        "OUTPUT": str(tmp_path / "g.tif"),
    }
    assert run("gridstations", TIME="TIME", **two_days)["COUNT_USED"] == 60
    for name in ("TIME", "TIME_OF_DAY"):
        assert "has no field 'tim'" in refusal("gridstations", **{"TIME": "time", **two_days, name: "tim"})


@pytest.mark.parametrize("name", ["PM2.5", "pm25_24h", "pm2p5", "PM₂.₅ (µg/m³)", "PM25_TOT"])
def test_numbers_go_before_text_whatever_the_spelling(gridded, small_crs, name, log):
    """The text field holds other numbers, which would be found at once in the mean."""
    layer = layer_of(small_crs, "code:string pm25:string kept:double", lambda n, v: [(f"S{n}", repr(1000 + v), v)])
    layer.startEditing()
    layer.renameAttribute(2, name)
    layer.commitChanges()
    mean, _ = gridded(layer)
    assert mean < 300 and f"Field '{name}'" in log.text and "Other fields that could be the reading: pm25" in log.text


def test_rows_of_other_species_are_left_out(gridded, small_crs, log):
    layer = layer_of(small_crs, "parameter:string value:double", lambda n, v: [("PM2.5", v), ("o3", 300.0), ("pm10", 600.0)])
    mean, result = gridded(layer)
    assert mean < 290 and result["COUNT_USED"] == 60 and "parameter=PM2.5" in log.text
    assert gridded(layer, SPECIES="o3")[0] == 300


def test_a_table_of_another_species_is_refused(refusal, small_crs):
    layer = layer_of(small_crs, "parameter:string value:double", lambda n, v: [("o3", v)])
    assert "Choose the field with the reading" in refusal("gridstations", STATIONS=layer, GRID=SMALL_GRID, OUTPUT="TEMPORARY_OUTPUT")


def test_the_unit_in_a_name_counts(gridded, small_crs):
    layer = layer_of(small_crs, "n:int pm25:double", lambda n, v: [(n, v / 1000)])
    layer.startEditing()
    layer.renameAttribute(1, "PM2.5 [mg/m3]")
    layer.commitChanges()
    named = gridded(layer, VALUE="PM2.5 [mg/m3]")[0]
    assert gridded(layer)[0] == named == pytest.approx(gridded(layer, VALUE="PM2.5 [mg/m3]", UNIT="mg/m³")[0]) and named > 10


@pytest.mark.parametrize("unit", ["mg/m³", "mg m-3"])
def test_the_unit_in_a_field_of_its_own_counts_beside_a_reading_that_is_named(gridded, small_crs, log, unit):
    layer = layer_of(small_crs, "pm25:double unit:string", lambda n, v: [(v / 1000, unit)])
    named = gridded(layer, VALUE="pm25")[0]
    assert named == gridded(layer)[0] == gridded(layer, VALUE="pm25", UNIT_FIELD="unit")[0] and named > 10
    assert "Field 'unit' is taken for the unit" in log.text
    assert gridded(layer, VALUE="pm25", UNIT="µg/m³")[0] < 1  # what the user says stands


def test_the_only_field_of_numbers_is_taken_with_a_warning(gridded, small_crs, log):
    layer = layer_of(small_crs, "lon:double lat:double station_id:int winter:double", lambda n, v: [(0.0, 0.0, n, v)])
    assert gridded(layer)[1]["COUNT_USED"] == 60
    assert any("'winter'" in warning and "Choose another" in warning for warning in log.warnings)


def test_a_table_that_only_looks_like_a_published_form_is_read_all_the_same(gridded, small_crs, log):
    """Its header is that of a published form, its contents are not."""
    layer = layer_of(small_crs, "Datum:string Stationscode:string pm25:double", lambda n, v: [("2018-02-16", f"DE{n}", v)])
    assert gridded(layer)[1]["COUNT_USED"] == 60


@pytest.mark.parametrize(
    "field, day", [("Messdatum:date", "2019-01-0{}"), ("Tag:string", "2{}.01.2019"), ("created:date mess_tag:date", "2019-01-0{}")]
)
def test_days_are_not_mixed_where_the_field_of_dates_has_an_unknown_name(gridded, small_crs, field, day, log):
    """The first day's readings would be found at once in the mean."""
    dates = field.count(":")
    layer = layer_of(small_crs, f"{field} pm25:double", lambda n, v: [[day.format(1)] * dates + [900.0], [day.format(2)] * dates + [v]])
    mean, result = gridded(layer)
    assert result["COUNT_USED"] == 60 and mean < 300 and "is taken for the time" in log.text


def test_of_several_fields_of_dates_none_is_taken_and_the_user_is_asked(gridded, small_crs, log):
    layer = layer_of(small_crs, "sampled:date measured:date pm25:double", lambda n, v: [("2019-01-01", "2019-01-02", v)])
    gridded(layer)
    assert any("Fields that could hold their times: sampled, measured" in warning for warning in log.warnings)


def test_a_layer_of_read_station_table_keeps_its_stations(gridded, small_crs, log):
    fields = "station:string day:string value:double unit:string species:string hours:int flags:string group:string"
    layer = layer_of(small_crs, fields, lambda n, v: [(f"S{n}", "2019-01-01", v, "ug m-3", "pm25", 24, "", "town")])
    gridded(layer)
    assert "Field 'station' is taken for the station code." in log.text


def test_a_period_finds_its_days(run, make_stations, tiny_model, tmp_path):
    result = run("reanalyseperiod", STATIONS=make_stations(DAYS[:3]), GRID=SMALL_GRID, MODEL=tiny_model, OUTPUT=str(tmp_path / "p.nc"))
    assert result["COMPUTED"] == 3


@pytest.fixture
def dialog(plugin, qgis_app, stations, monkeypatch):
    """The dialog of an algorithm over a project with the stations; its parameters' widgets by name."""
    from processing.gui import ParametersPanel
    from processing.gui.AlgorithmDialog import AlgorithmDialog

    monkeypatch.setattr(ParametersPanel, "iface", None)  # the test's stand-in for QGIS's windows has no browser
    QgsProject.instance().addMapLayer(stations.clone())
    opened = []

    def dialog(name):
        algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"ctm_reanalysis:{name}")
        opened.append(AlgorithmDialog(algorithm))
        return opened[-1].mainWidget().wrappers

    yield dialog
    for one in opened:
        one.close()
    QgsProject.instance().clear()


def test_the_dialog_opens_with_what_is_found(dialog):
    widgets = dialog("reanalyse")
    assert {name: widgets[name].parameterValue() for name in ("VALUE", "TIME", "RH_FIELD", "WIND_FIELD")} == {
        "VALUE": "pm25",
        "TIME": "time",
        "RH_FIELD": "rh",
        "WIND_FIELD": "wind",
    }
    assert not widgets["GROUP"].parameterValue()


def test_a_period_opens_with_the_layer_as_a_day_does(dialog):
    for name in ("reanalyse", "reanalyseperiod", "crossvalidate"):
        widgets = dialog(name)
        layer = QgsProject.instance().mapLayer(widgets["STATIONS"].parameterValue())
        assert (layer.name(), widgets["VALUE"].parameterValue(), widgets["TIME"].parameterValue()) == ("stations", "pm25", "time"), name


def test_files_take_the_layers_place_and_give_it_back(dialog):
    widgets = dialog("reanalyseperiod")
    layer = widgets["STATIONS"].parameterValue()
    widgets["FILES"].setParameterValue("days/{date:%Y%m%d}.csv", QgsProcessingContext())
    assert not widgets["STATIONS"].parameterValue()
    widgets["FILES"].setParameterValue("", QgsProcessingContext())
    assert widgets["STATIONS"].parameterValue() == layer


def test_a_layer_that_the_user_took_out_stays_out(dialog):
    widgets = dialog("reanalyseperiod")
    widgets["STATIONS"].setParameterValue(None, QgsProcessingContext())
    for files in ("days/{date:%Y%m%d}.csv", ""):
        widgets["FILES"].setParameterValue(files, QgsProcessingContext())
        assert not widgets["STATIONS"].parameterValue()


def test_the_active_layer_goes_first_where_it_fits(dialog, make_stations, ctm_file):
    points, field = make_stations(name="others"), QgsRasterLayer(f'NETCDF:"{ctm_file}":PM25_TOT', "field")
    result = QgsVectorLayer("Point?field=station:string&field=pm25:double&field=field:double&field=difference:double", "a result", "memory")
    assert field.isValid()
    QgsProject.instance().addMapLayers([points, field, result])

    def chosen(algorithm, parameter, active):
        context, widget = QgsProcessingParameterWidgetContext(), dialog(algorithm)[parameter]
        context.setProject(QgsProject.instance())
        context.setActiveLayer(active)
        widget.setWidgetContext(context)
        return widget.parameterValue()

    assert chosen("reanalyseperiod", "STATIONS", points) == points.id()
    QgsProject.instance().layerTreeRoot().insertLayer(0, result)  # as a reanalysis puts it on top
    assert QgsProject.instance().mapLayer(chosen("reanalyseperiod", "STATIONS", field)).name() in ("stations", "others")
    assert QgsProject.instance().mapLayer(chosen("crossvalidate", "STATIONS", result)).name() in ("stations", "others")
    assert chosen("exposure", "FIELDS", field) == [field.source()] and not chosen("aggregate", "FIELDS", points)
    assert chosen("restyle", "LAYERS", field) == [field.source()]
    # A series that is on the map is found by its file, whatever is active.
    assert chosen("animate", "SERIES", field) == chosen("animate", "SERIES", points) == str(ctm_file)
