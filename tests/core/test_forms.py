"""Published forms of station tables: a table of each is recognised, and its columns give back the readings that were written."""

from __future__ import annotations

import io
import operator
import re
import tomllib
import zipfile
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_core.errors import InputError
from model_core.stations import forms
from model_core.stations.forms import hours, page, times
from model_core.units import convert
from model_core.variables import VARIABLES

DOCS = Path(__file__).resolve().parents[2] / "docs" / "tables.md"
TOLD = {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}
MICRO = "ug m-3"


def every_header():
    """Each published header as (form, shape's number, columns as readers name them)."""
    for name in forms.NAMES:
        for number, shape in enumerate(forms.get(name).shapes):
            for header in shape.headers:
                columns = page.header_columns(shape, header)
                yield pytest.param(name, number, as_read(columns), id=f"{name}-{number}-{header[:24]}")


def as_read(names):
    """Names as readers make them different: status, status (2), ...; those without a name are called after their place."""
    names = [name or f"column {place}" for place, name in enumerate(names, 1)]
    return [name if name not in names[:place] else f"{name} ({names[:place].count(name) + 1})" for place, name in enumerate(names)]


HEADERS = list(every_header())
NAMED = [case for case in HEADERS if not forms.get(case.values[0]).shapes[case.values[1]].column_names]


def read(text, form_name, species="pm25", **options):
    """The readings of a table by what its form says, in plain pandas: (station, start of the hour or day, value) in order."""
    separator = max(",;\t|", key=text.split("\n")[0].count)
    table = pd.read_csv(io.StringIO(text), sep=separator, dtype=str, keep_default_na=False, skipinitialspace=True)
    form = forms.recognise(list(table.columns), table)
    assert form is not None and form.name == form_name
    means = form.options(list(table.columns), species, **options)
    if "column_names" in means:
        table = pd.read_csv(io.StringIO(text), sep=separator, dtype=str, keep_default_na=False, header=None, names=means["column_names"])
    if means["layout"] == "hours":
        table = hours.to_long(table, means["time"], means["hours"], means.get("hour_flags", ()))
        means |= {"time": "time", "value": "value"}
    if means["layout"] == "stations":
        columns = [column for column, _ in means["station_columns"]]
        rest = [column for column in table.columns if column not in columns]
        table = table.melt(rest, columns, "station", "value")
        table["station"] = table["station"].map(dict(means["station_columns"]))
        means |= {"id": "station", "value": "value"}
    for condition in means.get("where", ()):
        table = table[kept(table, condition)]
    moments = written_times(table, means)
    if means["stamp"] == "end":
        moments = moments - pd.Timedelta(hours=1)
    names = table[means["id"].split("+")].agg("-".join, axis=1) if "id" in means else pd.Series("AT30101", table.index)  # the file's name
    if "id_pattern" in means:
        names = names.str.extract(f"^{means['id_pattern']}$", expand=False)
    values = numbers(table[means["value"]])
    for column in means.get("value_else", ()):
        values = values.fillna(numbers(table[column]))
    unit = table[means["unit_column"]].iloc[0] if "unit_column" in means else means.get("unit", "")
    found = zip(names, moments.dt.strftime("%Y-%m-%d %H"), values, strict=True)
    return [(name, moment, value) for name, moment, value in found if not np.isnan(value)], unit


def numbers(texts):
    return pd.to_numeric(texts.str.replace(",", "."), errors="coerce").replace([-999.0, 9998.0], np.nan)


def kept(table, condition):
    column, sign, wanted = re.match(r"(.*?)(!=|>=|<=|=|>|<)(.*)", condition).groups()
    if sign in TOLD:
        return TOLD[sign](pd.to_numeric(table[column], errors="coerce"), float(wanted))
    return table[column].isin(wanted.split(",")) == (sign == "=")


