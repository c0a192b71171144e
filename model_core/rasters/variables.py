"""A variable of a NetCDF file or Zarr store, by the layouts that the CTM readers know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray

from model_core.ctm.formats import layout_of
from model_core.ctm.formats.cf_time import MONTH_HOURS
from model_core.ctm.formats.layout import Layout
from model_core.ctm.formats.opening import open_fields
from model_core.ctm.formats.surface import is_vertical
from model_core.errors import InputError
from model_core.grid import parse_crs
from model_core.rasters.gridded_file import GriddedFile, Step, Window, within
from model_core.variable_table import current_table

_YEAR_HOURS = 364 * 24.0
_ABSURD = 1e30  # IOAPI's and netCDF's marks for missing values; nothing real comes near


class GriddedVariable(GriddedFile):
    """One variable; see `GriddedFile`.

    Parameters
    ----------
    variable : its name; None takes the one that the engine knows and that is no map such as elevation, else the only one there is
    crs : overrules the file's

    Raises
    ------
    InputError
        If the file is damaged or not understood, or the variable is missing, not told, or has dimensions of unknown meaning.
    """

    def __init__(self, path: str | Path, variable: str | None = None, crs: Any = None):
        self.path = Path(path)
        self._dataset = open_fields(self.path)
        try:
            self._layout = layout_of(self._dataset, self.path, current_table().level)
            self._variable = self._dataset[_chosen(self._dataset, self._layout, variable, self.path)]
            self._understand(crs)
        except BaseException:
            self._dataset.close()
            raise

    def _understand(self, crs: Any) -> None:
        grid, attributes = self._layout.grid, self._variable.attrs
        self.name = str(self._variable.name)
        self.crs, self.transform, self.shape = parse_crs(crs) if crs is not None else grid.crs, grid.transform, grid.shape
        self.unit = str(attributes.get("units", "")).strip()
        texts = (str(attributes.get(key, "")).strip() for key in ("long_name", "standard_name", "var_desc", "description"))
        self.description = " ".join(dict.fromkeys(text for text in (self.name, *texts) if text))
        self.notes = tuple(f"{self.path.name}: {note}" for note in self._layout.notes)
        self._step_dims, self.steps = self._steps()

    def read(self, step: int = 0, window: Window | None = None) -> np.ndarray:
        dims, layout = self._layout.dims, self._layout
        rows, columns = window or (slice(0, self.shape[0]), slice(0, self.shape[1]))
        index: dict[Any, Any] = {
            dim: layout.surface[str(dim)].index if str(dim) in layout.surface else 0 for dim in self._variable.dims if dim not in dims
        }
        sizes = tuple(self._variable.sizes[dim] for dim in self._step_dims)
        index |= dict(zip(self._step_dims, np.unravel_index(step, sizes))) if sizes else {}
        index |= {dim: _flipped(part, size, flip) for dim, part, size, flip in zip(dims, (rows, columns), self.shape, layout.flip)}
        try:
            values = self._variable.isel(index).transpose(*dims).to_numpy().astype(np.float32)
        except (OSError, RuntimeError, IndexError, TypeError, ValueError) as error:
            raise InputError(f"variable '{self.name}' of '{self.path}' is damaged ({error}); copy or download the file again") from error
        values = values[:: -1 if layout.flip[0] else 1, :: -1 if layout.flip[1] else 1]
        return within(np.where(np.abs(values) < _ABSURD, values, np.float32(np.nan)), self._limits())

    def close(self) -> None:
        self._dataset.close()

    def _steps(self) -> tuple[tuple[str, ...], tuple[Step, ...]]:
        """The dimensions along which the fields lie, and the fields."""
        layout, variable = self._layout, self._variable
        times = tuple(dim for dim in layout.time_dims if dim in variable.dims)
        others = layout.other_dims(variable)
        where = f"variable '{self.name}' of '{self.path}'"
        if any(is_vertical(self._dataset, dim) for dim in others):
            raise InputError(f"{where} has levels in '{others[0]}', and nothing says which is at the surface; say so with --level")
        many = [dim for dim in times if variable.sizes[dim] > 1]
        if len(others) > 1 or (others and many):
            raise InputError(
                f"{where} has the dimensions {', '.join((*many, *others))}, and only one can be the steps; cut one entry out of the "
                f"others beforehand, for example with ncks -d {others[0]},0"
            )
        if others:
            return (others[0],), tuple(Step(label) for label in _labels(self._dataset, others[0]))
        if layout.times is None or len(layout.times) == 0:
            return (), (Step(self.path.stem),)
        if not times:
            return (), (self._of_time(0),) if len(layout.times) == 1 else (Step(self.path.stem),)
        return times, tuple(self._of_time(number) for number in range(len(layout.times)))

    def _of_time(self, number: int) -> Step:
        layout = self._layout
        start, hours = layout.times[number].astype("datetime64[s]"), layout.step_hours or 0
        if layout.days is not None:
            start = layout.days[number].astype("datetime64[s]")
        midnight = start == start.astype("datetime64[D]")
        form = "Y" if hours >= _YEAR_HOURS else "M" if hours >= MONTH_HOURS else "D" if midnight and (hours >= 24 or not hours) else "m"
        return Step(str(start.astype(f"datetime64[{form}]")), start)

    def _limits(self) -> tuple[float, float] | None:
        """The values that the file calls valid. CF means stored values unless the attribute has the type of the unpacked ones."""
        limits = np.atleast_1d(self._variable.attrs.get("valid_range", ()))
        if len(limits) != 2 or limits.dtype.kind not in "iuf":
            return None
        packing = self._variable.encoding
        stored = np.dtype(packing.get("dtype", "f4")).kind in "iu" and limits.dtype.kind in "iu"
        low, high = np.sort(limits.astype(float) * packing.get("scale_factor", 1) + packing.get("add_offset", 0) if stored else limits)
        room = 1e-6 * (high - low)  # rounding to float32
        return float(low - room), float(high + room)


def _chosen(dataset: xarray.Dataset, layout: Layout, asked: str | None, path: Path) -> str:
    on_grid = [str(name) for name, values in dataset.data_vars.items() if layout.holds(values) and not _is_place(values)]
    if asked is not None:
        if asked not in on_grid:
            raise InputError(f"'{path}' has no variable '{asked}' on its grid; it has {', '.join(on_grid) or 'none'}")
        return asked
    table = current_table()
    by_name = {name: table.recognise(name) for name in on_grid}
    by_standard_name = {name: table.recognise(name, str(dataset[name].attrs.get("standard_name", ""))) for name in on_grid}
    for names in (
        *([name for name, known in found.items() if known and not known.static] for found in (by_name, by_standard_name)),
        on_grid,
    ):
        if len(names) == 1:
            return names[0]
    if not on_grid:
        raise InputError(f"'{path}' has no variable on its grid")
    raise InputError(
        f"'{path}' has several variables; name one of {', '.join(on_grid[:20])} (--variable, --other-variable or --population-variable)"
    )


def _is_place(values: xarray.DataArray) -> bool:
    """Whether it is a two-dimensional longitude or latitude."""
    return str(values.attrs.get("units", "")).startswith("degrees_") or values.attrs.get("standard_name") in ("longitude", "latitude")


def _labels(dataset: xarray.Dataset, dim: str) -> list[str]:
    if dim in dataset.variables and dataset[dim].ndim == 1:
        return [value.decode() if isinstance(value, bytes) else str(value) for value in dataset[dim].to_numpy()]
    return [f"{dim} {number}" for number in range(1, dataset.sizes[dim] + 1)]


def _flipped(part: slice, size: int, flip: bool) -> slice:
    """The same entries along a dimension that may count the other way."""
    return slice(size - part.stop, size - part.start) if flip else slice(part.start, part.stop)
