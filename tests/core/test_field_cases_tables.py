"""Tables as people really have them, each with its right value or the message that names the remedy; from ../shared/data/field_cases."""

import json

import numpy as np
import pandas as pd
import pytest
import rasterio
from listening import Listening

from model_core.cli import main
from model_core.errors import InputError
from model_core.jobs import JOBS


@pytest.fixture
def case(shared_data):
    """A file of a case by the number of the case and the file's name."""

    def path_of(number, name):
        folder = next((shared_data / "field_cases").glob(f"{number:02d}_*"))
        return str(folder / name)

    return path_of


@pytest.fixture
def read(tmp_path):
    """Means by station of a table, as `read-stations` writes them; the result and the log are kept beside."""

    def run(stations, progress=None, **request):
        out = tmp_path / "clean.csv"
        run.progress = progress or Listening()
        run.result = JOBS["read-stations"]({"stations": stations, "out": str(out), **request}, run.progress)
        table = pd.read_csv(out, dtype={"station": str})
        run.table = table
        return dict(zip(table.station, table.value))

    return run


def cells(path, tmp_path, *options):
    """Values of the cells that hold readings, sorted, as the command line grids the table."""
    out = tmp_path / "cells.tif"
    assert main(["grid-stations", "--stations", path, *options, "--out", str(out)]) == 0
    with rasterio.open(out) as raster:
        values = raster.read(1)
    return sorted(values[np.isfinite(values)].astype(float).round(3).tolist())


NEW_MEXICO, CALIFORNIA = "-107.5,34,-105.5,36,0.05@EPSG:4326", "-119,33.5,-117,34.5,0.05@EPSG:4326"


# 01 OpenAQ: several pollutants in one column

TRUTH_01 = [8.143, 8.181]


def test_openaq_is_recognised_and_its_pollutants_are_told_apart(case, read, tmp_path):
    path = case(1, "location-day.csv")
    for options in ([], ["--id", "location_id"]):
        found = cells(path, tmp_path, "--grid", NEW_MEXICO, "--value", "value", "--time", "datetime", "--date", "2023-02-22", *options)
        assert found == TRUTH_01
    assert sorted(read(path, date="2023-02-22").values()) == pytest.approx(TRUTH_01, abs=5e-4)
    assert any("recognised as OpenAQ" in line and "parameter=" in line for line in read.progress.lines)
    assert read.result["readings"]["dropped"] == {"filtered": 144}


@pytest.mark.parametrize("id", [None, "location_id"])
def test_mixed_pollutants_of_an_unknown_form_are_refused_with_the_remedy(case, read, id):
    with pytest.raises(InputError, match=r"4 different values .*'parameter' \(pm10, pm25, o3, no2\).*several variables are mixed.*--where"):
        read(case(1, "location-day.csv"), **{"from": "none"}, value="value", time="datetime", id=id, date="2023-02-22")


def test_a_condition_picks_the_pollutant_too(case, read):
    request = {"from": "none", "value": "value", "time": "datetime", "where": ["parameter=pm25"], "stamp": "end", "date": "2023-02-22"}
    assert sorted(read(case(1, "location-day.csv"), **request).values()) == pytest.approx(TRUTH_01, abs=5e-4)


def test_another_species_is_converted_from_its_own_unit(case, read):
    ozone = read(case(1, "location-day.csv"), species="o3", date="2023-02-22")
    raw = pd.read_csv(case(1, "location-day.csv"))
    ppm = raw[raw.parameter == "o3"].groupby("location_id").value.mean()
    assert ozone == {
        str(key): pytest.approx(value * 1e-6 * 47.998 * 101325 / (8.314462618 * 293.15) * 1e6, rel=1e-5) for key, value in ppm.items()
    }


# 02 compressed, hour ending


@pytest.mark.parametrize("name", ["pm25.csv", "pm25.csv.gz", "pm25.zip", "location-2178-20230222.csv.gz"])
def test_compressed_files_and_hours_stamped_at_their_end(case, read, name):
    means = read(case(2, name), date="2023-02-22")
    expected = {"2178": 8.142925, "2179": 8.180825}
    assert means == {key: pytest.approx(expected[key], abs=1e-6) for key in means} and "2178" in means
    assert set(read.table.hours) == {24}


# 03, 04, 18, 63 US EPA


def test_monitors_of_a_site_are_averaged(case, read, tmp_path):
    path = case(3, "daily_88101_2016.zip")
    options = ["--value", "Arithmetic Mean", "--time", "Date Local", "--date", "2016-01-15", "--unit", "Micrograms/cubic meter (LC)"]
    for form in ([], ["--from", "none"]):
        assert cells(path, tmp_path, "--grid", CALIFORNIA, *options, *form) == pytest.approx([12.7, 12.7, 16.7])
    assert sorted(read(path).values()) == pytest.approx([12.7, 12.7, 16.7])
    assert all("mean of several readings" in flags for flags in read.table["flags"])


