"""Where the grid, the rows and the times are in a NetCDF file, whatever its convention."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Sequence

import numpy as np
import xarray

from model_core.ctm.formats.surface import Level
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
    time_dims : tuple of str
        One dimension as a rule; two where a file has a run start and a lead time; none where its only time stands elsewhere.
    times : datetime64[s] of shape (times,), or None for a file without time
        In UTC; of two time dimensions, the last one varies fastest.
    step_hours : float or None
        Between times; None where it can't be told.
    days : datetime64[D] of shape (times,), or None
        The day that each time stands for, in a file of daily fields.
    starts : datetime64[s] of shape (times,), or None
        When the model run began that each time belongs to.
    surface : dict of str -> Level
        The level at the surface along every vertical dimension, and why it is that.
    staggered : dict
        Dimension of cell edges -> that of the cells between them.
    notes : tuple of str
        What a user should know about how the file was understood.
    """

    convention: str
    grid: Grid
    dims: tuple[str, str]
    flip: tuple[bool, bool]
    time_dims: tuple[str, ...] = ()
    times: np.ndarray | None = None
    step_hours: float | None = None
    days: np.ndarray | None = None
    starts: np.ndarray | None = None
    surface: dict[str, Level] = field(default_factory=dict)
    staggered: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def holds(self, variable: xarray.DataArray, staggered: bool = False) -> bool:
        """Whether the variable lies on the grid (or, if allowed, on its cells' edges), so that fields can be read from it."""
        dims = [self.staggered.get(str(d), d) if staggered else d for d in variable.dims]
        return set(self.dims) <= set(dims) and variable.dtype.kind in "fiu"

    def has_times(self, variable: xarray.DataArray) -> bool:
        """Whether the variable has a field for every time of the file."""
        return self.times is not None and set(self.time_dims) <= set(variable.dims)

    def other_dims(self, variable: xarray.DataArray) -> list[str]:
        """Dimensions with more than one entry of which it is not known what they are."""
        known = {*self.dims, *self.time_dims, *self.surface, *self.staggered}
        return [str(d) for d in variable.dims if d not in known and variable.sizes[d] > 1]

    def surface_field(self, variable: xarray.DataArray, step: int = 0) -> np.ndarray:
        """The surface field of one time as float32 of shape (rows, columns), row 0 in the north."""
        return self.surface_fields(variable, [step])[0]

    def surface_fields(self, variable: xarray.DataArray, steps: Sequence[int]) -> np.ndarray:
        """The surface fields of some times as float32 of shape (times, rows, columns), row 0 in the north.

        Only those fields are read from the file. Values on the edges of cells become means of the two edges.
        A variable without time is repeated.
        """
        dims = tuple(self._edges(variable, dim) for dim in self.dims)
        index = {d: self.surface[str(d)].index if str(d) in self.surface else 0 for d in variable.dims if d not in (*dims, *self.time_dims)}
        with_time = [d for d in self.time_dims if d in variable.dims]
        if not with_time:
            values = variable.isel(index).transpose(*dims).to_numpy()[None]
        elif len(with_time) == 1:
            values = variable.isel(index | {with_time[0]: _as_slice(steps)}).transpose(with_time[0], *dims).to_numpy()
        else:
            shape = tuple(variable.sizes[d] for d in self.time_dims)
            places = [dict(zip(self.time_dims, np.unravel_index(step, shape))) for step in steps]
            values = np.stack([variable.isel(index | place).transpose(*dims).to_numpy() for place in places])
        values = values.astype(np.float32)
        values = np.where(np.abs(values) < _ABSURD, values, np.float32(np.nan))
        for axis, dim in enumerate(dims, start=1):
            if dim in self.staggered:
                edge = [slice(None)] * 3
                low, high = list(edge), list(edge)
                low[axis], high[axis] = slice(None, -1), slice(1, None)
                values = (values[tuple(low)] + values[tuple(high)]) / 2
        values = values[:, :: -1 if self.flip[0] else 1, :: -1 if self.flip[1] else 1]
        return values if with_time else np.repeat(values, len(steps), axis=0)

    def _edges(self, variable: xarray.DataArray, dim: str) -> str:
        """The dimension that stands for this one in a variable, which may lie on the cells' edges."""
        if dim in variable.dims:
            return dim
        return next(str(d) for d in variable.dims if self.staggered.get(str(d)) == dim)


def _as_slice(steps: Sequence[int]) -> slice | list[int]:
    """Steps in a row as a slice, which the library reads at once."""
    steps = list(steps)
    if steps == list(range(steps[0], steps[0] + len(steps))):
        return slice(steps[0], steps[0] + len(steps))
    return steps
