"""NetCDF-4 files that keep their fields in groups: all groups as one set of variables."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import netCDF4
import xarray

_MOST_GROUPS = 100


def group_names(file: netCDF4.Dataset) -> list[str]:
    """Paths of all groups with variables, such as ``PRODUCT/SUPPORT``, from the outside in."""
    found: list[str] = []
    waiting = [(name, group) for name, group in file.groups.items()]
    while waiting and len(found) < _MOST_GROUPS:
        path, group = waiting.pop(0)
        if group.variables:
            found.append(path)
        waiting += [(f"{path}/{name}", inner) for name, inner in group.groups.items()]
    return found


def with_groups(root: xarray.Dataset, names: list[str], open_group: Callable[[str], xarray.Dataset], path: Path) -> xarray.Dataset:
    """The file's own variables with those of its groups; a name that is there already keeps its group before it.

    A group whose dimensions contradict the others is left out. What was found where goes into `encoding["notes"]`.
    """
    merged, opened, notes = root, [root], []
    for name in names:
        group = open_group(name)
        opened.append(group)
        if any(merged.sizes.get(dim, size) != size for dim, size in group.sizes.items()):
            notes.append(f"group '{name}' is left out: its dimensions contradict those of the groups before it")
            continue
        variables = {(key if key not in merged.variables else f"{name}/{key}"): v.variable for key, v in group.variables.items()
                     if not (key in merged.variables and key in group.dims)}
        merged = merged.assign({key: variable for key, variable in variables.items()})
        merged.attrs = {**group.attrs, **merged.attrs}
        notes.append(f"{len(variables)} variables are of its group '{name}'")
    merged.encoding["notes"] = "\n".join(notes)
    merged.set_close(lambda: [dataset.close() for dataset in opened])
    return merged
