"""One NetCDF file of a CTM: which known variables it holds or yields, and their surface fields in canonical units."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, NamedTuple, Sequence

import numpy as np
import xarray

from model_core.ctm.derived import RECIPES, find
from model_core.ctm.formats import layout_of
from model_core.ctm.formats.layout import Layout
from model_core.ctm.formats.netcdf_file import open_netcdf
from model_core.errors import InputError
from model_core.units import convert
from model_core.variable_table import VariableTable
from model_core.variables import Variable

_AEROSOL_SPECIES = re.compile(r"A(SO4|NO3|NH4|EC|OTHR|NA|CL|POC|PNCOM|LVPO1|ORGPA|25)[IJ]?", re.IGNORECASE)


class Yield(NamedTuple):
    """How a file gives a variable: the names to read, their units here, and what makes one field of them."""

    variable: Variable
    names: tuple[str, ...]
    units: tuple[str, ...]
    compute: Callable[..., np.ndarray] | None = None
    remark: str = ""


@dataclass(frozen=True)
class CTMFile:
    """An open file."""

    path: Path
    dataset: xarray.Dataset
    layout: Layout
    table: VariableTable

    def yields(self) -> dict[str, Yield]:
        """Variable key -> how the file gives it: by the best of its names, or else computed from others."""
        best: dict[str, str] = {}
        for name, array in self.dataset.data_vars.items():
            variable = self.recognise(str(name))
            if variable and self.layout.holds(array):
                best[variable.key] = min(best.get(variable.key, str(name)), str(name), key=lambda n: self._rank(n, variable))
        given = {key: Yield(self.table.get(key), (name,), (self.table.get(key).unit,)) for key, name in best.items()}
        names = self._names()
        for recipe in RECIPES:
            found = None if recipe.key in given or recipe.key not in self.table.variables else find(recipe, names)
            if found:
                units = tuple(quantity.unit for quantity in recipe.quantities)
                given[recipe.key] = Yield(self.table.get(recipe.key), tuple(found), units, recipe.compute, recipe.remark)
        return given

    def recognise(self, name: str) -> Variable | None:
        """The known variable behind a name in this file."""
        return self.table.recognise(name, str(self.dataset[name].attrs.get("standard_name", "")))

    def check(self, way: Yield) -> None:
        """Raise `InputError` if a unit or a dimension of what is to be read is not understood."""
        for name, unit in zip(way.names, way.units):
            others = self.layout.other_dims(self.dataset[name])
            if others:
                raise InputError(f"variable '{name}' of '{self.path}' has dimensions {', '.join(others)} of unknown meaning")
            self._convert(np.zeros(1, np.float32), name, unit)

    def fields(self, way: Yield, steps: Sequence[int] = (0,)) -> np.ndarray:
        """Surface fields of some times in the canonical unit, float32 (times, rows, columns), row 0 in the north.

        Raises
        ------
        InputError
            If the file is damaged there, or a unit is not understood.
        """
        arrays = []
        for name, unit in zip(way.names, way.units):
            try:
                values = self.layout.surface_fields(self.dataset[name], steps)
            except (OSError, RuntimeError, IndexError, ValueError) as error:
                raise InputError(f"variable '{name}' of '{self.path}' is damaged ({error}); copy or download the file again") from error
            arrays.append(self._convert(values, name, unit))
        if way.compute is None:
            return arrays[0]
        with np.errstate(all="ignore"):  # what can't be computed is unknown
            return way.compute(*arrays)

    def aerosol_species(self) -> list[str]:
        """CMAQ's aerosol species, of which PM2.5 is made by its post-processor."""
        return [str(name) for name in self.dataset.data_vars if _AEROSOL_SPECIES.fullmatch(str(name))]

    def _names(self) -> dict[str, str]:
        """Upper-case names and CF standard names -> names, of what lies on the grid or on its cells' edges."""
        names: dict[str, str] = {}
        for name, array in self.dataset.data_vars.items():
            if self.layout.holds(array, staggered=True):
                names.setdefault(str(array.attrs.get("standard_name", "")), str(name))
                names[str(name).upper()] = str(name)
        names.pop("", None)
        return names

    def _rank(self, name: str, variable: Variable) -> tuple[bool, int]:
        """Names whose unit fits come first."""
        try:
            self._convert(np.zeros(1, np.float32), name, variable.unit)
            return False, self.table.preference(name)
        except InputError:
            return True, self.table.preference(name)

    def _convert(self, values: np.ndarray, name: str, to_unit: str) -> np.ndarray:
        unit = self.table.unit_of(name, self.dataset[name].attrs.get("units"))
        where = f"variable '{name}' of '{self.path}'"
        if not unit and to_unit != "1":  # CF: no unit means dimensionless
            raise InputError(f"{where} has no unit; add the attribute units, for example '{to_unit}', or state it in a variable table")
        return convert(values, unit or "1", to_unit, where)


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
            dataset = open_netcdf(path)
            try:
                self._files[path] = CTMFile(path, dataset, layout_of(dataset, path), self._table)
            except InputError:
                dataset.close()
                raise
        self._files.move_to_end(path)
        return self._files[path]
