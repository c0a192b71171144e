"""Readings on a grid: means, counts, and the law that the order of stations means nothing."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from model_core.errors import InputError
from model_core.grid import PRESETS, Grid
from model_core.stations.gridding import grid_observations
from model_core.stations.observations import from_arrays, read_observations

GRID = Grid.from_extent(0, 0, 5, 4, 1, "EPSG:32650")  # 4 rows, 5 columns of one metre


def readings(x, y, values, **options):
    return from_arrays(x, y, values, **{"crs": "EPSG:32650", **options})


def test_a_cell_holds_the_mean_and_the_number_of_its_readings():
    gridded = grid_observations(readings([0.2, 0.8, 4.5], [3.5, 3.1, 0.5], [10, 20, 7]), GRID)
    assert gridded.values[0, 0] == 15 and gridded.counts[0, 0] == 2
    assert gridded.values[3, 4] == 7 and gridded.counts[3, 4] == 1
    assert gridded.cells == 2 and gridded.counts.sum() == 3
    assert gridded.values.dtype == np.float32 and gridded.counts.dtype == np.int32


def test_readings_are_kept_where_they_were_taken_and_twins_are_one():
    gridded = grid_observations(readings([0.2, 0.8, 4.5, 0.8], [3.5, 3.1, 0.5, 3.1], [10, 20, 7, 24]), GRID)
    placed = {
        tuple(np.round(place.astype(float), 3).tolist()): value
        for place, value in zip(gridded.placed.places, gridded.placed.values.tolist())
    }
    assert placed == {(0.0, -0.3): 10, (0.4, 0.3): 22, (3.0, 4.0): 7}  # rows south, columns east of the first cell's centre
    assert gridded.placed.cells.tolist() == [0, 0, 19]
    assert gridded.values[0, 0] == 18 and gridded.counts[0, 0] == 3  # a cell's mean is that of all of its readings
    left_out = np.zeros(GRID.shape, bool)
    left_out[0, 0] = True
    assert gridded.placed.outside(left_out).values.tolist() == [7]


def test_the_mask_tells_a_reading_of_zero_from_no_reading():
    gridded = grid_observations(readings([0.5], [3.5], [0]), GRID)
    assert gridded.mask[0, 0] and not gridded.mask[1:].any()
    assert (gridded.values == 0).all()


def test_north_is_up_and_west_is_left():
    gridded = grid_observations(readings([0.5], [3.5], [35]), GRID)
    assert np.argwhere(gridded.mask).tolist() == [[0, 0]]


def test_a_point_on_an_edge_belongs_to_one_cell():
    gridded = grid_observations(readings([1, 0, 5], [4, 0, 2], [35, 36, 37]), GRID)
    assert np.argwhere(gridded.mask).tolist() == [[0, 1]]  # northern and western edges count, southern and eastern do not
    assert gridded.report.dropped == {"outside grid": 2}


def test_readings_outside_are_counted():
    gridded = grid_observations(readings([0.5, 99, -1], [0.5, 0.5, 0.5], [1, 2, 3]), GRID)
    assert gridded.report.dropped == {"outside grid": 2} and gridded.report.used == 1


def test_all_outside_tells_where_both_are():
    with pytest.raises(InputError) as error:
        grid_observations(from_arrays([2.3, 13.4], [48.9, 52.5], [35, 36]), PRESETS["china12km"])
    assert "all 2 readings lie outside the grid: the stations span 2.30 to 13.40 E, 48.90 to 52.50 N" in str(error.value)
    assert re.search(r"the grid 67\.\d\d to 137\.\d\d E, 11\.\d\d to 5\d\.\d\d N", str(error.value))


def test_unprojectable_points_are_outside():
    polar = Grid.from_extent(-1e6, -1e6, 1e6, 1e6, 1e5, "+proj=gnom +lat_0=90 +R=6370000")
    assert grid_observations(from_arrays([0, 0], [89, -60], [35, 36]), polar).report.dropped == {"outside grid": 1}


stations = st.lists(st.tuples(st.floats(-1, 6), st.floats(-1, 5), st.floats(0, 2000)), min_size=1, max_size=60, unique=True).filter(
    lambda points: any(0 <= x < 5 and 0.01 < y <= 4 for x, y, _ in points)
)


@given(stations, st.randoms())
def test_permuting_stations_changes_nothing(points, random):
    shuffled = list(points)
    random.shuffle(shuffled)
    one, other = (grid_observations(readings(*zip(*p)), GRID) for p in (points, shuffled))
    assert np.array_equal(one.values, other.values) and np.array_equal(one.counts, other.counts)
    assert np.array_equal(one.placed.places, other.placed.places) and np.array_equal(one.placed.values, other.placed.values)


@given(stations)
def test_every_reading_is_in_one_cell_or_outside_and_means_stay_within_the_readings(points):
    observations = readings(*zip(*points))
    gridded = grid_observations(observations, GRID)
    assert gridded.counts.sum() == gridded.report.used
    assert gridded.report.rows == gridded.report.used + sum(gridded.report.dropped.values())
    means = gridded.values[gridded.mask]
    assert means.min() >= np.float32(observations.value.min()) and means.max() <= np.float32(observations.value.max())


@given(stations)
def test_twice_the_readings_twice_the_values(points):
    x, y, values = zip(*points)
    single = grid_observations(readings(x, y, np.array(values) / 2), GRID)
    assert np.allclose(grid_observations(readings(x, y, values), GRID).values, 2 * single.values, rtol=1e-6)


@settings(max_examples=12)  # each makes three transformations
@given(st.lists(st.tuples(st.floats(90, 125), st.floats(22, 45), st.floats(0, 500)), min_size=1, max_size=30))
def test_the_crs_of_the_stations_makes_no_difference(points):
    lon, lat, values = (np.array(column) for column in zip(*points))
    # A place within a millimetre of an edge may fall to either side of it.
    row, column = PRESETS["china12km"].locate(lon, lat, "EPSG:4326")
    clear = (np.abs(row - np.round(row)) > 1e-6) & (np.abs(column - np.round(column)) > 1e-6)
    # Two places nearer to each other than rounding may become one, and their readings one that is repeated.
    _, first = np.unique(np.round(np.stack([lon, lat]), 6), axis=1, return_index=True)
    clear &= np.isin(np.arange(len(lon)), first)
    lon, lat, values = lon[clear], lat[clear], values[clear]
    if not len(lon):
        return
    degrees = grid_observations(from_arrays(lon, lat, values), PRESETS["china12km"])
    for crs in ("EPSG:3857", "EPSG:32649", "+proj=aea +lat_1=25 +lat_2=47 +lon_0=105 +ellps=WGS84"):
        x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lon, lat)
        projected = grid_observations(from_arrays(x, y, values, crs=crs), PRESETS["china12km"])
        assert np.array_equal(degrees.counts, projected.counts)
        assert np.allclose(degrees.values, projected.values)


def test_longitudes_count_round_the_globe():
    globe = Grid.from_extent(0, -90, 360, 90, 1, "EPSG:4326")
    assert np.argwhere(grid_observations(from_arrays([-0.5], [0.5], [35]), globe).mask).tolist() == [[89, 359]]
    europe = Grid.from_extent(-10, 30, 30, 60, 1, "EPSG:4326")
    assert np.argwhere(grid_observations(from_arrays([359.5], [59.5], [35]), europe).mask).tolist() == [[0, 9]]


def test_the_real_day_falls_into_884_cells_of_the_china_grid(shared_data):
    observations = read_observations(shared_data / "cnemc/cnemc_snapshot_20180220T07.csv", "pm2_5_24h")
    gridded = grid_observations(observations, PRESETS["china12km"])
    assert gridded.cells == 884 and "outside grid" not in gridded.report.dropped
