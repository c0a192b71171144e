"""The many ways in which tables write a time: each is read rightly, or refused with what to do."""

import ast

import numpy as np
import pandas as pd
import pytest

from model_core.days import date_order_of, parse_times, time_form
from model_core.errors import InputError
from model_core.time_zones import Clock

EIGHT = "2019-01-14T08:00:00"
# What the texts of field case 68 mean where it isn't 08:00 of 14 January 2019; None where a message must name the remedy.
OTHERS = {
    "2019年01月14日": "2019-01-14T00:00:00",
    "2019014": "2019-01-14T00:00:00",
    "43479": "2019-01-14T00:00:00",
    "2019-W03-1": "2019-01-14T00:00:00",
    "2019-1-14": "2019-01-14T00:00:00",
    "2019-01-14 12:00 AM": "2019-01-14T00:00:00",
    "2019-01-14 24:00": "2019-01-15T00:00:00",
    "20190114 24": "2019-01-15T00:00:00",
    "2019011424": "2019-01-15T00:00:00",
    "2019-01-14 08:00 CET": None,
    "14 janv. 2019 08:00": None,
    "14-01-19": None,
    "19-01-14": None,
    "5/4/22": None,
    "2019-02-30": None,
}
REMEDIES = ("--date-order", "--times-in", "write YYYY-MM-DD")


def read(*texts, **options):
    return [str(time) for time in parse_times(list(texts), **options)]


def case(shared_data, number):
    return next((shared_data / "field_cases").glob(f"{number}_*"))


def test_every_form_of_field_case_68_is_read_rightly_or_refused_with_a_remedy(shared_data):
    script = ast.parse((case(shared_data, 68) / "times.py").read_text(encoding="utf-8"))
    texts = next(ast.literal_eval(node.iter) for node in script.body if isinstance(node, ast.For))
    assert len(texts) == 53
    for text in texts:
        expected = OTHERS.get(text, EIGHT)
        if expected is None:
            with pytest.raises(InputError) as error:
                read(text)
            assert text in str(error.value) and any(remedy in str(error.value) for remedy in REMEDIES)
        else:
            assert read(text) == [expected], text


@pytest.mark.parametrize(
    "text, zone, expected",
    [
        ("2019-01-14T23:30:00Z", "Europe/Berlin", "2019-01-15T00:30:00"),
        ("2019-01-14T16:00:00+00:00", "Asia/Shanghai", "2019-01-15T00:00:00"),
        ("2019-01-14 16:00:00 UTC", "Asia/Shanghai", "2019-01-15T00:00:00"),
        ("2019-01-14 16:00:00 GMT", "Asia/Shanghai", "2019-01-15T00:00:00"),
        ("2019-01-14T16:00:00+00", "Asia/Shanghai", "2019-01-15T00:00:00"),
        ("2019-01-14 08:00 CET", "Europe/Berlin", EIGHT),
        ("2019-07-14 08:00 CET", "Europe/Berlin", "2019-07-14T09:00:00"),
        ("2019-07-14 08:00 CEST", "Europe/Berlin", "2019-07-14T08:00:00"),
        ("2019-01-14T01:00:00-0700", "America/Denver", "2019-01-14T01:00:00"),
        ("2016-01-15 00:00:00 +01:00", "Europe/Berlin", "2016-01-15T00:00:00"),
        ("20190114T16Z", "Asia/Shanghai", "2019-01-15T00:00:00"),
        ("2019-01-14 16:00Z", "Asia/Shanghai", "2019-01-15T00:00:00"),
        ("2019-01-14T16:00:00 Z", "Asia/Shanghai", "2019-01-15T00:00:00"),
        ("2019-01-14T16:00:00z", "Asia/Shanghai", "2019-01-15T00:00:00"),
        ("2019-01-14T16:00:00.123456Z", "Asia/Shanghai", "2019-01-15T00:00:00"),
        ("2019-01-14T16:00:00+05:30", "UTC", "2019-01-14T10:30:00"),
        ("Mon Jan 14 2019 08:00:00 GMT+0100 (CET)", "UTC", "2019-01-14T07:00:00"),
        ("2019-01-14 08:00 UTC+8", "UTC", "2019-01-14T00:00:00"),
        ("1547452800", "Asia/Shanghai", "2019-01-14T16:00:00"),
        ("2019-01-14T08-05", "UTC", "2019-01-14T13:00:00"),
        ("2019-01-14T24:00Z", "UTC", "2019-01-15T00:00:00"),
    ],
)
def test_a_zone_that_stands_with_a_time_counts(text, zone, expected):
    assert read(text, clock=Clock.named(zone)) == [expected]