@pytest.mark.parametrize("form", ["auto", "none"])
@pytest.mark.parametrize("id", [None, "Site Num"])
def test_a_date_without_its_hour_is_refused_with_the_remedy(case, read, form, id):
    with pytest.raises(InputError, match=r"the rows differ in 'Time Local'.*--time \"Date Local\+Time Local\""):
        read(case(4, "hourly_88101_2016.csv"), **{"from": form}, value="Sample Measurement", time="Date Local", id=id)


@pytest.mark.parametrize(
    "options",
    [{}, {"from": "none", "value": "Sample Measurement", "time": "Date Local+Time Local", "id": "State Code+County Code+Site Num"}],
)
def test_date_and_hour_in_two_columns(case, read, options):
    assert sorted(read(case(4, "hourly_88101_2016.csv"), date="2016-01-15", **options).values()) == pytest.approx([14.25, 15.25, 15.25])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {
            "from": "none",
            "value": "Daily Mean PM2.5 Concentration",
            "time": "Date",
            "id": "Site ID",
            "x": "Site Longitude",
            "y": "Site Latitude",
        },
    ],
)
def test_epas_download_with_its_own_unit(case, read, options):
    means = read(case(18, "ad_viz_plotval_data.csv"), unit="ug/m3 LC", **options)
    assert means == {"60371103": pytest.approx(13.0), "60590007": pytest.approx(16.0)}


def test_an_id_at_four_places_is_four_stations_with_a_warning(case, read):
    request = {"value": "Arithmetic Mean", "time": "Date Local"}
    means = read(case(63, "aqs.csv"), id="Site Num", **request)
    assert sorted(means.values()) == [12, 25, 28, 31]
    assert any("several places at once (0001)" in warning and "--id A+B" in warning for warning in read.result["warnings"])
    assert set(read(case(63, "aqs.csv"), id="County Code+Site Num", **request)) == {"037-0001", "059-0001", "071-0001", "065-0001"}
    assert read.result["warnings"] == []


# 05 one column per station


def test_a_wide_table_takes_its_places_from_a_list(case, read):
    path, sites = case(5, "china_sites_20180220.csv"), case(5, "stations.csv")
    raw = pd.read_csv(path)
    truth = raw[raw.type == "PM2.5"].drop(columns=["date", "hour", "type"]).mean()
    for options in ({}, {"from": "none"}, {"from": "none", "time": "date+hour", "value": "PM2.5", "wide": "yes"}):
        assert read(path, sites=sites, **options) == {code: pytest.approx(mean) for code, mean in truth.items()}
    assert read.table[["x", "y"]].iloc[0].tolist() == [116.2, 39.8]


def test_a_wide_table_without_places_says_what_is_needed(case, read):
    with pytest.raises(InputError, match="one column per station and no places: name a table .*--sites FILE"):
        read(case(5, "china_sites_20180220.csv"), value="PM2.5", time="date")


# 07, 52 EEA

TRUTH_07 = [15.0714286, 21.0714286]


def test_invalid_rows_of_the_eea_are_not_used(case, read):
    assert sorted(read(case(7, "joined.parquet")).values()) == pytest.approx(TRUTH_07)
    request = {"from": "none", "value": "Value", "time": "Start", "unit": "ug.m-3", "id": "Samplingpoint", "where": "Validity>=1"}
    assert sorted(read(case(7, "joined.parquet"), **request).values()) == pytest.approx(TRUTH_07)
    with pytest.raises(InputError, match="European Environment Agency publishes its places apart|--sites FILE"):
        read(case(7, "SPO.DE_DEBB021_PM2_dataGroup1.parquet"))


@pytest.mark.parametrize("form", ["auto", "none"])
def test_daily_and_hourly_stations_in_one_table(case, read, form):
    means = read(case(52, "eea_like.csv"), **{"from": form}, value="Concentration", time="DatetimeBegin", id="SamplingPoint")
    assert means == {"SPO_H0": 10, "SPO_H1": 11, "SPO_H2": 12, "SPO_D0": 30, "SPO_D1": 31, "SPO_D2": 32}
    assert read.result["readings"]["flags"] == {"daily value among hourly stations": 3}
    assert any("taken for daily means" in warning for warning in read.result["warnings"])


# 09, 11, 12, 13, 19, 44, 45 times


