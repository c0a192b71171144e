"""Tables as people really have them, read through QGIS: each gives its right value, or the message that names the remedy.

The same cases by the command line are in tests/core; the tables are those of ../shared/data/field_cases.
"""

from __future__ import annotations

import csv

import numpy as np
import pytest
from conftest import ROOT
from qgis.core import QgsFeature, QgsGeometry, QgsPointXY, QgsProcessingException, QgsVectorLayer
from qgis.PyQt.QtCore import QUrl

CASES = ROOT.parent / "shared" / "data" / "field_cases"
NEW_MEXICO, CALIFORNIA = "-107.5,34,-105.5,36,0.05@EPSG:4326", "-119,33.5,-117,34.5,0.05@EPSG:4326"
ITALY, GERMANY = "8,44,13,47,0.1@EPSG:4326", "5,47,16,55,0.1@EPSG:4326"


@pytest.fixture
def case():
    """A file of a case by the number of the case and the file's name."""
    if not CASES.is_dir():
        pytest.skip("the field cases are not here")
    return lambda number, name: str(next(CASES.glob(f"{number:02d}_*")) / name)


@pytest.fixture
def read(run, tmp_path):
    """Values by station, as Read station table writes them; the last outputs and rows stay beside."""

    def read(file, **parameters):
        read.outputs = run("readstations", FILE=file, OUTPUT=str(tmp_path / "readings.csv"), **parameters)
        with open(read.outputs["OUTPUT"], encoding="utf-8", newline="") as lines:
            read.rows = list(csv.DictReader(lines))
        return {row["station"]: float(row["value"]) for row in read.rows}

    return read


@pytest.fixture
def cells(run, read_raster, tmp_path):
    """Values of the cells that hold readings, sorted, as Grid station readings makes them of a layer."""

    def cells(layer, grid, **parameters):
        assert layer.isValid()
        cells.outputs = run("gridstations", STATIONS=layer, GRID=grid, OUTPUT=str(tmp_path / "cells.tif"), **parameters)
        values = read_raster(cells.outputs["OUTPUT"])
        return sorted(np.round(values[np.isfinite(values)].astype(float), 3).tolist())

    return cells


def dragged(path):
    """The layer of a file dragged into QGIS."""
    return QgsVectorLayer(path, "dragged", "ogr")


def delimited(path, x="lon", y="lat", options=""):
    """The layer of QGIS's dialog for delimited text."""
    x, y = (bytes(QUrl.toPercentEncoding(name)).decode() for name in (x, y))
    uri = f"file://{path}?type=csv&xField={x}&yField={y}&crs=EPSG:4326&detectTypes=yes{options}"
    return QgsVectorLayer(uri, "delimited", "delimitedtext")


# 01, 02 OpenAQ


def test_openaq_archive_is_recognised_and_its_pollutants_are_told_apart(case, read, log):
    assert read(case(1, "location-day.csv")) == {"2178": pytest.approx(8.142925), "2179": pytest.approx(8.180825)}
    assert (read.outputs["COUNT_USED"], read.outputs["COUNT_DROPPED"], read.outputs["STATIONS"]) == (48, 0, 2)
    assert read.outputs["FIRST_DAY"] == read.outputs["LAST_DAY"] == "2023-02-22"
    assert "recognised as OpenAQ" in log.text and "144  filtered" in log.text and "4.001 to 11.9852" in log.text


@pytest.mark.parametrize("fields", [{}, {"VALUE": "value"}, {"VALUE": "value", "TIME": "datetime", "ID": "location_id"}])
def test_openaq_as_a_layer_too(case, cells, fields):
    layer = delimited(case(1, "location-day.csv"))
    assert cells(layer, NEW_MEXICO, DATE="2023-02-22", **fields) == [8.143, 8.181]
    assert cells.outputs["COUNT_DROPPED"] == 0


def test_mixed_pollutants_of_no_known_form_are_refused(case, cells):
    with pytest.raises(QgsProcessingException, match="different values.*a filter of the layer"):
        cells(delimited(case(1, "location-day.csv")), NEW_MEXICO, DATE="2023-02-22", VALUE="value", TIME="datetime", FORM="none")


def test_ozone_of_the_same_table_is_converted_from_ppm(case, cells, read):
    ozone = sorted(read(case(1, "location-day.csv"), SPECIES="o3", START="2023-02-22", END="2023-02-22").values())
    assert 20 < ozone[0] < ozone[1] < 70
    assert cells(delimited(case(1, "location-day.csv")), NEW_MEXICO, SPECIES="o3", DATE="2023-02-22") == pytest.approx(ozone, abs=1e-3)


