"""A grid is one object: CRS, affine and shape."""

import json

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from model_core.errors import InputError
from model_core.grid import PRESETS, Grid, parse_crs, parse_grid

CHINA = PRESETS["china12km"]
SMALL = Grid.from_extent(1000, 2000, 4000, 4000, 500, "EPSG:32650")

grids = st.builds(
    Grid.from_lower_left,
    st.sampled_from([CHINA.crs, CRS.from_epsg(32650), CRS.from_epsg(3857)]),
    st.integers(-100, 100).map(lambda n: n * 1000.0),
    st.integers(-100, 100).map(lambda n: n * 1000.0),
    st.tuples(st.sampled_from([500.0, 1000.0, 12000.0]), st.sampled_from([500.0, 1000.0, 12000.0])),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
)


def test_the_china_grid_is_the_papers():
    assert CHINA.shape == (372, 426) and CHINA.cell_size == (12000, 12000) and CHINA.cell_size_km == 12
    assert CHINA.crs.to_cf()["standard_parallel"] == (25, 40)
    assert CHINA.crs.ellipsoid.semi_major_metre == CHINA.crs.ellipsoid.semi_minor_metre == 6_370_000


@pytest.mark.parametrize("lon, lat", [(73.5, 39.4), (135.1, 48.4), (123.3, 53.6), (109.6, 18.2), (97.4, 28.2), (80.2, 42.0), (121.9, 31.0)])
def test_mainland_china_lies_inside_with_room_for_the_kernels(lon, lat):
    row, column = CHINA.locate(lon, lat, "EPSG:4326")
    assert 5 < row < 367 and 5 < column < 421


def test_row_0_is_the_north():
    assert SMALL.y[0] > SMALL.y[-1] and SMALL.x[0] < SMALL.x[-1]
    assert SMALL.lower_left == (1000, 2000) and SMALL.bounds == (1000, 2000, 4000, 4000) and SMALL.shape == (4, 6)
    assert (SMALL.x[0], SMALL.y[0]) == (1250, 3750)


@given(grids)
def test_cell_centres_are_located_in_their_cells(grid):
    x, y = np.meshgrid(grid.x, grid.y)
    row, column = grid.locate(x, y, grid.crs)
    assert np.array_equal(np.floor(row), np.indices(grid.shape)[0])
    assert np.array_equal(np.floor(column), np.indices(grid.shape)[1])


@given(grids)
def test_a_grid_survives_its_description_in_json(grid):
    again = Grid.from_description(json.loads(json.dumps(grid.describe())))
    assert again.matches(grid) and grid.matches(again) and again.crs == grid.crs


@given(grids)
def test_a_grid_shifted_by_a_cell_is_another_grid(grid):
    x, y = grid.lower_left
    assert not grid.matches(Grid.from_lower_left(grid.crs, x + grid.cell_size[0], y, grid.cell_size, grid.shape))


def test_longitude_and_latitude_lead_back_to_the_cells():
    row, column = CHINA.locate(*CHINA.lonlat(), "EPSG:4326")
    assert np.allclose(row, np.indices(CHINA.shape)[0] + 0.5, atol=1e-6)
    assert np.allclose(column, np.indices(CHINA.shape)[1] + 0.5, atol=1e-6)


def test_an_extent_grows_to_whole_cells_from_its_lower_left_corner():
    assert Grid.from_extent(0, 0, 10, 10, 4, "EPSG:3857").bounds == (0, 0, 12, 12)
    assert Grid.from_extent(70, 10, 71, 10.9, 0.1, "EPSG:4326").shape == (9, 10)


@pytest.mark.parametrize("extent", [(10, 0, 0, 10, 1), (0, 0, 10, 10, 0), (0, 0, 0, 10, 1), (0, 0, 10, 10, -1)])
def test_an_empty_extent_is_an_error(extent):
    with pytest.raises(InputError, match="is empty; give xmin < xmax"):
        Grid.from_extent(*extent, crs="EPSG:3857")


@pytest.mark.parametrize("transform", [Affine(1, 0.1, 0, 0, -1, 0), Affine(1, 0, 0, 0, 1, 0), Affine(-1, 0, 0, 0, -1, 0)])
def test_rotated_or_upside_down_grids_are_refused(transform):
    with pytest.raises(InputError, match="north-up"):
        Grid(CRS.from_epsg(3857), transform, (2, 2))


def test_what_a_user_writes_for_a_grid():
    assert parse_grid("china12km") is CHINA
    assert parse_grid("conus12km") is PRESETS["conus12km"]
    assert parse_grid("1000,2000,4000,4000,500@EPSG:32650").matches(SMALL)
    with pytest.raises(InputError, match="neither a preset .china12km, conus12km., nor an existing file, nor an extent"):
        parse_grid("europe")
    with pytest.raises(InputError, match="write xmin,ymin,xmax,ymax,cell@CRS"):
        parse_grid("a,2,3,4,5@EPSG:4326")
    with pytest.raises(InputError, match="unknown CRS 'Atlantis'"):
        parse_crs("Atlantis")


def test_a_degree_cell_has_a_size_in_kilometres():
    assert Grid.from_extent(100, 0, 101, 1, 1, "EPSG:4326").cell_size_km == pytest.approx(111.2, abs=0.1)


@pytest.mark.parametrize("text", ["100,20,125,45,180@EPSG:4326", "100,-100,125,-95,60@EPSG:4326", "0,85,10,179,94@EPSG:4326"])
def test_cells_that_reach_over_a_pole_are_no_degrees(text):
    with pytest.raises(InputError, match="can't be degrees"):
        parse_grid(text)
