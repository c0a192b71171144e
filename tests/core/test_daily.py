"""Hourly readings to daily means: who counts, on which day, and with what weight."""

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_core.days import parse_times
from model_core.errors import InputError
from model_core.stations.daily import daily_means, hourly_means
from model_core.stations.observations import from_arrays
from model_core.time_zones import Clock, local_times, parse_time_zone, same_offset, utc_times

STATIONS = st.dictionaries(
    st.integers(0, 5),
    st.dictionaries(st.tuples(st.integers(0, 2), st.integers(0, 23)), st.integers(1, 400), min_size=1, max_size=72),
    min_size=1,
)


def hourly(stations, **options):
    """Observations of {station: {(day, hour): value}}."""
    rows = [
        (f"s{s}", 100.0 + s, np.datetime64("2020-03-01T00") + np.timedelta64(24 * day + hour, "h"), value)
        for s, hours in stations.items()
        for (day, hour), value in hours.items()
    ]
    ids, x, times, values = zip(*rows)
    return from_arrays(x, [30.0] * len(rows), values, time=list(times), id=ids, **options)


@given(STATIONS, st.integers(1, 24))
def test_a_station_counts_on_the_days_on_which_it_has_hours_enough(stations, needed):
    for hours in stations.values():  # one value a day, always at one hour, is a daily value: see test_screening
        hours.update({(0, 1): 50, (0, 2): 60})
    means = daily_means(hourly(stations), needed)
    expected = {}
    for station, hours in stations.items():
        for day in range(3):
            values = [value for (d, _), value in hours.items() if d == day]
            if len(values) >= needed:
                expected[f"s{station}", day] = np.mean(values)
    found = {
        (i, (t.astype("datetime64[D]") - np.datetime64("2020-03-01")).astype(int)): v for i, t, v in zip(means.id, means.time, means.value)
    }
    assert found.keys() == expected.keys()
    assert all(found[key] == pytest.approx(expected[key]) for key in expected)
    assert means.report.rows == means.report.used + sum(means.report.dropped.values())


@given(STATIONS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter_to_the_last_bit(stations, random):
    observations = hourly(stations)
    order = list(range(len(observations)))
    random.shuffle(order)
    one, other = daily_means(observations, 1), daily_means(observations.select(np.array(order)), 1)
    assert sorted(zip(one.id, one.time, one.value)) == sorted(zip(other.id, other.time, other.value))


def test_more_than_eighteen_hours_is_nineteen():
    day = dict.fromkeys(range(19), 10)
    assert len(daily_means(hourly({0: {(0, h): v for h, v in day.items()}}))) == 1
    del day[4]
    report = daily_means(hourly({0: {(0, h): v for h, v in day.items()}})).report
    assert report.dropped == {"too few hours": 18} and report.used == 0


def test_an_hour_counts_once_however_often_it_was_read():
    times = ["2020-03-01T00:00", "2020-03-01T00:20", "2020-03-01T00:40", "2020-03-01T01:00"]
    observations = from_arrays([100.0] * 4, [30.0] * 4, [10, 20, 30, 100], time=times, id=["a"] * 4)
    assert len(daily_means(observations, 3)) == 0  # two hours, not four
    assert daily_means(observations, 2).value.tolist() == [60]  # (20 + 100) / 2
    assert hourly_means(observations).value.tolist() == [20, 100]


def test_without_an_id_a_station_is_its_place():
    times = [f"2020-03-01T{hour:02d}" + ":00" for hour in range(20)] * 2
    observations = from_arrays([100.0] * 20 + [101.0] * 20, [30.0] * 40, [10] * 20 + [30] * 20, time=times)
    assert sorted(daily_means(observations).value) == [10, 30]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])
@given(st.datetimes(datetime(1990, 1, 1), datetime(2037, 1, 1)))
def test_local_time_is_that_of_the_zone_and_back(zone, moment):
    moment = moment.replace(microsecond=0)
    utc = np.array([moment], "datetime64[s]")
    info = timezone.utc if zone == "UTC" else ZoneInfo(zone)
    local = moment.replace(tzinfo=timezone.utc).astimezone(info)
    assert local_times(utc, parse_time_zone(zone))[0].item() == local.replace(tzinfo=None)
    back = utc_times(local_times(utc, parse_time_zone(zone)), parse_time_zone(zone))[0].item()
    assert back == moment or (moment - back) in (timedelta(hours=1), timedelta(minutes=30))  # an hour that came twice


def test_times_with_an_offset_are_moments_and_others_are_in_the_zone_of_the_table():
    written = ["2020-07-01T20:00:00Z", "2020-07-02T04:00:00+08:00", "2020-07-02T04:00", None]
    clock = Clock.named("Asia/Shanghai")
    assert [str(t) for t in parse_times(written, clock)] == ["2020-07-02T04:00:00"] * 3 + ["NaT"]
    in_utc = Clock.named("Asia/Shanghai", "UTC")
    assert [str(t) for t in parse_times(["2020-07-01T20:00", "2020-07-01T20:00Z"], in_utc)] == ["2020-07-02T04:00:00"] * 2
    aware = pd.to_datetime(pd.Series(["2020-07-01T20:00:00Z", None])).dt.tz_convert("Europe/Paris")
    assert [str(t) for t in parse_times(aware, clock)] == ["2020-07-02T04:00:00", "NaT"]
    assert [str(t) for t in parse_times(aware)] == ["2020-07-01T22:00:00", "NaT"]  # as it stands
    with pytest.raises(InputError, match="give the time zone too"):
        Clock.named(None, "UTC")


def test_clocks_that_are_changed_are_known():
    start, end = np.datetime64("2020-03-01"), np.datetime64("2020-04-15")
    assert not same_offset(start, end, parse_time_zone("Europe/Paris"))
    assert same_offset(start, end, parse_time_zone("Asia/Shanghai"))
