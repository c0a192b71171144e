"""CTM files to training days on one grid, read from disk a day at a time."""

from __future__ import annotations

from datetime import date as Date
from pathlib import Path
from typing import Any, NamedTuple, Sequence

import numpy as np

from model_core.configuration import NetworkConfiguration
from model_core.ctm.daily_store import DailyStore, open_store
from model_core.errors import InputError, OutputError
from model_core.grid import Grid
from model_core.model_file import StaticMaps
from model_core.progress import Progress
from model_core.stations.tables import read_table
from model_core.training.day_fields import CACHE_BYTES, RecentFields, StoredFields
from model_core.training.samples import TrainingDays
from model_core.training.series import Series, find_files, group_files
from model_core.warping import warp
from model_core.world_maps import SOURCES, world_map

_STATED = ("title", "source", "license")


class PreparedData(NamedTuple):
    """What a training needs of its files.

    Attributes
    ----------
    data : a set of days per series of files, see `model_core.training.series`
    times : the days of each set
    grid : of all of them
    maps : the covariates that the model file shall carry, or None
    sources : what each set was, for the model's card
    """

    data: list[TrainingDays]
    times: list[list[Date]]
    grid: Grid
    maps: StaticMaps | None
    sources: list[dict[str, Any]]


class StationLayout(NamedTuple):
    """A table of real stations, of which only the positions are used; columns and CRS as in `read_table`."""

    table: Path
    x: str | None = None
    y: str | None = None
    crs: Any = None


def prepare(
    files: Sequence[str | Path],
    network: NetworkConfiguration,
    grid: Grid | None,
    layout: StationLayout | None,
    folder: Path,
    progress: Progress,
    time_zone: str = "UTC",
    lead_day: int | None = None,
    covariates: Path | None = None,
    spare_maps: StaticMaps | None = None,
    cache: int = CACHE_BYTES,
) -> PreparedData:
    """Bring the days of CTM files onto one grid, in stores that later trainings open at once.

    Parameters
    ----------
    files : files and folders
    grid : where to train; None takes that of the first series, which the others must then have too
    layout : real stations, for the "varied" layouts
    folder : for the stores; made where it is not there
    covariates : a file of maps, which go before those of the CTM files
    spare_maps : maps for where the files have none, such as those of a model that is trained on
    cache : bytes of fields to keep in memory

    Raises
    ------
    InputError
        If a series lacks the target, or its grid differs and no grid was given.
    OutputError
        If the stores can't be written.
    """
    groups = group_files(find_files(files), lead_day)
    target_grid = grid or groups[0].files[0].grid
    for group in groups:
        if grid is None and not group.files[0].grid.matches(target_grid):
            raise InputError(
                f"'{group.paths[0]}' is on another grid ({group.files[0].grid}) than '{groups[0].paths[0]}' ({target_grid}); "
                "give the grid to train on, and all files are brought onto it"
            )
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"can't make the folder '{folder}' for prepared fields: {error.strerror}; choose another") from error
    networks = (station_positions(target_grid, *layout),) if layout else ()
    wanted = [*network.station_variables, *network.maps, "land"]
    prepared = PreparedData([], [], target_grid, None, [])
    own, spare = _read_maps(covariates, network, target_grid), _on_grid(spare_maps, network, target_grid)
    recent, maps = RecentFields(cache), None
    for number, group in enumerate(groups):
        part = progress.part(number / len(groups), (number + 1) / len(groups))
        store = open_store(group.paths, wanted, grid, folder, part, time_zone, lead_day)
        maps_of_all = {**spare, **{name: store.maps[name] for name in network.maps if name in store.maps}, **own}
        lacking = {name: world_map(name, target_grid) for name in network.maps if name not in maps_of_all}
        of_world = {name: field for name, field in lacking.items() if field is not None}
        maps_of_all |= of_world
        days = _training_days(store, network, networks, recent, maps_of_all, group)
        if maps is None and days.maps:
            maps = StaticMaps(
                target_grid,
                dict(days.maps),
                "; ".join(
                    words
                    for has, words in (
                        (own, covariates and covariates.name),
                        (set(store.maps) & set(network.maps) - set(own), _maps_source(store, group)),
                        (set(spare) - set(store.maps) - set(own), spare_maps and spare_maps.source),
                        *((True, source) for source in dict.fromkeys(SOURCES[name] for name in of_world)),
                    )
                    if has
                ),
            )
        for _ in range(group.weight):
            prepared.data.append(days)
            prepared.times.append(list(store.times))
            prepared.sources.append(_account(store, days, group))
    return prepared._replace(maps=maps)