def test_a_zone_name_counts_where_the_zone_of_the_times_has_it_and_is_refused_elsewhere():
    text = "2019-01-14 08:00 CET"
    assert read(text, clock=Clock.named("Asia/Shanghai", "Europe/Berlin")) == ["2019-01-14T15:00:00"]
    for clock in (None, Clock.named("Asia/Shanghai")):
        with pytest.raises(InputError, match="row 7 names the time zone CET.*--times-in"):
            parse_times([text], clock, 7)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("2016-01-15 7", "2016-01-15T07"),
        ("20180220 13", "2018-02-20T13"),
        ("01/15/2016 01:00 PM", "2016-01-15T13"),
        ("15.01.2016 24:00", "2016-01-16T00"),
        ("2016 1 15 7", "2016-01-15T07"),
        ("2016.0 1.0 15.0 7.0", "2016-01-15T07"),
        ("2019 014 8", "2019-01-14T08"),
        ("2018-02-20 00:00:00 07:00", "2018-02-20T07"),
        ("2018-02-20 0700", "2018-02-20T07"),
        ("2018-02-20 700", "2018-02-20T07"),
        ("1/15/2016 12:00:00 AM", "2016-01-15T00"),
        ("2018-02-20 2400", "2018-02-21T00"),
    ],
)
def test_dates_and_hours_of_several_columns_are_joined_by_a_blank(text, expected):
    assert read(text) == [f"{expected}:00:00"]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Mon, 14 Jan 2019 08:00:00 GMT", EIGHT),
        ("Mon Jan 14 08:00:00 2019", EIGHT),
        ("Mon Jan 14 08:00:00 UTC 2019", EIGHT),
        ("14JAN2019:08:00:00", EIGHT),
        ("14/Jan/2019:08:00:00 +0000", EIGHT),
        ("January 14th, 2019 8:00 am", EIGHT),
        ("2019-Jan-14 08:00", EIGHT),
        ("14-Jan-19 08:00", EIGHT),
        ("1/14/2019, 8:00:00\u202fAM", EIGHT),
        ("2019年1月14日 上午8时00分", EIGHT),
        ("2019年1月14日8点", EIGHT),
        ("2019-01-14 08:00 Uhr", EIGHT),
        ("２０１９-01-14 08:00", EIGHT),
        ("20190114080000.5", EIGHT),
        ("20190114_080000", EIGHT),
        ("2019-01-14T08:00:00+01:00[Europe/Berlin]", EIGHT),
        ("2020-W53-7", "2021-01-03T00:00:00"),
        ("2020366", "2020-12-31T00:00:00"),
        ("1547452800561", EIGHT),
        ("1547452800.561", EIGHT),
        ("1547452800000000000", EIGHT),
    ],
)
def test_forms_of_programs_and_places(text, expected):
    assert read(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "2019-01",
        "2019",
        "201901",
        "01/2019",
        "2019年1月",  # months
        "2019-01-14 25:00",
        "2019-01-14 24:30",
        "2019-01-14 08:60",
        "2019-01-14 13:00 PM",
        "2019-01-14 08:00:60",
        "2019366",
        "2019-W53-1",
        "31/02/2019",
        "2019-01-14 08-05",
        "2019-01-14-08:00",
        "2019-01-14 08:00 (CET)",
        "20190114Z",
        "2019-01-14 08:00 Asia/Shanghai",
        "1.5474528e9",
        "Jan 2019",
        "2019-01-14T08:00:00Z+1",
        "19014",
        "737439.33",
    ],
)
def test_what_is_no_day_or_may_mean_two_things_is_refused(text):
    with pytest.raises(InputError, match="in row 1"):
        read(text)


def test_a_time_of_day_without_its_date_is_refused_with_the_way_to_name_both_columns():
    for text in ("8:00", "23:59:00", "1:00 PM"):  # what a spreadsheet shows of an hour; today is not the day that was meant
        with pytest.raises(InputError, match=r"has no date.*--time DATE\+TIME"):
            read(text)


def test_hours_such_as_100_and_30_stand_in_no_common_column():
    assert read("2018-02-20 100", "2018-02-20 0") == ["2018-02-20T01:00:00", "2018-02-20T00:00:00"]
    with pytest.raises(InputError, match="2018-02-20 30"):
        read("2018-02-20 100", "2018-02-20 30")  # half past midnight beside one o'clock


@pytest.mark.parametrize(
    "texts, order",
    [
        (["05/04/22", "13/04/22"], "dmy"),
        (["04/05/22", "04/13/22"], "mdy"),
        (["05.04.22", "13.04.22"], "dmy"),
        (["04-05-22", "04-13-22"], "mdy"),
        (["5-4-22 10:00", "13-4-22 10:00"], "dmy"),
        (["05/04/2022", "13/04/2022"], "dmy"),
        (["04/05/2022", "04/13/2022"], "mdy"),
    ],
)
def test_one_row_decides_the_order_of_its_whole_column(texts, order):
    assert [time[:10] for time in read(*texts)] == ["2022-04-05", "2022-04-13"]
    assert date_order_of(texts) == order
    assert ("day / month / year" if order == "dmy" else "month / day / year") in time_form(texts)


@pytest.mark.parametrize(
    "texts",
    [
        ["05/04/2022"],
        ["05/04/22", "06/04/22"],
        ["05-04-22", "13-04-22"],
        ["19-01-14"],
        ["14-01-19"],
        ["22/04/05", "22/04/06"],
        ["99-01-14"],
        ["05-03-2019 00:00"],
    ],
)
def test_an_order_that_nothing_decides_is_asked_for(texts):
    with pytest.raises(InputError, match=f"'{texts[0]}'.*--date-order"):
        read(*texts)
    assert date_order_of(texts) is None