def written_times(table, means):
    texts = table[means["time"].split("+")].agg(" ".join, axis=1)
    if "time_pattern" in means:
        return pd.to_datetime(times.to_iso(texts, means["time_pattern"]))
    if texts.str.fullmatch(r"\d{10}").all():
        return pd.to_datetime(pd.to_numeric(texts), unit="s")
    parts = texts.str.extract(r"'?([^\sT]+)(?:[T ](\d{1,2}))?")
    days = [pd.to_datetime(day, dayfirst=means.get("date_order") == "dmy" and not day[:4].isdigit()) for day in parts[0]]
    return pd.Series(days, table.index) + pd.to_timedelta(pd.to_numeric(parts[1]).fillna(0), "h")


# Every form: a small table in its exact form, with the readings of PM2.5 that are in it.
with open(Path(__file__).with_name("form_tables.toml"), "rb") as file:
    TABLES = {name: (entry["table"], [tuple(reading) for reading in entry["readings"]]) for name, entry in tomllib.load(file).items()}


@pytest.mark.parametrize("which", TABLES)
def test_a_table_in_the_exact_form_gives_back_its_readings_of_pm25_and_no_others(which):
    text, expected = TABLES[which]
    readings, unit = read(text, which.split(",")[0])
    assert sorted(readings) == sorted(expected)


def test_every_form_has_a_table_here_but_those_without_readings_of_a_known_name():
    assert {which.split(",")[0] for which in TABLES} == set(forms.NAMES) - {"thingspeak", "waqi", "gios", "openweather", "us-pollution"}


@pytest.mark.parametrize(("name", "number", "columns"), HEADERS)
def test_every_published_header_is_recognised_as_its_own_form_and_shape(name, number, columns):
    form = forms.recognise(columns)
    assert form is not None and form.name == name
    assert form.shape(columns) is form.shapes[number]


@pytest.mark.parametrize(("name", "number", "columns"), NAMED)
def test_columns_in_another_order_case_or_number_do_not_matter(name, number, columns):
    dressed = [column.upper() for column in reversed(columns)] + ["remark"]
    assert forms.recognise(dressed) is forms.get(name)


def test_every_two_forms_are_told_apart_by_every_header():
    headers = {name: [case.values[2] for case in HEADERS if case.values[0] == name] for name in forms.NAMES}
    for one, other in combinations(forms.NAMES, 2):
        for own, foreign in ((one, other), (other, one)):
            for columns in headers[own]:
                best = max(shape.score(columns) for shape in forms.get(own).shapes)
                assert best > max(shape.score(columns) for shape in forms.get(foreign).shapes), (own, foreign, columns)


@pytest.mark.parametrize(
    "header",
    [
        "lon,lat,pm25,time",
        "station,lon,lat,time,pm25,rh,wind",
        "id,x,y,value",
        "date,site,lat,lon,PM2.5,PM10,NO2,O3",
        "City,Date,PM2.5",
        "date;site;lon;lat;pm25",
        "space_id,date,lon,lat,x_lcc,y_lcc,pm25_obs,pm25_cmaq,tmp,wind,elevation",
        "station_code,lon,lat",
        "time,site,lon,lat,parameter,value,unit",
        "Date,Time,PM2.5,status",
        "Timestamp,PM2.5",
        "date,hour,station,PM2.5",
        "name,latitude,longitude,year,month,day,hour,pm25",
        "DateTime;Nitrogen Dioxide;PM10;PM2.5;lon;lat",
        "station,lon,lat,time,pm2_5_24h",
    ],
)
def test_a_table_of_somebodys_own_is_of_no_form(header):
    assert forms.recognise(re.split("[,;]", header)) is None


def test_a_table_that_fits_two_forms_equally_well_is_of_neither_until_one_is_named():
    columns = ["sensor_id", "sensor_type", "timestamp", "P2", "date", "id_station", "id_parameter", "value"]
    assert forms.recognise(columns) is None
    assert forms.get("simat").options(columns)["id"] == "id_station"
    assert forms.get("sensor-community").options(columns)["value"] == "P2"


@pytest.mark.parametrize("rows", ["2024-01-01|a|b|c|d|e|f|g|h", "12:00|03/01/17|x|y|-4|NO2|PPB|2|z", "A|B|C|D|E|F|G|H|I"])
def test_nine_cells_alone_do_not_make_an_airnow_file(rows):
    assert forms.recognise(rows.split("|")) is None


