"""One file of a CTM: which known variables it holds or yields, and their surface fields in canonical units."""

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Callable, NamedTuple, Sequence

import numpy as np
import xarray

from model_core.ctm.cmaq_aerosol import SHARES, Sums, missing, sums_of
from model_core.ctm.derived import RECIPES, find, first_name
from model_core.ctm.formats import layout_of
from model_core.ctm.formats.cf_time import MONTH_HOURS
from model_core.ctm.formats.layout import Layout
from model_core.ctm.formats.opening import open_fields
from model_core.ctm.formats.surface import Level, describe_axis, is_vertical
from model_core.ctm.missing_values import without_marks
from model_core.ctm.mixing_ratios import Air, Conversion, air_of, conversion, ratio_unit
from model_core.errors import InputError
from model_core.free_memory import free_main_memory
from model_core.units import convert, is_concentration
from model_core.variable_table import VariableTable
from model_core.variables import Variable

_AEROSOL_SPECIES = re.compile(r"A(SO4|NO3|NH4|EC|OTHR|NA|CL|POC|PNCOM|LVPO1|ORGPA|25)[IJ]?", re.IGNORECASE)


_ALWAYS_ROOM = 256 << 20  # bytes that nobody is asked for

_MERRA_PARTS = {"DUSMASS25", "SSSMASS25", "BCSMASS", "OCSMASS", "SO4SMASS"}


AIR, SIZES = "air", "sizes"
# Bytes that the parts of a variable may take at a time; more are read a few times after each other.
_PARTS_BYTES = 100_000_000


class Yield(NamedTuple):
    """How a file gives a variable: the names to read, their units and limits here, and what makes one field of them.

    A unit of None leaves the values as they are in the file. `by_companion` is for a file that lacks what another may have, which
    `companion` names: AIR for mixing ratios, whose density is in kg m-3, or SIZES for aerosol species, which are the shares of the
    modes below 2.5 um. It makes the field from the fields and, last, that companion.
    """

    variable: Variable
    names: tuple[str, ...]
    units: tuple[str | None, ...]
    limits: tuple[tuple[float, float], ...]
    compute: Callable[..., np.ndarray] | None = None
    remark: str = ""
    by_companion: Callable[..., np.ndarray] | None = None
    companion: str = AIR