def mean_of_days(data: Sequence[TrainingDays], days: Sequence[tuple[int, int]], name: str, most: int = 12) -> float:
    """Mean over land of a station variable on some of the days (number of the data set, day); 0 where it has no value."""
    chosen = [days[i] for i in np.unique(np.linspace(0, len(days) - 1, min(most, len(days))).astype(int))]
    fields = [data[source].fields[name][day][data[source].land] for source, day in chosen if name in data[source].fields]
    values = np.concatenate(fields) if fields else np.empty(0)
    values = values[np.isfinite(values)]
    return float(values.mean(dtype=float)) if len(values) else 0.0


def station_positions(grid: Grid, table: Path, x: str | None = None, y: str | None = None, crs: Any = None) -> np.ndarray:
    """Fractional (row, column) of the stations of a table that lie on the grid, shape (stations, 2); columns as `read_table`."""
    _, x, y, crs = read_table(table, x, y, crs)
    row, column = grid.locate(np.asarray(x, float), np.asarray(y, float), crs)
    positions = np.stack([row, column], axis=1)
    inside = np.isfinite(positions).all(1) & (positions >= 0).all(1) & (positions < grid.shape).all(1)
    if not inside.any():
        raise InputError(f"no station of the layout '{table}' lies on the training grid")
    return positions[inside]


def _training_days(
    store: DailyStore,
    network: NetworkConfiguration,
    networks: tuple[np.ndarray, ...],
    recent: RecentFields,
    maps: dict[str, np.ndarray],
    group: Series,
) -> TrainingDays:
    names = ", ".join(f"'{path}'" for path in group.paths)
    if network.target not in store.variables:
        found = ", ".join([*store.variables, *store.maps]) or "none that the training uses"
        raise InputError(f"{names}: no daily {network.target}; recognised variables: {found}")
    fields = StoredFields(store, network.station_variables, recent)
    land = np.nan_to_num(store.maps["land"]) > 0.5 if "land" in store.maps else np.ones(store.grid.shape, bool)
    target = fields[network.target]
    if not any((land & np.isfinite(target[day])).any() for day in range(len(target))):
        raise InputError(f"{names}: no {network.target} on land inside the training grid")
    return TrainingDays(fields, {name: maps[name] for name in network.maps if name in maps}, land, networks)


def _read_maps(file: Path | None, network: NetworkConfiguration, grid: Grid) -> dict[str, np.ndarray]:
    """The network's covariates that a file holds; `InputError` if it holds none of them."""
    if file is None:
        return {}
    from model_core.covariates import read_covariates  # with its raster libraries only where it is asked for

    found = read_covariates(file, grid)
    maps = {name: found[name] for name in network.maps if name in found}
    if not maps:
        raise InputError(f"covariates '{file}' holds {', '.join(found)}, and the network uses {', '.join(network.maps) or 'none'}")
    return maps


def _on_grid(maps: StaticMaps | None, network: NetworkConfiguration, grid: Grid) -> dict[str, np.ndarray]:
    """Maps of a model on the training grid, without those that know nothing there."""
    if maps is None:
        return {}
    warped = {name: warp(field, maps.grid, grid) for name, field in maps.fields.items() if name in network.maps}
    return {name: field for name, field in warped.items() if np.isfinite(field).any()}


def _account(store: DailyStore, days: TrainingDays, group: Series) -> dict[str, Any]:
    """What a set of days was, in plain values."""
    files = [path.name for path in group.paths]
    return {
        "file": files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more",
        "files": files,
        "days": len(store.times),
        "first": str(store.times[0]),
        "last": str(store.times[-1]),
        "variables": list(days.fields),
        "maps": list(days.maps),
        "grid": str(group.files[0].grid),
        "time_zone": store.attributes.get("time_zone", "UTC"),
        "lead_day": store.attributes.get("lead_day"),
        **{key: str(store.attributes[key]) for key in _STATED if key in store.attributes},
        **({"notes": list(store.attributes["notes"])} if store.attributes.get("notes") else {}),
    }


def _maps_source(store: DailyStore, group: Series) -> str:
    """Where a file's maps come from, in its own words where it has any; simulated days name their terrain apart."""
    words = store.attributes.get("terrain_source") or store.attributes.get("source") or "source not stated"
    return f"{words} ({', '.join(path.name for path in group.paths)})"