@pytest.mark.parametrize("which", ["airnow", "airnow, days", "airbase"])
def test_the_columns_of_a_file_without_a_header_get_their_names(which):
    text, _ = TABLES[which]
    cells = text.split("\n")[0].split("|" if "|" in text else "\t")
    names = forms.names_without_header(cells)
    form = forms.recognise(cells)
    assert forms.recognise(names) is form and len(names) == len(cells)
    assert form.options(cells)["column_names"] == names and "column_names" not in form.options(names)


@pytest.mark.parametrize("cells", [["date", "time", "x"], ["1", "2", "3"], ["07/08/25", "09:00"], []])
def test_other_rows_name_no_columns(cells):
    assert forms.names_without_header(cells) is None


def test_the_unit_beside_a_column_is_found_as_readers_number_it():
    columns = ["Date", "time", "Ozone", "status", "unit", "PM2.5", "status (2)", "unit (2)"]
    assert forms.get("uk-air").options(columns)["unit_column"] == "unit (2)"
    assert forms.get("uk-air").options(columns, "o3")["unit_column"] == "unit"


def test_a_likeness_of_names_is_no_form_where_the_species_column_holds_numbers():
    columns = ["date", "hour", "type", "1001A", "1002A"]
    assert forms.recognise(columns, pd.DataFrame([["20200101", "0", "3", "1", "2"]], columns=columns)) is None
    assert forms.recognise(columns, pd.DataFrame([["20200101", "0", "NO2", "1", "2"]], columns=columns)).name == "cnemc-wide"


@pytest.mark.parametrize(
    ("case", "file", "name"),
    [
        ("01_openaq_archive_mixed", "location-day.csv", "openaq"),
        ("02_gz_zip", "pm25.csv", "openaq"),
        ("02_gz_zip", "location-2178-20230222.csv.gz", "openaq"),
        ("03_aqs_daily_zip", "daily_88101_2016.zip", "aqs"),
        ("04_aqs_hourly_two_columns", "hourly_88101_2016.csv", "aqs"),
        ("05_cnemc_wide", "china_sites_20180220.csv", "cnemc-wide"),
        ("07_eea_parquet", "SPO.DE_DEBB021_PM2_dataGroup1.parquet", "eea"),
        ("07_eea_parquet", "joined.parquet", "eea"),
        ("09_purpleair", "history.csv", "purpleair"),
        ("09_purpleair", "old_download.csv", "purpleair"),
        ("11_cpcb_day_month", "single_day.csv", "cpcb"),
        ("13_hour_24", "uba_utf8.csv", "uba"),
        ("18_epa_download", "ad_viz_plotval_data.csv", "epa-daily"),
        ("21_preamble", "ukair.csv", "uk-air"),
        ("44_fractional_seconds", "opensensemap.csv", "opensensemap"),
        ("52_daily_and_hourly_mixed", "eea_like.csv", "eea"),
        ("63_id_not_unique", "aqs.csv", "aqs"),
    ],
)
def test_what_users_really_have_is_recognised(shared_data, case, file, name):
    path = shared_data / "field_cases" / case / file
    if path.suffix == ".parquet":
        table = pd.read_parquet(path).head(50).astype(str)
    else:
        preamble = 4 if "ukair" in file else 0
        table = pd.read_csv(path, sep=";" if case.startswith("13") else ",", dtype=str, nrows=50, skiprows=preamble, keep_default_na=False)
    assert forms.recognise(list(table.columns), table) is forms.get(name)
    assert forms.get(name).options(list(table.columns))["form"] == name


@pytest.mark.parametrize("file", ["cnemc_snapshot_20180220T07.csv", "cnemc_snapshot_20190718T12.csv"])
def test_the_real_snapshots_of_china_are_recognised(shared_data, file):
    table = pd.read_csv(shared_data / "cnemc" / file, nrows=5, dtype=str)
    options = forms.recognise(list(table.columns), table).options(list(table.columns))
    assert (options["value"], options["averaging"], options["group"]) == ("pm2_5_24h", "running day", "city")