def test_two_orders_in_one_column_are_never_read():
    for years in ("22", "2022"):
        texts = [f"13/04/{years}", f"04/13/{years}"]
        for decide in (read, lambda *texts: date_order_of(texts)):
            with pytest.raises(InputError, match="in no common order"):
                decide(*texts)


def test_the_order_or_the_day_that_is_asked_for_decides():
    assert read("05-03-2019 01:00", date_order="dmy") == read("05-03-2019 01:00", day="2019-03-05") == ["2019-03-05T01:00:00"]
    assert read("05-03-2019 01:00", date_order="mdy") == read("05-03-2019 01:00", day="2019-05-03") == ["2019-05-03T01:00:00"]
    assert read("19-01-14", date_order="ymd") == read("19-01-14", day="2019-01-14") == ["2019-01-14T00:00:00"]
    assert read("14-Jan-19", date_order="ymd") == ["2014-01-19T00:00:00"]
    with pytest.raises(InputError, match="--date-order"):
        read("05-03-2019", day="2019-07-01")
    # The evening in UTC before the day in Shanghai.
    assert read("04-03-2019 20:00", day="2019-03-05", clock=Clock.named("Asia/Shanghai", "UTC")) == ["2019-03-05T04:00:00"]


def test_an_order_that_does_not_fit_is_named_with_the_row():
    with pytest.raises(InputError, match="'13/04/2022' in row 2 is not a date or time in the order mdy"):
        read("04/05/2022", "13/04/2022", date_order="mdy")
    with pytest.raises(InputError, match="unknown date order 'us'"):
        read("04/05/2022", date_order="us")


def test_counted_times_are_understood_only_where_the_whole_column_is_counted():
    assert read("1673740800", "1673744400") == ["2023-01-15T00:00:00", "2023-01-15T01:00:00"]
    assert time_form(["1673740800"]) == "seconds since 1970, in UTC"
    assert "spreadsheet" in time_form(["43479.5"])
    for texts in (["1673740800", "1673740800000"], ["1673740800", "2023-01-15"], ["43479", "12"], ["43479", "99999"]):
        with pytest.raises(InputError, match="row"):
            read(*texts)


def test_a_spreadsheets_days_with_few_digits_stand_for_their_hours():
    serials = 43479 + np.arange(24) / 24
    hours = [f"2019-01-14T{hour:02}:00:00" for hour in range(24)]
    for digits in (3, 4, 6, 10):
        assert read(*(f"{serial:.{digits}f}" for serial in serials)) == hours
    assert read(*serials) == read(*(str(serial).replace(".", ",") for serial in serials)) == hours


def test_numbers_that_came_as_floats_are_the_same_times():
    assert read(1547452800.0) == read(1547452800) == read(201901140800.0) == [EIGHT]
    assert read(1547452800000.0, np.nan) == [EIGHT, "NaT"]


def test_field_case_11_is_decided_by_the_day_or_the_order(shared_data):
    texts = pd.read_csv(case(shared_data, 11) / "single_day.csv", dtype=str)["From Date"]
    for options in ({"day": "2019-03-05"}, {"date_order": "dmy"}):
        assert set(parse_times(texts, **options).astype("datetime64[D]").astype(str)) == {"2019-03-05"}
    with pytest.raises(InputError, match="--date-order"):
        parse_times(texts)


def test_field_case_12_lies_in_april(shared_data):
    texts = pd.read_csv(case(shared_data, 12) / "uk.csv", sep=";", dtype=str)["date"]
    assert sorted(set(parse_times(texts).astype("datetime64[D]").astype(str))) == ["2022-04-05", "2022-04-12", "2022-04-13", "2022-04-14"]


def test_field_case_13_ends_its_day_at_24(shared_data):
    table = pd.read_csv(case(shared_data, 13) / "uba_utf8.csv", sep=";", dtype=str)
    for times in (table["Uhrzeit"], table["Datum"] + " " + table["Zeit"]):
        one = parse_times(times[table["Stationscode"] == table["Stationscode"][0]])
        assert list(one.astype(str)) == [str(np.datetime64("2016-01-15T00:00:00") + np.timedelta64(hour, "h")) for hour in range(1, 25)]


@pytest.mark.parametrize(
    "number, file, column, first, last",
    [
        (9, "history.csv", "time_stamp", "2023-01-15T00", "2023-01-15T23"),
        (19, "ampm.csv", "time", "2016-01-15T00", "2016-01-15T23"),
        (44, "opensensemap.csv", "createdAt", "2016-02-07T00", "2016-02-07T23"),
        (45, "postgis.csv", "time", "2026-03-28T00", "2026-03-28T23"),
    ],
)
def test_field_cases_of_one_day_have_its_24_hours(shared_data, number, file, column, first, last):
    texts = pd.read_csv(case(shared_data, f"{number:02}") / file, dtype=str)[column]
    hours = np.unique(parse_times(texts).astype("datetime64[h]"))
    assert len(hours) == 24 and (str(hours[0]), str(hours[-1])) == (first, last)
