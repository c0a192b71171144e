"""Readings: what is used, what is not, and why; from tables in any usual dress."""

from datetime import date

import geopandas
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPoint, Point, Polygon

from model_core.errors import InputError
from model_core.stations.observations import from_arrays, read_observations


def at_stations(values, **options):
    """Readings at stations one degree apart."""
    count = len(values)
    return from_arrays(100.0 + np.arange(count) % 50, 20.0 + np.arange(count) // 50 * 0.1, values, **options)


# What a reading may be


@pytest.mark.parametrize(
    "written, reason",
    [
        ("-;", "text"),
        ("n.d.", "text"),
        (True, "text"),
        ("1,2,3", "text"),
        ("", "empty"),
        (None, "empty"),
        (np.nan, "empty"),
        ("NULL", "empty"),
        ("NA", "empty"),
        (-999, "sentinel"),
        ("-9999.0", "sentinel"),
        (9999, "sentinel"),
        (99999, "sentinel"),
        (-9.99e33, "sentinel"),
        (9.96921e36, "sentinel"),
        (np.inf, "sentinel"),
        (-10.5, "negative"),
        (2500, "implausible"),
    ],
)
def test_what_is_no_reading_is_counted_by_reason_and_not_used(written, reason):
    readings = at_stations([written, 35.0])
    assert readings.report.dropped == {reason: 1}
    assert (readings.report.rows, readings.report.used) == (2, 1)
    assert readings.value.tolist() == [35.0]


def test_zero_is_a_reading():
    assert at_stations([0, "0", 0.0]).value.tolist() == [0, 0, 0]


def test_numbers_written_as_text_are_numbers():
    assert at_stations(["35", " 36.5 ", "3.7e1"]).value.tolist() == [35, 36.5, 37]


def test_cold_is_not_negative():
    assert at_stations([-20.0], species="temperature", unit="degC").value == pytest.approx([253.15])


def test_limits_hold_after_the_unit_is_converted():
    readings = at_stations([0.035, 35], unit="mg m-3")
    assert readings.value.tolist() == pytest.approx([35.0]) and readings.report.dropped == {"implausible": 1}


def test_the_report_tells_the_first_row_of_each_reason():
    report = at_stations([1, "-;", 2, "-;", -999]).report
    assert str(report) == ("2 of 5 readings used; dropped: 2 text (first: row 2, '-;'), 1 sentinel (first: row 5, '-999')")


@given(
    st.lists(
        st.one_of(
            st.floats(),
            st.integers(-(10**6), 10**6),
            st.none(),
            st.booleans(),
            st.text(max_size=5),
            st.sampled_from([-999, 9999, "-;", "NULL", 0, "35"]),
        ),
        max_size=40,
    )
)
def test_every_row_is_used_or_counted_and_nothing_absurd_gets_through(values):
    readings = at_stations([*values, 35.0])
    report = readings.report
    assert report.rows == len(values) + 1 == report.used + sum(report.dropped.values())
    assert len(readings) == report.used
    assert np.isfinite(readings.value).all() and (readings.value >= -10).all() and (readings.value <= 2000).all()


# When nothing is left


def test_a_field_of_text_is_named_with_its_first_row():
    with pytest.raises(InputError) as error:
        at_stations(["-;", "", "Beijing"], where="field 'city'")
    assert "field 'city' holds text in 2 of 3 rows (first: row 1, '-;'), and is empty in 1" in str(error.value)


def test_an_empty_field_is_said_to_be_empty():
    with pytest.raises(InputError, match="is empty in all 2 rows"):
        at_stations([None, ""])
    with pytest.raises(InputError, match="is empty in all 1 rows of 2019-01-06; choose another day"):
        at_stations([5.0, None], time=["2019-01-05", "2019-01-06"], date="2019-01-06")
    with pytest.raises(InputError, match="has no rows"):
        at_stations([])


def test_no_valid_reading_gives_the_counts_by_reason():
    with pytest.raises(InputError, match=r"no valid reading, 0 of 3 .* 1 text .* 1 sentinel .* 1 negative"):
        at_stations([-999, "-;", -30])


def test_metres_taken_for_degrees_are_explained():
    with pytest.raises(InputError, match="coordinates in WGS 84 are degrees: name the CRS"):
        from_arrays([500000.0], [4000000.0], [35.0])


def test_columns_of_different_length_are_a_mistake():
    with pytest.raises(ValueError, match="columns differ in length"):
        from_arrays([1, 2], [1, 2], [35.0])


def test_unknown_unit_species_and_crs_are_errors():
    with pytest.raises(InputError, match="the values: unknown unit 'furlong/fortnite'"):
        at_stations([35.0], unit="furlong/fortnite")
    with pytest.raises(InputError, match="unknown variable 'PM'"):
        at_stations([35.0], species="PM")
    with pytest.raises(InputError, match="unknown CRS 'EPSG:0'"):
        at_stations([35.0], crs="EPSG:0")


# Coordinates


@pytest.mark.parametrize("x, y", [(np.nan, 40), (116, np.inf), (181e3, 40), (116, 95), ("east", 40), (None, None)])
def test_bad_coordinates_are_counted(x, y):
    assert from_arrays([x, 116.0], [y, 40.0], [35.0, 36.0]).report.dropped == {"bad coordinates": 1}


def test_metres_are_fine_in_a_projected_crs():
    assert len(from_arrays([500000.0], [4000000.0], [35.0], crs="EPSG:32650")) == 1


# Duplicates


def test_the_same_reading_of_a_station_and_time_counts_once():
    times = ["2018-02-20T07:00", "2018-02-20T07:00", "2018-02-20T08:00"]
    readings = from_arrays([1, 1, 1], [2, 2, 2], [35, 35, 37], id=["a", "a", "a"], time=times)
    assert readings.value.tolist() == [35, 37] and readings.report.dropped == {"duplicate": 1}


def test_without_station_id_only_the_same_reading_at_the_same_place_is_a_duplicate():
    readings = from_arrays([1, 1, 1, 2], [2, 2, 2, 2], [35, 35, 36, 35])
    assert readings.value.tolist() == [35, 36, 35] and readings.report.dropped == {"duplicate": 1}


def test_a_dropped_reading_hides_no_valid_one_behind_it():
    readings = from_arrays([1, 1], [2, 2], [-999, 35], id=["a", "a"])
    assert readings.value.tolist() == [35] and readings.report.dropped == {"sentinel": 1}


def test_stations_without_an_id_are_not_one_station():
    assert len(from_arrays([1, 2], [2, 2], [35, 36], id=["", None])) == 2


def test_ids_that_became_floats_are_still_the_same_ids():
    assert from_arrays([1, 2], [2, 2], [35, 36], id=[1001.0, 1002.0]).id.tolist() == ["1001", "1002"]


# Days


def test_other_days_are_counted_when_a_day_is_asked_for():
    readings = from_arrays([1, 2, 3], [2, 2, 2], [35, 36, 37], time=["2018-02-19", "2018-02-20", None], date="2018-02-20")
    assert readings.report.dropped == {"other day": 1, "no time": 1}
    assert readings.dates == [date(2018, 2, 20)] and readings.value.tolist() == [36]


def test_several_days_are_kept_and_told():
    readings = from_arrays([1, 1], [2, 2], [35, 36], time=["2018-02-20", "2018-02-19"])
    assert readings.dates == [date(2018, 2, 19), date(2018, 2, 20)]
    assert readings.on_day(date(2018, 2, 20)).value.tolist() == [35]
    of_day = readings.on_day(date(2018, 2, 20)).report
    assert (
        of_day.dropped == {"other day": 1} and of_day.what_was_used() == "35 to 35, median 35; for example row 1: 2018-02-20T00:00:00, 35"
    )
    with pytest.raises(InputError, match="no reading on 2018-02-21; there are readings from 2018-02-19 to 2018-02-20"):
        readings.on_day(date(2018, 2, 21))


def test_a_day_that_is_not_there_names_the_days_that_are():
    with pytest.raises(InputError, match="no reading on 2018-03-01; the table holds 2018-02-19 to 2018-02-20"):
        from_arrays([1, 1], [2, 2], [35, 36], time=["2018-02-20", "2018-02-19"], date="2018-03-01")


def test_a_day_needs_a_time_column():
    with pytest.raises(InputError, match="no time column"):
        at_stations([35.0], date="2018-02-20")


def test_times_that_nobody_named_are_not_passed_over_in_silence(tmp_path):
    table = tmp_path / "days.csv"
    table.write_text("lon,lat,pm25,Date\n110,30,12,2018-02-19\n111,31,15,2018-02-20\n")
    assert (
        "all readings count as of one day; if column 'Date' holds their times, name it"
        in read_observations(table, "pm25").report.notes["time"]
    )
    assert "time" not in read_observations(table, "pm25", time="Date").report.notes
    with pytest.raises(InputError, match="has no column 'datum'; it has lon, lat, pm25, Date"):
        read_observations(table, "pm25", time="datum", date="2018-02-20")


# Files

TABLE = pd.DataFrame(
    {
        "code": ["0101", "0102", "0103"],
        "city": ["北京", "上海", "广州"],
        "Lon": [116.4, 121.5, 113.3],
        "Lat": [39.9, 31.2, 23.1],
        "pm25": ["35", "-;", "22.5"],
        "when": ["2018-02-20"] * 3,
    }
)


def check(readings):
    assert readings.value.tolist() == [35, 22.5] and readings.report.dropped == {"text": 1}
    assert readings.x == pytest.approx([116.4, 113.3]) and readings.y == pytest.approx([39.9, 23.1])


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_in_any_usual_dress(tmp_path, separator, encoding):
    file = tmp_path / "stations.csv"
    TABLE.to_csv(file, sep=separator, index=False, encoding=encoding)
    readings = read_observations(file, "pm25", time="when", id="code", group="city")
    check(readings)
    assert readings.group.tolist() == ["北京", "广州"] and readings.id.tolist() == ["0101", "0103"]
    assert readings.dates == [date(2018, 2, 20)]


def test_decimal_commas_in_a_table_with_semicolons(tmp_path):
    file = tmp_path / "stations.csv"
    file.write_text("lon;lat;pm25\n116,4;39,9;35,5\n")
    readings = read_observations(file, "pm25")
    assert (readings.x[0], readings.y[0], readings.value[0]) == (116.4, 39.9, 35.5)


def test_named_columns_win_over_the_usual_names(tmp_path):
    file = tmp_path / "stations.csv"
    TABLE.assign(e=500000.0 + np.arange(3), n=4000000.0).to_csv(file, index=False)
    readings = read_observations(file, "pm25", x="e", y="n", crs="EPSG:32650")
    assert readings.x.tolist() == [500000, 500002] and readings.crs.to_epsg() == 32650


@pytest.mark.parametrize("suffix", ["gpkg", "geojson", "shp", "fgb"])
def test_vector_files_give_their_points(tmp_path, suffix):
    file = tmp_path / f"stations.{suffix}"
    geopandas.GeoDataFrame(TABLE, geometry=geopandas.points_from_xy(TABLE.Lon, TABLE.Lat), crs="EPSG:4326").to_file(file)
    readings = read_observations(file, "pm25")
    order = np.argsort(-readings.value)  # FlatGeobuf sorts by place
    check(readings.select(order))
    assert readings.crs.to_epsg() == 4326


def test_a_vector_file_keeps_its_crs_unless_told_otherwise(tmp_path):
    file = tmp_path / "stations.gpkg"
    geopandas.GeoDataFrame(TABLE, geometry=geopandas.points_from_xy(TABLE.Lon, TABLE.Lat), crs="EPSG:4326").to_crs(3857).to_file(file)
    assert read_observations(file, "pm25").crs.to_epsg() == 3857
    assert read_observations(file, "pm25", crs="EPSG:3395").crs.to_epsg() == 3395
    check(read_observations(file, "pm25", x="Lon", y="Lat"))


def test_a_multipoint_stands_for_its_first_point_and_no_geometry_for_no_place(tmp_path):
    file = tmp_path / "stations.gpkg"
    geometry = [MultiPoint([(116.4, 39.9), (0, 0)]), None, MultiPoint([(113.3, 23.1)])]
    geopandas.GeoDataFrame({"pm25": [35.0, 36, 22.5]}, geometry=geometry, crs="EPSG:4326").to_file(file)
    readings = read_observations(file, "pm25")
    assert readings.x.tolist() == [116.4, 113.3] and readings.report.dropped == {"bad coordinates": 1}


def test_areas_are_no_stations(tmp_path):
    file = tmp_path / "areas.gpkg"
    geopandas.GeoDataFrame({"pm25": [35.0]}, geometry=[Polygon([(0, 0), (1, 0), (1, 1)])], crs="EPSG:4326").to_file(file)
    with pytest.raises(InputError, match="holds Polygon geometry; stations must be points"):
        read_observations(file, "pm25")


def test_of_several_layers_one_must_be_named(tmp_path):
    file = tmp_path / "two.gpkg"
    for layer, value in (("a", 35.0), ("b", 36.0)):
        geopandas.GeoDataFrame({"pm25": [value]}, geometry=[Point(1, 2)], crs="EPSG:4326").to_file(file, layer=layer)
    assert read_observations(f"{file}|layername=b", "pm25").value.tolist() == [36]
    with pytest.raises(InputError, match="has 2 layers; write two.gpkg|layername=NAME"):
        read_observations(file, "pm25")
    with pytest.raises(InputError, match="no layer 'c'; it has a, b"):
        read_observations(f"{file}|layername=c", "pm25")


@pytest.mark.parametrize(
    "content, options, message",
    [
        ("lon,lat,pm25\n1,2,3\n", {"value": "pm10"}, "has no column 'pm10'; it has lon, lat, pm25"),
        ("a,b,pm25\n1,2,3\n", {"value": "pm25"}, "no column lon or longitude or x; name its x column [(]--x[)], one of a, b, pm25"),
        ("lon,lat,pm25\n1,2,3\n", {"value": "pm25", "x": "lon"}, "both coordinate columns or neither"),
        ("lon,lat,pm25\n1,2,3\n", {"value": "pm25", "group": "city"}, "no column 'city'"),
        ("lon,lat,pm25\n", {"value": "pm25"}, "has no rows"),
        ("", {"value": "pm25"}, "is empty"),
    ],
)
def test_tables_that_do_not_fit_say_why(tmp_path, content, options, message):
    file = tmp_path / "stations.csv"
    file.write_text(content)
    with pytest.raises(InputError, match=message):
        read_observations(file, **options)


def test_a_file_that_is_missing_or_of_no_known_kind_is_named(tmp_path):
    with pytest.raises(InputError, match="'.*nowhere.csv' does not exist"):
        read_observations(tmp_path / "nowhere.csv", "pm25")
    file = tmp_path / "stations.gpkg"
    file.write_bytes(b"not a database")
    with pytest.raises(InputError, match="neither a CSV nor a vector file"):
        read_observations(file, "pm25")


# Real days


def test_the_chinese_stations_are_the_same_as_table_and_as_published(shared_data):
    table = read_observations(shared_data / "cnemc/cnemc_snapshot_20180220T07.csv", "pm2_5_24h", time="timepoint", id="station_code")
    published = read_observations(shared_data / "cnemc/cnemc_20180220T07_raw.geojson", "pm2_5_24h", time="timepoint", id="stationcode")
    assert table.report.dropped == {"empty": 20} and published.report.dropped == {"text": 20}
    assert sorted(zip(table.id, table.value)) == sorted(zip(published.id, published.value))
    assert table.dates == [date(2018, 2, 20)] and len(table) == 1475


def test_a_city_is_no_reading(shared_data):
    with pytest.raises(InputError, match=r"field 'city' holds text in 1495 of 1495 rows \(first: row 1, '北京市'\)"):
        read_observations(shared_data / "cnemc/cnemc_snapshot_20180220T07.csv", "city")
