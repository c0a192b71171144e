"""Rules for single readings: what is noise, what is repeated, whose reading it is, and what is an hour or a day."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_core.errors import InputError
from model_core.jobs.requests import as_daily_means
from model_core.progress import Progress
from model_core.stations.daily import daily_means, not_below_zero
from model_core.stations.observations import from_arrays, read_observations
from model_core.stations.readings import DAILY_VALUE, ZEROED
from model_core.variables import VARIABLES

HOURS = pd.date_range("2020-01-05", periods=24, freq="h")


def day_of(values, **options):
    """A station's day of hours."""
    return from_arrays([100.0] * 24, [30.0] * 24, values, time=HOURS, id=["a"] * 24, **options)


# Negative readings


def test_noise_below_zero_is_kept_so_that_the_mean_is_true():
    values = np.tile([-1.0, 3.0, 2.0], 8)
    readings = day_of(values)
    assert readings.report.dropped == {} and readings.report.flags == {"negative within noise": 8}
    assert daily_means(readings).value == pytest.approx([values.mean()])


@pytest.mark.parametrize("species", ["pm25", "pm10", "o3", "no2", "so2", "co"])
def test_what_noise_can_not_explain_is_dropped(species):
    noise = VARIABLES[species].noise
    readings = from_arrays([1, 2, 3], [1, 1, 1], [-0.99 * noise, -1.01 * noise, 20], species=species)
    assert readings.report.dropped == {"negative": 1} and len(readings) == 2


def test_a_mean_below_zero_is_zero_and_counted():
    daily = daily_means(day_of(np.full(24, -0.5)))
    assert daily.value.tolist() == [0] and daily.has_flag(ZEROED).all() and daily.report.flags["mean below zero set to zero"] == 1
    table = not_below_zero(from_arrays([1, 2], [1, 1], [-0.5, 20]))
    assert table.value.tolist() == [0, 20] and table.report.used == 2


def test_temperatures_may_be_negative_and_stay_so():
    readings = from_arrays([1], [1], [-20], species="temperature", unit="degC")
    assert not_below_zero(readings).value == pytest.approx([253.15]) and readings.report.flags == {}


# Several readings at one station and time


def test_different_values_at_one_time_are_refused_with_an_example():
    with pytest.raises(
        InputError, match=r"station 'a' has 2 different values at 2020-01-05T00:00:00 \(row 1: 35, row 2: 60\).*--id.*--time A\+B.*--where"
    ):
        from_arrays([1, 1], [1, 1], [35, 60], time=["2020-01-05"] * 2, id=["a", "a"])


def test_a_few_different_values_are_averaged_and_told():
    times = np.repeat(pd.date_range("2020-10-24", periods=48, freq="h"), 1).tolist()
    readings = from_arrays([1] * 49, [1] * 49, [10.0] * 48 + [30.0], time=[*times, times[26]], id=["a"] * 49)  # clocks are put back
    assert len(readings) == 48 and readings.value[26] == 20 and readings.report.used == 49
    assert "their mean is used" in readings.report.notes["clashes"]


def test_values_that_differ_by_rounding_are_one_reading():
    readings = from_arrays([1, 1], [1, 1], [35.04, 35.0], time=["2020-01-05"] * 2, id=["a", "a"])
    assert readings.value == pytest.approx([35.02]) and "clashes" not in readings.report.notes


def test_an_id_without_times_that_repeats_asks_for_the_time():
    with pytest.raises(InputError, match="no time is named: name the column of the time.* with --time"):
        from_arrays([1, 1], [1, 1], [35, 60], id=["a", "a"])
    with pytest.raises(InputError, match="one place has 24 different readings"):
        from_arrays([1] * 24, [1] * 24, np.arange(24) * 5.0)


def test_the_columns_in_which_rows_differ_are_named(tmp_path):
    path = tmp_path / "stations.csv"
    path.write_text("id,lon,lat,day,sort,pm25\na,1,1,2020-01-05,fine,35\na,1,1,2020-01-05,coarse,60\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"the rows differ in 'sort' \(fine, coarse\).*--id \"id\+sort\""):
        read_observations(path, "pm25", time="day", id="id")


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(1, 400)), min_size=1, max_size=30),
    st.randoms(use_true_random=False),
)
def test_the_order_of_rows_decides_nothing(rows, random):
    def read(rows):
        station, hour, value = zip(*rows)
        try:
            found = from_arrays(
                [100.0 + s for s in station], [30.0] * len(rows), value, time=HOURS[list(hour)], id=[f"s{s}" for s in station]
            )
        except InputError:
            return None
        return sorted(zip(found.id, found.time, found.value))

    shuffled = list(rows)
    random.shuffle(shuffled)
    assert read(rows) == read(shuffled)


# One id at several places


def test_one_id_at_several_places_at_once_is_several_stations():
    readings = from_arrays([100, 101, 102], [30, 30, 30], [10, 20, 30], time=["2020-01-05"] * 3, id=["1", "1", "1"])
    assert readings.value.tolist() == [10, 20, 30] and len(set(readings.id)) == 3
    assert "not unique" in readings.report.notes["places"]