def test_the_real_aqs_day_has_one_row_for_each_monitor(shared_data):
    """878 rows of 16 January 2016 with doubled means and events; EPA's own 24-hour means are 469 monitors."""
    with zipfile.ZipFile(shared_data / "us_cmaq" / "daily_88101_20160115.zip") as archive, archive.open(archive.namelist()[0]) as file:
        table = pd.read_csv(file, dtype=str, keep_default_na=False)
    for condition in forms.get("aqs").options(list(table.columns))["where"]:
        table = table[kept(table, condition)]
    monitors = table[["State Code", "County Code", "Site Num", "POC"]].agg("-".join, axis=1)
    assert monitors.is_unique and len(monitors) > 450


@pytest.mark.parametrize(
    ("name", "columns", "species", "expected"),
    [
        ("openaq", TABLES["openaq"][0], "o3", [("7", "2024-03-01 00", 0.03)]),
        ("sensor-community", TABLES["sensor-community"][0], "pm10", [("8554", "2019-01-02 00", 15.43)]),
        ("airkorea", TABLES["airkorea"][0], "no2", [("111121", "2019-01-01 00", 0.03), ("111121", "2019-01-01 23", 0.03)]),
        (
            "uk-air",
            TABLES["uk-air"][0],
            "o3",
            [("AT30101", "2020-02-03 00", 50.5), ("AT30101", "2020-02-03 23", 51.5), ("AT30101", "2020-02-04 23", 51.5)],
        ),
        ("nsw", TABLES["nsw"][0], "pm10", [("EARLWOOD", "2020-01-02 00", 90.0), ("EARLWOOD", "2020-01-02 23", 90.0)]),
        ("aqs", TABLES["aqs, days"][0], "o3", [("06-059-1103", "2016-01-15 00", 0.03)]),
    ],
)
def test_another_species_is_picked_from_the_same_table(name, columns, species, expected):
    readings, _ = read(columns, name, species)
    assert sorted(readings) == sorted(expected)


def test_the_unit_stands_beside_its_own_column():
    _, unit = read(TABLES["uk-air"][0], "uk-air", "pm25")
    assert unit == "ugm-3 (Ref.eq)"
    assert read(TABLES["uk-air"][0], "uk-air", "o3")[1] == "ugm-3"


@pytest.mark.parametrize("name", forms.NAMES)
def test_every_species_is_one_that_the_engine_knows_and_every_stated_unit_one_that_it_reads(name):
    for shape in forms.get(name).shapes:
        assert set(shape.species) <= set(VARIABLES) and shape.species
        for species in shape.species.values():
            unit = species.unit or shape.unit
            assert not unit or unit in ("ppb", "ppm") or convert([1.0], unit, MICRO, "a form's unit")[0] in (1.0, 1000.0)


def test_a_table_that_does_not_say_what_it_measures_says_so():
    sinca = forms.get("sinca").options(TABLES["sinca"][0].split("\n")[0].split(";"))
    assert not sinca["species_stated"] and "file's name" in " ".join(sinca["notes"])
    assert forms.get("openaq").options(TABLES["openaq"][0].split("\n")[0].split(","))["species_stated"]


def test_of_several_columns_of_pm25_the_chosen_one_and_the_others_are_named():
    options = forms.get("purpleair").options(TABLES["purpleair"][0].split("\n")[0].split(","))
    assert options["value"] == "pm2.5_atm" and "pm2.5_cf_1" in options["notes"][0]
    named = forms.get("purpleair").options(TABLES["purpleair"][0].split("\n")[0].split(","), value="pm2.5_alt")
    assert named["value"] == "pm2.5_alt" and not any("are taken from" in note for note in named["notes"])


def test_the_users_own_column_of_a_snapshot_is_no_running_mean():
    columns = TABLES["cnemc"][0].split("\n")[0].split(",")
    assert "averaging" not in forms.get("cnemc").options(columns, value="pm2_5")


