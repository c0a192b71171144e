"""Covariates that a meteorological preprocessor has made already: HT, PURB and LWMASK of MCIP's GRIDCRO2D, or their like."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

import numpy as np

from model_core.ctm.fields import read_ctm
from model_core.grid import Grid
from model_core.progress import Progress
from model_core.warping import warp

FRACTIONS = ("urban", "land")


def mcip_maps(path: str | Path, grid: Grid, keys: Sequence[str], progress: Progress | None = None) -> dict[str, np.ndarray]:
    """The maps of a file on a grid: interpolated, or averaged where the grid's cells are larger.

    Parameters
    ----------
    keys : of "elevation", "elevation_spread", "urban", "land"; those that the file lacks are left out

    Returns
    -------
    dict
        Key -> float32 (rows, columns) in canonical units, NaN outside the file's grid.

    Raises
    ------
    InputError
        If the file can't be read, or has none of them.
    """
    ctm = read_ctm(path, list(keys), progress)
    maps = {key: warp(ctm.static[key], ctm.grid, grid) for key in keys if key in ctm.static}
    return {key: np.clip(values, 0, 1) if key in FRACTIONS else values for key, values in maps.items()}
