"""Which CTM files belong together: the rule by which a list of files becomes runs of days.

- Files on one grid whose days overlap but whose variables differ complement each other: PM2.5 and meteorology, say.
- Files on one grid with the same variables follow each other where the one begins no later than the day after the
  other ends; hourly files may share that day. They form one longer series.
- Files with the same variables and the same days are different runs of the model, and stay apart, unless a lead day is
  chosen: then they are forecasts of one series.
- A file of maps alone joins every series on its grid.
- After a gap a new series begins. A file named k times counts k times.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import date as Date
from datetime import timedelta
from pathlib import Path
from typing import Sequence

from model_core.ctm.formats.opening import holds_fields, is_zarr
from model_core.ctm.inspection import inspect
from model_core.errors import InputError
from model_core.grid import Grid
from model_core.variables import get_variable

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class FileContent:
    """What decides where a file belongs; `variables` are those with time, and `first` is None where there is none."""

    path: Path
    grid: Grid
    variables: frozenset[str]
    first: Date | None
    last: Date | None
    hourly: bool


@dataclass
class Series:
    """Files that together are one run of days; it counts `weight` times."""

    files: list[FileContent] = field(default_factory=list)
    weight: int = 1

    @property
    def paths(self) -> list[Path]:
        """Of the files, in order of time."""
        return [file.path for file in self.files]


def find_files(paths: Sequence[str | Path]) -> list[Path]:
    """The named files and Zarr stores; another folder stands for the NetCDF, GRIB and Zarr in it, whatever they are called.

    Raises
    ------
    InputError
        If one does not exist, or a folder holds none of them.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        if not path.exists():
            raise InputError(f"file '{path}' does not exist")
        if path.is_dir() and not is_zarr(path):
            inside = [file for file in sorted(path.iterdir()) if not file.name.startswith(".") and holds_fields(file)]
            if not inside:
                raise InputError(f"folder '{path}' holds no NetCDF file, GRIB file or Zarr store")
            found += inside
        else:
            found.append(path)
    return found


def group_files(paths: Sequence[Path], lead_day: int | None = None) -> list[Series]:
    """Series of the files by the rule above, in order of the first file of each.

    Raises
    ------
    InputError
        If a file can't be read, or a file of maps is on a grid that no other has.
    """
    counts = Counter(paths)
    contents = [describe(path) for path in counts]
    daily = [file for file in contents if file.first is not None]
    series: list[Series] = []
    for file in sorted(daily, key=lambda file: (file.first, file.last, str(file.path))):
        fitting = [s for s in series if _fits(s, file, lead_day is not None)]
        if fitting:
            # Several runs of one period: a file goes on with the one that it is named most like.
            max(fitting, key=lambda s: len(os.path.commonprefix([str(s.files[-1].path), str(file.path)]))).files.append(file)
        else:
            series.append(Series([file]))
    for file in contents:
        if file.first is None:
            on_its_grid = [s for s in series if s.files[0].grid.matches(file.grid)]
            if not on_its_grid:
                raise InputError(f"'{file.path}' holds no days, only maps, and no other file is on its grid ({file.grid})")
            for s in on_its_grid:
                s.files.append(file)
    order = {path: number for number, path in enumerate(counts)}
    for s in series:
        s.weight = max(counts[file.path] for file in s.files if file.first is not None)
    return sorted(series, key=lambda s: min(order[path] for path in s.paths))


def describe(path: Path) -> FileContent:
    """What a file holds, from its header."""
    content = inspect(path)
    known = {v["recognised_as"] for v in content["variables"]} - {None} | {d["key"] for d in content.get("derived", ())}
    variables = frozenset(key for key in known if not get_variable(key).static)
    times = content["times"]
    if not variables and known:  # maps alone, with one time step perhaps
        times = {"first": None, "last": None}
    variables = variables or frozenset(v["name"] for v in content["variables"])
    first, last = (Date.fromisoformat(times[key][:10]) if times[key] else None for key in ("first", "last"))
    hourly = len(times["first"] or "") > len("YYYY-MM-DD")
    return FileContent(path, Grid.from_description(content["grid"]), variables, first, last, hourly)


def _fits(series: Series, file: FileContent, forecasts: bool) -> bool:
    if not series.files[0].grid.matches(file.grid):
        return False
    joined = False
    for other in series.files:
        shared_days = (min(other.last, file.last) - max(other.first, file.first)).days + 1
        if other.variables & file.variables:
            allowed = 1 if other.hourly and file.hourly else 0
            if shared_days > allowed and not forecasts:
                return False
            joined |= shared_days >= 0  # 0: the day after
        else:
            joined |= shared_days > 0
    return joined
