"""Daily surface fields and maps of a chemical transport model, from its NetCDF files."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date as Date
from pathlib import Path
from typing import Any, Sequence

import numpy as np
import xarray

from model_core.daily_means import DailyMeans
from model_core.errors import InputError
from model_core.formats import layout_of
from model_core.formats.layout import Layout
from model_core.formats.netcdf_file import open_netcdf
from model_core.grid import Grid
from model_core.progress import Progress
from model_core.units import convert
from model_core.variables import Variable, get_variable, preference, recognise


@dataclass(frozen=True)
class CTMFields:
    """Fields of a chemical transport model in canonical units; row 0 in the north, NaN where there is no value.

    Attributes
    ----------
    grid : Grid
    times : days, in order; the same for all fields
    fields : variable key -> float32 array of shape (days, rows, columns)
    static : variable key -> float32 array of shape (rows, columns)
    """

    grid: Grid
    times: list[Date]
    fields: dict[str, np.ndarray] = field(default_factory=dict)
    static: dict[str, np.ndarray] = field(default_factory=dict)


def read_ctm(
    paths: str | Path | Sequence[str | Path], variables: Sequence[str] | None = None,
    progress: Progress | None = None, utc_offset_hours: float = 0,
) -> CTMFields:
    """Read known variables from one or several files on one grid.

    Fields of several files are put together by day and variable. Hourly fields become daily means where more than
    three quarters of the day is there (more than 18 hourly values), in the day of `utc_offset_hours`.
    Where the fields of one variable lack days that another has, only common days are kept, with a warning.

    Parameters
    ----------
    variables : keys of `variables.VARIABLES` to read; those that no file has are left out. Default: all that are recognised
        and have a unit that fits.

    Raises
    ------
    InputError
        If a file can't be read, the grids differ, a day comes twice, a unit of a named variable is not understood,
        or there is nothing to read.
    """
    progress = progress or Progress()
    paths = [Path(p) for p in ([paths] if isinstance(paths, (str, Path)) else paths)]
    wanted = None if variables is None else [get_variable(key).key for key in variables]
    if not paths:
        raise InputError("no CTM file was named")
    grid: Grid | None = None
    static: dict[str, np.ndarray] = {}
    means = DailyMeans(utc_offset_hours)
    for number, path in enumerate(paths):
        progress.step(number / len(paths), f"reading {path.name}")
        with open_netcdf(path) as dataset:
            layout = layout_of(dataset, path)
            if grid is not None and not grid.matches(layout.grid):
                raise InputError(f"'{path}' is on another grid than '{paths[0]}': {layout.grid}; expected {grid}")
            grid = grid or layout.grid
            part = progress.part(number / len(paths), (number + 1) / len(paths))
            _read_file(_File(path, dataset, layout), wanted, static, means, part)
    times, fields = means.finish(progress)
    if not fields and not static:
        raise InputError(f"{', '.join(map(str, paths))}: {_nothing_found(paths, wanted)}")
    progress.step(1, "")
    return CTMFields(grid, times, fields, static)


def inspect(path: str | Path) -> dict[str, Any]:
    """What a NetCDF file holds, as plain values: format, grid, times, and every variable on the grid.

    Raises
    ------
    InputError
        If the file can't be read, or its grid is of a kind that is not supported.
    """
    with open_netcdf(path) as dataset:
        layout = layout_of(dataset, path)
        return {
            "format": layout.convention,
            "grid": layout.grid.describe(),
            "times": _describe_times(layout),
            "variables": [
                _describe_variable(str(name), variable)
                for name, variable in dataset.data_vars.items() if layout.holds(variable)
            ],
            "notes": list(layout.notes),
        }


@dataclass(frozen=True)
class _File:
    path: Path
    dataset: xarray.Dataset
    layout: Layout

    def recognised(self) -> dict[str, str]:
        """Variable key -> the best of its names that the file has."""
        names: dict[str, str] = {}
        for name, array in self.dataset.data_vars.items():
            variable = recognise(str(name), array.attrs.get("standard_name", ""))
            if variable and self.layout.holds(array):
                names[variable.key] = min(names.get(variable.key, str(name)), str(name), key=preference)
        return names

    def surface(self, name: str, step: int = 0) -> np.ndarray:
        """The surface field of a variable, as float32 of shape (rows, columns)."""
        try:
            return self.layout.surface_field(self.dataset[name], step)
        except (OSError, RuntimeError) as error:
            raise InputError(f"variable '{name}' of '{self.path}' is damaged ({error}); copy or download the file again") from error

    def canonical(self, values: np.ndarray, variable: Variable, name: str) -> np.ndarray:
        """Values in the variable's canonical unit."""
        unit = str(self.dataset[name].attrs.get("units", "")).strip()
        where = f"variable '{name}' of '{self.path}'"
        if not unit and variable.unit != "1":  # CF: no unit means dimensionless
            raise InputError(f"{where} has no unit; add the attribute units, for example '{variable.unit}'")
        return convert(values, unit or "1", variable.unit, where)


