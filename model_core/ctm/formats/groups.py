"""NetCDF-4 files that keep their fields in groups: all groups as one set of variables."""

from __future__ import annotations

from typing import Callable

import netCDF4
import numpy as np
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


def with_groups(root: xarray.Dataset, names: list[str], open_group: Callable[[str], xarray.Dataset]) -> xarray.Dataset:
    """The file's own variables with those of its groups; a name that is there already keeps its group before it.

    A group whose axes contradict those before it is left out. What was found where goes into `encoding["notes"]`.
    """
    merged, notes = root, []
    for name in names:
        group = open_group(name)
        axes = [dim for dim in group.sizes if dim in group.variables and dim in merged.variables]
        if any(merged.sizes.get(dim, size) != size for dim, size in group.sizes.items()) or not all(
            np.array_equal(group[axis].to_numpy(), merged[axis].to_numpy()) for axis in axes
        ):
            notes.append(f"group '{name}' is left out: its axes contradict those before it")
            continue
        variables = {(key if key not in merged.variables else f"{name}/{key}"): v for key, v in group.variables.items() if key not in axes}
        merged = merged.assign(variables)
        merged.attrs = {**group.attrs, **merged.attrs}
        notes.append(f"{len(variables)} variables are of its group '{name}'")
    merged.encoding["notes"] = "\n".join(notes)
    return merged