@pytest.mark.parametrize("name", ["pm25.csv", "pm25.csv.gz", "pm25.zip"])
def test_compressed_tables(case, read, name):
    assert read(case(2, name), START="2023-02-22", END="2023-02-22")["2178"] == pytest.approx(8.142925)
    assert {row["hours"] for row in read.rows} == {"24"}


# 03, 04, 18, 63 US EPA


def test_monitors_of_a_site_are_averaged(case, read, cells):
    assert sorted(read(case(3, "daily_88101_2016.zip")).values()) == pytest.approx([12.7, 12.7, 16.7])
    layer = delimited(case(3, "daily_88101_2016.csv"), "Longitude", "Latitude")
    assert cells(layer, CALIFORNIA, VALUE="Arithmetic Mean", TIME="Date Local") == pytest.approx([12.7, 12.7, 16.7])


@pytest.mark.parametrize("form", ["auto", "none"])
def test_a_date_without_its_hour_is_refused_with_the_remedy(case, cells, form):
    layer = delimited(case(4, "hourly_88101_2016.csv"), "Longitude", "Latitude")
    with pytest.raises(QgsProcessingException, match="different values"):
        cells(layer, CALIFORNIA, VALUE="Sample Measurement", TIME="Date Local", DATE="2016-01-15", FORM=form)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {
            "FORM": "none",
            "VALUE": "Sample Measurement",
            "TIME": "Date Local",
            "TIME_OF_DAY": "Time Local",
            "ID": ["State Code", "County Code", "Site Num"],
        },
    ],
)
def test_date_and_hour_in_two_fields(case, cells, fields):
    layer = delimited(case(4, "hourly_88101_2016.csv"), "Longitude", "Latitude")
    assert cells(layer, CALIFORNIA, DATE="2016-01-15", **fields) == pytest.approx([14.25, 15.25, 15.25])


def test_date_and_hour_in_two_columns(case, read):
    truth = pytest.approx([14.25, 15.25, 15.25])
    assert sorted(read(case(4, "hourly_88101_2016.csv"), START="2016-01-15", END="2016-01-15").values()) == truth
    columns = {"VALUE": "Sample Measurement", "TIME": "Date Local+Time Local", "ID": "State Code+County Code+Site Num"}
    assert sorted(read(case(4, "hourly_88101_2016.csv"), FORM="none", START="2016-01-15", END="2016-01-15", **columns).values()) == truth
    with pytest.raises(QgsProcessingException, match="'Column with the time' \"Date Local\\+Time Local\""):  # not --time
        read(case(4, "hourly_88101_2016.csv"), FORM="none", **{**columns, "TIME": "Date Local"})


def test_epas_download_with_its_own_unit(case, read, cells):
    assert read(case(18, "ad_viz_plotval_data.csv")) == {"60371103": pytest.approx(13.0), "60590007": pytest.approx(16.0)}
    layer = delimited(case(18, "ad_viz_plotval_data.csv"), "Site Longitude", "Site Latitude")
    values = {"VALUE": "Daily Mean PM2.5 Concentration", "UNIT": "ug/m3 LC", "TIME": "Date", "ID": "Site ID"}
    assert cells(layer, CALIFORNIA, **values) == [13.0, 16.0]


def test_a_code_at_four_places_is_four_stations(case, cells, log):
    layer = delimited(case(63, "aqs.csv"), "Longitude", "Latitude")
    assert cells(layer, CALIFORNIA, VALUE="Arithmetic Mean", TIME="Date Local", ID="Site Num", FORM="none") == [12, 25, 28, 31]
    assert "several places" in log.text
    assert cells(layer, CALIFORNIA) == [12, 25, 28, 31]


# 05 one column per station


def test_a_wide_table_takes_its_places_from_a_list(case, read, cells):
    path, sites = case(5, "china_sites_20180220.csv"), case(5, "stations.csv")
    means = read(path, SITES=sites)
    assert len(means) == 12 and means["1001A"] == pytest.approx(51.0909, abs=1e-3)
    assert read(path, SITES=sites, FORM="none", WIDE="yes", VALUE="PM2.5", TIME="date+hour") == means
    with pytest.raises(QgsProcessingException, match="'Table of sites'"):
        read(path)
    assert cells(dragged(path), "116,39.7,117,40.3,0.02@EPSG:4326", SITES=sites) == pytest.approx(sorted(means.values()), abs=1e-3)