def test_the_users_word_for_the_species_of_a_wide_table_takes_the_place_of_the_forms():
    columns = TABLES["cnemc-wide"][0].split("\n")[0].split(",")
    options = forms.get("cnemc-wide").options(columns, value="PM2.5_24h")
    assert options["where"] == ["type=PM2.5_24h"] and "value" not in options


def test_places_that_people_add_to_a_table_are_taken():
    columns = TABLES["eea"][0].split("\n")[0].split(",")
    assert forms.get("eea").options(columns)["needs_sites"]
    joined = forms.get("eea").options([*columns, "Latitude", "Longitude"])
    assert (joined["x"], joined["y"], joined["needs_sites"]) == ("Longitude", "Latitude", False)


def test_index_values_are_refused_with_a_remedy():
    columns = "Date,Country,City,Specie,count,min,max,median,variance".split(",")
    with pytest.raises(InputError, match="indices .* not concentrations; take the readings"):
        forms.recognise(columns).options(columns)


@pytest.mark.parametrize(
    ("name", "header", "species", "message"),
    [
        ("openaq", "lon,lat,pm25", "pm25", "not of the form 'openaq'.*location_id.*it has lon, lat, pm25"),
        (
            "epa-daily",
            "Date,Source,Site ID,POC,Daily Max 8-hour Ozone Concentration,Units",
            "o3",
            "does not hold 'o3'; it holds pm25, pm10",
        ),
        ("epa-daily", "Date,Source,Site ID,POC,Daily Max 8-hour Ozone Concentration,Units", "pm25", "no column of 'pm25'.*--value"),
        ("thingspeak", "created_at,entry_id,field1,field2", "pm25", "no column of 'pm25'.*--value"),
        ("simat", "FECHA,HORA,MER", "rh", "does not hold 'rh'"),
        ("nsw", "Date,Time,EARLWOOD PM10 1h average [µg/m³]", "pm25", "no column is 'pm25' at a station"),
    ],
)
def test_what_a_table_lacks_is_named(name, header, species, message):
    with pytest.raises(InputError, match=message):
        forms.get(name).options(header.split(","), species)


def test_an_unknown_form_is_answered_with_the_known_ones():
    with pytest.raises(InputError, match="unknown form 'openaqs'; known are .*openaq, opensensemap"):
        forms.get("openaqs")


def test_a_thingspeak_channel_is_read_by_the_field_that_its_owner_names():
    options = forms.get("thingspeak").options(["created_at", "entry_id", "field1", "field2"], value="field2")
    assert (options["value"], options["times_in"], options["id_from"]) == ("field2", "UTC", "file")


def test_the_page_shows_the_forms_as_they_are():
    assert page.table() in DOCS.read_text(encoding="utf-8")


# Columns of hours.


def wide(days=1, flags=False):
    names = [name for hour in range(1, 25) for name in ((f"H{hour:02d}", f"V{hour:02d}") if flags else (f"H{hour:02d}",))]
    rows = [
        [f"2023-01-{day + 1:02d}", "A", *[str(100 * day + hour) if name[0] == "H" else "V" for hour, name in enumerate(names)]]
        for day in range(days)
    ]
    return pd.DataFrame(rows, columns=["date", "id", *names]), [(name, int(name[1:])) for name in names if name[0] == "H"]


def test_each_hour_of_each_day_becomes_a_row_that_knows_its_row():
    table, columns = wide(days=2)
    table.index = [17, 18]
    long = hours.to_long(table, "date", columns)
    assert len(long) == 48 and set(long.index) == {17, 18}
    assert list(long["time"].iloc[[0, 23, 24]]) == ["2023-01-01 01:00", "2023-01-01 24:00", "2023-01-02 01:00"]
    assert list(long["value"].iloc[[0, 23, 24]]) == ["0", "23", "100"] and set(long["id"]) == {"A"}


CELLS = st.one_of(st.just(""), st.floats(-10, 900, allow_nan=False).map(repr))


