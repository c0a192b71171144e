"""What a CTM file holds, as plain values for people and programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Sequence

import numpy as np

from model_core.ctm.cmaq_aerosol import too_few_species
from model_core.ctm.ctm_file import CTMFile, OpenFiles
from model_core.ctm.formats.griddesc import is_griddesc, read_griddesc
from model_core.ctm.formats.layout import Layout
from model_core.errors import InputError
from model_core.variable_table import VariableTable, current_table


def inspect(path: str | Path, table: VariableTable | None = None) -> dict[str, Any]:
    """Format, grid, times, and every variable on the grid of a CTM file; its fields are not read.

    Returns
    -------
    dict
        `format`, `grid`, `times` (first, last, count, step), `variables` (name, recognised_as, unit, canonical_unit,
        dimensions), `derived` (key, from, unit: what is computed from several variables), `notes` (how the file was
        understood, and why a known variable can't be used). A GRIDDESC file has no `grid` but `grids`, name by name.

    Raises
    ------
    InputError
        If the file can't be read, or its grid is of a kind that is not supported.
    """
    if is_griddesc(Path(path)):
        return _describe_griddesc(Path(path))
    with OpenFiles(table or current_table(), 1) as files:
        file = files.get(Path(path))
        names = [name for name in map(str, file.dataset.data_vars) if file.layout.holds(file.dataset.variables[name])]
        return {
            "format": file.layout.convention,
            "grid": file.layout.grid.describe(),
            "times": _describe_times(file.layout),
            "variables": [_describe_variable(file, name) for name in names],
            "derived": [
                {"key": key, "from": list(way.names), "unit": way.variable.unit}
                for key, way in file.yields().items()
                if way.compute and way.variable is not file.recognise(way.names[0])
            ],
            "notes": [*file.layout.notes, *file.surface_notes(), *_gaps(file.layout), *(_doubts(file) or _nothing_known(file, names))],
        }


def _describe_griddesc(path: Path) -> dict[str, Any]:
    grids = read_griddesc(path)
    return {
        "format": "GRIDDESC",
        "grid": None,
        "times": {"first": None, "last": None, "count": 0, "step": None},
        "variables": [],
        "derived": [],
        "notes": [f"it describes grids and holds no fields; name one of them as a grid, for example {path.name}:{next(iter(grids))}"],
        "grids": {name: grid.describe() for name, grid in grids.items()},
    }


def _describe_times(layout: Layout) -> dict[str, Any]:
    if layout.times is None or not len(layout.times):
        return {"first": None, "last": None, "count": 0, "step": None}
    shown = layout.times if layout.days is None else layout.days
    hours = layout.step_hours
    step = None if hours is None else "1 day" if hours == 24 else f"{hours:g} h"
    return {"first": str(shown[0]), "last": str(shown[-1]), "count": len(shown), "step": step}


def _gaps(layout: Layout) -> list[str]:
    """Steps that the times leave out."""
    times = layout.times
    if times is None or len(times) < 3:
        return []
    steps = np.diff(np.sort(np.asarray(times, "datetime64[s]")))
    usual = np.median(steps.astype(np.int64))
    wide = np.flatnonzero(steps.astype(np.int64) > 1.5 * usual)
    if not len(wide) or len(wide) > len(steps) / 4:  # such as months, whose steps differ
        return []
    first = np.sort(np.asarray(times, "datetime64[s]"))[wide[0]]
    hours = steps[wide[0]].astype(np.int64) / 3600
    return [f"its times have {len(wide)} gap(s), the first after {first}, of {hours:g} hours; days that lack hours are left out"]


def _nothing_known(file: CTMFile, names: Sequence[str]) -> list[str]:
    if not names or any(file.recognise(name) for name in names) or file.yields():
        return []
    return ["no variable is recognised by its name; say which is which in a variable table (--variables)"]


def _describe_variable(file: CTMFile, name: str) -> dict[str, Any]:
    variable, known = file.dataset.variables[name], file.recognise(name)
    return {
        "name": name,
        "recognised_as": known.key if known else None,
        "unit": file.table.unit_of(name, variable.attrs.get("units")) or None,
        "canonical_unit": known.unit if known else None,
        "dimensions": [str(dim) for dim in variable.dims],
    }


def _doubts(file: CTMFile) -> list[str]:
    doubts = file.level_doubts()
    for key, way in file.yields().items():
        try:
            file.check(way)
        except InputError as error:
            doubts.append(f"{key} can't be read: {error}")
        if way.remark:
            doubts.append(f"{key}: {way.remark}")
    if "pm25" not in file.yields() and file.aerosol_species():
        doubts.append(f"there are {too_few_species(file.missing_species())}")
    if "pm25" not in file.yields() and file.merra_parts():
        doubts.append(
            f"PM2.5 is not there, but MERRA-2's parts of it are ({', '.join(file.merra_parts())}); add them up as your study "
            "does, for example "
            "DUSMASS25 + SSSMASS25 + BCSMASS + 1.4 OCSMASS + 1.375 SO4SMASS, and name the sum pm2p5"
        )
    return doubts