def test_a_sensor_that_moves_keeps_each_reading_at_its_place():
    longitude = 100 + 0.02 * np.arange(24)
    readings = from_arrays(longitude, [30.0] * 24, np.arange(24.0), time=HOURS, id=["car"] * 24)
    assert "a sensor that moves" in readings.report.notes["places"] and set(readings.id) == {"car"}
    means = daily_means(readings, 1)
    assert len(means) == 24 and sorted(means.x) == pytest.approx(longitude) and sorted(means.value) == list(range(24))


def test_the_noise_of_a_gps_is_no_movement():
    rng = np.random.default_rng(0)
    readings = from_arrays(100 + rng.normal(0, 1e-4, 24), 30 + rng.normal(0, 1e-4, 24), np.full(24, 10.0), time=HOURS, id=["a"] * 24)
    assert readings.report.notes == {} and len(daily_means(readings)) == 1


# Hours and days


def test_a_daily_station_among_hourly_ones_is_a_daily_value():
    times = [*HOURS, pd.Timestamp("2020-01-05")]
    readings = from_arrays([100] * 24 + [101], [30] * 25, [10] * 24 + [40], time=times, id=["hour"] * 24 + ["day"])
    assert readings.hourly and readings.has_flag(DAILY_VALUE).tolist() == [False] * 24 + [True]
    assert dict(zip(daily_means(readings).id, daily_means(readings).value)) == {"hour": 10, "day": 40}


def test_a_station_that_was_silent_but_for_an_odd_hour_is_no_daily_one():
    times = [*HOURS, pd.Timestamp("2020-01-05T17:00")]
    readings = from_arrays([100] * 24 + [101], [30] * 25, [10] * 24 + [40], time=times, id=["hour"] * 24 + ["odd"])
    assert daily_means(readings).id.tolist() == ["hour"]


def test_rows_without_a_value_tell_that_a_station_is_hourly():
    times, values = [*HOURS, *HOURS], [10.0] * 24 + [40.0] + [None] * 23
    readings = from_arrays([100] * 24 + [101] * 24, [30] * 48, values, time=times, id=["a"] * 24 + ["b"] * 24)
    assert daily_means(readings).id.tolist() == ["a"]


def test_the_whole_table_tells_what_is_hourly_also_where_one_day_is_asked_for():
    times = [*HOURS, pd.Timestamp("2020-01-06T00:00")]
    readings = from_arrays([100] * 25, [30] * 25, [10.0] * 25, time=times, id=["a"] * 25, date="2020-01-06")
    assert readings.hourly
    with pytest.raises(InputError, match="needs more than 18 hours"):
        as_daily_means(readings, 19, Progress())


def test_hours_stamped_at_their_end_belong_to_the_day_that_they_end(tmp_path):
    path = tmp_path / "stations.csv"
    rows = "".join(f"a,100,30,{moment:%Y-%m-%d %H:%M},{moment.hour}\n" for moment in HOURS + pd.Timedelta(hours=1))
    path.write_text("id,lon,lat,time,pm25\n" + rows, encoding="utf-8")
    end = daily_means(read_observations(path, "pm25", time="time", id="id", stamp="end"))
    assert end.value == pytest.approx([11.5]) and end.hours.tolist() == [24] and str(end.time[0])[:10] == "2020-01-05"
    assert daily_means(read_observations(path, "pm25", time="time", id="id")).hours.tolist() == [23]


def test_of_running_means_the_last_stands_for_its_day(tmp_path):
    path = tmp_path / "snapshots.csv"
    header = "city,station_code,station_name,timepoint,aqi,pm2_5,pm2_5_24h,pm10,lon,lat\n"
    path.write_text(
        header + "".join(f"B,1001A,W,2018-02-20T{hour:02d}:00:00,9,9,{hour},9,116,40\n" for hour in range(24)), encoding="utf-8"
    )
    readings = read_observations(path, None, form="cnemc")
    daily = daily_means(readings)
    assert daily.value.tolist() == [23] and daily.report.dropped == {"earlier running mean": 23}
    hours = read_observations(path, "pm2_5", form="cnemc")
    assert daily_means(hours).hours.tolist() == [24] and daily_means(hours).value.tolist() == [9]


def test_an_hour_of_a_form_of_hours_is_no_day(tmp_path):
    path = tmp_path / "hour.csv"
    path.write_text("date,hour,type,1001A,1002A,1003A\n20180220,0,PM2.5,35,36,37\n", encoding="utf-8")
    (tmp_path / "sites.csv").write_text("code,lon,lat\n1001A,116,40\n1002A,117,40\n1003A,118,40\n", encoding="utf-8")
    readings = read_observations(path, None, form="auto", sites=str(tmp_path / "sites.csv"))
    with pytest.raises(InputError, match="needs more than 18 hours"):
        as_daily_means(readings, 19, Progress())


def test_each_row_has_its_own_unit(tmp_path):
    path = tmp_path / "stations.csv"
    path.write_text("lon,lat,unit,pm25\n1,1,ug/m3,35\n2,1,mg/m3,0.036\n3,1,,37\n", encoding="utf-8")
    assert read_observations(path, "pm25", unit_column="unit").value == pytest.approx([35, 36, 37])
    path.write_text("lon,lat,unit,pm25\n1,1,ug/m3,35\n2,1,blah,0.036\n", encoding="utf-8")
    with pytest.raises(InputError, match="row 2: unknown unit 'blah'"):
        read_observations(path, "pm25", unit_column="unit")
