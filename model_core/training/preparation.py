"""CTM files to training days on one grid."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from model_core.configuration import NetworkConfiguration
from model_core.ctm import CTMFields, read_ctm
from model_core.errors import InputError
from model_core.formats.netcdf_file import open_netcdf
from model_core.grid import Grid
from model_core.model_file import StaticMaps
from model_core.progress import Progress
from model_core.station_tables import read_table
from model_core.training.samples import TrainingDays
from model_core.warping import warp


class PreparedData(NamedTuple):
    """What a training needs of its files: `data` holds a set of days per file, `sources` says what each was."""

    data: list[TrainingDays]
    grid: Grid
    maps: StaticMaps | None
    sources: list[dict[str, Any]]


def prepare(
    files: list[Path], network: NetworkConfiguration, grid: Grid | None, layout: Path | None, progress: Progress
) -> PreparedData:
    """Read CTM files, each as a set of days, and bring them onto one grid.

    Parameters
    ----------
    grid : where to train; None takes that of the first file, which the others must then have too
    layout : a table of real stations, of which only the positions are used

    Raises
    ------
    InputError
        If a file lacks the target, or its grid differs and no grid was given.
    """
    data, sources, maps = [], [], None
    for number, file in enumerate(files):
        progress.step(number / len(files), f"reading {file.name}")
        ctm = read_ctm(file)
        with open_netcdf(file) as dataset:
            attributes = dict(dataset.attrs)
        if network.target not in ctm.fields:
            found = ", ".join([*ctm.fields, *ctm.static]) or "none that is known"
            raise InputError(f"'{file}' has no daily {network.target}; recognised variables: {found}")
        if not data:
            target_grid = grid or ctm.grid
        elif grid is None and not ctm.grid.matches(target_grid):
            raise InputError(
                f"'{file}' is on another grid ({ctm.grid}) than '{files[0]}' ({target_grid}); "
                "give the grid to train on, and all files are brought onto it"
            )
        days = _on_grid(ctm, network, target_grid, file)
        if layout:
            days = TrainingDays(days.fields, days.maps, days.land, (station_positions(layout, target_grid),))
        if maps is None and days.maps:
            maps = StaticMaps(target_grid, dict(days.maps), _maps_source(file, attributes))
        data.append(days)
        sources.append({
            "file": file.name, "days": len(ctm.times), "first": str(ctm.times[0]), "last": str(ctm.times[-1]),
            "variables": list(days.fields), "grid": str(ctm.grid),
            **{key: str(attributes[key]) for key in ("title", "source", "license") if key in attributes},
        })
    return PreparedData(data, target_grid, maps, sources)


def station_positions(table: Path, grid: Grid) -> np.ndarray:
    """Fractional (row, column) of the stations of a table that lie on the grid, shape (stations, 2)."""
    _, x, y, crs = read_table(table)
    row, column = grid.locate(np.asarray(x, float), np.asarray(y, float), crs)
    positions = np.stack([row, column], axis=1)
    inside = np.isfinite(positions).all(1) & (positions >= 0).all(1) & (positions < grid.shape).all(1)
    if not inside.any():
        raise InputError(f"no station of the layout '{table}' lies on the training grid")
    return positions[inside]


def _on_grid(ctm: CTMFields, network: NetworkConfiguration, grid: Grid, file: Path) -> TrainingDays:
    fields = {
        name: warp(ctm.fields[name], ctm.grid, grid) for name in network.station_variables if name in ctm.fields
    }
    maps = {name: warp(ctm.static[name], ctm.grid, grid) for name in network.covariates if name in ctm.static}
    if "land" in ctm.static:
        land = warp(ctm.static["land"], ctm.grid, grid) > 0.5
    else:
        land = np.ones(grid.shape, bool)
    eligible = land & np.isfinite(fields[network.target]).any(0)
    if not eligible.any():
        raise InputError(f"'{file}' has no {network.target} on land inside the training grid")
    return TrainingDays(fields, maps, eligible)


def _maps_source(file: Path, attributes: dict[str, Any]) -> str:
    """Where a file's maps come from, in its own words where it has any; simulated days name their terrain apart."""
    words = attributes.get("terrain_source") or attributes.get("source") or "source not stated"
    return f"{words} ({file.name})"
