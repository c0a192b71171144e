"""The clean table: every reading with its place, day and remarks; every row of the source accounted for."""

import json

import geopandas
import numpy as np
import pandas as pd
import pytest
from listening import Listening

from model_core.errors import InputError, OutputError
from model_core.jobs import JOBS
from model_core.jobs.read_stations import run
from model_core.progress import Progress
from model_core.stations.reading_report import ReadingReport, Values
from model_core.stations.suspicion import suspicions


def hours(station, lon, day, values):
    return [(station, "city", lon, 30.0, f"{day} {hour:02d}:00", value) for hour, value in enumerate(values)]


@pytest.fixture
def table(tmp_path):
    """An hourly station of two days, one with noise below zero, one that reports days, and what is no reading."""
    rows = [
        *hours("a", 100.0, "2020-01-05", np.full(24, 10.0)),
        *hours("a", 100.0, "2020-01-06", np.full(18, 20.0)),
        *hours("clean", 101.0, "2020-01-05", np.full(24, -0.5)),
        ("days", "town", 102.0, 30.0, "2020-01-05 00:00", 40.0),
        ("days", "town", 102.0, 30.0, "2020-01-06 00:00", 50.0),
        ("a", "city", 100.0, 30.0, "2020-01-05 03:00", -999.0),
    ]
    path = tmp_path / "stations.csv"
    pd.DataFrame(rows, columns=["id", "city", "lon", "lat", "time", "pm25"]).to_csv(path, index=False)
    return path


def request(table, out, **changes):
    return {"stations": str(table), "value": "pm25", "time": "time", "id": "id", "group": "city", "out": str(out), **changes}


def test_a_geopackage_of_days_and_what_became_of_each_row(table, tmp_path):
    result = run(request(table, tmp_path / "clean.gpkg"), Progress())
    clean = geopandas.read_file(tmp_path / "clean.gpkg")
    assert list(clean.columns) == ["station", "day", "value", "unit", "species", "hours", "flags", "group", "geometry"]
    assert clean.crs.to_epsg() == 4326
    assert list(zip(clean.station, clean.day.astype(str).str[:10], clean.value)) == [
        ("a", "2020-01-05", 10),
        ("clean", "2020-01-05", 0),
        ("days", "2020-01-05", 40),
        ("days", "2020-01-06", 50),
    ]
    assert clean["flags"].tolist() == [
        "",
        "negative within noise; mean below zero set to zero",
        "daily value among hourly stations",
        "daily value among hourly stations",
    ]
    assert clean.geometry.x.tolist() == [100, 101, 102, 102] and clean.group.tolist() == ["city", "city", "town", "town"]
    told = result["readings"]
    assert told["rows"] == told["used"] + sum(told["dropped"].values()) == 69
    assert told["dropped"] == {"sentinel": 1, "too few hours": 18}
    assert (result["rows"], result["stations"], result["stations_seen"]) == (4, 3, 3)
    json.dumps(result)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("suffix, read", [("csv", pd.read_csv), ("parquet", geopandas.read_parquet), ("gpkg", geopandas.read_file)])
def test_the_clean_table_is_read_as_it_is(table, tmp_path, suffix, read):
    first, second = tmp_path / f"clean.{suffix}", tmp_path / "again.csv"
    run(request(table, first), Progress())
    assert len(read(first)) == 4
    run({"stations": str(first), "value": "value", "time": "day", "id": "station", "group": "group", "out": str(second)}, Progress())
    once, twice = read(first), pd.read_csv(second)
    assert twice.value.tolist() == once.value.tolist() and twice.station.tolist() == once.station.tolist()


def test_hours_stay_hours_where_they_are_asked_for(table, tmp_path):
    result = run(request(table, tmp_path / "hours.csv", step="hour"), Progress())
    clean = pd.read_csv(tmp_path / "hours.csv")
    assert len(clean) == 24 + 18 + 24 and clean.time[0] == "2020-01-05T00:00:00"
    assert result["readings"]["dropped"]["daily value"] == 2


