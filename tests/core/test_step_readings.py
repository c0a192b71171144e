"""A period that is read in parts gives each day's means as the whole table does: stations, places, hours and days are told alike."""

import zipfile

import numpy as np
import pandas as pd
import pytest

from model_core.errors import InputError
from model_core.grid import parse_grid
from model_core.period.step_readings import GriddedSeries
from model_core.stations import series
from model_core.stations.daily import daily_means, not_below_zero
from model_core.stations.observations import read_observations
from model_core.stations.series import StationSeries
from model_core.stations.source import Source

GRID = parse_grid("99,29,106,32,0.1@EPSG:4326")


def hours(station, day, values, lon, start=0):
    return [(station, lon, 30.0, f"{day} {hour:02d}:00", value) for hour, value in enumerate(values, start)]


def table(tmp_path, rows, shuffle=False):
    frame = pd.DataFrame(rows, columns=["id", "lon", "lat", "time", "pm25"])
    frame = frame.sample(frac=1, random_state=2) if shuffle else frame
    frame.to_csv(tmp_path / "stations.csv", index=False)
    return tmp_path / "stations.csv"


def in_parts(path, needed=19, **options):
    """(day, values of cells) of a period, and the series."""
    gridded = GriddedSeries(StationSeries(Source(path=str(path), value="pm25", time="time", id="id", **options)), GRID, "day", needed)
    gridded.prepare(None, None)
    return {str(step)[:10]: sorted(np.repeat(cells.values, cells.counts).tolist()) for step, cells in gridded.steps()}, gridded


def at_once(path, needed=19, **options):
    readings = read_observations(path, "pm25", time="time", id="id", **options)
    means = daily_means(readings, needed) if readings.hourly else not_below_zero(readings)
    days = np.datetime_as_string(means.time, unit="D")
    return {day: sorted(means.value[days == day].astype(np.float32).tolist()) for day in np.unique(days)}


@pytest.fixture(params=[3, 7, 50, 200_000])
def part_rows(request, monkeypatch):
    monkeypatch.setattr(series, "PART_ROWS", request.param)


MIXED = [
    *hours("a", "2020-01-31", np.arange(24), 100.0),
    *hours("a", "2020-02-01", np.arange(20), 100.0),
    *hours("b", "2020-01-31", [-0.5] * 24, 101.0),
    ("daily", 102.0, 30.0, "2020-01-31 00:00", 40.0),
    ("daily", 102.0, 30.0, "2020-02-01 00:00", 50.0),
    *hours("odd", "2020-02-01", [70.0], 103.0, start=5),
]


@pytest.mark.parametrize("shuffle", [False, True])
def test_hourly_and_daily_stations_are_told_alike(tmp_path, part_rows, shuffle):
    path = table(tmp_path, MIXED, shuffle)
    found, gridded = in_parts(path)
    assert found == at_once(path) == {"2020-01-31": [0, 11.5, 40], "2020-02-01": [9.5, 50]}
    assert gridded.report.rows == len(MIXED) == gridded.report.used + sum(gridded.report.dropped.values())
    assert gridded.report.flags["daily value among hourly stations"] == 2
    assert (gridded.seen, gridded.stations) == (4, 3)


def test_a_sensor_that_moves_keeps_its_places(tmp_path, part_rows):
    path = table(tmp_path, [("car", 100.0 + 0.2 * hour, 30.0, f"2020-01-05 {hour:02d}:00", hour) for hour in range(24)])
    found, _ = in_parts(path, needed=1)
    assert found == at_once(path, needed=1) == {"2020-01-05": [float(hour) for hour in range(24)]}


def test_an_id_of_several_stations_is_told_by_place(tmp_path, part_rows):
    rows = [row for lon in (100.0, 101.0, 102.0) for row in hours("0001", "2020-01-05", [lon] * 24, lon)]
    found, gridded = in_parts(table(tmp_path, rows))
    assert found == {"2020-01-05": [100, 101, 102]}
    assert "not unique" in gridded.report.notes["places"]


def test_repeats_in_different_parts_count_once_and_mixtures_are_refused(tmp_path, part_rows):
    day = hours("a", "2020-01-05", np.arange(24.0), 100.0)
    found, gridded = in_parts(table(tmp_path, [*day, *day]))
    assert found == {"2020-01-05": [11.5]} and gridded.report.dropped == {"duplicate": 24}
    other = hours("a", "2020-01-05", 100 + np.arange(24.0), 100.0)
    with pytest.raises(InputError, match="station 'a' has 2 different values"):
        in_parts(table(tmp_path, [*day, *other]))


def test_the_order_of_day_and_month_is_one_for_all_parts(tmp_path, part_rows):
    rows = [("a", 100.0, 30.0, f"{day:02d}/04/22", 10.0 + day) for day in range(1, 31)]
    found, _ = in_parts(table(tmp_path, rows))
    assert list(found) == [f"2022-04-{day:02d}" for day in range(1, 31)] and found["2022-04-05"] == [15]


def written(tmp_path, values):
    """A table of one reading a day at one place, its cells between quotation marks as they are given."""
    path = tmp_path / "stations.csv"
    lines = [f'a,100.0,30.0,2022-04-{day:02d},"{value}"' for day, value in enumerate(values, 1)]
    path.write_text("\n".join(["id,lon,lat,time,pm25", *lines]))
    return path


@pytest.mark.parametrize(
    "values, meant",
    [
        (["1,031", "1,250", "2,500", "13,5", "12,25"], [1.031, 1.25, 2.5, 13.5, 12.25]),
        (["13,5", "12,25", "1,031", "1,250"], [13.5, 12.25, 1.031, 1.25]),
        (["1,031.5", "980", "999", "12.5", "1,031", "1,250"], [1031.5, 980, 999, 12.5, 1031, 1250]),
        (["1,031", "1,250", "980", "999", "12.5"], [1031, 1250, 980, 999, 12.5]),
    ],
)
def test_the_decimal_sign_is_one_for_all_parts(tmp_path, part_rows, values, meant):
    path = written(tmp_path, values)
    found, _ = in_parts(path)
    assert found == at_once(path) == {f"2022-04-{day:02d}": [np.float32(value)] for day, value in enumerate(meant, 1)}


def test_a_comma_that_nothing_in_the_file_tells_is_refused_in_parts_too(tmp_path, part_rows):
    with pytest.raises(InputError, match="may be 1.031 or 1031; say which with --decimal"):
        in_parts(written(tmp_path, ["980", "999", "970", "1,031"]))


def test_the_decimal_sign_is_one_for_all_parts_of_an_archive(tmp_path, part_rows):
    path = written(tmp_path, ["1,031", "1,250", "2,500", "13,5"])
    with zipfile.ZipFile(tmp_path / "stations.zip", "w") as archive:
        archive.write(path, "stations.csv")
    found, _ = in_parts(tmp_path / "stations.zip")
    assert found == at_once(path) and found["2022-04-01"] == [np.float32(1.031)]