# 07, 52 EEA


def test_invalid_rows_of_the_eea_are_not_used(case, read):
    truth = pytest.approx([15.0714286, 21.0714286])
    assert sorted(read(case(7, "joined.parquet")).values()) == truth
    columns = {"FORM": "none", "VALUE": "Value", "TIME": "Start", "UNIT": "ug.m-3", "ID": "Samplingpoint", "WHERE": "Validity>=1"}
    assert sorted(read(case(7, "joined.parquet"), **columns).values()) == truth
    with pytest.raises(QgsProcessingException, match="'Table of sites'"):
        read(case(7, "SPO.DE_DEBB021_PM2_dataGroup1.parquet"))


def test_daily_and_hourly_stations_in_one_layer(case, cells, log):
    layer = delimited(case(52, "eea_like.csv"))
    values = {"VALUE": "Concentration", "TIME": "DatetimeBegin", "ID": "SamplingPoint", "DATE": "2021-01-12"}
    for form in ("auto", "none"):
        assert cells(layer, GERMANY, FORM=form, **values) == [10, 11, 12, 30, 31, 32]
    assert "taken for daily means" in log.text


# 09, 11, 12, 13, 19, 44, 45 times


@pytest.mark.parametrize("name, column, mean", [("history.csv", "pm2.5_atm", 10.3), ("old_download.csv", "PM2.5_CF1_ug/m3", 11.3)])
def test_purpleair_counts_seconds(case, read, name, column, mean):
    assert list(read(case(9, name), VALUE=column).values()) == pytest.approx([mean])


def test_epoch_seconds_in_a_field_of_numbers(case, cells):
    layer = delimited(case(9, "history.csv"), "longitude", "latitude")
    assert cells(layer, CALIFORNIA, FORM="none", VALUE="pm2.5_atm", TIME="time_stamp", ID="sensor_index", DATE="2023-01-15") == [10.3]


def test_the_day_asked_for_decides_the_order_of_dates(case, read, cells):
    columns = {"VALUE": "PM2.5 (ug/m3)", "TIME": "From Date", "ID": "station", "FORM": "none"}
    path = case(11, "single_day.csv")
    means = read(path, START="2019-03-05", END="2019-03-05", **columns)
    assert set(means) == {"Anand Vihar", "R K Puram"}
    assert read(path, DATE_ORDER="dmy", **columns) == read(path, DATE_ORDER=1, **columns) == means
    with pytest.raises(QgsProcessingException, match="'Order of dates'|day/month or month/day"):
        read(path, **columns)
    assert len(cells(delimited(path), "76,28,78,29,0.02@EPSG:4326", DATE="2019-03-05", **columns)) == 2


def test_two_digit_years_have_one_order(case, read, cells):
    columns = {"VALUE": "pm25", "TIME": "date", "ID": "site"}
    assert read(case(12, "uk.csv"), START="2022-04-05", END="2022-04-05", **columns) == {"A0": 15, "A1": 16, "A2": 17, "A3": 18}
    layer = delimited(case(12, "uk.csv"), options="&delimiter=;")
    assert cells(layer, "-2,51,1,53,0.1@EPSG:4326", DATE="2022-04-05", **columns) == [15, 16, 17, 18]


@pytest.mark.parametrize("name", ["uba.csv", "uba_utf8.csv"])
def test_hour_24_ends_the_day(case, read, cells, name):
    assert read(case(13, name)) == {"DEBE010": pytest.approx(16.25), "DEBB021": pytest.approx(16.25)}
    columns = {
        "VALUE": "PM2,5 (µg/m³)",
        "X": "Länge",
        "Y": "Breite",
        "TIME": "Datum+Zeit",
        "ID": "Stationscode",
        "FORM": "none",
        "STAMP": "end",
    }
    assert list(read(case(13, name), **columns).values()) == pytest.approx([16.25, 16.25])


