"""Days and times as tables write them."""

import re
from datetime import date, datetime, timedelta, timezone

import numpy as np
import pytest

from model_core.days import parse_day, parse_times
from model_core.errors import InputError


@pytest.mark.parametrize(
    "written",
    [
        "2018-02-20",
        "2018-02-20T07:00:00",
        "2018-02-20 07:00",
        "20180220",
        20180220,
        20180220.0,
        "2018022007",
        "201802200730",
        "2018/02/20",
        "2018/2/20 7:00",
        "20 Feb 2018",
        datetime(2018, 2, 20, 7),
        date(2018, 2, 20),
        np.datetime64("2018-02-20T07:00"),
        "20/02/2018",
        "02/20/2018 07:00",
    ],
)
def test_the_day_is_read_from_usual_spellings(written):
    assert parse_times([written]).astype("datetime64[D]").tolist() == [date(2018, 2, 20)]


@pytest.mark.parametrize(
    "written",
    [
        "2018-02-20T23:30:00+08:00",
        "2018-02-20T00:30:00Z",
        "2018-02-20 23:30:00-0500",
        datetime(2018, 2, 20, 23, 30, tzinfo=timezone(timedelta(hours=8))),
    ],
)
def test_the_day_is_the_one_that_stands_there_whatever_the_zone(written):
    assert parse_times([written]).astype("datetime64[D]").tolist() == [date(2018, 2, 20)]


def test_hours_are_kept_and_gaps_stay_gaps():
    times = parse_times(["2018-02-20T07:00:00", None, ""])
    assert times[0] == np.datetime64("2018-02-20T07:00:00") and np.isnat(times[1:]).all()


def test_a_time_that_is_none_is_named_with_its_row():
    with pytest.raises(InputError, match="time 'yesterday' in row 2"):
        parse_times(["2018-02-20", "yesterday"])


@pytest.mark.parametrize("written", ["15191100", "12", "2018-13-45", "151911000", "54511", "1.519E+09"])
def test_numbers_that_are_no_dates_are_refused(written):
    with pytest.raises(InputError, match=re.escape(written)):
        parse_times([written])


def test_day_first_or_month_first_is_decided_by_the_whole_column_or_not_at_all():
    assert parse_times(["05/01/2016", "15/01/2016"]).astype("datetime64[M]").tolist() == [date(2016, 1, 1)] * 2
    assert parse_times(["01/05/2016", "01/15/2016"]).astype("datetime64[M]").tolist() == [date(2016, 1, 1)] * 2
    with pytest.raises(InputError, match="day/month or month/day"):
        parse_times(["05/06/2016"])


def test_a_day_is_asked_for_as_a_date():
    assert parse_day("2018-02-20") == parse_day("20180220") == parse_day(datetime(2018, 2, 20, 5)) == date(2018, 2, 20)
    with pytest.raises(InputError, match="write YYYY-MM-DD"):
        parse_day("20.2.2018")