@pytest.mark.parametrize(
    "name, options, mean",
    [
        ("history.csv", {"value": "pm2.5_atm", "time": "time_stamp"}, 10.3),
        ("history.csv", {"value": "pm2.5_atm", "time": "time_stamp", "from": "none"}, 10.3),
        ("old_download.csv", {"value": "PM2.5_CF1_ug/m3", "time": "created_at"}, 11.3),
    ],
)
def test_purpleair_counts_seconds(case, read, name, options, mean):
    assert list(read(case(9, name), **options).values()) == pytest.approx([mean])


def test_a_day_of_day_and_month_is_decided_by_the_day_asked_for(case, read):
    request = {"value": "PM2.5 (ug/m3)", "time": "From Date", "id": "station"}
    assert set(read(case(11, "single_day.csv"), date="2019-03-05", **request)) == {"Anand Vihar", "R K Puram"}
    assert set(read(case(11, "single_day.csv"), date="2019-03-05", **{"from": "none"}, **request)) == {"Anand Vihar", "R K Puram"}
    with pytest.raises(InputError, match="may be day/month or month/day"):
        read(case(11, "single_day.csv"), **{"from": "none"}, **request)
    assert read(case(11, "single_day.csv"), date_order="dmy", **{"from": "none"}, **request)


def test_two_digit_years_have_one_order(case, read):
    request = {"value": "pm25", "time": "date", "id": "site"}
    assert read(case(12, "uk.csv"), date="2022-04-05", **request) == {"A0": 15, "A1": 16, "A2": 17, "A3": 18}
    with pytest.raises(InputError, match="the table holds 2022-04-05 to 2022-04-14"):
        read(case(12, "uk.csv"), date="2022-05-04", **request)


@pytest.mark.parametrize("name", ["uba.csv", "uba_utf8.csv"])
def test_hour_24_ends_the_day(case, read, name):
    request = {"value": "PM2,5 (µg/m³)", "x": "Länge", "y": "Breite", "time": "Uhrzeit", "id": "Stationscode"}
    for options in ({}, {"from": "none", "stamp": "end"}):
        assert read(case(13, name), **request, **options) == {"DEBE010": pytest.approx(16.25), "DEBB021": pytest.approx(16.25)}
        assert set(read.table.hours) == {24} and set(read.table.day) == {"2016-01-15"}


@pytest.mark.parametrize(
    "number, name, options, mean",
    [
        (19, "ampm.csv", {"value": "pm25", "time": "time", "id": "site"}, 12.5),
        (44, "opensensemap.csv", {"value": "value", "time": "createdAt", "id": "boxId"}, 15.75),
        (45, "postgis.csv", {"value": "pm25", "time": "time", "id": "station"}, 21.5),
        (45, "p.gpkg", {"value": "pm25", "time": "time", "id": "station"}, 21.5),
    ],
)
@pytest.mark.parametrize("form", ["auto", "none"])
def test_further_forms_of_times(case, read, number, name, options, mean, form):
    means = list(read(case(number, name), **{"from": form}, **options).values())
    assert means == pytest.approx([mean] * len(means))


# 14, 15, 21, 43, 65 text


@pytest.mark.parametrize("name", ["ansi.csv", "utf8.csv", "utf16.csv"])
def test_a_header_with_umlauts_can_be_named_in_any_encoding(case, tmp_path, name):
    options = ["--grid", "5,47,16,55,0.1@EPSG:4326", "--value", "PM2,5 µg/m3", "--x", "Länge", "--y", "Breite"]
    assert cells(case(14, name), tmp_path, *options) == [9.2, 11.5, 14.0, 20.5]


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
def test_decimal_commas_in_any_file(case, tmp_path, name, values):
    assert cells(case(15, name), tmp_path, "--grid", "8,44,13,47,0.1@EPSG:4326", "--value", "pm25") == values


@pytest.mark.parametrize("name, count", [("gap.csv", 5), ("clean.csv", 5)])
def test_a_gap_beside_decimal_commas(case, tmp_path, name, count):
    found = cells(case(43, name), tmp_path, "--grid", "8,44,13,47,0.1@EPSG:4326", "--value", "pm25")
    assert found == [7.75, 8, 12, 13.5, 20.1][:count]


def test_lines_above_the_header(case, read):
    assert read(case(21, "ukair.csv")) == {"Bristol": pytest.approx(22.5)}
    assert read(case(21, "ukair.csv"), **{"from": "none"}, value="PM2.5", time="Date+time", stamp="end", id="site") == {
        "Bristol": pytest.approx(22.5)
    }
    with pytest.raises(InputError, match=r"name the column of the hour too, --time \"Date\+time\""):
        read(case(21, "ukair.csv"), value="PM2.5", time="Date")
    assert sorted(read(case(21, "excel_sep.csv"), value="pm25").values()) == [28.1, 30.5]