def test_days_may_be_chosen(table, tmp_path):
    out = tmp_path / "clean.csv"
    days = run(request(table, out, date="2020-01-06", hours=18), Progress())["days"]
    assert days == {"count": 1, "first": "2020-01-06", "last": "2020-01-06", "missing": 0}
    assert run(request(table, out, start="2020-01-05", end="2020-01-05"), Progress())["days"]["count"] == 1
    with pytest.raises(InputError, match="no reading from 2021-01-01 to the end; the table holds 2020-01-05 to 2020-01-06"):
        run(request(table, out, start="2021-01-01"), Progress())


def test_a_folder_of_a_file_for_each_sensor_is_one_table(table, tmp_path):
    folder = tmp_path / "sensors"
    folder.mkdir()
    for name, rows in pd.read_csv(table).groupby("id"):
        rows.to_csv(folder / f"{name}.csv", index=False)
    out = tmp_path / "clean.csv"
    run(request(table, out), Progress())
    whole = out.read_text(encoding="utf-8")
    run(request(folder, out), Progress())
    assert out.read_text(encoding="utf-8") == whole


@pytest.mark.parametrize(
    "change, kind, message",
    [
        ({"out": "clean.txt"}, InputError, "the name must end in .gpkg, .csv, .parquet"),
        ({"step": "week"}, InputError, "choose day or hour"),
        ({"out": "/nowhere/clean.csv"}, OutputError, "does not exist"),
        ({"value": None, "species": "o3"}, InputError, "name the column of its readings"),
        ({"from": "nonsense"}, InputError, "unknown form 'nonsense'"),
        ({"species": "dust"}, InputError, "unknown variable 'dust'"),
        ({"date_order": "dym"}, InputError, "unknown date order"),
        ({"decimal": ";"}, InputError, "decimal sign"),
        ({"unit": "blah"}, InputError, "unknown unit 'blah'"),
        ({"wide": "perhaps"}, InputError, "unknown wide"),
    ],
)
def test_wrong_requests_are_explained(table, tmp_path, change, kind, message):
    with pytest.raises(kind, match=message):
        JOBS["read-stations"]({**request(table, tmp_path / "clean.csv"), **change}, Progress())


# Suspicion


def report(values, written=None, **changes):
    values = np.asarray(values, float)
    return ReadingReport(len(values), len(values), values=Values.of(values, values if written is None else written), **changes)


def test_what_looks_right_is_not_suspicious():
    assert list(suspicions(report([8, 12.5, 30, 60]), "pm25", 4, 4)) == []


@pytest.mark.parametrize(
    "told, seen, used, words",
    [
        (report([8, 12, 10, 11], dropped={"text": 4}, first={"text": "first: row 2, '13;5'"}), 8, 8, "all used values are whole numbers"),
        (report([8, 12.5, 30, 60]), 9, 4, "only 4 of the table's 9 stations"),
        (report([0.012, 0.035, 0.02, 0.05]), 4, 4, "is their unit right"),
        (report([1200, 1500, 1900, 1300.5]), 4, 4, "is their unit right"),
        (report([-9, 5, -9, -9, -9, 7.5], flags={"negative within noise": 4}), 4, 4, "looks like a mark for no reading"),
        (report([0.02, 30.5, 25, 40] * 6), 4, 4, "are several variables or units mixed"),
        (report([8, 12.5, 30, 60], flags={"daily value among hourly stations": 2}), 4, 4, "taken for daily means"),
    ],
)
def test_what_looks_wrong_is_told(told, seen, used, words):
    assert any(words in sentence for sentence in suspicions(told, "pm25", seen, used))


def test_reports_of_parts_add_up():
    one, other = report([1, 2, 3.5], flags={"x": 1}), report([10, 20], flags={"x": 2})
    both = one + other
    assert (both.values.lowest, both.values.highest, both.values.median, both.values.whole) == (1, 20, 3.5, False)
    assert both.flags == {"x": 3} and both.rows == 5


def test_days_that_no_station_has_are_counted(tmp_path):
    path = tmp_path / "gaps.csv"
    path.write_text("id,lon,lat,time,pm25\na,116,39,2021-03-01,5\na,116,39,2021-03-05,6\nb,117,39,2021-03-03,7\n")
    result = run({"stations": str(path), "value": "pm25", "time": "time", "id": "id", "out": str(tmp_path / "o.csv")}, Progress())
    assert result["days"] == {"count": 3, "first": "2021-03-01", "last": "2021-03-05", "missing": 2}


