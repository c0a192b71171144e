"""What NetCDF files of chemical transport models look like: IOAPI, WRF and CF."""

from __future__ import annotations

from pathlib import Path

import xarray
from pyproj.exceptions import ProjError

from model_core.ctm.formats import cf, ioapi, wrf
from model_core.ctm.formats.layout import Layout
from model_core.errors import InputError


_MOST_CELLS = 200_000_000  # a field of them takes 800 MB; a damaged or hostile header can claim any number
_MOST_TIMES = 1_000_000  # more than a century of hours

_TIMES = {"time", "tstep"}


def layout_of(dataset: xarray.Dataset, path: str | Path) -> Layout:
    """Grid, rows and times of an open file, by the convention that it follows.

    Raises
    ------
    InputError
        If it follows none, or its header is damaged or contradicts itself.
    """
    path = Path(path)
    _check_sizes(dataset, path)
    try:
        if ioapi.is_ioapi(dataset):
            return ioapi.layout(dataset, path)
        if wrf.is_wrf(dataset):
            return wrf.layout(dataset, path)
        return cf.layout(dataset, path)
    except InputError:
        raise
    # A header can be wrong in more ways than can be foreseen; whatever it is, the file is at fault and is to be named.
    except (ArithmeticError, LookupError, MemoryError, OSError, ProjError, RuntimeError, TypeError, ValueError) as error:
        raise InputError(
            f"'{path}' has a damaged or contradictory header ({type(error).__name__}: {error}); copy or make it again"
        ) from error


def _check_sizes(dataset: xarray.Dataset, path: Path) -> None:
    for dim, size in dataset.sizes.items():
        if size == 0 and str(dim).lower() in _TIMES:
            raise InputError(f"'{path}' holds no time step; dimension {dim} is empty")
        if size > _MOST_TIMES and str(dim).lower() in _TIMES:
            raise InputError(f"'{path}': dimension {dim} claims {size} entries, more than {_MOST_TIMES}; is the file damaged?")
    for name, variable in dataset.variables.items():
        cells = 1
        for size in sorted(variable.shape)[-2:]:
            cells *= size
        if cells > _MOST_CELLS:
            raise InputError(f"'{path}': variable '{name}' claims {cells} cells, more than {_MOST_CELLS}; is the file damaged?")
