"""The background of each day: a CTM's daily mean, found by its time and put on the grid."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date as Date
from typing import Any, Mapping

import numpy as np

from model_core.ctm.ctm_file import OpenFiles
from model_core.ctm.series import Series, read_series
from model_core.errors import InputError
from model_core.grid import Grid
from model_core.hdf5_threads import HDF5
from model_core.progress import Progress
from model_core.provenance.files import combined, files_of, sha256_of
from model_core.training.series import find_files
from model_core.variable_table import VariableTable, current_table
from model_core.variables import get_variable
from model_core.warping import warp


@dataclass(frozen=True)
class BackgroundDays:
    """The days that a user's CTM files have; fields are read when they are asked for. It can be pickled.

    Attributes
    ----------
    series : what the files hold
    species : key of the variable
    grid : that the fields are put on
    """

    series: Series
    species: str
    grid: Grid

    @property
    def days(self) -> list[Date]:
        """In order."""
        return [day.item() for day in self.series.days]

    def field(self, day: Date) -> np.ndarray | None:
        """Daily mean in the canonical unit, float32 (rows, columns), NaN where unknown; None on a day without a value on the grid.

        Raises
        ------
        InputError
            If a file is damaged where it is read.
        """
        when = np.datetime64(day, "D")
        if when not in self.series.days:
            return None
        with HDF5, OpenFiles(self.series.table) as files:
            field = self.series.day(when, files)[self.species]
        field = warp(field, self.series.grid, self.grid)
        return field if np.isfinite(field).any() else None

    def fingerprint(self, day: Date) -> str:
        """Changes where the field of a day may: of the files that give it, and which of their steps; "" on a day without."""
        when = np.datetime64(day, "D")
        if when not in self.series.days:
            return ""
        entries = self.series.schedules[self.species].entries_of(when)
        used = {number: _sha256_of(str(self.series.paths[number])) for number in sorted(set(map(int, entries.file)))}
        steps = [(used[int(file)], int(step)) for file, step in zip(entries.file, entries.step)]
        return hashlib.sha256(repr((steps, self.species, self.series.table.describe())).encode()).hexdigest()

    def in_words(self) -> str:
        """Its files, for the attributes of an output."""
        names = [path.name for path in self.series.paths]
        return f"{', '.join(names[:3])}{' and others' if names[3:] else ''}, as far as the readings confirm it"

    def only(self) -> Date | None:
        """The day of files that hold a single one, else None."""
        return self.days[0] if len(self.days) == 1 else None


def background_days(request: Mapping[str, Any], species: str, grid: Grid, progress: Progress) -> BackgroundDays | None:
    """What the request names as `background`, in `background_variable` and of `background_lead_day` if it says so; None without.

    Raises
    ------
    InputError
        As `series.read_series`; if the files do not hold the species, or options are given without files.
    """
    paths, variable, lead_day = (request.get(key) for key in ("background", "background_variable", "background_lead_day"))
    if not paths:
        if variable or lead_day not in (None, ""):
            raise InputError("background_variable and background_lead_day say how a background is read, and none is given (--background)")
        return None
    files = [path.absolute() for path in dict.fromkeys(find_files([paths] if isinstance(paths, str) else paths))]
    series = read_series(
        files,
        [species],
        _table(species, variable),
        progress,
        request.get("time_zone") or "UTC",
        None if lead_day in (None, "") else int(lead_day),
    )
    if species not in series.schedules:
        raise InputError(
            f"the background's files hold no {get_variable(species).long_name} with a time; name its variable (--background-variable)"
        )
    days = BackgroundDays(series, species, grid)
    progress.log(f"background: {len(files)} file(s), {len(days.days)} day(s), {days.days[0]} to {days.days[-1]}, on {series.grid}")
    return days


def _table(species: str, name: str | None) -> VariableTable:
    """The known variables, with this name for the species and no other: a name that is mistyped is told, and no other variable taken."""
    table = current_table()
    if not name:
        return table
    others = {
        key: replace(one, aliases=tuple(alias for alias in one.aliases if alias.upper() != name.upper()))
        for key, one in table.variables.items()
    }
    own = others[species]
    return replace(table, variables={**others, species: replace(own, aliases=(name,), standard_name="", other_standard_names=())})


def _sha256_of(path: str) -> str:
    """Of a file, or of all files of a Zarr store."""
    return combined({name: sha256_of(file) for name, file in files_of(path).items()})


def background_of(days: BackgroundDays, day: Date | None, progress: Progress) -> np.ndarray:
    """The background of a single day, which must have one; a log line where readings have no day and the background a single one.

    Raises
    ------
    InputError
        If the files lack the day, or it has no value on the grid.
    """
    if day is None:
        day = days.only()
        if day is None:
            raise InputError(
                f"the readings have no day, and the background has {len(days.days)}, {days.days[0]} to {days.days[-1]}: name the day or the time column"
            )
        progress.log(f"the readings have no day: the background is the only one of its files, {day}")
    field = days.field(day)
    if field is None:
        raise InputError(
            f"the background has no field of {day} on the grid: its files hold {days.days[0]} to {days.days[-1]}, in {days.series.grid}; "
            "name files of that day, or leave the background out"
        )
    return field


def tell_coverage(field: np.ndarray, progress: Progress) -> None:
    """Warn where a background covers a part of the grid only."""
    known = float(np.isfinite(field).mean())
    if known < 0.999:
        progress.warn(f"the background covers {known:.0%} of the grid; elsewhere the field is made without it, and a seam may show")