def _read_file(
    file: _File, wanted: list[str] | None, static: dict[str, np.ndarray], means: DailyMeans, progress: Progress
) -> None:
    names = file.recognised()
    keys = [key for key in (wanted or names) if key in names]
    for number, key in enumerate(keys):
        progress.step(number / len(keys), f"reading {names[key]} of {file.path.name}")
        name, variable = names[key], get_variable(key)
        array = file.dataset[name]
        others = file.layout.other_dims(array)
        if others:
            raise InputError(f"variable '{name}' of '{file.path}' has dimensions {', '.join(others)} of unknown meaning")
        try:
            file.canonical(np.zeros(1, np.float32), variable, name)
        except InputError as error:
            if wanted is not None:
                raise
            progress.warn(f"left out: {error}")
            continue
        if variable.static:
            static.setdefault(key, file.canonical(file.surface(name), variable, name))
        elif file.layout.has_times(array):
            _read_times(file, variable, name, means, progress.part(number / len(keys), (number + 1) / len(keys)))
        else:
            progress.warn(f"left out: variable '{name}' of '{file.path}' has no time, so its day is not known")


def _read_times(file: _File, variable: Variable, name: str, means: DailyMeans, progress: Progress) -> None:
    layout = file.layout
    if layout.days is None and layout.step_hours is not None and layout.step_hours > 24:
        raise InputError(
            f"variable '{name}' of '{file.path}' has a time step of {layout.step_hours:g} h; daily or hourly is needed"
        )
    lowest, highest = np.inf, -np.inf
    for step in range(len(layout.times)):
        progress.step(step / len(layout.times), "")
        values = file.canonical(file.surface(name, step), variable, name)
        lowest, highest = np.fmin(lowest, np.nanmin(values, initial=np.inf)), np.fmax(highest, np.nanmax(values, initial=-np.inf))
        if layout.days is not None:
            means.add_day(variable.key, layout.days[step], values, str(file.path))
        else:
            means.add_hour(variable.key, layout.times[step], values, str(file.path))
    low, high = variable.limits
    if lowest < low or highest > high:
        progress.warn(
            f"variable '{name}' of '{file.path}' spans {lowest:g} to {highest:g} {variable.unit}, "
            f"beyond the plausible {low:g} to {high:g}; is its unit right?"
        )


def _nothing_found(paths: list[Path], wanted: list[str] | None) -> str:
    with open_netcdf(paths[0]) as dataset:
        seen = ", ".join([str(name) for name in dataset.data_vars][:20])
    what = f"none of {', '.join(wanted)}" if wanted else "no known variable with a fitting unit and a time"
    return f"{what} is there; the first file has {seen}"


def _describe_times(layout: Layout) -> dict[str, Any]:
    if layout.times is None or not len(layout.times):
        return {"first": None, "last": None, "count": 0, "step": None}
    shown = layout.times if layout.days is None else layout.days
    hours = layout.step_hours
    step = None if hours is None else "1 day" if hours == 24 else f"{hours:g} h"
    return {"first": str(shown[0]), "last": str(shown[-1]), "count": len(shown), "step": step}


def _describe_variable(name: str, variable: xarray.DataArray) -> dict[str, Any]:
    known = recognise(name, variable.attrs.get("standard_name", ""))
    return {
        "name": name,
        "recognised_as": known.key if known else None,
        "unit": str(variable.attrs.get("units", "")).strip() or None,
        "canonical_unit": known.unit if known else None,
        "dimensions": [str(dim) for dim in variable.dims],
    }