def test_hour_24_in_a_table_without_geometry(case, cells):
    uri = f"file://{case(13, 'uba_utf8.csv')}?type=csv&delimiter=;&geomType=none&detectTypes=yes"
    table = QgsVectorLayer(uri, "table", "delimitedtext")
    values = {"VALUE": "PM2,5 (µg/m³)", "ID": "Stationscode", "FORM": "none", "STAMP": "end", "DATE": "2016-01-15"}
    assert cells(table, GERMANY, TIME="Uhrzeit", **values) == [16.25, 16.25]
    assert cells(table, GERMANY, TIME="Datum", TIME_OF_DAY="Zeit", **values) == [16.25, 16.25]
    assert cells(table, GERMANY, DATE="2016-01-15") == [16.25, 16.25]  # its form is known


def test_a_table_that_qgis_cut_at_the_wrong_sign_is_for_read_station_table(case, cells):
    layer = dragged(case(13, "uba_utf8.csv"))
    (value,) = (name for name in layer.fields().names() if name.endswith("5 (µg/m³)"))
    if "Breite" in layer.fields().names():  # GDAL 3.13 cuts at the right sign
        assert cells(layer, GERMANY, DATE="2016-01-15") == [16.25, 16.25]
        return
    with pytest.raises(QgsProcessingException, match="holds no points.*'Read station table'"):
        cells(layer, GERMANY, VALUE=value)


@pytest.mark.parametrize(
    "number, name, columns, grid, mean",
    [
        (19, "ampm.csv", {"VALUE": "pm25", "TIME": "time", "ID": "site"}, CALIFORNIA, 12.5),
        (44, "opensensemap.csv", {"VALUE": "value", "TIME": "createdAt", "ID": "boxId"}, GERMANY, 15.75),
        (45, "postgis.csv", {"VALUE": "pm25", "TIME": "time", "ID": "station"}, GERMANY, 21.5),
    ],
)
def test_further_forms_of_times(case, read, cells, number, name, columns, grid, mean):
    assert list(read(case(number, name), **columns).values()) == pytest.approx([mean] * len(read.rows))
    for text in ("", "&detectTypes=no"):  # DateTime fields where QGIS takes them for such, and texts
        assert cells(delimited(case(number, name), options=text), grid, FORM="none", **columns) == [mean] * len(read.rows)


def test_a_datetime_field(case, cells):
    assert cells(dragged(case(45, "p.gpkg")), GERMANY, VALUE="pm25", TIME="time", ID="station") == [21.5, 21.5]


# 14, 15, 21, 43, 65 text


@pytest.mark.parametrize("name", ["ansi.csv", "utf8.csv", "utf16.csv"])
def test_a_header_with_umlauts_can_be_named_in_any_encoding(case, read, name):
    assert sorted(read(case(14, name), VALUE="PM2,5 µg/m3", X="Länge", Y="Breite").values()) == [9.2, 11.5, 14.0, 20.5]


SIX = [7.75, 8, 12, 13.5, 20.1, 31.2]


@pytest.mark.parametrize(
    "name, values",
    [
        ("quoted_values_only.csv", [*SIX[:2], 10, 11, *SIX[2:]]),
        ("quoted.csv", SIX),
        ("excel_unicode.txt", SIX),
        ("semicolon.csv", [*SIX[:5], 1031.2]),
    ],
)
def test_decimal_commas_in_any_file(case, read, cells, name, values):
    assert sorted(read(case(15, name), VALUE="pm25").values()) == values
    if name.startswith("quoted"):  # QGIS's fields are texts then
        assert cells(dragged(case(15, name)), ITALY, VALUE="pm25") == values


@pytest.mark.parametrize("name", ["gap.csv", "clean.csv"])
def test_a_gap_beside_decimal_commas(case, read, cells, name):
    five = [7.75, 8, 12, 13.5, 20.1]
    assert sorted(read(case(43, name), VALUE="pm25").values()) == five
    assert cells(delimited(case(43, name), options="&delimiter=;&decimalPoint=,"), ITALY, VALUE="pm25") == five
    assert cells(dragged(case(43, name)), ITALY, VALUE="pm25") == five


def test_lines_above_the_header(case, read):
    assert read(case(21, "ukair.csv")) == {"Bristol": pytest.approx(22.5)}
    assert sorted(read(case(21, "excel_sep.csv"), VALUE="pm25").values()) == [28.1, 30.5]


def test_chinese_names_in_gbk(case, read, cells):
    columns = {"VALUE": "PM2.5（微克/立方米）", "X": "经度", "Y": "纬度"}
    read(case(65, "gbk.csv"), **columns)
    assert (read.outputs["COUNT_USED"], read.outputs["COUNT_DROPPED"]) == (391, 9)
    cells(delimited(case(65, "gbk.csv"), "经度", "纬度", "&encoding=GBK"), "china12km", VALUE=columns["VALUE"])
    assert cells.outputs["COUNT_USED"] == 391


