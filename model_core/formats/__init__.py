"""What NetCDF files of chemical transport models look like: IOAPI, WRF and CF."""

from __future__ import annotations

from pathlib import Path

import xarray

from model_core.formats import cf, ioapi, wrf
from model_core.formats.layout import Layout


def layout_of(dataset: xarray.Dataset, path: str | Path) -> Layout:
    """Grid, rows and times of an open file, by the convention that it follows; `InputError` if it follows none."""
    if ioapi.is_ioapi(dataset):
        return ioapi.layout(dataset, Path(path))
    if wrf.is_wrf(dataset):
        return wrf.layout(dataset, Path(path))
    return cf.layout(dataset, Path(path))
