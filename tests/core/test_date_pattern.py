"""Files by their dates."""

from datetime import datetime

import pytest

from model_core.errors import InputError
from model_core.stations.date_pattern import dated_files, files_with_dates_in_names, is_pattern


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    return folder


@pytest.mark.parametrize(
    "pattern, names, dates",
    [
        ("{date:%Y%m%d}.csv", ["20200102.csv", "20200101.csv", "notes.csv", "20209999.csv"], ["2020-01-01", "2020-01-02"]),
        ("{date}_a [1].csv", ["2020-02-29_a [1].csv", "2020-03-01_b.csv"], ["2020-02-29"]),
        ("{date:%Y}/{date:%m}/pm{date:%Y%m%d}.csv", ["2020/01/pm20200105.csv", "2020/02/pm20200105.csv"], ["2020-01-05"]),
        ("d{date:%Y%j}.csv", ["d2020060.csv"], ["2020-02-29"]),
    ],
)
def test_a_pattern_finds_its_files_in_the_order_of_dates(tmp_path, pattern, names, dates):
    files = dated_files(str(touch(tmp_path, *names) / pattern))
    assert [str(file.date.date()) for file in files] == dates and not files[0].hourly


def test_hours_in_names(tmp_path):
    folder = touch(tmp_path, "a_2020010113.csv", "a_2020010112.csv")
    files = dated_files(str(folder / "a_{date:%Y%m%d%H}.csv"))
    assert [file.date for file in files] == [datetime(2020, 1, 1, 12), datetime(2020, 1, 1, 13)] and files[0].hourly
    found = files_with_dates_in_names(list(folder.iterdir()))
    assert [(file.path, file.date) for file in found] == [(file.path, file.date) for file in files] and found[0].hourly


def test_dates_in_names_as_people_write_them(tmp_path):
    names = ["beijing_20200101_v2.csv", "2020-01-02.csv", "pm 2020_01_03 final.csv", "station1001_20200104T07.csv"]
    found = files_with_dates_in_names([tmp_path / name for name in names])
    assert [str(file.date.date()) for file in found] == ["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04"]


@pytest.mark.parametrize(
    "pattern, message",
    [
        ("{date:%H}.csv", "a date is written with %Y %m %d"),
        ("{date:%Y%b%d}.csv", "a date is written with %Y %m %d"),
        ("{date:%Y-%m}.csv", "a date is written with %Y %m %d"),
        ("{date:%Y%m%d}.txt", "no file matches"),
    ],
)
def test_a_pattern_that_can_not_work_is_explained(tmp_path, pattern, message):
    with pytest.raises(InputError, match=message):
        dated_files(str(touch(tmp_path, "20200101.csv") / pattern))


@pytest.mark.parametrize(
    "names, message",
    [
        (["stations.csv"], "no date in its name; name the time column"),
        (["20200101_20200201.csv"], "several dates"),
        (["a20200101.csv", "b20200101.csv"], "of the same date"),
    ],
)
def test_names_that_say_no_date_are_told(tmp_path, names, message):
    with pytest.raises(InputError, match=message):
        files_with_dates_in_names([tmp_path / name for name in names])


def test_what_a_pattern_is():
    assert is_pattern("a/{date:%Y}.csv") and is_pattern("{date}") and not is_pattern("a/dates.csv")


@pytest.mark.parametrize(
    "name, day",
    [
        ("location-2178-20230222.csv.gz", "2023-02-22"),
        ("2023-02-22_sds011_sensor_1234.csv", "2023-02-22"),
        ("data_2018_02_20.csv", "2018-02-20"),
        ("pm25.2018.02.20.csv.bz2", "2018-02-20"),
        ("站点_2018年2月20日.csv", "2018-02-20"),
        ("report 20-02-2018.xlsx", "2018-02-20"),
        ("cpcb_20.02.2018.csv", "2018-02-20"),
        ("20Feb2018.csv", "2018-02-20"),
        ("HourlyData_2018020000.dat", None),
        ("2018-feb-20.zip", "2018-02-20"),
        ("airnow_2018022007.dat", "2018-02-20 07:00"),
        ("20180220T0700Z.csv", "2018-02-20 07:00"),
        ("a_20180220_070000.csv", "2018-02-20 07:00"),
    ],
)
def test_common_forms_of_dates_are_found_through_double_suffixes(tmp_path, name, day):
    if day is None:
        with pytest.raises(InputError, match="no date in its name"):
            files_with_dates_in_names([tmp_path / name])
        return
    found = files_with_dates_in_names([tmp_path / name])
    assert found[0].date == (datetime.fromisoformat(day)) and found[0].hourly == (":" in day)


def test_a_name_that_may_be_of_two_days_is_refused(tmp_path):
    with pytest.raises(InputError, match="may be of two days, 05-03-2019"):
        files_with_dates_in_names([tmp_path / "pm_05-03-2019.csv"])