def test_a_column_of_another_species_is_told(table, tmp_path):
    renamed = tmp_path / "pm10.csv"
    renamed.write_text(table.read_text().replace("pm25", "PM10"))
    mistaken, meant = Progress(), Progress()
    run(request(renamed, tmp_path / "a.csv", value="PM10"), mistaken)
    run(request(renamed, tmp_path / "b.csv", value="PM10", species="pm10"), meant)
    assert any("'PM10' is named like PM10, and is read as PM2.5" in warning for warning in mistaken.warnings)
    assert not any("is named like" in warning for warning in meant.warnings)


@pytest.mark.parametrize(
    "reading, factor", [("pm25", 1), ("PM2.5", 1), ("PM 2.5 [mg/m3]", 1000), ("PM2.5 (24h)", None), ("fine dust", None), ("PM10", None)]
)
def test_a_table_of_no_form_is_read_by_the_names_of_its_columns(tmp_path, reading, factor):
    """Only where one column is named like the species; what was taken for what is said."""
    table, progress = tmp_path / "own.csv", Listening()
    table.write_text(f"Station,{reading},lon,lat,Date,rh\nA1,0.25,116,40,2020-01-05,30\nA1,0.5,116,40,2020-01-06,40\n", encoding="utf-8")
    asked = {"stations": str(table), "out": str(tmp_path / "out.csv")}
    if factor is None:
        with pytest.raises(InputError, match="of no form that is known; name the column of its readings"):
            run(asked, progress)
        return
    run(asked, progress)
    clean = pd.read_csv(tmp_path / "out.csv")
    assert list(zip(clean.station, clean.day, clean.value)) == [("A1", "2020-01-05", 0.25 * factor), ("A1", "2020-01-06", 0.5 * factor)]
    assert any(f"value '{reading}', time 'Date', id 'Station'" in line for line in progress.lines)


@pytest.mark.parametrize("named", [{}, {"value": "pm25", "time": "date", "id": "station"}])
def test_a_column_of_units_counts_in_a_table_of_no_form(tmp_path, named):
    """Milligrams were taken for micrograms before. What the user says stands, and so does a column that numbers instruments."""
    table, out = tmp_path / "own.csv", tmp_path / "out.csv"
    rows = "station,lon,lat,date,pm25,Unit\nA,116,40,2020-01-05,0.25,mg/m3\nB,117,40,2020-01-05,30,µg/m³\n"
    for text, more, values in (
        (rows, {}, [250, 30]),
        (rows, {"unit": "ug m-3"}, [0.25, 30]),
        (rows.replace("mg/m3", "7").replace("µg/m³", "8"), {}, [0.25, 30]),
    ):
        table.write_text(text, encoding="utf-8")
        progress = Listening()
        run({"stations": str(table), "out": str(out), **named, **more}, progress)
        assert pd.read_csv(out).value.tolist() == values
        assert any("unit of each row from column 'Unit'" in line for line in progress.lines) == (values[0] == 250)
    table.write_text(rows.replace("µg/m³", "degC"), encoding="utf-8")
    with pytest.raises(
        InputError, match="row 2: unit 'degC' can't be converted .*other rows are in 'mg/m3': keep the rows of one species with --where"
    ):
        run({"stations": str(table), "out": str(out), **named}, Progress())


def test_the_unit_in_the_name_of_a_column_counts_where_it_is_named_too(tmp_path):
    table, out = tmp_path / "own.csv", tmp_path / "out.csv"
    table.write_text("station,lon,lat,O3 (ppb)\nA,116,40,50\n", encoding="utf-8")
    request = {"stations": str(table), "species": "o3", "value": "O3 (ppb)", "out": str(out)}
    run(request, Progress())
    assert pd.read_csv(out).value.tolist() == pytest.approx([99.77], rel=0.01)
    run({**request, "unit": "ug m-3"}, Progress())
    assert pd.read_csv(out).value.tolist() == [50]


def test_nothing_is_guessed_between_two_columns_or_against_the_users_word(tmp_path):
    table = tmp_path / "own.csv"
    table.write_text("PM2.5,pm25,lon,lat\n1,2,116,40\n", encoding="utf-8")
    asked = {"stations": str(table), "out": str(tmp_path / "out.csv")}
    for more in ({}, {"from": "none"}, {"species": "o3"}):
        with pytest.raises(InputError, match="name the column"):
            run({**asked, **more}, Progress())