@dataclass(frozen=True)
class CTMFile:
    """An open file."""

    path: Path
    dataset: xarray.Dataset
    layout: Layout
    table: VariableTable

    def yields(self) -> dict[str, Yield]:
        """Variable key -> how the file gives it: by the best of its names, or else computed from others."""
        return self._yields

    @cached_property
    def _yields(self) -> dict[str, Yield]:
        best: dict[str, str] = {}
        for name in map(str, self.dataset.data_vars):
            variable = self.recognise(name)
            if variable and self.layout.holds(self.dataset.variables[name]):
                best[variable.key] = min(best.get(variable.key, name), name, key=lambda n: self._rank(n, variable))
        given = {key: self._given(self.table.get(key), name) for key, name in best.items()}
        for recipe in RECIPES:
            found = None if recipe.key in given or recipe.key not in self.table.variables else find(recipe, self._names)
            if found:
                units, limits = (tuple(getattr(quantity, what) for quantity in recipe.quantities) for what in ("unit", "limits"))
                given[recipe.key] = Yield(self.table.get(recipe.key), tuple(found), units, limits, recipe.compute, recipe.remark)
        sums = None if "pm25" in given else sums_of(self._surface_names)
        if sums:
            given["pm25"] = self._of_species(sums)
        return given

    def _of_species(self, sums: Sums) -> Yield:
        """PM2.5 of CMAQ's aerosol species, by the shares of their modes where this file has them."""
        shares = self.companion_names(SIZES)
        variable, units, limits = self.table.get("pm25"), ("ug m-3",) * len(sums.names), ((0.0, np.inf),) * len(sums.names)
        if shares is None:
            return Yield(variable, sums.names, units, limits, sums.compute, sums.remark, sums.by_shares, SIZES)

        def cut(*fields: np.ndarray) -> np.ndarray:
            return sums.by_shares(*fields[:-3], np.stack(fields[-3:], axis=1))

        return Yield(
            variable,
            (*sums.names, *shares),
            (*units, *(share.unit for share in SHARES)),
            (*limits, *(share.limits for share in SHARES)),
            cut,
        )

    def recognise(self, name: str) -> Variable | None:
        """The known variable behind a name in this file."""
        return self.table.recognise(name, str(self.dataset.variables[name].attrs.get("standard_name", "")))

    def check(self, way: Yield) -> None:
        """Raise `InputError` if a unit or a dimension of what is to be read is not understood, or its fields are rarer than daily."""
        hours = self.layout.step_hours
        if not way.variable.static and self.layout.days is None and hours is not None and hours > 24:
            monthly = ", and monthly means are not days: give the model's daily or hourly fields" if hours >= MONTH_HOURS else ""
            what = f"variable '{way.names[0]}' of '{self.path}' has a time step of {hours:g} h"
            raise InputError(f"{what}; daily or hourly is needed{monthly}")
        for name, unit in zip(way.names, way.units):
            others = self.layout.other_dims(self.dataset.variables[name])
            levels = [dim for dim in others if is_vertical(self.dataset, dim)]
            if levels:
                raise InputError(
                    f"variable '{name}' of '{self.path}' has levels in '{levels[0]}' "
                    f"({describe_axis(self.dataset, levels[0])}), and nothing says which "
                    "is at the surface; say so with --level first, --level last or a value of that axis, or with level in a variable table"
                )
            if others:
                raise InputError(
                    f"variable '{name}' of '{self.path}' has dimensions {', '.join(others)} of unknown meaning; cut one entry "
                    "out beforehand, for "
                    f"example with ncks -d {others[0]},0"
                )
            self._convert(np.zeros(1, np.float32), name, unit)

    def fields(
        self, way: Yield, steps: Sequence[int] = (0,), marks: Counter | None = None, companion: np.ndarray | None = None
    ) -> np.ndarray:
        """Surface fields of some times in the canonical unit, float32 (times, rows, columns), row 0 in the north.

        Parameters
        ----------
        marks : counts the values such as -999 that were taken as missing, by (name, value)
        companion : what another file has for this one, see `Yield`, (times, rows, columns) or (times, shares, rows, columns)

        Raises
        ------
        InputError
            If the file is damaged there, or a unit is not understood.
        """
        rows, columns = self.layout.grid.shape
        at_once = max(1, _PARTS_BYTES // (4 * len(way.names) * rows * columns))
        if len(way.names) > 1 and len(steps) > at_once:
            return np.concatenate(
                [
                    self.fields(way, steps[n : n + at_once], marks, None if companion is None else companion[n : n + at_once])
                    for n in range(0, len(steps), at_once)
                ]
            )
        arrays = [self._read(*what, steps, marks) for what in zip(way.names, way.units, way.limits)]
        with np.errstate(all="ignore"):  # what can't be computed is unknown
            if companion is not None and way.by_companion is not None:
                return way.by_companion(*arrays, companion)
            return arrays[0] if way.compute is None else way.compute(*arrays)

    def companion_names(self, kind: str) -> tuple[str, ...] | None:
        """The names by which the file gives what others may need, AIR or SIZES; None where it does not."""
        if kind == AIR:
            air = air_of(self._surface_names)
            return None if air is None else air.names
        found = tuple(first_name(share, self._surface_names) for share in SHARES)
        return None if None in found else found

    def companion_field(self, kind: str, steps: Sequence[int]) -> np.ndarray:
        """Of a file that has it: the density of the air at the surface, kg m-3, float32 (times, rows, columns), or the shares of the modes
        below 2.5 um, (times, 3, rows, columns).
        """
        air = air_of(self._surface_names) if kind == AIR else None
        quantities = SHARES if air is None else air.quantities
        named = zip(self.companion_names(kind), quantities)
        arrays = [self._read(name, quantity.unit, quantity.limits, steps, None) for name, quantity in named]
        return np.stack(arrays, axis=1) if air is None else air.density(*arrays)

    def _read(self, name: str, unit: str | None, limits: tuple[float, float], steps: Sequence[int], marks: Counter | None) -> np.ndarray:
        self._check_room(name, len(steps))
        try:
            values = self.layout.surface_fields(self.dataset[name], steps)
        except (OSError, RuntimeError, IndexError, TypeError, ValueError) as error:
            raise InputError(f"variable '{name}' of '{self.path}' is damaged ({error}); copy or download the file again") from error
        return without_marks(values, self._convert(values, name, unit), limits, name, marks)

    def _check_room(self, name: str, count: int) -> None:
        """Raise `InputError` if so many fields are more than the memory holds; a header can claim any number of them."""
        rows, columns = self.layout.grid.shape
        needed = 4 * rows * columns * count
        if needed < _ALWAYS_ROOM:
            return
        free = free_main_memory()
        if free is not None and needed > free:
            raise InputError(
                f"variable '{name}' of '{self.path}' has {count} fields of {rows} rows x {columns} columns in one day, "
                f"{needed / 2**30:.1f} GiB, and {free / 2**30:.1f} GiB of memory are free; is its header right? Cut out a part, or coarsen it"
            )

    def surface_notes(self) -> list[str]:
        """Which level is read and why, of every level dimension of what is recognised."""
        return [
            f"level {level.index + 1} of {self.dataset.sizes[dim]} in '{dim}'{self._value_of(dim)} is read: {level.reason}"
            for dim, level in self._levels_used().items()
            if self.dataset.sizes[dim] > 1
        ]

    def level_doubts(self) -> list[str]:
        """Levels that are taken as the surface, because there is none lower, and lie far above it."""
        return [
            f"the lowest level in '{dim}'{self._value_of(dim)} is not near the surface; give the file with the surface"
            for dim, level in self._levels_used().items()
            if level.far
        ]

    def _levels_used(self) -> dict[str, Level]:
        """Of every level dimension of what is recognised."""
        names = [name for way in self.yields().values() for name in way.names]
        dims = dict.fromkeys(str(dim) for name in names for dim in self.dataset.variables[name].dims)
        return {dim: self.layout.surface[dim] for dim in dims if dim in self.layout.surface}

    def _value_of(self, dim: str) -> str:
        value = self.layout.surface[dim].value
        return "" if value is None else f" ({value:g} {self.dataset[dim].attrs.get('units', '')}".rstrip() + ")"

    def aerosol_species(self) -> list[str]:
        """CMAQ's aerosol species, of which PM2.5 is made by its post-processor."""
        return [str(name) for name in self.dataset.data_vars if _AEROSOL_SPECIES.fullmatch(str(name))]

    def missing_species(self) -> list[str]:
        """Of CMAQ's aerosol species those that PM2.5 can't be made without and that are not here."""
        return missing(self._surface_names)

    def merra_parts(self) -> list[str]:
        """MERRA-2's parts of PM2.5, where all of them are there."""
        return sorted(_MERRA_PARTS) if _MERRA_PARTS <= set(map(str, self.dataset.data_vars)) else []

    def _given(self, variable: Variable, name: str) -> Yield:
        """By one name, perhaps a mixing ratio that is to become a concentration."""
        how = self._conversion(variable, name)
        if how is None:
            return Yield(variable, (name,), (variable.unit,), (variable.limits,))
        air = how.air or Air((), (), lambda: None)
        units = (None, *(quantity.unit for quantity in air.quantities))
        limits = ((0.0, np.inf), *(quantity.limits for quantity in air.quantities))
        return Yield(variable, (name, *air.names), units, limits, how.compute, how.remark, how.by_density if how.air is None else None)

    def _conversion(self, variable: Variable, name: str) -> Conversion | None:
        if not is_concentration(variable.unit):
            return None
        unit = ratio_unit(self._unit(name), str(self.dataset.variables[name].attrs.get("standard_name", "")))
        return None if unit is None else conversion(variable, unit, self._surface_names, self.table.air)

    @cached_property
    def _names(self) -> dict[str, str]:
        """Upper-case names and CF standard names -> names, of what lies on the grid or on its cells' edges."""
        names: dict[str, str] = {}
        for name in map(str, self.dataset.data_vars):
            array = self.dataset.variables[name]
            if self.layout.holds(array, staggered=True):
                names.setdefault(str(array.attrs.get("standard_name", "")), str(name))
                names[str(name).upper()] = str(name)
        names.pop("", None)
        return names

    @cached_property
    def _surface_names(self) -> dict[str, str]:
        """Those of `_names` whose level at the surface is known."""
        return {key: name for key, name in self._names.items() if not self.layout.other_dims(self.dataset.variables[name])}

    def _rank(self, name: str, variable: Variable) -> tuple[int, int]:
        """Names whose unit fits come first, then mixing ratios."""
        try:
            self._convert(np.zeros(1, np.float32), name, variable.unit)
            return 0, self.table.preference(name)
        except InputError:
            return 2 - (self._conversion(variable, name) is not None), self.table.preference(name)

    def _unit(self, name: str) -> str:
        unit = self.table.unit_of(name, self.dataset.variables[name].attrs.get("units"))
        return re.sub(r"\s+(above )?(A?MSL|ASL|AGL)$", "", unit)  # WPS: 'meters MSL'

    def _convert(self, values: np.ndarray, name: str, to_unit: str | None) -> np.ndarray:
        unit = self._unit(name)
        where = f"variable '{name}' of '{self.path}'"
        if to_unit is None:
            return values
        if not unit and to_unit != "1":  # CF: no unit means dimensionless
            raise InputError(
                f"{where} has no unit; add the attribute units, for example '{to_unit}', or state it as file_unit in a variable table (--variables)"
            )
        try:
            return convert(values, unit or "1", to_unit, where, remedy="a mixing ratio of it has no meaning")
        except InputError as error:
            raise InputError(f"{error}; if its unit is another, state that as file_unit in a variable table (--variables)") from error


class OpenFiles:
    """A few files kept open, the least recently used of them closed first; a context manager."""

    def __init__(self, table: VariableTable, most: int = 4):
        self._table, self._most = table, most
        self._files: OrderedDict[Path, CTMFile] = OrderedDict()

    def __enter__(self) -> "OpenFiles":
        return self

    def __exit__(self, *error: object) -> None:
        for file in self._files.values():
            file.dataset.close()
        self._files.clear()

    def get(self, path: Path) -> CTMFile:
        """The open file; `InputError` if it can't be opened or understood."""
        if path not in self._files:
            while len(self._files) >= self._most:
                self._files.popitem(last=False)[1].dataset.close()
            dataset = open_fields(path)
            try:
                self._files[path] = CTMFile(path, dataset, layout_of(dataset, path, self._table.level), self._table)
            except InputError:
                dataset.close()
                raise
        self._files.move_to_end(path)
        return self._files[path]
