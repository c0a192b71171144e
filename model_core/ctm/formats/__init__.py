"""What files of chemical transport models look like: IOAPI, WRF and CF."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import xarray
from pyproj.exceptions import ProjError

from model_core.ctm.formats import cf, ioapi, wrf
from model_core.ctm.formats.layout import Layout
from model_core.ctm.formats.surface import asked_levels
from model_core.errors import InputError


def layout_of(dataset: xarray.Dataset, path: str | Path, level: str | None = None) -> Layout:
    """Grid, rows, times and surface of an open file, by the convention that it follows.

    Parameters
    ----------
    level : the level that the user chose, as `surface.asked_levels`; None takes that at the surface

    Raises
    ------
    InputError
        If it follows none, or its header is damaged or contradicts itself, or no dimension has the level.
    """
    path = Path(path)
    try:
        convention = ioapi if ioapi.is_ioapi(dataset) else wrf if wrf.is_wrf(dataset) else cf
        layout = convention.layout(dataset, path)
        if level is not None:
            known = {*layout.dims, *layout.time_dims, *layout.staggered}
            layout = replace(layout, surface=layout.surface | asked_levels(dataset, known, level, path))
        notes = (*str(dataset.encoding.get("notes", "")).splitlines(), *layout.notes)
        return replace(layout, notes=notes)
    except InputError as error:
        if str(path) in str(error):
            raise
        raise InputError(f"'{path}': {error}") from error
    # A header can be wrong in more ways than can be foreseen; whatever it is, the file is at fault and is to be named.
    except (ArithmeticError, AttributeError, LookupError, MemoryError, OSError, ProjError, RuntimeError, TypeError, ValueError) as error:
        raise InputError(
            f"'{path}' has a damaged or contradictory header ({type(error).__name__}: {error}); copy or make it again"
        ) from error
