"""Readings and places published apart, and one column per station: brought together by the code, or said why not."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_core.errors import InputError
from model_core.jobs import JOBS
from model_core.progress import Progress
from model_core.stations.observations import read_observations
from model_core.stations.wide import looks_wide, melted

READINGS = "code,when,pm25\n1001A,2020-01-05,35\n1002A,2020-01-05,36\n9999Z,2020-01-05,37\n"
SITES = "name,site code,lon,lat\nWest,1001A,116.2,39.8\nEast,1002A,116.5,39.9\nNorth,1003A,116.4,40.2\n"


@pytest.fixture
def files(tmp_path):
    def write(**texts):
        for name, text in texts.items():
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        return {name: str(tmp_path / f"{name}.csv") for name in texts}

    return write


def test_places_come_from_the_list_by_the_column_that_holds_the_codes(files):
    paths = files(readings=READINGS, sites=SITES)
    readings = read_observations(paths["readings"], "pm25", time="when", id="code", sites=paths["sites"])
    assert list(zip(readings.id, readings.x, readings.y)) == [("1001A", 116.2, 39.8), ("1002A", 116.5, 39.9)]
    assert readings.report.dropped == {"no place": 1} and "9999Z" in readings.report.first["no place"]


def test_codes_that_became_numbers_are_the_same_codes(files):
    paths = files(readings="code,pm25\n1103,35\n", sites="id,lon,lat\n1103.0,116.2,39.8\n")
    assert read_observations(paths["readings"], "pm25", id="code", sites=paths["sites"]).x.tolist() == [116.2]


def test_a_list_of_sites_may_be_a_layer(files, tmp_path):
    geopandas = pytest.importorskip("geopandas")
    points = geopandas.GeoDataFrame({"code": ["1001A"]}, geometry=geopandas.points_from_xy([500000.0], [4400000.0]), crs="EPSG:32650")
    points.to_file(tmp_path / "sites.gpkg")
    readings = read_observations(files(readings=READINGS)["readings"], "pm25", id="code", sites=str(tmp_path / "sites.gpkg"))
    assert readings.crs.to_epsg() == 32650 and readings.x.tolist() == [500000.0]


@pytest.mark.parametrize(
    "sites, options, message",
    [
        (SITES.replace("A,", "B,"), {}, "holds none of the readings' codes, such as '1001A', '1002A', '9999Z', in any column"),
        (SITES + "West again,1001A,100.0,30.0\n", {}, r"different places for 1 code\(s\): 1001A"),
        (SITES, {"sites_id": "number"}, "no column 'number'"),
        (SITES.replace("lon", "east"), {}, "no column lon or longitude or x"),
        (SITES, {"id": None}, "such as 'readings'.*name the readings' column of the code with --id.*its name must be the code"),
    ],
)
def test_a_list_that_does_not_fit_is_explained(files, sites, options, message):
    paths = files(readings=READINGS, sites=sites)
    with pytest.raises(InputError, match=message):
        read_observations(paths["readings"], "pm25", **{"id": "code", "sites": paths["sites"], **options})


def test_a_table_without_places_names_the_option(files):
    with pytest.raises(InputError, match="--sites FILE"):
        read_observations(files(readings=READINGS)["readings"], "pm25", id="code")


# One column per station


@given(st.integers(1, 5), st.integers(1, 6), st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_melting_keeps_every_cell_with_its_station_and_row(rows, stations, random):
    names = [f"{1001 + number}A" for number in range(stations)]
    cells = np.array([[str(random.randint(0, 99)) for _ in names] for _ in range(rows)], object).reshape(rows, stations)
    table = pd.DataFrame(cells, columns=names).assign(date=[f"d{i}" for i in range(rows)])
    long = melted(table, names)
    assert len(long) == rows * stations
    for row, (_, reading) in zip(long.index, long.iterrows()):
        assert reading["value"] == table.at[row, reading["id"]] and reading["date"] == f"d{row}"


@pytest.mark.parametrize(
    "columns, wide",
    [
        (["date", "hour", "type", "1001A", "1002A", "1003A"], True),
        (["time", "DEBE010", "DEBB021", "DENW034"], True),
        (["date", "lon", "lat", "pm25"], False),
        (["station", "PM25", "PM10", "O3"], False),
        (["date", "station", "PM25", "PM10", "O3"], False),
    ],
)
def test_only_codes_beside_times_look_like_a_wide_table(columns, wide):
    assert looks_wide(columns) is wide


WIDE = "date,hour,type,1001A,1002A,1003A\n" + "".join(
    f"20200105,{hour},{kind},{value + hour},,{value}\n" for hour in range(24) for kind, value in (("PM2.5", 30), ("O3", 100))
)


def test_a_wide_table_is_read_through_a_period_in_parts_as_at_once(files, tmp_path, monkeypatch):
    from model_core.grid import parse_grid
    from model_core.period.step_readings import GriddedSeries
    from model_core.stations import series
    from model_core.stations.source import Source

    monkeypatch.setattr(series, "PART_ROWS", 7)
    paths = files(wide=WIDE, sites=SITES)
    out = tmp_path / "clean.csv"
    JOBS["read-stations"]({"stations": paths["wide"], "sites": paths["sites"], "species": "o3", "out": str(out)}, Progress())
    assert pd.read_csv(out).value.tolist() == [111.5, 100]
    source = Source(path=paths["wide"], sites=paths["sites"], species="o3", form="auto")
    gridded = GriddedSeries(series.StationSeries(source), parse_grid("116,39,117,41,0.1@EPSG:4326"), "day")
    gridded.prepare(None, None)
    ((step, cells),) = gridded.steps()
    assert str(step)[:10] == "2020-01-05" and sorted(cells.values.tolist()) == [100, 111.5]


def test_a_type_that_is_not_there_is_named_with_those_that_are(files):
    paths = files(wide=WIDE, sites=SITES)
    with pytest.raises(InputError, match="holds no 'NO2'; it holds PM2.5, O3"):
        read_observations(paths["wide"], "NO2", wide="yes", time="date+hour", sites=paths["sites"])


def test_the_columns_of_a_list_may_be_named(files):
    paths = files(readings=READINGS, sites=SITES.replace("lon,lat", "east,north"))
    with pytest.raises(InputError, match="list of stations .* has no column lon .* with --x and --y"):
        read_observations(paths["readings"], "pm25", id="code", sites=str(paths["sites"]))
    found = read_observations(paths["readings"], "pm25", id="code", sites=str(paths["sites"]), x="east", y="north")
    assert found.x.min() > 116 and found.y.min() > 39
