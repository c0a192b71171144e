"""Fields on a grid, written as GeoTIFF."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping, Sequence

import numpy as np
import rasterio
from rasterio.io import MemoryFile

import model_core
from model_core.atomic_file import atomic_file
from model_core.grid import Grid

_TILE = 256  # cells; the largest multiple of 16 that most viewers still read in one request


def write_geotiff(
    path: str | Path, grid: Grid, bands: Sequence[tuple[str, np.ndarray, str]], tags: Mapping[str, Any] | None = None
) -> None:
    """Write float32 bands as a tiled, deflated GeoTIFF; no data is NaN.

    Parameters
    ----------
    bands : (name, array, unit)
        Arrays of shape (rows, columns), row 0 in the north; name and unit become the band's description and unit.
    tags : names and values for the file's metadata; None values are left out.

    Raises
    ------
    OutputError
        If the file can't be written; nothing is left behind then.
    """
    arrays = [_checked(name, array, grid) for name, array, _ in bands]
    profile = {
        "driver": "GTiff",
        "dtype": "float32",
        "count": len(bands),
        "nodata": np.nan,
        "height": grid.shape[0],
        "width": grid.shape[1],
        "crs": rasterio.CRS.from_wkt(grid.crs.to_wkt()),
        "transform": grid.transform,
        "tiled": True,
        "blockxsize": _TILE,
        "blockysize": _TILE,
        "compress": "deflate",
        "predictor": 3,
        "interleave": "band",
        "bigtiff": "if_safer",
    }
    with atomic_file(path) as partial:
        # GDAL reports a full disk as late as on closing, and then only to its log; Python's own write raises.
        with MemoryFile() as memory:
            with memory.open(**profile) as file:
                for index, ((name, _, unit), array) in enumerate(zip(bands, arrays), start=1):
                    file.write(array, index)
                    file.set_band_description(index, name)
                    file.set_band_unit(index, unit)
                file.update_tags(**_tags(tags or {}))
            partial.write_bytes(memory.getbuffer())


def _checked(name: str, array: np.ndarray, grid: Grid) -> np.ndarray:
    if np.shape(array) != grid.shape:
        raise ValueError(f"band '{name}' has shape {np.shape(array)}, the grid {grid.shape}")
    return np.asarray(array, np.float32)


def _tags(tags: Mapping[str, Any]) -> dict[str, str]:
    software = {"TIFFTAG_SOFTWARE": f"CTM Reanalysis {model_core.__version__}"}
    return software | {name: str(value) for name, value in tags.items() if value is not None}