@given(st.lists(st.lists(CELLS, min_size=24, max_size=24), min_size=1, max_size=4), st.permutations(range(24)))
def test_no_reading_is_lost_changed_or_moved_to_another_hour(rows, order):
    names = [f"{hour:02d}" for hour in order]
    table = pd.DataFrame([[row[hour] for hour in order] for row in rows], columns=names)
    table.insert(0, "date", [f"2020-02-{day + 1:02d}" for day in range(len(rows))])
    long = hours.to_long(table, "date", [(name, int(name)) for name in names])
    back = dict(zip(long["time"], long["value"], strict=True))
    assert back == {f"2020-02-{day + 1:02d} {hour:02d}:00": row[hour] for day, row in enumerate(rows) for hour in range(24)}


def test_flags_go_along_with_their_hours():
    table, columns = wide(flags=True)
    table.loc[0, "V05"] = "N"
    long = hours.to_long(table, "date", columns, [(f"V{hour:02d}", hour) for hour in range(1, 25)])
    assert list(long.loc[long["flag"] == "N", "time"]) == ["2023-01-01 05:00"]


@pytest.mark.parametrize("day", [pd.Timestamp("2023-01-05"), "2023-01-05 00:00:00", "2023-01-05T00:00:00.000", " 2023-01-05 "])
def test_a_midnight_behind_the_day_is_left_out(day):
    long = hours.to_long(pd.DataFrame({"date": [day], "H07": ["1"]}), "date", [("H07", 7)])
    assert list(long["time"]) == ["2023-01-05 07:00"]


@pytest.mark.parametrize(
    ("columns", "flags", "message"),
    [
        ([("H01", 1), ("H02", 1)], [], "different hours"),
        ([("H01", 25)], [], "from 0 to 24"),
        ([], [], "different hours"),
        ([("H01", 1), ("H99", 2)], [], "no column H99"),
        ([("H01", 1), ("H02", 2)], [("V01", 1)], r"hours \[1, 2\], but flags of the hours \[1\]"),
    ],
)
def test_columns_that_are_no_hours_of_a_day_are_refused(columns, flags, message):
    table, _ = wide(flags=True)
    with pytest.raises(InputError, match=message):
        hours.to_long(table, "date", columns, flags)


# Times in a way of their own.


@pytest.mark.parametrize(
    ("text", "pattern", "iso"),
    [
        ("130601 0000", "%y%m%d %H%M", "2013-06-01T00:00:00"),
        ("970401 2300", "%y%m%d %H%M", "1997-04-01T23:00:00"),
        ("2019010124", "%Y%m%d%H", "2019-01-02T00:00:00"),
        ("2013 3 1 7", "%Y %m %d %H", "2013-03-01T07:00:00"),
        ("2013.0 3.0 1.0 7.0", "%Y %m %d %H", "2013-03-01T07:00:00"),
        ("2024 2 29 24:00", "%Y %m %d %H:%M", "2024-03-01T00:00:00"),
        ("", "%Y%m%d%H", ""),
        ("'06.05.2023 24:00'", "%d.%m.%Y %H:%M", "2023-05-07T00:00:00"),
    ],
)
def test_a_time_by_its_pattern(text, pattern, iso):
    assert list(times.to_iso(pd.Series([text]), pattern)) == [iso]


@pytest.mark.parametrize("text", ["2023 2 30 1", "2023 13 1 1", "2023 1 0 1", "2023 1 1 25", "23 1 1 1", "2023-01-01 01"])
def test_a_time_that_is_none_is_refused_with_its_row(text):
    with pytest.raises(InputError, match=f"'{text}' in row 12 is not a time of the form"):
        times.to_iso(pd.Series(["2023 1 1 1", text, "x"]), "%Y %m %d %H", first_row=11)


@given(st.datetimes(min_value=pd.Timestamp("1969-01-01").to_pydatetime(), max_value=pd.Timestamp("2068-12-31").to_pydatetime()))
def test_a_time_written_by_a_pattern_comes_back(moment):
    moment = moment.replace(minute=0, second=0, microsecond=0)
    for pattern in ("%y%m%d %H%M", "%Y%m%d%H", "%Y %m %d %H"):
        assert times.to_iso(pd.Series([moment.strftime(pattern)]), pattern)[0] == moment.isoformat()
