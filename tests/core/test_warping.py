"""Fields keep their place and their values on another grid."""

import numpy as np
import pytest

from model_core.grid import PRESETS, Grid
from model_core.warping import warp

CHINA = PRESETS["china12km"]
COARSE = Grid.from_lower_left(CHINA.crs, -600_000.0, -600_000.0, (36_000.0, 36_000.0), (30, 30))


def fine(cell: float) -> Grid:
    side = int(30 * 36_000 / cell)
    return Grid.from_lower_left(CHINA.crs, -600_000.0, -600_000.0, (cell, cell), (side, side))


def test_the_same_grid_changes_nothing():
    field = np.random.default_rng(0).random(COARSE.shape).astype(np.float32)
    assert np.array_equal(warp(field, COARSE, COARSE), field)


@pytest.mark.parametrize("cell", [12_000.0, 36_000.0, 90_000.0])
def test_a_plane_stays_a_plane(cell):
    target = fine(cell)
    field = COARSE.x[None] / 1000 + COARSE.y[:, None] / 500
    expected = target.x[None] / 1000 + target.y[:, None] / 500
    inner = (slice(3, -3),) * 2
    # Averages of non-integer blocks are good to a tenth of the step from cell to cell, which is 108 here.
    np.testing.assert_allclose(warp(field, COARSE, target)[inner], expected[inner], atol=10.0)


def test_coarser_cells_are_averages():
    field = np.random.default_rng(1).random(fine(12_000.0).shape).astype(np.float32)
    blocks = field.reshape(30, 3, 30, 3).mean((1, 3))
    np.testing.assert_allclose(warp(field, fine(12_000.0), COARSE), blocks, atol=1e-5)


def test_outside_is_unknown_and_days_are_kept_apart():
    days = np.stack([np.full(COARSE.shape, 1.0), np.full(COARSE.shape, 2.0)])
    warped = warp(days, COARSE, CHINA)
    assert warped.shape == (2, *CHINA.shape) and np.isnan(warped[:, 0, 0]).all()
    assert set(np.unique(warped[0][np.isfinite(warped[0])])) == {1.0}


def test_another_crs_keeps_the_place():
    lonlat = Grid.from_extent(100, 25, 120, 40, 0.25, "EPSG:4326")
    field = lonlat.y[:, None] + 0 * lonlat.x[None]
    warped = warp(field, lonlat, COARSE)
    latitude = COARSE.lonlat()[1]
    known = np.isfinite(warped)
    assert known.mean() > 0.5
    np.testing.assert_allclose(warped[known], latitude[known], atol=0.05)