# 17, 20, 50 coordinates, negatives, degenerate tables


def test_metres_and_exchanged_coordinates_are_explained(case, read, cells):
    assert sorted(read(case(17, "merc.csv"), VALUE="pm25", CRS="EPSG:3857").values()) == [55, 61, 70]
    with pytest.raises(QgsProcessingException, match="name the CRS of the coordinates"):
        read(case(17, "merc.csv"), VALUE="pm25")
    with pytest.raises(QgsProcessingException, match="bad coordinates|with x and y exchanged"):
        cells(delimited(case(17, "swapped_eu.csv")), "5,40,16,50,0.1@EPSG:4326", VALUE="pm25")


def test_small_negative_hours_are_kept(case, read, cells):
    assert list(read(case(20, "clean.csv"), VALUE="pm25", TIME="time", ID="site").values()) == pytest.approx([0.35])
    layer = delimited(case(20, "union_street_real.csv"), options="&delimiter=;")
    assert cells(layer, "-3,56,-1,58,0.1@EPSG:4326", VALUE="PM2.5", TIME="DateTime", DATE="2018-07-18") == [10.292]


@pytest.mark.parametrize("name, used", [("one.csv", 1), ("constant.csv", 12), ("all_zero.csv", 12), ("nulls.csv", 4)])
def test_degenerate_tables_are_tables(case, read, name, used):
    read(case(50, name), VALUE="pm25")
    assert read.outputs["COUNT_USED"] == used


# 68, 69: the forms of times and units are in tests/core; here, that a field brings them through


def one_reading(**attributes):
    """A layer with one station and these texts."""
    layer = QgsVectorLayer("Point?crs=EPSG:4326&" + "&".join(f"field={name}:string" for name in attributes), "one", "memory")
    feature = QgsFeature(layer.fields())
    feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(10, 45)))
    feature.setAttributes(list(attributes.values()))
    assert layer.dataProvider().addFeatures([feature])[0]
    return layer


@pytest.mark.parametrize(
    "written",
    ["2019年1月14日 08时", "2019-01-14_08:00:00", "1547452800", "43479.333", "14.01.2019 08:00", "2019-01-14 08:00:00 GMT", "2019011408"],
)
def test_a_form_of_time_comes_through_a_field(plugin, run, tmp_path, written):
    layer = one_reading(when=written, pm25="35")
    values = {"VALUE": "pm25", "TIME": "when", "DATE": "2019-01-14", "GRID": ITALY, "OUTPUT": str(tmp_path / "out.tif")}
    outputs = run("gridstations", STATIONS=layer, **values)
    assert (outputs["COUNT_USED"], outputs["MEAN"]) == (1, 35)


@pytest.mark.parametrize("unit, factor", [("ug/m3 LC", 1), ("ugm-3 (Ref.eq)", 1), ("mg/m³", 1000), ("微克/立方米", 1)])
def test_a_spelling_of_a_unit_comes_through(plugin, run, tmp_path, unit, factor):
    layer = one_reading(pm25="0,5", unit=unit)
    for parameters in ({"UNIT": unit}, {"UNIT_FIELD": "unit"}):
        outputs = run("gridstations", STATIONS=layer, VALUE="pm25", **parameters, GRID=ITALY, OUTPUT=str(tmp_path / "out.tif"))
        assert outputs["MEAN"] == 0.5 * factor


def test_parts_per_billion_need_a_gas_and_its_state(plugin, run, tmp_path):
    layer = one_reading(reading="10")
    values = {"STATIONS": layer, "VALUE": "reading", "UNIT": "ppb", "GRID": ITALY, "OUTPUT": str(tmp_path / "out.tif")}
    expected = 10e-9 * 47.998e-3 * 101325 / (8.314462618 * 293.15) * 1e9
    assert run("gridstations", **values, SPECIES="o3")["MEAN"] == pytest.approx(expected, rel=1e-4)
    assert run("gridstations", **values, SPECIES="o3", GAS_TEMPERATURE=298.15)["MEAN"] == pytest.approx(
        expected * 293.15 / 298.15, rel=1e-4
    )
    with pytest.raises(QgsProcessingException, match="ppb"):
        run("gridstations", **values)