def test_chinese_names_in_gbk(case, read):
    read(case(65, "gbk.csv"), value="PM2.5（微克/立方米）", x="经度", y="纬度")
    assert (read.result["readings"]["used"], read.result["readings"]["rows"]) == (391, 400)


# 17 coordinates


def test_metres_and_exchanged_coordinates_are_explained(case, read, tmp_path, capsys):
    with pytest.raises(InputError, match="name the CRS of the coordinates"):
        read(case(17, "merc.csv"), value="pm25")
    assert sorted(read(case(17, "merc.csv"), value="pm25", crs="EPSG:3857").values()) == [55, 61, 70]
    out = str(tmp_path / "o.tif")
    for name, grid in (("swapped.csv", "china12km"), ("swapped_eu.csv", "5,40,16,50,0.1@EPSG:4326")):
        assert main(["grid-stations", "--stations", case(17, name), "--value", "pm25", "--grid", grid, "--out", out]) == 1
        told = capsys.readouterr().err
        assert "bad coordinates" in told or "with x and y exchanged" in told


# 20 negatives


def test_small_negative_hours_are_kept(case, tmp_path):
    options = ["--grid", "-3,56,-1,58,0.1@EPSG:4326", "--value", "PM2.5", "--time", "DateTime", "--date", "2018-07-18"]
    assert cells(case(20, "union_street_real.csv"), tmp_path, *options) == [10.292]


@pytest.mark.parametrize("name, mean", [("clean.csv", 0.35), ("clean2.csv", 2.35)])
def test_a_clean_site_has_its_true_mean(case, read, name, mean):
    assert list(read(case(20, name), value="pm25", time="time", id="site").values()) == pytest.approx([mean])
    assert read.result["readings"]["flags"]["negative within noise"] > 0


def test_no_day_is_lost_to_negatives_over_real_years(case, read):
    raw = pd.read_csv(case(20, "union_street_real.csv"), sep=";", parse_dates=["DateTime"])
    by_day = raw.dropna(subset=["PM2.5"]).groupby(raw.DateTime.dt.date)["PM2.5"].agg(["mean", "count"])
    expected = by_day[by_day["count"] >= 19]["mean"].clip(lower=0)
    read(case(20, "union_street_real.csv"), value="PM2.5", time="DateTime")
    assert read.table.value.tolist() == pytest.approx(expected.tolist(), abs=1e-5)


# 50 degenerate


@pytest.mark.parametrize(
    "name, used",
    [
        ("one.csv", 1),
        ("two.csv", 2),
        ("collinear.csv", 8),
        ("colocated.csv", 24),
        ("same_place.csv", 4),
        ("constant.csv", 12),
        ("all_zero.csv", 12),
        ("zeros.csv", 12),
        ("nulls.csv", 4),
        ("outlier.csv", 12),
    ],
)
def test_degenerate_tables_are_tables(case, read, name, used):
    read(case(50, name), value="pm25")
    assert read.result["readings"]["used"] == used and np.isfinite(read.table.value).all()


# 68, 69: the forms of times and units themselves are at test_times and test_units; here, that a table brings them through


@pytest.mark.parametrize("written", ["2019年1月14日 08时", "2019-01-14_08:00:00", "1547452800", "43479.333", "14.01.2019 08:00"])
def test_a_form_of_time_comes_through_a_table(read, tmp_path, written):
    path = tmp_path / "stations.csv"
    path.write_text(f"id,lon,lat,when,pm25\na,116,40,{written},35\n", encoding="utf-8")
    read(str(path), value="pm25", time="when")
    assert read.table.day.tolist() == ["2019-01-14"]


@pytest.mark.parametrize("unit, factor", [("ug/m3 LC", 1), ("ugm-3 (Ref.eq)", 1), ("mg/m³", 1000), ("微克/立方米", 1)])
def test_a_spelling_of_a_unit_comes_through_a_table(read, tmp_path, unit, factor):
    path = tmp_path / "stations.csv"
    path.write_text(f"id,lon,lat,pm25,unit\na,116,40,0.5,{unit}\n", encoding="utf-8")
    for options in ({"unit": unit}, {"unit_column": "unit"}):
        assert list(read(str(path), value="pm25", **options).values()) == pytest.approx([0.5 * factor])


def test_the_command_line_prints_the_account_as_json(case, tmp_path, capsys):
    out = tmp_path / "clean.gpkg"
    assert main(["read-stations", "--json", "--stations", case(1, "location-day.csv"), "--date", "2023-02-22", "--out", str(out)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (
        told["readings"]["rows"] == 192
        and told["readings"]["range"]["max"] == pytest.approx(11.9852)
        and len(told["readings"]["examples"]) == 3
    )
