"""Where the grid, the rows and the times are in a NetCDF file, whatever its convention."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import xarray

from model_core.grid import Grid

# IOAPI's BADVAL3 is -9.999e36 and AMISS3 -9e36, netCDF's default fill 9.97e36; nothing real comes near.
_ABSURD = 1e30


@dataclass(frozen=True)
class Layout:
    """How a file is laid out.

    Attributes
    ----------
    convention : "IOAPI", "WRF" or "CF"
    grid : Grid
    dims : (str, str)
        Names of the row and the column dimension.
    flip : (bool, bool)
        Whether rows go from south to north, and columns from east to west, in the file.
    time_dim : str or None
    times : datetime64[s] of shape (times,), or None for a file without time
    step_hours : float or None
        Between times; None where it can't be told.
    days : datetime64[D] of shape (times,), or None
        The day that each time stands for, in a file of daily fields.
    surface : dict
        Index of the surface along every vertical dimension.
    """

    convention: str
    grid: Grid
    dims: tuple[str, str]
    flip: tuple[bool, bool]
    time_dim: str | None = None
    times: np.ndarray | None = None
    step_hours: float | None = None
    days: np.ndarray | None = None
    surface: dict[str, int] = field(default_factory=dict)

    def holds(self, variable: xarray.DataArray) -> bool:
        """Whether the variable lies on the grid, so that fields can be read from it."""
        return set(self.dims) <= set(variable.dims)

    def has_times(self, variable: xarray.DataArray) -> bool:
        """Whether the variable has a field for every time of the file."""
        return self.times is not None and self.time_dim in variable.dims

    def other_dims(self, variable: xarray.DataArray) -> list[str]:
        """Dimensions with more than one entry of which it is not known what they are."""
        known = {*self.dims, self.time_dim, *self.surface}
        return [str(d) for d in variable.dims if d not in known and variable.sizes[d] > 1]

    def surface_field(self, variable: xarray.DataArray, step: int = 0) -> np.ndarray:
        """The surface field of one time as float32 of shape (rows, columns), row 0 in the north.

        Only that field is read from the file.
        """
        index = {d: self.surface.get(str(d), 0) for d in variable.dims if d not in self.dims}
        if self.time_dim in variable.dims:
            index[self.time_dim] = step
        values = variable.isel(index).transpose(*self.dims).to_numpy().astype(np.float32)
        values = values[:: -1 if self.flip[0] else 1, :: -1 if self.flip[1] else 1]
        return np.where(np.abs(values) < _ABSURD, values, np.float32(np.nan))
